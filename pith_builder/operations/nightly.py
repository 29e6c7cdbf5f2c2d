"""The nightly: what an audit or an outage left open, then everything since the last day read."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from pith_builder.errors import UsageError
from pith_builder.lake.store import live_manifest
from pith_builder.operations.harvest import Source, Stretch, harvest, planned
from pith_builder.operations.ledger import gaps, last_day, months, read_ledger
from pith_builder.operations.transaction import BuildResult, Progress, Target
from pith_builder.sources.oai_walker import OVERLAP

OPERATION = "nightly"


def plan_nightly(
    lake: Path, source_url: str, set_spec: str, since: date | None = None
) -> list[Stretch]:
    """Return what a nightly would read: each gap, by months, and the days since the last one read.

    Windows overlap by a day, because the last day was not over when it was read.

    Raises:
        UsageError: Nothing was read before, and `since` is not given.
        VerificationError: The lake is damaged.
    """
    lines = read_ledger(lake, live_manifest(lake), source_url)
    last = last_day(lines, set_spec)
    if last is None:
        if since is None:
            what = set_spec or "all of arXiv"
            raise UsageError(
                f"the first nightly reads {what} from a day on, and wants --since YYYY-MM-DD: "
                "the day of your bulk snapshot, or 2005-09-16 for everything arXiv lists"
            )
        return [Stretch(set_spec=set_spec, from_on=since)]
    from_on = last - OVERLAP
    open_days = [
        month
        for days in gaps(lines, set_spec)
        if days.from_on < from_on
        for month in months(days.from_on, min(days.until_on, from_on - timedelta(days=1)))
    ]
    if since is not None and since < from_on:
        from_on = since
    return [
        *planned(open_days, set_spec, are_gaps=True),
        Stretch(set_spec=set_spec, from_on=from_on),
    ]


def nightly(
    target: Target,
    source: Source,
    set_spec: str = "",
    *,
    since: date | None = None,
    is_forced: bool = False,
    progress: Progress = lambda _: None,
) -> list[tuple[Stretch, BuildResult]]:
    """Read what `plan_nightly` says, each stretch to a commit of its own.

    Raises:
        UsageError: Nothing was read before, and `since` is not given.
        SourceUnavailableError: The source gave no whole answer; earlier stretches stand.
        SourceError: The source refuses; earlier stretches stand.
        GateError: The run is unlike recent ones; earlier stretches stand.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The disk is full, or the folder takes no files.
        VerificationError: The lake is damaged.
    """
    stretches = plan_nightly(target.lake, source.base_url, set_spec, since)
    results = []
    for stretch in stretches:
        # A gap is read as a backfill: its size says nothing of an ordinary night.
        operation = OPERATION if stretch.until_on is None else "backfill"
        result = harvest(
            target,
            source,
            stretch,
            operation,
            is_forced=is_forced,
            progress=progress,
        )
        results.append((stretch, result))
    return results
