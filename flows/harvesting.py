"""The task that nightly and backfill share: one window of days to one commit."""

from __future__ import annotations

import os
import time

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows.reports import Stage
from flows.running import Options, may_pass, own_processes
from pith_builder.operations.harvest import Stretch, harvest, opened_source
from pith_builder.settings import Settings


@task(
    task_run_name="harvest {stretch}",
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def harvest_window(stretch: Stretch, operation: str, *, force: bool, options: Options) -> Stage:
    """Read one window whole, and commit its rows and its line of the ledger together.

    Come twice, late or from the dead it does no harm: papers that are there mint nothing, and
    whoever comes second waits for the lake's lock.
    """
    started = time.monotonic()
    with own_processes(), opened_source(Settings.of(os.environ).source()) as source:
        result = harvest(options.target(), source, stretch, operation, is_forced=force)
    get_run_logger().info(
        "%s: %d seen, %d minted, %d unchanged, %d rejected",
        stretch,
        result.seen,
        result.minted,
        result.unchanged,
        result.rejected,
    )
    return Stage(str(stretch), time.monotonic() - started, result)
