"""All durable input and output of the lake, through one door, so that faults can be put in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pith_builder.core.canonical import Sha256
from pith_builder.errors import StorageError


class Disk:
    """The real disk: what it says is written is on the platter, not only in a cache."""

    def make_directory(self, path: Path) -> None:
        """Make a directory and its parents, durably, unless they are there."""
        if path.is_dir():
            return
        self.make_directory(path.parent)
        path.mkdir(exist_ok=True)
        self.sync_directory(path.parent)

    def create(self, path: Path) -> BinaryIO:
        """Open a new file for writing, in place of any of that name."""
        return path.open("wb")

    def sync(self, file: BinaryIO) -> None:
        """Bring what was written to the disk."""
        file.flush()
        os.fsync(file.fileno())

    def replace(self, partial: Path, final: Path) -> None:
        """Give a file its final name, in place of any of that name, in one step."""
        partial.replace(final)

    def sync_directory(self, path: Path) -> None:
        """Bring a directory's names to the disk."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sync_everything(self) -> None:
        """Bring all that was written to any file to the disk: cheaper than file by file."""
        os.sync()

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)


class NewFile:
    """A file being written beside its final name, hashed on the way."""

    def __init__(self, disk: Disk, partial: Path) -> None:
        """Open `partial` for writing."""
        self._disk = disk
        self._partial = partial
        self._file = disk.create(partial)
        self._sha256 = Sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """The digest of what was written so far, in hexadecimal."""
        return self._sha256.hexdigest()

    @property
    def closed(self) -> bool:
        """Whether the file takes no more."""
        return self._file.closed

    def write(self, data: bytes) -> int:
        """Append.

        Raises:
            StorageError: The disk is full.
        """
        with storage_errors(self._partial):
            self._file.write(data)
        self._sha256.update(data)
        self.size_bytes += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: what matters is brought to the disk by `keep`."""

    def keep(self, final: Path) -> None:
        """Bring the bytes to the disk, then give the file its name, then bring that to it."""
        self._disk.sync(self._file)
        self._file.close()
        self._disk.replace(self._partial, final)
        self._disk.sync_directory(final.parent)

    def discard(self) -> None:
        """Remove the file, unless it was kept."""
        with suppress(OSError):  # closing flushes what a full disk did not take
            self._file.close()
        self._disk.remove(self._partial)


@contextmanager
def new_file(disk: Disk, partial: Path) -> Iterator[NewFile]:
    """Write a file that is whole or absent.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    with storage_errors(partial):
        file = NewFile(disk, partial)
        try:
            yield file
        finally:
            file.discard()


def write_whole(disk: Disk, path: Path, data: bytes) -> None:
    """Write one small file, in place of any of that name.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    with new_file(disk, path.with_name(path.name + ".partial")) as file:
        file.write(data)
        file.keep(path)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusals into ours.

    Raises:
        StorageError: The system refused.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}; the lake is as it was. "
            "Make room or give write permission, then run the same command again"
        ) from error
