"""Building from arXiv's bulk snapshot: files to one commit."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from pydantic import Field

from flows.artifacts import reported
from flows.reports import Report, Stage
from flows.running import DEFAULTS, Options, may_pass, own_processes
from pith_builder.errors import UsageError
from pith_builder.operations.build import build

_SECONDS_BETWEEN_LINES = 10.0


@task(
    task_run_name="build {names}",
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def build_files(names: str, sources: list[Path], options: Options) -> Stage:
    """Mint every paper of the files that the lake has no record of, with processes of its own."""
    started = time.monotonic()
    told = started

    def progress(seen: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _SECONDS_BETWEEN_LINES:
            told = time.monotonic()
            get_run_logger().info("%s: %d papers seen", names, seen)

    with own_processes():
        result = build(options.target(), sources, io.BytesIO(), progress)
    return Stage(names, time.monotonic() - started, result)


def _run_name() -> str:
    given: dict[str, Any] = flow_run.parameters
    return f"build {_names(given['sources'])}"


def _names(sources: list[Path]) -> str:
    return ", ".join(source.name for source in sources)


@flow(flow_run_name=_run_name)
def build_snapshot(
    sources: Annotated[list[Path], Field(min_length=1)],
    *,
    options: Options = DEFAULTS,
) -> Report:
    """Mint what is new in bulk-snapshot files, in one commit.

    Args:
        sources: Bulk-snapshot files: plain, .gz, .zst or .zip.
        options: Where and how it runs.
    """
    names = _names(sources)
    with reported(f"Build of {names}", "snapshot", options.place) as report:
        for source in sources:
            if not source.is_file():
                raise UsageError(f"there is no file {source}")
        built = build_files.with_options(**options.tries())
        report.stages.append(built(names, sources, options))
    return report
