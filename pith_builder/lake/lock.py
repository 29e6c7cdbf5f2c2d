"""The lake's lock: one writer at a time, freed by the kernel when its process dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pith_builder.disk import Disk, storage_errors
from pith_builder.errors import LakeBusyError

_POLL_SECONDS = 0.2


@contextmanager
def lake_lock(lake: Path, wait_seconds: float = 0.0, disk: Disk | None = None) -> Iterator[None]:
    """Hold the lake's lock, waiting for it at most `wait_seconds`.

    Raises:
        LakeBusyError: Another process holds it still; the message says which.
        StorageError: The folder takes no files.
    """
    with storage_errors(lake):
        disk = disk or Disk()
        disk.make_directory(lake)
        descriptor = disk.open_lock(lake / ".lock")
    try:
        _take(descriptor, lake, time.monotonic() + wait_seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, lake: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 100, 0).decode(errors="replace") or "another process"
                raise LakeBusyError(
                    f"{holder} is writing to {lake}; wait for it, or give --wait SECONDS"
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return
