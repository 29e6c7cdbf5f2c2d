"""The lake as SQL: views over the live manifest's parts, with every column's sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from pith_builder.core.manifest import Manifest, Part
from pith_builder.lake.stretches import PARTS_OF_A_QUERY, stretches
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

    Names are the tables' and parts' own; the folder, and the keys of parts, are quoted.
    """
    head = (
        f"-- Pith Builder: the lake as of manifest {manifest.sequence}, "
        f"{manifest.manifest_sha256}.\n"
        "-- Rewritten at each commit. The lake moved? Say where to in the next line.\n"
    )
    settings = f"set variable pith_lake = {quoted(str(lake))};\nset TimeZone = 'UTC';\n"
    return f"{head}{settings}\n{_tables_sql(manifest, _below_variable)}\n{_derived_sql()}"


def connection_sql(lake: Path, manifest: Manifest) -> str:
    """Return the SQL that a connection is made with.

    Each part is named outright: a path that is put together takes every query a little longer.
    """

    def outright(path: str) -> str:
        return quoted(f"{lake}/{path}")

    return f"{_tables_sql(manifest, outright)}\n{_derived_sql()}"


def _below_variable(path: str) -> str:
    return f"getvariable('pith_lake') || {quoted('/' + path)}"


def _tables_sql(manifest: Manifest, named: Callable[[str], str]) -> str:
    return "\n".join(
        _view(table, manifest.tables[name].parts, named) for name, table in TABLES.items()
    )


def is_views_sql(text: str, manifest: Manifest) -> bool:
    """Tell whether a text is the views of a manifest, wherever the lake was thought to lie."""
    place = place_of(text)
    return place is not None and text == views_sql(place, manifest)


def place_of(text: str) -> Path | None:
    """Return the folder that the views read, or None where a text names none."""
    found = _PLACE.search(text)
    return None if found is None else Path(found[1].replace("''", "'"))


@cache
def _derived_sql() -> str:
    folder = files("pith_builder.lake") / "sql"
    texts = [folder.joinpath(f"{name}.sql").read_text(encoding="utf-8") for name in _DERIVED]
    texts += ["\n".join(_column_comments(*whole)) + "\n" for whole in _WHOLE_ROWS.items()]
    return "\n".join(texts)


def _view(table: Table, parts: Sequence[Part], named: Callable[[str], str]) -> str:
    query = "\nunion all\n".join(_queries(table, parts, named))
    comments = [f"comment on view {table.name} is {quoted(table.about)};"]
    comments += _column_comments(table.name, table)
    return f"create or replace view {table.name} as\n{query};\n" + "\n".join(comments) + "\n"


def _column_comments(view: str, table: Table) -> list[str]:
    return [
        f"comment on column {view}.{column.name} is {quoted(column.about)};"
        for column in table.all_columns()
    ]


def _queries(table: Table, parts: Sequence[Part], named: Callable[[str], str]) -> Iterator[str]:
    """Yield the queries that a view is the union of: of parts, within bounds of their keys.

    By the bounds DuckDB tells which parts can hold a Pith Number before it opens any; so that it
    opens a few, however many there are.
    """
    columns = ", ".join(column.name for column in table.all_columns())
    if not parts:
        yield f"select {_nulls(table)}\nwhere false"
    elif table.key[0] != "pith_number" or len(parts) <= PARTS_OF_A_QUERY:
        yield f"select {columns}\nfrom {_read(table, parts, named)}"
    else:
        for first, beyond, some in stretches(parts):
            bounds = f"pith_number >= {quoted(first)} and pith_number < {quoted(beyond)}"
            yield f"select {columns}\nfrom {_read(table, some, named)}\nwhere {bounds}"


def _read(table: Table, parts: Sequence[Part], named: Callable[[str], str]) -> str:
    listed = ",\n    ".join(named(part.path) for part in parts)
    if table.schema_version == 1:
        return f"read_parquet([\n    {listed}\n])"
    # Parts of an older schema lack a column, and it may be that all of them do.
    return (
        f"(select {_nulls(table)} where false union all by name\n"
        f"from read_parquet([\n    {listed}\n], union_by_name = true))"
    )


def _nulls(table: Table) -> str:
    return ", ".join(
        f"null::{_SQL_TYPES[each.kind]} as {each.name}" for each in table.all_columns()
    )


def quoted(text: str) -> str:
    """Return an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
