"""Which parts of a table to join: four of a size make one of the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pith_builder.lake.tables import ALIASES, SIGHTINGS, Table

FAN_IN = 4
"""Parts of one tier that are joined, and how much larger the parts of the next tier are.

So each row is written anew once in each tier, and no tier keeps four parts.
"""

_FULL_ROWS = 30_000
"""The largest chunks of a build have more papers: joining those would write all of it anew."""

_FULL_SHORT_ROWS = 4_000_000
"""Of rows of a hundred bytes; a name is looked for in every part of `aliases`."""

_SHORT_ROWS = frozenset((ALIASES.name, SIGHTINGS.name))

_Group = tuple[list[int], int]
"""Which parts, by their places, and how many rows they have together."""


def full_rows(table: Table) -> int:
    """Return of how many rows a part of a table is joined with no other."""
    return _FULL_SHORT_ROWS if table.name in _SHORT_ROWS else _FULL_ROWS


def joins(sizes: Sequence[int], full: int) -> list[list[int]]:
    """Say which of some parts to join, by their places, each list becoming one part.

    A part's tier is how many digits its number of rows has in base four. Parts of `full` rows are
    left as they are. Of what was joined as this says, nothing is left to join.
    """
    open_groups: list[_Group] = [([place], size) for place, size in enumerate(sizes) if size < full]
    groups: list[_Group] = []
    while crowd := _crowd(open_groups):
        places: list[int] = []
        rows = 0
        for group in crowd:
            open_groups.remove(group)
            places += group[0]
            rows += group[1]
            if rows >= full:
                groups.append((places, rows))
                break
        else:
            open_groups.append((places, rows))
    return sorted(sorted(places) for places, _ in (*groups, *open_groups) if len(places) > 1)


def _crowd(groups: Sequence[_Group]) -> list[_Group]:
    """Return the groups of the lowest tier that has too many, or none."""
    tiers: dict[int, list[_Group]] = defaultdict(list)
    for group in sorted(groups):
        tiers[_tier(group[1])].append(group)
    return next((some for _, some in sorted(tiers.items()) if len(some) >= FAN_IN), [])


def _tier(rows: int) -> int:
    return (rows.bit_length() - 1) // 2
