from hypothesis import given
from hypothesis import strategies as st

from pith_builder.operations.tiers import FAN_IN, joins

FULL = 30_000
SIZES = st.lists(st.integers(1, 2 * FULL), max_size=60)


def after(sizes, joined):
    """Return the sizes of the parts once they are joined, each in the place of its first."""
    gone = {place for places in joined for place in places[1:]}
    sums = {places[0]: sum(sizes[place] for place in places) for places in joined}
    return [sums.get(place, size) for place, size in enumerate(sizes) if place not in gone]


def test_fewer_than_four_of_a_size_are_left_alone():
    assert joins([], FULL) == []
    assert joins([5, 7, 6], FULL) == []
    assert joins([5, 100, 2_000, 7, 300, 9_000], FULL) == []


def test_four_of_a_size_become_one_wherever_they_stand():
    assert joins([5, 100, 7, 9_000, 6, 5], FULL) == [[0, 2, 4, 5]]


def test_what_four_become_may_make_four_of_the_next_size_and_is_written_once():
    assert joins([20, 20, 20, 5, 5, 5, 5], FULL) == [[0, 1, 2, 3, 4, 5, 6]]


def test_full_parts_are_left_alone():
    assert joins([FULL] * 9, FULL) == []
    assert joins([FULL, 5, FULL, 5, 5, FULL, 5], FULL) == [[1, 3, 4, 6]]


def test_no_more_is_joined_than_makes_a_full_part():
    assert joins([20_000] * 5, FULL) == [[0, 1]]
    assert joins([20_000] * 8, FULL) == [[0, 1], [2, 3], [4, 5]]


def test_a_year_of_nightlies_becomes_few_parts_each_row_written_few_times():
    sizes, written = [], 0
    for _ in range(52):
        sizes += [2_000] * 5
        joined = joins(sizes, FULL)
        written += sum(sizes[place] for places in joined for place in places)
        sizes = after(sizes, joined)
    assert sum(sizes) == 52 * 10_000
    assert len(sizes) <= 20
    assert written <= 3 * sum(sizes)


@given(SIZES)
def test_nothing_is_lost_no_part_is_joined_twice_and_none_that_is_full(sizes):
    joined = joins(sizes, FULL)
    places = [place for some in joined for place in some]
    assert len(places) == len(set(places))
    assert all(len(some) > 1 and some == sorted(some) for some in joined)
    assert all(sizes[place] < FULL for place in places)
    assert sum(after(sizes, joined)) == sum(sizes)


@given(SIZES)
def test_of_what_was_joined_nothing_is_left_to_join(sizes):
    left = after(sizes, joins(sizes, FULL))
    assert joins(left, FULL) == []
    assert all(size < 2 * FULL for size in left if size not in sizes)


@given(SIZES)
def test_no_size_keeps_four_parts(sizes):
    left = [size for size in after(sizes, joins(sizes, FULL)) if size < FULL]
    for size in left:
        assert sum(size <= other < 2 * size for other in left) < 2 * FAN_IN
