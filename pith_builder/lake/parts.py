"""Parquet parts: written sorted, checksummed and synced; read with every checksum verified."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pith_builder.core.canonical import dump_canonical
from pith_builder.core.manifest import Part
from pith_builder.core.merkle import leaf_hash
from pith_builder.lake.disk import Disk, new_file, storage_errors
from pith_builder.lake.tables import Kind, Table

Row = Sequence[Any]
"""Values in the order of a table's columns; instants are microseconds, days days since 1970."""

ZSTD_LEVEL = 1

_ARROW_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.INTEGER: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    Kind.DAY: pa.date32(),
    Kind.BYTES: pa.binary(),
    Kind.SHA256: pa.binary(32),
}
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


def row_digests(table: Table, rows: Iterable[Row]) -> list[bytes]:
    """Return the rows' digests: leaf hashes of the canonical JSON lists of their hashed columns."""
    hashed = itemgetter(*table.hashed_indexes())
    return [leaf_hash(dump_canonical(hashed(row))) for row in rows]


def row_sha256(table: Table, row: Row) -> bytes:
    """Return one row's digest."""
    return row_digests(table, [row])[0]


def arrow_schema(table: Table) -> pa.Schema:
    """Return a table's Arrow schema, each column with its sentence."""
    return pa.schema(
        [
            pa.field(column.name, _ARROW_TYPES[column.kind], metadata={"about": column.about})
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
        self._table = table
        self._label = label
        self._schema = arrow_schema(table)
        self._directory = lake / "tables" / table.name
        self._lake = lake
        with storage_errors(self._directory):
            disk.make_directory(self._directory)
        self._stack = contextlib.ExitStack()
        self._file = self._stack.enter_context(new_file(disk, self._directory / f"{label}.partial"))
        repeating = [column.name for column in table.all_columns() if column.repeats]
        self._writer = pq.ParquetWriter(
            pa.PythonFile(self._file, mode="w"),
            self._schema,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            use_dictionary=repeating,
            write_statistics=[*table.key],
            write_page_checksum=True,
            sorting_columns=[
                pq.SortingColumn(self._schema.get_field_index(name)) for name in table.key
            ],
            store_schema=False,
        )
        self._pending: list[Row] = []
        self._key_indexes = [self._schema.get_field_index(name) for name in table.key]
        self._first_key: tuple[str, ...] | None = None
        self._last_row: Row | None = None
        self._rows = 0

    def add(self, row: Row) -> None:
        """Add one row."""
        self._pending.append(row)
        if len(self._pending) >= self._table.row_group_rows:
            self._write_row_group()

    def finish(self) -> Part | None:
        """Write what is left and keep the part; a part without rows is none.

        Raises:
            StorageError: The disk is full, or the folder takes no files.
        """
        with self._stack, storage_errors(self._directory):
            self._write_row_group()
            self._writer.close()
            if self._last_row is None or self._first_key is None:
                return None
            name = f"{self._label}-{self._file.sha256[:16]}.parquet"
            self._file.keep(self._directory / name)
            return Part(
                path=f"tables/{self._table.name}/{name}",
                sha256=self._file.sha256,
                size_bytes=self._file.size_bytes,
                rows=self._rows,
                first_key=self._first_key,
                last_key=self._key(self._last_row),
            )

    def abandon(self) -> None:
        """Leave nothing behind."""
        with self._stack, contextlib.suppress(OSError, ValueError, pa.ArrowException):
            self._writer.close()

    def _key(self, row: Row) -> tuple[str, ...]:
        return tuple(str(row[index]) for index in self._key_indexes)

    def _write_row_group(self) -> None:
        if not self._pending:
            return
        if self._first_key is None:
            self._first_key = self._key(self._pending[0])
        self._last_row = self._pending[-1]
        self._rows += len(self._pending)
        leaves = row_digests(self._table, self._pending)
        values = [*zip(*self._pending, strict=True), leaves]
        arrays = [
            _array(column, field.type) for column, field in zip(values, self._schema, strict=True)
        ]
        self._writer.write_table(
            pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=len(leaves)
        )
        self._pending = []


def _array(values: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(arrow_type):
        return pa.array(values, pa.int64()).cast(arrow_type)
    if pa.types.is_date(arrow_type):
        return pa.array(values, pa.int32()).cast(arrow_type)
    return pa.array(values, arrow_type)


def write_part(
    disk: Disk, lake: Path, table: Table, label: str, rows: Sequence[Row]
) -> Part | None:
    """Write a part of rows sorted by key.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    writer = PartWriter(disk, lake, table, label)
    try:
        for row in rows:
            writer.add(row)
        return writer.finish()
    except BaseException:
        writer.abandon()
        raise


def open_part(lake: Path, part: Part) -> pq.ParquetFile:
    """Open a part for reading; every page's checksum is verified when it is read."""
    return pq.ParquetFile(lake / part.path, page_checksum_verification=True)
