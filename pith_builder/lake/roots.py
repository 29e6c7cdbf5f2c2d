"""Content roots of tables, from the row digests that their parts hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pith_builder.core.manifest import Part
from pith_builder.core.merkle import sorted_root
from pith_builder.lake.reading import batches
from pith_builder.lake.tables import ROW_SHA256, Table

_DIGEST_BYTES = 32


def table_root(lake: Path, table: Table, parts: Iterable[Part]) -> bytes:
    """Return the content root of the rows of these parts, by the digests they hold.

    Memory: twice 32 bytes a row of the table.

    Raises:
        DamagedPartError: A part cannot be read whole.
    """
    packed = b"".join(_packed_digests(lake, table, parts))
    # As text of fixed length numpy compares bytes as memcmp does, but for zero bytes at the end.
    ordered = np.sort(np.frombuffer(packed, dtype=f"S{_DIGEST_BYTES}"), kind="stable").tobytes()
    del packed
    return sorted_root(_cut(ordered))


def _packed_digests(lake: Path, table: Table, parts: Iterable[Part]) -> Iterator[bytes]:
    for part in parts:
        for batch in batches(lake, table, part, [ROW_SHA256.name]):
            column = batch.column(0)
            start = column.offset * _DIGEST_BYTES
            data = column.buffers()[1]
            yield data[start : start + len(column) * _DIGEST_BYTES].to_pybytes()


def _cut(packed: bytes) -> Iterator[bytes]:
    for start in range(0, len(packed), _DIGEST_BYTES):
        yield packed[start : start + _DIGEST_BYTES]
