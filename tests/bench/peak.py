"""The peak memory of a command and all its processes together."""

import subprocess
import time
from pathlib import Path


def run_measured(command, env):
    """Run a command; return its seconds and its peak of proportional set size in bytes."""
    started = time.perf_counter()
    peak = 0
    # S603: the benchmark names the command
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        while process.poll() is None:
            peak = max(peak, sum(map(_proportional_bytes, _tree(process.pid))))
            time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return time.perf_counter() - started, peak


def _tree(pid):
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            named = children.read_text().split()
        except OSError:
            continue
        for child in named:
            yield from _tree(int(child))


def _proportional_bytes(pid):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
