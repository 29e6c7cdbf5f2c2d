"""Signing receipts and bundles again: what changes, what does not, and what is not signed."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.core.keys import TrustedKey
from pith_builder.core.report import Code
from pith_builder.core.verification import verify, verify_bytes
from pith_builder.disk import Disk
from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake.query import connect
from pith_builder.lake.store import open_lake
from pith_builder.operations.audit import audit
from pith_builder.operations.audit_parts import PartCheck
from pith_builder.operations.reissue import reissue
from pith_builder.operations.show import View, show
from pith_builder.operations.transaction import Target
from pith_builder.signing.ed25519 import TrustedKeys
from tests.graphs import TRUSTED, imported_into, merged_into, theirs, written
from tests.lakes import AWKWARD, build, content_roots, files, flip, forge, lines, part_of, rows
from tests.makers import (
    BUNDLE,
    DOCUMENTS,
    NOW,
    OTHER_SIGNER,
    PUBLISHED_NUMBER,
    REGISTRY,
    SIGNER,
    document,
    event,
)

THEN = NOW + timedelta(days=40)
THEN_MICROSECONDS = "2026-12-30T14:17:09.598220Z"
BOTH = [SIGNER.public_key, OTHER_SIGNER.public_key]


def reissued(lake, *, former=(SIGNER.public_key,), trusted=TRUSTED, **changes):
    """Sign a lake of `SIGNER` again with `OTHER_SIGNER`."""
    target = {"lake": lake, "registry": REGISTRY, "signer": OTHER_SIGNER, "now": THEN}
    return reissue(Target(**{**target, **changes}), trusted, former)


@pytest.fixture
def lake(tmp_path):
    """A lake of one key's, to sign again."""
    build(tmp_path / "lake", AWKWARD)
    return tmp_path / "lake"


def sound(lake, keys=TRUSTED):
    assert [str(finding) for finding in audit(lake, keys).findings] == []


def receipts(lake):
    return {
        row["pith_number"]: {name: row[name] for name in row if name in RECEIPT_COLUMNS}
        for row in rows(lake, "records")
    }


AGAIN = {"key_id", "public_key_fingerprint", "signature_b64", "signed_at", "last_reissued_at"}
RECEIPT_COLUMNS = {*AGAIN, "first_computed_at", "builder_version", "canonical_sha256"}


def test_receipts_and_bundles_name_the_new_key_and_all_else_stays(lake):
    before, roots = rows(lake, "records"), content_roots(lake)
    bundles = {row["pith_number"]: json.loads(row["document"]) for row in rows(lake, "bundles")}

    done = reissued(lake)

    assert (done.receipts, done.bundles) == (4, 4)
    assert (done.result.seen, done.result.unchanged, done.result.minted) == (4, 4, 0)
    changed = {"records", "bundles"}
    kept = {name: root for name, root in roots.items() if name not in changed}
    assert content_roots(lake, kept) == kept
    for old, new in zip(before, rows(lake, "records"), strict=True):
        assert {name for name in old if old[name] != new[name]} == {*AGAIN, "row_sha256"}
        assert new["key_id"] == "theirs-2026-11"
        assert new["first_computed_at"] == old["first_computed_at"] < new["last_reissued_at"]
    for row in rows(lake, "bundles"):
        bundle = json.loads(row["document"])
        old = bundles[row["pith_number"]]
        assert {name for name in old if old[name] != bundle[name]} == {
            "built_at",
            "bundle_signature",
            "public_keys",
        }
        assert [key["key_id"] for key in bundle["public_keys"]] == [
            "theirs-2026-11",
            "ours-2026-11",
        ]
        assert bundle["bundle_signature"]["signed_at"] == THEN_MICROSECONDS
        assert verify(bundle, TrustedKeys(BOTH)).failures == ()
    sound(lake)


def test_the_build_is_told_and_adds_up(lake):
    done = reissued(lake)
    told = rows(lake, "builds")[-1]
    assert (told["operation"], told["sources"]) == (
        "reissue",
        [f"ours-2026-11 {SIGNER.public_key.fingerprint}"],
    )
    assert told["build_id"] == done.result.build_id
    assert told["seen"] == told["minted"] + told["unchanged"] + told["rejected"] == 4
    assert {row["build_id"] for row in rows(lake, "bundles")} == {done.result.build_id}
    assert [row["key_id"] for row in rows(lake, "keys")] == ["ours-2026-11", "theirs-2026-11"]


def test_once_done_there_is_nothing_to_do(lake):
    reissued(lake)
    before = files(lake)
    again = reissued(lake)
    assert (again.receipts, again.bundles, again.result.committed) == (0, 0, False)
    assert files(lake) == before


def test_the_present_receipt_is_what_a_record_shows(lake):
    number = rows(lake, "records")[0]["pith_number"]
    reissued(lake)

    shown = show(connect(lake), number, View.RECORD, REGISTRY.base_url)
    assert verify_bytes(shown, TrustedKeys(BOTH)).failures == ()
    record = json.loads(shown)
    assert record["receipt"]["key_id"] == "theirs-2026-11"
    assert record["receipt"]["last_reissued_at"] == THEN_MICROSECONDS
    assert record["receipt"]["first_computed_at"] == "2026-11-20T14:17:09.598220Z"
    assert record["created_at"] == "2026-11-20T14:17:09.598220+00:00"
    created = record["events"][0]
    assert created["payload"]["receipt"]["key_id"] == "ours-2026-11"


def test_what_others_signed_is_left_to_them(tmp_path):
    lake = tmp_path / "lake"
    imported_into(lake, DOCUMENTS)
    merged_into(lake, written(tmp_path / "theirs.jsonl", theirs(version=1)), signer=OTHER_SIGNER)
    build(lake, AWKWARD)
    before = {row["pith_number"]: row["document"] for row in rows(lake, "bundles")}

    done = reissued(lake)

    after = {row["pith_number"]: json.loads(row["document"]) for row in rows(lake, "bundles")}
    assert after[PUBLISHED_NUMBER] == document(BUNDLE)
    changed = {number for number in before if json.loads(before[number]) != after[number]}
    # Of four of the five published documents no bundle was published: theirs are our own.
    assert (done.receipts, done.bundles, len(changed)) == (4, 8, 8)
    sound(lake)


def test_any_number_of_workers_makes_the_same_lake(tmp_path):
    lakes = [tmp_path / f"lake-{workers}" for workers in (1, 2)]
    for workers, lake in enumerate(lakes, 1):
        build(lake, lines(30))
        build(lake, lines(30, 31), now=NOW + timedelta(days=1))
        reissued(lake, workers=workers)
    assert files(lakes[0] / "tables") == files(lakes[1] / "tables")
    sound(lakes[0])


def test_reissued_records_take_in_what_is_said_of_them_later(lake, tmp_path):
    number = rows(lake, "records")[0]["pith_number"]
    reissued(lake)
    said = event("correction", subject_pith_number=number, created_at="2026-12-31T00:00:00Z")

    taken = merged_into(lake, written(tmp_path / "said.jsonl", said), signer=OTHER_SIGNER, now=THEN)

    assert taken.new == 1
    assert receipts(lake)[number]["key_id"] == "theirs-2026-11"
    sound(lake)


def test_one_may_be_taken_in_by_another_lake_with_its_first_receipt(lake, tmp_path):
    reissued(lake)
    bundles = [json.loads(row["document"]) for row in rows(lake, "bundles")]

    taken = merged_into(tmp_path / "other", written(tmp_path / "ours.jsonl", *bundles))

    assert (taken.refused, taken.result.minted) == (0, 4)
    assert {row["key_id"] for row in rows(tmp_path / "other", "records")} == {"ours-2026-11"}
    assert [json.loads(row["document"]) for row in rows(tmp_path / "other", "bundles")] == bundles
    sound(tmp_path / "other")


@pytest.mark.parametrize(
    ("edit", "codes"),
    [
        (lambda row, _: row.update(first_computed_at=row["first_computed_at"] - 1), "receipt_link"),
        (lambda row, _: row.update(builder_version="another"), "receipt_link"),
        (lambda row, other: row.update(signature_b64=other["signature_b64"]), "bad_signature"),
        (lambda row, _: row.update(signed_at=row["last_reissued_at"] - 1), "time_order"),
        (lambda row, _: row.update(key_id="nobody"), "unknown_key"),
    ],
)
def test_an_audit_finds_a_receipt_signed_again_that_does_not_hold(lake, edit, codes):
    reissued(lake)
    forge(lake, "records", lambda found: edit(*found[:2]))
    assert codes in {finding.code for finding in audit(lake, TRUSTED).findings}


def test_what_was_signed_again_is_audited_by_minting_it_again(lake, monkeypatch):
    build(lake, lines(3, first=20), now=NOW + timedelta(days=1))
    reissued(lake)
    examined = []
    examine = PartCheck.examine
    monkeypatch.setattr(
        PartCheck,
        "examine",
        lambda self, some: (examined.append(self.table.name), examine(self, some)),
    )

    sound(lake)
    assert not {"records", "events", "states", "bundles"} & set(examined)


@pytest.mark.parametrize("trusted", BOTH, ids=lambda key: key.key_id)
def test_whoever_trusts_one_key_alone_is_told_of_the_other(lake, trusted):
    reissued(lake)
    assert Code.UNKNOWN_KEY in {finding.code for finding in audit(lake, [trusted]).findings}


@pytest.mark.parametrize(
    ("table", "edit", "code"),
    [
        ("events", lambda row: row.update(signed_at=row["signed_at"] + 1), "column_mismatch"),
        ("states", lambda row: row.update(event_count=3), "column_mismatch"),
        ("bundles", lambda row: row.update(built_at=row["built_at"] + 1), "column_mismatch"),
        ("records", lambda row: row.update(title="Another"), "record_mismatch"),
    ],
)
def test_harm_to_what_was_signed_again_is_found(lake, table, edit, code):
    reissued(lake)
    forge(lake, table, lambda found: edit(found[1]))
    findings = audit(lake, TRUSTED).findings
    assert code in {finding.code for finding in findings if finding.row == 1}


def test_what_no_key_signed_again_does_not_pass_for_it(lake):
    forge(
        lake,
        "records",
        lambda found: found[0].update(
            last_reissued_at=found[0]["signed_at"] + 1, signed_at=found[0]["signed_at"] + 1
        ),
    )
    assert [finding.code for finding in audit(lake, TRUSTED).findings] == ["receipt_link"]


# --- What is not signed again -------------------------------------------------------------------


def test_without_a_lake_none_is_made(tmp_path):
    with pytest.raises(UsageError, match="there is no lake"):
        reissued(tmp_path / "lake")
    assert list(tmp_path.iterdir()) == []


def other_word(bundle):
    changed = json.loads(bundle["document"])
    changed["mirror_hints"][0]["name"] = "Another"
    bundle["document"] = canonical_json(changed).decode()


@pytest.mark.parametrize(
    ("table", "edit"),
    [
        ("bundles", lambda found: other_word(found[0])),
        ("records", lambda found: found[0].update(canonical_sha256=found[1]["canonical_sha256"])),
        ("records", lambda found: found[0].update(signature_b64=found[1]["signature_b64"])),
        ("records", lambda found: found[0].update(signature_b64="none")),
        ("records", lambda found: found[0].update(canonical_sha256="none")),
    ],
)
def test_a_row_whose_signature_does_not_hold_is_not_signed(lake, table, edit):
    forge(lake, table, edit)
    before = files(lake)
    with pytest.raises(VerificationError, match=f"the row of pith:.* in {table} does not hold"):
        reissued(lake)
    assert files(lake) == before


@pytest.mark.parametrize("table", ["records", "bundles"])
def test_a_file_that_is_not_the_manifests_is_not_signed(lake, table):
    flip(part_of(lake, table))
    before = files(lake)
    with pytest.raises(VerificationError, match=r"tables/.*parquet: found .*run `pith audit`"):
        reissued(lake)
    assert files(lake) == before


def test_a_manifest_that_no_trusted_key_signed_is_not_built_upon(lake):
    with pytest.raises(VerificationError, match="unknown_key"):
        reissued(lake, trusted=TrustedKeys([OTHER_SIGNER.public_key]))


def test_what_was_signed_after_a_revocation_is_not_signed_again(lake):
    revoked = replace(TrustedKey.of(SIGNER.public_key), revoked_at="2026-11-20T00:00:00.000000Z")
    with pytest.raises(VerificationError, match=Code.REVOKED_KEY):
        reissued(lake, trusted=TrustedKeys([revoked]))


# --- Killed -------------------------------------------------------------------------------------


class KilledAt(Disk):
    """A disk on which the process dies when a file of a number is given its name."""

    def __init__(self, step):
        self.left = step

    def replace(self, partial, final):
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        super().replace(partial, final)


def test_killed_anywhere_it_is_as_before_and_done_by_another_run(tmp_path):
    whole = tmp_path / "whole"
    build(whole, AWKWARD)
    counting = KilledAt(1000)
    reissued(whole, disk=counting)
    steps = 1000 - counting.left
    assert steps >= 6  # two parts, two rows of small tables, the manifest, CURRENT
    for step in range(steps):
        lake = tmp_path / f"lake-{step}"
        build(lake, AWKWARD)
        before = open_lake(lake).manifest.manifest_sha256
        with pytest.raises(KeyboardInterrupt):
            reissued(lake, disk=KilledAt(step))

        is_done = open_lake(lake).manifest.manifest_sha256 != before
        sound(lake)
        assert reissued(lake).result.committed is not is_done
        assert content_roots(lake, ("records", "bundles", "keys", "builds")) == content_roots(
            whole, ("records", "bundles", "keys", "builds")
        )
