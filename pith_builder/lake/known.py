"""The records a lake holds already: sets of canonical digests, packed and asked in bulk."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pith_builder.core.manifest import Part
from pith_builder.core.merkle import LEAF_BYTES as DIGEST_BYTES
from pith_builder.lake.digests import leading_words
from pith_builder.lake.reading import DIGESTS_AT_ONCE, DamagedPartError, batches
from pith_builder.lake.tables import RECORDS

_HEX_DIGITS = 2 * DIGEST_BYTES
_Digests = npt.NDArray[np.void]
_Words = npt.NDArray[np.uint64]


class _Run(NamedTuple):
    """Digests sorted by their first eight bytes, which are kept beside as numbers."""

    words: _Words
    digests: _Digests


class KnownRecords:
    """A growing set of digests, in 40 bytes each: a Python set would take three times as much.

    It is kept as sorted runs, each at least twice as long as the next, so that adding and asking
    are cheap and few runs are searched.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        return sum(len(run.words) for run in self._runs)

    def add(self, digests: Collection[bytes]) -> None:
        """Add digests of 32 bytes, in any order, none of which is known."""
        self.add_packed(b"".join(digests))

    def add_packed(self, packed: bytes) -> None:
        """Add digests laid end to end, in any order, none of which is known."""
        digests = np.frombuffer(packed, f"V{DIGEST_BYTES}")
        while self._runs and len(self._runs[-1].words) < 2 * len(digests):
            digests = np.concatenate([self._runs.pop().digests, digests])
        if len(digests):
            words = _words(digests)
            order = np.argsort(words)
            self._runs.append(_Run(words[order], digests[order]))

    def among(self, digests: Collection[bytes]) -> frozenset[bytes]:
        """Return those of `digests` that are known."""
        asked = np.frombuffer(b"".join(digests), f"V{DIGEST_BYTES}")
        words = _words(asked)
        found: set[bytes] = set()
        for run in self._runs:
            starts = np.searchsorted(run.words, words, side="left")
            ends = np.searchsorted(run.words, words, side="right")
            for index in np.flatnonzero(ends > starts).tolist():
                # The first eight bytes are those of a known digest; all of them decide.
                alike = run.digests[starts[index] : ends[index]]
                digest = asked[index].tobytes()
                if any(known.tobytes() == digest for known in alike):
                    found.add(digest)
        return frozenset(found)


def _words(digests: _Digests) -> _Words:
    return leading_words(digests.view(np.uint8).reshape(-1, DIGEST_BYTES))


def known_records(lake: Path, parts: Iterable[Part]) -> KnownRecords:
    """Read the canonical digests of these parts of `records`.

    Raises:
        DamagedPartError: A part cannot be read whole, or holds other than digests.
    """
    known = KnownRecords()
    known.add_packed(
        b"".join(
            _unhexed(part, batch.column(0))
            for part in parts
            for batch in batches(lake, RECORDS, part, ["canonical_sha256"], DIGESTS_AT_ONCE)
        )
    )
    return known


def _unhexed(part: Part, column: pa.StringArray) -> bytes:
    ends = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
    if column.null_count or (np.diff(ends) != _HEX_DIGITS).any():
        raise DamagedPartError(f"{part.path} holds digests of other than {DIGEST_BYTES} bytes")
    try:
        return unhexlify(column.buffers()[2][int(ends[0]) : int(ends[-1])])
    except ValueError as error:
        raise DamagedPartError(f"{part.path} holds digests that are not hexadecimal") from error
