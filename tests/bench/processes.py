"""Running a command: its seconds, and the peak memory of all its processes together."""

import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SAMPLED_EVERY_SECONDS = 0.1

PITH = (sys.executable, "-m", "pith_builder.cli")


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took, with all processes below it.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: Of work on all cores, which what else the machine does moves less.
        peak_bytes: The most memory, as proportional set size (Linux's Pss).
        code: Its exit code.
        out: What it printed.
        err: What it said.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    code: int
    out: str
    err: str


class FailedError(Exception):
    """A command failed, so that there is nothing to measure."""


def run(command, settings=None):
    """Run a command to its end, with these settings of Pith's and no others."""
    started, worked = time.perf_counter(), _cpu_seconds()
    with subprocess.Popen(  # noqa: S603 - the benchmark names the command
        [*map(str, command)],
        env=_environment(settings or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        peak = _Peak(process.pid)
        out, err = process.communicate()
        seconds = time.perf_counter() - started
        cpu_seconds = _cpu_seconds() - worked
        return Run(seconds, cpu_seconds, peak.end(), process.returncode, out, err)


def checked(command, settings=None):
    """Run a command that must end well.

    Raises:
        FailedError: It did not.
    """
    done = run(command, settings)
    if done.code:
        said = done.err.strip().splitlines()[-1:] or ["nothing"]
        raise FailedError(f"{' '.join(map(str, command))} ended with {done.code}: {said[0]}")
    return done


def _cpu_seconds():
    """Return the work of all processes below this one that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment(settings):
    """Return this process's environment, with no settings of Pith's but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PITH_")}
    return {**kept, **settings}


class _Peak:
    """A watcher of a process and all below it."""

    def __init__(self, pid):
        """Begin to watch."""
        self._bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,))
        self._thread.start()

    def end(self):
        """Stop watching and return the greatest sum seen, in bytes."""
        self._ended.set()
        self._thread.join()
        return self._bytes

    def _watch(self, pid):
        while not self._ended.wait(SAMPLED_EVERY_SECONDS):
            self._bytes = max(self._bytes, sum(map(_proportional_bytes, _tree(pid))))


def _tree(pid):
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            named = children.read_text().split()
        except OSError:  # it ended
            continue
        for child in named:
            yield from _tree(int(child))


def _proportional_bytes(pid):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
