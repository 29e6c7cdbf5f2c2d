"""Parquet parts: written sorted, checksummed and synced; read with every checksum verified."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pith_builder.core.manifest import Part
from pith_builder.core.merkle import leaf_hashes
from pith_builder.disk import Disk, new_file, remove_unwanted, storage_errors
from pith_builder.errors import StorageError
from pith_builder.lake.arrays import ARROW_TYPES, Same, arrow_array, values_of
from pith_builder.lake.tables import Kind, Table

Row = Sequence[Any]
"""Values in the order of a table's columns; instants are microseconds, days days since 1970."""


Columns = Sequence[Sequence[Any] | Same]
"""Rows by column, in the order of a table's columns but the last, `row_sha256`."""

_DOCUMENT_ZSTD_LEVEL = -3
"""Of documents, which are most of what is written: at Arrow's own level, 1, they take a quarter
less of the disk, but a quarter more of a core to write and a third more to read."""

_FALSELY_FOUND = 0.01
"""The share of row groups that a Bloom filter lets through though they lack the value."""

# The system's allocator gives back what Arrow frees; Arrow's own kept 50 MiB more a process.
pa.set_memory_pool(pa.system_memory_pool())

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """Return an instant as rows hold it."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(value: int) -> datetime:
    """Undo `microseconds`."""
    return _EPOCH + value * _MICROSECOND


def days(day: date) -> int:
    """Return a day as rows hold it."""
    return day.toordinal() - _EPOCH.toordinal()


def day_of(value: int) -> date:
    """Undo `days`."""
    return date.fromordinal(value + _EPOCH.toordinal())


def row_digests(table: Table, columns: Columns) -> list[bytes]:
    """Return the rows' digests: leaf hashes of the canonical JSON lists of their hashed columns."""
    hashed = (columns[index] for index in table.hashed_indexes())
    values = (repeat(said.value) if isinstance(said, Same) else said for said in hashed)
    return leaf_hashes(zip(*values, strict=False))


def row_sha256(table: Table, row: Row) -> bytes:
    """Return one row's digest."""
    return row_digests(table, [[value] for value in row])[0]


@cache
def arrow_schema(table: Table) -> pa.Schema:
    """Return a table's Arrow schema, each column with its sentence."""
    return pa.schema(
        [
            pa.field(column.name, ARROW_TYPES[column.kind], metadata={"about": column.about})
            for column in table.all_columns()
        ],
        metadata={"table": table.name, "schema_version": str(table.schema_version)},
    )


def writer_versions() -> dict[str, str]:
    """Return the versions of the libraries whose bytes the parts are."""
    return {"pyarrow": pa.__version__}


class PartWriter:
    """One part being written: rows come sorted by the table's key."""

    def __init__(self, disk: Disk, lake: Path, table: Table, label: str) -> None:
        """Open a part of `table`; `label` tells it from the other parts of one commit."""
        self.table = table
        self._label = label
        schema = arrow_schema(table)
        self._directory = lake / "tables" / table.name
        self._lake = lake
        with storage_errors(self._directory):
            disk.make_directory(self._directory)
        self._disk = disk
        self._kept: Path | None = None
        self._stack = contextlib.ExitStack()
        # No two processes write one file, not even where a killed run's live a moment longer.
        partial = self._directory / f"{label}.{secrets.token_hex(4)}.partial"
        self._file = self._stack.enter_context(new_file(disk, partial))
        repeating = [column.name for column in table.all_columns() if column.repeats]
        self._writer = pq.ParquetWriter(
            pa.PythonFile(self._file, mode="w"),
            schema,
            compression="zstd",
            compression_level={
                column.name: _DOCUMENT_ZSTD_LEVEL
                for column in table.all_columns()
                if column.kind is Kind.JSON
            },
            use_dictionary=repeating,
            write_statistics=[*table.key],
            write_page_checksum=True,
            bloom_filter_options={
                name: {"ndv": table.row_group_rows, "fpp": _FALSELY_FOUND}
                for name in table.sought_by
            },
            sorting_columns=[pq.SortingColumn(schema.get_field_index(name)) for name in table.key],
            store_schema=False,
        )
        self._key_indexes = [table.position(name) for name in table.key]
        self._pending: list[list[Any] | Same] = []
        self._pending_rows = 0
        self._waiting: list[Row] = []
        self._gathered: list[pa.RecordBatch] = []
        self._first_key: tuple[str, ...] | None = None
        self._last_key: tuple[str, ...] = ()
        self._rows = 0

    def add(self, columns: Columns) -> None:
        """Add rows; a column that is `Same` is so in all that are added."""
        rows, most = len(columns[self._key_indexes[0]]), self.table.row_group_rows
        if rows > most:
            for start in range(0, rows, most):
                self.add(
                    [
                        said if isinstance(said, Same) else said[start : start + most]
                        for said in columns
                    ]
                )
            return
        if not self._pending:
            self._pending = [said if isinstance(said, Same) else [] for said in columns]
        for pending, said in zip(self._pending, columns, strict=True):
            if isinstance(pending, list) and not isinstance(said, Same):
                pending.extend(said)
            elif pending != said:
                raise ValueError(f"a column of {self.table.name} that was the same no longer is")
        self._pending_rows += rows
        if self._pending_rows >= self.table.row_group_rows:
            self._write_row_group()

    def add_row(self, row: Row) -> None:
        """Add one row."""
        self._waiting.append(row)
        if len(self._waiting) >= self.table.row_group_rows:
            self._add_waiting()

    def _add_waiting(self) -> None:
        if self._waiting:
            columns = list(zip(*self._waiting, strict=True))
            self._waiting = []
            self.add(columns)

    def add_arrow(self, rows: pa.RecordBatch) -> None:
        """Add rows as another part has them, `row_sha256` and all; to no others than such."""
        self._gathered.append(rows)
        self._pending_rows += len(rows)
        most = self.table.row_group_rows
        if self._pending_rows >= most:
            rest = _together(self._gathered)
            while len(rest) >= most:
                self._write_rows(rest.slice(0, most))
                rest = rest.slice(most)
            self._gathered, self._pending_rows = [rest] if len(rest) else [], len(rest)

    def finish(self) -> Part | None:
        """Write what is left and keep the part; a part without rows is none.

        Raises:
            StorageError: The disk is full, or the folder takes no files.
        """
        return self._finished(self._file.keep)

    def hand_over(self) -> Part | None:
        """Write what is left, and leave it to whoever commits the part to bring it to the disk.

        Raises:
            StorageError: The disk is full, or the folder takes no files.
        """
        return self._finished(self._file.hand_over)

    def _finished(self, named: Callable[[Path], None]) -> Part | None:
        with self._stack, storage_errors(self._directory):
            self._add_waiting()
            if self._pending_rows:
                self._write_row_group()
            self._writer.close()
            if self._first_key is None:
                return None
            name = f"{self._label}-{self._file.sha256[:16]}.parquet"
            self._kept = self._directory / name
            named(self._kept)
            return Part(
                path=f"tables/{self.table.name}/{name}",
                sha256=self._file.sha256,
                size_bytes=self._file.size_bytes,
                rows=self._rows,
                first_key=self._first_key,
                last_key=self._last_key,
            )

    def abandon(self) -> None:
        """Leave nothing behind, not even a part that was finished."""
        with self._stack, contextlib.suppress(StorageError, ValueError, pa.ArrowException):
            self._file.discard()
            self._writer.close()
        if self._kept is not None:
            remove_unwanted(self._disk, self._kept)

    def _write_row_group(self) -> None:
        if self._gathered:
            rows = _together(self._gathered)
        else:
            rows = record_batch(self.table, self._pending, self._pending_rows)
        self._write_rows(rows)
        self._pending, self._pending_rows, self._gathered = [], 0, []

    def _write_rows(self, rows: pa.RecordBatch) -> None:
        rows = pa.RecordBatch.from_arrays(rows.columns, schema=arrow_schema(self.table))
        self._first_key = self._first_key or self._key(rows, 0)
        self._last_key = self._key(rows, len(rows) - 1)
        self._writer.write_batch(rows, row_group_size=len(rows))
        self._rows += len(rows)

    def _key(self, rows: pa.RecordBatch, row: int) -> tuple[str, ...]:
        columns = self.table.all_columns()
        return tuple(
            str(values_of(rows.column(index).slice(row, 1), columns[index].kind)[0])
            for index in self._key_indexes
        )


def _together(rows: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Return batches as one; one alone is not copied."""
    return rows[0] if len(rows) == 1 else pa.concat_batches(rows)


def record_batch(table: Table, columns: Columns, rows: int) -> pa.RecordBatch:
    """Return rows as Arrow has them, their digests last."""
    said = [*columns, row_digests(table, columns)]
    arrays = [
        arrow_array(column.kind, values, rows)
        for column, values in zip(table.all_columns(), said, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(table))


def write_part(
    disk: Disk, lake: Path, table: Table, label: str, rows: Sequence[Row]
) -> Part | None:
    """Write a part of rows sorted by key.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    with part_writers(disk, lake, [table], label) as (writer,):
        for row in rows:
            writer.add_row(row)
        return writer.finish()


@contextlib.contextmanager
def part_writers(
    disk: Disk, lake: Path, tables: Iterable[Table], label: str
) -> Iterator[Sequence[PartWriter]]:
    """Give a writer for a part of each table; whatever stops the writing, none leaves anything.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    writers: list[PartWriter] = []
    try:
        writers += (PartWriter(disk, lake, table, label) for table in tables)
        yield writers
    except BaseException:
        for writer in writers:
            writer.abandon()
        raise


def open_part(lake: Path, part: Part) -> pq.ParquetFile:
    """Open a part for reading; every page's checksum is verified when it is read."""
    return pq.ParquetFile(lake / part.path, page_checksum_verification=True)
