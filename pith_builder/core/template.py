"""Templates: canonical JSON serialised once, with gaps for what differs from paper to paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any


class Template:
    """A document's canonical bytes with named gaps.

    It is cut from a specimen that the readable code made, so that the shape of a document is
    written down once; filling it takes a small part of the time of serialising another.
    """

    def __init__(self, specimen: bytes, gaps: Mapping[str, bytes]) -> None:
        """Cut `specimen` wherever the text of a gap stands, the longest text that fits first.

        A gap's text must be canonical JSON by itself, or stand within a string and be free of
        what JSON escapes; so must what it is filled with.

        Raises:
            ValueError: No gap's text stands in the specimen.
        """
        cut: list[bytes | str] = [specimen]
        for name in sorted(gaps, key=lambda name: len(gaps[name]), reverse=True):
            cut = [part for piece in cut for part in _cut(piece, name, gaps[name])]
        if len(cut) == 1:
            raise ValueError("the specimen has none of the gaps")
        self._cut = cut
        self._gaps = [(place, part) for place, part in enumerate(cut) if isinstance(part, str)]

    def fill(self, said: Mapping[str, Iterable[bytes]]) -> list[bytes]:
        """Return a document for each paper; `said` has, by gap, what each paper says there."""
        columns = (repeat(part) if isinstance(part, bytes) else said[part] for part in self._cut)
        return list(map(b"".join, zip(*columns, strict=False)))

    def filled(self, said: Mapping[str, bytes]) -> bytes:
        """Return the document of one paper; `said` has, by gap, what it says there."""
        filled: list[Any] = self._cut.copy()
        for place, name in self._gaps:
            filled[place] = said[name]
        return b"".join(filled)


def _cut(piece: bytes | str, name: str, text: bytes) -> Iterator[bytes | str]:
    """Put a gap's name in the place of its text; a piece that is a name stays."""
    if isinstance(piece, str):
        yield piece
        return
    first, *others = piece.split(text)
    yield first
    for other in others:
        yield name
        yield other
