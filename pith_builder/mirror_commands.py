"""The commands that show a lake to others: `pith export` and `pith serve`."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pith_builder.console import (
    json_option,
    lake_option,
    now_option,
    print_json,
    progress_shown,
    target_of,
    wait_option,
    workers_option,
)
from pith_builder.errors import UsageError
from pith_builder.settings import Settings

if TYPE_CHECKING:
    from pith_builder.lake.store import Lake
    from pith_builder.operations.listing import Selection


@click.group()
def export() -> None:
    """Write a lake out for others."""


def _selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the folder to write to, and the options that say what of which lake."""
    options: tuple[Callable[[Any], Any], ...] = (
        click.argument("folder", metavar="DIR", type=click.Path(path_type=Path)),
        click.option("--category", help="Only records of this category, primary or not."),
        click.option(
            "--ids", help="Only these records: names separated by commas, or a file of them."
        ),
        click.option(
            "--as-of", help="The lake as it was: a day, an instant, a build or a manifest's number."
        ),
        lake_option,
        workers_option,
        wait_option,
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@export.command()
@_selecting
@click.option("--gzip", "with_gzip", is_flag=True, help="Put a compressed file beside each.")
def mirror(
    folder: Path,
    category: str | None,
    ids: str | None,
    as_of: str | None,
    with_gzip: bool,
    lake: Path | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Make DIR a mirror of the lake: static files that any web server can serve.

    Every document of every record, a page for people beside it, an index, the schemas and the
    public key. Run it again after a build: only what changed is written, and what is no longer
    selected is removed. Set PITH_BASE_URL to where the mirror is served.

    \b
    PITH_BASE_URL=https://pith.example.org pith export mirror public --gzip
    """
    from pith_builder.operations.export_mirror import Export, export_mirror

    settings = Settings.of(os.environ)
    opened, selection = _selected(lake or settings.lake, as_of, category, ids)
    wanted = Export(
        lake=opened,
        folder=folder,
        registry=settings.registry,
        selection=selection,
        with_gzip=with_gzip,
    )
    with progress_shown("records") as progress:
        done = export_mirror(wanted, workers, progress, wait)
    counts = done.counts
    if as_json:
        print_json(
            {
                "records": done.records,
                "removed": counts.removed,
                "unchanged": counts.unchanged,
                "written": counts.written,
            }
        )
        return
    click.echo(
        f"{done.records} records: {counts.written} files written, "
        f"{counts.unchanged} unchanged, {counts.removed} removed"
    )


@export.command()
@_selecting
@click.option("--since", help="Only what was added or changed since then: a moment as for --as-of.")
@now_option
def parquet(
    folder: Path,
    category: str | None,
    ids: str | None,
    as_of: str | None,
    since: str | None,
    lake: Path | None,
    now: datetime | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Write a release dump to DIR: sorted Parquet files that anyone can verify and read.

    DIR is a lake of its own, with a README of every column, signed with your key: whoever
    downloads it runs `pith audit DIR`. With --since it is a diff, which `pith import DIR` takes
    into a lake of the earlier records.

    \b
    pith export parquet pith-2026-11
    pith export parquet pith-2026-12 --since 2026-11-30
    """
    from pith_builder.lake.history import lake_as_of
    from pith_builder.operations.export_parquet import Dump, export_parquet

    settings = Settings.of(os.environ)
    place = lake or settings.lake
    opened, selection = _selected(place, as_of, category, ids)
    dump = Dump(
        source=opened,
        target=target_of(settings, folder, now, workers, wait),
        selection=selection,
        earlier=None if since is None else lake_as_of(place, since).manifest,
    )
    with progress_shown("records") as progress:
        done = export_parquet(dump, progress)
    if as_json:
        print_json(
            {
                "bytes": done.size_bytes,
                "files": done.files,
                "manifest_sha256": done.manifest_sha256,
                "records": done.records,
            }
        )
    elif done.manifest_sha256 is None:
        click.echo("no such records, nothing written")
    else:
        click.echo(
            f"{done.records} records: {done.files} files, {done.size_bytes} bytes, "
            f"manifest {done.manifest_sha256}"
        )


def _selected(
    lake: Path, as_of: str | None, category: str | None, ids: str | None
) -> tuple[Lake, Selection]:
    """Open a lake, as it is or was, and say which of its records are wanted."""
    from pith_builder.lake.history import lake_as_of
    from pith_builder.lake.store import open_lake
    from pith_builder.operations.export_mirror import numbers_named
    from pith_builder.operations.listing import Selection

    if category is not None and ids is not None:
        raise UsageError("--category and --ids do not go together")
    opened = open_lake(lake) if as_of is None else lake_as_of(lake, as_of)
    numbers = None if ids is None else numbers_named(opened, _names(ids))
    return opened, Selection(category, numbers)


def _names(ids: str) -> list[str]:
    """Return the names that `--ids` gives: those in a file, one a line, or the list itself."""
    try:
        listed = (
            Path(ids).read_text("utf-8").splitlines() if Path(ids).is_file() else ids.split(",")
        )
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {ids}: {error}") from error
    names = [name.strip() for name in listed if name.strip()]
    if not names:
        raise UsageError(f"--ids names no record: {ids[:80]!r}")
    return names


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port; 0 takes a free one.",
)
@click.option(
    "--allow-remote", is_flag=True, help="Let --host be an address that others can reach."
)
@lake_option
@json_option
def serve(host: str, port: int, allow_remote: bool, lake: Path | None, as_json: bool) -> None:
    """Serve the lake as a mirror, for trying out and small use; Ctrl-C ends it.

    The same paths as `pith export mirror` writes, straight from the lake: what is committed while
    it runs is shown. It listens on this machine alone unless told otherwise, and knows neither
    TLS nor passwords: for the public, let a web server serve the exported files.

    \b
    pith serve --port 8000
    """
    try:
        from pith_builder.serving.server import listening, run
    except ImportError as error:
        raise UsageError(
            f"{error.name} is missing: pip install -c constraints.txt -e '.[serve]'"
        ) from error
    from pith_builder.lake.store import open_lake

    settings = Settings.of(os.environ)
    place = lake or settings.lake
    open_lake(place)  # that there is one is told now, not at the first request
    with listening(host, port, allow_remote=allow_remote) as (socket, url):
        if allow_remote:
            click.echo(
                "pith: others can reach this server, which knows neither TLS nor passwords",
                err=True,
            )
        if as_json:
            print_json({"url": url})
        else:
            click.echo(f"serving {place} at {url} (Ctrl-C ends it)")
        run(place, settings.registry, socket)
