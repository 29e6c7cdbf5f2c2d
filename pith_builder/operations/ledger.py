"""The harvest ledger: which days of which sets were read, and what was never read.

A day is covered when a window that holds it was read whole, and no audit since has found records
of it missing. The newest date seen says nothing: a hole behind it would be lost for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from pith_builder.core.manifest import Manifest
from pith_builder.lake.parts import day_of, instant_of
from pith_builder.lake.reading import read_rows
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import WINDOWS

DONE = "done"
GAP = "gap"

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerWindow:
    """One line of the ledger.

    Attributes:
        source: The address harvested.
        set_spec: The OAI-PMH set, or "" for all of arXiv.
        from_on: The first day.
        until_on: The last day.
        status: `done`, or `gap`: an audit found records of it missing.
        response_at: The source's own time at its first answer.
        records: Records the source gave, or lacked in a gap.
        build_id: The run.
    """

    source: str
    set_spec: str
    from_on: date
    until_on: date
    status: str
    response_at: datetime
    records: int
    build_id: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """Days from and until, both included."""

    from_on: date
    until_on: date

    def __iter__(self) -> Iterator[date]:
        for ordinal in range(self.from_on.toordinal(), self.until_on.toordinal() + 1):
            yield date.fromordinal(ordinal)

    def __str__(self) -> str:
        return f"{self.from_on} to {self.until_on}"


def read_ledger(lake: Path, manifest: Manifest | None, source: str) -> list[LedgerWindow]:
    """Read the ledger's lines of one source, in the order they were committed.

    Raises:
        VerificationError: A part of the ledger is damaged.
    """
    if manifest is None:
        return []
    found = [
        LedgerWindow(
            source=row[0],
            set_spec=row[1],
            from_on=day_of(row[2]),
            until_on=day_of(row[3]),
            status=row[4],
            response_at=instant_of(row[6]),
            records=row[7],
            build_id=row[8],
        )
        for part in manifest.tables[WINDOWS.name].parts
        for row in read_rows(lake, WINDOWS, part)
    ]
    return sorted((line for line in found if line.source == source), key=lambda w: w.build_id)


def covered_days(lines: Iterable[LedgerWindow], set_spec: str) -> frozenset[date]:
    """Return the days on which a set was read and not found wanting since.

    A window of a wider set covers a narrower one; a gap in either uncovers both.
    """
    covered: set[date] = set()
    for line in lines:
        days = Days(line.from_on, line.until_on)
        if line.status == DONE:
            if _is_within(set_spec, line.set_spec):
                covered.update(days)
        elif _is_within(set_spec, line.set_spec) or _is_within(line.set_spec, set_spec):
            covered.difference_update(days)
    return frozenset(covered)


def uncovered(covered: frozenset[date], wanted: Days) -> list[Days]:
    """Return the stretches of `wanted` that are not covered."""
    gaps: list[Days] = []
    for day in wanted:
        if day in covered:
            continue
        if gaps and gaps[-1].until_on + _DAY == day:
            gaps[-1] = Days(gaps[-1].from_on, day)
        else:
            gaps.append(Days(day, day))
    return gaps


def gaps(lines: Iterable[LedgerWindow], set_spec: str) -> list[Days]:
    """Return what was never read, or found wanting, between the first and the last day read."""
    listed = list(lines)
    read = [line for line in listed if line.status == DONE and _is_within(set_spec, line.set_spec)]
    if not read:
        return []
    span = Days(min(line.from_on for line in read), max(line.until_on for line in read))
    return uncovered(covered_days(listed, set_spec), span)


def find_gaps(
    lake: Path,
    source: str,
    set_spec: str,
    from_on: date | None = None,
    until_on: date | None = None,
) -> list[Days]:
    """Return the gaps of a lake's ledger, between the days asked for or those that were read.

    Raises:
        UsageError: There is no lake.
        VerificationError: The lake is damaged.
    """
    lines = read_ledger(lake, open_lake(lake).manifest, source)
    read = [line for line in lines if line.status == DONE and _is_within(set_spec, line.set_spec)]
    first = from_on or min((line.from_on for line in read), default=None)
    last = until_on or max((line.until_on for line in read), default=None)
    if first is None or last is None or last < first:
        return []
    return uncovered(covered_days(lines, set_spec), Days(first, last))


def last_day(lines: Iterable[LedgerWindow], set_spec: str) -> date | None:
    """Return the last day on which a set was read, or None."""
    return max(
        (
            line.until_on
            for line in lines
            if line.status == DONE and _is_within(set_spec, line.set_spec)
        ),
        default=None,
    )


def months(from_on: date, until_on: date) -> list[Days]:
    """Cut a stretch of days at the ends of months."""
    cut: list[Days] = []
    start = from_on
    while start <= until_on:
        end = month_end(start)
        cut.append(Days(start, min(until_on, end)))
        start = end + _DAY
    return cut


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - _DAY


def _is_within(set_spec: str, wider: str) -> bool:
    return wider in ("", set_spec) or set_spec.startswith(f"{wider}:")
