"""The commands that show a lake to others: `pith export mirror` and `pith serve`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pith_builder.console import (
    json_option,
    lake_option,
    print_json,
    progress_shown,
    wait_option,
    workers_option,
)
from pith_builder.errors import UsageError
from pith_builder.settings import Settings


@click.group()
def export() -> None:
    """Write a lake out for others."""


@export.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--category", help="Only records of this category, primary or not.")
@click.option("--ids", help="Only these records: names separated by commas, or a file of them.")
@click.option("--gzip", "with_gzip", is_flag=True, help="Put a compressed file beside each.")
@lake_option
@workers_option
@wait_option
@json_option
def mirror(
    folder: Path,
    category: str | None,
    ids: str | None,
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
    from pith_builder.lake.store import open_lake
    from pith_builder.operations.export_mirror import Export, export_mirror, numbers_named
    from pith_builder.operations.listing import Selection

    if category is not None and ids is not None:
        raise UsageError("--category and --ids do not go together")
    settings = Settings.of(os.environ)
    opened = open_lake(lake or settings.lake)
    numbers = None if ids is None else numbers_named(opened, _names(ids))
    wanted = Export(
        lake=opened,
        folder=folder,
        registry=settings.registry,
        selection=Selection(category, numbers),
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
