"""Auditing a lake against its source, by identifiers alone: what arXiv lists and the lake lacks.

What is listed was seen as of that datestamp, or it is missing: a record that arXiv restamps to a
day that was read already is in no window to come. What is missing is written to the ledger as
gaps, which the next nightly reads.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from pith_builder.errors import UsageError
from pith_builder.lake.query import connect
from pith_builder.operations.harvest import Source, write_lines
from pith_builder.operations.ledger import GAP, Days, LedgerWindow, stretches
from pith_builder.operations.transaction import Target, transaction
from pith_builder.sources.oai_page import Verb
from pith_builder.sources.oai_walker import Window, pages

_IDENTIFIER_PREFIX = "oai:arXiv.org:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAudit:
    """What a source lists: listed = present + explained + missing.

    Attributes:
        listed: Records the source lists.
        present: Those of which the lake holds a record as of that day.
        explained: Those that made none, and stand among the rejects.
        missing: Those that were never read as of that day, with their datestamps.
        gaps: The days to read again.
    """

    listed: int
    present: int
    explained: int
    missing: tuple[tuple[str, date], ...]
    gaps: tuple[Days, ...]


def audit_source(target: Target, source: Source, set_spec: str = "") -> SourceAudit:
    """Compare a lake with its source, and write what is missing to the ledger.

    Raises:
        UsageError: There is no lake.
        SourceUnavailableError: The source gave no whole answer.
        SourceError: The source refuses.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    answered_at, listed, present, missing = _compared(target, source, set_spec)
    days = Counter(datestamp for _, datestamp in missing)
    found = stretches(sorted(days))
    if found and answered_at is not None:
        with transaction(target, "audit") as opened:
            lines = [
                LedgerWindow(
                    source=source.base_url,
                    set_spec=set_spec,
                    from_on=stretch.from_on,
                    until_on=stretch.until_on,
                    status=GAP,
                    response_at=answered_at,
                    records=sum(days[day] for day in stretch),
                )
                for stretch in found
            ]
            write_lines(opened, lines)
            opened.commit([line.as_input() for line in lines])
    return SourceAudit(
        listed=listed,
        present=present,
        explained=listed - present - len(missing),
        missing=missing,
        gaps=tuple(found),
    )


def _compared(
    target: Target, source: Source, set_spec: str
) -> tuple[datetime | None, int, int, tuple[tuple[str, date], ...]]:
    """Return when the source answered, and what it lists, by what the lake knows of it."""
    connection = connect(target.lake)
    connection.execute("create temp table listed (arxiv_id varchar, datestamp_on date)")
    answered_at: datetime | None = None
    for page in pages(source.get, Window(set_spec=set_spec or None), Verb.LIST_IDENTIFIERS):
        answered_at = answered_at or page.response_at
        headers = [header for header in page.headers if header.datestamp is not None]
        connection.execute(
            "insert into listed select unnest($ids), unnest($days)::date",
            {
                "ids": [each.identifier.removeprefix(_IDENTIFIER_PREFIX) for each in headers],
                "days": [str(each.datestamp) for each in headers],
            },
        )
    counted = connection.execute(_COUNTS).fetchone()
    if counted is None:
        raise UsageError("the source lists nothing")
    missing = connection.execute(_MISSING).fetchall()
    return answered_at, counted[0], counted[1], tuple((row[0], row[1]) for row in missing)


_SEEN = """
    seen as (
        select arxiv_id, datestamp_on from sightings
        union
        select arxiv_id, updated_on from records
    ),
    last as (
        select arxiv_id, max(datestamp_on) as datestamp_on from listed group by arxiv_id
    )
"""
# S608: the parts are literals of this file.
_COUNTS = f"""
    with {_SEEN}
    select count(*), count(*) filter (
        where (arxiv_id, datestamp_on) in (select (arxiv_id, datestamp_on) from seen)
          and arxiv_id in (select arxiv_id from records)
    )
    from last
"""  # noqa: S608
_MISSING = f"""
    with {_SEEN}
    select arxiv_id, datestamp_on
    from last
    where (arxiv_id, datestamp_on) not in (
        select (arxiv_id, datestamp_on) from seen where datestamp_on is not null
    )
    order by datestamp_on, arxiv_id
"""  # noqa: S608
