import re

import pytest

from pith_builder.lake.parts import arrow_schema
from pith_builder.lake.tables import ROW_SHA256, TABLES, Kind

COLUMNS = [
    pytest.param(column, id=f"{table.name}.{column.name}")
    for table in TABLES.values()
    for column in table.all_columns()
]
EVERY_TABLE = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)

FOLLOWS = {
    "records": {"source_kind", "source_name", "source_line", "observed_at", "build_id"},
    "events": {
        "event_type",
        "target",
        "created_at",
        "signer_id",
        "signer_type",
        "prev_event",
        "supersedes",
        "document",
        "build_id",
    },
    "states": {
        "event_count",
        "valid_event_count",
        "invalid_event_count",
        "equivocation_count",
        "document",
        "build_id",
    },
    "bundles": {"event_count", "built_at", "document", "build_id"},
    "aliases": {"build_id"},
    "keys": {"first_used_at", "document", "build_id"},
    "builds": {"run_facts"},
    "rejects": {"source_name", "source_line", "raw", "observed_at", "build_id"},
}
"""What is left out of a row's digest: what follows from the rest, or differs between lakes."""


def test_the_tables_of_the_design_are_there():
    assert FOLLOWS.keys() <= TABLES.keys()
    assert all(name == table.name for name, table in TABLES.items())


@EVERY_TABLE
def test_a_table_has_a_sentence_and_a_key_of_its_own_columns(table):
    assert re.fullmatch(r"[A-Z`].*\.", table.about)
    names = [column.name for column in table.all_columns()]
    assert len(set(names)) == len(names)
    assert set(table.key) < set(names)
    assert table.row_group_rows > 0
    assert table.schema_version >= 1


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_has_a_sentence_and_a_plain_name(column):
    assert re.fullmatch(r"\S.*\S\.", column.about)
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", column.name)


@pytest.mark.parametrize("column", COLUMNS)
def test_the_end_of_a_name_is_its_unit(column):
    assert (column.kind is Kind.INSTANT) == column.name.endswith("_at")
    assert (column.kind is Kind.DAY) == column.name.endswith("_on")
    if column.name.endswith("_sha256"):
        assert column.kind is (Kind.SHA256 if column is ROW_SHA256 else Kind.TEXT)
    assert (column.kind is Kind.BOOLEAN) == column.name.startswith("is_")


@pytest.mark.parametrize("name", FOLLOWS)
def test_what_enters_a_rows_digest_is_listed(name):
    table = TABLES[name]
    hashed = {table.columns[index].name for index in table.hashed_indexes()}

    assert hashed == {column.name for column in table.columns} - FOLLOWS[name]


@EVERY_TABLE
def test_every_table_ends_in_its_rows_digests(table):
    assert table.all_columns()[-1] is ROW_SHA256
    assert ROW_SHA256 not in table.columns


@EVERY_TABLE
def test_columns_are_found_by_name(table):
    for index, column in enumerate(table.all_columns()):
        assert table.column(column.name) is column
        assert table.position(column.name) == index


@EVERY_TABLE
def test_the_arrow_schema_says_what_the_columns_say(table):
    schema = arrow_schema(table)

    assert schema.names == [column.name for column in table.all_columns()]
    assert schema.metadata == {
        b"table": table.name.encode(),
        b"schema_version": str(table.schema_version).encode(),
    }
    for column in table.all_columns():
        assert schema.field(column.name).metadata == {b"about": column.about.encode()}
