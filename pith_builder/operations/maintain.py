"""Maintenance: sweeping what no manifest names, and writing the views anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pith_builder.disk import Disk, storage_errors
from pith_builder.errors import UsageError
from pith_builder.lake.lock import lake_lock
from pith_builder.lake.store import live_manifest, open_lake, read_manifest, settle, write_views

_WHERE_LEFTOVERS_LIE = (
    "tables/*/*",
    "manifests/*.pending",
    "manifests/*.partial",
    "*.pending",
    "*.partial",
)


@dataclass(frozen=True, slots=True)
class Maintained:
    """What maintenance did.

    Attributes:
        removed: Files that no manifest names, below the lake; removed.
        freed_bytes: Their size.
    """

    removed: tuple[str, ...]
    freed_bytes: int


def maintain(lake: Path, wait_seconds: float = 0.0, disk: Disk | None = None) -> Maintained:
    """Remove parts that a killed build left behind, and write `pith.sql` for where the lake lies.

    Raises:
        UsageError: There is no lake.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The folder takes no changes.
        VerificationError: The lake is damaged.
    """
    if not lake.is_dir():
        raise UsageError(f"there is no lake in {lake}")
    disk = disk or Disk()
    with lake_lock(lake, wait_seconds, disk):
        settle(disk, lake)
        named = _named(lake)
        swept = [
            file
            for pattern in _WHERE_LEFTOVERS_LIE
            for file in sorted(lake.glob(pattern))
            if str(file.relative_to(lake)) not in named
        ]
        freed_bytes = sum(file.stat().st_size for file in swept)
        with storage_errors(lake):
            for file in swept:
                disk.remove(file)
            for directory in {file.parent for file in swept}:
                disk.sync_directory(directory)
        if live_manifest(lake) is not None:
            write_views(disk, open_lake(lake))
    return Maintained(tuple(str(file.relative_to(lake)) for file in swept), freed_bytes)


def _named(lake: Path) -> set[str]:
    """Return every part that the live manifest or one before it names."""
    named: set[str] = set()
    live = live_manifest(lake)
    for sequence in range(live.sequence if live else 0, 0, -1):
        tables = read_manifest(lake, sequence).tables
        named.update(part.path for table in tables.values() for part in table.parts)
    return named
