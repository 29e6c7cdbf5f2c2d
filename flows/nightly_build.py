"""The nightly: what an audit or an outage left open, then everything since the last day read."""

from __future__ import annotations

import os
import time
from datetime import date
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from flows.artifacts import reported, show_overview
from flows.harvesting import harvest_window
from flows.reports import Report, Stage
from flows.running import DEFAULTS, Options
from pith_builder.operations.harvest import Stretch
from pith_builder.operations.nightly import OPERATION, plan_nightly
from pith_builder.settings import Settings


def _run_name() -> str:
    given: dict[str, Any] = flow_run.parameters
    return f"nightly of {flow_run.scheduled_start_time:%Y-%m-%d}: {_what(given.get('set_spec'))}"


def _what(set_spec: str | None) -> str:
    return set_spec or "all of arXiv"


@task(task_run_name="plan the windows", cache_policy=NO_CACHE, persist_result=False)
def plan_windows(set_spec: str, since: date | None, options: Options) -> list[Stretch]:
    """Say what to read: each gap by months, and the days since the last one read."""
    return plan_nightly(options.place, Settings.of(os.environ).oai_url, set_spec, since)


@flow(flow_run_name=_run_name)
def nightly_build(
    *,
    since: date | None = None,
    set_spec: str = "",
    force: bool = False,
    options: Options = DEFAULTS,
) -> Report:
    """Harvest what arXiv has changed since the last day that was read, each window one commit.

    Args:
        since: The first day of datestamps to read; the first nightly wants it.
        set_spec: One OAI-PMH set, such as cs:cs:LG. Empty: all of arXiv.
        force: Commit counts unlike recent runs'; that it was forced is recorded.
        options: Where and how it runs.
    """
    title = f"Nightly build of {_what(set_spec)}"
    with reported(title, "nightly", options.place) as report:
        started = time.monotonic()
        windows = plan_windows(set_spec, since, options)
        report.stages.append(Stage("plan", time.monotonic() - started))
        for window in windows:
            # A gap is read as a backfill: its size says nothing of an ordinary night.
            operation = OPERATION if window.until_on is None else "backfill"
            harvested = harvest_window.with_options(**options.tries())
            report.stages.append(harvested(window, operation, force=force, options=options))
        show_overview(report, "nightly-lake", options.place, options.instant)
    return report
