"""The command that asks a lake: `pith sql`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from pith_builder.console import json_option, lake_option, standard_input
from pith_builder.disk import Disk, whole_file
from pith_builder.errors import PithError, UsageError
from pith_builder.settings import Settings

if TYPE_CHECKING:
    from pith_builder.lake.query import Answer, Connection

_COLUMNAR = ("parquet", "arrow")


def _names_to_complete(
    context: click.Context, _option: click.Parameter, incomplete: str
) -> list[str]:
    """Return the names of the lake that begin so; none where there is no lake to ask."""
    from pith_builder.lake.catalogue import tables
    from pith_builder.lake.query import connect

    try:
        connection = connect(context.params.get("lake") or Settings.of(os.environ).lake)
    except PithError:
        return []
    names = (row[0].partition("(")[0] for row in tables(connection).rows)
    return sorted(name for name in names if name.startswith(incomplete))


@click.command()
@click.argument("query", required=False)
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take the query from this file.",
)
@click.option(
    "-p",
    "--param",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="What $NAME stands for in the query. Repeatable.",
)
@click.option("--as-of", metavar="WHEN", help="The lake as of a day, an instant or a build.")
@click.option("--tables", "is_listing", is_flag=True, help="List tables, views and macros instead.")
@click.option(
    "--describe",
    "described",
    metavar="NAME",
    shell_complete=_names_to_complete,
    help="List the columns of one instead.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "jsonl", *_COLUMNAR]),
    help="How to write the answer.  [default: table; json with --json]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the answer to this file, whole or not at all.",
)
@lake_option
@json_option
def sql(
    query: str | None,
    file: Path | None,
    given: tuple[str, ...],
    as_of: str | None,
    is_listing: bool,
    described: str | None,
    form: str | None,
    out: Path | None,
    lake: Path | None,
    as_json: bool,
) -> None:
    """Ask the lake in SQL, - reading the query from standard input. It can only read.

    A parameter is text, which DuckDB reads as what it stands beside: a number, a day. WHEN is a
    day at its end, an instant, a build, or a manifest's number: every table is as it was then.

    \b
    pith sql "from by_category limit 10"
    pith sql -p id=1804.01852 'select title from latest_records where arxiv_id = $id'
    pith sql --describe latest_records
    """
    from pith_builder.lake.query import connect

    if sum((query is not None, file is not None, is_listing, described is not None)) != 1:
        raise UsageError("wanted a query, or -f FILE, or --tables, or --describe NAME: one of them")
    text = _text(query, file)
    parameters = dict(map(_parameter, given))
    form = form or ("json" if as_json else "table")
    if form in _COLUMNAR and text is None:
        raise UsageError(f"--tables and --describe come in other formats than {form}")
    if form in _COLUMNAR and out is None and sys.stdout.isatty():
        raise UsageError(f"{form} is not for a terminal: give --out FILE, or pipe it on")
    connection = connect(lake or Settings.of(os.environ).lake, as_of)
    with _binary(out) as file_out:
        if text is not None and form in _COLUMNAR:
            from pith_builder.lake.columnar import write_columnar

            write_columnar(connection, text, parameters, form, file_out)
        else:
            _write_text(_answer(connection, text, parameters, described), form, file_out)


def _text(query: str | None, file: Path | None) -> str | None:
    """Return the query, from wherever it comes, or None where something else is asked."""
    if file is None and query != "-":
        return query
    data = standard_input().read() if file is None else file.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the query in {file or 'standard input'} is not UTF-8: {error}"
        ) from error


def _parameter(given: str) -> tuple[str, str]:
    name, sign, value = given.partition("=")
    if not sign or not name.isidentifier():
        raise UsageError(f"-p wants NAME=VALUE, such as -p id=1804.01852; found {given!r}")
    return name, value


def _answer(
    connection: Connection, text: str | None, parameters: dict[str, str], described: str | None
) -> Answer:
    from pith_builder.lake.catalogue import columns, tables
    from pith_builder.lake.query import ask

    if text is not None:
        return ask(connection, text, parameters)
    if described is None:
        return tables(connection)
    about, answer = columns(connection, described)
    click.echo(about, err=True)
    return answer


def _write_text(answer: Answer, form: str, out: BinaryIO) -> None:
    from pith_builder.answers import write_answer

    text = io.TextIOWrapper(out, encoding="utf-8", newline="\n", write_through=False)
    write_answer(answer, form, text)
    text.flush()
    text.detach()


@contextmanager
def _binary(out: Path | None) -> Iterator[BinaryIO]:
    """Give standard output, or a file that gets its name when it is whole."""
    if out is None:
        yield sys.stdout.buffer
        return
    with whole_file(Disk(), out) as file:
        yield file
