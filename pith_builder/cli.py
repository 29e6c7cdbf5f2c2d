"""The `pith` command: every operation with a door."""

from __future__ import annotations

import gc
import json
import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from pith_builder.attest_commands import attest
from pith_builder.console import (
    counts,
    day_option,
    json_option,
    keep_raw_option,
    lake_option,
    now_option,
    print_json,
    progress_shown,
    replay_option,
    say,
    show_counts,
    standard_input,
    target_of,
    trust_option,
    wait_option,
    workers_option,
)
from pith_builder.doctor_command import doctor
from pith_builder.errors import PithError, StorageError, UsageError
from pith_builder.graph_commands import import_, merge
from pith_builder.guidance import CommandsInOrder, completion, show_versions
from pith_builder.harvest_commands import backfill, gaps, nightly
from pith_builder.keys_commands import keys, reissue
from pith_builder.maintain_command import maintain
from pith_builder.mirror_commands import export, serve
from pith_builder.report_command import report
from pith_builder.settings import Settings, lake_folder
from pith_builder.sql_command import sql
from pith_builder.verify_commands import prove, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from pith_builder.operations.transaction import BuildResult, Target


_MUCH_BYTES = 1 << 24
"""A file of so many surely takes several processes, which are then made ready at once."""

_DOCUMENTS = ("record", "bundle", "state", "events", "graph", "canonical")
_CITATIONS = ("bibtex", "citation", "datacite", "latex")


@click.group(
    cls=CommandsInOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_versions,
    help="Show the versions of builder, formats and libraries.",
)
def pith() -> None:
    """Mint, keep and verify content-addressed, signed records of arXiv papers."""


pith.add_command(nightly)
pith.add_command(backfill)
pith.add_command(gaps)
pith.add_command(export)
pith.add_command(serve)
pith.add_command(merge)
pith.add_command(import_)
pith.add_command(attest)
pith.add_command(sql)
pith.add_command(report)
pith.add_command(keys)
pith.add_command(maintain)
pith.add_command(doctor)
pith.add_command(completion)
pith.add_command(reissue)
pith.add_command(verify)
pith.add_command(prove)


@pith.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...", type=click.Path(path_type=Path))
@click.option("--ids", help="Instead of files: arXiv identifiers, separated by commas.")
@click.option("--query", help="Instead of files: a query of arXiv's API, such as cat:cs.LG.")
@day_option("from", "With --query: the first day of submission.")
@day_option("until", "With --query: the last day of submission.")
@keep_raw_option
@replay_option
@lake_option
@now_option
@workers_option
@wait_option
@json_option
def build(
    sources: tuple[Path, ...],
    ids: str | None,
    query: str | None,
    from_on: date | None,
    until_on: date | None,
    keep_raw: Path | None,
    replay: Path | None,
    lake: Path | None,
    now: datetime | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Mint what is new in bulk-snapshot files, in one commit.

    SOURCE is arXiv's bulk metadata, one JSON object a line: plain, .gz, .zst or .zip, or - for
    standard input. Papers whose record is there already are left alone; lines that make no
    paper are kept with their reason in table rejects. With --ids or --query the papers named are
    fetched from arXiv's OAI-PMH.

    \b
    pith build arxiv-metadata-oai-snapshot.json.zip
    pith build --ids 1412.6651,1804.01852
    """
    if sum((bool(sources), ids is not None, query is not None)) != 1:
        raise UsageError("wanted snapshot files, or --ids, or --query, and one of them alone")
    if query is None and (from_on or until_on):
        raise UsageError(
            "--from and --until go with --query; `pith backfill` reads months of a category"
        )
    for source in sources:
        if str(source) != "-" and (source.is_dir() or not source.exists()):
            raise UsageError(
                f"there is no file {source}: name a bulk snapshot, or - to read it piped in"
            )
    if workers > 1 and any(_is_much(source) for source in sources):
        from pith_builder.operations.processes import begin_server

        begin_server("pith_builder.operations.workers")
    settings = Settings.of(os.environ)
    target = target_of(settings, lake, now, workers, wait)
    with progress_shown("papers") as progress:
        if sources:
            from pith_builder.operations.build import build as run

            gc.freeze()  # at its end Python would look for cycles in the whole program, for 40 ms
            result = run(target, sources, standard_input(), progress)
        else:
            names = _named(ids) if ids is not None else (query or "", from_on, until_on)
            result = _fetched(settings, target, names, keep_raw, replay, progress)
    if as_json:
        print_json(counts(result))
    else:
        show_counts(result)


def _is_much(source: Path) -> bool:
    return source.is_file() and source.stat().st_size > _MUCH_BYTES


def _named(ids: str) -> list[str]:
    return [name.strip() for name in ids.split(",") if name.strip()]


def _fetched(
    settings: Settings,
    target: Target,
    names: list[str] | tuple[str, date | None, date | None],
    keep_raw: Path | None,
    replay: Path | None,
    progress: Callable[[int], None],
) -> BuildResult:
    """Fetch papers by their identifiers, or those a query finds."""
    from pith_builder.core.arxiv_id import ArxivId
    from pith_builder.operations.fetch import build_ids, find_ids, opened_api
    from pith_builder.operations.harvest import opened_source

    reaching = settings.source(keep_raw, replay)
    if isinstance(names, tuple):
        with opened_api(settings.api_url, reaching) as get:
            papers = find_ids(get, *names)
    else:
        papers = [ArxivId.parse(name) for name in names]
    with opened_source(reaching) as source:
        return build_ids(target, source, papers, progress)


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
    from pith_builder.lake.query import connect_to
    from pith_builder.lake.store import open_lake
    from pith_builder.operations.resolve import AmbiguousError
    from pith_builder.operations.resolve import resolve as run

    opened = open_lake(lake or lake_folder(os.environ))
    try:
        resolved = run(connect_to(opened, with_views=False), ref)
    except AmbiguousError as error:
        if as_json:
            print_json({"candidates": [found.to_json_object() for found in error.candidates]})
        raise
    if as_json:
        others = [found.to_json_object() for found in resolved.others]
        print_json({"record": resolved.record.to_json_object(), "others": others})
        return
    for found in (resolved.record, *resolved.others):
        named = f"{found.pith_number}  arXiv:{found.arxiv_id}v{found.arxiv_version}"
        say(f"{named}  {found.shown_title()}".rstrip())


@pith.command()
@click.argument("ref")
@click.option(
    "--as",
    "view",
    type=click.Choice([*_DOCUMENTS, *_CITATIONS]),
    default="record",
    show_default=True,
    help="Which document, or how to cite it.",
)
@click.option("--pretty", is_flag=True, help="Indent; the bytes are then no longer canonical.")
@lake_option
@json_option
def show(ref: str, view: str, pretty: bool, lake: Path | None, as_json: bool) -> None:
    """Print a record as one of its documents, in canonical JSON, or a citation of it.

    Citations name the very record, and PITH_BASE_URL as where it is resolved: a BibTeX entry, a
    line of text, DataCite's metadata, and a snippet of LaTeX.

    \b
    pith show 1804.01852 --as bundle > bundle.json
    pith show 1804.01852v2 --as bibtex >> references.bib
    """
    from pith_builder.lake.query import connect
    from pith_builder.operations.citing import CitationForm, cite
    from pith_builder.operations.resolve import resolve as find
    from pith_builder.operations.show import View
    from pith_builder.operations.show import show as run

    settings = Settings.of(os.environ)
    connection = connect(lake or settings.lake)
    number = find(connection, ref).record.pith_number
    if view in _DOCUMENTS:
        document = run(connection, number, View(view), settings.registry.base_url)
    else:
        text = cite(connection, number, CitationForm(view), settings.registry.base_url)
        if view != CitationForm.DATACITE:
            if as_json:
                print_json({view: text})
            else:
                click.echo(text, nl=False)
            return
        document = text.encode()
    if pretty:
        document = json.dumps(json.loads(document), indent=2, ensure_ascii=False).encode()
    click.echo(document)


@pith.command()
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False)
)
@lake_option
@trust_option
@click.option("--roots", is_flag=True, help="Only manifests, files and content roots, no rows.")
@click.option(
    "--source",
    "of_source",
    is_flag=True,
    help="Compare with what arXiv lists instead; what is missing goes to the ledger.",
)
@click.option("--set", "set_spec", default="", help="With --source: one OAI-PMH set.")
@keep_raw_option
@replay_option
@workers_option
@wait_option
@json_option
def audit(
    folder: Path | None,
    lake: Path | None,
    trust: tuple[Path, ...],
    roots: bool,
    of_source: bool,
    set_spec: str,
    keep_raw: Path | None,
    replay: Path | None,
    workers: int,
    wait: float,
    as_json: bool,
) -> None:
    """Verify a whole lake, offline: chain, files, roots, and every row of every table.

    DIR is a lake or a release dump, as --lake is. Trust comes from the public registry's key, your
    own, and those of --trust. Each finding names table, part and row. Exit code 0: the lake holds;
    4: it does not.

    \b
    pith audit --lake data/lake --trust their-key.json
    """
    if folder is not None and lake is not None:
        raise UsageError("DIR and --lake do not go together")
    lake = folder or lake
    settings = Settings.of(os.environ, trust)
    place = lake or settings.lake
    if not place.is_dir():
        raise UsageError(
            f"there is no lake in {place}: build one with `pith build`, or give --lake"
        )
    if workers > 1 and not (roots or of_source):
        from pith_builder.operations.processes import begin_server

        begin_server("pith_builder.operations.audit")
    from pith_builder.operations.audit import audit as run

    if of_source:
        target = target_of(settings, lake, None, workers, wait)
        _audit_source(settings, target, set_spec, keep_raw, replay, as_json)
        return
    with progress_shown("rows") as progress:
        report = run(
            place, settings.keyring(), roots_only=roots, workers=workers, progress=progress
        )
    if as_json:
        print_json(report.to_json_object())
    else:
        for note in report.notes:
            say(f"{note.place}: note: {note.message}")
        for finding in report.findings:
            row = "" if finding.row is None else f" row {finding.row}"
            key = f" ({finding.key})" if finding.key else ""
            say(f"{finding.place}{row}{key}: {finding.code}: {finding.message}")
        rows = ", ".join(f"{count} {name}" for name, count in report.rows.items() if count)
        verdict = f"FAILED: {len(report.findings)} findings" if report.findings else "ok"
        click.echo(
            f"{verdict}: manifest {report.sequence}, {report.manifests} manifests, "
            f"{report.files} files; {rows or 'no rows'}"
        )
    sys.exit(4 if report.findings else 0)


def _audit_source(
    settings: Settings,
    target: Target,
    set_spec: str,
    keep_raw: Path | None,
    replay: Path | None,
    as_json: bool,
) -> None:
    from pith_builder.operations.harvest import opened_source
    from pith_builder.operations.source_audit import audit_source

    with opened_source(settings.source(keep_raw, replay)) as source:
        found = audit_source(target, source, set_spec)
    if as_json:
        print_json(
            {
                "explained": found.explained,
                "gaps": [[str(days.from_on), str(days.until_on)] for days in found.gaps],
                "listed": found.listed,
                "missing": [[name, str(day)] for name, day in found.missing],
                "present": found.present,
            }
        )
        return
    click.echo(
        f"{found.listed} listed: {found.present} present, {found.explained} explained, "
        f"{len(found.missing)} missing"
    )
    for name, day in found.missing:
        say(f"  missing: {name} of {day}")
    for days in found.gaps:
        click.echo(f"to read again: {days}")


def _give_up(error: OSError) -> NoReturn:
    """End with one line where the answer cannot be written; Python must not try the rest."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    click.echo(f"pith: cannot write the answer: {error.strerror or error}", err=True)
    sys.exit(StorageError.exit_code)


def main() -> None:
    """Run `pith`; our errors become one line on standard error and their exit code."""
    # numpy need start no threads for matrices, of which there are none: they take 40 ms of a core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = pith(standalone_mode=False)
        sys.stdout.flush()
    except PithError as error:
        click.echo(f"pith: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("pith: interrupted; what was committed stands", err=True)
        sys.exit(130)
    except OSError as error:
        _give_up(error)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
