"""Asking arXiv's services whether they answer, one request to each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pith_builder.errors import UsageError
from pith_builder.operations.checkup import Finding, Verdict, failed
from pith_builder.operations.fetch import opened_api
from pith_builder.operations.harvest import SourceSettings, opened_source
from pith_builder.sources import api
from pith_builder.sources.fetching import Request
from pith_builder.sources.oai import get_page
from pith_builder.sources.oai_page import Verb

CLOCKS_DIFFER = timedelta(minutes=5)
"""More than this between arXiv's clock and this one's, and one of them is wrong."""


def look_at_oai(settings: SourceSettings, now: datetime) -> Iterator[Finding]:
    """Ask the repository who it is, and what time it has."""
    with opened_source(settings) as source:
        page = get_page(source.get, Request((("verb", Verb.IDENTIFY),)))
    yield Finding("OAI-PMH", Verdict.OK, f"{settings.base_url} answers")
    apart = abs(now - page.response_at)
    if apart > CLOCKS_DIFFER:
        error = UsageError(f"arXiv's clock and this one's are {apart} apart")
        yield failed("clock", error, "set the machine's clock before building")


def look_at_api(url: str, settings: SourceSettings) -> Iterator[Finding]:
    """Ask the query API for one result."""
    request = Request((("search_query", api.category_query("cs.LG")), ("max_results", "1")))
    with opened_api(url, settings) as get:
        total = api.check_feed(request, get(request))
    yield Finding("query API", Verdict.OK, f"{url} answers, with {total} papers in cs.LG")
