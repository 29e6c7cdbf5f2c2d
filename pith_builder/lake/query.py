"""Asking the lake: a DuckDB connection that sees one commit and no file but the lake's."""

from __future__ import annotations

import re
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

from pith_builder.core.manifest import Part
from pith_builder.errors import SweptError, UsageError, VerificationError
from pith_builder.lake.history import Moment, lake_as_of
from pith_builder.lake.store import Lake, current_sequence, open_lake
from pith_builder.lake.tables import TABLES
from pith_builder.lake.views import connection_sql, quoted

Connection: TypeAlias = duckdb.DuckDBPyConnection
"""A connection to a lake; so that what asks it need not import DuckDB."""

_PLACE, _SEQUENCE, _PARTS = "pith_lake", "pith_sequence", "pith_parts_of_"
"""The variables that keep which lake a connection reads, which manifest of it, and its parts."""

_ROWS_AT_ONCE = 1_000
_HINTS = {
    "Catalog Error": "`pith sql --tables` lists tables, views and macros; `--describe NAME` "
    "their columns.",
    "not provided for the following parameters": "`pith sql -p NAME=VALUE` gives a parameter.",
}
"""What to do next, by what stands in DuckDB's words."""

_UNTOLD = (RuntimeError, UnicodeDecodeError)
"""What DuckDB's Python side raises of a text that a flipped bit made no UTF-8."""

_DAMAGE = (duckdb.IOException, duckdb.SerializationException, *_UNTOLD)
_EXPLAINED = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*explain\s+(?:analyze\s+)?(?:\(\s*(?:analyze|format)[^()]*\)\s*)?",
    re.IGNORECASE | re.DOTALL,
)

_NO_WORDS = frozenset((duckdb.token_type.comment, duckdb.token_type.string_const))
_WRITES = frozenset(("copy", "delete", "insert", "merge", "update"))


def connect(lake: str | Path, as_of: Moment | None = None) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection to a lake as of its live manifest, for reading.

    Views of every table and the macros of `pith.sql` are there. The connection can read the
    parts of this lake and no other file, loads no extension, and its settings are locked.

    Args:
        lake: Its folder.
        as_of: Instead of the present, a moment of the past (see `lake_as_of`): every table, view
            and macro is then as it was.

    Raises:
        UsageError: There is no lake, or there was none then.
        VerificationError: `CURRENT` or the manifest is damaged.
    """
    opened = _opened(lake, as_of)
    while True:
        try:
            return connect_to(opened)
        except SweptError:  # between reading the manifest and opening its parts
            now = _opened(lake, as_of)
            if now.manifest == opened.manifest:
                raise
            opened = now


def parts(lake: str | Path, table: str, as_of: Moment | None = None) -> list[Path]:
    """Return the Parquet files that hold a table, in the order they were added.

    Other readers take the list: `polars.scan_parquet(parts(lake, "records"))`. A table that holds
    nothing has none.

    Raises:
        UsageError: There is no lake, there was none then, or it has no such table.
        VerificationError: `CURRENT` or the manifest is damaged.
    """
    if table not in TABLES:
        raise UsageError(f"there is no table {table!r}: wanted one of {', '.join(TABLES)}")
    opened = _opened(lake, as_of)
    return [opened.path / part.path for part in opened.table(table).parts]


def _opened(lake: str | Path, as_of: Moment | None) -> Lake:
    place = Path(lake)
    return open_lake(place) if as_of is None else lake_as_of(place, as_of)


def connect_to(
    lake: Lake, *, with_views: bool = True, memory_limit: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a connection to a lake as of the manifest that is open.

    It sees that commit whole, whatever is committed meanwhile, as long as its parts are kept.

    Without views, of which DuckDB opens a part for each stretch of years, rows are found by
    `sought` alone: so a process that asks one thing is not held up by all that could be asked.
    Beyond `memory_limit`, such as `1GB`, what can be is put on the disk; otherwise it is DuckDB's.

    Raises:
        VerificationError: A part is missing or damaged.
        SweptError: The parts of that commit are no longer kept.
    """
    place = lake.path.resolve()
    parts = [place / part.path for table in lake.manifest.tables.values() for part in table.parts]
    _refuse_links_elsewhere(place, parts)
    limit = {} if memory_limit is None else {"memory_limit": memory_limit}
    connection = duckdb.connect(config={**own_settings(), **limit})
    connection.execute(f"set allowed_paths = [{', '.join(map(quoted, map(str, parts)))}]")
    connection.execute("set parquet_metadata_cache = true")
    connection.execute("set enable_external_access = false")
    connection.execute(f"set variable {_PLACE} = {quoted(str(place))}")
    connection.execute(f"set variable {_SEQUENCE} = {lake.manifest.sequence}")
    for name, table in TABLES.items():
        if table.sought_by:
            listed = _listed(place, lake.table(name).parts)
            connection.execute(f"set variable {_PARTS}{name} = {listed}")
    connection.execute("set TimeZone = 'UTC'")
    if with_views:
        with _damage(connection, place):
            connection.execute(connection_sql(place, lake.manifest))
    connection.execute("set lock_configuration = true")
    return connection


def own_settings() -> dict[str, Any]:
    """Return the settings that every connection of ours begins with."""
    return {
        # DuckDB makes this folder when a query spills, and may write in no other.
        "temp_directory": str(Path(tempfile.gettempdir()) / f"pith-builder-{uuid.uuid4()}"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def _listed(lake: Path, parts: Iterable[Part]) -> str:
    """Return an SQL list of parts and of what their keys begin with."""
    listed = (
        f"{{'path': {quoted(f'{lake}/{part.path}')}, 'first': {quoted(part.first_key[0])}, "
        f"'last': {quoted(part.last_key[0])}}}"
        for part in parts
    )
    return f"[{', '.join(listed)}]"


def _refuse_links_elsewhere(lake: Path, parts: list[Path]) -> None:
    """See that no part is a link to a file outside the lake, which a query would then read."""
    for part in parts:
        if part.is_symlink() and not part.resolve().is_relative_to(lake):
            raise VerificationError(
                f"{part} is a link to {part.resolve()}, outside the lake: put a copy of that "
                "in its place if it is the part, and run `pith audit`"
            )


def fetch(
    connection: Connection, query: str, parameters: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Return the rows of a query of our own.

    Raises:
        VerificationError: A part of the lake is missing or damaged.
        SweptError: The parts of the commit that is read are no longer kept.
    """
    with _damage(connection):
        return connection.execute(query, dict(parameters or {})).fetchall()


def sought(
    connection: Connection, table: str, value: str, columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Return columns of the rows whose key begins with a value, of a table with `sought_by`.

    They are those that the table's view gives; but DuckDB plans a query of a view for all parts,
    which takes longer than looking into the few that can hold the value.

    Raises:
        VerificationError: A part of the lake is missing or damaged.
        SweptError: The parts of the commit that is read are no longer kept.
    """
    may_hold = f"""
        select list(part.path)
        from (select unnest(getvariable('{_PARTS}{table}')) as part)
        where $value between part.first and part.last
    """  # noqa: S608
    ((parts,),) = fetch(connection, may_hold, {"value": value})
    if parts is None:
        return []
    query = f"""
        select {", ".join(columns)}
        from read_parquet($parts)
        where {TABLES[table].key[0]} = $value
    """  # noqa: S608
    return fetch(connection, query, {"parts": parts, "value": value})


def see_whether_swept(connection: Connection) -> None:
    """Raise, if parts of the commit that is read are gone because a later one is live.

    Parts are immutable and named by their content: one that is there has the rows it had.

    Raises:
        SweptError: That is so.
    """
    asked = f"select getvariable('{_PLACE}'), getvariable('{_SEQUENCE}')"
    place, read = connection.execute(asked).fetchall()[0]
    live = current_sequence(Path(place))
    gone = _parts_gone(connection)
    if gone and live is not None and live > read:
        raise SweptError(
            f"{gone} parts of manifest {read} of {place} are no longer kept: manifest {live} is "
            "live now, and `pith maintain` removed what only earlier ones name; begin again"
        )


def _parts_gone(connection: Connection) -> int:
    """Count the parts that are not there; DuckDB says of one only that it may not look for it."""
    listed = connection.execute("select unnest(current_setting('allowed_paths'))").fetchall()
    return sum(not Path(path).exists() for (path,) in listed)


@contextmanager
def _damage(connection: Connection, lake: Path | None = None) -> Iterator[None]:
    """Turn DuckDB's failure to read a part into ours."""
    try:
        yield
    except (duckdb.Error, *_UNTOLD) as error:
        see_whether_swept(connection)
        said = str(error).splitlines()[0]
        raise VerificationError(
            f"the lake{f' in {lake}' if lake else ''} cannot be read: {said}; run `pith audit`"
        ) from error


def checked_query(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return a query, once it is shown to be one statement that only reads.

    Raises:
        UsageError: It is no SQL, or several statements, or one that does more than read.
    """
    with told(connection, "does not read this as SQL"):
        statements = connection.extract_statements(query)
    if len(statements) != 1:
        raise UsageError(f"wanted one statement, found {len(statements)}")
    kind = _kind(statements[0])
    if kind is duckdb.StatementType.EXPLAIN:
        inner = _EXPLAINED.match(query)
        if inner is None:
            raise UsageError("wanted EXPLAIN or EXPLAIN ANALYZE and a query")
        checked_query(connection, query[inner.end() :])
    elif kind is not duckdb.StatementType.SELECT:
        found = "a statement of another kind" if kind is None else kind.name.lower()
        hint = (
            " (a pivot wants its values named: pivot … on … in (…))"
            if kind is duckdb.StatementType.MULTI
            else ""
        )
        raise UsageError(f"`pith sql` only reads: wanted a query, found {found}{hint}")
    _refuse_writing_parts(query)
    return query


def _kind(statement: Any) -> Any:
    """Return what kind of statement it is, or None where DuckDB's Python side has no word for it.

    It has none for `update extensions`.
    """
    try:
        return statement.type
    except ValueError:
        return None


def _refuse_writing_parts(query: str) -> None:
    """Refuse a query one of whose `with` parts writes; DuckDB takes the whole for a query."""
    data = query.encode()
    tokens = duckdb.tokenize(query)  # by their places among the bytes
    ends = [place for place, _ in tokens[1:]] + [len(data)]
    words = [
        data[place:end].strip().lower().decode()
        for (place, kind), end in zip(tokens, ends, strict=True)
        if kind not in _NO_WORDS
    ]
    for before, bracket, word in zip(words, words[1:], words[2:], strict=False):
        if bracket == "(" and before in ("as", "materialized") and word in _WRITES:
            raise UsageError(f"`pith sql` only reads: wanted a query, found {word} in a part of it")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query came to.

    Attributes:
        columns: The names of its columns.
        rows: Its rows, fetched as they are gone through.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def ask(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Mapping[str, Any] | None = None,
) -> Answer:
    """Run a query that only reads, `$name` in it being the parameter of that name.

    Raises:
        UsageError: It is no such query, or DuckDB refuses it.
        VerificationError: A part of the lake is missing or damaged.
        SweptError: The parts of the commit that is read are no longer kept.
    """
    checked = checked_query(connection, query)
    with told(connection, "refuses the query"):
        connection.execute(checked, dict(parameters or {}))
    columns = tuple(column[0] for column in connection.description or ())
    return Answer(columns, _fetched(connection))


def _fetched(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    with told(connection, "cannot go on with the query"):
        while rows := connection.fetchmany(_ROWS_AT_ONCE):
            yield from rows


@contextmanager
def told(connection: Connection, what: str) -> Iterator[None]:
    """Turn what DuckDB says of a stranger's query into ours; it shows the place with a caret."""
    try:
        yield
    except (duckdb.Error, *_UNTOLD) as error:
        see_whether_swept(connection)
        # What a damaged Parquet header makes DuckDB say has no class of its own.
        is_damage = isinstance(error, _DAMAGE) or type(error) is duckdb.Error
        if is_damage or _parts_gone(connection):
            raise VerificationError(
                f"the lake cannot be read: {error}; run `pith audit`"
            ) from error
        hint = next((f"\n\n{hint}" for sign, hint in _HINTS.items() if sign in str(error)), "")
        raise UsageError(f"DuckDB {what}: {error}{hint}") from error
