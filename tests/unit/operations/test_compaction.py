"""Compaction changes no row and no root, and twice nothing more."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith_builder.core.manifest import TableState
from pith_builder.errors import LakeBusyError, UsageError, VerificationError
from pith_builder.lake.lock import lake_lock
from pith_builder.lake.minted_parts import families
from pith_builder.lake.query import connect
from pith_builder.lake.store import open_lake, read_manifest
from pith_builder.lake.tables import TABLES
from pith_builder.operations.audit import audit
from pith_builder.operations.compaction import compact
from pith_builder.operations.maintain import maintain
from pith_builder.operations.transaction import Target
from tests.lakes import build, content_roots, copied, files, flip, lines, part_of, rows, seal
from tests.makers import NOW, REGISTRY, SIGNER

NIGHTS = 5
NEXT = NOW + timedelta(days=NIGHTS)


def night(lake, number, papers=2):
    build(lake, lines(papers, first=100 * number + 1), now=NOW + timedelta(days=number))


def target(lake, **changes):
    return Target(**{"lake": lake, "registry": REGISTRY, "signer": SIGNER, "now": NEXT, **changes})


@pytest.fixture(scope="module")
def nightlies(tmp_path_factory):
    """A lake of five builds of two papers and a reject each."""
    lake = tmp_path_factory.mktemp("nightlies") / "lake"
    for number in range(NIGHTS):
        night(lake, number)
        build(lake, b'{"id": "%d"}\n' % number, now=NOW + timedelta(days=number, hours=1))
    return lake


@pytest.fixture
def lake(nightlies, tmp_path):
    return copied(nightlies, tmp_path)


def everything(lake):
    """Return every row of every table, whatever part it is in."""
    return {name: sorted(map(repr, rows(lake, name))) for name in TABLES}


def findings(lake):
    return audit(lake, [SIGNER.public_key]).findings


def part_counts(lake):
    return {name: len(state.parts) for name, state in open_lake(lake).manifest.tables.items()}


@pytest.mark.parametrize("workers", [1, 2])
def test_small_parts_are_joined_and_no_row_and_no_root_changes(lake, workers):
    held, roots = everything(lake), content_roots(lake, TABLES)

    done = compact(target(lake, workers=workers))

    counts = part_counts(lake)
    assert {name: counts[name] for name in ("records", "events", "aliases")} == {
        "records": 1,
        "events": 1,
        "aliases": 1,
    }
    assert everything(lake) == held
    assert content_roots(lake, TABLES) == roots
    assert findings(lake) == []
    # Five parts of five tables, ten of builds, five of rejects.
    assert (done.joined, done.sequence) == (40, 11)
    assert done.parts == sum(f"{c:08d}" in f for c in (11,) for f in files(lake) if "-c0" in f)
    assert done.written_bytes == sum(len(data) for f, data in files(lake).items() if "-c0" in f)


def test_the_manifest_names_the_build_whose_rows_it_holds(lake):
    before = open_lake(lake).manifest
    done = compact(target(lake))
    after = open_lake(lake).manifest
    assert (after.build_id, after.previous) == (before.build_id, before.manifest_sha256)
    assert (after.sequence, after.created_at) == (before.sequence + 1, NEXT)
    assert done.manifest_sha256 == after.manifest_sha256
    assert {row["build_id"] for row in rows(lake, "builds")} == {
        read_manifest(lake, number).build_id for number in range(1, 11)
    }


def test_twice_changes_nothing_more(lake):
    compact(target(lake))
    before = files(lake)

    done = compact(target(lake))

    assert (done.joined, done.parts, done.written_bytes, done.sequence) == (0, 0, 0, 11)
    assert files(lake) == before


def test_parts_that_hold_the_same_papers_are_joined_alike(lake):
    compact(target(lake))
    (family,) = families(
        {name: state.parts for name, state in open_lake(lake).manifest.tables.items()}
    )
    assert family["records"].rows == 2 * NIGHTS


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.booleans(), min_size=NIGHTS + 1, max_size=NIGHTS + 1))
def test_interleaved_with_nightlies_it_comes_to_the_same_as_without(
    tmp_path_factory, nightlies_alone, compacting
):
    lake = tmp_path_factory.mktemp("lake") / "lake"
    for number, is_compacting in enumerate(compacting):
        night(lake, number)
        if is_compacting:
            compact(target(lake, now=NOW + timedelta(days=number, hours=2)))
    held, roots = nightlies_alone
    assert content_roots(lake) == roots
    for name in ("records", "events", "aliases"):
        found = [_without_build(row) for row in rows(lake, name)]
        assert sorted(map(repr, found)) == held[name]
    assert findings(lake) == []


def _without_build(row):
    return {name: value for name, value in row.items() if name != "build_id"}


@pytest.fixture(scope="module")
def nightlies_alone(tmp_path_factory):
    lake = tmp_path_factory.mktemp("alone") / "lake"
    for number in range(NIGHTS + 1):
        night(lake, number)
    held = {
        name: sorted(repr(_without_build(row)) for row in rows(lake, name))
        for name in ("records", "events", "aliases")
    }
    return held, content_roots(lake)


def test_a_later_night_goes_on_from_it(lake):
    compact(target(lake))
    night(lake, NIGHTS)
    night(lake, 0)  # all there already
    assert len(rows(lake, "records")) == 2 * NIGHTS + 2
    assert part_counts(lake)["records"] == 2
    assert findings(lake) == []


def test_a_reader_of_an_earlier_commit_goes_on_and_so_does_one_of_its_day(lake):
    with connect(lake) as reader:
        compact(target(lake))
        maintain(lake, kept_since=NEXT - timedelta(days=1))
        count = "select count(*), count(distinct alias_value) from aliases"
        before = reader.execute(count).fetchone()
    with connect(lake) as after, connect(lake, as_of=10) as then:
        assert after.execute(count).fetchone() == then.execute(count).fetchone() == before


def test_old_parts_are_swept_when_no_manifest_of_late_names_them(lake):
    named = {
        part.path for state in open_lake(lake).manifest.tables.values() for part in state.parts
    }
    compact(target(lake))

    assert maintain(lake, kept_since=NEXT - timedelta(seconds=1)).removed == ()
    removed = maintain(lake, kept_since=NEXT).removed

    live = {part.path for state in open_lake(lake).manifest.tables.values() for part in state.parts}
    assert set(removed) == named - live
    assert findings(lake) == []
    with pytest.raises(UsageError, match=r"no longer be opened as of 10: 40 of .* records_on"):
        connect(lake, as_of=10)
    with connect(lake, as_of=f"{NEXT:%Y-%m-%d}") as then:
        assert then.execute("select count(*) from records").fetchone() == (2 * NIGHTS,)
    with connect(lake) as now:
        query = f"select count(*) from records_on('{NOW:%Y-%m-%d}')"  # noqa: S608
        assert now.execute(query).fetchone() == (2,)


def test_a_manifest_that_is_dated_back_was_live_no_earlier_than_those_before_it(lake):
    compact(target(lake, now=NOW - timedelta(days=400)))
    last = NOW + timedelta(days=NIGHTS - 1, hours=1)

    assert maintain(lake, kept_since=last - timedelta(seconds=1)).removed == ()
    assert len(maintain(lake, kept_since=last).removed) == 40


@pytest.mark.parametrize("table", ["records", "aliases", "builds"])
def test_a_damaged_part_is_not_joined_and_nothing_is_committed(lake, table):
    flip(part_of(lake, table, 2))
    before = files(lake)

    with pytest.raises(VerificationError, match=f"tables/{table}/.*pith audit"):
        compact(target(lake))

    assert files(lake) == before


def test_rows_that_are_not_the_manifests_are_not_signed(lake):
    tables = dict(open_lake(lake).manifest.tables)
    parts = tables["aliases"].parts
    tables["aliases"] = TableState(schema_version=1, content_root="0" * 64, parts=parts)
    seal(lake, tables)
    before = files(lake)

    with pytest.raises(VerificationError, match="rows of aliases are not those of the manifest"):
        compact(target(lake))

    assert files(lake) == before


def test_one_writer_at_a_time(lake):
    with lake_lock(lake), pytest.raises(LakeBusyError):
        compact(target(lake))


def test_without_a_lake_there_is_nothing_to_compact(tmp_path):
    with pytest.raises(UsageError, match="there is no lake"):
        compact(target(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
