"""Answers in columns, for other programs: Parquet and Arrow's stream format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake.query import Connection, checked_query, see_whether_swept, told

_ROWS_AT_ONCE = 10_000
_DAMAGE = ("IO Error", "Serialization Error", "Invalid Error")


def write_columnar(
    connection: Connection,
    query: str,
    parameters: Mapping[str, Any],
    form: str,
    out: BinaryIO,
) -> None:
    """Run a query that only reads, and write its answer as `parquet` or `arrow` (an IPC stream).

    Raises:
        UsageError: It is no such query, or DuckDB refuses it.
        VerificationError: A part of the lake is missing or damaged.
    """
    checked = checked_query(connection, query)
    with told(connection, "refuses the query"):
        reader = connection.sql(checked, params=dict(parameters)).to_arrow_reader(_ROWS_AT_ONCE)
        with _writer(form, out, reader.schema) as writer:
            for batch in _batches(connection, reader):
                writer.write_batch(batch)


def _batches(connection: Connection, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield what DuckDB reads; Arrow hands its errors on as its own, by their words alone."""
    try:
        yield from reader
    except (OSError, pa.ArrowException) as error:
        if str(error).startswith(_DAMAGE):
            see_whether_swept(connection)
            raise VerificationError(
                f"the lake cannot be read: {error}; run `pith audit`"
            ) from error
        raise UsageError(f"DuckDB cannot go on with the query: {error}") from error


def _writer(form: str, out: BinaryIO, schema: pa.Schema) -> Any:
    if form == "parquet":
        return pq.ParquetWriter(out, schema, compression="zstd", write_page_checksum=True)
    return pa.ipc.new_stream(out, schema)
