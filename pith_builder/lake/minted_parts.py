"""Parts that hold the same papers, as one chunk wrote them, read side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.manifest import Part
from pith_builder.core.paper import Paper
from pith_builder.lake.arrays import Same, arrow_array
from pith_builder.lake.parts import (
    Columns,
    day_of,
    instant_of,
    row_digests,
)
from pith_builder.lake.reading import batches, column_of
from pith_builder.lake.tables import BUNDLES, EVENTS, RECORDS, STATES, Kind, Table

EVENTS_OF_A_PAPER = 2
PAPERS_AT_ONCE = 1_000
"""Papers read at once, some 25 kilobytes each."""

MINTED_AT_ONCE = 100
"""Papers minted again at once: what is made of them stays in a processor's cache."""


class NotMintedError(Exception):
    """A document is not what is minted of its paper."""


class NotTogetherError(Exception):
    """Parts that seemed to be written together do not hold the same number of papers."""


class Stretch(NamedTuple):
    """Some papers: their rows of four tables."""

    records: pa.RecordBatch
    events: pa.RecordBatch
    states: pa.RecordBatch
    bundles: pa.RecordBatch


class Seen(NamedTuple):
    """Where a paper was observed, as its record says."""

    source_kind: str
    source_name: str
    source_line: int


class Minting(NamedTuple):
    """What mint a record is of: its build, and when it was signed, first and last.

    A build mints at one instant; a dump is one build, of records of many mints.
    """

    build_id: str
    first_computed_at: int
    signed_at: int


def families(parts: Mapping[str, Iterable[Part]]) -> list[dict[str, Part]]:
    """Find the parts of records, events, states and bundles that hold the same papers.

    They are told by how many rows they have, and by the first and the last Pith Number.
    """
    by_papers: dict[tuple[int, str, str], dict[str, Part]] = {}
    for table in (RECORDS, EVENTS, STATES, BUNDLES):
        for part in parts[table.name]:
            papers, odd = divmod(part.rows, EVENTS_OF_A_PAPER if table is EVENTS else 1)
            if not odd:
                ends = (papers, part.first_key[0], part.last_key[0])
                by_papers.setdefault(ends, {}).setdefault(table.name, part)
    return [found for found in by_papers.values() if len(found) == len(Stretch._fields)]


def stretches(lake: Path, parts: Mapping[str, Part]) -> Iterator[Stretch]:
    """Read parts that were written together, stretch by stretch.

    Raises:
        DamagedPartError: A part cannot be read whole.
        NotTogetherError: They do not hold equally many papers, stretch by stretch.
    """
    readers = [
        batches(
            lake,
            table,
            parts[table.name],
            rows_at_once=PAPERS_AT_ONCE * (EVENTS_OF_A_PAPER if table is EVENTS else 1),
            in_threads=False,
        )
        for table in (RECORDS, EVENTS, STATES, BUNDLES)
    ]
    for found in zip_longest(*readers, fillvalue=()):
        papers, events, states, bundles = map(len, found)
        if not papers == events / EVENTS_OF_A_PAPER == states == bundles:
            raise NotTogetherError
        yield Stretch(*found)


def by_mint(stretch: Stretch) -> Iterator[tuple[Minting, Stretch]]:
    """Yield the papers of a stretch mint by mint, each in the order in which they stand."""
    columns = (column_of(RECORDS, stretch.records, name) for name in Minting._fields)
    mints = list(map(Minting, *columns))
    if len(set(mints)) == 1:
        yield mints[0], stretch
        return
    places: dict[Minting, list[int]] = {}
    for place, minting in enumerate(mints):
        places.setdefault(minting, []).append(place)
    for minting, some in places.items():
        yield minting, chosen(stretch, some)


def is_mintable(stretch: Stretch) -> list[bool]:
    """Tell of each paper whether its raw words are known, and no more events than are minted."""
    is_of_two = pc.equal(stretch.states.column("event_count"), EVENTS_OF_A_PAPER)
    is_raw = stretch.records.column("categories").is_valid()
    return [bool(is_one) for is_one in pc.and_(is_of_two, is_raw).to_pylist()]


def chosen(stretch: Stretch, places: Sequence[int]) -> Stretch:
    """Return the papers in some places of a stretch."""
    if len(places) == len(stretch.records):
        return stretch
    of_events = [EVENTS_OF_A_PAPER * place + one for place in places for one in (0, 1)]
    papers, events = (arrow_array(Kind.INTEGER, some, len(some)) for some in (places, of_events))
    return Stretch(
        stretch.records.take(papers),
        stretch.events.take(events),
        stretch.states.take(papers),
        stretch.bundles.take(papers),
    )


def papers_of(records: pa.RecordBatch) -> list[Paper]:
    """Return arXiv's words of each row of `records`.

    Raises:
        MalformedError: A row holds what makes no paper.
    """

    def column(name: str) -> list[Any]:
        return column_of(RECORDS, records, name)

    return [
        Paper(
            arxiv_id=ArxivId(arxiv_id),
            version=version,
            submitted_at=instant_of(submitted_at),
            version_submitted_at=instant_of(version_submitted_at),
            title=title,
            abstract=abstract,
            authors=authors,
            categories=tuple(categories),
            license=license_,
            submitter=submitter,
            comments=comments,
            journal_ref=journal_ref,
            doi=doi,
            report_no=report_no,
            msc_class=msc_class,
            acm_class=acm_class,
            updated_on=None if updated_on is None else day_of(updated_on),
            is_withdrawn=is_withdrawn,
            other_metadata=other_metadata,
        )
        for (
            arxiv_id,
            version,
            submitted_at,
            version_submitted_at,
            title,
            abstract,
            authors,
            categories,
            license_,
            submitter,
            comments,
            journal_ref,
            doi,
            report_no,
            msc_class,
            acm_class,
            updated_on,
            is_withdrawn,
            other_metadata,
        ) in zip(*map(column, _OF_A_PAPER), strict=True)
    ]


_OF_A_PAPER = (
    "arxiv_id",
    "arxiv_version",
    "submitted_at",
    "version_submitted_at",
    "title",
    "abstract",
    "authors",
    "categories",
    "license",
    "submitter",
    "comments",
    "journal_ref",
    "doi",
    "report_no",
    "msc_class",
    "acm_class",
    "updated_on",
    "is_withdrawn",
    "other_metadata",
)


def seen_in(records: pa.RecordBatch) -> list[Seen]:
    """Return where each row of `records` was observed."""
    columns = (column_of(RECORDS, records, name) for name in Seen._fields)
    return list(map(Seen, *columns))


_TAKEN = frozenset((*_OF_A_PAPER, *Seen._fields)) - {"submitted_at"}
"""Columns of `records` that minting again takes over; the second of `submitted_at` is made."""

_DOCUMENT = "document"


def part_of(stretch: Stretch, some: slice) -> Stretch:
    """Return some of the papers of a stretch."""
    first, papers = some.start, some.stop - some.start
    twice = EVENTS_OF_A_PAPER
    return Stretch(
        stretch.records.slice(first, papers),
        stretch.events.slice(twice * first, twice * papers),
        stretch.states.slice(first, papers),
        stretch.bundles.slice(first, papers),
    )


def without_documents(table: Table, batch: pa.RecordBatch, columns: Columns) -> Columns:
    """Return columns without their documents, which are shown to be those of a batch.

    Raises:
        NotMintedError: The batch has others.
    """
    names = [column.name for column in table.columns]
    if _DOCUMENT not in names:
        return columns
    place = names.index(_DOCUMENT)
    if not arrow_array(Kind.JSON, columns[place], len(batch)).equals(batch.column(place)):
        raise NotMintedError
    return [*columns[:place], Same(None), *columns[place + 1 :]]


def joined(pieces: Sequence[Columns]) -> Columns:
    """Lay columns end to end; one that is `Same` is so in all of them."""
    return [
        some[0] if isinstance(some[0], Same) else [*chain.from_iterable(some)]
        for some in zip(*pieces, strict=True)
    ]


def is_what(table: Table, batch: pa.RecordBatch, columns: Columns) -> bool:
    """Tell whether the rows of a batch are these, digests included, to the byte.

    What minting takes over is not compared, nor are documents, which go by
    `without_documents`.
    """
    said = [*columns, row_digests(table, columns)]
    known = _TAKEN if table is RECORDS else {_DOCUMENT}
    return all(
        column.name in known or arrow_array(column.kind, values, len(batch)).equals(found)
        for column, values, found in zip(table.all_columns(), said, batch.columns, strict=True)
    )
