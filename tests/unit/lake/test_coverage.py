"""The view `coverage` says what the ledger says, of any ledger."""

from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith_builder.lake.store import open_lake
from pith_builder.lake.views import views_sql
from pith_builder.operations.ledger import LedgerWindow, covered_days, gaps, stretches

FIRST = date(2026, 1, 1)
SOURCE = "https://oai.example"

days = st.integers(0, 40).map(lambda days: FIRST + timedelta(days))


@st.composite
def ledgers(draw):
    """Draw windows of one source, each of a build of its own, in the order of their commits."""
    lines = []
    for number in range(draw(st.integers(0, 8))):
        from_on = draw(days)
        until_on = from_on + timedelta(draw(st.integers(0, 12)))
        answered = draw(days) if draw(st.booleans()) else until_on + timedelta(1)
        lines.append(
            LedgerWindow(
                source=SOURCE,
                set_spec=draw(st.sampled_from(["", "cs", "cs:cs:LG", "cs:cs", "math"])),
                from_on=from_on,
                until_on=until_on,
                status=draw(st.sampled_from(["done", "done", "gap", "healed"])),
                response_at=datetime(answered.year, answered.month, answered.day, 3, tzinfo=UTC),
                records=1,
                build_id=f"{number:08d}-20260301T000000Z",
            )
        )
    return lines


@pytest.fixture(scope="module")
def connection(lake_of_two):
    """The lake's views, with a table of windows to fill."""
    opened = duckdb.connect()
    opened.execute(views_sql(lake_of_two, open_lake(lake_of_two).manifest))
    opened.execute("create table ledger as from windows where false")
    opened.execute("create or replace view windows as from ledger")
    return opened


def told(connection, lines):
    connection.execute("delete from ledger")
    for line in lines:
        connection.execute(
            "insert into ledger by name select $source as source, $set_spec as set_spec,"
            " $from_on::date as from_on, $until_on::date as until_on, $status as status,"
            " $response_at::timestamptz as response_at, $build_id as build_id",
            {
                "source": line.source,
                "set_spec": line.set_spec,
                "from_on": line.from_on,
                "until_on": line.until_on,
                "status": line.status,
                "response_at": line.response_at,
                "build_id": line.build_id,
            },
        )
    query = "select set_spec, status, from_on, until_on, days from coverage"
    return connection.execute(query).fetchall()


@given(ledgers())
@settings(max_examples=60, deadline=None)
def test_the_view_says_what_the_ledger_says(connection, lines):
    found = told(connection, lines)

    for set_spec in {line.set_spec for line in lines}:
        of_set = [row[1:] for row in found if row[0] == set_spec]
        read = [(row[1], row[2]) for row in of_set if row[0] == "read"]
        missing = sorted(
            day
            for status, from_on, until_on, _ in of_set
            if status != "read"
            for day in each_day(from_on, until_on)
        )
        covered = stretches(sorted(covered_days(lines, set_spec)))
        assert read == [(days.from_on, days.until_on) for days in covered]
        assert stretches(missing) == gaps(lines, set_spec)
    for _, _, from_on, until_on, count in found:
        assert count == len(each_day(from_on, until_on))


def each_day(from_on, until_on):
    return [from_on + timedelta(n) for n in range((until_on - from_on).days + 1)]


def window(set_spec, from_day, until_day, status="done", number=0):
    return LedgerWindow(
        source=SOURCE,
        set_spec=set_spec,
        from_on=date(2026, 1, from_day),
        until_on=date(2026, 1, until_day),
        status=status,
        response_at=datetime(2026, 2, 1, tzinfo=UTC),
        records=1,
        build_id=f"{number:08d}-20260301T000000Z",
    )


def test_a_gap_between_windows_and_one_that_an_audit_found_are_told_apart(connection):
    lines = [window("", 1, 3), window("", 6, 9, number=1), window("", 8, 8, "gap", number=2)]

    assert told(connection, lines) == [
        ("", "read", date(2026, 1, 1), date(2026, 1, 3), 3),
        ("", "unread", date(2026, 1, 4), date(2026, 1, 5), 2),
        ("", "read", date(2026, 1, 6), date(2026, 1, 7), 2),
        ("", "wanting", date(2026, 1, 8), date(2026, 1, 8), 1),
        ("", "read", date(2026, 1, 9), date(2026, 1, 9), 1),
    ]


def test_a_lake_without_a_ledger_covers_nothing(connection):
    assert told(connection, []) == []
