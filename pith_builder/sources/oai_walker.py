"""Reading a whole window of OAI-PMH, in which records move while they are read.

A record stands in a list by its datestamp, the day of its last change. One that is changed in the
meantime moves to today, and two things follow:

1. arXiv's tokens count records of a day that were given already. When one of those moves away, the
   rest of its day moves up, and the next page passes over a record. So a list of several pages is
   compared with a list of identifiers alone, and what was passed over is read again.
2. A record of a window that ends before today leaves it, read or not. So whoever wants every
   record reads, after the window, from its first response date on: `following`.

Every record is given at least once, some twice; identity is content, so that costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pith_builder.errors import SourceUnavailableError, UsageError
from pith_builder.sources.fetching import Get, Request
from pith_builder.sources.oai import (
    BAD_TOKEN,
    ID_DOES_NOT_EXIST,
    METADATA_PREFIX,
    NO_RECORDS_MATCH,
    get_page,
    record_request,
)
from pith_builder.sources.oai_page import Header, Page, Verb

_log = logging.getLogger(__name__)

OVERLAP = timedelta(days=1)
"""Datestamps are days, and a day is not over when it is read."""

MAX_RESTARTS = 5
"""Restarts on end at the same day: a token lives until midnight UTC, so one a day is usual."""

MAX_ROUNDS = 5
"""Comparisons of one window with its identifiers; one is usual, two when records move."""

FETCHED_SINGLY = 50
"""Up to so many records that were passed over are asked for one by one, else by their days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Records of a set by datestamp: days from and until, both included; None has no bound."""

    set_spec: str | None = None
    from_on: date | None = None
    until_on: date | None = None

    def __post_init__(self) -> None:
        if self.from_on and self.until_on and self.until_on < self.from_on:
            raise UsageError(
                f"the window ends on {self.until_on}, before {self.from_on}: turn them round"
            )

    def __str__(self) -> str:
        days = f"{self.from_on or '…'} to {self.until_on or '…'}"
        return f"{self.set_spec} {days}" if self.set_spec else days

    def request(self, verb: Verb) -> Request:
        """Ask for the first page of this window."""
        bounds = (("from", self.from_on), ("until", self.until_on), ("set", self.set_spec))
        return Request(
            (
                ("verb", verb),
                ("metadataPrefix", METADATA_PREFIX),
                *((name, str(bound)) for name, bound in bounds if bound is not None),
            )
        )

    def following(self, first_response_at: datetime) -> Window:
        """Return the window of what has moved since this one's first answer, without end."""
        return replace(self, from_on=(first_response_at - OVERLAP).date(), until_on=None)


def pages(get: Get, window: Window, verb: Verb = Verb.LIST_RECORDS) -> Iterator[Page]:
    """Follow resumption tokens through `window`; an empty window is one page without records.

    A token that is refused, or comes twice, is left: the window is read again from the day that
    was reached (from its start, if its days came out of order).

    Raises:
        SourceUnavailableError: An answer is broken, or the tokens lead nowhere.
        SourceError: The repository refuses the window.
    """
    reached = window.from_on
    furthest = date.min
    restarts = 0
    request = window.request(verb)
    followed: set[str] = set()
    while True:
        page = get_page(get, request, NO_RECORDS_MATCH, BAD_TOKEN)
        is_refused = page.error is not None and page.error.code == BAD_TOKEN
        if not is_refused:
            yield page
            if not page.token:
                return
            days = [header.datestamp or date.min for header in page.headers]
            is_in_order = min(days) >= (reached or date.min)
            reached = max(days) if is_in_order else window.from_on
            if max(days) > furthest:
                furthest, restarts = max(days), 0
        if is_refused or page.token in followed:
            restarts += 1
            if restarts > MAX_RESTARTS:
                raise SourceUnavailableError(
                    f"arXiv's tokens lead nowhere: {window} was begun {restarts} times at "
                    f"{reached or 'its start'} ({page.error or 'a token came twice'}); try later"
                )
            _log.info("%s: a token failed; reading again from %s", window, reached)
            request = replace(window, from_on=reached).request(verb)
            followed.clear()
        else:
            followed.add(page.token or "")
            request = Request((("verb", verb), ("resumptionToken", page.token or "")))


class Walk:
    """One reading of a window: iterate for its pages; every record is in one of them at least.

    Attributes:
        window: The window.
        first_response_at: The earliest response date of all pages, once there is one. What
            changed from then on may have left the window: see `Window.following`.
    """

    def __init__(self, get: Get, window: Window) -> None:
        """Get ready to read `window` through `get`; nothing is asked yet."""
        self.window = window
        self.first_response_at: datetime | None = None
        self._get = get
        self._seen: dict[str, date] = {}

    def __iter__(self) -> Iterator[Page]:
        """Read the window.

        Raises:
            SourceUnavailableError: As `pages`, or records move faster than they can be read.
            SourceError: As `pages`.
        """
        count = 0
        for page in pages(self._get, self.window):
            count += 1
            yield self._noted(page)
        if count > 1:  # a list of one page is one query: nothing can move under it
            yield from self._passed_over()

    def _noted(self, page: Page) -> Page:
        earliest = self.first_response_at or page.response_at
        self.first_response_at = min(earliest, page.response_at)
        for header in page.headers:
            self._note(header)
        return page

    def _note(self, header: Header) -> None:
        seen = self._seen.get(header.identifier, date.min)
        self._seen[header.identifier] = max(seen, header.datestamp or date.min)

    def _passed_over(self) -> Iterator[Page]:
        """Read what a list of identifiers has and the pages had not, until nothing is left.

        After the first round, changes of the day of the first response and later are left to the
        window that follows: they would go on for as long as arXiv is at work.
        """
        for rounds in range(MAX_ROUNDS):
            missing = self._missing()
            if rounds and self.first_response_at is not None:
                today = self.first_response_at.date()
                missing = {name: day for name, day in missing.items() if day < today}
            if not missing:
                return
            _log.info("%s: %d records were passed over; reading them", self.window, len(missing))
            if len(missing) > FETCHED_SINGLY:
                days = (min(missing.values()), max(missing.values()))
                part = replace(self.window, from_on=days[0], until_on=days[1])
                yield from map(self._noted, pages(self._get, part))
            else:
                yield from self._read_singly(missing)
        raise SourceUnavailableError(
            f"{self.window} does not hold still: after {MAX_ROUNDS} comparisons with arXiv's list "
            "of identifiers there are records that were passed over; try again later"
        )

    def _missing(self) -> dict[str, date]:
        """Return what is listed now and was not read as of that day."""
        listed: dict[str, date] = {}
        for page in pages(self._get, self.window, Verb.LIST_IDENTIFIERS):
            for header in page.headers:
                listed[header.identifier] = header.datestamp or date.min
        return {
            name: day
            for name, day in listed.items()
            if name not in self._seen or self._seen[name] < day
        }

    def _read_singly(self, missing: dict[str, date]) -> Iterator[Page]:
        for name, day in missing.items():
            yield self._noted(get_page(self._get, record_request(name), ID_DOES_NOT_EXIST))
            self._note(Header(identifier=name, datestamp=day))
