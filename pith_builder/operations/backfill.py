"""Backfilling a category: months of datestamps, each a commit, those done already skipped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from pith_builder.core.arxiv_id import is_archive
from pith_builder.errors import UsageError
from pith_builder.lake.store import live_manifest
from pith_builder.operations.chunks import Observation, SnapshotChunk, snapshot_chunks
from pith_builder.operations.gate import check_gate
from pith_builder.operations.harvest import (
    Source,
    Stretch,
    harvest,
    planned,
    read_chunks,
    write_lines,
)
from pith_builder.operations.ledger import (
    DONE,
    Days,
    LedgerWindow,
    covered_days,
    month_end,
    months,
    read_ledger,
    uncovered,
)
from pith_builder.operations.run_facts import files_read
from pith_builder.operations.transaction import BuildResult, Progress, Target, transaction
from pith_builder.sources.lines import blocks
from pith_builder.sources.sets import other_name, set_spec

OPERATION = "backfill"

EARLIEST_DATESTAMP = date(2005, 9, 16)
"""As arXiv's Identify has it: what was not changed since stands under this day."""

REQUESTS_A_WINDOW = 2
"""One list at least, and one of what moved meanwhile; each further page of a list is another."""


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """What a backfill would do.

    Attributes:
        stretches: The months to read, or what is left of them.
        skipped: The days covered already.
        interval_seconds: The time from one request to the next.
    """

    stretches: tuple[Stretch, ...]
    skipped: tuple[Days, ...]
    interval_seconds: float

    @property
    def requests(self) -> int:
        """How many requests it takes at least."""
        return REQUESTS_A_WINDOW * len(self.stretches)

    @property
    def seconds(self) -> float:
        """How long those requests take at least, by the pace alone."""
        return self.requests * self.interval_seconds


def plan_backfill(
    lake: Path, source_url: str, set_spec: str, wanted: Days, interval_seconds: float
) -> BackfillPlan:
    """Return what a backfill of a set would read of `wanted`, month by month.

    Raises:
        VerificationError: The lake is damaged.
    """
    covered = covered_days(read_ledger(lake, live_manifest(lake), source_url), set_spec)
    left: list[Days] = []
    skipped: list[Days] = []
    for month in months(wanted.from_on, wanted.until_on):
        parts = uncovered(covered, month)
        left += parts
        if not parts:
            skipped.append(month)
    return BackfillPlan(tuple(planned(left, set_spec)), tuple(skipped), interval_seconds)


def backfill(
    target: Target,
    source: Source,
    plan: BackfillPlan,
    *,
    is_forced: bool = False,
    progress: Progress = lambda _: None,
) -> Iterator[tuple[Stretch, BuildResult]]:
    """Read what a plan says, each stretch to a commit of its own, giving each result as it comes.

    Raises:
        SourceUnavailableError: The source gave no whole answer; earlier stretches stand.
        SourceError: The source refuses; earlier stretches stand.
        GateError: The run is unlike recent ones; earlier stretches stand.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    for stretch in plan.stretches:
        result = harvest(target, source, stretch, OPERATION, is_forced=is_forced, progress=progress)
        yield stretch, result


def backfill_snapshot(  # noqa: PLR0913 - a run's own parameters
    target: Target,
    snapshot: Path,
    category: str,
    wanted: Days,
    standard_input: BinaryIO,
    *,
    is_forced: bool = False,
    progress: Progress = lambda _: None,
) -> BuildResult:
    """Take a category's papers of some days out of a bulk snapshot file, in one commit.

    A paper belongs to a day by its `update_date`, as it does by its datestamp in a harvest. A
    line that makes no paper is rejected: nobody can tell which category it is of.

    Raises:
        UsageError: arXiv has no such category.
        SourceError: The file is not what it says; nothing is committed.
        GateError: The run is unlike recent ones; nothing is committed.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    check_category(category)
    with transaction(target, OPERATION) as opened:
        lines = snapshot_chunks(blocks(snapshot, standard_input))
        opened.mint(read_chunks(_selected(lines, category, wanted)), progress)
        line = LedgerWindow(
            source=f"snapshot:{snapshot.name}",
            set_spec=category,
            from_on=wanted.from_on,
            until_on=wanted.until_on,
            status=DONE,
            response_at=target.now,
            records=opened.result.seen,
        )
        if opened.result.minted or opened.result.rejected:
            write_lines(opened, [line])
        if not is_forced:
            check_gate(target.lake, opened.plan.manifest, OPERATION, opened.result)
        return opened.commit(files_read([snapshot]), is_forced=is_forced)


def _selected(
    chunks: Iterator[SnapshotChunk], category: str, wanted: Days
) -> Iterator[Observation]:
    wanted_sets = {set_spec(name) for name in (category, other_name(category)) if name}
    if ":" in category:
        wanted_sets = {category}
    for chunk in chunks:
        for observed in chunk.observations():
            paper = observed.paper
            if paper is None or (
                _is_in(paper.categories, wanted_sets)
                and paper.updated_on is not None
                and wanted.from_on <= paper.updated_on <= wanted.until_on
            ):
                yield observed


def check_category(category: str) -> None:
    """See that a category or set is of one of arXiv's archives, as far as can be told offline.

    Raises:
        UsageError: It is of none.
    """
    archive = category.split(":")[1] if ":" in category else category.split(".", maxsplit=1)[0]
    if not is_archive(archive):
        raise UsageError(f"arXiv has no category {category!r} (wanted: one such as cs.LG)")


def _is_in(categories: Iterable[str], wanted_sets: Collection[str]) -> bool:
    """Tell whether one of a paper's categories is in one of these sets."""
    specs = [set_spec(category) for category in categories]
    return any(
        spec == wanted or spec.startswith(f"{wanted}:") for spec in specs for wanted in wanted_sets
    )


def month_days(first: date, last: date, today: date) -> Days:
    """Return the days from the month of `first` to that of `last`, none that is still to come.

    Ruling: nor any before arXiv's earliest datestamp, which it refuses to be asked for.

    Raises:
        UsageError: No day is left.
    """
    from_on = max(first.replace(day=1), EARLIEST_DATESTAMP)
    until_on = min(month_end(last), today)
    if until_on < from_on:
        raise UsageError(
            f"nothing to backfill from {first:%Y-%m} to {last:%Y-%m}: arXiv's datestamps run "
            f"from {EARLIEST_DATESTAMP} to {today}"
        )
    return Days(from_on, until_on)
