import hashlib
import json
import os
import shutil
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pith_builder.core.canonical import BundleDigest, canonical_json, sha256
from pith_builder.core.manifest import manifest_digest
from pith_builder.core.verification import verify
from pith_builder.disk import Disk
from pith_builder.errors import VerificationError
from pith_builder.lake.parts import write_part
from pith_builder.lake.store import (
    Lake,
    empty_tables,
    manifest_name,
    open_lake,
    read_manifest,
    write_views,
)
from pith_builder.lake.tables import TABLES
from pith_builder.operations import audit_minted, audit_parts
from pith_builder.operations.audit import audit
from pith_builder.operations.audit_parts import PartCheck
from pith_builder.operations.compaction import compact
from pith_builder.operations.transaction import Target
from pith_builder.signing.ed25519 import Ed25519Signer
from tests.graphs import imported_into, merged_into, mirrored, written
from tests.lakes import (
    AWKWARD,
    CONTENT,
    FILLED,
    LATER,
    THIRD_PAPER_AGAIN,
    build,
    columns,
    copied,
    flip,
    forge,
    lines,
    part_of,
    root_of,
    rows,
    seal,
    signed_anew,
    untouched,
)
from tests.makers import NOW, OTHER_SIGNER, REGISTRY, SIGNER, event

KEYS = [SIGNER.public_key]


def found(lake, **options):
    return audit(lake, KEYS, **options).findings


# --- What is sound ------------------------------------------------------------------------------


@pytest.mark.parametrize("roots_only", [False, True])
def test_a_clean_lake_passes(lake_of_two, roots_only):
    before = untouched(lake_of_two)
    report = audit(lake_of_two, KEYS, roots_only=roots_only)

    assert report.findings == []
    assert report.verified() == open_lake(lake_of_two).manifest.manifest_sha256
    assert (report.sequence, report.manifests, report.files) == (2, 2, 14)
    assert report.rows == {name: len(rows(lake_of_two, name)) for name in TABLES}
    assert report.to_json_object()["ok"] is True
    assert untouched(lake_of_two) == before


def test_the_sample_passes_with_one_worker_and_with_two(sample_lake):
    reports = [audit(sample_lake, KEYS, workers=workers) for workers in (1, 2)]

    assert reports[0].findings == []
    assert reports[0] == reports[1]


def test_what_was_minted_is_audited_by_minting_it_again(lake_of_two, monkeypatch):
    examined = examined_rows(monkeypatch)
    assert found(lake_of_two) == []
    assert not examined.keys() & set(CONTENT)


def compacted(lake):
    """Build a lake of four builds of three papers, and join its parts."""
    for number in range(4):
        build(lake, lines(3, first=1 + 10 * number), now=NOW + timedelta(days=number))
    later = NOW + timedelta(days=9)
    compact(Target(lake=lake, registry=REGISTRY, signer=SIGNER, now=later))
    return lake


def test_so_it_is_where_several_builds_share_parts(tmp_path, monkeypatch):
    lake = compacted(tmp_path)
    examined = examined_rows(monkeypatch)

    assert found(lake) == []
    assert not examined.keys() & set(CONTENT)
    assert len(open_lake(lake).table("records").parts) == 1


def test_in_parts_of_several_builds_the_row_that_is_wrong_is_found(tmp_path):
    lake = compacted(tmp_path)
    forge(lake, "states", lambda held: held[7].update(event_count=3))

    (finding,) = found(lake)

    assert (finding.code, finding.row, finding.table) == ("column_mismatch", 7, "states")


@pytest.fixture
def merged(tmp_path):
    """A lake of twelve papers, of the first, sixth, seventh and last of which more was stated."""
    lake = tmp_path / "lake"
    build(lake, lines(12))
    numbers = sorted(row["pith_number"] for row in rows(lake, "records"))
    stated = [
        event("correction", subject_pith_number=numbers[place]) for place in MORE_IS_STATED_OF
    ]
    merged_into(lake, written(tmp_path / "stated.jsonl", *stated), now=LATER)
    return lake


MORE_IS_STATED_OF = (0, 5, 6, 11)


def test_beside_records_of_which_more_was_stated_the_others_are_minted_again(merged, monkeypatch):
    examined = examined_rows(monkeypatch)

    assert found(merged) == []
    assert {name: examined[name] for name in ("records", "states", "bundles")} == dict.fromkeys(
        ("records", "states", "bundles"), 4
    )
    assert examined["events"] == 4 * 2 + 4


@pytest.mark.parametrize("place", [0, 1, 6, 10])
@pytest.mark.parametrize(
    ("table", "column", "code"),
    [
        ("records", "title_canon_sha256", "record_mismatch"),
        ("states", "state_sha256", "column_mismatch"),
        ("bundles", "bundle_sha256", "column_mismatch"),
    ],
)
def test_beside_records_of_which_more_was_stated_what_is_wrong_is_found(
    merged, table, column, code, place
):
    forge(merged, table, lambda held: held[place].update({column: "0" * 64}))

    assert {(hit.code, hit.row) for hit in found(merged) if hit.table == table} == {(code, place)}


@pytest.fixture
def taken_in(tmp_path):
    """A lake of eight papers that another registry minted."""
    theirs, lake = tmp_path / "theirs", tmp_path / "lake"
    build(theirs, lines(8), signer=OTHER_SIGNER)
    imported_into(lake, mirrored(theirs, tmp_path / "tree", with_metadata=False))
    return lake


OF_BOTH = [*KEYS, OTHER_SIGNER.public_key]


def test_bundles_of_others_are_made_again_once_some_were_verified(taken_in, monkeypatch):
    verified = []
    monkeypatch.setattr(
        audit_parts, "verify", lambda *given: verified.append(given) or verify(*given)
    )

    assert audit(taken_in, OF_BOTH).findings == []
    assert len(verified) == 3


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize(
    ("found", "instead"),
    [('"title":"', '"title":"Not '), ('"bundle_version":"1.0"', '"bundle_version":"1.1"')],
)
def test_a_bundle_of_others_that_does_not_hold_is_found(taken_in, place, found, instead):
    def edit(held):
        held[place]["document"] = held[place]["document"].replace(found, instead)

    forge(taken_in, "bundles", edit)
    findings = audit(taken_in, OF_BOTH).findings

    assert {hit.row for hit in findings if hit.table == "bundles"} == {place}
    assert "bundle_digest_mismatch" in {hit.code for hit in findings}


def test_a_name_that_stands_twice_is_found(harmed):
    tables = dict(open_lake(harmed).manifest.tables)
    first = tables["aliases"].parts[0]
    again = write_part(Disk(), harmed, TABLES["aliases"], "00000002-x", [_alias_row(harmed, 3)])
    parts = (*tables["aliases"].parts, again)
    tables["aliases"] = replace(tables["aliases"], parts=parts)
    seal(harmed, tables)

    hits = [hit for hit in found(harmed) if hit.code == "duplicate"]

    assert [(hit.place, hit.row, hit.table) for hit in hits] == [(again.path, 0, "aliases")]
    assert hits[0].message == f"says again what row 3 of {first.path} says"


def _alias_row(lake, number):
    return [*rows(lake, "aliases")[number].values()][:-1]


def test_rows_that_are_not_as_minted_are_examined_one_by_one(harmed, monkeypatch):
    forge(harmed, "states", lambda held: held[0].update(event_count=3))
    examined = examined_rows(monkeypatch)
    assert {finding.code for finding in found(harmed)} == {"column_mismatch"}
    assert examined["states"] == len(rows(harmed, "states"))


def test_no_more_are_examined_one_by_one_than_stand_beside_what_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(audit_minted, "MINTED_AT_ONCE", 5)
    lake = compacted(tmp_path)
    assert found(lake) == []

    forge(lake, "states", lambda held: held[7].update(valid_event_count=3))
    examined = examined_rows(monkeypatch)

    assert [(finding.code, finding.row) for finding in found(lake)] == [("column_mismatch", 7)]
    assert {name: examined[name] for name in CONTENT if name != "aliases"} == {
        "records": 5,
        "events": 10,
        "states": 5,
        "bundles": 5,
    }


def examined_rows(monkeypatch):
    """Count, by table, the rows that an audit examines one by one."""
    counted = Counter()
    examine = PartCheck.examine

    def counting(self, some):
        listed = list(some)
        counted[self.table.name] += len(listed)
        examine(self, listed)

    monkeypatch.setattr(PartCheck, "examine", counting)
    return counted


def test_a_lake_passes_wherever_it_was_moved_to(lake_of_two, tmp_path):
    assert found(copied(lake_of_two, tmp_path)) == []


def test_a_lake_of_rejects_alone_passes(tmp_path):
    build(tmp_path, b"{}\n[]\n")

    assert found(tmp_path) == []


def test_progress_counts_every_row(lake_of_two):
    told = []
    report = audit(lake_of_two, KEYS, progress=told.append)

    assert told == sorted(told)
    assert told[-1] == sum(report.rows.values())


def test_two_workers_find_what_one_finds(harmed):
    forge(harmed, "records", edited(0, title="Another title"))
    forge(harmed, "aliases", dropped(3))
    one, two = (found(harmed, workers=workers) for workers in (1, 2))

    assert set(one) == set(two) != set()


def test_a_lake_signed_by_a_stranger_fails(lake_of_two):
    report = audit(lake_of_two, [OTHER_SIGNER.public_key])

    places = {finding.place for finding in report.findings if finding.code == "unknown_key"}
    assert {"manifests/00000001.json", "manifests/00000002.json"} < places
    assert {finding.table for finding in report.findings} == {"", "bundles"}
    with pytest.raises(VerificationError, match="findings, first"):
        report.verified()
    assert report.to_json_object()["ok"] is False


def test_without_a_lake_there_is_a_finding(tmp_path):
    assert [finding.code for finding in found(tmp_path)] == ["no_lake"]


# --- Ways to harm a lake ------------------------------------------------------------------------
# Each edits a list of rows, or takes the lake's folder.


def edited(row, **changes):
    def edit(found):
        found[row].update(changes)

    return edit


def dropped(row):
    def edit(found):
        del found[row]

    return edit


def doubled(row):
    def edit(found):
        found.append(dict(found[row]))

    return edit


def swapped(*names, first=0, second=1):
    """Exchange some columns of two rows."""

    def edit(found):
        for name in names:
            one, two = found[first], found[second]
            one[name], two[name] = two[name], one[name]

    return edit


def document(row, change, **also):
    """Change the document of a row, then columns that say the same."""

    def edit(found):
        value = json.loads(found[row]["document"])
        change(value)
        found[row]["document"] = canonical_json(value).decode()
        found[row].update(
            {name: named(value) if callable(named) else named for name, named in also.items()}
        )

    return edit


def rebundled(row, change):
    """Change a bundle as its owner may: its state, its digest and its signature made anew."""

    def edit(found):
        bundle = json.loads(found[row]["document"])
        change(bundle)
        state = {name: said for name, said in bundle["state"].items() if name != "state_sha256"}
        bundle["state"]["state_sha256"] = sha256(canonical_json(state)).hex()
        signature = bundle.pop("bundle_signature")
        digest = BundleDigest(sha256(canonical_json(bundle)))
        signature["bundle_sha256"] = digest.hex()
        signature["signature_b64"] = b64encode(SIGNER.sign(digest)).decode()
        found[row]["document"] = canonical_json({**bundle, "bundle_signature": signature}).decode()
        found[row]["bundle_sha256"] = digest.hex()
        found[row]["signature_b64"] = signature["signature_b64"]

    return edit


def put(*path, value):
    """Return a change that puts a value at a place of a document."""

    def change(document):
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return change


def rewritten(table, change):
    """Rewrite the first part of a table with pyarrow, then seal the lake."""

    def harm(lake):
        part = open_lake(lake).table(table).parts[0]
        path = lake / part.path
        pq.write_table(change(pq.read_table(path)), path)
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()

        def state(said):
            new = replace(part, sha256=digest, size_bytes=len(data))
            parts = (new, *said.parts[1:])
            return {"parts": parts, "content_root": root_of(lake, parts)}

        forge(lake, table, state=state)

    return harm


def another_digest(table):
    wrong = pa.array([bytes(32)] * table.num_rows, pa.binary(32))
    return table.set_column(table.num_columns - 1, table.schema.field("row_sha256"), wrong)


def seal_said(table, **state):
    """Have the manifest say something else of a table, well signed."""
    return lambda lake: forge(lake, table, state=lambda said: _said(said, state))


def _said(said, state):
    return {name: new(said) if callable(new) else new for name, new in state.items()}


def resealed(lake, table, parts):
    """Have the manifest name other parts of a table, with their true root."""
    forge(
        lake,
        table,
        state=lambda said: {
            "parts": parts(said),
            "content_root": root_of(lake, parts(said)),
        },
    )


def first_part(**changes):
    return lambda said: (replace(said.parts[0], **changes), *said.parts[1:])


def raw_manifest(number, change):
    """Change a manifest's text, and nothing else."""

    def harm(lake):
        place = lake / manifest_name(number)
        place.write_bytes(change(place.read_bytes()))

    return harm


def redigested(lake):
    """Change the live manifest and its digest, without the key."""
    place = lake / manifest_name(2)
    value = json.loads(place.read_bytes())
    value["created_at"] = "2026-11-22T00:00:00.000000Z"
    value["manifest_signature"]["manifest_sha256"] = manifest_digest(value).hex()
    place.write_bytes(canonical_json(value))


def exchange(lake):
    one, two = part_of(lake, "records", 0), part_of(lake, "records", 1)
    spare = one.with_suffix(".spare")
    one.rename(spare)
    two.rename(one)
    spare.rename(two)


def append(path):
    with path.open("ab") as file:
        file.write(b"\0")


def a_strangers_record(lake):
    """Add all rows of a record that a stranger minted, so that every link holds."""
    stranger = Ed25519Signer(SIGNER.public_key.key_id, bytes(range(99, 131)))
    other = lake.parent / "stranger"
    build(other, lines(1, first=77), signer=stranger, now=LATER)
    for table in ("records", "events", "states", "bundles", "aliases", "keys"):
        forge(lake, table, lambda found, table=table: found.extend(rows(other, table)))


def no_parquet(lake):
    path = part_of(lake, "keys")
    path.write_bytes(b"PAR1 no Parquet")
    digest = hashlib.sha256(b"PAR1 no Parquet").hexdigest()
    forge(
        lake, "keys", state=lambda said: {"parts": first_part(sha256=digest, size_bytes=15)(said)}
    )


def of_another_table(lake):
    """Name a part of `bundles` as one of `states`."""
    part = open_lake(lake).table("bundles").parts[0]
    resealed(lake, "states", lambda said: (part, *said.parts[1:]))


def follows_none(lake):
    """Cut the chain before the live manifest."""
    signed_anew(lake, 2, previous=None)
    write_views(Disk(), open_lake(lake))


def miscounted(lake):
    """Have the live manifest count a row more of a table than its parts have."""
    tables = json.loads((lake / manifest_name(2)).read_bytes())["tables"]
    tables["states"]["rows"] += 1
    signed_anew(lake, 2, tables=tables)
    write_views(Disk(), open_lake(lake))


def part_told_otherwise(lake):
    """Have the first manifest, and the chain signed anew, say another digest of a part."""
    tables = json.loads((lake / manifest_name(1)).read_bytes())["tables"]
    tables["states"]["parts"][0]["sha256"] = "0" * 64
    signed_anew(lake, 2, previous=signed_anew(lake, 1, tables=tables))
    write_views(Disk(), open_lake(lake))


MISSING_KEY = Ed25519Signer("nobody-knows", bytes(range(7, 39)))
SAME_NAME = Ed25519Signer(SIGNER.public_key.key_id, bytes(range(8, 40)))

# What is found at the quick depth too: code, place (of {table} a part of that table).
FILES = {
    **{
        f"a bit of {table} flipped": (
            lambda lake, table=table: flip(part_of(lake, table)),
            "file_digest",
            f"tables/{table}/",
        )
        for table in FILLED
    },
    "the last byte of a part cut": (
        lambda lake: os.truncate(part_of(lake, "events"), 4000),
        "file_size",
        "tables/events/",
    ),
    "a byte added to a part": (
        lambda lake: append(part_of(lake, "states")),
        "file_size",
        "tables/states/",
    ),
    "a part removed": (
        lambda lake: part_of(lake, "aliases", 1).unlink(),
        "missing_part",
        "tables/aliases/00000002",
    ),
    "a part become a folder": (
        lambda lake: (part_of(lake, "keys").unlink(), part_of(lake, "keys").mkdir()),
        "missing_part",
        "tables/keys/",
    ),
    "two parts exchanged": (exchange, "file_size", "tables/records/"),
    "CURRENT moved back": (
        lambda lake: (lake / "CURRENT").write_text("manifests/00000001.json\n"),
        "rolled_back",
        "CURRENT",
    ),
    "CURRENT emptied": (lambda lake: (lake / "CURRENT").write_text(""), "bad_current", "CURRENT"),
    "CURRENT removed": (lambda lake: (lake / "CURRENT").unlink(), "no_lake", "CURRENT"),
    "CURRENT moved forward, told of CURRENT": (
        lambda lake: (lake / "CURRENT").write_text("manifests/00000003.json\n"),
        "bad_current",
        "CURRENT",
    ),
    "the live manifest counts other rows": (
        miscounted,
        "count_mismatch",
        "manifests/00000002.json",
    ),
    "an earlier manifest says other of a part": (
        part_told_otherwise,
        "part_mismatch",
        "manifests/00000001.json",
    ),
    "CURRENT moved forward": (
        lambda lake: (lake / "CURRENT").write_text("manifests/00000003.json\n"),
        "bad_manifest",
        "manifests/00000003.json",
    ),
    "a byte of the live manifest changed": (
        raw_manifest(2, lambda data: data.replace(b"2026-11-21", b"2026-11-22", 1)),
        "manifest_digest_mismatch",
        "manifests/00000002.json",
    ),
    "the live manifest cut": (
        raw_manifest(2, lambda data: data[:-9]),
        "bad_manifest",
        "manifests/00000002.json",
    ),
    "the live manifest indented": (
        raw_manifest(2, lambda data: data.replace(b",", b", ")),
        "bad_manifest",
        "manifests/00000002.json",
    ),
    "the live manifest changed and digested": (
        redigested,
        "bad_signature",
        "manifests/00000002.json",
    ),
    "the live manifest signed by another key": (
        lambda lake: seal(lake, signer=MISSING_KEY),
        "unknown_key",
        "manifests/00000002.json",
    ),
    "the live manifest signed by another key of that name": (
        lambda lake: seal(lake, signer=SAME_NAME),
        "unknown_key",
        "manifests/00000002.json",
    ),
    "the live manifest put in the place of the first": (
        lambda lake: shutil.copy(lake / manifest_name(2), lake / manifest_name(1)),
        "bad_manifest",
        "manifests/00000001.json",
    ),
    "a byte of an earlier manifest changed": (
        raw_manifest(1, lambda data: data.replace(b"2026-11-20", b"2026-11-19", 1)),
        "manifest_digest_mismatch",
        "manifests/00000001.json",
    ),
    "an earlier manifest replaced and signed": (
        lambda lake: signed_anew(lake, 1, build_id="00000001-another"),
        "broken_chain",
        "manifests/00000001.json",
    ),
    "an earlier manifest removed": (
        lambda lake: (lake / manifest_name(1)).unlink(),
        "bad_manifest",
        "manifests/00000001.json",
    ),
    "the first manifest follows another": (
        lambda lake: signed_anew(lake, 1, previous="0" * 64),
        "broken_chain",
        "manifests/00000001.json",
    ),
    "the live manifest follows another": (
        lambda lake: signed_anew(lake, 2, previous="0" * 64),
        "broken_chain",
        "manifests/00000001.json",
    ),
    "the live manifest follows none": (
        follows_none,
        "broken_chain",
        "manifests/00000002.json",
    ),
    "the live manifest numbered otherwise": (
        lambda lake: signed_anew(lake, 2, sequence=3),
        "bad_manifest",
        "manifests/00000002.json",
    ),
    "pith.sql edited": (
        lambda lake: append(lake / "pith.sql"),
        "bad_views",
        "pith.sql",
    ),
    "pith.sql removed": (lambda lake: (lake / "pith.sql").unlink(), "bad_views", "pith.sql"),
    "pith.sql reads another file": (
        lambda lake: (lake / "pith.sql").write_text(
            (lake / "pith.sql")
            .read_text()
            .replace("getvariable('pith_lake') || '/tables/keys", "'/tmp/evil' || '/tables/keys", 1)
        ),
        "bad_views",
        "pith.sql",
    ),
    "a content root changed": (
        seal_said("bundles", content_root="0" * 64),
        "content_root",
        "bundles",
    ),
    "a part left out of the manifest": (
        seal_said("records", parts=lambda said: said.parts[1:]),
        "content_root",
        "records",
    ),
    "a table emptied in the manifest": (
        seal_said("rejects", parts=()),
        "content_root",
        "rejects",
    ),
    "a schema version unknown": (seal_said("states", schema_version=2), "schema_version", "states"),
    "a part of no Parquet": (
        no_parquet,
        "unreadable_part",
        "",
    ),
}


def test_a_manifest_of_the_build_before_must_hold_its_rows(harmed):
    signed_anew(harmed, 2, build_id=read_manifest(harmed, 1).build_id)

    hits = [hit for hit in found(harmed, roots_only=True) if hit.code == "build_mismatch"]

    assert {hit.place for hit in hits} == {"manifests/00000002.json"}
    assert {"records", "builds"} <= {hit.table for hit in hits}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("roots_only", [True, False], ids=["roots", "rows"])
def test_harm_to_files_is_found_at_both_depths(harmed, name, roots_only):
    harm, code, place = FILES[name]
    harm(harmed)
    before = untouched(harmed)

    hits = [finding for finding in found(harmed, roots_only=roots_only) if finding.code == code]

    assert hits, found(harmed)
    assert all(hit.place.startswith(place) for hit in hits)
    assert all(hit.message for hit in hits)
    if place.startswith("tables/"):
        assert {hit.table for hit in hits} == {place.split("/")[1]}
    assert untouched(harmed) == before


# What only reading the rows finds, because the owner's key has signed it: table, edit, codes.
OTHER = "0" * 64
ROWS = {
    # records
    **{
        f"records.{name} changed": ("records", edited(0, **{name: value}), {"record_mismatch"})
        for name, value in {
            "title": "Another title",
            "abstract": "Another abstract",
            "license": "http://x/",
            "categories": ["cs.LG"],
            "primary_cat": "cs.LG",
            "cross_cats_sorted": ["cs.LG"],
            "arxiv_version": 9,
            "arxiv_id": "0704.9999",
            "submitted_at": 0,
            "title_canon_sha256": OTHER,
            "abstract_canon_sha256": OTHER,
            "canonical_sha256": OTHER,
            "pith_number": "pith:2007:AAAAAAAAAAAAAAAAAAAAAAAAAA",
        }.items()
    },
    **{
        f"records.{name} of the receipt changed": (
            "records",
            edited(0, **{name: value}),
            {"receipt_link"},
        )
        for name, value in {
            "signature_b64": "AAAA",
            "signed_at": 0,
            "first_computed_at": 0,
            "last_reissued_at": 0,
            "builder_version": "another-builder",
            "public_key_fingerprint": "0" * 32,
        }.items()
    },
    "the receipts of two records swapped": ("records", swapped("signature_b64"), {"receipt_link"}),
    "the authors changed": ("records", edited(0, authors="Somebody Else"), {"paper_link"}),
    "a key that is null": ("records", edited(0, pith_number=None), {"record_mismatch"}),
    "an instant beyond all calendars": (
        "records",
        edited(0, submitted_at=2**62),
        {"malformed_row"},
    ),
    "a receipt beyond all calendars": (
        "records",
        edited(0, first_computed_at=2**62),
        {"malformed_row"},
    ),
    "a record of a build that never was": (
        "records",
        edited(0, build_id="00000009-never"),
        {"build_mismatch"},
    ),
    "an event of a build that never was": (
        "events",
        edited(0, build_id="00000009-never"),
        {"build_mismatch"},
    ),
    "an identifier that is none": ("records", edited(0, arxiv_id="x"), {"malformed_row"}),
    "no category at all": ("records", edited(0, categories=[]), {"malformed_row"}),
    "a title that is null": ("records", edited(0, title=None), {"malformed_row"}),
    # a row more, a row less
    **{
        f"a row of {table} dropped": ("" + table, dropped(1), {f"{kind}_link"})
        for table, kind in {
            "records": "record",
            "events": "event",
            "states": "state",
            "aliases": "alias",
            "bundles": "record",
        }.items()
    },
    **{
        f"a row of {table} doubled": (table, doubled(1), {"row_order"})
        for table in ("records", "events", "states", "bundles", "aliases", "rejects")
    },
    "a record added that no bundle carries": (
        "records",
        lambda found: found.append({**found[0], "pith_number": "pith:2007:" + "A" * 26}),
        {"record_link"},
    ),
    "a key that signed dropped": ("keys", dropped(0), {"unlisted_key"}),
    # events
    "an event's document changed": (
        "events",
        document(0, put("created_at", value="2026-11-20T14:17:10Z")),
        {"event_link", "column_mismatch"},
    ),
    "an event's document and column changed": (
        "events",
        document(0, put("target", value="paper"), target="paper"),
        {"event_link"},
    ),
    "the documents of two events swapped": ("events", swapped("document"), {"column_mismatch"}),
    "the events of two records swapped": (
        "events",
        swapped("pith_number", first=0, second=4),
        {"column_mismatch"},
    ),
    **{
        f"events.{name} changed": ("events", edited(1, **{name: value}), {"column_mismatch"})
        for name, value in {
            "event_type": "correction",
            "target": "paper",
            "created_at": 0,
            "signer_id": "somebody",
            "signer_type": "nobody",
            "prev_event": "sha256:" + OTHER,
            "supersedes": ["sha256:" + OTHER],
            "key_id": "another",
            "public_key_fingerprint": "0" * 32,
            "signature_b64": "AAAA",
            "signed_at": 0,
            "event_id": "sha256:" + OTHER,
        }.items()
    },
    # states
    "a state's document changed": (
        "states",
        document(0, put("merge_version", value="another")),
        {"state_link"},
    ),
    "a state counts another event": (
        "states",
        document(0, put("event_count", value=3), event_count=3),
        {"state_link"},
    ),
    "the states of two records swapped": (
        "states",
        swapped("document", "state_sha256"),
        {"column_mismatch"},
    ),
    **{
        f"states.{name} changed": ("states", edited(0, **{name: value}), {"column_mismatch"})
        for name, value in {
            "event_count": 9,
            "valid_event_count": 9,
            "invalid_event_count": 9,
            "equivocation_count": 9,
            "state_sha256": OTHER,
        }.items()
    },
    # bundles
    "a bundle's document changed": (
        "bundles",
        document(0, put("built_at", value="2026-11-20T14:17:10Z"), built_at=1795184230000000),
        {"bundle_digest_mismatch"},
    ),
    "the bundles of two records swapped": ("bundles", swapped("document"), {"column_mismatch"}),
    **{
        f"bundles.{name} changed": ("bundles", edited(0, **{name: value}), {"column_mismatch"})
        for name, value in {
            "event_count": 9,
            "built_at": 0,
            "bundle_sha256": OTHER,
            "key_id": "another",
            "public_key_fingerprint": "0" * 32,
            "signature_b64": "AAAA",
            "signed_at": 0,
        }.items()
    },
    "an alias changed in a bundle signed anew": (
        "bundles",
        rebundled(0, put("source_aliases", 0, "alias_value", value="0704.9999")),
        {"alias_mismatch", "alias_link"},
    ),
    "an event left out of a bundle signed anew": (
        "bundles",
        rebundled(0, lambda bundle: bundle["events"].pop()),
        {"event_link", "state_mismatch"},
    ),
    "another canonical record in a bundle signed anew": (
        "bundles",
        rebundled(0, put("canonical_record", "source", "version", value=9)),
        {"canonical_digest_mismatch", "number_mismatch"},
    ),
    "another state in a bundle signed anew": (
        "bundles",
        rebundled(0, put("state", "valid_event_count", value=1)),
        {"state_mismatch", "state_link"},
    ),
    "another licence in a snapshot in a bundle signed anew": (
        "bundles",
        rebundled(
            0,
            put("events", 1, "payload", "graph_snapshot", "paper", "license", value="http://x/"),
        ),
        {"event_digest_mismatch"},
    ),
    # aliases
    "an alias changed": ("aliases", edited(0, alias_value="0704.9999"), {"alias_link"}),
    "an alias of another kind": ("aliases", edited(0, alias_kind="doi"), {"alias_link"}),
    "an alias that is null": ("aliases", edited(0, alias_value=None), {"row_order", "alias_link"}),
    "an alias given beyond all calendars": (
        "aliases",
        edited(0, created_at=2**62),
        {"alias_link"},
    ),
    "an alias given at another time": ("aliases", edited(0, created_at=0), {"alias_link"}),
    "the aliases of two records swapped": (
        "aliases",
        swapped("pith_number", first=0, second=2),
        {"alias_link"},
    ),
    # small tables
    "another public key in a column": (
        "keys",
        edited(0, public_key_hex=OTHER),
        {"column_mismatch"},
    ),
    "another public key in a document": (
        "keys",
        document(0, lambda key: key.update(OTHER_SIGNER.public_key.to_json_object())),
        {"column_mismatch"},
    ),
    "a public-key object that contradicts itself": (
        "keys",
        document(0, put("fingerprint_sha256_hex", value="0" * 32)),
        {"malformed_row"},
    ),
    "a build that does not add up": ("builds", edited(0, seen=7), {"count_mismatch"}),
    "facts of a run that its row does not tell": (
        "builds",
        edited(0, operation="backfill"),
        {"column_mismatch"},
    ),
    "facts of a run that are no such": ("builds", edited(0, run_facts="{}"), {"malformed_row"}),
    "a build dropped": ("builds", dropped(0), {"build_mismatch"}),
    "a build that minted more than there is": (
        "builds",
        edited(0, seen=7, minted=5),
        {"build_mismatch"},
    ),
    "a reject dropped": ("rejects", dropped(0), {"build_mismatch"}),
    "a reject with another reason": ("rejects", edited(0, reason="bad_id"), {"reject_reason"}),
    "a reject of a sound line": (
        "rejects",
        edited(0, raw=THIRD_PAPER_AGAIN, raw_sha256=sha256(THIRD_PAPER_AGAIN).hex()),
        {"reject_reason"},
    ),
    "a key first used at another time": (
        "keys",
        edited(0, first_used_at=7),
        {"column_mismatch"},
    ),
    "a build that lost a reject": ("builds", edited(0, rejected=1), {"count_mismatch"}),
    **{
        f"builds.{name} changed": ("builds", edited(0, **{name: value}), {"build_mismatch"})
        for name, value in {
            "started_at": 0,
            "builder_version": "another-builder",
            "minted_without_license": 0,
            "minted_withdrawn": 3,
        }.items()
    },
    "a record that is no longer withdrawn": (
        "records",
        lambda found: [row.update(is_withdrawn=False) for row in found],
        {"build_mismatch"},
    ),
    "a reject that is not what was observed": (
        "rejects",
        edited(0, raw=b"no json"),
        {"reject_digest"},
    ),
    # documents
    **{
        f"a document of {table} that is not canonical": (
            table,
            lambda found: found[0].update(document=found[0]["document"].replace('":', '": ', 1)),
            {"malformed_row"},
        )
        for table in ("events", "states", "bundles", "keys")
    },
    "a document cut short": (
        "bundles",
        lambda found: found[0].update(document=found[0]["document"][:-1]),
        {"malformed_row"},
    ),
    "a document of another kind": ("states", edited(0, document="[]"), {"malformed_row"}),
    "a document that is nothing": ("events", edited(0, document=None), {"malformed_row"}),
}


@pytest.mark.parametrize("name", ROWS)
def test_harm_to_rows_that_the_owner_signed_is_found_by_reading_them(harmed, name):
    table, edit, codes = ROWS[name]
    forge(harmed, table, edit)

    assert found(harmed, roots_only=True) == []
    findings = found(harmed)

    for code in codes:
        hits = [finding for finding in findings if finding.code == code]
        assert hits, findings
        here = [hit for hit in hits if hit.table == table] or hits
        assert all(is_a_row_of(harmed, hit) for hit in here if hit.row is not None), here


def is_a_row_of(lake, finding):
    """Tell whether a finding's place, row and key are a row's, told by its table's key."""
    part = next(p for p in open_lake(lake).table(finding.table).parts if p.path == finding.place)
    names = TABLES[finding.table].key
    table = pq.read_table(lake / part.path, columns=list(names)).to_pylist()
    return finding.key == " ".join(str(table[finding.row][name]) for name in names)


def test_an_edited_row_is_named_by_part_row_and_key(harmed):
    forge(harmed, "records", edited(2, license="http://x/"))
    row, changed = next(
        (number, record)
        for number, record in enumerate(rows(harmed, "records"))
        if record["license"] == "http://x/"
    )

    hits = [hit for hit in found(harmed) if hit.code == "record_mismatch"]
    assert [(hit.table, hit.place, hit.row, hit.key) for hit in hits] == [
        ("records", open_lake(harmed).table("records").parts[0].path, row, changed["pith_number"])
    ] * 2
    assert hits[0].message.startswith("canonical_sha256 is")
    assert hits[1].message.startswith("pith_number is")


def test_rows_out_of_order_are_found(harmed):
    def backwards(found):
        found.sort(key=lambda row: row["pith_number"], reverse=True)

    forge(harmed, "states", backwards, in_order=False)

    orders = [finding for finding in found(harmed) if finding.code == "row_order"]
    assert [finding.row for finding in orders] == [1, 2, 3, 4]


WHOLE = {
    "a row's digest changed": (
        rewritten("events", another_digest),
        {"row_digest"},
        "events",
    ),
    "a part without a column": (
        rewritten("states", lambda table: table.drop_columns(["event_count"])),
        {"unreadable_part"},
        "states",
    ),
    "a column of another type": (
        rewritten(
            "rejects", lambda table: table.set_column(1, "source_line", pa.array(["1", "2"]))
        ),
        {"unreadable_part"},
        "rejects",
    ),
    "columns in another order": (
        rewritten("aliases", lambda table: table.select(columns("aliases")[::-1])),
        {"unreadable_part"},
        "aliases",
    ),
    "rows miscounted": (
        seal_said("events", parts=first_part(rows=9)),
        {"unreadable_part"},
        "events",
    ),
    "another first key": (
        seal_said("events", parts=first_part(first_key=("a", "b"))),
        {"key_range"},
        "events",
    ),
    "another last key": (
        seal_said("events", parts=first_part(last_key=("z", "z"))),
        {"key_range"},
        "events",
    ),
    "a part left out with its true root": (
        lambda lake: resealed(lake, "states", lambda said: said.parts[1:]),
        {"state_link"},
        "bundles",
    ),
    **{
        f"a part of {table} named twice": (
            lambda lake, table=table: resealed(
                lake, table, lambda said: (*said.parts, said.parts[0])
            ),
            {"duplicate"},
            table,
        )
        for table in FILLED
    },
    "a part of no column known": (
        rewritten("keys", lambda table: table.select(["key_id", "row_sha256"])),
        {"unreadable_part"},
        "keys",
    ),
    "row digests that are text": (
        rewritten("keys", lambda table: table.set_column(6, "row_sha256", pa.array(["abc"]))),
        {"unreadable_part"},
        "keys",
    ),
    "a part of another table": (
        of_another_table,
        {"unreadable_part"},
        "states",
    ),
    "a stranger's record in every table": (a_strangers_record, {"unknown_key"}, "bundles"),
    "a table emptied": (
        lambda lake: resealed(lake, "bundles", lambda _: ()),
        {"record_link", "event_link", "state_link", "alias_link", "receipt_link"},
        None,
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_harm_to_parts_that_the_owner_signed_is_found_by_reading_them(harmed, name):
    harm, codes, table = WHOLE[name]
    harm(harmed)
    findings = found(harmed)

    for code in codes:
        hits = [finding for finding in findings if finding.code == code]
        assert hits, findings
        if table is not None:
            assert table in {hit.table for hit in hits}


def test_a_lake_emptied_by_its_owner_says_so_in_its_counts(harmed):
    seal(harmed, empty_tables())
    report = audit(harmed, KEYS)

    assert set(report.rows.values()) == {0}


def test_every_finding_of_many_is_listed_up_to_a_limit(tmp_path):
    build(tmp_path, AWKWARD)
    forge(tmp_path, "aliases", lambda rows: [row.update(created_at=0) for row in rows])

    findings = found(tmp_path)
    assert len(findings) == 48
    assert {finding.table for finding in findings} == {"aliases", "bundles"}
    assert {(finding.place, finding.row, finding.key) for finding in findings}


def test_a_finding_is_told_to_machines_whole(harmed):
    forge(harmed, "builds", edited(0, seen=7))

    assert audit(harmed, KEYS).to_json_object()["findings"] == [
        {
            "code": "count_mismatch",
            "key": "00000001-20261120T141709Z",
            "message": "7 papers seen, 6 accounted for",
            "place": open_lake(harmed).table("builds").parts[0].path,
            "row": 0,
            "table": "builds",
        }
    ]


@pytest.mark.parametrize("table", FILLED)
def test_no_sound_row_is_blamed_for_what_a_damaged_part_would_have_said(harmed, table):
    part = open_lake(harmed).table(table).parts[0].path
    flip(harmed / part)

    assert {(finding.code, finding.place) for finding in found(harmed)} == {("file_digest", part)}


def test_no_build_is_blamed_for_a_damaged_manifest(harmed):
    raw_manifest(1, lambda data: data[:-9])(harmed)

    assert {finding.place for finding in found(harmed)} == {manifest_name(1)}


def test_a_part_that_only_the_past_reads_is_compared_as_long_as_it_is_kept(harmed):
    first = open_lake(harmed).table("states").parts[0]
    resealed(harmed, "states", lambda said: said.parts[1:])
    flip(harmed / first.path)
    hits = [finding for finding in found(harmed) if finding.place == first.path]

    assert [(hit.code, hit.table) for hit in hits] == [("file_digest", "states")]
    (harmed / first.path).unlink()
    assert first.path not in {finding.place for finding in found(harmed)}


def test_what_may_mislead_is_a_note_and_no_finding(lake_of_two, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    (lake / "tables" / "keys" / "stray.parquet").write_bytes(b"")
    report = audit(lake, KEYS)

    assert report.findings == []
    assert [(note["code"], note["place"]) for note in report.to_json_object()["notes"]] == [
        ("views_elsewhere", "pith.sql"),
        ("unnamed_file", "tables/keys/stray.parquet"),
    ]


def test_views_one_commit_behind_are_what_a_killed_writer_leaves(harmed):
    write_views(Disk(), Lake(harmed, read_manifest(harmed, 1)))

    assert audit(harmed, KEYS).findings == []
