"""Stretches of Pith Numbers, so cut that a look-up by number has few parts to open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pith_builder.core.manifest import Part

PARTS_OF_A_QUERY = 8
"""Parts that one stretch is to have at most: fewer make more stretches, all of which are planned
for, and more are opened for each look-up."""

_YEAR = len("pith:2026:")
"""Numbers begin with a year, and since papers come in order most parts reach over few of them."""

_FEW_YEARS = 3
"""A part that reaches over more holds a night's changes, or the few papers of early years."""


class Stretch(NamedTuple):
    """Some of the parts of a table whose key begins with a Pith Number.

    Attributes:
        first: The least text that a number in this stretch may be.
        beyond: The least text that is beyond it.
        parts: All parts that may hold such a number, but for those of other stretches that do.
    """

    first: str
    beyond: str
    parts: Sequence[Part]


def stretches(parts: Sequence[Part]) -> Iterator[Stretch]:
    """Cut parts into stretches: each of their rows is in exactly one.

    A part that reaches into several is in each; those that reach over many years are apart.
    """
    ordered = sorted(parts, key=lambda part: part.first_key)
    years = sorted({year for part in ordered for year in _years(part)})
    bounds = [*years, f"{years[-1]}~"]

    def is_wide(part: Part) -> bool:
        first, last = _years(part)
        return years.index(last) - years.index(first) >= _FEW_YEARS

    wide = [part for part in ordered if is_wide(part)]
    for start in range(0, len(wide), PARTS_OF_A_QUERY):
        yield Stretch(bounds[0], bounds[-1], wide[start : start + PARTS_OF_A_QUERY])
    narrow = [part for part in ordered if not is_wide(part)]
    first, some = bounds[0], list[Part]()
    for beyond, further in pairwise([*bounds[1:], ""]):
        some = some or _reaching(narrow, first, beyond)
        more = _reaching(narrow, first, further)
        if further and len(more) <= PARTS_OF_A_QUERY:
            some = more
        elif some:
            yield Stretch(first, beyond, some)
            first, some = beyond, []


def _years(part: Part) -> tuple[str, str]:
    return part.first_key[0][:_YEAR], part.last_key[0][:_YEAR]


def _reaching(parts: Sequence[Part], first: str, beyond: str) -> list[Part]:
    return [part for part in parts if part.last_key[0] >= first and part.first_key[0] < beyond]
