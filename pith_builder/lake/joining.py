"""Joining parts: a merge of sorted parts into one, row for row, some megabytes in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pith_builder.core.manifest import Part
from pith_builder.disk import Disk, remove_unwanted
from pith_builder.lake.parts import part_writers
from pith_builder.lake.reading import DamagedPartError, batches, see_that_they_hold
from pith_builder.lake.tables import Table

PARTS_AT_ONCE = 64
"""Parts merged in one step, each an open file; more are merged in several steps."""

_BYTES_HELD = 8 << 20
"""So many bytes of all parts together are in memory at a time, and six times as many unpacked."""

_FEWEST_ROWS = 100
"""Read of one part at a time at least: fewer would cost more in steps than in memory."""


def joined(disk: Disk, lake: Path, table: Table, parts: Sequence[Part], label: str) -> Part:
    """Write one part with all rows of these parts, sorted by key.

    Raises:
        DamagedPartError: A part is not as the manifest says, or cannot be read whole.
        StorageError: The disk is full, or the folder takes no files.
    """
    see_that_they_hold(lake, parts)
    steps: list[Part] = []
    try:
        rest = [*parts]
        while len(rest) > PARTS_AT_ONCE:
            some, rest = rest[:PARTS_AT_ONCE], rest[PARTS_AT_ONCE:]
            steps.append(_merged_part(disk, lake, table, some, f"{label}-{len(steps)}"))
            rest.append(steps[-1])
        return _merged_part(disk, lake, table, rest, label)
    finally:
        for part in steps:
            remove_unwanted(disk, lake / part.path)


def _merged_part(disk: Disk, lake: Path, table: Table, parts: Sequence[Part], label: str) -> Part:
    with part_writers(disk, lake, [table], label) as (writer,):
        for rows in merged_rows(lake, table, parts):
            writer.add_arrow(rows)
        new = writer.finish()
    if new is None:
        raise DamagedPartError(f"{parts[0].path} gives no rows; run `pith audit`")
    return new


class _Run:
    """The rows of one part that are not merged yet, some of them in memory."""

    def __init__(self, table: Table, read: Iterator[pa.RecordBatch]) -> None:
        self._key = [table.position(name) for name in table.key]
        self._read = read
        self._held = next(read)  # no part is without rows

    def has_rows(self) -> bool:
        """Tell whether there is another row, which is then in memory."""
        while not len(self._held):
            read = next(self._read, None)
            if read is None:
                return False
            self._held = read
        return True

    def last_key(self) -> tuple[Any, ...]:
        """Return the key of the last row in memory."""
        return self._key_of(len(self._held) - 1)

    def taken(self, border: tuple[Any, ...]) -> pa.RecordBatch:
        """Take the rows in memory whose keys are not beyond a border."""
        held = self._held
        count = bisect_right(range(len(held)), border, key=self._key_of)
        self._held = held.slice(count)
        return held.slice(0, count)

    def _key_of(self, row: int) -> tuple[Any, ...]:
        return tuple(self._held.column(place)[row].as_py() for place in self._key)


def merged_rows(lake: Path, table: Table, parts: Sequence[Part]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of sorted parts in the order of their keys.

    A stretch ends where the first of the parts has no more rows in memory: what lies before that
    key is in memory of all of them.
    """
    a_row = sum(part.size_bytes for part in parts) / sum(part.rows for part in parts)
    at_once = max(_FEWEST_ROWS, int(_BYTES_HELD / a_row / len(parts)))
    runs = [_Run(table, batches(lake, table, part, rows_at_once=at_once)) for part in parts]
    by_key = [(name, "ascending") for name in table.key]
    while runs := [run for run in runs if run.has_rows()]:
        border = min(run.last_key() for run in runs)
        stretch = [rows for rows in (run.taken(border) for run in runs) if len(rows)]
        if len(stretch) == 1:
            yield stretch[0]
        else:
            yield pa.concat_batches(stretch).sort_by(by_key)
