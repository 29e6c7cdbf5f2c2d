"""Content roots of tables, from the row digests that their parts hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from pith_builder.core.manifest import Part
from pith_builder.core.merkle import (
    LEAF_BYTES,
    Inclusion,
    bucket_bits,
    included,
    root_of_buckets,
)
from pith_builder.lake.digests import leading_words
from pith_builder.lake.reading import packed_digests
from pith_builder.lake.tables import Table

LEAVES_AT_ONCE = 1 << 22
"""Leaves sorted at once: of a larger table a stretch of the digests, read again for the next."""

_BUCKETS_AT_ONCE = 1 << 9
_WORD_BITS = 64
_Leaves = npt.NDArray[np.uint8]
_Words = npt.NDArray[np.uint64]
Source: TypeAlias = Callable[[], Iterator[_Leaves]]
"""Gives row digests, as often as it is called."""


def table_root(lake: Path, table: Table, parts: Sequence[Part]) -> bytes:
    """Return the content root of the rows of these parts, by the digests they hold.

    Memory: some 80 bytes for each of at most `LEAVES_AT_ONCE` leaves, however many there are.

    Raises:
        DamagedPartError: A part cannot be read whole.
    """
    return root_of(_digests(lake, table, parts), sum(part.rows for part in parts))


def root_of(source: Source, leaves: int) -> bytes:
    """Return the content root of digests, of which there are so many.

    `source` gives them in arrays of n times 32 bytes, each time it is called.
    """
    return _seen(source, leaves, root_of_buckets)


def inclusion_of(
    lake: Path, table: Table, parts: Sequence[Part], leaf: bytes
) -> tuple[Inclusion | None, bytes]:
    """Return where a leaf stands among the rows of these parts, or None, and their content root.

    Memory: as `table_root`.

    Raises:
        DamagedPartError: A part cannot be read whole.
    """
    leaves = sum(part.rows for part in parts)
    return _seen(_digests(lake, table, parts), leaves, lambda buckets: included(buckets, leaf))


def _digests(lake: Path, table: Table, parts: Sequence[Part]) -> Source:
    return lambda: (some for part in parts for some in packed_digests(lake, table, part))


_Result = TypeVar("_Result")


def _seen(source: Source, leaves: int, see: Callable[[Iterator[bytes]], _Result]) -> _Result:
    """Return what is seen of all buckets, once they are as many as their distinct leaves want."""
    while True:
        distinct = 0

        def counted(leaves: int) -> Iterator[bytes]:
            nonlocal distinct
            for bucket in _buckets(source, leaves):
                distinct += len(bucket) // LEAF_BYTES
                yield bucket

        found = see(counted(leaves))
        if bucket_bits(distinct) == bucket_bits(leaves):
            return found
        leaves = distinct  # so many rows say what others say that fewer buckets do


def _buckets(source: Source, leaves: int) -> Iterator[bytes]:
    """Yield the buckets of distinct leaves, as many as are right for so many."""
    bits = bucket_bits(leaves)
    stretch_bits = bits_of_stretches(leaves)
    for stretch in range(1 << stretch_bits):
        found = [np.empty((0, LEAF_BYTES), np.uint8)]
        found += [of_stretch(some, stretch, stretch_bits) for some in source()]
        buckets = 1 << (bits - stretch_bits)
        yield from _cut(np.concatenate(found), bits, stretch * buckets, buckets)


def bits_of_stretches(leaves: int) -> int:
    """Return how many leading bits tell the stretches apart in which so many leaves are sorted."""
    return max(0, -(-leaves // LEAVES_AT_ONCE) - 1).bit_length()


def of_stretch(leaves: _Leaves, stretch: int, bits: int) -> _Leaves:
    """Return the leaves whose leading bits are those of the stretch."""
    return leaves[_leading(leading_words(leaves), bits) == stretch] if bits else leaves


def _cut(leaves: _Leaves, bits: int, first: int, count: int) -> Iterator[bytes]:
    """Sort leaves, equal ones once, and yield `count` buckets from that of leading bits `first`."""
    words = leading_words(leaves)
    order = np.argsort(words)
    words = words[order]
    if (words[1:] == words[:-1]).any():
        # Two leaves share 64 bits: equal ones count once, and of others all 256 bits decide.
        order = np.lexsort(leaves.view(">u8").T[::-1])
        ordered = leaves[order]
        is_new = (ordered[1:] != ordered[:-1]).any(axis=1)
        order = order[np.concatenate([[True], is_new])]
        words = leading_words(leaves)[order]
    whole = leaves.view(f"V{LEAF_BYTES}").ravel()
    places = (_leading(words, bits) - np.uint64(first)).astype(np.int64)
    ends = np.cumsum(np.bincount(places, minlength=count)).tolist()
    start = 0
    # Some buckets at a time, so that what is laid in order stays in the processor's cache.
    for some in range(0, count, _BUCKETS_AT_ONCE):
        begin = start
        packed = whole[order[begin : ends[min(some + _BUCKETS_AT_ONCE, count) - 1]]].tobytes()
        for end in ends[some : some + _BUCKETS_AT_ONCE]:
            yield packed[(start - begin) * LEAF_BYTES : (end - begin) * LEAF_BYTES]
            start = end


def _leading(words: _Words, bits: int) -> _Words:
    return words >> np.uint64(_WORD_BITS - bits) if bits else np.zeros_like(words)
