"""The lake's lock: one writer at a time, freed by the kernel when its process dies."""

from __future__ import annotations

import fcntl
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from pith_builder.core.instants import format_seconds
from pith_builder.disk import Disk, storage_errors
from pith_builder.errors import LakeBusyError

_POLL_SECONDS = 0.2
_COMMAND_CHARACTERS = 200
_HOLDER_BYTES = 2_000


@contextmanager
def lake_lock(lake: Path, wait_seconds: float = 0.0, disk: Disk | None = None) -> Iterator[None]:
    """Hold the lake's lock, waiting for it at most `wait_seconds`.

    While it is held, the file says by whom. The kernel frees it when the process that holds it
    ends, however that ends; what a killed one leaves in the file means nothing.

    Raises:
        LakeBusyError: Another process holds it still; the message says which, where, since when.
        StorageError: The folder takes no files.
    """
    with storage_errors(lake):
        disk = disk or Disk()
        disk.make_directory(lake)
        descriptor = disk.open_lock(lake / ".lock")
    try:
        _take(descriptor, lake, time.monotonic() + wait_seconds)
        with suppress(OSError):  # on a full disk too the lock is held, only namelessly
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, _this_process().encode(), 0)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _take(descriptor: int, lake: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LakeBusyError(
                    f"{_holder(descriptor)} is writing to {lake}; wait for it, or give "
                    "--wait SECONDS"
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _this_process() -> str:
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    shown = "".join(c if c.isprintable() else " " for c in command)[:_COMMAND_CHARACTERS]
    return f"process {os.getpid()} on {os.uname().nodename} ({shown})"


def _holder(descriptor: int) -> str:
    """Return who wrote his name into the file, and when."""
    said = os.pread(descriptor, _HOLDER_BYTES, 0).decode(errors="replace")
    if not said:
        return "another process"  # that has just taken it, or found no room to say so
    since = datetime.fromtimestamp(int(os.fstat(descriptor).st_mtime), UTC)
    return f"{said}, since {format_seconds(since)},"
