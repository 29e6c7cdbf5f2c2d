"""`kill -9` of a nightly or a backfill at any moment, then the same command again.

`PITH_TEST_SEED` draws other moments, `make faults` more of them.
"""

import os
import signal
import time
from random import Random

import pytest

from pith_builder.lake.store import live_manifest
from pith_builder.operations.audit import audit
from pith_builder.operations.ledger import covered_days, read_ledger
from pith_builder.signing.key_files import public_path, read_public_key
from tests.arxiv_server.papers import paper
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.faults.effort import SEED, of
from tests.forks import Forked
from tests.harvests import AT, held, ledger, many, wanted
from tests.lakes import bare_environment, content_roots, copied, pith

KILLS = of(10, 50)
NOW = "2026-11-20T14:17:09Z"
TABLES = ("records", "events", "states", "bundles", "aliases", "windows", "sightings")
DATED = ("--now", NOW, "--workers", "1")
BACKFILL = ("backfill", "cs.LG", "--from", "2026-01", "--until", "2026-06", *DATED)
SET = "cs:cs:LG"
"""What both read, a nightly with all the rest."""

NIGHTLY = ("nightly", *DATED)


@pytest.fixture
def arxiv():
    days = [f"2026-{month:02d}-{day}" for month in range(1, 7) for day in (10, 20)]
    with LoopbackArxiv(Store(many(240, days), now=lambda: AT), page_size=15) as running:
        yield running


@pytest.fixture
def place(arxiv, key_file, tmp_path):
    (tmp_path / "tmp").mkdir()
    return {
        "PITH_OAI_URL": arxiv.oai_url,
        "PITH_PACE_SECONDS": 0,
        "PITH_ATTEMPTS": 1,
        "PITH_SIGNING_KEY_FILE": key_file,
        "TMPDIR": tmp_path / "tmp",
    }


def names(lake):
    return sum(len(files) for _, _, files in os.walk(lake))


def killed(process, arxiv, lake, random):
    """Kill a process at a moment drawn at random; tell whether it was alive until then.

    The moment is a request, a new name in the lake (the writing of a part, the manifest, CURRENT),
    or some milliseconds after either.
    """
    asked, there = len(arxiv.requests), names(lake)
    wants_request = random.random() < 0.4
    nth = random.randint(1, 30) if wants_request else random.randint(1, 45)
    seen = 0
    while process.poll() is None:
        if wants_request:
            seen = len(arxiv.requests) - asked
        else:
            now_there = names(lake)
            seen, there = seen + (now_there != there), now_there
        if seen >= nth:
            time.sleep(random.choice((0, random.uniform(0, 0.004), random.uniform(0, 0.05))))
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.0002)
    return process.wait() == -signal.SIGKILL


def assert_no_window_is_done_whose_rows_are_missing(lake, arxiv, key, moment):
    if live_manifest(lake) is None:
        return
    assert audit(lake, [key], roots_only=True).findings == [], moment
    found = set(held(lake))
    lines = read_ledger(lake, live_manifest(lake), arxiv.oai_url)
    due = wanted(arxiv.store, covered_days(lines, SET))
    assert set(due.items()) <= found, moment


def outlived(command, place, arxiv, lake, key, random):
    """Run a command, killed at most thrice, until it ends; return how often it was killed."""
    kills = 0
    environment = bare_environment(**place, PITH_LAKE=lake)
    while True:
        process = Forked(command, environment)
        was_killed = kills < 3 and killed(process, arxiv, lake, random)
        moment = f"seed {SEED}, kill {kills + 1} of {lake.name}"
        if not was_killed:
            assert process.wait() == 0, f"{moment}: {process.err.decode()}"
            return kills
        kills += 1
        assert_no_window_is_done_whose_rows_are_missing(lake, arxiv, key, moment)


def run_until_killed_enough(command, place, arxiv, tmp_path, base=None):
    key = read_public_key(public_path(place["PITH_SIGNING_KEY_FILE"]))
    reference = tmp_path / "reference" / "lake" if base is None else copied(base, tmp_path / "r")
    done = pith(*command, **place, PITH_LAKE=reference)
    assert done.code == 0, done.err
    random = Random(f"{SEED} {command[0]}")  # noqa: S311 - wanted: the same each time
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        folder = tmp_path / f"round-{rounds}"
        lake = folder / "lake" if base is None else copied(base, folder)
        kills += outlived(command, place, arxiv, lake, key, random)
        told = f"seed {SEED}, round {rounds}"
        assert content_roots(lake, TABLES) == content_roots(reference, TABLES), told
        once = set(ledger(reference, arxiv.oai_url))  # a night killed after its commit comes twice
        assert set(ledger(lake, arxiv.oai_url)) == once, told
        assert len(held(lake)) == len(set(held(lake))), told
    assert set(held(lake)) == set(wanted(arxiv.store).items())
    assert audit(lake, [key]).findings == []
    swept = pith("maintain", **place, PITH_LAKE=lake)
    assert swept.code == 0, swept.err
    assert audit(lake, [key]).findings == []
    assert content_roots(lake, TABLES) == content_roots(reference, TABLES)


def test_a_backfill_killed_at_any_moment(place, arxiv, tmp_path):
    run_until_killed_enough(BACKFILL, place, arxiv, tmp_path)


def test_a_nightly_killed_at_any_moment_while_it_heals_gaps(place, arxiv, tmp_path):
    base = tmp_path / "base" / "lake"
    at_base = {**place, "PITH_LAKE": base}
    assert pith("nightly", "--since", "2026-01-01", *DATED, **at_base).code == 0
    for number in range(1, 61):
        on = ("2026-02-02", "2026-04-04", "2026-11-20")[number % 3]
        arxiv.store.add(paper(f"2402.{number:05d}"), on)
    assert pith("audit", "--source", **at_base).code == 0
    assert pith("gaps", **at_base).out.count("\n") == 3

    run_until_killed_enough(NIGHTLY, place, arxiv, tmp_path, base)
