"""The command that keeps a lake quick to ask: `pith maintain`."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from pith_builder.console import (
    clock,
    json_option,
    lake_option,
    now_option,
    print_json,
    target_of,
    wait_option,
    workers_option,
)
from pith_builder.settings import DEFAULT_KEEP_DAYS, Settings


@click.command()
@click.option(
    "--compact",
    "is_compacting",
    is_flag=True,
    help="First join small parts into larger ones: a commit of its own, signed.",
)
@click.option(
    "--keep-days",
    type=click.IntRange(0, 100_000),
    default=DEFAULT_KEEP_DAYS,
    show_default=True,
    metavar="N",
    help="Keep old parts so long, for --as-of and for whoever is reading.",
)
@lake_option
@workers_option
@wait_option
@now_option
@json_option
def maintain(
    is_compacting: bool,
    keep_days: int,
    lake: Path | None,
    workers: int,
    wait: float,
    now: datetime | None,
    as_json: bool,
) -> None:
    """Sweep what killed builds left behind and old parts; join small parts if asked to.

    Joining changes no row: every table keeps its content root. Parts that were joined or written
    anew are removed once no manifest names them that was live in the last N days. Also writes
    pith.sql for where the lake lies.

    \b
    pith maintain --lake data/lake
    pith maintain --compact --keep-days 90
    """
    from pith_builder.operations.maintain import maintain as run

    settings, moment = Settings.of(os.environ), now or clock()
    answer: dict[str, Any] = {}
    if is_compacting:
        from pith_builder.operations.compaction import compact

        done = compact(target_of(settings, lake, moment, workers, wait))
        answer["compacted"] = asdict(done)
        if not as_json:
            click.echo(f"{done.joined} parts joined into {done.parts}, {done.written_bytes} bytes")
    swept = run(lake or settings.lake, wait, kept_since=moment - timedelta(days=keep_days))
    answer |= {"freed_bytes": swept.freed_bytes, "removed": list(swept.removed)}
    if as_json:
        print_json(answer)
        return
    click.echo(f"{len(swept.removed)} files removed, {swept.freed_bytes} bytes freed")
