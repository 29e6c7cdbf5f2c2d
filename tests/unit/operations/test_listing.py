import pytest

from pith_builder.lake.query import connect
from pith_builder.lake.store import open_lake
from pith_builder.operations.listing import (
    Month,
    Selection,
    index_page,
    listing_pages,
    month_records,
    months,
)
from tests.lakes import build, line, rows
from tests.makers import REGISTRY


@pytest.fixture
def connection(sample_lake):
    return connect(sample_lake)


def selected(connection):
    query = "select pith_number from selected order by pith_number"
    return [number for (number,) in connection.execute(query).fetchall()]


def test_all_records_are_selected_unless_told_otherwise(sample_lake, connection):
    Selection().make_view(connection)

    assert selected(connection) == sorted(
        row["pith_number"] for row in rows(sample_lake, "records")
    )


def test_a_category_selects_its_papers_primary_or_not(sample_lake, connection):
    Selection(category="stat.ML").make_view(connection)
    wanted = [row for row in rows(sample_lake, "records") if "stat.ML" in row["categories"]]

    assert selected(connection) == sorted(row["pith_number"] for row in wanted)
    assert {row["primary_cat"] == "stat.ML" for row in wanted} == {True, False}


@pytest.mark.parametrize("name", ["' or true --", "stat", "STAT.ML", ""])
def test_a_category_is_no_sql_and_no_pattern(connection, name):
    Selection(category=name).make_view(connection)

    assert selected(connection) == []


def test_numbers_select_their_records_and_none_select_none(sample_lake, connection):
    numbers = frozenset(row["pith_number"] for row in rows(sample_lake, "records")[:3])
    Selection(numbers=numbers).make_view(connection)
    assert selected(connection) == sorted(numbers)
    Selection(numbers=frozenset()).make_view(connection)
    assert selected(connection) == []


def test_months_add_up_to_all_records_and_list_each_once(sample_lake, connection):
    Selection().make_view(connection)
    found = months(connection)
    listed = [record["number"] for month in found for record in month_records(connection, month)]

    assert [month.name for month in found] == sorted({month.name for month in found})[::-1]
    assert [month.records for month in found] == [
        len(month_records(connection, month)) for month in found
    ]
    assert sorted(listed) == sorted(row["pith_number"] for row in rows(sample_lake, "records"))


def test_a_month_is_of_the_first_submission_in_utc(tmp_path):
    late = [{"version": "v1", "created": "Mon, 30 Apr 2007 23:59:59 GMT"}]
    early = [{"version": "v1", "created": "Tue, 1 May 2007 00:00:00 GMT"}]
    build(tmp_path, line(versions=late) + b"\n" + line(id="0704.0002", versions=early))
    connection = connect(tmp_path)
    Selection().make_view(connection)

    assert months(connection) == [Month("2007-05", 1), Month("2007-04", 1)]
    [record] = month_records(connection, Month("2007-05", 1))
    assert record["arxiv_name"] == "0704.0002v1"


@pytest.mark.parametrize(
    ("records", "names"),
    [
        (1, ["2007-04.html"]),
        (500, ["2007-04.html"]),
        (501, ["2007-04.html", "2007-04-2.html"]),
        (1001, ["2007-04.html", "2007-04-2.html", "2007-04-3.html"]),
    ],
)
def test_a_month_has_as_many_pages_as_it_takes(records, names):
    assert Month("2007-04", records).pages() == names


def test_long_lists_of_authors_are_cut(tmp_path):
    build(tmp_path, line(authors=", ".join(f"A. Physicist{n}" for n in range(900))))
    connection = connect(tmp_path)
    Selection().make_view(connection)
    [record] = month_records(connection, months(connection)[0])

    assert record["authors"].endswith(" …")
    assert len(record["authors"]) <= 302


def test_only_a_server_offers_to_look_names_up(sample_lake, connection):
    lake = open_lake(sample_lake)
    Selection().make_view(connection)
    for can_resolve in (True, False):
        page = index_page(lake, connection, REGISTRY, can_resolve=can_resolve)
        assert (b"<form" in page) is can_resolve
    *_, (path, static) = listing_pages(lake, connection, REGISTRY)
    assert path == "index.html"
    assert b"<form" not in static
    assert b"<strong>301</strong> records" in static
