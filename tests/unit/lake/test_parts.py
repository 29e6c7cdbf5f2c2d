import dataclasses
import errno
import hashlib
import io
import json
from datetime import UTC, date, datetime
from itertools import pairwise

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.disk import Disk
from pith_builder.errors import MalformedError, StorageError
from pith_builder.lake.arrays import Same
from pith_builder.lake.parts import (
    PartWriter,
    days,
    instant_of,
    microseconds,
    open_part,
    row_digests,
    row_sha256,
    write_part,
    writer_versions,
)
from pith_builder.lake.reading import DamagedPartError, read_keys, read_rows
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import TABLES, Column, Kind
from tests.lakes import CONTENT, FILLED, files
from tests.makers import NOW, law

KEYS = TABLES["keys"]
ROWS = [
    (f"key-{number:03d}", f"{number:032x}", f"{number:064x}", 7, b'{"n":%d}' % number, "b")
    for number in range(250)
]


def added(writer, rows_at_once):
    """Add rows to a writer, so many at once."""
    for start in range(0, len(ROWS), rows_at_once):
        writer.add(list(zip(*ROWS[start : start + rows_at_once], strict=True)))
    return writer


def test_a_part_is_named_by_its_table_label_and_content(tmp_path):
    part = write_part(Disk(), tmp_path, KEYS, "00000007-00001", ROWS)

    data = (tmp_path / part.path).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert part.path == f"tables/keys/00000007-00001-{digest[:16]}.parquet"
    assert (part.sha256, part.size_bytes, part.rows) == (digest, len(data), 250)
    assert part.first_key == ("key-000", f"{0:032x}")
    assert part.last_key == ("key-249", f"{249:032x}")
    assert list(files(tmp_path)) == [part.path]


def test_the_same_rows_make_the_same_file(tmp_path):
    for name in ("a", "b"):
        write_part(Disk(), tmp_path / name, KEYS, "1", ROWS)

    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_part_that_is_handed_over_is_as_one_that_is_finished(tmp_path):
    finished, handed = (
        added(PartWriter(Disk(), tmp_path / name, KEYS, "1"), 100) for name in ("a", "b")
    )

    assert finished.finish() == handed.hand_over()
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_no_rows_make_no_part(tmp_path):
    assert write_part(Disk(), tmp_path, KEYS, "1", []) is None
    assert files(tmp_path) == {}


def test_rows_come_back_as_they_were_written_and_each_with_its_digest(tmp_path):
    part = write_part(Disk(), tmp_path, KEYS, "1", ROWS)

    assert list(read_rows(tmp_path, KEYS, part)) == [
        (*row[:4], row[4].decode(), row[5], row_sha256(KEYS, row)) for row in ROWS
    ]
    assert read_keys(tmp_path, KEYS, [part]) == {row[:2] for row in ROWS}


@pytest.mark.parametrize(
    ("rows_at_once", "groups"),
    [
        (1, [100, 100, 50]),
        (25, [100, 100, 50]),
        (30, [120, 120, 10]),
        (99, [198, 52]),
        (100, [100, 100, 50]),
        (101, [100, 101, 49]),
        (250, [100, 100, 50]),
    ],
)
def test_row_groups_are_no_smaller_than_asked_and_less_than_twice_as_large(
    tmp_path, rows_at_once, groups
):
    table = dataclasses.replace(KEYS, row_group_rows=100)
    part = added(PartWriter(Disk(), tmp_path, table, "1"), rows_at_once).finish()

    metadata = pq.read_metadata(tmp_path / part.path)
    found = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
    assert found == groups
    assert (part.first_key, part.last_key) == (ROWS[0][:2], ROWS[-1][:2])
    assert [row[0] for row in read_rows(tmp_path, KEYS, part)] == [row[0] for row in ROWS]


def test_a_part_is_sorted_packed_checksummed_and_cut_into_row_groups(tmp_path):
    table = dataclasses.replace(KEYS, row_group_rows=100)
    part = write_part(Disk(), tmp_path, table, "1", ROWS)

    metadata = pq.read_metadata(tmp_path / part.path)
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [100, 100, 50]
    for group in groups:
        assert [order.column_index for order in group.sorting_columns] == [0, 1]
        for index in range(metadata.num_columns):
            column = group.column(index)
            assert column.compression == "ZSTD"
            assert column.is_stats_set == (column.path_in_schema in KEYS.key)
    assert groups[1].column(0).statistics.min == "key-100"
    assert groups[1].column(0).statistics.max == "key-199"


@pytest.mark.parametrize("name", CONTENT)
def test_the_columns_that_are_sought_by_have_bloom_filters_and_no_others(lake_of_two, name):
    table = TABLES[name]
    (part, *_) = open_lake(lake_of_two).table(name).parts

    found = duckdb.execute(
        "select path_in_schema, bloom_filter_length from parquet_metadata($path)",
        {"path": str(lake_of_two / part.path)},
    ).fetchall()

    assert {column for column, length in found if length} == set(table.sought_by)
    assert set(table.sought_by) <= {column.name for column in table.columns}


@pytest.mark.parametrize("table", CONTENT)
def test_the_parts_of_a_lake_are_sorted_by_key_and_each_key_stands_once(sample_lake, table):
    lake = open_lake(sample_lake)
    places = [TABLES[table].position(name) for name in TABLES[table].key]

    keys = [
        tuple(row[place] for place in places)
        for part in lake.table(table).parts
        for row in read_rows(sample_lake, TABLES[table], part)
    ]

    assert len(keys) >= 301
    assert all(before < after for before, after in pairwise(keys))


@pytest.mark.parametrize("name", FILLED)
def test_a_rows_digest_is_sha256_of_a_zero_byte_and_its_hashed_columns_as_json(lake_of_two, name):
    hashed = [column.name for column in TABLES[name].columns if column.is_hashed]
    table = pa.concat_tables(
        pq.read_table(lake_of_two / part.path) for part in open_lake(lake_of_two).table(name).parts
    )
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(index, field.name, table[index].cast(pa.int64()))
        if pa.types.is_date(field.type):
            table = table.set_column(index, field.name, table[index].cast(pa.int32()))

    assert table.num_rows > 0
    for row in table.to_pylist():
        values = [row[column] for column in hashed]
        text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
        assert row["row_sha256"] == hashlib.sha256(b"\x00" + text.encode()).digest()


def test_a_flipped_bit_is_refused_or_changes_no_row(tmp_path):
    part = write_part(Disk(), tmp_path, KEYS, "1", ROWS[:50])
    path = tmp_path / part.path
    sound = path.read_bytes()
    rows = list(read_rows(tmp_path, KEYS, part))
    refused = 0

    for place in range(0, len(sound), 4):
        damaged = bytearray(sound)
        damaged[place] ^= 1 << place // 4 % 8
        path.write_bytes(damaged)
        try:
            found = list(read_rows(tmp_path, KEYS, part))
        except DamagedPartError:
            refused += 1
        else:
            assert found == rows

    assert refused > len(sound) / 4 * 0.7


def test_what_a_page_checksum_guards_pyarrow_reads_without_one(tmp_path):
    part = write_part(Disk(), tmp_path, KEYS, "1", ROWS)
    path = tmp_path / part.path
    column = pq.read_metadata(path).row_group(0).column(KEYS.position("row_sha256"))
    damaged = bytearray(path.read_bytes())
    damaged[column.data_page_offset + column.total_compressed_size - 5] ^= 1
    path.write_bytes(damaged)

    with open_part(tmp_path, part) as file, pytest.raises(OSError, match=r"CRC|checksum"):
        file.read()
    assert pq.read_table(path).num_rows == 250


@pytest.mark.parametrize("wrong", [7, 1.7, b"key", ["key"]])
def test_a_value_of_another_type_is_refused_whole(tmp_path, wrong):
    with pytest.raises((MalformedError, TypeError)):
        write_part(Disk(), tmp_path, KEYS, "1", [(wrong, *ROWS[0][1:])])

    assert files(tmp_path) == {}


def test_a_row_of_another_width_is_refused_whole(tmp_path):
    with pytest.raises(ValueError, match=r"zip|shorter|argument"):
        write_part(Disk(), tmp_path, KEYS, "1", [ROWS[0], ROWS[1][:-1]])

    assert files(tmp_path) == {}


def finished(writer, columns):
    try:
        writer.add(columns)
        return writer.finish()
    finally:
        writer.abandon()


COLUMNS = list(zip(*ROWS, strict=True))


@pytest.mark.parametrize(
    "wrong",
    [
        COLUMNS[:-1],
        [*COLUMNS, COLUMNS[0]],
        [*COLUMNS[:4], COLUMNS[4][:-1], COLUMNS[5]],
        [*COLUMNS[:2], COLUMNS[2][:-1], *COLUMNS[3:]],
        [*COLUMNS[:2], (*COLUMNS[2], "more"), *COLUMNS[3:]],
    ],
    ids=["one too few", "one too many", "document too short", "hashed too short", "too long"],
)
def test_columns_of_another_width_or_length_are_refused_whole(tmp_path, wrong):
    with pytest.raises((ValueError, TypeError, pa.ArrowException)):
        finished(PartWriter(Disk(), tmp_path, KEYS, "1"), wrong)

    assert files(tmp_path) == {}


@pytest.mark.parametrize("row_group_rows", [1, 7, 100, 20_000])
def test_a_column_that_is_the_same_is_as_one_that_says_it_in_every_row(tmp_path, row_group_rows):
    table = dataclasses.replace(KEYS, row_group_rows=row_group_rows)
    keys, fingerprints, raw, _, documents, _ = zip(*ROWS, strict=True)
    writers = [PartWriter(Disk(), tmp_path / name, table, "1") for name in ("said", "same")]
    for start in range(0, len(ROWS), 20):
        some = [said[start : start + 20] for said in (keys, fingerprints, raw, documents)]
        count = len(some[0])
        for writer, first_used, build in zip(
            writers, ([7] * count, Same(7)), (["b"] * count, Same("b")), strict=True
        ):
            writer.add([*some[:3], first_used, some[3], build])

    said, same = (writer.finish() for writer in writers)

    assert said == same
    assert files(tmp_path / "said") == files(tmp_path / "same")


OF_ALL_KINDS = dataclasses.replace(
    KEYS,
    name="kinds",
    key=("text",),
    columns=tuple(Column(kind.name.lower(), kind, "") for kind in Kind if kind is not Kind.JSON),
)
VALUES = {
    Kind.TEXT: "k",
    Kind.TEXTS: ("a", "é"),
    Kind.INTEGER: -7,
    Kind.BOOLEAN: True,
    Kind.INSTANT: -1,
    Kind.DAY: 11017,
    Kind.BYTES: b"\x00\xff",
    Kind.SHA256: bytes(range(32)),
}


def unhashed(table, *kinds):
    """Return a table of which columns of some kinds do not enter the digest of a row."""
    columns = [
        dataclasses.replace(column, is_hashed=column.kind not in kinds) for column in table.columns
    ]
    return dataclasses.replace(table, columns=tuple(columns))


@pytest.mark.parametrize("kind", [kind for kind in VALUES if kind is not Kind.TEXT])
def test_a_value_of_any_kind_comes_back_said_once_or_in_every_row(tmp_path, kind):
    table = unhashed(OF_ALL_KINDS, Kind.BYTES, Kind.SHA256)
    values = [VALUES[column.kind] for column in table.columns]
    columns = [[value] * 3 for value in values]
    columns[0] = ["a", "b", "c"]
    place = table.position(kind.name.lower())
    same = list(columns)
    same[place] = Same(VALUES[kind])
    found = []
    for name, said in (("said", columns), ("same", same)):
        writer = PartWriter(Disk(), tmp_path / name, table, "1")
        writer.add(said)
        part = writer.finish()
        found.append([row[:-1] for row in read_rows(tmp_path / name, table, part)])

    wanted = [list(said) if isinstance(said, tuple) else said for said in values[1:]]
    assert found[0] == found[1] == [(name, *wanted) for name in "abc"]


@law
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"])).map(str.encode), min_size=1),
    st.data(),
)
def test_columns_have_the_digests_of_their_rows(documents, data):
    rows = [(f"{place:03d}", "f", "r", place, said, "b") for place, said in enumerate(documents)]
    first_used = data.draw(st.integers(0, 2**62))
    rows = [(*row[:3], first_used, *row[4:]) for row in rows]
    keys, prints, raw, _, said, build = zip(*rows, strict=True)

    digests = [row_sha256(KEYS, row) for row in rows]
    assert row_digests(KEYS, list(zip(*rows, strict=True))) == digests
    assert row_digests(KEYS, [keys, prints, raw, Same(first_used), said, build]) == digests
    assert row_digests(KEYS, [keys, Same("f"), Same("r"), Same(0), said, Same("")]) == digests


def test_a_folder_that_cannot_be_made_is_an_error_of_storage(tmp_path):
    (tmp_path / "tables").write_bytes(b"")

    with pytest.raises(StorageError, match="cannot write"):
        write_part(Disk(), tmp_path, KEYS, "1", ROWS)


def test_an_abandoned_part_leaves_nothing(tmp_path):
    writer = PartWriter(Disk(), tmp_path, dataclasses.replace(KEYS, row_group_rows=10), "1")
    added(writer, 7).abandon()

    assert files(tmp_path) == {}


class FullDisk(Disk):
    """A disk that takes so many bytes and no more."""

    def __init__(self, room):
        self.room = room

    def create(self, path):
        disk = self

        class File(io.FileIO):
            def write(self, data):
                if disk.room < len(data):
                    raise OSError(errno.ENOSPC, "No space left on device")
                disk.room -= len(data)
                return super().write(data)

        return io.BufferedWriter(File(path, "wb"))


@pytest.mark.parametrize("room", [0, 1, 4, 1000, 5000])
@pytest.mark.parametrize("row_group_rows", [1, 100, 20_000])
def test_a_full_disk_is_an_error_of_storage_and_the_part_is_absent(tmp_path, room, row_group_rows):
    table = dataclasses.replace(KEYS, row_group_rows=row_group_rows)

    with pytest.raises(StorageError, match="No space left on device; the lake is as it was"):
        write_part(FullDisk(room), tmp_path, table, "1", ROWS)

    assert files(tmp_path) == {}


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
@law
def test_instants_are_microseconds(instant):
    assert instant_of(microseconds(instant)) == instant
    assert (microseconds(instant) > microseconds(NOW)) == (instant > NOW)


@pytest.mark.parametrize(
    ("day", "number"), [(date(1970, 1, 1), 0), (date(2000, 3, 1), 11017), (date(1969, 12, 31), -1)]
)
def test_days_are_counted_from_1970(day, number):
    assert days(day) == number


def test_the_writers_version_is_named():
    assert writer_versions() == {"pyarrow": pa.__version__}
