import hashlib
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith_builder.disk import Disk
from pith_builder.lake import joining
from pith_builder.lake.joining import joined
from pith_builder.lake.parts import days, write_part
from pith_builder.lake.reading import DamagedPartError, read_rows
from pith_builder.lake.tables import ALIASES, BUILDS, BUNDLES, REJECTS, WINDOWS
from tests.lakes import files, flip
from tests.makers import NOW


def alias(value, number="pith:1"):
    return (value, "arxiv", number, 0, "build")


def written(lake, table, *runs):
    return [
        write_part(Disk(), lake, table, f"00000001-{index:05d}", sorted(rows, key=table_key(table)))
        for index, rows in enumerate(runs)
    ]


def table_key(table):
    places = [table.position(name) for name in table.key]
    return lambda row: [row[place] for place in places]


def read(lake, table, *parts):
    return [row for part in parts for row in read_rows(lake, table, part)]


NAMES = st.lists(
    st.lists(st.tuples(st.text(max_size=3), st.sampled_from("abc")), unique=True, max_size=20),
    min_size=2,
    max_size=6,
).filter(all)


@settings(max_examples=25, deadline=None)
@given(NAMES)
def test_the_rows_of_all_parts_are_there_to_the_byte_in_the_order_of_their_keys(
    tmp_path_factory, runs
):
    lake = tmp_path_factory.mktemp("lake")
    parts = written(lake, ALIASES, *([alias(*name) for name in names] for names in runs))

    one = joined(Disk(), lake, ALIASES, parts, "00000002-c00000")

    found = read(lake, ALIASES, one)
    before = read(lake, ALIASES, *parts)
    assert sorted(found) == sorted(before)
    assert [row[:3] for row in found] == sorted(row[:3] for row in before)
    assert one.rows == len(before)
    assert (one.first_key, one.last_key) == (found[0][:3], found[-1][:3])


@pytest.mark.parametrize("fewest", [1, 3, 100])
def test_so_it_is_however_little_is_in_memory(tmp_path, monkeypatch, fewest):
    monkeypatch.setattr(joining, "_FEWEST_ROWS", fewest)
    monkeypatch.setattr(joining, "_BYTES_HELD", 0)
    runs = [
        [alias(f"{number % 97:02d}-{run}-{number}") for number in range(60)] for run in range(5)
    ]
    parts = written(tmp_path, ALIASES, *runs)

    one = joined(Disk(), tmp_path, ALIASES, parts, "00000002-c00000")

    values = [row[0] for row in read(tmp_path, ALIASES, one)]
    assert values == sorted(row[0] for rows in runs for row in rows)


def test_a_joined_part_is_the_part_that_would_have_been_written_at_once(tmp_path):
    rows = [(f"pith:{n:04d}", 2, 0, "0" * 64, "k", "f", "s", 0, b"{}", "b") for n in range(2_500)]
    parts = written(tmp_path, BUNDLES, rows[::2], rows[1::2])
    whole = write_part(Disk(), tmp_path, BUNDLES, "00000003", rows)

    one = joined(Disk(), tmp_path, BUNDLES, parts, "00000002-c00000")

    assert (one.rows, one.first_key, one.last_key) == (whole.rows, whole.first_key, whole.last_key)
    ours, theirs = (pq.ParquetFile(tmp_path / part.path).metadata for part in (one, whole))
    assert ours.num_row_groups == theirs.num_row_groups == 3
    for group in range(3):
        assert ours.row_group(group).num_rows == theirs.row_group(group).num_rows
        mine, its = (found.row_group(group).column(0) for found in (ours, theirs))
        assert mine.statistics == its.statistics
        assert mine.bloom_filter_length == its.bloom_filter_length
        assert mine.bloom_filter_length > 0


def test_keys_that_are_days_and_numbers_are_in_order_as_such(tmp_path):
    day = days(NOW.date())
    windows = [
        [("https://x", "", day + step, day + step, "done", 1, 0, 0, "b")] for step in (1, -1, 0)
    ]
    one = joined(Disk(), tmp_path, WINDOWS, written(tmp_path, WINDOWS, *windows), "00000002")
    assert [row[2] for row in read(tmp_path, WINDOWS, one)] == [day - 1, day, day + 1]
    assert one.first_key[2] == str(day - 1)

    rejects = [[("-", line, "0" * 64, "snapshot", "r", "m", b"\xff", 0, "b")] for line in (10, 9)]
    one = joined(Disk(), tmp_path, REJECTS, written(tmp_path, REJECTS, *rejects), "00000002")
    assert [row[1] for row in read(tmp_path, REJECTS, one)] == [9, 10]


def test_parts_of_an_older_schema_are_joined_with_nulls_for_what_came_later(tmp_path):
    build = ("build", 0, "v", ["-"], 1, 1, 0, 0, 0, 0, 0, "complete", False, "{}")
    rows = [(f"{n}", "op", *build[1:2], *build[2:]) for n in (1, 0)]
    new, other = written(tmp_path, BUILDS, *([row] for row in rows))
    old = pq.read_table(tmp_path / other.path).drop_columns(["run_facts"])
    pq.write_table(old, tmp_path / "tables/builds/old.parquet", store_schema=False)
    data = (tmp_path / "tables/builds/old.parquet").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    older = replace(other, path="tables/builds/old.parquet", sha256=digest, size_bytes=len(data))

    one = joined(Disk(), tmp_path, BUILDS, [new, older], "00000002-c00000")

    first, second = read(tmp_path, BUILDS, one)
    place = BUILDS.position("run_facts")
    assert (first[0], first[place]) == ("0", None)
    assert second == read(tmp_path, BUILDS, new)[0]


def test_more_parts_than_are_open_at_once_are_joined_in_steps_that_leave_nothing(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(joining, "PARTS_AT_ONCE", 3)
    parts = written(tmp_path, ALIASES, *([alias(f"{number:02d}")] for number in range(11)))
    before = files(tmp_path)

    one = joined(Disk(), tmp_path, ALIASES, parts, "00000002-c00000")

    assert [row[0] for row in read(tmp_path, ALIASES, one)] == [f"{n:02d}" for n in range(11)]
    assert files(tmp_path).keys() - before.keys() == {one.path}


@pytest.mark.parametrize("harm", [flip, lambda path: path.unlink()])
def test_a_part_that_is_not_the_manifests_is_not_joined_and_nothing_is_left(tmp_path, harm):
    parts = written(tmp_path, ALIASES, [alias("a")], [alias("b")])
    harm(tmp_path / parts[1].path)
    before = files(tmp_path)

    with pytest.raises(DamagedPartError, match=r"00000001-00001.*pith audit"):
        joined(Disk(), tmp_path, ALIASES, parts, "00000002-c00000")

    assert files(tmp_path) == before
