"""All durable output, through one door, so that faults can be put in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pith_builder.core.canonical import Sha256
from pith_builder.errors import StorageError

_PRIVATE_MODE = 0o600


class Disk:
    """The real disk: what it says is written is on the platter, not only in a cache.

    It has no state, so that worker processes can be sent it. What it calls for each thing it
    does is a method of its own, for those who count, delay or refuse them.
    """

    def make_directory(self, path: Path) -> None:
        """Make a directory and its parents, durably, unless they are there."""
        if path.is_dir():
            return
        self.make_directory(path.parent)
        self.add_directory(path)
        self.sync_directory(path.parent)

    def add_directory(self, path: Path) -> None:
        """Make a directory and its parents, unless they are there."""
        path.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> BinaryIO:
        """Open a new file for writing, in place of any of that name."""
        return path.open("wb")

    def create_private(self, path: Path) -> BinaryIO:
        """Open a new file for writing that is for its owner alone; there must be none yet."""
        return os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_MODE), mode="wb"
        )

    def append(self, path: Path) -> BinaryIO:
        """Open a file for writing after what is in it, if it is there."""
        return path.open("ab")

    def open_lock(self, path: Path) -> int:
        """Open a file to lock, making it at need; what it says matters to no one after a crash."""
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)

    def sync(self, file: BinaryIO) -> None:
        """Bring what was written to the disk."""
        file.flush()
        os.fsync(file.fileno())

    def sync_written(self, path: Path) -> None:
        """Bring to the disk what was written to a file that is closed, by whatever process."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, partial: Path, final: Path) -> None:
        """Give a file its final name, in place of any of that name, in one step."""
        partial.replace(final)

    def name_new(self, partial: Path, final: Path) -> None:
        """Give a file its final name too, which no other may have yet, in one step."""
        final.hardlink_to(partial)

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

    def remove_directory(self, path: Path) -> None:
        """Remove a directory in which nothing is."""
        path.rmdir()


class NewFile:
    """A file being written beside its final name, hashed on the way."""

    def __init__(self, disk: Disk, partial: Path) -> None:
        """Open `partial` for writing."""
        self._disk = disk
        self._partial = partial
        self._file = disk.create(partial)
        self._sha256 = Sha256()
        self._is_discarded = False
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
        """Append; what a writer still has to say after the file was discarded is forgotten.

        Raises:
            StorageError: The disk is full.
        """
        if self._is_discarded:
            return len(data)
        with storage_errors(self._partial.parent):
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

    def hand_over(self, final: Path) -> None:
        """Give the file its name; someone else brings both to the disk, by `sync_written`."""
        self._file.close()
        self._disk.replace(self._partial, final)

    def discard(self) -> None:
        """Remove the file, unless it was kept."""
        self._is_discarded = True
        with suppress(OSError):  # closing flushes what a full disk did not take
            self._file.close()
        remove_unwanted(self._disk, self._partial)


@contextmanager
def new_file(disk: Disk, partial: Path) -> Iterator[NewFile]:
    """Write a file that is whole or absent.

    Raises:
        StorageError: The disk is full, or the folder takes no files.
    """
    with storage_errors(partial.parent):
        file = NewFile(disk, partial)
        try:
            yield file
        finally:
            file.discard()


LAKE_UNTOUCHED = "the lake is as it was"
FILE_UNTOUCHED = "what was there is as it was"


@contextmanager
def whole_file(disk: Disk, path: Path, left: str = FILE_UNTOUCHED) -> Iterator[BinaryIO]:
    """Give a file to write, which takes the place of any of that name when it is whole.

    Raises:
        StorageError: The disk is full, or the folder takes no files; `left` says what is so then.
    """
    partial = path.with_name(path.name + ".partial")
    with storage_errors(path, left):
        file = disk.create(partial)
        try:
            yield file
            disk.sync(file)
            file.close()
            disk.replace(partial, path)
            disk.sync_directory(path.parent)
        finally:
            with suppress(OSError):  # closing flushes what a full disk did not take
                file.close()
            remove_unwanted(disk, partial)


def write_whole(disk: Disk, path: Path, data: bytes, left: str = FILE_UNTOUCHED) -> None:
    """Write one small file, in place of any of that name.

    Raises:
        StorageError: The disk is full, or the folder takes no files; `left` says what is so then.
    """
    with whole_file(disk, path, left) as file:
        file.write(data)


def remove_unwanted(disk: Disk, path: Path) -> None:
    """Remove a file that is not wanted, if the disk lets it: what stays is swept one day."""
    with suppress(OSError):
        disk.remove(path)


@contextmanager
def storage_errors(path: Path, left: str = LAKE_UNTOUCHED) -> Iterator[None]:
    """Turn the system's refusals into ours.

    Raises:
        StorageError: The system refused; `left` says what is so then.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}; {left}. "
            "Make room or give write permission, then run the same command again"
        ) from error
