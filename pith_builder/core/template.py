"""Templates: canonical JSON serialised once, with gaps for what differs from paper to paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

_TOLD_BY = 8
"""So many bytes tell what follows a gap from what stands in it."""


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
        self._start, self._steps = len(cut[0]), _steps(cut)

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

    def said_in(self, document: bytes) -> dict[str, bytes]:
        """Return what a document that was made of this template says in the gaps.

        A gap is read where it stands first, and nothing else is looked at: of another document
        anything may be returned. Whoever must know fills the template, and compares. Something
        must follow each gap that is in no other.

        Raises:
            ValueError: What follows a gap does not stand in the document.
        """
        said: dict[str, bytes] = {}
        place = self._start
        for name, end, length in self._steps:
            text = said.get(name)
            if text is None:
                text = said[name] = document[place : document.index(end, place)]
            place += len(text) + length
        return said


def _steps(cut: Sequence[Any]) -> list[tuple[str, bytes, int]]:
    """Return each gap, what ends it and the length of what follows, until all have been named."""
    steps = [
        (name, behind[:_TOLD_BY], len(behind))
        for name, behind in zip(cut[1::2], cut[2::2], strict=True)
    ]
    first = {name: index for index, (name, _, _) in reversed([*enumerate(steps)])}
    return steps[: max(first.values()) + 1]


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
