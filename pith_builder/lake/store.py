"""The lake on disk: its live manifest, and the commit that puts another in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pith_builder.core.canonical import parse_json
from pith_builder.core.manifest import MANIFEST, Manifest, TableState
from pith_builder.core.merkle import EMPTY_ROOT
from pith_builder.errors import MalformedError, UsageError, VerificationError
from pith_builder.lake.disk import Disk, write_whole
from pith_builder.lake.tables import TABLES
from pith_builder.lake.views import views_sql

CURRENT = "CURRENT"
SQL_FILE = "pith.sql"


@dataclass(frozen=True, slots=True)
class Lake:
    """A lake as of one commit.

    Attributes:
        path: Its folder.
        manifest: What it holds.
    """

    path: Path
    manifest: Manifest

    def table(self, name: str) -> TableState:
        """Return what the lake holds of one table, which may be nothing."""
        return self.manifest.tables[name]


def manifest_name(sequence: int) -> str:
    """Return the name of a manifest, below the lake."""
    return f"manifests/{sequence:08d}.json"


def live_manifest(path: Path) -> Manifest | None:
    """Read the manifest that `CURRENT` names, or None where there is no lake yet.

    Its form is checked, so that it can be read; its signature is the audit's business.

    Raises:
        VerificationError: `CURRENT` or the manifest is damaged.
    """
    try:
        name = (path / CURRENT).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise VerificationError(f"{path / CURRENT} names no manifest; run pith audit") from error
    return read_manifest(path, name)


def read_manifest(path: Path, name: str) -> Manifest:
    """Read a manifest by its name below the lake.

    Raises:
        VerificationError: It is missing, or not in the form of a manifest, or of another name.
    """
    place = path / name
    if place.parent != path / "manifests":
        raise VerificationError(f"{path / CURRENT} names no manifest: {name[:80]!r}")
    try:
        value = parse_json(place.read_bytes())
    except (OSError, MalformedError) as error:
        raise VerificationError(f"{place} cannot be read: {error}; run pith audit") from error
    failure = next(MANIFEST.failures(value, ""), None)
    if failure is not None:
        raise VerificationError(f"{place} is no manifest: {failure.path}: {failure.message}")
    manifest = Manifest.from_json_object(value)
    if name != manifest_name(manifest.sequence) or manifest.tables.keys() != TABLES.keys():
        raise VerificationError(f"{place} is not manifest {manifest.sequence} of this lake format")
    return manifest


def open_lake(path: Path) -> Lake:
    """Open a lake as of its live manifest.

    Raises:
        UsageError: There is no lake.
        VerificationError: `CURRENT` or the manifest is damaged.
    """
    manifest = live_manifest(path)
    if manifest is None:
        raise UsageError(f"there is no lake in {path}: build one with `pith build`, or give --lake")
    return Lake(path, manifest)


def commit(disk: Disk, path: Path, manifest: Manifest) -> None:
    """Make a manifest, whose parts are on the disk, the live one.

    Manifest first, then `CURRENT`, each synced and renamed; `pith.sql` follows from them.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    disk.make_directory(path / "manifests")
    name = manifest_name(manifest.sequence)
    write_whole(disk, path / name, manifest.document)
    write_whole(disk, path / CURRENT, f"{name}\n".encode("ascii"))
    write_views(disk, Lake(path, manifest))


def write_views(disk: Disk, lake: Lake) -> None:
    """Write `pith.sql` for the place where the lake lies now."""
    text = views_sql(lake.path.resolve(), lake.manifest)
    write_whole(disk, lake.path / SQL_FILE, text.encode())


def empty_tables() -> Mapping[str, TableState]:
    """Return every table of a lake that holds nothing yet."""
    return {
        name: TableState(
            schema_version=table.schema_version, content_root=EMPTY_ROOT.hex(), parts=()
        )
        for name, table in TABLES.items()
    }
