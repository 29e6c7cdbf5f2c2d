"""The lake as SQL: views over the live manifest's parts, with every column's sentence."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from pith_builder.core.manifest import Manifest
from pith_builder.lake.tables import RECORDS, TABLES, Kind, Table

_DERIVED = ("papers", "names", "history", "coverage")
"""The files of views and macros built on the tables, in the order they are run in."""

_WHOLE_ROWS = {"latest_records": RECORDS}
"""Views that show some rows of a table whole: their columns are the table's."""

_PLACE = re.compile(r"^set variable pith_lake = '(.*)';$", re.MULTILINE)

_SQL_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.TEXTS: "VARCHAR[]",
    Kind.JSON: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INSTANT: "TIMESTAMPTZ",
    Kind.DAY: "DATE",
    Kind.BYTES: "BLOB",
    Kind.SHA256: "BLOB",
}


def views_sql(lake: Path, manifest: Manifest) -> str:
    """Return SQL that makes a view of each table, and the views and macros built on them.

    No word of it comes from data: names are the tables' and parts' own, and the folder is quoted.
    """
    head = (
        f"-- Pith Builder: the lake as of manifest {manifest.sequence}, "
        f"{manifest.manifest_sha256}.\n"
        "-- Rewritten at each commit. The lake moved? Say where to in the next line.\n"
        f"set variable pith_lake = {quoted(str(lake))};\n"
        "set TimeZone = 'UTC';\n"
    )
    tables = "\n".join(
        _view(table, [part.path for part in manifest.tables[name].parts])
        for name, table in TABLES.items()
    )
    return f"{head}\n{tables}\n{_derived_sql()}"


def is_views_sql(text: str, manifest: Manifest) -> bool:
    """Tell whether a text is the views of a manifest, wherever the lake was thought to lie."""
    place = _PLACE.search(text)
    if place is None:
        return False
    return text == views_sql(Path(place[1].replace("''", "'")), manifest)


@cache
def _derived_sql() -> str:
    folder = files("pith_builder.lake") / "sql"
    texts = [folder.joinpath(f"{name}.sql").read_text(encoding="utf-8") for name in _DERIVED]
    texts += ["\n".join(_column_comments(*whole)) + "\n" for whole in _WHOLE_ROWS.items()]
    return "\n".join(texts)


def _view(table: Table, paths: list[str]) -> str:
    if paths:
        listed = ",\n    ".join(
            f"getvariable('pith_lake') || {quoted('/' + path)}" for path in paths
        )
        columns = ", ".join(column.name for column in table.all_columns())
        query = f"select {columns}\nfrom read_parquet([\n    {listed}\n])"
    else:
        columns = ", ".join(
            f"null::{_SQL_TYPES[column.kind]} as {column.name}" for column in table.all_columns()
        )
        query = f"select {columns}\nwhere false"
    comments = [f"comment on view {table.name} is {quoted(table.about)};"]
    comments += _column_comments(table.name, table)
    return f"create or replace view {table.name} as\n{query};\n" + "\n".join(comments) + "\n"


def _column_comments(view: str, table: Table) -> list[str]:
    return [
        f"comment on column {view}.{column.name} is {quoted(column.about)};"
        for column in table.all_columns()
    ]


def quoted(text: str) -> str:
    """Return an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
