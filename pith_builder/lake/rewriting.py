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
from pith_builder.lake.parts import Row, open_part, part_writers, record_batch
from pith_builder.lake.reading import DamagedPartError, batches, rows_of, see_that_they_hold
from pith_builder.lake.tables import Kind, Table

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

    Keys stay as they are, and so does the order; rows that are not chosen stay as Arrow has them.
    One row group is in memory at a time.

    Raises:
        DamagedPartError: The part is not as the manifest says, or cannot be read whole.
        StorageError: The disk is full, or the folder takes no files.
    """
    see_that_they_hold(lake, [part])
    with part_writers(disk, lake, [table], label) as (writer,):
        for rows in batches(lake, table, part, rows_at_once=table.row_group_rows):
            keys = _keys_of(table, rows)
            writer.add_arrow(_replaced(table, rows, keys, chosen(keys)))
        return _whole(part, writer.finish())


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
        DamagedPartError: The part is not as the manifest says, or cannot be read whole.
        StorageError: The disk is full, or the folder takes no files.
    """
    see_that_they_hold(lake, [part])
    with part_writers(disk, lake, [table], label) as (writer,):
        for batch in batches(lake, table, part):
            for row in change([*rows_of(table, part, batch)]):
                writer.add_row(row)
        return _whole(part, writer.finish())


def _whole(old: Part, new: Part | None) -> Part:
    """Return a part written anew, which has rows as the old one has.

    Raises:
        DamagedPartError: It has none.
    """
    if new is None:
        raise DamagedPartError(f"{old.path} gives no rows; run `pith audit`")
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
        yield _keys_of(table, batch)


def _keys_of(table: Table, batch: pa.RecordBatch) -> list[Key]:
    return [*zip(*(batch.column(name).to_pylist() for name in table.key), strict=True)]


def _replaced(
    table: Table, batch: pa.RecordBatch, keys: Sequence[Key], rows: Mapping[Key, Row]
) -> pa.RecordBatch:
    """Return a batch with other rows in the places of those with their keys."""
    places = [place for place, key in enumerate(keys) if key in rows]
    if not places:
        return batch
    columns = [*zip(*(rows[keys[place]] for place in places), strict=True)]
    new = record_batch(table, columns, len(places))
    order = [*range(len(batch))]
    for index, place in enumerate(places, len(batch)):
        order[place] = index
    taken = arrow_array(Kind.INTEGER, order, len(order))
    arrays = [
        pa.concat_arrays([old, fresh]).take(taken)
        for old, fresh in zip(batch.columns, new.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)
