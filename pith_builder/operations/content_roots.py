"""The content roots of several tables, by several processes where there are many rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from pith_builder.core.manifest import Part
from pith_builder.lake.roots import table_root
from pith_builder.lake.tables import TABLES
from pith_builder.operations.in_order import running

_SHARED_FROM = 300_000
"""Rows that one process goes through while others would still be starting."""


def content_roots(lake: Path, parts: Mapping[str, Sequence[Part]], workers: int) -> dict[str, str]:
    """Return by table the content root of the rows of these parts, in hexadecimal.

    Raises:
        DamagedPartError: A part cannot be read whole.
    """
    rows = {name: sum(part.rows for part in some) for name, some in parts.items()}
    # The largest first: while it is gone through, others are.
    names = sorted(parts, key=rows.__getitem__, reverse=True)
    is_shared = sum(rows.values()) >= _SHARED_FROM
    with running(min(workers, len(names)) if is_shared else 1) as run:
        roots = run(partial(_content_root, lake, name, parts[name]) for name in names)
        return dict(zip(names, roots, strict=True))


def _content_root(lake: Path, name: str, parts: Sequence[Part]) -> str:
    return table_root(lake, TABLES[name], parts).hex()
