"""Lakes written before a column came stay readable, auditable and writable."""

from dataclasses import replace

import pytest

from pith_builder.core.manifest import TableState
from pith_builder.disk import Disk
from pith_builder.errors import VerificationError
from pith_builder.lake.parts import write_part
from pith_builder.lake.query import connect
from pith_builder.lake.reading import batches, read_keys, read_rows
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import BUILDS, TABLES
from pith_builder.operations.audit import audit
from tests.lakes import LATER, build, copied, lines, rows, seal
from tests.makers import KEYRING

OLD_BUILDS = replace(
    BUILDS, columns=tuple(c for c in BUILDS.columns if c.since == 1), schema_version=1
)


@pytest.fixture
def old(lake_of_two, tmp_path):
    """A lake of two builds, as it was written before `builds` had `run_facts`."""
    lake = copied(lake_of_two, tmp_path)
    tables = dict(open_lake(lake).manifest.tables)
    names = [column.name for column in OLD_BUILDS.columns]
    values = [[row[name] for name in names] for row in rows(lake, "builds")]
    part = write_part(Disk(), lake, OLD_BUILDS, "00000002-o", values)
    tables["builds"] = TableState(
        schema_version=1, content_root=tables["builds"].content_root, parts=(part,)
    )
    seal(lake, tables)
    return lake


def asked(lake):
    return connect(lake).sql("select build_id, run_facts is null from builds order by 1").fetchall()


def test_an_old_part_is_read_with_nulls(old):
    [part] = open_lake(old).table("builds").parts

    assert [row["run_facts"] for row in rows(old, "builds")] == [None, None]
    assert [column.name for column in BUILDS.all_columns()] == [
        *next(batches(old, BUILDS, part)).schema.names
    ]
    assert len(read_keys(old, BUILDS, [part])) == 2
    assert [is_null for _, is_null in asked(old)] == [True, True]


def test_an_old_lake_holds_and_grows(old):
    before = audit(old, KEYRING)
    build(old, lines(1, first=50), now=LATER)
    after = audit(old, KEYRING)

    assert before.findings == after.findings == []
    assert open_lake(old).table("builds").schema_version == 2
    assert [is_null for _, is_null in asked(old)] == [True, True, False]


def test_a_part_that_lacks_other_columns_is_damaged(lake_of_two, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    lacking = replace(BUILDS, columns=BUILDS.columns[:-2])
    values = [
        list(row)[:-3]
        for row in read_rows(lake, BUILDS, *open_lake(lake).table("builds").parts[:1])
    ]
    part = write_part(Disk(), lake, lacking, "00000002-l", values)

    with pytest.raises(VerificationError, match="has not the columns of table builds"):
        list(read_rows(lake, BUILDS, part))


def test_columns_that_came_later_are_not_hashed():
    for table in TABLES.values():
        for column in table.columns:
            assert column.since == 1 or not column.is_hashed
            assert column.since <= table.schema_version
