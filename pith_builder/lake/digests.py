"""Many digests, kept in files without a name, and what two collections of them differ in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pith_builder.core.merkle import LEAF_BYTES as DIGEST_BYTES

AT_ONCE = 1 << 22
"""Digests sorted at once: of more, a stretch at a time."""

_READ_AT_ONCE = 1 << 16
_Digests = npt.NDArray[np.uint8]


def leading_words(digests: _Digests) -> npt.NDArray[np.uint64]:
    """Return the first 64 bits of each digest as a number, which sorts as the digests do."""
    return digests[:, :8].copy().view(">u8").ravel().astype(np.uint64)


class Differences(NamedTuple):
    """Digests that are in one collection alone, or that one holds more than once."""

    only_left: set[bytes]
    only_right: set[bytes]
    left_twice: set[bytes]
    right_twice: set[bytes]


class Digests:
    """A growing collection of digests; it takes no memory, and 32 bytes of a disk for each."""

    def __init__(self) -> None:
        """Begin with none."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this does

    def __len__(self) -> int:
        return self._file.tell() // DIGEST_BYTES

    def add(self, packed: bytes | bytearray) -> None:
        """Add digests laid end to end."""
        self._file.write(packed)

    def close(self) -> None:
        """Give back the disk."""
        self._file.close()

    def stretch(self, number: int, bits: int) -> _Digests:
        """Return those whose leading bits, at most eight, are a number."""
        end = self._file.tell()
        self._file.seek(0)
        found = [np.empty((0, DIGEST_BYTES), np.uint8)]
        found += [
            some[some[:, 0] >> (8 - bits) == number] if bits else some for some in self._all()
        ]
        self._file.seek(end)
        return np.concatenate(found)

    def _all(self) -> Iterator[_Digests]:
        while packed := self._file.read(_READ_AT_ONCE * DIGEST_BYTES):
            yield np.frombuffer(packed, np.uint8).reshape(-1, DIGEST_BYTES)


def differences(left: Digests, right: Digests) -> Differences:
    """Compare two collections: both have the same digests, each once, where nothing is found.

    Memory: some 160 bytes for each of at most `AT_ONCE` digests, however many there are.
    """
    found = Differences(set(), set(), set(), set())
    stretches = -(-max(len(left), len(right)) // AT_ONCE)
    bits = min(8, max(0, stretches - 1).bit_length())
    for number in range(1 << bits):
        ours, theirs = (_sorted(side.stretch(number, bits)) for side in (left, right))
        if len(ours) != len(theirs) or (ours != theirs).any() or (ours[1:] == ours[:-1]).any():
            (mine, often), (its, its_often) = (
                np.unique(side, return_counts=True) for side in (ours, theirs)
            )
            found.only_left.update(_whole(np.setdiff1d(mine, its, assume_unique=True)))
            found.only_right.update(_whole(np.setdiff1d(its, mine, assume_unique=True)))
            found.left_twice.update(_whole(mine[often > 1]))
            found.right_twice.update(_whole(its[its_often > 1]))
    return found


def _sorted(digests: _Digests) -> npt.NDArray[np.bytes_]:
    texts: npt.NDArray[np.bytes_] = digests.view(f"S{DIGEST_BYTES}").ravel()
    words = leading_words(digests)
    order = np.argsort(words)
    words = words[order]
    # The first 64 bits tell all digests apart but equal ones, and sort in a third of the time.
    return np.sort(texts) if (words[1:] == words[:-1]).any() else texts[order]


def _whole(texts: npt.NDArray[np.bytes_]) -> Iterator[bytes]:
    """Yield digests from texts, of which numpy cuts zeros at the end."""
    return (text.ljust(DIGEST_BYTES, b"\0") for text in texts.tolist())
