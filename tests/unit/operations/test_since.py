"""A lake as it is now, compared with a manifest of it that somebody kept."""

import json
from datetime import timedelta

import numpy as np
import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.errors import MalformedError, UsageError
from pith_builder.lake import additions, roots
from pith_builder.lake.additions import MAY_CHANGE
from pith_builder.lake.parts import write_part
from pith_builder.lake.store import manifest_name, open_lake, read_manifest
from pith_builder.lake.tables import TABLES
from pith_builder.operations.compaction import compact
from pith_builder.operations.maintain import maintain
from pith_builder.operations.reissue import reissue
from pith_builder.operations.since import read_earlier, since
from pith_builder.operations.transaction import Target, transaction
from pith_builder.signing.ed25519 import TrustedKeys
from tests.graphs import TRUSTED, merged_into, written
from tests.lakes import AWKWARD, LATER, build, flip, line, lines, part_of, rows
from tests.makers import NOW, OTHER_SIGNER, REGISTRY, SIGNER, event

THEN = NOW + timedelta(days=40)
TARGET = {"registry": REGISTRY, "signer": OTHER_SIGNER, "now": THEN}


@pytest.fixture
def lake(tmp_path):
    build(tmp_path / "lake", AWKWARD)
    return tmp_path / "lake"


def kept(lake):
    """Return the manifest of a lake, as somebody keeps it."""
    return read_earlier((lake / manifest_name(open_lake(lake).manifest.sequence)).read_bytes())


def added_to(lake, tmp_path):
    """Add to a lake all that is allowed: papers, events, rewritten bundles, a new key's seals."""
    build(lake, line(id="0704.0077", title="New") + b"\n", b"no JSON\n", now=LATER)
    number = rows(lake, "records")[0]["pith_number"]
    said = event("correction", subject_pith_number=number, created_at="2026-11-21T00:00:00Z")
    merged_into(lake, written(tmp_path / "said.jsonl", said), now=LATER + timedelta(days=1))
    reissue(Target(lake=lake, **TARGET), TRUSTED, [SIGNER.public_key])


def codes(found):
    return [(finding.code, finding.table) for finding in found.findings]


def test_a_lake_adds_nothing_to_itself(lake):
    found = since(lake, kept(lake), TRUSTED)
    assert found.findings == []
    assert (found.then, found.now) == (1, 1)
    assert {table.rows_now - table.rows_then for table in found.tables.values()} == {0}


def test_what_only_adds_is_shown_to(lake, tmp_path):
    earlier = kept(lake)
    added_to(lake, tmp_path)

    found = since(lake, earlier, TRUSTED, workers=2)

    assert found.findings == []
    assert (found.then, found.now) == (1, 4)
    told = {
        name: (table.rows_then, table.rows_now, table.made_anew)
        for name, table in found.tables.items()
    }
    assert told["records"] == (4, 5, 4)
    assert told["bundles"] == (4, 5, 4)
    assert told["events"] == (8, 11, 0)
    assert told["states"] == (4, 5, 1)
    assert told["builds"] == (1, 4, 0)
    assert all(table.is_compared for table in found.tables.values())
    assert json.loads(canonical_json(found.to_json_object()))["ok"] is True


def test_once_the_earlier_parts_are_gone_the_rows_of_its_builds_are_shown(lake):
    for number in range(20):
        if number == 10:
            earlier = kept(lake)
        build(lake, lines(1, 11 + number), now=LATER + timedelta(days=number))
    assert compact(Target(lake=lake, **TARGET)).joined
    maintain(lake, kept_since=THEN + timedelta(days=1))
    for name in ("records", "events", "states", "aliases"):
        assert not all((lake / part.path).exists() for part in earlier.tables[name].parts)

    found = since(lake, earlier, TRUSTED)

    assert found.findings == []
    assert not found.tables["states"].is_compared
    assert found.tables["records"].is_compared


def test_rows_changed_after_the_earlier_parts_are_gone_cannot_be_shown(lake, tmp_path):
    earlier = kept(lake)
    added_to(lake, tmp_path)
    maintain(lake, kept_since=THEN + timedelta(days=1))

    found = since(lake, earlier, TRUSTED)

    assert codes(found) == [("not_shown", "records")]
    assert "its parts are gone" in found.findings[0].message


# --- What does more than add --------------------------------------------------------------------


def rewritten(lake, table, edit):
    """Commit a rewriting of a table's only part, as the key's holder could."""
    with transaction(Target(lake=lake, **TARGET), "edit") as opened:
        [part] = open_lake(lake).table(table).parts
        found = rows(lake, table)
        edit(found)
        values = [list(row.values())[:-1] for row in found]
        new = write_part(opened.plan.disk, lake, TABLES[table], "00000002-e", values)
        opened.swap(part, new)
        opened.commit([])


EDITS = {
    "records": [{"title": "Another"}, {"license": "http://x/"}, {"first_computed_at": 0}],
    "events": [{"signature_b64": "AAAA"}, {"signed_at": 0}],
    "rejects": [{"message": "Another"}],
    "aliases": [{"created_at": 0}],
    "bundles": [{"signed_at": 0}],
}


@pytest.mark.parametrize(
    ("table", "change"), [(table, one) for table, edits in EDITS.items() for one in edits]
)
def test_a_changed_row_is_named_by_table_and_key(lake, table, change):
    earlier = kept(lake)
    key = rows(lake, table)[1]
    rewritten(lake, table, lambda found: found[1].update(change))

    found = since(lake, earlier, TRUSTED)

    assert codes(found) == [("row_changed", table)]
    assert found.findings[0].key == " ".join(str(key[name]) for name in TABLES[table].key)


@pytest.mark.parametrize("table", ["records", "events", "states", "bundles", "aliases", "rejects"])
def test_a_removed_row_is_named_by_table_and_key(lake, table):
    earlier = kept(lake)
    gone = rows(lake, table)[1]
    rewritten(lake, table, lambda found: found.pop(1))

    found = since(lake, earlier, TRUSTED)

    assert codes(found) == [("row_removed", table)]
    assert found.findings[0].key == " ".join(str(gone[name]) for name in TABLES[table].key)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("states", {"state_sha256": "0" * 64}),
        ("bundles", {"bundle_sha256": "0" * 64}),
        ("records", {"key_id": "another", "signature_b64": "AAAA"}),
        ("records", {"source_name": "another"}),
    ],
)
def test_what_may_change_is_counted_and_no_finding(lake, table, change):
    """Whether it is right now, the audit says."""
    earlier = kept(lake)
    rewritten(lake, table, lambda found: found[1].update(change))
    found = since(lake, earlier, TRUSTED)
    assert found.findings == []
    assert found.tables[table].made_anew == int("source_name" not in change)


def test_many_rows_are_listed_up_to_a_bound_and_counted(lake, monkeypatch):
    earlier = kept(lake)
    rewritten(lake, "events", lambda found: [one.update(signed_at=0) for one in found])
    monkeypatch.setattr(additions, "MAX_LISTED", 3)
    found = since(lake, earlier, TRUSTED)
    assert len(found.findings) == 4
    assert found.findings[-1].message == "and 5 more rows"


# --- Another lake -------------------------------------------------------------------------------


def test_a_manifest_of_another_past_is_not_in_the_chain(lake, tmp_path):
    build(tmp_path / "other", AWKWARD, now=LATER)
    [finding] = since(lake, kept(tmp_path / "other"), TRUSTED).findings
    assert finding.code == "not_in_chain"
    assert "its past was written anew" in finding.message


def test_a_lake_that_went_back_is_told(lake):
    old = (lake / "CURRENT").read_bytes()
    build(lake, lines(1), now=LATER)
    later = kept(lake)
    (lake / "CURRENT").write_bytes(old)
    found = {finding.code for finding in since(lake, later, TRUSTED).findings}
    assert found == {"rolled_back", "not_in_chain"}


def test_trust_comes_from_the_keyring(lake):
    found = since(lake, kept(lake), TrustedKeys([OTHER_SIGNER.public_key]))
    assert {finding.code for finding in found.findings} == {"unknown_key"}


@pytest.mark.parametrize("table", ["records", "events"])
def test_a_damaged_file_shows_nothing(lake, table):
    earlier = kept(lake)
    build(lake, lines(1), now=LATER)
    flip(part_of(lake, table))
    assert codes(since(lake, earlier, TRUSTED)) == [("file_digest", table)]


def test_without_a_lake_or_a_manifest_there_is_nothing_to_compare(lake, tmp_path):
    with pytest.raises(UsageError, match="there is no lake"):
        since(tmp_path / "none", kept(lake), TRUSTED)
    for data in (b"{}", b"no JSON", canonical_json({"manifest_type": "pith_lake_manifest"})):
        with pytest.raises(MalformedError):
            read_earlier(data)
    assert read_manifest(lake, 1) == kept(lake)


# --- By digests ---------------------------------------------------------------------------------


def test_a_large_table_is_compared_in_stretches(lake, monkeypatch):
    earlier = kept(lake)
    rewritten(lake, "events", lambda found: found.pop(1))
    whole = since(lake, earlier, TRUSTED).findings
    monkeypatch.setattr(roots, "LEAVES_AT_ONCE", 2)
    assert since(lake, earlier, TRUSTED).findings == whole


def test_digests_that_share_their_beginning_are_told_apart():
    begun = bytes(8)
    some = [begun + bytes([number]) * 24 for number in range(5)] + [b"\xff" * 32]
    held = additions._Known(np.frombuffer(b"".join(some[:3] + some[5:]), np.uint8).reshape(-1, 32))
    asked = np.frombuffer(b"".join(some), np.uint8).reshape(-1, 32)
    assert held.hold(asked).tolist() == [True, True, True, False, False, True]
    nothing = additions._Known(np.empty((0, 32), np.uint8))
    assert nothing.hold(asked).tolist() == [False] * 6


def test_what_may_change_names_hashed_columns_of_tables_that_are_rewritten():
    for name, columns in MAY_CHANGE.items():
        hashed = {column.name for column in TABLES[name].columns if column.is_hashed}
        assert set(columns) <= hashed - set(TABLES[name].key)
