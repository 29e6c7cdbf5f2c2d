"""The command that draws a lake: `pith report`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from pith_builder.console import (
    clock,
    json_option,
    lake_option,
    now_option,
    print_json,
    trust_option,
    workers_option,
)
from pith_builder.disk import Disk, write_whole
from pith_builder.errors import UsageError
from pith_builder.settings import Settings


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--audit",
    "audit_depth",
    type=click.Choice(["roots", "full", "none"]),
    default="roots",
    show_default=True,
    help="How deep to audit the lake for the report.",
)
@trust_option
@lake_option
@now_option
@workers_option
@json_option
def report(
    out: Path,
    audit_depth: str,
    trust: tuple[Path, ...],
    lake: Path | None,
    now: datetime | None,
    workers: int,
    as_json: bool,
) -> None:
    """Draw the lake on one page: papers, builds, coverage, signatures and audit.

    The page is one HTML file that needs no other and no script. It says what an audit found, or
    that none was run; a lake that fails its audit is still drawn.

    \b
    pith report --out report.html
    """
    from pith_builder.operations.overview import overview

    try:
        from pith_builder.pages.report_page import report_page
    except ImportError as error:
        raise UsageError(
            f"drawing a report wants {error.name}: pip install 'pith-builder[report]'"
        ) from error
    settings = Settings.of(os.environ, trust)
    counted = overview(
        lake or settings.lake,
        settings.keyring(),
        now or clock(),
        audit_depth=audit_depth,
        workers=workers,
    )
    page = report_page(counted).encode()
    write_whole(Disk(), out, page)
    findings = counted.audited.finding_count if counted.audited else None
    if as_json:
        print_json({"bytes": len(page), "findings": findings, "out": str(out)})
        return
    audited = (
        "not audited" if findings is None else f"{findings} findings" if findings else "it holds"
    )
    click.echo(f"wrote {out}: {counted.papers} papers, manifest {counted.sequence}, {audited}")
