"""Turns: spaced, one at a time, over all processes that share a file."""

import multiprocessing
import os
import time
from itertools import pairwise

import pytest

from pith_builder.errors import StorageError
from pith_builder.sources.pacing import Clock, Pace, machine_pace_file
from tests.unit.sources.test_fetching import FakeTime


def test_turns_are_an_interval_apart_from_start_to_start(tmp_path):
    fake = FakeTime()
    pace = Pace(tmp_path / "pace", 3.0, fake.clock())
    starts = []
    for spent in (0, 1, 5, 0):
        with pace.turn():
            starts.append(fake.now)
            fake.now += spent

    assert starts == [1000, 1003, 1006, 1011]


def test_another_pace_on_the_same_file_waits_too(tmp_path):
    fake = FakeTime()
    with Pace(tmp_path / "pace", 3.0, fake.clock()).turn():
        pass
    with Pace(tmp_path / "pace", 3.0, fake.clock()).turn():
        assert fake.now == 1003


def test_a_held_turn_holds_everyone(tmp_path):
    fake = FakeTime()
    pace = Pace(tmp_path / "pace", 3.0, fake.clock())
    with pace.turn() as turn:
        turn.hold(60)
    with pace.turn():
        assert fake.now == 1060


def test_after_a_restart_of_the_machine_nobody_waits_for_long(tmp_path):
    fake = FakeTime()
    with Pace(tmp_path / "pace", 3.0, fake.clock()).turn():
        pass
    fake.now = 5.0
    with Pace(tmp_path / "pace", 3.0, fake.clock()).turn():
        assert fake.now <= 8.0


@pytest.mark.parametrize("left", [b"", b"{", b"null", b'{"not_before": "soon"}', b"\xff" * 300])
def test_a_file_that_cannot_be_read_stops_nobody(tmp_path, left):
    file = tmp_path / "pace"
    file.write_bytes(left)
    fake = FakeTime()
    with Pace(file, 3.0, fake.clock()).turn():
        assert fake.now == 1000


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("keep me")
    (tmp_path / "pace").symlink_to(tmp_path / "precious")

    with pytest.raises(StorageError, match="paced"), Pace(tmp_path / "pace").turn():
        pass
    assert (tmp_path / "precious").read_text() == "keep me"


def test_the_file_is_for_every_user(tmp_path):
    with Pace(tmp_path / "pace", 0.0).turn():
        pass
    assert (tmp_path / "pace").stat().st_mode & 0o777 == 0o666
    assert machine_pace_file().is_absolute()


def take_turns(file, interval, count, results):
    pace = Pace(file, interval, Clock())
    for _ in range(count):
        with pace.turn():
            start = time.monotonic()
            time.sleep(interval / 4)
            results.put((start, time.monotonic(), os.getpid()))


def test_two_processes_share_the_turns(tmp_path):
    interval = 0.05
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    workers = [
        context.Process(target=take_turns, args=(tmp_path / "pace", interval, 6, results))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    turns = sorted(results.get(timeout=30) for _ in range(12))
    for worker in workers:
        worker.join(30)

    assert len({pid for *_, pid in turns}) == 2
    assert all(later[0] >= earlier[1] for earlier, later in pairwise(turns))
    assert turns[-1][0] - turns[0][0] >= 11 * interval * 0.95


def die_in_turn(file):
    with Pace(file, 0.0).turn():
        os._exit(9)


def test_a_process_that_dies_in_its_turn_frees_it(tmp_path):
    context = multiprocessing.get_context("spawn")
    worker = context.Process(target=die_in_turn, args=(tmp_path / "pace",))
    worker.start()
    worker.join(30)

    assert worker.exitcode == 9
    with Pace(tmp_path / "pace", 0.0).turn():
        pass
