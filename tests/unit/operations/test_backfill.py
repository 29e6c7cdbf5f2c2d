"""Backfilling: months of datestamps, each a commit, and no day read for nothing or left out."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pith_builder.errors import SourceError, SourceUnavailableError, UsageError
from pith_builder.operations.backfill import (
    backfill,
    backfill_snapshot,
    month_days,
    plan_backfill,
)
from pith_builder.operations.harvest import Stretch, harvest, opened_source
from pith_builder.operations.nightly import nightly
from pith_builder.operations.transaction import transaction
from pith_builder.sources.raw_pages import kept
from tests.arxiv_server.papers import paper
from tests.harvests import (
    URL,
    Local,
    bad,
    days,
    findings,
    held,
    ledger,
    many,
    snapshot_of,
    source_settings,
    standard_input,
    target,
    wanted,
)
from tests.lakes import content_roots, rows, untouched

QUARTER = days("2024-01-01", "2024-03-31")
SET = "cs:cs:LG"


@pytest.fixture
def arxiv():
    spread = ("2024-01-10", "2024-01-31", "2024-02-01", "2024-02-29", "2024-03-15")
    others = [paper(f"2402.{n:05d}", "2024-02-03", categories="hep-th") for n in range(1, 5)]
    return Local([*many(25, spread), *others], page_size=4)


def plan(lake, wanted_days=QUARTER, set_spec=SET):
    return plan_backfill(lake, URL, set_spec, wanted_days, 3.0)


def run(lake, arxiv, wanted_days=QUARTER, set_spec=SET):
    return list(backfill(target(lake), arxiv.source, plan(lake, wanted_days, set_spec)))


def test_each_month_is_a_commit(tmp_path, arxiv):
    results = run(tmp_path, arxiv)

    assert [str(stretch) for stretch, _ in results] == [
        "cs:cs:LG, 2024-01-01 to 2024-01-31",
        "cs:cs:LG, 2024-02-01 to 2024-02-29",
        "cs:cs:LG, 2024-03-01 to 2024-03-31",
    ]
    assert [result.minted for _, result in results] == [10, 10, 5]
    assert [result.sequence for _, result in results] == [1, 2, 3]
    found = wanted(arxiv.store)
    assert dict(held(tmp_path)) == {name: found[name] for name in found if name[:4] == "2401"}
    assert findings(tmp_path) == []


def test_months_backfilled_equal_the_quarter_harvested_whole(tmp_path, arxiv):
    run(tmp_path / "months", arxiv)
    whole = Stretch(set_spec=SET, from_on=QUARTER.from_on, until_on=QUARTER.until_on)
    harvest(target(tmp_path / "whole"), arxiv.source, whole, "backfill")

    assert content_roots(tmp_path / "months") == content_roots(tmp_path / "whole")


def test_what_is_covered_is_skipped(tmp_path, arxiv):
    run(tmp_path, arxiv, days("2024-02-01", "2024-02-29"))
    again = plan(tmp_path)

    assert [str(each.from_on) for each in again.stretches] == ["2024-01-01", "2024-03-01"]
    assert again.skipped == (days("2024-02-01", "2024-02-29"),)
    assert (again.requests, again.seconds) == (4, 12.0)
    run(tmp_path, arxiv)
    asked = len(arxiv.requests)
    assert plan(tmp_path).stretches == ()
    assert run(tmp_path, arxiv) == []
    assert len(arxiv.requests) == asked


def test_only_what_is_left_of_a_month_is_read(tmp_path, arxiv):
    stretch = Stretch(set_spec="", from_on=date(2024, 1, 20), until_on=date(2024, 2, 10))
    harvest(target(tmp_path), arxiv.source, stretch, "backfill")

    assert [str(each) for each in plan(tmp_path).stretches] == [
        "cs:cs:LG, 2024-01-01 to 2024-01-19",
        "cs:cs:LG, 2024-02-11 to 2024-02-29",
        "cs:cs:LG, 2024-03-01 to 2024-03-31",
    ]


@pytest.mark.parametrize("at", range(12))
def test_a_backfill_that_stops_goes_on_where_it_was(tmp_path, arxiv, at):
    def get(request):
        if len(arxiv.requests) == at:
            raise SourceUnavailableError("HTTP 503")
        return arxiv(request)

    source = arxiv.source.__class__(URL, get)
    with pytest.raises(SourceUnavailableError):
        list(backfill(target(tmp_path / "stopped"), source, plan(tmp_path / "stopped")))
    done = [line for line in ledger(tmp_path / "stopped") if line[3] == "done"]
    for _, first, last, _ in done:
        month = wanted(arxiv.store, days(first, last))
        papers = {name: month[name] for name in month if name[:4] == "2401"}
        assert set(papers.items()) <= set(held(tmp_path / "stopped"))

    before = len(arxiv.requests)
    results = run(tmp_path / "stopped", arxiv)
    assert len(results) == 3 - len(done)
    asked = {request.get("from") for request in arxiv.requests[before:]}
    assert not asked & {first for _, first, _, _ in done}
    run(tmp_path / "whole", arxiv)
    assert content_roots(tmp_path / "stopped") == content_roots(tmp_path / "whole")


def test_answers_kept_are_replayed_to_the_same_lake(tmp_path, arxiv):
    folder = tmp_path / "raw"
    keeping = arxiv.source.__class__(URL, kept(arxiv, folder))
    list(backfill(target(tmp_path / "asked"), keeping, plan(tmp_path / "asked")))
    with opened_source(source_settings(URL, tmp_path, replay=folder)) as source:
        list(backfill(target(tmp_path / "again"), source, plan(tmp_path / "again")))

    tables = ("records", "events", "states", "bundles", "aliases", "windows", "sightings")
    assert content_roots(tmp_path / "again", tables) == content_roots(tmp_path / "asked", tables)
    with opened_source(source_settings(URL, tmp_path, replay=folder)) as source:
        more = plan(tmp_path / "again", days("2024-04-01", "2024-04-30"))
        with pytest.raises(SourceError, match="holds no further answer"):
            list(backfill(target(tmp_path / "again"), source, more))


# Days


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ((2019, 1), (2019, 12), "2019-01-01 to 2019-12-31"),
        ((2026, 11), (2026, 11), "2026-11-01 to 2026-11-20"),
        ((2024, 1), (2030, 1), "2024-01-01 to 2026-11-20"),
        ((2001, 1), (2005, 9), "2005-09-16 to 2005-09-30"),
    ],
)
def test_months_are_bounded_by_what_can_be_asked_for(first, last, found):
    today = date(2026, 11, 20)
    assert str(month_days(date(*first, 1), date(*last, 1), today)) == found


@pytest.mark.parametrize(
    ("first", "last"), [((2024, 2), (2024, 1)), ((2027, 1), (2027, 2)), ((2001, 1), (2005, 8))]
)
def test_no_day_left_is_told(first, last):
    with pytest.raises(UsageError, match="nothing to backfill"):
        month_days(date(*first, 1), date(*last, 1), date(2026, 11, 20))


# From a snapshot


def from_snapshot(lake, papers, category="cs.LG", wanted_days=QUARTER):
    data = snapshot_of(papers)
    return backfill_snapshot(target(lake), Path("-"), category, wanted_days, standard_input(data))


def papers_of(arxiv):
    return [{**e.paper, "datestamp": str(e.datestamp)} for e in arxiv.store]


def test_a_snapshot_gives_what_oai_pmh_gives(tmp_path, arxiv):
    arxiv.store.add(paper("2404.00001"), "2024-04-01")
    result = from_snapshot(tmp_path / "snapshot", papers_of(arxiv))
    run(tmp_path / "oai", arxiv)

    assert (result.seen, result.minted) == (25, 25)
    assert content_roots(tmp_path / "snapshot") == content_roots(tmp_path / "oai")
    assert findings(tmp_path / "snapshot") == []


def test_a_snapshots_window_stands_in_the_ledger_under_its_own_name(tmp_path, arxiv):
    from_snapshot(tmp_path, papers_of(arxiv))

    assert ledger(tmp_path) == []  # nothing was read of arXiv itself
    (row,) = rows(tmp_path, "windows")
    assert (row["source"], row["set_spec"], row["records"]) == ("snapshot:-", "cs.LG", 25)


def test_a_snapshot_done_twice_changes_nothing(tmp_path, arxiv):
    from_snapshot(tmp_path, papers_of(arxiv))
    before = untouched(tmp_path)

    assert not from_snapshot(tmp_path, papers_of(arxiv)).committed
    assert untouched(tmp_path) == before


def test_a_line_that_makes_no_paper_is_rejected_whatever_its_category(tmp_path, arxiv):
    papers = [*papers_of(arxiv), bad("2401.00091", "2001-01-01")]
    result = from_snapshot(tmp_path, papers)

    assert (result.seen, result.minted, result.rejected) == (26, 25, 1)


@pytest.mark.parametrize("category", ["cs", "cs:cs:LG", "cs:cs"])
def test_an_archive_or_a_set_of_a_snapshot_is_what_oai_pmh_gives(tmp_path, arxiv, category):
    assert from_snapshot(tmp_path, papers_of(arxiv), category).minted == 25


@pytest.mark.parametrize("category", ["math.AG", "alg-geom", "math:math:AG", "math"])
def test_a_snapshots_paper_of_a_retired_archive_is_in_the_category_it_became(tmp_path, category):
    papers = [paper("alg-geom/9901001", "2024-01-10", categories="alg-geom")]

    assert from_snapshot(tmp_path, papers, category).minted == 1


@pytest.mark.parametrize("category", ["math-ph", "math.MP", "physics:math-ph"])
def test_a_snapshots_paper_is_found_under_either_name_of_its_category(tmp_path, category):
    papers = [paper(on="2024-01-10", categories="hep-th math-ph")]

    assert from_snapshot(tmp_path, papers, category).minted == 1


@pytest.mark.parametrize("category", ["no.such", "", ":", "csLG"])
def test_a_snapshot_is_not_searched_for_a_category_that_is_none(tmp_path, arxiv, category):
    with pytest.raises(UsageError, match="arXiv has no category"):
        from_snapshot(tmp_path, papers_of(arxiv), category)


# With the nightly


def test_a_nightly_covers_a_backfill_and_a_backfill_a_nightly(tmp_path, arxiv):
    nightly(target(tmp_path / "n"), arxiv.source, since=date(2024, 1, 1))
    assert plan(tmp_path / "n").stretches == ()

    run(tmp_path / "b", arxiv)
    nightly(target(tmp_path / "b"), arxiv.source, SET, since=date(2024, 1, 1))
    assert dict(held(tmp_path / "b")).items() <= wanted(arxiv.store).items()
    assert len(held(tmp_path / "b")) == 25


def test_the_month_under_way_is_finished_by_a_later_backfill(tmp_path):
    """A day that is not over when it is read is not covered."""
    arxiv = Local(many(5, ("2026-11-05", "2026-11-20")))
    month = days("2026-11-01", "2026-11-20")
    run(tmp_path, arxiv, month)
    arxiv.store.add(paper("2401.00077"))  # that afternoon
    arxiv.at = datetime(2026, 12, 3, 12, tzinfo=UTC)
    run(tmp_path, arxiv, days("2026-11-01", "2026-11-30"))

    assert dict(held(tmp_path)) == wanted(arxiv.store)


def test_views_that_a_kill_left_one_commit_behind_are_mended_by_the_next_writer(tmp_path, arxiv):
    run(tmp_path, arxiv, days("2024-01-01", "2024-02-29"))
    behind = (tmp_path / "pith.sql").read_bytes()
    run(tmp_path, arxiv)
    (tmp_path / "pith.sql").write_bytes(behind)  # as a kill between CURRENT and pith.sql leaves it
    assert findings(tmp_path) == []

    with transaction(target(tmp_path), "backfill"):
        assert (tmp_path / "pith.sql").read_bytes() != behind
    assert findings(tmp_path) == []
