"""Maintenance: sweeping what nobody is to read any more, and writing the views anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pith_builder.disk import Disk, storage_errors
from pith_builder.errors import UsageError
from pith_builder.lake.lock import lake_lock
from pith_builder.lake.store import (
    current_sequence,
    live_manifest,
    open_lake,
    read_manifest,
    settle,
    write_views,
)

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
        removed: Files below the lake that were removed.
        freed_bytes: Their size.
    """

    removed: tuple[str, ...]
    freed_bytes: int


def maintain(
    lake: Path,
    wait_seconds: float = 0.0,
    disk: Disk | None = None,
    *,
    kept_since: datetime | None = None,
) -> Maintained:
    """Remove parts that a killed build left behind, and write `pith.sql` for where the lake lies.

    Args:
        lake: Its folder.
        wait_seconds: How long to wait for another writer.
        disk: What writes and removes.
        kept_since: Also remove parts that only manifests name which others had followed by then.
            The lake can no longer be opened as it was before, but its manifests stay.

    Raises:
        UsageError: There is no lake.
        LakeBusyError: Another process is writing to the lake.
        StorageError: The folder takes no changes.
        VerificationError: The lake is damaged.
    """
    if not lake.is_dir():
        raise UsageError(f"there is no lake in {lake}: build one with `pith build`, or give --lake")
    disk = disk or Disk()
    with lake_lock(lake, wait_seconds, disk):
        settle(disk, lake)
        swept = leftovers(lake, kept_since)
        freed_bytes = sum(file.stat().st_size for file in swept)
        with storage_errors(lake):
            for file in swept:
                disk.remove(file)
            for directory in {file.parent for file in swept}:
                disk.sync_directory(directory)
        if live_manifest(lake) is not None:
            write_views(disk, open_lake(lake))
    return Maintained(tuple(str(file.relative_to(lake)) for file in swept), freed_bytes)


def leftovers(lake: Path, kept_since: datetime | None = None) -> list[Path]:
    """Return the files that maintenance would remove; what one of them is to be may still come.

    Raises:
        VerificationError: The lake is damaged.
    """
    named = _named(lake, kept_since)
    return [
        file
        for pattern in _WHERE_LEFTOVERS_LIE
        for file in sorted(lake.glob(pattern))
        if str(file.relative_to(lake)) not in named
    ]


def _named(lake: Path, kept_since: datetime | None) -> set[str]:
    """Return every part that the live manifest names, or one that no other had followed by then.

    A manifest that is dated back was live no earlier than those before it.
    """
    named: set[str] = set()
    before: set[str] = set()
    latest = datetime.min.replace(tzinfo=UTC)
    for sequence in range(1, (current_sequence(lake) or 0) + 1):
        manifest = read_manifest(lake, sequence)
        latest = max(latest, manifest.created_at)
        if kept_since is None or latest > kept_since:
            named |= before
        before = {part.path for table in manifest.tables.values() for part in table.parts}
    return named | before
