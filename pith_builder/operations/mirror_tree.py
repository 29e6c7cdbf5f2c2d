"""A mirror as a tree of files: only what differs is written, and what is left over is removed."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pith_builder.core.mirror import KEY_PATH, MIRRORS_PATH, MirrorFile
from pith_builder.disk import Disk, remove_unwanted, storage_errors
from pith_builder.errors import UsageError

GZIP_LEVEL = 6
PARTIAL = ".partial"
GZIPPED = ".gz"

_SUFFIX_DIRECTORIES = tuple(
    sorted({file.value.partition("/{suffix}")[0] for file in MirrorFile}, reverse=True)
)
"""The directories that hold an entry for each record."""

_RECORD_ENTRY = re.compile(r"([A-Z2-7]{26})(?:\.json)?(?:\.gz)?" + f"(?:{re.escape(PARTIAL)})?")
_LISTING_ENTRY = re.compile(
    r"(\d{4}-\d{2}(?:-[1-9]\d*)?\.html)(?:\.gz)?" + f"(?:{re.escape(PARTIAL)})?"
)


@dataclass(slots=True)
class Counts:
    """What an export did to the files of a tree."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0

    def add(self, other: Counts) -> None:
        """Count another's files too."""
        self.written += other.written
        self.unchanged += other.unchanged
        self.removed += other.removed


class MirrorTree:
    """A folder that holds a mirror.

    A file is written beside its name and then renamed, so that a reader finds the old or the new
    one whole, whatever kills the writer. Files are compared byte by byte, never by their dates, so
    that an export mends what was damaged; they reach the disk all at once, by `finish`.
    """

    def __init__(self, folder: Path, *, with_gzip: bool, disk: Disk | None = None) -> None:
        """Take a folder; `with_gzip` puts a compressed file beside each."""
        self.folder = folder
        self.counts = Counts()
        self._with_gzip = with_gzip
        self._disk = disk or Disk()

    def put(self, path: str, data: bytes) -> None:
        """Let a file hold these bytes; its directory is made where it is missing.

        Raises:
            StorageError: The disk is full, or the folder takes no files.
        """
        place = f"{self.folder}/{path}"
        try:
            self._put(place, data)
            if self._with_gzip:
                # Without a time, so that the same bytes make the same file.
                self._put(place + GZIPPED, gzip.compress(data, GZIP_LEVEL, mtime=0))
            else:
                self._remove(place + GZIPPED)
        except OSError:
            with storage_errors(Path(place)):
                raise

    def remove(self, path: str) -> None:
        """Remove a file and the compressed one beside it, where they are.

        Raises:
            StorageError: The folder takes no changes.
        """
        place = f"{self.folder}/{path}"
        with storage_errors(Path(place)):
            self._remove(place)
            self._remove(place + GZIPPED)

    def left_over(self, known: Callable[[list[str]], set[str]], at_once: int) -> Iterator[str]:
        """Yield the suffixes of records that the tree holds and that are none of its own.

        Args:
            known: Returns those of some suffixes that are the tree's.
            at_once: How many are asked for at once, which is what is held in memory.
        """
        for directory in _SUFFIX_DIRECTORIES:
            names: list[str] = []
            place = self.folder / directory
            for entry in place.iterdir() if place.is_dir() else ():
                match = _RECORD_ENTRY.fullmatch(entry.name)
                if match is not None:
                    names.append(match[1])
                if len(names) >= at_once:
                    yield from set(names) - known(names)
                    names = []
            yield from set(names) - known(names)

    def remove_record(self, suffix: str) -> None:
        """Remove every file of a record, and its directories where nothing else is in them.

        Raises:
            StorageError: The folder takes no changes.
        """
        for file in MirrorFile:
            path = file.path(suffix)
            self.remove(path)
            self.remove(path + PARTIAL)
            self.remove(path + GZIPPED + PARTIAL)
        for file in MirrorFile:
            directory = self.folder / Path(file.path(suffix)).parent
            if directory.name == suffix:
                with suppress(OSError):  # it is gone, or something else is in it
                    self._disk.remove_directory(directory)

    def remove_listings(self, directory: str, wanted: set[str]) -> None:
        """Remove pages that list months, but for those wanted.

        Raises:
            StorageError: The folder takes no changes.
        """
        place = self.folder / directory
        found = {
            match[1]
            for entry in (place.iterdir() if place.is_dir() else ())
            if (match := _LISTING_ENTRY.fullmatch(entry.name)) is not None
        }
        for name in sorted(found - wanted):
            self.remove(f"{directory}/{name}")

    def finish(self) -> None:
        """Bring everything to the disk.

        Raises:
            StorageError: The disk refuses.
        """
        with storage_errors(self.folder):
            self._disk.sync_everything()

    def _put(self, place: str, data: bytes) -> None:
        # Texts, not paths: there are millions of files, and a path costs more than a system call.
        if _read(place) == data:
            self.counts.unchanged += 1
            return
        final, partial = Path(place), Path(place + PARTIAL)
        try:
            file = self._disk.create(partial)
        except FileNotFoundError:
            self._disk.add_directory(final.parent)
            file = self._disk.create(partial)
        try:
            with file:
                file.write(data)
            self._disk.replace(partial, final)
        except BaseException:
            remove_unwanted(self._disk, partial)
            raise
        self.counts.written += 1

    def _remove(self, place: str) -> None:
        if os.path.lexists(place):
            self._disk.remove(Path(place))
            self.counts.removed += 1


def _read(place: str) -> bytes | None:
    try:
        descriptor = os.open(place, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - as above
        return file.read()


def checked_folder(folder: Path) -> Path:
    """Return a folder, once it is shown to be one that a mirror may be written to.

    Ruling: that is a folder that is missing, empty, or holds a mirror's key or manifest; of what
    else lies in it nothing is touched.

    Raises:
        UsageError: It is no folder, or holds something else than a mirror.
        StorageError: It cannot be read.
    """
    with storage_errors(folder):
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is no folder: name a new or an empty one")
        is_mirror = any((folder / name).exists() for name in (KEY_PATH, MIRRORS_PATH))
        found = [] if is_mirror or not folder.exists() else [*folder.iterdir()]
    strange = [entry.name for entry in found if entry.name != ".lock"]
    if strange:
        raise UsageError(
            f"{folder} holds something else than a mirror, such as {strange[0]!r}: "
            "name a new or an empty folder"
        )
    return folder
