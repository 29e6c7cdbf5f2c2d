"""Pith Numbers and their short forms (FORMAT.md 4)."""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import dataclass

from pith_builder.core.canonical import RecordDigest
from pith_builder.errors import MalformedError

SUFFIX_LENGTH = 26
"""Base32 characters of a suffix: 130 bits of the digest."""

SHORT_LENGTHS = (8, 12, 16)
"""Base32 characters of the short aliases, shortest first."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -10, -10)

SUFFIX_PATTERN = re.compile(r"[A-Z2-7]{26}")
NUMBER_PATTERN = re.compile(r"pith:(\d{4}):([A-Z2-7]{26})", re.ASCII)


def base32(data: bytes) -> str:
    """Return RFC 4648 base32, upper case, without padding."""
    return b32encode(data).decode().rstrip("=")


def suffix_of(digest: RecordDigest) -> str:
    """Return the suffix that names a record: the base32 of its digest's first 130 bits."""
    bits = int.from_bytes(digest[:17]) >> 6
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


@dataclass(frozen=True, slots=True, order=True)
class PithNumber:
    """The year of a paper's first version and the first 130 bits of its canonical digest.

    >>> PithNumber.parse("pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST").short()
    'pith:REQM6TSZ'
    """

    year: int
    suffix: str

    def __post_init__(self) -> None:
        if not 0 <= self.year <= 9999 or not SUFFIX_PATTERN.fullmatch(self.suffix):
            raise MalformedError(f"not a Pith Number: year {self.year!r}, suffix {self.suffix!r}")

    @classmethod
    def of(cls, digest: RecordDigest, year: int) -> PithNumber:
        """Name the record with this canonical digest, first submitted in `year`."""
        return cls(year, suffix_of(digest))

    @classmethod
    def parse(cls, text: str) -> PithNumber:
        """Undo `str`.

        Raises:
            MalformedError: The text is no Pith Number.
        """
        match = NUMBER_PATTERN.fullmatch(text)
        if match is None:
            raise MalformedError(
                f"not a Pith Number: {text[:60]!r} (wanted: pith:YYYY: and 26 of A-Z, 2-7)"
            )
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        return f"pith:{self.year:04d}:{self.suffix}"

    def short(self) -> str:
        """Return the short form, `pith:` and the suffix's first eight characters."""
        return f"pith:{self.suffix[:8]}"
