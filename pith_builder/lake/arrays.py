"""Values of a column as Arrow lays them out.

`pa.array` would do, but it first imports pandas wherever that is installed, which takes each
process a second; and many texts are quicker laid end to end at once than one by one.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pith_builder.core.merkle import LEAF_BYTES
from pith_builder.errors import MalformedError
from pith_builder.lake.tables import Kind

ARROW_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.JSON: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    Kind.DAY: pa.date32(),
    Kind.BYTES: pa.binary(),
    Kind.SHA256: pa.binary(LEAF_BYTES),
}
_TEXT_OR_NONE = frozenset((str, type(None)))
_MOST_BYTES = 2**31 - 1  # that offsets of 32 bits reach


class Same(NamedTuple):
    """A column that has one value in every row."""

    value: Any


def arrow_array(kind: Kind, values: Sequence[Any] | Same, rows: int) -> pa.Array:
    """Return the values of a column, as many as there are rows, as Arrow has them.

    Raises:
        MalformedError: Their texts do not fit in a column.
    """
    if isinstance(values, Same):
        return _repeated(kind, values.value, rows)
    return _LAID_OUT[kind](ARROW_TYPES[kind], values)


def values_of(column: pa.Array, kind: Kind) -> list[Any]:
    """Undo `arrow_array`: the values of a column as rows have them."""
    if kind is Kind.INSTANT:
        column = column.cast(pa.int64())
    elif kind is Kind.DAY:
        column = column.cast(pa.int32())
    values: list[Any] = column.to_pylist()
    return values


@lru_cache(maxsize=1 << 6, typed=True)
def _repeated(kind: Kind, value: Hashable, rows: int) -> pa.Array:
    return pa.repeat(arrow_array(kind, [value], 1)[0], rows)


def _texts(type_: pa.DataType, values: Sequence[str | bytes | None]) -> pa.Array:
    kinds = set(map(type, values))
    said: Sequence[Any] = values
    if type(None) in kinds:
        said = ["" if value is None else value for value in values]
    if kinds <= _TEXT_OR_NONE:
        text = "".join(said)
        data, lengths = text.encode(), map(len, said if text.isascii() else map(str.encode, said))
    else:
        if kinds != {bytes}:
            said = [value.encode() if isinstance(value, str) else value for value in said]
        data, lengths = b"".join(said), map(len, said)
    return _array(type_, values, _offsets(lengths, len(values)), pa.py_buffer(data))


def _lists(type_: pa.DataType, values: Sequence[Sequence[str] | None]) -> pa.Array:
    members = [member for value in values if value for member in value]
    lengths = (len(value or ()) for value in values)
    validity, nulls = _validity(values)
    return pa.Array.from_buffers(
        type_,
        len(values),
        [validity, _offsets(lengths, len(values))],
        nulls,
        children=[_texts(pa.string(), members)],
    )


def _numbers(code: Literal["i", "q"]) -> Callable[[pa.DataType, Sequence[int | None]], pa.Array]:
    def numbers(type_: pa.DataType, values: Sequence[int | None]) -> pa.Array:
        # An `array` takes integers alone, where numpy would cut 1.7 to 1.
        said: Any = values if None not in values else [value or 0 for value in values]
        return _array(type_, values, pa.py_buffer(array(code, said)))

    return numbers


def _booleans(type_: pa.DataType, values: Sequence[bool | None]) -> pa.Array:
    bits = np.packbits(np.fromiter(map(bool, values), np.bool_, len(values)), bitorder="little")
    return _array(type_, values, pa.py_buffer(bits))


def _digests(type_: pa.DataType, values: Sequence[bytes]) -> pa.Array:
    return _array(type_, values, pa.py_buffer(b"".join(values)))


def _array(type_: pa.DataType, values: Sequence[Any], *buffers: pa.Buffer) -> pa.Array:
    validity, nulls = _validity(values)
    return pa.Array.from_buffers(type_, len(values), [validity, *buffers], nulls)


def _validity(values: Sequence[Any]) -> tuple[pa.Buffer | None, int]:
    """Return which values are there, as bits, and how many are not."""
    if None not in values:
        return None, 0
    there = np.fromiter([value is not None for value in values], np.bool_, len(values))
    return pa.py_buffer(np.packbits(there, bitorder="little")), len(values) - int(there.sum())


def _offsets(lengths: Any, rows: int) -> pa.Buffer:
    """Return where each value begins, and the last one ends."""
    ends: npt.NDArray[np.int64] = np.cumsum(np.fromiter(lengths, np.int64, rows))
    if rows and ends[-1] > _MOST_BYTES:
        raise MalformedError(f"{rows} texts have {ends[-1]} bytes, more than fit in a column")
    return pa.py_buffer(np.concatenate([[0], ends]).astype(np.int32))


_LAID_OUT: dict[Kind, Callable[[pa.DataType, Any], pa.Array]] = {
    Kind.TEXT: _texts,
    Kind.TEXTS: _lists,
    Kind.JSON: _texts,
    Kind.INTEGER: _numbers("q"),
    Kind.BOOLEAN: _booleans,
    Kind.INSTANT: _numbers("q"),
    Kind.DAY: _numbers("i"),
    Kind.BYTES: _texts,
    Kind.SHA256: _digests,
}
