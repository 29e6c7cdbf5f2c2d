"""Reading a part row by row, as the rows were written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from pith_builder.core.manifest import Part
from pith_builder.errors import VerificationError
from pith_builder.lake.parts import arrow_schema, open_part
from pith_builder.lake.tables import Kind, Table

_ROWS_AT_ONCE = 1_000


class DamagedPartError(VerificationError):
    """A part cannot be read: a checksum fails, or it is no Parquet file of this table."""


def read_rows(lake: Path, table: Table, part: Part) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a part, `row_sha256` last, every page's checksum verified.

    Raises:
        DamagedPartError: The part cannot be read whole.
    """
    try:
        with open_part(lake, part) as file:
            found = file.schema_arrow.remove_metadata()
            wanted = arrow_schema(table).remove_metadata()
            if not found.equals(wanted):
                raise DamagedPartError(f"its columns are not those of table {table.name}")
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                columns = [
                    _values(column, definition.kind)
                    for column, definition in zip(batch.columns, table.all_columns(), strict=True)
                ]
                yield from zip(*columns, strict=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DamagedPartError(str(error).splitlines()[0][:200]) from error


def _values(column: pa.Array, kind: Kind) -> list[Any]:
    if kind is Kind.INSTANT:
        column = column.cast(pa.int64())
    elif kind is Kind.DAY:
        column = column.cast(pa.int32())
    values: list[Any] = column.to_pylist()
    return values
