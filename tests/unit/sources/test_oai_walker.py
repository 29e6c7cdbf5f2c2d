"""Windows read whole, whatever fails and whatever moves while they are read."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.errors import SourceError, SourceUnavailableError, UsageError
from pith_builder.sources import oai
from pith_builder.sources.arxiv_raw import read_paper
from pith_builder.sources.fetching import Request
from pith_builder.sources.oai_page import BrokenPageError, Verb, read_page
from pith_builder.sources.oai_walker import MAX_RESTARTS, Walk, Window, pages
from pith_builder.sources.snapshot import read_line
from tests.arxiv_server.clients import USER_AGENT, fetcher
from tests.arxiv_server.faults import EVERY, Fault, Faults
from tests.arxiv_server.oai import OaiRepository
from tests.arxiv_server.papers import TEX_ABSTRACT, TEX_TITLE, paper, papers
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.makers import SHARED, needs_shared

SAMPLE = Path(__file__).parents[3] / "data" / "sample" / "papers.jsonl"
ALL = Window()


def local(store, **sizes):
    """A `get` over a store without a network."""
    repository = OaiRepository(store, **sizes)
    return lambda request: repository.answer(request.arguments)


def names(read):
    return [
        header.identifier.removeprefix("oai:arXiv.org:") for page in read for header in page.headers
    ]


def walked(get, window=ALL):
    """The latest state of every paper that a walk gives, by identifier."""
    found = {}
    for page in Walk(get, window):
        for record in page.records:
            found[record.header.identifier] = read_paper(record)
    return {str(each.arxiv_id): each for each in found.values()}


def naive(get, window=ALL):
    """What a client sees that follows tokens and trusts them."""
    return names(pages(get, window))


@needs_shared
def test_the_six_real_pages_are_walked_by_their_tokens():
    folder = SHARED / "arxiv" / "oai"
    answers = [(folder / f"listrecords_arXivRaw_p0{n}.xml").read_bytes() for n in range(1, 7)]
    tokens = [read_page(answer).token for answer in answers]
    by_request = {ALL.request(Verb.LIST_RECORDS): answers[0]} | {
        Request((("verb", "ListRecords"), ("resumptionToken", token))): answer
        for token, answer in zip(tokens, answers[1:], strict=False)
    }

    found = names(pages(by_request.__getitem__, ALL))
    assert len(found) == len(set(found)) == 503


def test_a_window_of_many_pages_gives_every_record_once():
    store = Store(papers(95))

    found = names(Walk(local(store, page_size=10), ALL))
    assert sorted(found) == sorted(entry.paper["id"] for entry in store)


def test_a_window_of_one_page_asks_once():
    asked = []
    get = local(Store(papers(5)))
    names(Walk(lambda request: asked.append(request) or get(request), ALL))

    assert [request.get("verb") for request in asked] == ["ListRecords"]


def test_a_window_of_nothing_is_a_page_without_records():
    walk = Walk(local(Store(papers(5))), Window(from_on=date(2025, 1, 1)))

    assert [page.records for page in walk] == [()]
    assert walk.first_response_at is not None


def test_sets_and_days_bound_a_window():
    store = Store(
        [
            paper("2401.00001", "2024-01-10"),
            paper("2401.00002", "2024-01-11"),
            paper("2401.00003", "2024-01-12", categories="math-ph math.MP"),
            paper("2401.00004", "2024-01-13"),
        ]
    )
    get = local(store)
    days = {"from_on": date(2024, 1, 11), "until_on": date(2024, 1, 12)}

    assert names(Walk(get, Window(**days))) == ["2401.00002", "2401.00003"]
    assert names(Walk(get, Window(set_spec="cs:cs:LG", **days))) == ["2401.00002"]
    assert names(Walk(get, Window(set_spec="math:math:MP"))) == ["2401.00003"]
    assert names(Walk(get, Window(set_spec="physics"))) == ["2401.00003"]


def test_a_window_is_refused():
    with pytest.raises(UsageError):
        Window(from_on=date(2024, 1, 2), until_on=date(2024, 1, 1))
    with pytest.raises(SourceError, match="Set does not exist") as caught:
        names(Walk(local(Store()), Window(set_spec="cs.LG")))
    assert not isinstance(caught.value, SourceUnavailableError)


def test_the_window_that_follows_overlaps_by_a_day():
    window = Window(set_spec="cs", from_on=date(2019, 1, 1), until_on=date(2019, 1, 31))

    after = window.following(datetime(2026, 11, 20, 0, 0, 1, tzinfo=UTC))
    assert after == Window(set_spec="cs", from_on=date(2026, 11, 19))


def edited_between_pages(get, store, arxiv_id, *, at):
    """A `get` during whose n-th request a paper is edited."""
    count = 0

    def get_and_edit(request):
        nonlocal count
        count += 1
        if count == at:
            store.edit(arxiv_id, comments="edited")
        return get(request)

    return get_and_edit


@pytest.mark.parametrize("at", [2, 3, 4])
def test_a_record_that_moves_makes_a_naive_client_lose_another_and_not_the_walk(at):
    store = Store(papers(40, days=("2024-01-10",)))
    get = local(store, page_size=10)
    lost = naive(edited_between_pages(get, store, "2401.00003", at=at))
    assert len(set(lost)) == 39

    store = Store(papers(40, days=("2024-01-10",)))
    get = edited_between_pages(local(store, page_size=10), store, "2401.00003", at=at)
    found = walked(get)
    assert len(found) == 40
    assert found["2401.00003"].comments == "edited"


def test_many_that_move_are_read_again_by_their_days():
    store = Store(papers(300, days=("2024-01-10", "2024-01-11")))
    get = local(store, page_size=100)
    count = 0

    def get_and_edit(request):
        nonlocal count
        count += 1
        if count == 2:
            for number in range(1, 81):
                store.edit(f"2401.{number:05d}", comments="edited")
        return get(request)

    found = walked(get_and_edit, Window(until_on=date(2024, 2, 1)))
    assert len(found) == 300  # 80 of them as they were: the window that follows has the edits


def test_what_leaves_the_window_is_in_the_one_that_follows():
    store = Store(papers(40, days=("2024-01-10", "2024-01-20")))
    window = Window(until_on=date(2024, 1, 31))
    walk = Walk(edited_between_pages(local(store, page_size=10), store, "2401.00040", at=2), window)
    found = names(walk)
    assert "2401.00040" not in found
    assert set(names(Walk(local(store), window.following(walk.first_response_at)))) == {
        "2401.00040"
    }


def test_records_that_never_hold_still_end_in_a_clear_error():
    store = Store(papers(40, days=("2024-01-10",)))
    get = local(store, page_size=10)
    hidden = 0

    def restless(request):
        nonlocal hidden
        if request.get("verb") == "ListIdentifiers":
            hidden += 1
            store.add(paper(f"2402.{hidden:05d}"), "2024-01-09")
        return get(request)

    with pytest.raises(SourceUnavailableError, match="does not hold still"):
        names(Walk(restless, Window(until_on=date(2024, 2, 1))))


def test_an_expired_token_goes_on_from_the_day_reached():
    store = Store(papers(40, days=("2024-01-10", "2024-01-11", "2024-01-12", "2024-01-13")))
    asked = []
    with LoopbackArxiv(store, faults=Faults(at={4: Fault.EXPIRED_TOKEN}), page_size=10) as arxiv:
        found = names(
            pages(
                lambda request: asked.append(request) or arxiv.answer("/oai", request.arguments)[0],
                ALL,
            )
        )
    assert set(found) == {entry.paper["id"] for entry in store}
    assert asked[4].get("from") == "2024-01-12"


@pytest.mark.parametrize("fault", [Fault.EXPIRED_TOKEN, Fault.REPEATED_TOKEN])
def test_tokens_that_always_fail_end_in_a_clear_error(fault):
    store = Store(papers(40, days=("2024-01-10",)))
    arxiv = LoopbackArxiv(store, faults=Faults(rate=1, kinds=(fault,)), page_size=10)
    with arxiv, pytest.raises(SourceUnavailableError, match="tokens lead nowhere"):
        names(pages(lambda request: arxiv.answer("/oai", request.arguments)[0], ALL))
    assert len(arxiv.requests) <= 3 * (MAX_RESTARTS + 1)


def test_an_answer_to_another_question_is_refused():
    get = local(Store(papers(3)))
    with pytest.raises(BrokenPageError, match="ListRecords came in answer"):
        oai.get_set_specs(lambda _: get(ALL.request(Verb.LIST_RECORDS)))


def test_single_requests():
    get = local(Store([paper("2401.00001"), paper("math/9901001")]))

    assert oai.get_record(get, ArxivId("math/9901001")).header.identifier.endswith("math/9901001")
    assert oai.get_record(get, ArxivId("2401.00009")) is None
    assert "cs:cs:LG" in oai.get_set_specs(get)
    assert oai.get_earliest_day(get) == date(2005, 9, 16)
    bad = Request((("verb", "ListRecords"), ("metadataPrefix", "marc")))
    with pytest.raises(SourceError, match="Did not recognize requested format"):
        oai.get_page(get, bad)


def test_a_repository_that_does_not_say_its_first_day():
    get = local(Store())
    with pytest.raises(SourceError, match="no earliestDatestamp"):
        oai.get_earliest_day(lambda request: get(request).replace(b"2005-09-16", b"long ago"))


# Over HTTP


def test_the_sample_over_http_is_the_sample(tmp_path):
    lines = SAMPLE.read_bytes().splitlines()
    wanted = {str(each.arxiv_id): each for each in map(read_line, lines)}
    with (
        LoopbackArxiv(Store.read(SAMPLE), page_size=50) as arxiv,
        fetcher(arxiv.oai_url, tmp_path) as get,
    ):
        found = walked(get)
        assert arxiv.user_agents == {USER_AGENT}
        assert arxiv.connections == 1

    assert found.keys() == wanted.keys()
    for name, each in found.items():
        assert each.title == wanted[name].title
        assert each.abstract == wanted[name].abstract
        assert each.license == wanted[name].license
        assert each.updated_on == max(wanted[name].updated_on, date(2005, 9, 16))


def test_text_rich_in_tex_over_http(tmp_path):
    store = Store([paper(title=TEX_TITLE, abstract=TEX_ABSTRACT)])
    with LoopbackArxiv(store) as arxiv, fetcher(arxiv.oai_url, tmp_path) as get:
        found = read_paper(oai.get_record(get, ArxivId("2401.00001")))

    assert found.title.encode() == TEX_TITLE.encode()
    assert found.abstract.encode() == TEX_ABSTRACT.encode()


@pytest.mark.parametrize("fault", EVERY)
def test_each_fault_is_survived(tmp_path, fault):
    store = Store(papers(60))
    faults = Faults(rate=0.4, kinds=(fault,), seed=3, slow_seconds=0.01)
    with LoopbackArxiv(store, faults=faults, page_size=10, identifiers_size=25) as arxiv:
        with fetcher(arxiv.oai_url, tmp_path) as get:
            found = walked(get)
        assert any(faults.drawn(n + 1) for n in range(len(arxiv.requests)))

    assert found.keys() == {entry.paper["id"] for entry in store}


@pytest.mark.parametrize("seed", range(5))
def test_all_faults_at_once_and_records_that_move(tmp_path, seed):
    store = Store(papers(400, days=("2024-01-10", "2024-01-11")))
    faults = Faults(rate=0.15, seed=seed, slow_seconds=0.01)
    with LoopbackArxiv(store, faults=faults, page_size=20, identifiers_size=150) as arxiv:
        for number in range(2, 22, 2):
            name = f"2401.{number * 7:05d}"
            arxiv.at_request(number, lambda store, name=name: store.edit(name, comments="edited"))
        with fetcher(arxiv.oai_url, tmp_path) as get:
            walk = Walk(get, ALL)
            found = {}
            for page in walk:
                found |= {record.header.identifier: record.xml for record in page.records}
            for page in Walk(get, ALL.following(walk.first_response_at)):
                found |= {record.header.identifier: record.xml for record in page.records}

    whole = read_page(local(store, page_size=1000)(ALL.request(Verb.LIST_RECORDS)))
    assert len(whole.records) == 400
    assert found == {record.header.identifier: record.xml for record in whole.records}


def test_a_server_that_is_down_ends_in_one_clear_line(tmp_path):
    faults = Faults(rate=1, kinds=(Fault.UNAVAILABLE,))
    with LoopbackArxiv(Store(papers(3)), faults=faults) as arxiv:
        with (
            fetcher(arxiv.oai_url, tmp_path) as get,
            pytest.raises(SourceUnavailableError) as caught,
        ):
            names(Walk(get, ALL))
        assert len(arxiv.requests) == 8

    message = str(caught.value)
    assert "\n" not in message
    assert "8 attempts" in message
    assert "HTTP 503" in message
    assert json.dumps(message)
