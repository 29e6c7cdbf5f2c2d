"""`kill -9` of a build by several processes at any moment, then the same command again.

`PITH_TEST_SEED` draws other moments, `make faults` two hundred of them.
"""

import os
import signal
import time
from pathlib import Path
from random import Random

from pith_builder.lake.lock import lake_lock
from pith_builder.lake.store import current_sequence, live_manifest
from pith_builder.lake.tables import TABLES
from pith_builder.operations.audit import audit
from pith_builder.operations.maintain import maintain
from pith_builder.signing.key_files import public_path, read_public_key
from tests.faults.effort import SEED, of
from tests.forks import Forked
from tests.lakes import bare_environment, content_roots, files, line

KILLS = of(3, 200)
NOW = "2026-11-20T14:17:09Z"
PAPERS = 1_500
PADDING = "Ein langer Kommentar. " * 600
"""So that few papers fill two chunks of eight mebibytes, and each process has one."""


def papers(path):
    """Write lines that two processes share; what makes them long is kept, and signed by nobody."""
    with path.open("wb") as file:
        for number in range(PAPERS):
            name = f"{1001 + number // 1000:04d}.{number % 1000:04d}"
            file.write(line(id=name, title=f"Paper {number}", comments=PADDING) + b"\n")
    return path


def started(source, lake, key_file):
    return Forked(
        ("build", source, "--workers", 2, "--now", NOW),
        bare_environment(PITH_SIGNING_KEY_FILE=key_file, PITH_LAKE=lake),
    )


def names(lake):
    return {str(place) for place in lake.rglob("*")}


def killed(process, lake, random):
    """Kill a build at a moment drawn at random; tell whether it was alive until then.

    The moment is a new name in the lake (a part begun or kept, the manifest, `CURRENT`) and some
    milliseconds, or a moment of the whole run.
    """
    nth, seen, there = random.randint(1, 40), 0, names(lake)
    pause = random.choice((0, random.uniform(0, 0.01), random.uniform(0, 0.3)))
    while process.poll() is None:
        now = names(lake)
        seen, there = seen + len(now ^ there), now
        if seen >= nth:
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.001)
    return process.wait() == -signal.SIGKILL


def workers_of(folder):
    """Return the processes that have a file below a folder open."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = link.readlink()
        except OSError:
            continue
        if target.is_relative_to(folder):
            found.add(int(link.parts[2]))
    return found - {os.getpid()}


def assert_freed(lake, told):
    """See that nothing of a killed run goes on: neither its lock nor its processes."""
    deadline = time.monotonic() + 20
    with lake_lock(lake):
        while left := workers_of(lake):
            assert time.monotonic() < deadline, f"{told}: processes {left} live on"
            time.sleep(0.02)


def test_a_build_by_two_processes_killed_at_any_moment(tmp_path, key_file):
    key = read_public_key(public_path(key_file))
    source, reference = papers(tmp_path / "papers.jsonl"), tmp_path / "reference"
    process = started(source, reference, key_file)
    assert process.wait() == 0, process.err.decode()
    roots = content_roots(reference, TABLES)
    assert len(live_manifest(reference).tables["records"].parts) > 1, "two processes have work"
    maintain(reference)
    random = Random(SEED)  # noqa: S311 - wanted: the same each time

    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        lake = tmp_path / f"round-{rounds}"
        lake.mkdir()
        for _ in range(4):
            process = started(source, lake, key_file)
            told = f"seed {SEED}, kill {kills + 1}, round {rounds}"
            if not killed(process, lake, random):
                break
            kills += 1
            assert_freed(lake, told)
            if current_sequence(lake) is not None:
                assert audit(lake, [key], roots_only=True).findings == [], told
        else:
            process = started(source, lake, key_file)
        assert process.wait() == 0, f"{told}: {process.err.decode()}"
        assert content_roots(lake, TABLES) == roots, told
        maintain(lake)
        assert without_views(lake) == without_views(reference), told
        print(f"\n{kills} kills in {rounds} builds", flush=True)  # noqa: T201 - to be seen
    assert audit(lake, [key]).findings == []


def without_views(lake):
    """Return every file of a lake but those that name its place or who wrote."""
    return {name: data for name, data in files(lake).items() if name not in {"pith.sql", ".lock"}}
