"""Running a command: its seconds, and the peak memory of all its processes together."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SAMPLED_EVERY_SECONDS = 0.1
LOOKING_SHARE = 0.02
"""Memory is looked at less often where that would take more than this share of one core: the kernel
goes through every page, ten milliseconds for a gigabyte, which the command then does not have."""

PITH = (sys.executable, "-m", "pith_builder.cli")


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took, with all processes below it.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: Of work on all cores, which what else the machine does moves less; sampled.
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
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - the benchmark names the command
        [*map(str, command)],
        env=_environment(settings or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        watch = _Watch(process.pid)
        out, err = process.communicate()
        seconds = time.perf_counter() - started
        watch.end()
        return Run(seconds, watch.cpu_seconds, watch.peak_bytes, process.returncode, out, err)


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


def _environment(settings):
    """Return this process's environment, with no settings of Pith's but those given.

    Python may keep the bytecode it compiles, as it does for whoever installs Pith Builder: else
    a run would be measured that compiles all libraries anew in each of its processes.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PITH_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, **settings}


class _Watch:
    """A watcher of a process and all below it, however they were started.

    Attributes:
        peak_bytes: The greatest sum of their memory seen.
        cpu_seconds: The work of each, as it was last seen: the last tenth of a second may be
            missing, and a process that lived no longer.
    """

    def __init__(self, pid):
        """Begin to watch."""
        self.peak_bytes = 0
        self._worked = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,))
        self._thread.start()

    @property
    def cpu_seconds(self):
        return sum(self._worked.values())

    def end(self):
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    def _watch(self, pid):
        looks_at = 0.0
        while not self._ended.wait(SAMPLED_EVERY_SECONDS):
            pids = list(_tree(pid))
            for one in pids:
                self._worked[one] = max(_cpu_seconds(one), self._worked.get(one, 0.0))
            begun = time.monotonic()
            if begun >= looks_at:
                self.peak_bytes = max(self.peak_bytes, sum(map(_proportional_bytes, pids)))
                ended = time.monotonic()
                looks_at = ended + (ended - begun) / LOOKING_SHARE


def _cpu_seconds(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it ended
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _tree(pid):
    yield pid
    try:
        tasks = [*Path(f"/proc/{pid}/task").iterdir()]
    except OSError:  # it ended
        return
    for task in tasks:
        try:
            named = (task / "children").read_text().split()
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
