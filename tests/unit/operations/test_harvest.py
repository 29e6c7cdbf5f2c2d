"""One stretch of arXiv's OAI-PMH to one commit, rows and ledger together."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pith_builder.core.minting import Identity
from pith_builder.errors import SourceError, SourceUnavailableError, UsageError
from pith_builder.lake.query import connect
from pith_builder.lake.store import live_manifest
from pith_builder.operations.harvest import Stretch, harvest, opened_source
from pith_builder.sources.arxiv_raw import read_paper
from tests.arxiv_server.oai import cooked, record_xml
from tests.arxiv_server.papers import TEX_ABSTRACT, TEX_TITLE, paper
from tests.harvests import (
    AT,
    URL,
    Local,
    bad,
    findings,
    held,
    ledger,
    many,
    records_of,
    snapshot_of,
    source_settings,
    target,
    wanted,
    withdrawn,
)
from tests.lakes import LATER, build, content_roots, rows, untouched

DAYS = ("2024-01-10", "2024-01-11", "2024-01-12")
ALL = Stretch(set_spec="", from_on=date(2024, 1, 1))
JANUARY = Stretch(set_spec="", from_on=date(2024, 1, 1), until_on=date(2024, 1, 31))


def run(lake, arxiv, stretch=ALL, operation="backfill", **changes):
    return harvest(target(lake, **changes), arxiv.source, stretch, operation)


def test_rows_and_their_window_commit_together(tmp_path):
    arxiv = Local(many(7, DAYS), page_size=3)
    result = run(tmp_path, arxiv, JANUARY)

    assert (result.seen, result.minted, result.unchanged, result.rejected) == (7, 7, 0, 0)
    assert result.sequence == 1
    assert dict(held(tmp_path)) == wanted(arxiv.store)
    assert ledger(tmp_path) == [("", "2024-01-01", "2024-01-31", "done")]
    (line,) = rows(tmp_path, "windows")
    assert (line["records"], line["attempts"], line["source"]) == (7, 1, URL)
    assert datetime.fromtimestamp(line["response_at"] / 1e6, UTC) == AT
    built = rows(tmp_path, "builds")[0]
    assert line["build_id"] == result.build_id == built["build_id"]
    [window] = json.loads(built["run_facts"])["inputs"]
    assert (window["namespace"], window["name"]) == (URL, "all sets, 2024-01-01 to 2024-01-31")
    assert window["inputFacets"]["inputStatistics"]["rowCount"] == 7
    assert findings(tmp_path) == []


def test_an_open_stretch_is_covered_until_the_day_of_the_first_answer(tmp_path):
    run(tmp_path, Local(many(2, DAYS)))

    assert ledger(tmp_path) == [("", "2024-01-01", "2026-11-20", "done")]
    assert str(ALL) == "all of arXiv, 2024-01-01 to now"
    assert str(replace(JANUARY, set_spec="cs")) == "cs, 2024-01-01 to 2024-01-31"


def test_an_empty_window_is_a_window_that_was_read(tmp_path):
    result = run(tmp_path, Local(), JANUARY)

    assert result.committed
    assert result.seen == 0
    assert ledger(tmp_path) == [("", "2024-01-01", "2024-01-31", "done")]
    assert findings(tmp_path) == []


def test_a_harvest_done_twice_changes_no_record(tmp_path):
    arxiv = Local([*many(9, DAYS), withdrawn("2401.00090", DAYS[1])])
    run(tmp_path, arxiv)
    before = content_roots(tmp_path)
    again = run(tmp_path, arxiv, now=LATER)

    assert (again.minted, again.unchanged) == (0, 10)
    assert content_roots(tmp_path) == before
    assert [row["attempts"] for row in rows(tmp_path, "windows")] == [1, 2]
    assert findings(tmp_path) == []


def test_days_harvested_apart_equal_the_stretch_harvested_whole(tmp_path):
    arxiv = Local(many(30, DAYS), page_size=4)
    run(tmp_path / "whole", arxiv)
    for day in reversed(DAYS):
        on = date.fromisoformat(day)
        run(tmp_path / "apart", arxiv, Stretch(set_spec="", from_on=on, until_on=on))

    assert content_roots(tmp_path / "apart") == content_roots(tmp_path / "whole")


def test_everything_ends_as_a_record_as_unchanged_or_as_a_reject_with_its_words(tmp_path):
    arxiv = Local([*many(3, DAYS), bad("2401.00091", DAYS[0]), withdrawn("2401.00092", DAYS[2])])
    result = run(tmp_path, arxiv)

    assert (result.seen, result.minted, result.rejected) == (5, 4, 1)
    assert result.rejected_by_reason == {"bad_version": 1}
    assert result.minted_withdrawn == 1
    (reject,) = rows(tmp_path, "rejects")
    assert reject["source_kind"] == "oai"
    assert b"oai:arXiv.org:2401.00091" in bytes(reject["raw"])
    seen = {row["arxiv_id"] for row in rows(tmp_path, "sightings")}
    assert seen == {entry.paper["id"] for entry in arxiv.store}


@pytest.mark.parametrize("at", range(1, 5))
def test_a_source_that_fails_midway_leaves_the_lake_as_it_was(tmp_path, at):
    arxiv = Local(many(12, DAYS), page_size=4)
    run(tmp_path, Local(many(3, DAYS, first=100)))
    before = untouched(tmp_path)

    def get(request):
        if len(arxiv.requests) == at - 1:
            raise SourceUnavailableError("HTTP 503")
        return arxiv(request)

    with pytest.raises(SourceUnavailableError):
        harvest(target(tmp_path), replace(arxiv.source, get=get), ALL, "backfill")
    assert untouched(tmp_path) == before


def test_a_first_harvest_that_fails_makes_no_lake(tmp_path):
    arxiv = Local(many(3, DAYS))
    arxiv.is_down = True
    with pytest.raises(SourceUnavailableError):
        run(tmp_path, arxiv)
    assert live_manifest(tmp_path) is None


# What moves while it is read


@pytest.mark.parametrize("until", ["2026-11-18", "2026-11-19", "2026-11-20"])
def test_what_moves_out_of_a_window_while_it_is_read_is_read_too(tmp_path, until):
    arxiv = Local(many(40, ("2026-11-17", "2026-11-18")), page_size=10)
    stretch = Stretch(set_spec="", from_on=date(2026, 11, 1), until_on=date.fromisoformat(until))

    def get(request):
        if len(arxiv.requests) == 2:
            arxiv.store.edit("2401.00040", title="Edited")
        return arxiv(request)

    harvest(target(tmp_path), replace(arxiv.source, get=get), stretch, "backfill")
    assert dict(held(tmp_path)) == wanted(arxiv.store)


@pytest.mark.parametrize("at", [2, 3, 4, 5])
def test_a_paper_edited_between_pages_is_held_as_it_is_now(tmp_path, at):
    arxiv = Local(many(40, ("2024-01-10",)), page_size=10)

    def get(request):
        if len(arxiv.requests) == at - 1:
            arxiv.store.edit("2401.00003", title="Edited")
        return arxiv(request)

    harvest(target(tmp_path), replace(arxiv.source, get=get), ALL, "backfill")
    assert set(wanted(arxiv.store).items()) <= set(held(tmp_path))
    assert len(held(tmp_path)) == len(set(held(tmp_path))) == 41


@pytest.mark.parametrize("number", range(1, 7))
def test_of_two_states_read_in_one_run_the_one_changed_last_is_the_latest(tmp_path, number):
    name = f"2401.{number:05d}"
    arxiv = Local(many(40, ("2024-01-10",)), page_size=10)

    def get(request):
        if len(arxiv.requests) == 1:
            arxiv.store.edit(name, title=f"Mended {number}")
        return arxiv(request)

    harvest(target(tmp_path), replace(arxiv.source, get=get), ALL, "backfill")
    query = "select title from latest_records where arxiv_id = ?"
    assert connect(tmp_path).execute(query, [name]).fetchone() == (f"Mended {number}",)


# The text


def rich():
    return paper(
        title=TEX_TITLE, abstract=TEX_ABSTRACT, authors='K. G{\\"o}del, P. Erd\\H{o}s', license=""
    )


def test_the_text_of_a_record_is_that_of_arxivraw_byte_for_byte(tmp_path):
    run(tmp_path, Local([rich()]))
    (row,) = rows(tmp_path, "records")

    assert row["title"].encode() == TEX_TITLE.encode()
    assert row["abstract"].encode() == TEX_ABSTRACT.encode()
    assert row["authors"].encode() == b'K. G{\\"o}del, P. Erd\\H{o}s'


def test_text_of_the_form_arxiv_differs_and_is_never_minted(tmp_path):
    arxiv = Local([rich()])
    (entry,) = arxiv.store
    (raw,) = records_of(arxiv.store)
    xml = record_xml(entry, "arXiv")
    assert f"<title>{cooked('On Schr')}" in xml.replace("\n", "")
    assert "Schrödinger" in xml
    assert "Schrödinger" not in raw.xml.decode()

    def get(request):
        answer = arxiv(request)
        start, end = answer.find(b"<record>"), answer.find(b"</record>")
        return answer[:start] + xml.strip().removesuffix("</record>").encode() + answer[end:]

    result = harvest(target(tmp_path), replace(arxiv.source, get=get), ALL, "backfill")
    assert result.rejected_by_reason == {"not_raw": 1}
    assert held(tmp_path) == []

    cooked_paper = replace(read_paper(raw), title=cooked(TEX_TITLE), abstract=cooked(TEX_ABSTRACT))
    assert Identity.of(cooked_paper).number != Identity.of(read_paper(raw)).number


def test_a_harvest_equals_a_build_of_the_same_papers(tmp_path):
    papers = [rich(), *many(20, DAYS, first=100), paper("math/9901001", DAYS[0], license="")]
    built = build(tmp_path / "built", snapshot_of(papers))
    harvested = run(tmp_path / "harvested", Local(papers, page_size=5))

    assert built.minted == harvested.minted == 22
    assert content_roots(tmp_path / "built") == content_roots(tmp_path / "harvested")
    again = build(tmp_path / "harvested", snapshot_of(papers), now=LATER)
    assert (again.minted, again.unchanged, again.committed) == (0, 22, False)


# Chunks and workers


@pytest.mark.parametrize("workers", [1, 3])
def test_neither_chunks_nor_workers_change_the_lake(tmp_path, monkeypatch, workers):
    arxiv = Local(many(40, DAYS), page_size=10)
    run(tmp_path / "whole", arxiv)
    monkeypatch.setattr("pith_builder.operations.harvest.CHUNK_PAPERS", 9)
    told = []
    harvest(
        target(tmp_path / "cut", workers=workers),
        arxiv.source,
        ALL,
        "backfill",
        progress=told.append,
    )

    assert told == [9, 18, 27, 36, 40]
    assert content_roots(tmp_path / "cut") == content_roots(tmp_path / "whole")
    assert findings(tmp_path / "cut") == []


# The source


def test_an_address_that_is_none_is_refused(tmp_path):
    settings = source_settings("oaipmh.arxiv.org", tmp_path)
    with pytest.raises(UsageError, match="not an address"), opened_source(settings):
        pass


def test_a_folder_without_answers_cannot_be_replayed(tmp_path):
    settings = source_settings(URL, tmp_path, replay=tmp_path)
    with pytest.raises(SourceError, match="holds no kept answers"), opened_source(settings):
        pass


def test_what_the_source_says_besides_is_kept(tmp_path):
    run(tmp_path, Local([paper(proxy="ccsd", doi="10.1000/1", comments="5 pages")]))
    (row,) = rows(tmp_path, "records")

    assert json.loads(row["other_metadata"]) == {"proxy": "ccsd"}
    assert (row["doi"], row["comments"]) == ("10.1000/1", "5 pages")
