"""Maintaining: small parts joined; what killed runs left behind, and old parts, swept."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Annotated

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from flows.artifacts import reported, show_table
from flows.reports import Report, Stage
from flows.running import DEFAULTS, Options, may_pass, own_processes
from pith_builder.operations.compaction import Compacted, compact
from pith_builder.operations.maintain import Maintained, maintain
from pith_builder.settings import DEFAULT_KEEP_DAYS


@task(
    task_run_name="join small parts",
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def join(options: Options) -> Compacted:
    """Join what a week of nightlies wrote, as one commit that changes no row."""
    with own_processes():
        return compact(options.target())


@task(
    task_run_name="sweep the lake",
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def sweep(options: Options, keep_days: int) -> Maintained:
    """Remove what nobody is to read any more, and write `pith.sql` for where the lake lies."""
    kept_since = options.instant - timedelta(days=keep_days)
    return maintain(options.place, options.wait_seconds, kept_since=kept_since)


@flow(flow_run_name="maintenance of the lake")
def maintain_lake(
    *,
    keep_days: Annotated[int, Field(ge=0, le=100_000)] = DEFAULT_KEEP_DAYS,
    options: Options = DEFAULTS,
) -> Report:
    """Join small parts; sweep what killed runs left behind, and parts that are no longer named.

    Args:
        keep_days: How long parts are kept that the live manifest no longer names.
        options: Where and how it runs.
    """
    with reported("Maintenance of the lake", "maintenance", options.place) as report:
        started = time.monotonic()
        made = join.with_options(**options.tries())(options)
        report.stages.append(Stage("join", time.monotonic() - started))
        report.notes.append(
            f"{made.joined} parts joined into {made.parts}, {made.written_bytes} bytes written"
        )
        started = time.monotonic()
        done = sweep.with_options(**options.tries())(options, keep_days)
        report.stages.append(Stage("sweep", time.monotonic() - started))
        report.notes.append(f"{len(done.removed)} files removed, {done.freed_bytes} bytes freed")
        show_table("maintenance-removed", "Removed", [{"file": file} for file in done.removed])
    return report
