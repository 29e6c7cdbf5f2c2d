import random
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith_builder.core.manifest import Part
from pith_builder.core.merkle import EMPTY_ROOT, content_root, leaf_hash
from pith_builder.disk import Disk
from pith_builder.lake.parts import arrow_schema, row_sha256, write_part
from pith_builder.lake.reading import DamagedPartError
from pith_builder.lake.roots import table_root
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import TABLES
from tests.lakes import flip, rows
from tests.unit.lake.test_parts import KEYS, ROWS


def parts_of(folder, *shares):
    return [
        write_part(Disk(), folder, KEYS, str(index), sorted(share))
        for index, share in enumerate(shares)
        if share
    ]


def test_no_rows_have_the_empty_root(tmp_path):
    assert table_root(tmp_path, KEYS, []) == EMPTY_ROOT


def test_the_root_is_that_of_the_row_digests(tmp_path):
    wanted = content_root(row_sha256(KEYS, row) for row in ROWS)

    assert table_root(tmp_path, KEYS, parts_of(tmp_path, ROWS)) == wanted


@given(st.integers(0, 250), st.integers(0, 250), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_how_rows_are_shared_between_parts_does_not_matter(tmp_path_factory, one, two, order):
    folder = tmp_path_factory.mktemp("roots")
    low, high = sorted((one, two))
    shuffled = order.sample(ROWS, len(ROWS))
    parts = parts_of(folder, shuffled[:low], shuffled[low:high], shuffled[high:])
    order.shuffle(parts)

    assert table_root(folder, KEYS, parts) == content_root(row_sha256(KEYS, row) for row in ROWS)


def test_every_row_matters(tmp_path):
    roots = {
        table_root(tmp_path, KEYS, parts_of(tmp_path, [row for row in ROWS if row != left_out]))
        for left_out in ROWS[:40]
    }

    assert len(roots) == 40


def part_that_says(folder, name, digests):
    """Write a part whose rows say that these are their digests, true or not."""
    schema = arrow_schema(KEYS)
    (folder / "tables" / "keys").mkdir(parents=True, exist_ok=True)
    columns = [pa.nulls(len(digests), field.type) for field in schema][:-1]
    rows = pa.table([*columns, pa.array(digests, pa.binary(32))], schema=schema)
    path = f"tables/keys/{name}.parquet"
    pq.write_table(rows, folder / path, row_group_size=700, store_schema=False)
    return Part(
        path=path, sha256="0" * 64, size_bytes=0, rows=len(digests), first_key=(), last_key=()
    )


LEAVES = [leaf_hash(b"%d" % number) for number in range(3_000)]


@pytest.mark.parametrize("leaves_at_once", [100, 200, 1_499, 1_500, 2_999, 3_000, 1 << 22])
def test_a_table_read_in_stretches_has_the_same_root(tmp_path, monkeypatch, leaves_at_once):
    monkeypatch.setattr("pith_builder.lake.roots.LEAVES_AT_ONCE", leaves_at_once)
    parts = [
        part_that_says(tmp_path, str(start), LEAVES[start:end])
        for start, end in pairwise([0, 1, 1_000, 2_990, 3_000])
    ]

    assert table_root(tmp_path, KEYS, parts) == content_root(LEAVES)


@pytest.mark.parametrize("count", [1, 31, 32, 63, 64, 65, 1_000])
@pytest.mark.parametrize("leaves_at_once", [200, 1 << 22])
def test_roots_are_the_same_around_the_borders_of_buckets(
    tmp_path, monkeypatch, count, leaves_at_once
):
    monkeypatch.setattr("pith_builder.lake.roots.LEAVES_AT_ONCE", leaves_at_once)
    part = part_that_says(tmp_path, "part", LEAVES[:count])

    assert table_root(tmp_path, KEYS, [part]) == content_root(LEAVES[:count])


ALIKE = {
    "share 64 bits": lambda number: LEAVES[number % 7][:8] + LEAVES[number][8:],
    "share 128 bits": lambda number: LEAVES[number % 7][:16] + LEAVES[number][16:],
    "share all but the last byte": lambda number: (
        LEAVES[number // 250][:31] + bytes([number % 250])
    ),
    "share all bits": lambda number: LEAVES[number % 500],
    "are in one stretch": lambda number: b"\xff" + LEAVES[number][1:],
    "begin with bits that signs are made of": lambda number: (
        bytes([(0x7F, 0x80, 0xFF, 0x00)[number % 4]]) * 8 + LEAVES[number][8:]
    ),
    "differ in one 64-bit word": lambda number: (
        LEAVES[0][:16] + LEAVES[number][:8] + LEAVES[0][24:]
    ),
}


@pytest.mark.parametrize("leaves_at_once", [200, 1 << 22])
@pytest.mark.parametrize("case", ALIKE)
def test_leaves_that_are_alike_are_sorted_by_all_their_bits(
    tmp_path, monkeypatch, case, leaves_at_once
):
    monkeypatch.setattr("pith_builder.lake.roots.LEAVES_AT_ONCE", leaves_at_once)
    leaves = list(map(ALIKE[case], range(3_000)))
    parts = [part_that_says(tmp_path, str(place), leaves[place::3]) for place in range(3)]

    assert table_root(tmp_path, KEYS, parts) == content_root(leaves)
    shuffled = random.Random(7).sample(leaves, len(leaves))  # noqa: S311 - any order will do
    again = part_that_says(tmp_path, "again", shuffled)
    assert table_root(tmp_path, KEYS, [again]) == content_root(leaves)


@pytest.mark.parametrize("leaves_at_once", [200, 1 << 22])
def test_a_row_more_or_less_changes_the_root_and_one_twice_does_not(
    tmp_path, monkeypatch, leaves_at_once
):
    monkeypatch.setattr("pith_builder.lake.roots.LEAVES_AT_ONCE", leaves_at_once)
    some = LEAVES[:1_000]
    changed = [some, some[1:], [*some, LEAVES[1_000]]]
    twice = part_that_says(tmp_path, "twice", [*some, some[0]])

    roots = {
        table_root(tmp_path, KEYS, [part_that_says(tmp_path, "part", leaves)]) for leaves in changed
    }

    assert len(roots) == len(changed)
    assert table_root(tmp_path, KEYS, [twice]) == content_root(some)


@pytest.mark.parametrize("name", TABLES)
def test_a_manifest_states_the_roots_of_its_tables(lake_of_two, name):
    digests = [row["row_sha256"] for row in rows(lake_of_two, name)]
    random.Random(7).shuffle(digests)  # noqa: S311 - any order will do

    assert open_lake(lake_of_two).table(name).content_root == content_root(digests).hex()


def test_a_damaged_part_has_no_root(tmp_path):
    parts = parts_of(tmp_path, ROWS)
    flip(tmp_path / parts[0].path, 0.999)

    with pytest.raises(DamagedPartError):
        table_root(tmp_path, KEYS, parts)


def test_a_missing_part_has_no_root(tmp_path):
    parts = parts_of(tmp_path, ROWS)
    (tmp_path / parts[0].path).unlink()

    with pytest.raises(DamagedPartError):
        table_root(tmp_path, KEYS, parts)
