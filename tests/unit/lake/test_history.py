from datetime import UTC, date, datetime, timedelta

import pytest

import pith_builder
from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake.history import lake_as_of
from pith_builder.lake.store import manifest_name, open_lake
from tests.lakes import AWKWARD, FILLED, LATER, THIRD_PAPER_AGAIN, build, copied, line
from tests.makers import NOW

BACK = NOW - timedelta(days=400)
FIRST = "00000001-20261120T141709Z"
SECOND = "00000002-20261121T141709Z"


@pytest.fixture(scope="module")
def lake_of_three(tmp_path_factory):
    """A lake of three builds, the last of which was dated back."""
    lake = tmp_path_factory.mktemp("of_three") / "lake"
    build(lake, AWKWARD)
    build(lake, THIRD_PAPER_AGAIN, now=LATER)
    build(lake, line(id="0704.0009"), now=BACK)
    return lake


MOMENTS = {
    1: ["1", 1, FIRST, "00000001"],
    2: ["2", 2, SECOND],
    3: [
        "3",
        3,
        "00000003-20251016T141709Z",
        "2025-10-16",
        "2026-11-20",
        date(2026, 11, 20),
        "2026-11-21",
        "2026-11-20T14:17:09.598220Z",
        "2026-11-20 14:17:09.598220",
        "2026-11-20T15:17:09.598220+01:00",
        NOW,
        "9999-12-31",
    ],
}


@pytest.mark.parametrize(
    ("sequence", "moment"),
    [(sequence, moment) for sequence, moments in MOMENTS.items() for moment in moments],
    ids=str,
)
def test_every_way_to_say_a_moment_finds_the_last_manifest_of_it(lake_of_three, sequence, moment):
    assert lake_as_of(lake_of_three, moment).manifest.sequence == sequence


@pytest.mark.parametrize(
    ("sequence", "moment"),
    [
        (1, "2026-11-20"),
        (1, NOW),
        (1, LATER - timedelta(microseconds=1)),
        (2, LATER),
        (2, "2026-11-21"),
        (2, date(2026, 11, 21)),
        (1, "2026-11-21T14:17:09Z"),
        (2, "2026-11-21T14:17:10Z"),
    ],
    ids=str,
)
def test_a_day_counts_to_its_end_and_an_instant_to_itself(lake_of_two, sequence, moment):
    assert lake_as_of(lake_of_two, moment).manifest.sequence == sequence


@pytest.mark.parametrize(
    "moment",
    ["2026-11-19", 0, 3, "99", "00000002-20261120T141709Z", datetime(2020, 1, 1, tzinfo=UTC)],
)
def test_a_moment_without_a_lake_says_from_when_to_when_there_is_one(lake_of_two, moment):
    with pytest.raises(UsageError, match=f"holds nothing as of .* {FIRST}, its last {SECOND}"):
        lake_as_of(lake_of_two, moment)


@pytest.mark.parametrize("moment", ["", "x", "2026-13-01", "2026-11-20T25:00:00Z", "-1", "'"])
def test_what_is_no_moment_is_refused_with_what_is(lake_of_two, moment):
    with pytest.raises(UsageError, match="wanted a day such as"):
        lake_as_of(lake_of_two, moment)


def test_a_manifest_that_is_missing_is_told(lake_of_two, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    (lake / manifest_name(1)).unlink()

    assert lake_as_of(lake, 2).manifest == open_lake(lake).manifest
    with pytest.raises(VerificationError, match="cannot be read"):
        lake_as_of(lake, 1)


@pytest.mark.parametrize("table", FILLED)
def test_every_table_is_as_it_was(tmp_path, table):
    lake = tmp_path / "lake"
    then = []
    for lines, now in ((AWKWARD, NOW), (THIRD_PAPER_AGAIN, LATER), (b"{}", LATER)):
        build(lake, lines, now=now)
        then.append(_digests(pith_builder.connect(lake), table))

    assert [
        _digests(pith_builder.connect(lake, as_of=sequence), table) for sequence in (1, 2, 3)
    ] == then
    assert _digests(pith_builder.connect(lake, as_of="2026-11-20"), table) == then[0]


def _digests(connection, table):
    return connection.execute(f"select row_sha256 from {table} order by all").fetchall()  # noqa: S608


@pytest.mark.parametrize(
    "moment", [FIRST, SECOND, "2026-11-20", "2026-11-21", "2026-11-21T14:17:09Z"]
)
def test_records_on_a_moment_in_sql_are_those_of_the_manifest_of_it(lake_of_two, moment):
    query = "select pith_number from records_on($moment) order by all"
    then = pith_builder.connect(lake_of_two, as_of=moment).execute("table records").fetchall()

    found = pith_builder.connect(lake_of_two).execute(query, {"moment": moment}).fetchall()

    assert found == sorted((row[0],) for row in then)
    assert len(found) in {4, 5}


def test_a_build_dated_back_takes_nothing_from_those_before_it(lake_of_three):
    connection = pith_builder.connect(lake_of_three)

    for moment in ("2025-10-16", "2026-11-20", "2026-11-21"):
        found = connection.execute("select count(*) from records_on($m)", {"m": moment}).fetchone()
        assert found == (6,)
        assert lake_as_of(lake_of_three, moment).table("records").rows == 6
