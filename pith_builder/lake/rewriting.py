"""Rewriting a part whose rows change (copy on write), and finding rows by their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from pith_builder.core.manifest import Part
from pith_builder.disk import Disk
from pith_builder.lake.arrays import arrow_array
from pith_builder.lake.parts import Row, open_part, part_writers
from pith_builder.lake.reading import DamagedPartError, batches, read_rows
from pith_builder.lake.tables import Kind, Table

_ROWS_AT_ONCE = 1_000

Key = tuple[Any, ...]
Chosen = Callable[[Sequence[Key]], Mapping[Key, Any]]
"""Is asked of keys, and answers for those it knows."""


def find_rows(
    lake: Path, table: Table, part: Part, chosen: Chosen, columns: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """Yield some columns of the rows that are chosen by key; row groups without any stay unread.

    Raises:
        DamagedPartError: The part cannot be read whole.
    """
    first = 0
    wanted: dict[int, list[int]] = {}
    keys = [key for some in _keys(lake, table, part) for key in some]
    with _damage(part), open_part(lake, part) as file:
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            known = chosen(keys[first : first + rows])
            found = [row for row in range(rows) if keys[first + row] in known]
            if found:
                wanted[group] = found
            first += rows
        for group, found in wanted.items():
            read = file.read_row_group(group, columns=[*columns]).take(
                arrow_array(Kind.INTEGER, found, len(found))
            )
            yield from zip(*(read.column(name).to_pylist() for name in columns), strict=True)


def holds_any(lake: Path, table: Table, part: Part, chosen: Chosen) -> bool:
    """Tell whether any row of a part is chosen by its key.

    Raises:
        DamagedPartError: The part cannot be read whole.
    """
    return any(chosen(keys) for keys in _keys(lake, table, part))


def rewritten(disk: Disk, lake: Path, table: Table, part: Part, chosen: Chosen, label: str) -> Part:
    """Write a part anew, the rows that are chosen by key replaced by what `chosen` gives for them.

    Keys stay as they are, and so does the order. A thousand rows and one row group of what is
    written are in memory at a time.

    Raises:
        DamagedPartError: The part cannot be read whole.
        StorageError: The disk is full, or the folder takes no files.
    """
    places = [table.position(name) for name in table.key]

    def change(rows: Sequence[Row]) -> Iterator[Row]:
        keys = [tuple(row[place] for place in places) for row in rows]
        replaced = chosen(keys)
        return (replaced.get(key, row[:-1]) for key, row in zip(keys, rows, strict=True))

    return changed_part(disk, lake, table, part, label, change)


def changed_part(
    disk: Disk,
    lake: Path,
    table: Table,
    part: Part,
    label: str,
    change: Callable[[Sequence[Row]], Iterable[Row]],
) -> Part:
    """Write a part anew, its rows as `change` gives them, a thousand or less at a time.

    `change` is given rows with their digests, returns as many without, and changes no key.

    Raises:
        DamagedPartError: The part cannot be read whole.
        StorageError: The disk is full, or the folder takes no files.
    """
    with part_writers(disk, lake, [table], label) as (writer,):
        for rows in _gathered(read_rows(lake, table, part)):
            for row in change(rows):
                writer.add_row(row)
        new = writer.finish()
    if new is None:
        raise DamagedPartError(f"{part.path} gives no rows; run `pith audit`")
    return new


@contextmanager
def _damage(part: Part) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0][:200]
        raise DamagedPartError(f"{part.path} cannot be read: {said}; run `pith audit`") from error


def _keys(lake: Path, table: Table, part: Part) -> Iterator[list[Key]]:
    for batch in batches(lake, table, part, table.key):
        yield [*zip(*(batch.column(name).to_pylist() for name in table.key), strict=True)]


def _gathered(rows: Iterator[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    for row in rows:
        some.append(row)
        if len(some) == _ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
