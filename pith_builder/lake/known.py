"""The records a lake holds already: sets of canonical digests, packed and asked in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pith_builder.core.manifest import Part
from pith_builder.lake.reading import batches
from pith_builder.lake.tables import RECORDS

_DIGEST_BYTES = 32
_Packed = npt.NDArray[np.bytes_]


class KnownRecords:
    """A growing set of digests, in 32 bytes each: a Python set would take four times as much.

    It is kept as sorted runs, each at least twice as long as the next, so that adding and asking
    are cheap and few runs are searched.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._runs: list[_Packed] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, digests: Collection[bytes]) -> None:
        """Add digests of 32 bytes, in any order, none of which is known."""
        run = np.sort(_packed(digests))
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        if len(run):
            self._runs.append(run)

    def among(self, digests: Collection[bytes]) -> frozenset[bytes]:
        """Return those of `digests` that are known."""
        asked = _packed(digests)
        is_known = np.zeros(len(asked), dtype=bool)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, asked), len(run) - 1)
            is_known |= run[places] == asked
        return frozenset(
            digest for digest, known in zip(digests, is_known.tolist(), strict=True) if known
        )


def _packed(digests: Collection[bytes]) -> _Packed:
    # As text of fixed length numpy compares these as memcmp does: zero bytes at the end, which
    # it leaves out of a value, do not tell two digests of one length apart.
    return np.frombuffer(b"".join(digests), dtype=f"S{_DIGEST_BYTES}")


def known_records(lake: Path, parts: Iterable[Part]) -> KnownRecords:
    """Read the canonical digests of these parts of `records`.

    Raises:
        DamagedPartError: A part cannot be read whole.
    """
    known = KnownRecords()
    for part in parts:
        for batch in batches(lake, RECORDS, part, ["canonical_sha256"]):
            known.add([bytes.fromhex(text) for text in batch.column(0).to_pylist()])
    return known
