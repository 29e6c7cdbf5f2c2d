"""What there is to ask for: tables, views and macros, their columns, and a sentence on each."""

from __future__ import annotations

import difflib
from typing import Any

from pith_builder.errors import UsageError
from pith_builder.lake.query import Answer, Connection, fetch
from pith_builder.lake.tables import TABLES

_NAMES = """
    select
        view_name as name,
        if(list_contains($tables, view_name), 'table', 'view') as kind,
        comment as about,
        coalesce(list_position($tables, view_name), 1000) as place
    from duckdb_views()
    where not internal
    union all
    select
        function_name || '(' || array_to_string(parameters, ', ') || ')',
        if(function_type = 'table_macro', 'table macro', 'macro'),
        comment,
        2000
    from duckdb_functions()
    where not internal
    order by place, name
"""
_COLUMNS = """
    select column_name as column, data_type as type, comment as about
    from duckdb_columns()
    where table_name = $name and not internal
    order by column_index
"""
_SENTENCES = """
    select column_name, arg_min(comment, table_name <> 'records')
    from duckdb_columns()
    where not internal
    group by column_name
"""


def tables(connection: Connection) -> Answer:
    """Return every table, view and macro with its sentence: name, kind, about."""
    found = fetch(connection, _NAMES, {"tables": list(TABLES)})
    return Answer(("name", "kind", "about"), (row[:3] for row in found))


def columns(connection: Connection, name: str) -> tuple[str, Answer]:
    """Return the sentence of a table, view or table macro, and its columns: column, type, about.

    DuckDB keeps no sentences for a macro's columns: they are those of the views it is made of.

    Raises:
        UsageError: There is none of that name, or it has no columns.
    """
    known = {row[0].partition("(")[0]: row for row in tables(connection).rows}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f": did you mean {near[0]}?" if near else "."
        raise UsageError(f"there is no table, view or macro {name!r}{hint} See `pith sql --tables`")
    signature, kind, about = known[name]
    if kind == "macro":
        raise UsageError(f"{signature} gives one value, not columns: {about}")
    if kind == "table macro":
        found = _macro_columns(connection, name, signature.count(",") + 1)
    else:
        found = fetch(connection, _COLUMNS, {"name": name})
    return f"{signature}: {about}", Answer(("column", "type", "about"), iter(found))


def _macro_columns(connection: Connection, name: str, arguments: int) -> list[tuple[Any, ...]]:
    sentences = dict(fetch(connection, _SENTENCES))
    given = ", ".join(["null"] * arguments)
    # The name is one of the catalogue's own.
    found = fetch(connection, f"describe select * from {name}({given})")  # noqa: S608
    return [(column, kind, sentences[column]) for column, kind, *_ in found]
