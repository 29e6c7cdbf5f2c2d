"""What the commands share: options, the clock, progress, and answers for machines."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from pith_builder.errors import UsageError
from pith_builder.settings import Settings

if TYPE_CHECKING:
    from pith_builder.operations.transaction import BuildResult, Target

_SECONDS_BETWEEN_LINES = 10.0


class Instant(click.ParamType[datetime]):
    """An instant of UTC on the command line."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read 2026-05-18T00:01:09Z, with or without decimals."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not an instant such as 2026-05-18T00:01:09Z", param, ctx)
        if instant.tzinfo is None or instant.utcoffset():
            self.fail(f"{value!r} is not in UTC: write it with a Z at the end", param, ctx)
        return instant.astimezone(UTC)


def clock() -> datetime:
    """Return the present instant, UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the edge, where time comes in


lake_option = click.option(
    "--lake",
    type=click.Path(path_type=Path, file_okay=False),
    help="The lake's folder.  [env: PITH_LAKE; default: data/lake]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
trust_option = click.option(
    "--trust",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A public-key file, or a folder of them, to trust as well. Repeatable.",
)
wait_option = click.option(
    "--wait", default=0.0, metavar="SECONDS", help="Wait for another writer at most so long."
)
now_option = click.option(
    "--now", type=Instant(), help="Date everything with this instant instead of the clock's."
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: len(os.sched_getaffinity(0)),
    help="Processes to use.  [default: one a core]",
)
force_option = click.option(
    "--force",
    "is_forced",
    is_flag=True,
    help="Commit even if the counts are unlike recent runs; that it was forced is recorded.",
)
keep_raw_option = click.option(
    "--keep-raw",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the source's answers in this folder.",
)
replay_option = click.option(
    "--replay",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Take the answers kept in this folder instead of asking.",
)


def day_option(name: str, text: str) -> Callable[[Any], Any]:
    """Return an option that takes a day, YYYY-MM-DD, and gives a date or None."""
    return click.option(
        f"--{name}",
        f"{name}_on",
        type=click.DateTime(["%Y-%m-%d"]),
        callback=_to_date,
        metavar="YYYY-MM-DD",
        help=text,
    )


def month_option(name: str, text: str) -> Callable[[Any], Any]:
    """Return an option that takes a month, YYYY-MM, and gives its first day."""
    return click.option(
        f"--{name}",
        f"{name}_month",
        type=click.DateTime(["%Y-%m"]),
        callback=_to_date,
        metavar="YYYY-MM",
        required=True,
        help=text,
    )


def _to_date(_context: click.Context, _option: click.Parameter, value: datetime | None) -> Any:
    return None if value is None else value.date()


def target_of(
    settings: Settings, lake: Path | None, now: datetime | None, workers: int, wait: float
) -> Target:
    """Return where a run writes, as whom and when.

    Raises:
        UsageError: There is no signing key, or others can read it.
        MalformedError: The key file is none.
    """
    from pith_builder.operations.transaction import Target

    return Target(
        lake=lake or settings.lake,
        registry=settings.registry,
        signer=settings.signer(),
        now=now or clock(),
        workers=workers,
        wait_seconds=wait,
    )


def standard_input() -> BinaryIO:
    """Return standard input as bytes.

    Raises:
        UsageError: It is closed.
    """
    if sys.stdin is None:
        raise UsageError("there is no standard input to read: pipe it in, or name a file")
    return sys.stdin.buffer


def say(line: str) -> None:
    """Print a line for eyes; what a stranger wrote in it moves no cursor and begins no line."""
    click.echo("".join(c if c.isprintable() else repr(c)[1:-1] for c in line))


def counts(result: BuildResult) -> dict[str, Any]:
    """Return what a run came to, for machines."""
    return {
        "build_id": result.build_id,
        "committed": result.committed,
        "manifest_sha256": result.manifest_sha256,
        "minted": result.minted,
        "rejected": result.rejected,
        "rejected_by_reason": dict(result.rejected_by_reason),
        "seen": result.seen,
        "sequence": result.sequence,
        "unchanged": result.unchanged,
    }


def show_counts(result: BuildResult) -> None:
    """Print what a run came to, for eyes."""
    click.echo(
        f"{result.seen} papers seen: {result.minted} minted, {result.unchanged} unchanged, "
        f"{result.rejected} rejected"
    )
    for reason, count in sorted(result.rejected_by_reason.items()):
        click.echo(f"  {count} rejected: {reason}")
    if result.committed:
        click.echo(f"committed manifest {result.sequence}")
    else:
        click.echo("nothing new, nothing committed")


def print_json(value: Any) -> None:
    """Print an answer for machines."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))


@contextmanager
def progress_shown(what: str) -> Iterator[Callable[[int], None]]:
    """Show on standard error how far a run is: a moving line on a terminal, else plain lines."""
    if sys.stderr.isatty():
        with _moving_line(what) as update:
            yield update
        return
    last = time.monotonic()

    def line(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            click.echo(f"{done} {what}", err=True)

    yield line


@contextmanager
def _moving_line(what: str) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} " + what),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.update(task, completed=done)
