"""The ledger's laws: what is covered, what is not, and how a gap is opened and closed."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.operations.harvest import Stretch, harvest
from pith_builder.operations.ledger import (
    DONE,
    GAP,
    HEALED,
    Days,
    covered_days,
    find_gaps,
    gaps,
    last_day,
    month_end,
    months,
    read_ledger,
    uncovered,
)
from pith_builder.operations.nightly import plan_nightly
from tests.harvests import URL, Local, days, ledger, many, target, window
from tests.lakes import build, line
from tests.makers import law

FIRST = date(2024, 1, 1)
SETS = ("", "cs", "cs:cs", "cs:cs:LG", "cs:cs:L", "math", "math:math:AG")
"""Sets within each other, and one whose name another's begins with."""


def within(narrow, wide):
    """Whether every paper of one set is in the other; said apart from the code under test."""
    return not wide or narrow.split(":")[: len(wide.split(":"))] == wide.split(":")


drawn_days = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(
    lambda ends: Days(FIRST + timedelta(min(ends)), FIRST + timedelta(max(ends)))
)
statuses = st.sampled_from([DONE, DONE, HEALED, GAP, GAP])
sets = st.sampled_from(SETS)
answers = st.integers(0, 30).map(
    lambda number: datetime(2024, 1, 1, 23, 59, tzinfo=UTC) + timedelta(number)
)


@st.composite
def ledgers(draw):
    drawn = draw(st.lists(st.tuples(drawn_days, statuses, sets, answers), max_size=10))
    return [
        window(each.from_on, each.until_on, status, set_spec, number, at)
        for number, (each, status, set_spec, at) in enumerate(drawn, 1)
    ]


def last_words(lines, set_spec):
    """The ledger's meaning, day by day: the last word on each day that there is one on."""
    words = {}
    for each in lines:
        for day in Days(each.from_on, each.until_on):
            if each.status == GAP:
                if within(set_spec, each.set_spec) or within(each.set_spec, set_spec):
                    words[day] = GAP
            elif within(set_spec, each.set_spec) and day < each.response_at.date():
                words[day] = DONE
    return words


@law
@given(ledgers(), sets)
def test_a_day_is_covered_when_the_last_word_on_it_is_that_it_was_read_whole(lines, set_spec):
    words = last_words(lines, set_spec)

    assert covered_days(lines, set_spec) == {day for day in words if words[day] == DONE}


@law
@given(ledgers(), sets)
def test_gaps_are_what_was_found_wanting_and_what_lies_unread_between(lines, set_spec):
    words = last_words(lines, set_spec)
    open_days = {day for each in gaps(lines, set_spec) for day in each}
    covered = covered_days(lines, set_spec)

    assert not open_days & covered
    assert {day for day in words if words[day] == GAP} <= open_days
    whole = [
        day
        for each in lines
        if each.status == DONE and within(set_spec, each.set_spec)
        for day in each.whole_days()
    ]
    if whole:
        assert set(Days(min(whole), max(whole))) <= open_days | covered


@law
@given(ledgers(), sets, drawn_days)
def test_covered_and_uncovered_days_part_the_days_wanted(lines, set_spec, wanted):
    covered = covered_days(lines, set_spec)
    found = uncovered(covered, wanted)
    open_days = [day for each in found for day in each]

    assert sorted(open_days + [day for day in wanted if day in covered]) == list(wanted)
    assert all(before.until_on + timedelta(1) < after.from_on for before, after in pairwise(found))


@law
@given(ledgers(), sets, st.data())
def test_the_order_of_commits_matters_only_for_a_gap_and_a_harvest_of_one_day(
    lines, set_spec, data
):
    if len(lines) < 2:
        return
    place = data.draw(st.integers(0, len(lines) - 2))
    one, other = lines[place : place + 2]
    swapped = [*lines[:place], other, one, *lines[place + 2 :]]
    is_alike = (one.status == GAP) == (other.status == GAP)
    is_apart = one.until_on < other.from_on or other.until_on < one.from_on
    if is_alike or is_apart:
        assert covered_days(swapped, set_spec) == covered_days(lines, set_spec)


def test_a_gap_after_a_harvest_opens_its_days_and_one_before_does_not():
    done, gap = window("2024-01-01", "2024-01-31"), window("2024-01-10", "2024-01-12", GAP)

    assert gaps([done, gap], "") == [days("2024-01-10", "2024-01-12")]
    assert gaps([gap, done], "") == []


@law
@given(ledgers(), sets, sets)
def test_a_wider_set_covers_a_narrower_one(lines, one, other):
    wide, narrow = (one, other) if within(other, one) else (other, one)
    if within(narrow, wide):
        assert covered_days(lines, wide) <= covered_days(lines, narrow)


@pytest.mark.parametrize(
    ("harvested", "asked", "is_covered"),
    [
        ("", "cs:cs:LG", True),
        ("cs", "cs:cs:LG", True),
        ("cs:cs", "cs:cs:LG", True),
        ("cs:cs:LG", "cs:cs:LG", True),
        ("cs:cs:LG", "cs:cs", False),
        ("cs:cs:LG", "", False),
        ("cs:cs:L", "cs:cs:LG", False),
        ("math", "cs:cs:LG", False),
    ],
)
def test_which_set_covers_which(harvested, asked, is_covered):
    lines = [window("2024-01-01", "2024-01-02", set_spec=harvested)]

    assert bool(covered_days(lines, asked)) == is_covered
    assert (last_day(lines, asked) == date(2024, 1, 2)) == is_covered


def test_a_gap_in_a_narrower_set_opens_the_wider_one():
    lines = [window("2024-01-01", "2024-01-31"), window("2024-01-10", "2024-01-10", GAP, "cs:cs")]
    gap = [days("2024-01-10", "2024-01-10")]

    assert gaps(lines, "") == gaps(lines, "cs:cs") == gaps(lines, "cs:cs:LG") == gap
    assert gaps(lines, "math") == []


@law
@given(ledgers(), sets)
def test_there_are_no_gaps_once_each_was_read(lines, set_spec):
    healed = [
        window(each.from_on, each.until_on, HEALED, set_spec, 99) for each in gaps(lines, set_spec)
    ]

    assert gaps([*lines, *healed], set_spec) == []
    assert last_day([*lines, *healed], set_spec) == last_day(lines, set_spec)


def test_a_day_that_was_not_over_when_it_was_read_is_not_covered():
    noon = datetime(2024, 1, 10, 12, tzinfo=UTC)
    lines = [window("2024-01-01", "2024-01-10", at=noon)]

    assert max(covered_days(lines, "")) == date(2024, 1, 9)
    assert gaps(lines, "") == []
    assert last_day(lines, "") == date(2024, 1, 10)


def test_a_gap_before_the_first_day_read_is_a_gap_and_does_not_move_that_day():
    read, gap = window("2024-01-10", "2024-01-20"), window("2023-05-05", "2023-05-06", GAP)

    assert gaps([read, gap], "") == [days("2023-05-05", "2023-05-06")]
    assert gaps([read, gap, window("2023-05-05", "2023-05-06", HEALED)], "") == []


@law
@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(-3, 900))
def test_months_cut_a_stretch_at_the_ends_of_months_and_nowhere_else(first, length):
    last = first + timedelta(length)
    cut = months(first, last)

    assert [day for each in cut for day in each] == list(Days(first, last))
    assert all(each.from_on.replace(day=1) == each.until_on.replace(day=1) for each in cut)
    assert all(after.from_on.day == 1 for _, after in pairwise(cut))


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2024-02-01", "2024-02-29"),
        ("2023-02-28", "2023-02-28"),
        ("2024-12-31", "2024-12-31"),
        ("2024-01-31", "2024-01-31"),
    ],
)
def test_the_end_of_a_month(day, end):
    assert month_end(date.fromisoformat(day)) == date.fromisoformat(end)


def test_a_lake_never_harvested_has_no_gaps_and_no_last_day(tmp_path):
    build(tmp_path, line())

    assert ledger(tmp_path) == []
    assert find_gaps(tmp_path, URL, "") == []
    assert last_day([], "") is None
    assert read_ledger(tmp_path, None, URL) == []


def test_gaps_of_a_lake_are_between_the_days_read_or_those_asked_for(tmp_path):
    arxiv = Local(many(6, ("2024-01-10",)))
    for first, last in (("2024-01-01", "2024-01-10"), ("2024-02-01", "2024-02-03")):
        ends = days(first, last)
        stretch = Stretch(set_spec="cs", from_on=ends.from_on, until_on=ends.until_on)
        harvest(target(tmp_path), arxiv.source, stretch, "backfill")

    hole = days("2024-01-11", "2024-01-31")
    assert find_gaps(tmp_path, URL, "cs") == find_gaps(tmp_path, URL, "cs:cs:LG") == [hole]
    assert find_gaps(tmp_path, URL, "") == []
    assert find_gaps(tmp_path, "https://another.example/oai", "cs") == []
    asked = find_gaps(tmp_path, URL, "cs", date(2023, 12, 30), date(2024, 1, 12))
    assert asked == [days("2023-12-30", "2023-12-31"), days("2024-01-11", "2024-01-12")]
    assert find_gaps(tmp_path, URL, "cs", date(2024, 3, 1), date(2024, 2, 1)) == []
    assert find_gaps(tmp_path, URL, "math", date(2024, 1, 1), date(2024, 1, 2)) == [
        days("2024-01-01", "2024-01-02")
    ]


def test_gaps_are_within_the_days_asked_for():
    lines = [window("2024-01-01", "2024-01-31"), window("2023-01-01", "2023-01-04", GAP)]
    january = (date(2024, 1, 1), date(2024, 1, 31))

    assert gaps(lines, "", *january) == []
    assert gaps(lines, "", until_on=date(2023, 1, 2)) == [days("2023-01-01", "2023-01-02")]
    assert gaps(lines, "") == [days("2023-01-01", "2023-01-04")]


def test_a_nightly_plans_to_read_the_gap_of_a_lake(tmp_path):
    arxiv = Local(many(2, ("2024-01-10",)))
    for first, last in (("2024-01-01", "2024-01-10"), ("2024-02-27", "2024-03-03")):
        ends = days(first, last)
        stretch = Stretch(set_spec="", from_on=ends.from_on, until_on=ends.until_on)
        harvest(target(tmp_path), arxiv.source, stretch, "backfill")

    assert [str(each) for each in plan_nightly(tmp_path, URL, "")] == [
        "all of arXiv, 2024-01-11 to 2024-01-31",
        "all of arXiv, 2024-02-01 to 2024-02-26",
        "all of arXiv, 2024-03-02 to now",
    ]
