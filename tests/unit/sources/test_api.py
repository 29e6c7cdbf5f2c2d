"""The query API: identifiers, all of them, or an error."""

from datetime import date

import pytest

from pith_builder.errors import SourceError, SourceUnavailableError, UsageError
from pith_builder.sources import api
from pith_builder.sources.fetching import Request
from pith_builder.sources.oai_page import BrokenPageError
from tests.arxiv_server.atom import QueryApi
from tests.arxiv_server.clients import api_fetcher
from tests.arxiv_server.faults import OF_TRANSPORT, Fault, Faults, without_items
from tests.arxiv_server.papers import paper, papers
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.makers import SHARED, needs_shared

ATOM = SHARED / "arxiv" / "atom"
MONTHS = Store(
    [paper(f"{year}{month:02d}.00001") for year in (22, 23) for month in range(1, 13)]
    + [paper("2301.00002", categories="hep-th", authors="G. Hinton")]
)


def asked(**arguments):
    return Request(tuple((name, str(value)) for name, value in arguments.items()))


def local(store, **limits):
    repository = QueryApi(store, **limits)
    return lambda request: repository.answer(request.arguments)


def ids(found):
    return [str(each.arxiv_id) for each in found]


@needs_shared
@pytest.mark.parametrize("start", [0, 10, 20, 30])
def test_the_real_pages_are_whole(start):
    (path,) = ATOM.glob(f"q_testing_s{start}_*.xml")

    assert api.check_feed(asked(start=start, max_results=10), path.read_bytes()) == 214_881


@needs_shared
def test_real_pages_that_are_not_what_was_asked():
    answer = next(ATOM.glob("q_testing_s10_*.xml")).read_bytes()

    with pytest.raises(BrokenPageError, match="starts at 10"):
        api.check_feed(asked(start=0, max_results=10), answer)
    with pytest.raises(BrokenPageError, match="10 entries, wanted 100"):
        api.check_feed(asked(start=10, max_results=100), answer)


@needs_shared
def test_a_real_error_feed_is_an_error():
    answer = next(ATOM.glob("id_abc_*.xml")).read_bytes()

    with pytest.raises(SourceError, match="incorrect id format for abc") as caught:
        api.check_feed(asked(id_list="abc", max_results=100), answer)
    assert not isinstance(caught.value, SourceUnavailableError)


@needs_shared
def test_a_real_empty_feed_is_empty():
    answer = next(ATOM.glob("id_0000*.xml")).read_bytes()

    assert api.check_feed(asked(max_results=100), answer) == 0


FEED = QueryApi(Store([paper()])).answer((("search_query", "cat:cs.LG"),))


def test_a_feed_cut_at_any_byte_is_refused():
    whole = FEED.rstrip()
    assert api.check_feed(asked(), whole) == 1
    for end in range(len(whole)):
        with pytest.raises(BrokenPageError):
            api.check_feed(asked(), whole[:end])


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<!DOCTYPE html><html></html>",
        b"<feed/>",
        without_items(FEED),
        FEED.replace(b"totalResults>1<", b"totalResults>2<"),
        FEED.replace(b"totalResults>1<", b"totalResults><"),
        FEED.replace(b"totalResults>1<", b"totalResults>" + b"1" * 5000 + b"<"),
        FEED.replace(b"totalResults>1<", "totalResults>\u0661<".encode()),
        FEED.replace(b"totalResults", b"results"),
    ],
)
def test_silences_are_refused(answer):
    with pytest.raises(BrokenPageError):
        api.check_feed(asked(), answer)


def test_a_category_between_days():
    days = {"from_on": date(2022, 11, 1), "until_on": date(2023, 2, 28)}
    found = api.find(local(MONTHS), api.category_query("cs.LG"), **days)

    assert ids(found) == ["2211.00001", "2212.00001", "2301.00001", "2302.00001"]
    assert {each.version for each in found} == {1}


def test_a_query():
    found = api.find(local(MONTHS), "cat:hep-th AND au:hinton")

    assert ids(found) == ["2301.00002"]


def test_the_version_is_the_latest():
    store = Store([paper()])
    store.revise("2401.00001", "Wed, 3 Jan 2024 10:00:00 GMT")

    assert [each.version for each in api.find(local(store), "cat:cs.LG")] == [2]


def test_pages_are_turned():
    found = api.find(local(Store(papers(95))), "cat:cs.LG", page_size=10)

    assert len(set(found)) == len(found) == 95


def test_nothing_is_believed_when_said_twice():
    count = 0
    get = local(MONTHS)
    nothing = local(Store())

    def get_in_time(request):
        nonlocal count
        count += 1
        return (nothing if count == 1 else get)(request)

    assert len(api.find(get_in_time, "cat:cs.LG")) == 24
    assert api.find(nothing, "cat:cs.LG") == ()


def test_too_many_are_split_by_date(monkeypatch):
    monkeypatch.setattr(api, "QUERY_LIMIT", 5)
    days = {"from_on": date(2022, 1, 1), "until_on": date(2023, 12, 31)}
    found = api.find(local(MONTHS, limit=5), "cat:cs.LG", page_size=5, **days)

    assert len(found) == 24


def test_too_many_without_dates_or_in_one_minute(monkeypatch):
    monkeypatch.setattr(api, "QUERY_LIMIT", 5)
    get = local(Store(papers(20)))

    with pytest.raises(UsageError, match="name its first and last day"):
        api.find(get, "cat:cs.LG", page_size=5)
    with pytest.raises(SourceError, match="all submitted at 2024-01-02"):
        api.find(get, "cat:cs.LG", from_on=date(2024, 1, 1), until_on=date(2024, 1, 31))


@pytest.mark.parametrize(
    "days",
    [
        {"from_on": date(2024, 1, 1)},
        {"until_on": date(2024, 1, 1)},
        {"from_on": date(2024, 1, 2), "until_on": date(2024, 1, 1)},
    ],
)
def test_dates_that_are_no_range(days):
    with pytest.raises(UsageError):
        api.find(local(MONTHS), "cat:cs.LG", **days)


def test_pages_that_do_not_add_up_are_searched_again_then_refused():
    store = Store(papers(30))
    get = local(store)
    first = get(asked(search_query="cat:cs.LG", start=0, max_results=10))

    def repeating(request):
        start = request.get("start")
        return first.replace(b"startIndex>0<", f"startIndex>{start}<".encode())

    with pytest.raises(SourceUnavailableError, match=r"promised 30 results .* gave 10"):
        api.find(repeating, "cat:cs.LG", page_size=10)


def test_an_entry_that_cannot_be_read_is_an_error():
    spoilt = FEED.replace(b"<published>2024-01-02T", b"<published>2024-13-02T")
    with pytest.raises(SourceError, match="cannot be read"):
        api.find(lambda _: spoilt, "cat:cs.LG")
    skipped = FEED.replace(b"published>", b"announced>")
    with pytest.raises(SourceUnavailableError, match="promised 1 results"):
        api.find(lambda _: skipped, "cat:cs.LG")
    stranger = FEED.replace(b"abs/2401.00001v1", b"abs/nothing")
    with pytest.raises(SourceError, match="is no paper"):
        api.find(lambda _: stranger, "cat:cs.LG")
    unversioned = FEED.replace(b"abs/2401.00001v1", b"abs/2401.00001")
    with pytest.raises(SourceError, match="names no version"):
        api.find(lambda _: unversioned, "cat:cs.LG")


@pytest.mark.parametrize("fault", OF_TRANSPORT)
def test_each_fault_is_survived_over_http(tmp_path, fault):
    faults = Faults(rate=0.4, kinds=(fault,), seed=3, slow_seconds=0.01)
    with (
        LoopbackArxiv(Store(papers(60)), faults=faults) as arxiv,
        api_fetcher(arxiv.api_url, tmp_path) as get,
    ):
        found = api.find(get, "cat:cs.LG", page_size=7)

    assert len(found) == 60


def test_short_feeds_for_ever_end_in_a_clear_error(tmp_path):
    faults = Faults(rate=1, kinds=(Fault.NO_ITEMS,))
    with (
        LoopbackArxiv(Store(papers(3)), faults=faults) as arxiv,
        api_fetcher(arxiv.api_url, tmp_path) as get,
        pytest.raises(SourceUnavailableError, match="0 entries, wanted 3 of 3"),
    ):
        api.find(get, "cat:cs.LG")
