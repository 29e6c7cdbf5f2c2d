"""What a source lists, by what the lake knows of it: listed = present + explained + missing."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.errors import LakeBusyError, SourceUnavailableError, UsageError
from pith_builder.lake.lock import lake_lock
from pith_builder.operations.fetch import build_ids
from pith_builder.operations.harvest import Stretch, harvest
from pith_builder.operations.ledger import find_gaps
from pith_builder.operations.nightly import nightly
from pith_builder.operations.source_audit import audit_source
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
    target,
    wanted,
    withdrawn,
)
from tests.lakes import build, rows, untouched

DAYS = ("2024-01-10", "2024-01-11", "2024-01-12")
SINCE = date(2024, 1, 1)


def run(lake, arxiv, set_spec=""):
    found = audit_source(target(lake, now=arxiv.at), arxiv.source, set_spec)
    assert found.listed == found.present + found.explained + len(found.missing)
    return found


def numbers(found):
    return found.listed, found.present, found.explained, len(found.missing)


@pytest.fixture
def arxiv():
    return Local(many(12, DAYS), page_size=5, identifiers_size=5)


@pytest.fixture
def lake(tmp_path, arxiv):
    nightly(target(tmp_path / "lake"), arxiv.source, since=SINCE)
    return tmp_path / "lake"


def test_a_lake_that_has_everything_is_left_alone(lake, arxiv):
    before = untouched(lake)

    assert numbers(run(lake, arxiv)) == (12, 12, 0, 0)
    assert untouched(lake) == before


def test_only_identifiers_are_asked_for(lake, arxiv):
    arxiv.requests.clear()
    run(lake, arxiv)

    assert {request.get("verb") for request in arxiv.requests} == {"ListIdentifiers"}


def test_rejects_and_withdrawn_papers_are_explained_and_present(tmp_path):
    arxiv = Local([paper(), bad("2401.00002", DAYS[0]), withdrawn("2401.00003", DAYS[0])])
    nightly(target(tmp_path), arxiv.source, since=SINCE)

    assert numbers(run(tmp_path, arxiv)) == (3, 2, 1, 0)


def test_what_is_missing_is_named_with_its_day_and_goes_to_the_ledger(lake, arxiv):
    for number, on in enumerate(("2024-01-05", "2024-01-06", "2024-01-08"), 90):
        arxiv.store.add(paper(f"2401.000{number}"), on)
    found = run(lake, arxiv)

    assert numbers(found) == (15, 12, 0, 3)
    assert [(name, str(day)) for name, day in found.missing] == [
        ("2401.00090", "2024-01-05"),
        ("2401.00091", "2024-01-06"),
        ("2401.00092", "2024-01-08"),
    ]
    gaps = [days("2024-01-05", "2024-01-06"), days("2024-01-08", "2024-01-08")]
    assert list(found.gaps) == gaps
    assert find_gaps(lake, URL, "") == gaps
    assert ledger(lake)[1:] == [
        ("", "2024-01-05", "2024-01-06", "gap"),
        ("", "2024-01-08", "2024-01-08", "gap"),
    ]
    assert [row["records"] for row in rows(lake, "windows") if row["status"] == "gap"] == [2, 1]
    assert rows(lake, "builds")[-1]["operation"] == "audit"
    assert findings(lake) == []

    nightly(target(lake), arxiv.source)
    assert find_gaps(lake, URL, "") == []
    assert dict(held(lake)) == wanted(arxiv.store)
    assert numbers(run(lake, arxiv)) == (15, 15, 0, 0)


def test_a_new_state_of_a_paper_that_is_there_is_missing_until_it_is_read(lake, arxiv):
    arxiv.store.revise("2401.00001", "Mon, 8 Jan 2024 10:00:00 GMT")

    assert [name for name, _ in run(lake, arxiv).missing] == ["2401.00001"]


def test_an_unchanged_paper_under_a_new_day_is_missing_until_it_was_seen(lake, arxiv):
    arxiv.store.backdate(["2401.00001"], "2024-01-15")
    assert [name for name, _ in run(lake, arxiv).missing] == ["2401.00001"]
    nightly(target(lake), arxiv.source)

    assert numbers(run(lake, arxiv)) == (12, 12, 0, 0)
    assert len(held(lake)) == 12


def test_an_audit_of_one_set_lists_that_set_alone(tmp_path):
    arxiv = Local([paper("2401.00001"), paper("2401.00002", categories="hep-th")])
    stretch = Stretch(set_spec="cs", from_on=SINCE)
    harvest(target(tmp_path), arxiv.source, stretch, "nightly")

    assert numbers(run(tmp_path, arxiv, "cs:cs:LG")) == (1, 1, 0, 0)
    assert numbers(run(tmp_path, arxiv)) == (2, 1, 0, 1)


def test_papers_of_a_snapshot_or_named_singly_are_present(tmp_path):
    papers = many(4, DAYS)
    arxiv = Local(papers)
    build(tmp_path, snapshot_of(papers[:2]))
    build_ids(target(tmp_path), arxiv.source, [ArxivId("2401.00003")])

    found = run(tmp_path, arxiv)
    assert numbers(found) == (4, 3, 0, 1)
    assert found.missing[0][0] == "2401.00004"


def test_without_a_lake_or_a_source_nothing_is_written(tmp_path, lake, arxiv):
    with pytest.raises(UsageError, match="no lake"):
        run(tmp_path / "none", arxiv)
    arxiv.store.add(paper("2401.00090"), "2024-01-05")
    before = untouched(lake)
    arxiv.is_down = True
    with pytest.raises(SourceUnavailableError):
        run(lake, arxiv)
    arxiv.is_down = False
    with lake_lock(lake), pytest.raises(LakeBusyError):
        run(lake, arxiv)
    assert untouched(lake) == before


def test_a_source_that_lists_nothing(lake):
    assert numbers(run(lake, Local())) == (0, 0, 0, 0)


fates = st.sampled_from(["held", "spoilt", "unread", "restamped", "spoilt and unread"])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(fates, st.integers(1, 28)), max_size=25))
def test_the_numbers_add_up_and_are_healed_in_one_night(tmp_path_factory, drawn):
    lake = tmp_path_factory.mktemp("audit")
    arxiv = Local([paper("2401.99999", "2024-01-01")], identifiers_size=6)
    named = [
        (f"2401.{number:05d}", fate, f"2024-01-{day:02d}")
        for number, (fate, day) in enumerate(drawn, 1)
    ]
    for name, fate, on in named:
        if "unread" not in fate:
            arxiv.store.add((bad if fate == "spoilt" else paper)(name, on), on)
    nightly(target(lake), arxiv.source, since=SINCE)
    for name, fate, on in named:
        if "unread" in fate:
            arxiv.store.add((bad if "spoilt" in fate else paper)(name, on), on)
        elif fate == "restamped":
            arxiv.store.edit(name, title=f"Restamped {name}")
            arxiv.store.backdate([name], "2024-01-30")
    count = {fate: sum(each == fate for each, _ in drawn) for fate in fates.elements}
    missing = count["unread"] + count["spoilt and unread"] + count["restamped"]

    assert numbers(run(lake, arxiv)) == (
        1 + len(drawn),
        1 + count["held"],
        count["spoilt"],
        missing,
    )
    arxiv.pass_days()
    nightly(target(lake, now=arxiv.at), arxiv.source)
    spoilt = count["spoilt"] + count["spoilt and unread"]
    assert numbers(run(lake, arxiv)) == (1 + len(drawn), 1 + len(drawn) - spoilt, spoilt, 0)
    assert set(wanted(arxiv.store).items()) <= set(held(lake))
