"""One request at a time, and not too soon after the last: for all processes of the machine.

arXiv's terms: no more than one request every three seconds over a single connection, counted over
all of a project's machines and all of arXiv's services. Hence one file for them all, and a `flock`
on it that is held while a request runs: the kernel frees it when a process dies.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pith_builder.errors import StorageError

DEFAULT_INTERVAL_SECONDS = 3.0
"""arXiv's terms of use."""

_STATE_BYTES = 200
_FILE_NAME = "pith-builder-arxiv.pace"


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as a fetch sees it.

    Attributes:
        monotonic: Seconds that only grow, common to all processes since the machine started.
        wall: Seconds since 1970, UTC; used only for a Retry-After that names a date.
        sleep: Waits for so many seconds.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def machine_pace_file() -> Path:
    """Return the file that all processes of the machine pace themselves by."""
    return Path(tempfile.gettempdir()) / _FILE_NAME


@dataclass(frozen=True, slots=True)
class Pace:
    """Turns at asking, spaced by an interval from start to start.

    Attributes:
        file: Where the turns are kept; processes that name the same file share them.
        interval_seconds: The least time from one request's start to the next one's.
        clock: Time.
    """

    file: Path
    interval_seconds: float = DEFAULT_INTERVAL_SECONDS
    clock: Clock = field(default_factory=Clock)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for a turn and hold it: no other process has one until the block ends.

        Raises:
            StorageError: The file cannot be opened.
        """
        descriptor = self._opened()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            turn = Turn(descriptor, self.clock)
            turn.wait()
            turn.hold(self.interval_seconds)
            yield turn
        finally:
            os.close(descriptor)

    def _opened(self) -> int:
        """Open the file, making it at need.

        It is made for every user and never followed through a link, since it may stand in a
        folder that all can write to. Linux forbids O_CREAT on others' files there: so without it
        first.
        """
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            try:
                return os.open(self.file, flags)
            except FileNotFoundError:
                descriptor = os.open(self.file, flags | os.O_CREAT, 0o666)
                os.fchmod(descriptor, 0o666)
                return descriptor
        except OSError as error:
            raise StorageError(
                f"cannot open {self.file}, by which requests to arXiv are paced ({error}); "
                "free it, or name another"
            ) from error


class Turn:
    """A turn that is held."""

    def __init__(self, descriptor: int, clock: Clock) -> None:
        """Hold the lock behind `descriptor`."""
        self._descriptor = descriptor
        self._clock = clock

    def wait(self) -> None:
        """Wait until the instant that the last turn set.

        After a restart of the machine the monotonic clock starts anew and that instant lies far
        ahead: hence never longer than was asked for when it was set.
        """
        not_before, longest = self._state()
        deadline = min(not_before, self._clock.monotonic() + longest)
        while (left := deadline - self._clock.monotonic()) > 0:
            self._clock.sleep(left)

    def hold(self, seconds: float) -> None:
        """Let no process of the machine have a turn for so long, from now."""
        not_before = self._clock.monotonic() + seconds
        state = json.dumps({"not_before": not_before, "longest": seconds}).encode()
        os.pwrite(self._descriptor, state.ljust(_STATE_BYTES), 0)

    def _state(self) -> tuple[float, float]:
        """Read the state; what cannot be read stops nobody."""
        try:
            state = json.loads(os.pread(self._descriptor, _STATE_BYTES, 0))
            return float(state["not_before"]), float(state["longest"])
        except (ValueError, TypeError, KeyError):
            return 0.0, 0.0
