"""The lake on disk: its live manifest, and the commit that puts another in its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pith_builder.core.canonical import parse_json
from pith_builder.core.manifest import MANIFEST, Manifest, TableState
from pith_builder.core.merkle import EMPTY_ROOT
from pith_builder.disk import LAKE_UNTOUCHED, Disk, remove_unwanted, storage_errors, write_whole
from pith_builder.errors import MalformedError, StorageError, UsageError, VerificationError
from pith_builder.lake.tables import TABLES
from pith_builder.lake.views import is_views_sql, place_of, views_sql

CURRENT = "CURRENT"
_CURRENT = re.compile(rb"manifests/(\d{8})\.json\n")
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
    sequence = current_sequence(path)
    return None if sequence is None else read_manifest(path, sequence)


def current_sequence(path: Path) -> int | None:
    """Read which manifest `CURRENT` names, or None where there is no lake yet.

    Raises:
        VerificationError: `CURRENT` is damaged.
    """
    try:
        data = (path / CURRENT).read_bytes()
    except FileNotFoundError:
        return None
    match = _CURRENT.fullmatch(data)
    if match is None:
        raise VerificationError(f"{path / CURRENT} names no manifest: {data[:80]!r}")
    return int(match[1])


def read_manifest(path: Path, sequence: int) -> Manifest:
    """Read a manifest by its number.

    Raises:
        VerificationError: It is missing, or not in the form of that manifest.
    """
    place = path / manifest_name(sequence)
    try:
        data = _read_manifest(place)
        value = parse_json(data)
    except (OSError, MalformedError) as error:
        raise VerificationError(f"{place} cannot be read: {error}") from error
    failure = next(MANIFEST.failures(value, ""), None)
    if failure is not None:
        raise VerificationError(f"{place} is no manifest: {failure.path}: {failure.message}")
    manifest = Manifest.from_json_object(value)
    if manifest.document != data:
        raise VerificationError(f"{place} is not in canonical JSON")
    if manifest.sequence != sequence or manifest.tables.keys() != TABLES.keys():
        raise VerificationError(f"{place} is not manifest {sequence} of this lake format")
    return manifest


def _read_manifest(place: Path) -> bytes:
    """Read a manifest under its own name, or under the pending one that it had at the commit.

    A writer that died in between left the name for `settle` to give; one that lives gives it any
    moment, so that the name is looked for once more.
    """
    for name in (place, _pending(place)):
        with suppress(FileNotFoundError):
            return name.read_bytes()
    return place.read_bytes()


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

    The manifest and the views are synced under pending names; replacing `CURRENT` is the commit;
    only then do they get their own. So a manifest of its own name was live once, and a `CURRENT`
    that names an earlier one was moved back. After the commit nothing is left to do that takes
    room.

    Raises:
        StorageError: The disk is full, or the folder takes no files; the message says whether
            that was before the commit or after it.
    """
    with storage_errors(path / "manifests"):
        disk.make_directory(path / "manifests")
    name = manifest_name(manifest.sequence)
    pending = _pending(path / name), _pending(path / SQL_FILE)
    documents = manifest.document, _views_of(Lake(path, manifest))
    try:
        for place, document in zip(pending, documents, strict=True):
            write_whole(disk, place, document, LAKE_UNTOUCHED)
        write_whole(disk, path / CURRENT, f"{name}\n".encode("ascii"), LAKE_UNTOUCHED)
        settle(disk, path)
    except StorageError as error:
        if current_sequence(path) == manifest.sequence:
            raise StorageError(
                f"manifest {manifest.sequence} of {path} is live, but the disk refused what comes "
                f"after the commit ({error.__cause__}): see to the disk, then run `pith maintain`"
            ) from error
        for place in pending:
            remove_unwanted(disk, place)
        raise


def settle(disk: Disk, path: Path) -> None:
    """Finish the last commit: give its manifest its name and write its views, if that is left.

    Every writer does so first: the one before may have died right after its commit.

    Raises:
        StorageError: The folder takes no files.
        VerificationError: `CURRENT` is damaged, missing, or was moved back.
    """
    sequence = current_sequence(path)
    later = later_manifests(path, sequence or 0)
    if later:
        raise VerificationError(
            f"manifest {later[0]} was live after the one that {path / CURRENT} names: that was "
            "moved back or lost, and writing on would hide it. Run `pith audit`, and put back "
            f"what it said: {manifest_name(later[-1])}"
        )
    if sequence is not None:
        place = path / manifest_name(sequence)
        if not place.exists() and _pending(place).exists():
            with storage_errors(place):
                disk.replace(_pending(place), place)
                disk.sync_directory(place.parent)
        lake = open_lake(path)
        place = path / SQL_FILE
        if not is_views_sql(_read(place), lake.manifest):
            if is_views_sql(_read(_pending(place)), lake.manifest):
                with storage_errors(place):
                    disk.replace(_pending(place), place)
                    disk.sync_directory(path)
            else:
                write_views(disk, lake)


def later_manifests(path: Path, sequence: int) -> list[int]:
    """Return the numbers of the manifests that were live after this one."""
    numbers = (int(file.stem) for file in path.glob("manifests/*.json") if file.stem.isdigit())
    return sorted(number for number in numbers if number > sequence)


def _pending(place: Path) -> Path:
    return place.with_suffix(".pending")


def views_follow(lake: Lake) -> bool:
    """Tell whether `pith.sql` is the views of this commit, or of the one before.

    It is rewritten after the commit, so that a writer that dies in between leaves it one behind;
    the next writer mends that.
    """
    text = _read(lake.path / SQL_FILE)
    sequence = lake.manifest.sequence
    if is_views_sql(text, lake.manifest):
        return True
    if sequence == 1:
        return not (lake.path / SQL_FILE).exists()
    return is_views_sql(text, read_manifest(lake.path, sequence - 1))


def views_place(path: Path) -> Path | None:
    """Return the folder whose parts `pith.sql` reads, or None where it names none."""
    return place_of(_read(path / SQL_FILE))


def _read(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def write_views(disk: Disk, lake: Lake) -> None:
    """Write `pith.sql` for the place where the lake lies now."""
    write_whole(disk, lake.path / SQL_FILE, _views_of(lake), LAKE_UNTOUCHED)


def _views_of(lake: Lake) -> bytes:
    return views_sql(lake.path.resolve(), lake.manifest).encode()


def empty_tables() -> Mapping[str, TableState]:
    """Return every table of a lake that holds nothing yet."""
    return {
        name: TableState(
            schema_version=table.schema_version, content_root=EMPTY_ROOT.hex(), parts=()
        )
        for name, table in TABLES.items()
    }
