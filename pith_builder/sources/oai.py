"""arXiv's OAI-PMH: what can be asked of it in one request."""

from __future__ import annotations

from datetime import date

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.errors import SourceError
from pith_builder.sources.arxiv_raw import IDENTIFIER_PREFIX
from pith_builder.sources.fetching import Get, Request
from pith_builder.sources.oai_page import BrokenPageError, Page, Record, Verb, read_page

DEFAULT_URL = "https://oaipmh.arxiv.org/oai"
METADATA_PREFIX = "arXivRaw"
"""The only form whose text is raw, and so the only one that is minted from (FORMAT.md 2)."""

NO_RECORDS_MATCH = "noRecordsMatch"
BAD_TOKEN = "badResumptionToken"  # noqa: S105 - a code of OAI-PMH, not a secret
ID_DOES_NOT_EXIST = "idDoesNotExist"


def check_answer(request: Request, answer: bytes) -> Page:
    """Read an answer and see that it is one to `request`: the check a Fetcher needs.

    Raises:
        BrokenPageError: It is no whole page, or answers another verb.
    """
    page = read_page(answer)
    if page.verb is not None and page.verb != request.get("verb"):
        raise BrokenPageError(f"{page.verb} came in answer to {request}")
    return page


def get_page(get: Get, request: Request, *expected: str) -> Page:
    """Return the answer to `request`, an error among those of the codes `expected`.

    Raises:
        BrokenPageError: The answer is no whole page.
        SourceError: The repository answers with another error.
    """
    page = check_answer(request, get(request))
    if page.error is not None and page.error.code not in expected:
        raise SourceError(f"arXiv refuses {request}: {page.error}")
    return page


def get_record(get: Get, arxiv_id: ArxivId) -> Record | None:
    """Return one paper's record with its `arXivRaw`; None where arXiv has no such paper.

    Raises:
        SourceError: As `get_page`.
    """
    page = get_page(get, record_request(f"{IDENTIFIER_PREFIX}{arxiv_id}"), ID_DOES_NOT_EXIST)
    return page.records[0] if page.records else None


def record_request(identifier: str) -> Request:
    """Ask for one record by its OAI identifier."""
    return Request(
        (
            ("verb", Verb.GET_RECORD),
            ("identifier", identifier),
            ("metadataPrefix", METADATA_PREFIX),
        )
    )


def get_set_specs(get: Get) -> frozenset[str]:
    """Return the sets that the repository has.

    Raises:
        SourceError: As `get_page`.
    """
    return frozenset(get_page(get, Request((("verb", Verb.LIST_SETS),))).set_specs)


def get_earliest_day(get: Get) -> date:
    """Return the first datestamp there can be: an earlier `from` is refused (2005-09-16).

    Raises:
        SourceError: As `get_page`, or Identify does not say.
    """
    earliest = get_page(get, Request((("verb", Verb.IDENTIFY),))).earliest_on
    if earliest is None:
        raise SourceError("arXiv's Identify names no earliestDatestamp")
    return earliest
