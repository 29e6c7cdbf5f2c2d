import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith_builder.core.merkle import EMPTY_ROOT, content_root
from pith_builder.lake.disk import Disk
from pith_builder.lake.parts import row_sha256, write_part
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
