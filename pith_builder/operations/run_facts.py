"""What a run read and what it ran with, for the facts in table `builds`."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pith_builder.core.canonical import Sha256
from pith_builder.core.lineage import Input, Output
from pith_builder.core.manifest import Part
from pith_builder.lake.store import CURRENT, open_lake

_LIBRARIES = ("jiter", "lxml", "numpy", "orjson", "pyarrow", "pynacl", "zstandard")
"""Of what reads, writes and signs."""

_HASHED_AT_ONCE = 1 << 20


@cache
def libraries() -> dict[str, str]:
    """Return the versions of Python and of the libraries that read, write and sign."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def files_read(places: Iterable[Path]) -> list[Input]:
    """Return what tells files from others: name, size and digest; of a lake its manifest's digest.

    Of other places it is the name alone.

    A file is read once more for it, at some gigabytes a second.
    """
    return [_file_read(place) for place in places]


def _file_read(place: Path) -> Input:
    name = place.name or "-"
    if (place / CURRENT).is_file():
        manifest = open_lake(place).manifest
        version = f"sha256:{manifest.manifest_sha256}"
        return Input(name=name, version=version, rows=manifest.tables["records"].rows)
    if str(place) == "-" or not place.is_file():
        return Input(name=name)
    hasher, size = Sha256(), 0
    with place.open("rb") as file:
        while data := file.read(_HASHED_AT_ONCE):
            hasher.update(data)
            size += len(data)
    return Input(name=name, version=f"sha256:{hasher.hexdigest()}", size_bytes=size)


def written(table: str, added: Sequence[Part], swapped: Sequence[Part]) -> Output | None:
    """Return what was written of a table, or None if it is nothing."""
    parts = [*added, *swapped]
    if not parts:
        return None
    return Output(
        table=table,
        rows=sum(part.rows for part in added),
        size_bytes=sum(part.size_bytes for part in parts),
        files=len(parts),
    )
