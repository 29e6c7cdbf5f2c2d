"""The `pith` command: every operation with a door."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from pith_builder.errors import PithError, UsageError
from pith_builder.settings import Settings

_SECONDS_BETWEEN_LINES = 10.0


class _Instant(click.ParamType[datetime]):
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


def _now() -> datetime:
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
    "--now", type=_Instant(), help="Date everything with this instant instead of the clock's."
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: len(os.sched_getaffinity(0)),
    help="Processes to use.  [default: one a core]",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("pith-builder"), prog_name="pith")
def pith() -> None:
    """Mint, keep and verify content-addressed, signed records of arXiv papers."""


@pith.command()
@click.argument(
    "sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path)
)
@lake_option
@now_option
@workers_option
@wait_option
@json_option
def build(
    sources: tuple[Path, ...],
    lake: Path | None,
    now: datetime | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Mint what is new in bulk-snapshot files, in one commit.

    SOURCE is arXiv's bulk metadata, one JSON object a line: plain, .gz, .zst or .zip, or - for
    standard input. Papers whose record is there already are left alone; lines that make no
    paper are kept with their reason in table rejects.

    \b
    pith build arxiv-metadata-oai-snapshot.json.zip
    """
    from pith_builder.operations.build import build as run
    from pith_builder.operations.transaction import Target

    for source in sources:
        if str(source) != "-" and not source.is_file():
            raise UsageError(f"there is no file {source}")
    settings = Settings.of(os.environ)
    target = Target(
        lake=lake or settings.lake,
        registry=settings.registry,
        signer=settings.signer(),
        now=now or _now(),
        workers=workers,
        wait_seconds=wait,
    )
    with _progress("papers") as progress:
        result = run(target, sources, sys.stdin.buffer, progress)
    if as_json:
        _print_json(
            {
                name: getattr(result, name)
                for name in (
                    "build_id",
                    "committed",
                    "manifest_sha256",
                    "minted",
                    "rejected",
                    "rejected_by_reason",
                    "seen",
                    "sequence",
                    "unchanged",
                )
            }
        )
        return
    click.echo(
        f"{result.seen} papers seen: {result.minted} minted, {result.unchanged} unchanged, "
        f"{result.rejected} rejected"
    )
    for reason, count in sorted(result.rejected_by_reason.items()):
        click.echo(f"  {count} rejected: {reason}")
    if result.committed:
        click.echo(f"committed manifest {result.sequence} to {target.lake}")
    else:
        click.echo("nothing new, nothing committed")


@pith.command()
@click.argument("ref")
@lake_option
@json_option
def resolve(ref: str, lake: Path | None, as_json: bool) -> None:
    """Find the record that a name stands for.

    REF is a Pith Number, its suffix or a short form of 8 characters or more, an arXiv identifier
    with or without version, or a DOI. An arXiv identifier without version stands for the latest.

    \b
    pith resolve arXiv:1804.01852
    """
    from pith_builder.lake.query import connect
    from pith_builder.operations.resolve import AmbiguousError
    from pith_builder.operations.resolve import resolve as run

    try:
        resolved = run(connect(lake or Settings.of(os.environ).lake), ref)
    except AmbiguousError as error:
        if as_json:
            _print_json({"candidates": [found.to_json_object() for found in error.candidates]})
        raise
    if as_json:
        others = [found.to_json_object() for found in resolved.others]
        _print_json({"record": resolved.record.to_json_object(), "others": others})
        return
    for found in (resolved.record, *resolved.others):
        title = " ".join(found.title.split())
        click.echo(f"{found.pith_number}  arXiv:{found.arxiv_id}v{found.arxiv_version}  {title}")


@pith.command()
@click.argument("ref")
@click.option(
    "--as",
    "view",
    type=click.Choice(["record", "bundle", "state", "events", "graph", "canonical"]),
    default="record",
    show_default=True,
    help="Which document.",
)
@click.option("--pretty", is_flag=True, help="Indent; the bytes are then no longer canonical.")
@lake_option
@json_option
def show(ref: str, view: str, pretty: bool, lake: Path | None, as_json: bool) -> None:
    """Print a record as one of its documents, in canonical JSON.

    \b
    pith show 1804.01852 --as bundle > bundle.json
    """
    from pith_builder.lake.query import connect
    from pith_builder.operations.resolve import resolve as find
    from pith_builder.operations.show import View
    from pith_builder.operations.show import show as run

    del as_json  # every view is JSON
    settings = Settings.of(os.environ)
    connection = connect(lake or settings.lake)
    number = find(connection, ref).record.pith_number
    document = run(connection, number, View(view), settings.registry.base_url)
    if pretty:
        document = json.dumps(json.loads(document), indent=2, ensure_ascii=False).encode()
    click.echo(document)


@pith.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@trust_option
@json_option
def verify(files: tuple[Path, ...], trust: tuple[Path, ...], as_json: bool) -> None:
    """Verify bundles, states, records, events, manifests and public keys, - being standard input.

    Trust comes from the keys this command is given, never from a document: the public registry's
    key, your own, and those of --trust. Every failure is told, with its place. Exit code 0: all
    hold; 4: something does not; 3: something is no Pith document.

    \b
    pith verify bundle.json --trust their-key.json
    """
    from pith_builder.operations.verify_files import exit_code, verify_file

    keyring = Settings.of(os.environ, trust).keyring()
    reports = [(file, verify_file(file, keyring, sys.stdin.buffer)) for file in files]
    code = exit_code([report for _, report in reports])
    if as_json:
        listed = [{"file": str(file), **report.to_json_object()} for file, report in reports]
        _print_json({"documents": listed, "ok": code == 0})
    else:
        for file, report in reports:
            verdict = "FAILED" if report.failures else "ok"
            click.echo(f"{verdict}  {file}: {report.kind} {report.name}".rstrip())
            for failure in report.failures:
                click.echo(f"  {failure.path or '/'}: {failure.code}: {failure.message}")
    sys.exit(code)


@pith.command()
@lake_option
@trust_option
@click.option("--roots", is_flag=True, help="Only manifests, files and content roots, no rows.")
@workers_option
@json_option
def audit(
    lake: Path | None, trust: tuple[Path, ...], roots: bool, workers: int, as_json: bool
) -> None:
    """Verify a whole lake, offline: chain, files, roots, and every row of every table.

    Trust comes from the public registry's key, your own, and those of --trust. Each finding names
    table, part and row. Exit code 0: the lake holds; 4: it does not.

    \b
    pith audit --lake data/lake --trust their-key.json
    """
    from pith_builder.operations.audit import audit as run

    settings = Settings.of(os.environ, trust)
    place = lake or settings.lake
    if not place.is_dir():
        raise UsageError(f"there is no lake in {place}")
    with _progress("rows") as progress:
        report = run(
            place, settings.keyring(), roots_only=roots, workers=workers, progress=progress
        )
    if as_json:
        _print_json(report.to_json_object())
    else:
        for finding in report.findings:
            row = "" if finding.row is None else f" row {finding.row}"
            key = f" ({finding.key})" if finding.key else ""
            click.echo(f"{finding.place}{row}{key}: {finding.code}: {finding.message}")
        rows = ", ".join(f"{count} {name}" for name, count in report.rows.items() if count)
        verdict = f"FAILED: {len(report.findings)} findings" if report.findings else "ok"
        click.echo(
            f"{verdict}: manifest {report.sequence}, {report.manifests} manifests, "
            f"{report.files} files; {rows or 'no rows'}"
        )
    sys.exit(4 if report.findings else 0)


@pith.command()
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "jsonl"]),
    help="How to print the answer.  [default: table; json with --json]",
)
@lake_option
@json_option
def sql(query: str, form: str | None, lake: Path | None, as_json: bool) -> None:
    """Ask the lake in SQL, - reading the query from standard input. It can only read.

    Tables: records, events, states, bundles, aliases, keys, builds, windows, rejects. Views and
    macros: latest_records, by_category, by_month, collisions, rejects_by_reason,
    pith_resolve(ref), versions_of(arxiv_id), has_category(categories, name).

    \b
    pith sql "select primary_cat, count(*) from latest_records group by all order by 2 desc"
    """
    from pith_builder.answers import write_answer
    from pith_builder.lake.query import ask, connect

    connection = connect(lake or Settings.of(os.environ).lake)
    answer = ask(connection, sys.stdin.read() if query == "-" else query)
    write_answer(answer, form or ("json" if as_json else "table"), sys.stdout)


@pith.group()
def keys() -> None:
    """Make and show signing keys."""


@keys.command("new")
@click.option("--key-id", help="The key's name.  [default: pith-builder-YYYY-MM]")
@json_option
def keys_new(key_id: str | None, as_json: bool) -> None:
    """Make a signing key, in the file that PITH_SIGNING_KEY_FILE names.

    The file is for you alone (mode 0600); its public half goes beside it. Keep a copy offline.

    \b
    PITH_SIGNING_KEY_FILE=~/keys/pith.json pith keys new --key-id our-registry-2026
    """
    from pith_builder.signing.key_files import new_key_file, public_path

    settings = Settings.of(os.environ)
    now = _now()
    key = new_key_file(
        settings.signing_key_file,
        key_id or f"pith-builder-{now:%Y-%m}",
        url=settings.registry.key_url(),
        notes="Signs the digests of Pith documents, as raw bytes.",
        now=now,
    )
    if as_json:
        _print_json(key.to_json_object())
        return
    click.echo(f"made key {key.key_id}, fingerprint {key.fingerprint}")
    click.echo(f"private, for you alone: {settings.signing_key_file}")
    click.echo(f"public, for everyone:   {public_path(settings.signing_key_file)}")


@keys.command("list")
@trust_option
@json_option
def keys_list(trust: tuple[Path, ...], as_json: bool) -> None:
    """List the keys that are trusted, and why.

    \b
    pith keys list
    """
    trusted = Settings.of(os.environ, trust).trusted()
    if as_json:
        _print_json([{**key.to_json_object(), "trusted_by": why} for key, why in trusted])
        return
    for key, why in trusted:
        click.echo(f"{key.key_id}  {key.fingerprint}  {why}")


@keys.command("show")
@click.argument("key_id", required=False)
@trust_option
@json_option
def keys_show(key_id: str | None, trust: tuple[Path, ...], as_json: bool) -> None:
    """Print a public-key object: your own, or the trusted key KEY_ID.

    \b
    pith keys show > our-key.json
    """
    del as_json  # a public-key object is JSON
    settings = Settings.of(os.environ, trust)
    if key_id is None:
        key = settings.signer().public_key
    else:
        found = [key for key, _ in settings.trusted() if key.key_id == key_id]
        if not found:
            raise UsageError(f"no trusted key is named {key_id!r}: see `pith keys list`")
        key = found[0]
    _print_json(key.to_json_object())


@pith.command()
@lake_option
@wait_option
@json_option
def maintain(lake: Path | None, wait: float, as_json: bool) -> None:
    """Sweep what killed builds left behind, and write pith.sql for where the lake lies.

    \b
    pith maintain --lake data/lake
    """
    from pith_builder.operations.maintain import maintain as run

    done = run(lake or Settings.of(os.environ).lake, wait)
    if as_json:
        _print_json({"freed_bytes": done.freed_bytes, "removed": list(done.removed)})
        return
    click.echo(f"{len(done.removed)} files removed, {done.freed_bytes} bytes freed")


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int], None]]:
    """Show on standard error how far a run is: a moving line on a terminal, else plain lines."""
    if sys.stderr.isatty():
        with _moving_line(what) as update:
            yield update
        return
    import time

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


def main() -> None:
    """Run `pith`; our errors become one line on standard error and their exit code."""
    try:
        code = pith(standalone_mode=False)
    except PithError as error:
        click.echo(f"pith: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("pith: interrupted; what was committed stands", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read the answer has enough; Python must not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
