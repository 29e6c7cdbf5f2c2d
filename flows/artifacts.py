"""Showing in Prefect what a run came to: a report, its rejects, how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.logging import get_run_logger

from flows.overviews import overview_markdown
from flows.reports import Report, shortened
from pith_builder.errors import PithError
from pith_builder.signing.ed25519 import TrustedKeys

ROWS_SHOWN = 200
"""Rows of a table artifact; Prefect keeps each whole in its database. The lake holds them all."""

_REJECTS = """
    select source_name, source_line, reason, message
    from rejects
    where list_contains($build_ids, build_id)
    order by source_name, source_line, raw_sha256
    limit $most
"""


@contextmanager
def reported(title: str, key: str, lake: Path) -> Iterator[Report]:
    """Give a report to fill, and show it however the run ends: what is committed stands."""
    report = Report(title)
    try:
        yield report
    except PithError as error:
        report.failure = str(error)
        raise
    finally:
        create_markdown_artifact(report.markdown(), key=f"{key}-report", description=title)
        if report.results:
            show_rejects(report, f"{key}-rejects", lake)
            get_run_logger().info("%s", report.summary())


def show_rejects(report: Report, key: str, lake: Path) -> None:
    """Show what made no record and is new among the rejects; also that there is nothing."""
    rows: list[tuple[Any, ...]] = []
    if report.build_ids and any(result.rejected for result in report.results):
        # DuckDB is imported where there is something to ask.
        from pith_builder.lake.query import connect  # noqa: PLC0415

        given = {"build_ids": report.build_ids, "most": ROWS_SHOWN}
        rows = connect(lake).execute(_REJECTS, given).fetchall()
    names = ("source", "place", "reason", "message")
    show_table(key, "What made no record", [dict(zip(names, row, strict=True)) for row in rows])


def show_overview(report: Report, key: str, lake: Path, now: datetime) -> None:
    """Show what the lake holds after a run that changed it. Nothing is audited for it."""
    if not report.build_ids:
        return
    # DuckDB is imported where there is something to ask.
    from pith_builder.operations.overview import NO_AUDIT, overview  # noqa: PLC0415

    counted = overview(lake, TrustedKeys(()), now, audit_depth=NO_AUDIT)
    create_markdown_artifact(overview_markdown(counted), key=key, description="What the lake holds")


def show_table(key: str, description: str, rows: list[dict[str, Any]]) -> None:
    """Show the first rows of a table, long texts cut."""
    shown = [
        {name: shortened(value) if isinstance(value, str) else value for name, value in row.items()}
        for row in rows[:ROWS_SHOWN]
    ]
    create_table_artifact(shown, key=key, description=description)


def progress_of(what: str, total: int) -> Callable[[int], None]:
    """Show a bar for so many steps; what is returned is told how many are done."""
    artifact = cast("UUID", create_progress_artifact(0.0, description=what))

    def done(count: int) -> None:
        update_progress_artifact(artifact, progress=100.0 * count / total)

    return done
