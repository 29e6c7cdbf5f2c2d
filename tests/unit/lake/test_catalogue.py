import re

import pytest

from pith_builder.errors import UsageError
from pith_builder.lake.catalogue import columns, tables
from pith_builder.lake.query import connect
from pith_builder.lake.tables import TABLES

WANTED = {
    "additions",
    "by_category",
    "by_license",
    "by_month",
    "by_version",
    "by_year",
    "changes",
    "collisions",
    "coverage",
    "has_category",
    "latest_records",
    "pith_build_on",
    "pith_name",
    "pith_resolve",
    "records_of",
    "records_on",
    "rejects_by_reason",
    "signatures",
    "signers",
    "versions_of",
}


@pytest.fixture(scope="module")
def connection(lake_of_two):
    return connect(lake_of_two)


@pytest.fixture(scope="module")
def listed(connection):
    return list(tables(connection).rows)


def test_everything_there_is_to_ask_is_listed_the_tables_first(listed):
    assert [row[0] for row in listed[: len(TABLES)]] == list(TABLES)
    assert {row[0].partition("(")[0] for row in listed} == WANTED | set(TABLES)
    assert {row[1] for row in listed} == {"table", "view", "macro", "table macro"}


def test_everything_has_a_sentence(listed):
    for name, _, about in listed:
        assert re.fullmatch(r"[A-Z`].*[.]", about), name


def test_every_column_has_a_sentence(connection, listed):
    for name, kind, about in listed:
        if kind != "macro":
            heading, answer = columns(connection, name.partition("(")[0])
            rows = list(answer.rows)
            assert heading == f"{name}: {about}"
            assert answer.columns == ("column", "type", "about")
            assert rows
            for column, column_type, sentence in rows:
                assert re.fullmatch(r"\S.*[.]", sentence), (name, column)
                assert column_type.strip()


def test_a_macro_of_tables_has_the_columns_it_answers_with(connection):
    _, answer = columns(connection, "changes")

    assert [row[:2] for row in answer.rows] == [
        ("build_id", "VARCHAR"),
        ("table_name", "VARCHAR"),
        ("rows_added", "BIGINT"),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("recods", "did you mean records"),
        ("", "there is no table"),
        ("records; select 1", "there is no table"),
        ("duckdb_views", "there is no table"),
        ("has_category", "gives one value"),
    ],
)
def test_what_has_no_columns_says_so(connection, name, said):
    with pytest.raises(UsageError, match=said):
        columns(connection, name)
