"""Maintaining: sweeping what killed runs left behind."""

from __future__ import annotations

import time

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.artifacts import reported, show_table
from flows.reports import Report, Stage
from flows.running import DEFAULTS, Options, may_pass
from pith_builder.operations.maintain import Maintained, maintain


@task(
    task_run_name="sweep the lake",
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def sweep(options: Options) -> Maintained:
    """Remove what no manifest names, and write `pith.sql` for where the lake lies."""
    return maintain(options.place, options.wait_seconds)


@flow(flow_run_name="maintenance of the lake")
def maintain_lake(
    *,
    options: Options = DEFAULTS,
) -> Report:
    """Sweep what killed runs left behind; what a manifest names is never touched.

    Args:
        options: Where and how it runs.
    """
    with reported("Maintenance of the lake", "maintenance", options.place) as report:
        started = time.monotonic()
        done = sweep.with_options(**options.tries())(options)
        report.stages.append(Stage("sweep", time.monotonic() - started))
        report.notes.append(f"{len(done.removed)} files removed, {done.freed_bytes} bytes freed")
        show_table("maintenance-removed", "Removed", [{"file": file} for file in done.removed])
    return report
