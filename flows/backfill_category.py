"""Backfilling a category: months of datestamps, each a commit, those done already skipped."""

from __future__ import annotations

import os
import time
from datetime import date
from typing import Annotated

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.artifacts import progress_of, reported
from flows.harvesting import harvest_window
from flows.reports import Report, Stage
from flows.running import DEFAULTS, Options, may_pass
from pith_builder.errors import UsageError
from pith_builder.operations.backfill import OPERATION, BackfillPlan, month_days, plan_backfill
from pith_builder.operations.harvest import opened_source
from pith_builder.settings import Settings
from pith_builder.sources.oai import get_set_specs
from pith_builder.sources.sets import checked_set_spec

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


@task(
    task_run_name="plan the months of {category}, {from_month} to {until_month}",
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def plan_months(
    category: str, from_month: str, until_month: str, options: Options
) -> tuple[BackfillPlan, float]:
    """Say which months to read, and how long that took; arXiv is asked whether it has the set."""
    started = time.monotonic()
    settings = Settings.of(os.environ)
    wanted = month_days(_first_day(from_month), _first_day(until_month), options.instant.date())
    with opened_source(settings.source()) as source:
        spec = checked_set_spec(category, get_set_specs(source.get))
    plan = plan_backfill(options.place, settings.oai_url, spec, wanted, settings.pace_seconds)
    return plan, time.monotonic() - started


def _first_day(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise UsageError(f"{month!r} is no month, wanted YYYY-MM") from error


# The operation has its own processes; one window at a time, since arXiv allows one connection.
@flow(
    flow_run_name="backfill {category}, {from_month} to {until_month}",
    task_runner=ThreadPoolTaskRunner(max_workers=1),  # type: ignore[arg-type]  # Prefect types it too narrowly
)
def backfill_category(
    category: str,
    from_month: Month,
    until_month: Month,
    *,
    force: bool = False,
    options: Options = DEFAULTS,
) -> Report:
    """Harvest a category month by month; stopped midway, the same run goes on where it was.

    Args:
        category: One of arXiv's categories, such as cs.LG.
        from_month: The first month of datestamps, YYYY-MM.
        until_month: The last month of datestamps, YYYY-MM.
        force: Commit counts unlike recent runs'; that it was forced is recorded.
        options: Where and how it runs.
    """
    title = f"Backfill of {category}, {from_month} to {until_month}"
    with reported(title, "backfill", options.place) as report:
        plan, seconds = plan_months.with_options(**options.tries())(
            category, from_month, until_month, options
        )
        report.stages.append(Stage("plan", seconds))
        report.notes += [f"Covered before: {days}" for days in plan.skipped]
        get_run_logger().info(
            "%d months to read, %d covered before", len(plan.stretches), len(plan.skipped)
        )
        done = progress_of(title, max(len(plan.stretches), 1))
        for number, window in enumerate(plan.stretches, start=1):
            # Submitted, not called: to a Dask worker, where the runner is Dask's.
            harvested = harvest_window.with_options(**options.tries()).submit(
                window, OPERATION, force=force, options=options
            )
            report.stages.append(harvested.result())
            done(number)
    return report
