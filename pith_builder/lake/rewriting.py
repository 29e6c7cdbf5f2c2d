"""Rewriting a part whose rows change (copy on write), and finding rows by their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pith_builder.core.manifest import Part
from pith_builder.disk import Disk
from pith_builder.lake.arrays import arrow_array
from pith_builder.lake.parts import Row, open_part, part_writers, record_batch
from pith_builder.lake.reading import (
    DIGESTS_AT_ONCE,
    DamagedPartError,
    batches,
    rows_of,
    see_that_they_hold,
)
from pith_builder.lake.tables import Kind, Table

Key = tuple[Any, ...]
Chosen = Callable[[Sequence[Key]], Mapping[Key, Any]]
"""Is asked of keys, and answers for those it knows."""

Replaced = Callable[[Sequence[str]], Iterable[Row]]
"""Is asked of records, by number, and gives their rows that take the place of others."""

NumberSet: TypeAlias = pa.Array
"""Records, by number, among which others are looked for."""

NUMBER = "pith_number"

_TRIED_AT_ONCE = 250
"""Rows asked for at once, until one is found that is replaced."""


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
            # In threads, each would keep memory of its own, where other processes read as well.
            read = file.read_row_group(group, columns=[*columns], use_threads=False).take(
                _integers(found)
            )
            yield from zip(*(read.column(name).to_pylist() for name in columns), strict=True)


def number_set(numbers: Sequence[str]) -> NumberSet:
    """Return records, by number, as `rewritten` looks them up."""
    return arrow_array(Kind.TEXT, numbers, len(numbers))


def rewritten(  # noqa: PLR0913 - what is rewritten, where, and with what
    disk: Disk,
    lake: Path,
    table: Table,
    part: Part,
    label: str,
    *,
    changed: NumberSet,
    replaced: Replaced,
) -> Part | None:
    """Write a part anew in which other rows take the place of those with their keys.

    `replaced` gives them, of some of the records that `changed` names. Where the part holds no row
    of those, it stays, and None is returned. Keys stay as they are, and so does the order; other
    rows stay as Arrow has them. Memory holds a row group at a time. The new part is handed over:
    whoever commits it brings it to the disk.

    Raises:
        DamagedPartError: The part is not as the manifest says, or cannot be read whole.
        StorageError: The disk is full, or the folder takes no files.
    """
    places = _places_of(lake, table, part, changed, replaced)
    if not places.size:
        return None
    see_that_they_hold(lake, [part])
    first = 0
    with part_writers(disk, lake, [table], label) as (writer,):
        for rows in batches(lake, table, part, rows_at_once=table.row_group_rows, in_threads=False):
            start, end = np.searchsorted(places, (first, first + len(rows)))
            changing = (places[start:end] - first).tolist()
            first += len(rows)
            rows = _renewed(table, rows, changing, replaced)  # noqa: PLW2901 - frees the old ones
            writer.add_arrow(rows)
        return _whole(part, writer.hand_over())


def _places_of(
    lake: Path, table: Table, part: Part, changed: NumberSet, replaced: Replaced
) -> npt.NDArray[np.int64]:
    """Return which rows of a part are of these records; none, if none of them is replaced."""
    places, first = [np.zeros(0, np.int64)], 0
    is_any_replaced = table.key == (NUMBER,)
    for batch in batches(lake, table, part, table.key, DIGESTS_AT_ONCE):
        is_of_them = pc.is_in(batch.column(NUMBER), value_set=changed)
        found = pc.indices_nonzero(is_of_them).to_pylist()
        places.append(np.array(found, np.int64) + first)
        first += len(batch)
        for start in range(0, len(found), _TRIED_AT_ONCE):
            if is_any_replaced:
                break
            some = _integers(found[start : start + _TRIED_AT_ONCE])
            keys = _keys_of(table, batch.take(some))
            is_any_replaced = bool(_new_rows(table, keys, replaced))
    return np.concatenate(places if is_any_replaced else places[:1])


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


def _renewed(
    table: Table, batch: pa.RecordBatch, places: list[int], replaced: Replaced
) -> pa.RecordBatch:
    """Return a batch with other rows in those of some places whose keys they have."""
    if not places:
        return batch
    keys = _keys_of(table, batch.select([*table.key]).take(_integers(places)))
    new = _new_rows(table, keys, replaced)
    rows = [new[key] for key in keys if key in new]
    if not rows:
        return batch
    fresh = record_batch(table, [*zip(*rows, strict=True)], len(rows))
    if len(fresh) == len(batch):
        return fresh
    found = {place for place, key in zip(places, keys, strict=True) if key in new}
    is_replaced = [place in found for place in range(len(batch))]
    mask = arrow_array(Kind.BOOLEAN, is_replaced, len(batch))
    arrays = [
        pc.replace_with_mask(old, mask, column)
        for old, column in zip(batch.columns, fresh.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)


def _new_rows(table: Table, keys: Iterable[Key], replaced: Replaced) -> dict[Key, Row]:
    """Return by key the new rows that take the place of those with these keys."""
    wanted = frozenset(keys)
    number = table.key.index(NUMBER)
    positions = [table.position(name) for name in table.key]
    rows = replaced([*dict.fromkeys(key[number] for key in keys)])
    keyed = ((tuple(map(row.__getitem__, positions)), row) for row in rows)
    return {key: row for key, row in keyed if key in wanted}


def _integers(values: list[int]) -> pa.Array:
    return arrow_array(Kind.INTEGER, values, len(values))
