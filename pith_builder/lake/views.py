"""The lake as SQL: views over the live manifest's parts, with every column's sentence."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pith_builder.core.manifest import Manifest
from pith_builder.lake.tables import TABLES, Kind, Table

_SQL_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.TEXTS: "VARCHAR[]",
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
        "-- Rewritten at each commit. The lake moved? `pith maintain` writes it anew.\n"
        "set TimeZone = 'UTC';\n"
    )
    tables = "\n".join(
        _view(table, [str(lake / part.path) for part in manifest.tables[name].parts])
        for name, table in TABLES.items()
    )
    return f"{head}\n{tables}\n{_derived_sql()}"


def _derived_sql() -> str:
    return files("pith_builder.lake").joinpath("views.sql").read_text(encoding="utf-8")


def _view(table: Table, paths: list[str]) -> str:
    if paths:
        listed = ",\n    ".join(quoted(path) for path in paths)
        columns = ", ".join(column.name for column in table.all_columns())
        query = f"select {columns}\nfrom read_parquet([\n    {listed}\n])"
    else:
        columns = ", ".join(
            f"null::{_SQL_TYPES[column.kind]} as {column.name}" for column in table.all_columns()
        )
        query = f"select {columns}\nwhere false"
    comments = [f"comment on view {table.name} is {quoted(table.about)};"]
    comments += [
        f"comment on column {table.name}.{column.name} is {quoted(column.about)};"
        for column in table.all_columns()
    ]
    return f"create or replace view {table.name} as\n{query};\n" + "\n".join(comments) + "\n"


def quoted(text: str) -> str:
    """Return an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
