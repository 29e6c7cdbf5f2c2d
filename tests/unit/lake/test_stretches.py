from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.manifest import Part
from pith_builder.lake.query import connect, sought
from pith_builder.lake.stretches import PARTS_OF_A_QUERY, stretches
from tests.lakes import build, line, rows
from tests.makers import law

SUFFIXES = ("2" * 26, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Z" * 26)
numbers = st.builds(
    "pith:{}:{}".format, st.integers(1991, 2026) | st.just(2024), st.sampled_from(SUFFIXES)
)


@st.composite
def parts(draw):
    """Parts of a table, some of one year and some that reach over many."""
    ends = draw(st.lists(st.tuples(numbers, numbers).map(sorted), min_size=1, max_size=40))
    return [
        Part(
            path=f"tables/records/{place}.parquet",
            sha256="",
            size_bytes=1,
            rows=2,
            first_key=(first,),
            last_key=(last,),
        )
        for place, (first, last) in enumerate(ends)
    ]


@given(parts())
@law
def test_every_row_is_in_one_stretch(found):
    cut = list(stretches(found))

    for part in found:
        for number in (part.first_key[0], part.last_key[0]):
            within = [one for one in cut if one.first <= number < one.beyond and part in one.parts]
            assert len(within) == 1


@given(parts())
@law
def test_a_stretch_of_more_than_a_year_has_few_parts(found):
    cut = list(stretches(found))

    for one in cut:
        years = {key[0][:10] for part in found for key in (part.first_key, part.last_key)}
        within = [year for year in years if one.first <= year < one.beyond]
        assert len(one.parts) <= PARTS_OF_A_QUERY or len(within) == 1
        assert all(one.parts)


def of_year(year, number):
    """Return a paper first submitted in a year, as a line."""
    created = f"Mon, 2 Apr {year} 19:18:42 GMT"
    return line(
        id=f"{year % 100:02d}04.{number:04d}", versions=[{"version": "v1", "created": created}]
    )


def test_a_lake_of_many_parts_gives_each_row_once(tmp_path):
    lake = tmp_path / "lake"
    for number in range(1, PARTS_OF_A_QUERY + 3):
        build(lake, of_year(2007 + number, number))
    build(lake, b"\n".join(of_year(year, 99) for year in range(2008, 2020)))

    connection = connect(lake)
    for table in ("records", "events", "states", "bundles"):
        found = connection.table(table).select("row_sha256").fetchall()
        assert Counter(found) == Counter((row["row_sha256"],) for row in rows(lake, table))
    every = rows(lake, "records")
    for row in every:
        number, wanted = row["pith_number"], [(row["arxiv_id"], row["title"])]
        query = "select arxiv_id, title from records where pith_number = ?"
        assert connection.execute(query, [number]).fetchall() == wanted
        assert sought(connection, "records", number, ["arxiv_id", "title"]) == wanted
    ordered = sorted(row["pith_number"] for row in every)
    for low, high in pairwise(ordered):
        query = "select count(*) from records where pith_number > ? and pith_number < ?"
        assert connection.execute(query, [low, high]).fetchall() == [(0,)]


def test_of_what_no_part_may_hold_nothing_is_found(lake_of_two):
    connection = connect(lake_of_two)

    assert sought(connection, "records", "pith:1900:" + "A" * 26, ["arxiv_id"]) == []
    assert sought(connection, "records", "zzz", ["arxiv_id"]) == []
