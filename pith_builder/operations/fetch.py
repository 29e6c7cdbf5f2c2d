"""Fetching named papers, or those a query finds: identifiers from anywhere, text from OAI-PMH."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.lineage import Input
from pith_builder.errors import UsageError
from pith_builder.operations.chunks import Observation
from pith_builder.operations.harvest import Source, SourceSettings, observation, read_chunks
from pith_builder.operations.transaction import BuildResult, Progress, Target, transaction
from pith_builder.sources import api
from pith_builder.sources.fetching import Fetcher, Get
from pith_builder.sources.oai import get_record


def build_ids(
    target: Target, source: Source, ids: Sequence[ArxivId], progress: Progress = lambda _: None
) -> BuildResult:
    """Mint what is new of these papers, in one commit.

    Raises:
        UsageError: arXiv has no paper of one of these identifiers; nothing is committed.
        SourceUnavailableError: The source gave no whole answer; nothing is committed.
        SourceError: The source refuses; nothing is committed.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    with transaction(target, "build") as opened:
        opened.mint(read_chunks(_observations(source, ids)), progress)
        return opened.commit(
            [Input(namespace=source.base_url, name="papers by identifier", rows=len(ids))]
        )


def find_ids(
    get: Get, query: str, from_on: date | None = None, until_on: date | None = None
) -> list[ArxivId]:
    """Return the papers that a query of arXiv's API finds; no text comes from there (FORMAT.md 2).

    Raises:
        SourceUnavailableError: The API did not give all that it promised.
        SourceError: The API refuses the query.
        UsageError: The query finds too much.
    """
    return [found.arxiv_id for found in api.find(get, query, from_on=from_on, until_on=until_on)]


@contextmanager
def opened_api(url: str, settings: SourceSettings) -> Iterator[Get]:
    """Open arXiv's query API, at the pace of the repository.

    Raises:
        UsageError: The address is none.
    """
    with Fetcher(
        url,
        check=api.check_feed,
        pace=settings.pace,
        patience=settings.patience,
        user_agent=settings.user_agent,
    ) as fetcher:
        yield fetcher


def _observations(source: Source, ids: Iterable[ArxivId]) -> Iterator[Observation]:
    for arxiv_id in ids:
        record = get_record(source.get, arxiv_id)
        if record is None:
            raise UsageError(f"arXiv has no paper {arxiv_id}; nothing was committed: leave it out")
        yield observation(source, record)
