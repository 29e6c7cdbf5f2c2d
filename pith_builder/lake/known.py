"""The records a lake holds already, as canonical digests in 32 bytes each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from pith_builder.core.manifest import Part
from pith_builder.lake.parts import open_part

_DIGEST_BYTES = 32


class KnownRecords:
    """A set of canonical digests, packed: a Python set would take five times the memory."""

    def __init__(self, digests: Iterable[bytes]) -> None:
        """Take digests of 32 bytes, in any order."""
        self._packed = b"".join(sorted(digests))

    def __len__(self) -> int:
        return len(self._packed) // _DIGEST_BYTES

    def __contains__(self, digest: bytes) -> bool:
        place = bisect_left(_Digests(self._packed), digest)
        start = place * _DIGEST_BYTES
        return self._packed[start : start + _DIGEST_BYTES] == digest


class _Digests:
    """Packed digests as a sequence, for `bisect`."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed

    def __len__(self) -> int:
        return len(self._packed) // _DIGEST_BYTES

    def __getitem__(self, index: int) -> bytes:
        return self._packed[index * _DIGEST_BYTES : (index + 1) * _DIGEST_BYTES]


def known_records(lake: Path, parts: Iterable[Part]) -> KnownRecords:
    """Read the canonical digests of these parts of `records`."""
    return KnownRecords(digest for part in parts for digest in _digests(lake, part))


def _digests(lake: Path, part: Part) -> Iterable[bytes]:
    with open_part(lake, part) as file:
        for batch in file.iter_batches(columns=["canonical_sha256"]):
            column: pa.StringArray = batch.column(0)
            yield from (bytes.fromhex(text) for text in column.to_pylist())
