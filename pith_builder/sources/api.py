"""arXiv's query API: finds identifiers, never text, which is not raw there (FORMAT.md 2).

The `arxiv` package builds the requests, turns the pages and reads the entries. It takes an error
page, an HTML page and a cut feed for fewer results, and says nothing; so each answer is read
strictly here before the package sees it, and what was found is counted against what was promised.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qsl, urlsplit

import arxiv  # type: ignore[import-untyped]  # the package carries no types
from arxiv import _feed

from pith_builder.core.arxiv_id import ArxivId, parse_arxiv_ref
from pith_builder.errors import MalformedError, SourceError, SourceUnavailableError, UsageError
from pith_builder.sources.fetching import Get, Request
from pith_builder.sources.oai_page import BrokenPageError
from pith_builder.sources.strict_xml import parse_xml

_log = logging.getLogger(__name__)

DEFAULT_URL = "https://export.arxiv.org/api/query"
PAGE_SIZE = 2000
"""arXiv's limit for one page."""

QUERY_LIMIT = 30_000
"""arXiv's limit for one query: beyond it, pages stay empty."""

MAX_TRIES = 3
"""Whole searches that are tried, should the pages of one not add up."""

_ATOM = "{http://www.w3.org/2005/Atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_ERRORS = "/api/errors"
_COUNT = re.compile(r"\d{1,18}", re.ASCII)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A paper that a search found: its identifier and the version the API knows."""

    arxiv_id: ArxivId
    version: int


def check_feed(request: Request, answer: bytes) -> int:
    """See that an answer is the whole feed asked for, and return how many results it promises.

    1. It parses to its closing tag as XML, and its root is an Atom feed.
    2. It is no error: arXiv sends those as a feed with one entry that looks like a result.
    3. It starts where it was asked to start.
    4. It has as many entries as its totalResults promises for a page of this size.

    This is the check that a Fetcher needs for the API.

    Raises:
        BrokenPageError: The answer is no whole feed, or is short: asking again may help.
        SourceError: The API refuses the query.
    """
    try:
        root = parse_xml(answer)
    except MalformedError as error:
        raise BrokenPageError(f"not a whole Atom feed: {error}") from error
    if root.tag != f"{_ATOM}feed":
        raise BrokenPageError(f"the root is {root.tag!r}, wanted an Atom feed")
    entries = root.findall(f"{_ATOM}entry")
    for entry in entries:
        if _ERRORS in (entry.findtext(f"{_ATOM}id") or ""):
            said = entry.findtext(f"{_ATOM}summary") or "no reason given"
            raise SourceError(f"arXiv's API refuses {request}: {said.strip()}")
    counts = [
        root.findtext(f"{_OPENSEARCH}{name}") or "" for name in ("totalResults", "startIndex")
    ]
    if not all(_COUNT.fullmatch(count.strip()) for count in counts):
        raise BrokenPageError("the feed does not say how many results there are, and from where")
    total, start = map(int, counts)
    if start != int(request.get("start") or 0):
        raise BrokenPageError(f"the feed starts at {start}, not where it was asked to")
    due = max(0, min(int(request.get("max_results") or 10), total - start))
    if len(entries) != due:
        raise BrokenPageError(f"the feed has {len(entries)} entries, wanted {due} of {total}")
    return total


class _CheckedClient(arxiv.Client):  # type: ignore[misc]  # the package carries no types
    """The package's client, asking through `get` and counting what it was promised."""

    def __init__(self, get: Get, page_size: int) -> None:
        super().__init__(page_size=page_size, delay_seconds=0, num_retries=0)
        self._get = get
        self.total = 0

    def _parse_feed(
        self,
        url: str,
        first_page: bool = True,  # noqa: FBT001, FBT002 - the package's own signature
        _try_index: int = 0,
    ) -> _feed.ParsedFeed:
        request = Request(tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True)))
        answer = self._get(request)
        total = check_feed(request, answer)
        if first_page:
            self.total = total
            if total > QUERY_LIMIT:
                raise _TooManyError(f"{total} results, {QUERY_LIMIT} can be had of one query")
        try:
            return _feed.parse(answer)
        except (ValueError, ArithmeticError) as error:
            raise SourceError(f"an entry of the feed cannot be read: {error}") from error


class _TooManyError(SourceError):
    """More results than one query can give."""


def find(
    get: Get,
    query: str,
    *,
    from_on: date | None = None,
    until_on: date | None = None,
    page_size: int = PAGE_SIZE,
) -> tuple[Found, ...]:
    """Return the papers that `query` finds, sorted, each once.

    A search with more than 30,000 results is split by submission date as often as needed.

    Args:
        get: Answers requests to the API.
        query: arXiv's query language: `cat:cs.LG AND au:hinton`.
        from_on: The first day of submission, both or neither with `until_on`.
        until_on: The last day of submission.
        page_size: Results to a page, at most 2,000.

    Raises:
        SourceUnavailableError: The API did not give all that it promised.
        SourceError: The API refuses the query, or more than 30,000 papers came in one minute.
        UsageError: There are more than 30,000 results and no dates to split by.
    """
    if (from_on is None) != (until_on is None):
        raise UsageError("a search by date needs both its first and its last day: --from, --until")
    if from_on is None or until_on is None:
        try:
            return _search(get, query, page_size)
        except _TooManyError as error:
            raise UsageError(f"{query!r} has {error}; name its first and last day") from error
    if until_on < from_on:
        raise UsageError(
            f"the search ends on {until_on}, before {from_on}: turn the two days round"
        )
    first = datetime.combine(from_on, time(0, 0), UTC)
    last = datetime.combine(until_on, time(23, 59), UTC)
    return tuple(sorted(set(_search_between(get, query, first, last, page_size))))


def category_query(category: str) -> str:
    """Write a category as a query."""
    return f"cat:{category}"


def _search_between(
    get: Get, query: str, first: datetime, last: datetime, page_size: int
) -> Iterator[Found]:
    """Search minute `first` to minute `last`, both included, in halves where it is too much."""
    dates = f"submittedDate:[{first:%Y%m%d%H%M} TO {last:%Y%m%d%H%M}]"
    try:
        yield from _search(get, f"({query}) AND {dates}" if query else dates, page_size)
    except _TooManyError as error:
        if first >= last:
            raise SourceError(f"{query!r} has {error}, all submitted at {first}") from error
        middle = first + (last - first) // 2
        middle = middle.replace(second=0, microsecond=0)
        _log.info("%s has %s; splitting it at %s", dates, error, middle)
        yield from _search_between(get, query, first, middle, page_size)
        yield from _search_between(get, query, middle + _MINUTE, last, page_size)


def _search(get: Get, query: str, page_size: int) -> tuple[Found, ...]:
    """Search once, and again should the pages together not add up.

    Oldest submissions come first, so that papers that come in meanwhile stand at the end. That
    there are none at all is believed when said twice: the API gives empty feeds for no reason.
    """
    found: list[Found] = []
    total = 0
    for tries in range(MAX_TRIES):
        client = _CheckedClient(get, page_size)
        search = arxiv.Search(
            query=query,
            max_results=None,
            sort_by=arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Ascending,
        )
        found = [_found(result.entry_id) for result in client.results(search)]
        total = client.total
        is_whole = len({each.arxiv_id for each in found}) == len(found) >= total
        if is_whole and (found or tries):
            return tuple(sorted(found))
        _log.info("%s: %d of %d results came; searching again", query, len(set(found)), total)
    raise SourceUnavailableError(
        f"arXiv's API promised {total} results for {query!r} and gave {len(set(found))} "
        f"in each of {MAX_TRIES} searches; try again later"
    )


def _found(entry_id: str) -> Found:
    try:
        arxiv_id, version = parse_arxiv_ref(entry_id)
    except MalformedError as error:
        raise SourceError(f"arXiv's API found what is no paper: {entry_id!r}") from error
    if version is None:
        raise SourceError(f"arXiv's API names no version: {entry_id!r}")
    return Found(arxiv_id, version)
