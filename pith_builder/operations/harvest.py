"""Harvesting: one window of arXiv's OAI-PMH to one commit, rows and ledger together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path

from pith_builder.errors import UsageError
from pith_builder.lake.tables import SIGHTINGS, WINDOWS
from pith_builder.operations.chunks import Observation, ReadChunk
from pith_builder.operations.gate import check_gate
from pith_builder.operations.ledger import DONE, HEALED, Days, LedgerWindow, read_ledger
from pith_builder.operations.transaction import (
    BuildResult,
    Progress,
    Target,
    Transaction,
    transaction,
)
from pith_builder.sources.arxiv_raw import RejectedRecordError, read_paper
from pith_builder.sources.fetching import Fetcher, Get, Patience
from pith_builder.sources.oai import check_answer
from pith_builder.sources.oai_page import Page, Record
from pith_builder.sources.oai_walker import Walk, Window
from pith_builder.sources.pacing import Pace
from pith_builder.sources.raw_pages import kept, replayed

CHUNK_PAPERS = 5_000
"""Papers in a chunk of a harvest."""

_log = logging.getLogger(__name__)

_IDENTIFIER_PREFIX = "oai:arXiv.org:"


@dataclass(frozen=True, slots=True)
class Source:
    """A repository of OAI-PMH, and what answers for it."""

    base_url: str
    get: Get


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """How to reach a repository.

    Attributes:
        base_url: Its address.
        pace: The turns at asking, shared by all processes of the machine.
        patience: How long to bear with it.
        user_agent: Names the builder to it.
        keep_raw: A folder to keep its answers in, or None.
        replay: A folder of kept answers to take instead of asking, or None.
    """

    base_url: str
    pace: Pace
    patience: Patience
    user_agent: str
    keep_raw: Path | None = None
    replay: Path | None = None


@contextmanager
def opened_source(settings: SourceSettings) -> Iterator[Source]:
    """Open a repository, or kept answers of it.

    Raises:
        UsageError: The address is none.
        SourceError: The folder to replay holds no answers.
        StorageError: The folder for answers cannot be made.
    """
    if settings.replay is not None:
        yield Source(settings.base_url, replayed(settings.replay))
        return
    with Fetcher(
        settings.base_url,
        check=check_answer,
        pace=settings.pace,
        patience=settings.patience,
        user_agent=settings.user_agent,
    ) as fetcher:
        get: Get = fetcher
        if settings.keep_raw is not None:
            get = kept(fetcher, settings.keep_raw)
        yield Source(settings.base_url, get)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What to harvest in one commit: a set's records of some days, a gap or not.

    No last day means until now.
    """

    set_spec: str
    from_on: date
    until_on: date | None = None
    is_gap: bool = False

    def __str__(self) -> str:
        return f"{self.set_spec or 'all of arXiv'}, {self.from_on} to {self.until_on or 'now'}"


def harvest(
    target: Target,
    source: Source,
    stretch: Stretch,
    operation: str,
    *,
    is_forced: bool = False,
    progress: Progress = lambda _: None,
) -> BuildResult:
    """Read one stretch whole, mint what is new, and commit rows and ledger together.

    After a stretch that has a last day, what moved out of it while it was read is read too.

    Raises:
        SourceUnavailableError: The source gave no whole answer; nothing is committed.
        SourceError: The source refuses; nothing is committed.
        GateError: The run is unlike recent ones; nothing is committed.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    with transaction(target, operation) as opened:
        reading = _Reading(source)
        observed = reading.observations(stretch)
        opened.mint(read_chunks(observed), progress)
        line = reading.line(stretch)
        _log.info("read %s: %d records", stretch, line.records)
        opened.write(
            SIGHTINGS, [opened.rows.sighting(*sighting) for sighting in sorted(reading.sightings)]
        )
        write_lines(opened, [line])
        if not is_forced:
            check_gate(target.lake, opened.plan.manifest, operation, opened.result)
        return opened.commit([line.as_input()], is_forced=is_forced)


def write_lines(opened: Transaction, lines: Iterable[LedgerWindow]) -> None:
    """Write lines of the ledger, each counted with those of the same window before it."""
    rows = []
    for line in lines:
        before = read_ledger(opened.plan.lake, opened.plan.manifest, line.source)
        same = (line.set_spec, line.from_on, line.until_on)
        tries = sum((each.set_spec, each.from_on, each.until_on) == same for each in before)
        rows.append(opened.rows.window(line, tries + 1))
    opened.write(WINDOWS, sorted(rows, key=lambda row: tuple(row[:4])))


def read_chunks(observed: Iterator[Observation]) -> Iterator[ReadChunk]:
    """Gather what was read into chunks."""
    index = 0
    while gathered := tuple(islice(observed, CHUNK_PAPERS)):
        yield ReadChunk(index, gathered)
        index += 1


class _Reading:
    """One reading of a stretch, and what it was given."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._first_response_at: datetime | None = None
        self.sightings: set[tuple[str, date]] = set()

    def observations(self, stretch: Stretch) -> Iterator[Observation]:
        """Read the stretch, then what has moved out of it meanwhile."""
        window = Window(
            set_spec=stretch.set_spec or None,
            from_on=stretch.from_on,
            until_on=stretch.until_on,
        )
        walk = Walk(self._source.get, window)
        yield from self._of_pages(walk)
        self._first_response_at = walk.first_response_at
        answered_at = walk.first_response_at
        # Of a stretch that goes on today, what changes after it was read is not covered.
        if stretch.until_on and answered_at and answered_at.date() > stretch.until_on:
            yield from self._of_pages(Walk(self._source.get, window.following(answered_at)))

    def line(self, stretch: Stretch) -> LedgerWindow:
        """Return the ledger's line, once the stretch was read."""
        if self._first_response_at is None:
            raise UsageError(f"{stretch} was not read")
        answered_on = self._first_response_at.date()
        return LedgerWindow(
            source=self._source.base_url,
            set_spec=stretch.set_spec,
            from_on=stretch.from_on,
            until_on=min(stretch.until_on or answered_on, answered_on),
            status=HEALED if stretch.is_gap else DONE,
            response_at=self._first_response_at,
            records=len(self.sightings),
        )

    def _of_pages(self, pages: Iterable[Page]) -> Iterator[Observation]:
        records = chain.from_iterable(page.records for page in pages)
        for record in records:
            header = record.header
            if header.datestamp is not None:
                arxiv_id = header.identifier.removeprefix(_IDENTIFIER_PREFIX)
                self.sightings.add((arxiv_id, header.datestamp))
            yield observation(self._source, record)


def observation(source: Source, record: Record) -> Observation:
    """Read one record, or say why it makes no paper."""
    try:
        paper = read_paper(record)
    except RejectedRecordError as error:
        return Observation(
            source_kind="oai",
            source_name=source.base_url,
            raw=record.xml,
            reason=str(error.reason),
            message=str(error),
        )
    return Observation(source_kind="oai", source_name=source.base_url, paper=paper)


def planned(days: Iterable[Days], set_spec: str, *, are_gaps: bool = False) -> list[Stretch]:
    """Turn stretches of days into what to harvest of a set."""
    return [
        Stretch(set_spec=set_spec, from_on=each.from_on, until_on=each.until_on, is_gap=are_gaps)
        for each in days
    ]
