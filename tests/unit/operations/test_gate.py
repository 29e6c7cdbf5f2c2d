"""The publish gate: a run unlike the recent ones is not committed without a person's word."""

from datetime import date, timedelta

import pytest

from pith_builder.errors import VerificationError
from pith_builder.operations.gate import RUNS_NEEDED, GateError
from pith_builder.operations.harvest import Stretch, harvest
from pith_builder.operations.nightly import nightly
from tests.harvests import Local, bad, findings, held, many, target, wanted, withdrawn
from tests.lakes import LATER, copied, rows, untouched
from tests.makers import NOW

DAY = date(2024, 1, 10)


def stretch_of(day):
    return Stretch(set_spec="", from_on=day, until_on=day)


def run(lake, papers, *, operation="nightly", is_forced=False, now=LATER):
    arxiv = Local(papers, page_size=500)
    return harvest(
        target(lake, now=now), arxiv.source, stretch_of(DAY), operation, is_forced=is_forced
    )


def ordinary(number, count=100, **fields):
    return [{**each, **fields} for each in many(count, (str(DAY),), first=1000 * number)]


def lake_of(folder, runs, operation="nightly"):
    for number in range(1, runs + 1):
        now = NOW + timedelta(minutes=number)
        assert run(folder, ordinary(number), operation=operation, now=now).committed
    return folder


@pytest.fixture(scope="module")
def seasoned(tmp_path_factory):
    """A lake of just as many runs as bounds want, each of a hundred ordinary papers."""
    return lake_of(tmp_path_factory.mktemp("seasoned") / "lake", RUNS_NEEDED)


@pytest.fixture
def lake(seasoned, tmp_path):
    return copied(seasoned, tmp_path)


def spoilt(count, good):
    papers = [bad(f"2405.{number:05d}", str(DAY)) for number in range(1, count + 1)]
    return [*papers, *ordinary(90, good)]


UNLIKE = {
    "2001 papers seen, usual are 100": ordinary(90, 2001),
    "4 papers seen, usual are 100": ordinary(90, 4),
    "0 papers seen, usual are 100": [],
    "3.0% rejected, the bound is 2.0%": spoilt(3, 97),
    "100% without license, usual are 0%": ordinary(90, license=""),
    "26% withdrawn, usual are 0%": [
        *(withdrawn(f"2405.{number:05d}", str(DAY)) for number in range(1, 27)),
        *ordinary(90, 74),
    ],
}
ALIKE = {
    "twenty times as many": ordinary(90, 2000),
    "a twentieth": ordinary(90, 5),
    "two in a hundred rejected": spoilt(2, 98),
    "a quarter without licence": [*ordinary(90, 25, license=""), *ordinary(91, 75)],
    "few, all of them without licence": ordinary(90, 99, license=""),
    "few, half of them rejected": spoilt(40, 40),
    "nothing new": ordinary(1),
}


@pytest.mark.parametrize(("reason", "papers"), UNLIKE.items(), ids=UNLIKE)
def test_an_unlike_run_is_refused_with_the_reason_and_the_lake_is_untouched(lake, reason, papers):
    before = untouched(lake)
    with pytest.raises(GateError) as caught:
        run(lake, papers)

    assert reason in str(caught.value)
    assert "--force" in str(caught.value)
    assert isinstance(caught.value, VerificationError)
    assert untouched(lake) == before


@pytest.mark.parametrize("reason", list(UNLIKE)[1:4:2])
def test_force_commits_it_and_is_recorded(lake, reason):
    result = run(lake, UNLIKE[reason], is_forced=True)

    assert result.committed
    *before, last = rows(lake, "builds")
    assert last["is_forced"] is True
    assert last["build_id"] == result.build_id
    assert {row["is_forced"] for row in before} == {False}
    assert findings(lake) == []


@pytest.mark.parametrize("papers", ALIKE.values(), ids=ALIKE)
def test_a_run_within_the_bounds_is_committed(lake, papers):
    assert run(lake, papers).committed
    assert rows(lake, "builds")[-1]["is_forced"] is False


@pytest.mark.parametrize("papers", UNLIKE.values(), ids=UNLIKE)
def test_bounds_bind_after_so_many_like_runs_and_not_before(tmp_path_factory, papers):
    young = _young(tmp_path_factory)
    assert run(copied(young, tmp_path_factory.mktemp("copy")), papers).committed


_made = {}


def _young(tmp_path_factory):
    """A lake of one run too few, made once."""
    if "lake" not in _made:
        folder = tmp_path_factory.mktemp("young") / "lake"
        _made["lake"] = lake_of(folder, RUNS_NEEDED - 1)
    return _made["lake"]


def test_runs_of_another_kind_do_not_count(tmp_path):
    lake_of(tmp_path, RUNS_NEEDED, operation="backfill")

    assert run(tmp_path, ordinary(90, license="")).committed
    with pytest.raises(GateError, match="this backfill is unlike the 5 before it"):
        run(tmp_path, ordinary(91, license=""), operation="backfill")


def test_months_of_any_size_may_be_backfilled(tmp_path):
    lake_of(tmp_path, RUNS_NEEDED, operation="backfill")

    assert run(tmp_path, ordinary(90, 2500), operation="backfill").committed
    assert run(tmp_path, ordinary(93, 3), operation="backfill").committed


def test_small_runs_do_not_set_bounds(tmp_path):
    for number in range(RUNS_NEEDED + 1):
        run(tmp_path, ordinary(number + 1, 99))

    assert run(tmp_path, ordinary(90, 200, license="")).committed


def test_several_reasons_are_told_at_once(lake):
    with pytest.raises(GateError) as caught:
        run(lake, [*spoilt(150, 0), *ordinary(90, 2000, license="")])
    assert str(caught.value).count(";") >= 3


def test_a_nightly_that_is_refused_is_made_up_for_by_the_next(tmp_path):
    arxiv = Local(page_size=500)
    lake = tmp_path / "lake"
    since = date(2026, 11, 1)
    for night in range(RUNS_NEEDED):
        arxiv.pass_days()
        for each in ordinary(night + 1):
            arxiv.store.add(each)
        nightly(target(lake, now=arxiv.at), arxiv.source, since=since)
    arxiv.pass_days()
    for each in ordinary(90, license=""):
        arxiv.store.add(each)
    with pytest.raises(GateError, match="without license"):
        nightly(target(lake, now=arxiv.at), arxiv.source)

    arxiv.pass_days()
    ((_, result),) = nightly(target(lake, now=arxiv.at), arxiv.source, is_forced=True)
    assert result.minted == 100
    assert dict(held(lake)) == wanted(arxiv.store)
