"""The nightly: first run, overlap, outages, and what an audit left open."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith_builder.errors import SourceError, SourceUnavailableError, UsageError
from pith_builder.lake.store import live_manifest
from pith_builder.operations.nightly import nightly, plan_nightly
from pith_builder.operations.source_audit import audit_source
from tests.arxiv_server.papers import paper
from tests.harvests import URL, Local, bad, findings, held, ledger, many, target, wanted
from tests.lakes import content_roots, rows, untouched

SINCE = date(2026, 11, 1)
DAYS = ("2026-11-10", "2026-11-15", "2026-11-20")


def night(lake, arxiv, **changes):
    return nightly(target(lake, now=arxiv.at), arxiv.source, **changes)


@pytest.fixture
def arxiv():
    return Local(many(12, DAYS), page_size=5)


def test_the_first_nightly_says_what_it_wants(tmp_path, arxiv):
    with pytest.raises(UsageError, match=r"all of arXiv .* wants --since YYYY-MM-DD"):
        night(tmp_path, arxiv)
    with pytest.raises(UsageError, match=r"reads cs:cs:LG from a day on"):
        night(tmp_path, arxiv, set_spec="cs:cs:LG")
    assert arxiv.requests == []


def test_the_next_nightly_overlaps_by_a_day_because_a_day_is_not_over_when_it_is_read(
    tmp_path, arxiv
):
    night(tmp_path, arxiv, since=SINCE)
    arxiv.store.add(paper("2401.00077"))  # on the same day, after it was read
    arxiv.pass_days()
    arxiv.store.add(paper("2401.00078"))
    assert [str(each) for each in plan_nightly(tmp_path, URL, "")] == [
        "all of arXiv, 2026-11-19 to now"
    ]
    ((_, result),) = night(tmp_path, arxiv)

    assert (result.minted, result.unchanged) == (2, 4)
    assert dict(held(tmp_path)) == wanted(arxiv.store)
    assert ledger(tmp_path) == [
        ("", "2026-11-01", "2026-11-20", "done"),
        ("", "2026-11-19", "2026-11-21", "done"),
    ]
    assert findings(tmp_path) == []


def test_a_nightly_with_nothing_new_mints_nothing(tmp_path, arxiv):
    night(tmp_path, arxiv, since=SINCE)
    before = content_roots(tmp_path)
    arxiv.pass_days(3)
    ((_, result),) = night(tmp_path, arxiv)

    assert (result.minted, result.unchanged) == (0, 4)
    assert content_roots(tmp_path) == before


def test_an_outage_commits_nothing_and_the_next_night_covers_both_days(tmp_path, arxiv):
    night(tmp_path, arxiv, since=SINCE)
    before = untouched(tmp_path)
    arxiv.pass_days()
    arxiv.store.add(paper("2401.00077"))
    arxiv.is_down = True
    with pytest.raises(SourceUnavailableError):
        night(tmp_path, arxiv)
    assert untouched(tmp_path) == before

    arxiv.pass_days()
    arxiv.store.add(paper("2401.00078"))
    arxiv.is_down = False
    night(tmp_path, arxiv)
    assert dict(held(tmp_path)) == wanted(arxiv.store)
    assert ledger(tmp_path)[-1] == ("", "2026-11-19", "2026-11-22", "done")


def test_since_goes_further_back_and_never_leaves_days_out(tmp_path, arxiv):
    night(tmp_path, arxiv, since=SINCE)
    arxiv.pass_days(9)

    def planned(since):
        return [str(each) for each in plan_nightly(tmp_path, URL, "", since)]

    assert planned(date(2026, 10, 1)) == ["all of arXiv, 2026-10-01 to now"]
    assert planned(date(2026, 11, 28)) == ["all of arXiv, 2026-11-19 to now"]


def test_a_nightly_of_one_set_leaves_the_rest_to_others(tmp_path):
    arxiv = Local([paper("2401.00001", DAYS[0]), paper("2401.00002", DAYS[0], categories="hep-th")])
    night(tmp_path, arxiv, set_spec="physics:hep-th", since=SINCE)

    assert [name for name, _ in held(tmp_path)] == ["2401.00002"]
    with pytest.raises(UsageError, match="all of arXiv"):
        plan_nightly(tmp_path, URL, "")
    night(tmp_path, arxiv, since=SINCE)
    assert dict(held(tmp_path)) == wanted(arxiv.store)


def test_a_source_that_refuses_commits_nothing(tmp_path, arxiv):
    with pytest.raises(SourceError, match="Set does not exist") as caught:
        night(tmp_path, arxiv, set_spec="cs.LG", since=SINCE)
    assert not isinstance(caught.value, SourceUnavailableError)
    assert live_manifest(tmp_path) is None


def test_a_reject_that_is_read_again_is_held_once(tmp_path):
    arxiv = Local([bad("2401.00001", "2026-11-20"), *many(3, ("2026-11-19",), first=2)])
    night(tmp_path, arxiv, since=SINCE)
    arxiv.store.add(paper("2401.00009"), "2026-11-19")
    night(tmp_path, arxiv)

    assert len(rows(tmp_path, "rejects")) == 1


# What an audit found


def restamped(arxiv, count, on):
    arxiv.store.backdate([f"2401.{number:05d}" for number in range(1, count + 1)], on)


@pytest.mark.parametrize("on", ["2026-11-03", "2026-10-05", "2011-02-03"])
def test_a_backdated_restamp_is_healed_by_the_next_nightly_without_a_hand(tmp_path, on):
    arxiv = Local(many(60, DAYS), page_size=25)
    night(tmp_path, arxiv, since=SINCE)
    for number in range(1, 31):
        arxiv.store.edit(f"2401.{number:05d}", title=f"Edited {number}")
    restamped(arxiv, 30, on)
    arxiv.pass_days(5)
    night(tmp_path, arxiv)
    assert not set(wanted(arxiv.store).items()) <= set(held(tmp_path))

    arxiv.pass_days()
    found = audit_source(target(tmp_path, now=arxiv.at), arxiv.source)
    assert (found.listed, found.present, found.explained, len(found.missing)) == (60, 30, 0, 30)
    assert {name for name, _ in found.missing} == {f"2401.{n:05d}" for n in range(1, 31)}
    assert {str(day) for _, day in found.missing} == {on}

    arxiv.pass_days()
    night(tmp_path, arxiv)
    assert set(wanted(arxiv.store).items()) <= set(held(tmp_path))
    again = audit_source(target(tmp_path, now=arxiv.at), arxiv.source)
    assert (again.present, again.missing, again.gaps) == (60, (), ())
    assert len(plan_nightly(tmp_path, URL, "")) == 1
    assert findings(tmp_path) == []


def test_a_gap_is_read_as_a_backfill_by_months_before_the_night_itself(tmp_path, arxiv):
    night(tmp_path, arxiv, since=date(2026, 9, 1))
    arxiv.store.backdate(["2401.00001"], "2026-09-30")
    arxiv.store.backdate(["2401.00002"], "2026-10-01")
    arxiv.pass_days()
    audit_source(target(tmp_path, now=arxiv.at), arxiv.source)
    results = night(tmp_path, arxiv)

    assert [str(stretch) for stretch, _ in results] == [
        "all of arXiv, 2026-09-30 to 2026-09-30",
        "all of arXiv, 2026-10-01 to 2026-10-01",
        "all of arXiv, 2026-11-19 to now",
    ]
    operations = [row["operation"] for row in rows(tmp_path, "builds")]
    assert operations == ["nightly", "audit", "backfill", "backfill", "nightly"]


# A law: whatever happens between nights, nothing is lost in the end

changes = st.lists(
    st.tuples(
        st.sampled_from(["add", "edit", "revise", "spoil", "outage", "night", "mend"]),
        st.integers(1, 40),
    ),
    max_size=25,
)


@settings(max_examples=20, deadline=None)
@given(changes)
def test_nights_in_any_weather_lose_nothing_and_hold_nothing_twice(tmp_path_factory, drawn):
    lake = tmp_path_factory.mktemp("weather")
    arxiv = Local(many(20, DAYS), page_size=4, identifiers_size=7)
    night(lake, arxiv, since=SINCE)
    for count, (change, number) in enumerate(drawn):
        name = f"2401.{number:05d}"
        if change == "add":
            arxiv.store.add(paper(f"2402.{count + 1:05d}"))
        elif change == "spoil":
            arxiv.store.add(bad(f"2403.{count + 1:05d}", str(arxiv.at.date())))
        elif change == "edit" and number <= 20:
            arxiv.store.edit(name, title=f"Edited in {count}")
        elif change == "revise" and number <= 20:
            arxiv.store.revise(name, "Mon, 16 Nov 2026 10:00:00 GMT", abstract=f"Of {count}.")
        elif change in ("outage", "mend"):
            arxiv.is_down = change == "outage"
        elif change == "night":
            arxiv.pass_days()
            try:
                night(lake, arxiv)
            except SourceUnavailableError:
                assert arxiv.is_down
    arxiv.is_down = False
    arxiv.pass_days()
    night(lake, arxiv)

    found = held(lake)
    assert set(wanted(arxiv.store).items()) <= set(found)
    assert len(found) == len(set(found))
    audited = audit_source(target(lake, now=arxiv.at), arxiv.source)
    spoilt = sum(change == "spoil" for change, _ in drawn)
    assert (audited.listed, audited.explained, audited.missing) == (
        len(arxiv.store),
        spoilt,
        (),
    )
    assert findings(lake) == []
