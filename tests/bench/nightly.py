"""A night's work on a lake, against building it anew: nothing changed, and 1 % changed."""

import os
import shutil

from tests.bench.papers import write_changes
from tests.bench.table import Row, at_most

CHANGED = 100
"""One paper in so many is changed: half of these are new papers, half new versions."""


def sample(turn):
    """Build the same papers again, then a night's changes, on a copy of the lake."""
    bench, lake = turn.bench, turn.lake
    bench.samples.add("lake bytes", sum(size for _, size in _files(lake)))
    changes = bench.place / "changes.jsonl"
    if not changes.exists():
        write_changes(changes, bench.lines(bench.papers), max(bench.papers // CHANGED, 2))
    copy = bench.place / "copy"
    shutil.copytree(lake, copy, copy_function=os.link)  # what is in a lake never changes in place
    for name, source in (("no-op", bench.lines(bench.papers)), ("nightly", changes)):
        before = set(_files(copy))
        done = bench.pith("build", source, "--lake", copy)
        bench.samples.add(f"{name} seconds", done.seconds)
        written = sum(size for _, size in set(_files(copy)) - before)
        bench.samples.add(f"{name} bytes", written)
    shutil.rmtree(copy)


def rows(bench):
    """Return what a night costs."""
    return [
        *_rows(bench, "no-op", "the same papers again"),
        *_rows(bench, "nightly", "1 % of the papers: half new, half new versions", 0.05, 0.03),
    ]


def _rows(bench, name, note, seconds_bound=None, bytes_bound=None):
    median = bench.samples.median
    return [
        Row(
            what=f"{name}: time",
            figure=median(f"{name} seconds"),
            unit="s",
            yardstick="full rebuild",
            against=median("build seconds"),
            bound=seconds_bound and at_most(seconds_bound),
            note=note,
        ),
        Row(
            what=f"{name}: bytes written",
            figure=median(f"{name} bytes"),
            unit="bytes",
            yardstick="full rebuild",
            against=median("lake bytes"),
            bound=bytes_bound and at_most(bytes_bound),
        ),
    ]


def _files(lake):
    """Yield every file of a lake but its lock: what changes when it is written, and its bytes."""
    for path in lake.rglob("*"):
        if path.is_file() and path.name != ".lock":
            status = path.stat()
            yield (path, status.st_ino, status.st_mtime_ns), status.st_size
