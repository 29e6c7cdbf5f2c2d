"""Reading a part row by row, as the rows were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pith_builder.core.canonical import Sha256
from pith_builder.core.manifest import Part
from pith_builder.core.merkle import LEAF_BYTES
from pith_builder.errors import VerificationError
from pith_builder.lake.arrays import Same, arrow_array, values_of
from pith_builder.lake.parts import arrow_schema, open_part
from pith_builder.lake.tables import ROW_SHA256, Table

_ROWS_AT_ONCE = 1_000
"""Rows of documents, some ten kilobytes each, held at once."""

DIGESTS_AT_ONCE = 100_000

_HASHED_AT_ONCE = 1 << 20


Batch: TypeAlias = pa.RecordBatch
"""Some rows of a part, as Arrow has them."""


class DamagedPartError(VerificationError):
    """A part cannot be read: a checksum fails, or it is no Parquet file of this table."""


class FileProblem(NamedTuple):
    """What is wrong with a part's file."""

    code: str
    message: str


def file_problem(lake: Path, part: Part) -> FileProblem | None:
    """Compare the bytes of a part's file with what the manifest says of them."""
    hasher, size = Sha256(), 0
    try:
        with (lake / part.path).open("rb") as file:
            while data := file.read(_HASHED_AT_ONCE):
                hasher.update(data)
                size += len(data)
    except OSError as error:
        return FileProblem("missing_part", f"cannot be read: {error.strerror}")
    if size != part.size_bytes:
        message = f"found {size} bytes, by the manifest {part.size_bytes}"
        return FileProblem("file_size", message)
    if hasher.hexdigest() != part.sha256:
        message = f"found {hasher.hexdigest()}, by the manifest {part.sha256}"
        return FileProblem("file_digest", message)
    return None


def see_that_they_hold(lake: Path, parts: Iterable[Part]) -> None:
    """Compare parts with the manifest before others are made of them.

    So nothing comes into a signed part that was not in one.

    Raises:
        DamagedPartError: A file is missing, or its bytes are not those that the manifest states.
    """
    for part in parts:
        problem = file_problem(lake, part)
        if problem is not None:
            raise DamagedPartError(f"{part.path}: {problem.message}; run `pith audit`")


def batches(
    lake: Path,
    table: Table,
    part: Part,
    columns: Sequence[str] | None = None,
    rows_at_once: int = _ROWS_AT_ONCE,
    *,
    in_threads: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Yield a part's rows in batches, all columns or some, every page's checksum verified.

    Columns are read several at a time, in threads; not so where other processes read as well.

    Page checksums do not cover page headers, where a flipped bit makes pyarrow give fewer rows
    without an error: so the rows are counted.

    Raises:
        DamagedPartError: The part is missing, of another form, or cannot be read whole.
    """
    rows = 0
    try:
        with open_part(lake, part) as file:
            found = file.schema_arrow.remove_metadata()
            version = _version_of(table, found)
            if version is None:
                raise DamagedPartError(
                    f"{part.path} has not the columns of table {table.name}; run `pith audit`"
                )
            older = None if version == table.schema_version else frozenset(found.names)
            present = (
                columns
                if older is None or columns is None
                else [name for name in columns if name in older]
            )

            def counted(batch: pa.RecordBatch) -> pa.RecordBatch:
                nonlocal rows
                rows += len(batch)
                return batch if older is None else _completed(table, batch, columns)

            # No name of ours holds a batch while the next is read.
            yield from map(
                counted,
                file.iter_batches(batch_size=rows_at_once, columns=present, use_threads=in_threads),
            )
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0][:200]
        raise DamagedPartError(f"{part.path} cannot be read: {said}; run `pith audit`") from error
    if rows != part.rows:
        raise DamagedPartError(
            f"{part.path} gives {rows} rows, by the manifest it has {part.rows}; run `pith audit`"
        )


def _version_of(table: Table, found: pa.Schema) -> int | None:
    """Return the schema version of the table that has these columns, or None."""
    wanted = arrow_schema(table).remove_metadata()
    for version in range(table.schema_version, 0, -1):
        names = [column.name for column in table.columns_of(version)]
        if found.equals(pa.schema([wanted.field(name) for name in names])):
            return version
    return None


def _completed(
    table: Table, batch: pa.RecordBatch, columns: Sequence[str] | None
) -> pa.RecordBatch:
    """Return rows of an older part with nulls in the columns that came later."""
    schema = arrow_schema(table).remove_metadata()
    fields = [schema.field(name) for name in columns or schema.names]
    arrays = [
        batch.column(field.name)
        if field.name in batch.schema.names
        else pa.nulls(len(batch), field.type)
        for field in fields
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def packed_digests(lake: Path, table: Table, part: Part) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the row digests of a part, as arrays of n times 32 bytes.

    Raises:
        DamagedPartError: As `batches`.
    """
    for batch in batches(lake, table, part, [ROW_SHA256.name], DIGESTS_AT_ONCE):
        column = batch.column(0)
        packed = np.frombuffer(column.buffers()[1], np.uint8).reshape(-1, LEAF_BYTES)
        yield packed[column.offset : column.offset + len(column)]


def read_rows(lake: Path, table: Table, part: Part) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a part, `row_sha256` last.

    Raises:
        DamagedPartError: As `batches`.
    """
    for batch in batches(lake, table, part):
        yield from rows_of(table, part, batch)


def rows_of(table: Table, part: Part, batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a batch of a part.

    Raises:
        DamagedPartError: A text is not UTF-8.
    """
    try:
        columns = [
            values_of(column, definition.kind)
            for column, definition in zip(batch.columns, table.all_columns(), strict=True)
        ]
    except UnicodeDecodeError as error:
        raise DamagedPartError(f"{part.path} holds text that is not UTF-8: {error}") from error
    return zip(*columns, strict=True)


def column_of(table: Table, batch: pa.RecordBatch, name: str) -> list[Any]:
    """Return the values of one column of a batch, as rows have them."""
    return values_of(batch.column(table.position(name)), table.column(name).kind)


def same_or_values(table: Table, batch: pa.RecordBatch, name: str) -> Sequence[Any] | Same:
    """Return the values of a column, said once where all rows of the batch have the same."""
    kind, column = table.column(name).kind, batch.column(table.position(name))
    first = Same(values_of(column.slice(0, 1), kind)[0])
    return first if arrow_array(kind, first, len(batch)).equals(column) else values_of(column, kind)


def read_keys(lake: Path, table: Table, parts: Iterable[Part]) -> set[tuple[Any, ...]]:
    """Read the keys of all rows of these parts.

    Raises:
        DamagedPartError: As `batches`.
    """
    kinds = [table.column(name).kind for name in table.key]
    keys: set[tuple[Any, ...]] = set()
    for part in parts:
        for batch in batches(lake, table, part, table.key):
            columns = [
                values_of(batch.column(name), kind)
                for name, kind in zip(table.key, kinds, strict=True)
            ]
            keys.update(zip(*columns, strict=True))
    return keys
