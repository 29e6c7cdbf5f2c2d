"""The harvest ledger: which days of which sets were read, and what was never read.

A day is covered when a window that holds it was read whole, and no audit since has found records
of it missing. The newest date seen says nothing: a hole behind it would be lost for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from pith_builder.core.instants import format_seconds
from pith_builder.core.lineage import Input
from pith_builder.core.manifest import Manifest
from pith_builder.lake.parts import day_of, instant_of
from pith_builder.lake.reading import read_rows
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import WINDOWS

DONE = "done"
GAP = "gap"
HEALED = "healed"
"""A gap that was read. It covers days as `done` does, but it may lie long before the first day of
regular reading, so that it does not tell from when to when a set is read."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerWindow:
    """One line of the ledger.

    Attributes:
        source: The address harvested.
        set_spec: The OAI-PMH set, or "" for all of arXiv.
        from_on: The first day.
        until_on: The last day.
        status: `done`; `gap`: an audit found records of it missing; or `healed`.
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

    def as_input(self) -> Input:
        """Return the window as the facts of a run tell of it."""
        return Input(
            namespace=self.source,
            name=f"{self.set_spec or 'all sets'}, {self.from_on} to {self.until_on}",
            version=format_seconds(self.response_at),
            rows=self.records,
        )

    def whole_days(self) -> Iterator[date]:
        """Go through the days that were over when the source answered."""
        last = min(self.until_on, self.response_at.date() - _DAY)
        return iter(Days(self.from_on, last))


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
    """Return the days on which a set was read whole and not found wanting since.

    A window of a wider set covers a narrower one; a gap in either uncovers both. The day on which
    the source answered was not over, and is not covered.
    """
    return _judged(lines, set_spec)[0]


def _judged(
    lines: Iterable[LedgerWindow], set_spec: str
) -> tuple[frozenset[date], frozenset[date]]:
    """Return the days that are covered, and those found wanting and not read since."""
    covered: set[date] = set()
    wanting: set[date] = set()
    for line in lines:
        if line.status != GAP:
            if _is_within(set_spec, line.set_spec):
                covered.update(line.whole_days())
                wanting.difference_update(line.whole_days())
        elif _is_within(set_spec, line.set_spec) or _is_within(line.set_spec, set_spec):
            covered.difference_update(Days(line.from_on, line.until_on))
            wanting.update(Days(line.from_on, line.until_on))
    return frozenset(covered), frozenset(wanting)


def uncovered(covered: frozenset[date], wanted: Days) -> list[Days]:
    """Return the stretches of `wanted` that are not covered."""
    return stretches(day for day in wanted if day not in covered)


def stretches(days: Iterable[date]) -> list[Days]:
    """Join days that come sorted and follow each other."""
    joined: list[Days] = []
    for day in days:
        if joined and joined[-1].until_on + _DAY == day:
            joined[-1] = Days(joined[-1].from_on, day)
        else:
            joined.append(Days(day, day))
    return joined


def gaps(
    lines: Iterable[LedgerWindow],
    set_spec: str,
    from_on: date | None = None,
    until_on: date | None = None,
) -> list[Days]:
    """Return what was never read, or found wanting since, between two days.

    Without them it is what was never read between the first and the last day read whole, and what
    was found wanting anywhere.
    """
    listed = list(lines)
    covered, wanting = _judged(listed, set_spec)
    read = [
        day
        for line in listed
        if line.status == DONE and _is_within(set_spec, line.set_spec)
        for day in line.whole_days()
    ]
    wanting = frozenset(day for day in wanting if (from_on or day) <= day <= (until_on or day))
    first, last = from_on or min(read, default=None), until_on or max(read, default=None)
    if first is None or last is None:
        return stretches(sorted(wanting))
    return stretches(sorted({*(set(Days(first, last)) - covered), *wanting}))


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
    return gaps(read_ledger(lake, open_lake(lake).manifest, source), set_spec, from_on, until_on)


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
