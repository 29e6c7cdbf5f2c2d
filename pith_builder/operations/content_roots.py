"""The content roots of several tables, taken by several threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from pith_builder.core.manifest import Part
from pith_builder.lake.roots import table_root
from pith_builder.lake.tables import TABLES


def content_roots(lake: Path, parts: Mapping[str, Sequence[Part]], workers: int) -> dict[str, str]:
    """Return by table the content root of the rows of these parts, in hexadecimal.

    Raises:
        DamagedPartError: A part cannot be read whole.
    """
    rows = {name: sum(part.rows for part in some) for name, some in parts.items()}
    # The largest first: while it is gone through, others are.
    names = sorted(parts, key=rows.__getitem__, reverse=True)
    # Much of the work is done by libraries that let other threads run: processes are no quicker.
    with ThreadPoolExecutor(workers) as threads:
        roots = threads.map(partial(_content_root, lake, parts), names)
        return dict(zip(names, roots, strict=True))


def _content_root(lake: Path, parts: Mapping[str, Sequence[Part]], name: str) -> str:
    return table_root(lake, TABLES[name], parts[name]).hex()
