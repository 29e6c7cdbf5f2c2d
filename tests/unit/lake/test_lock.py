import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from pith_builder.errors import LakeBusyError
from pith_builder.lake.lock import lake_lock
from tests.lakes import build, lines, pith, untouched

HOLD = (
    "import sys; from pathlib import Path; from pith_builder.lake.lock import lake_lock\n"
    "with lake_lock(Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.readline()\n"
)


@contextmanager
def another_writer(lake):
    """Hold the lock in another process until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(lake)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def told_of(holder):
    """Return a pattern of what one is told who finds the lake held."""
    return (
        rf"^process {holder.pid} on {re.escape(os.uname().nodename)} \(-c .*\), since "
        r"20..-..-..T..:..:..Z, is writing to .*; wait for it, or give --wait SECONDS$"
    )


def test_a_second_writer_is_told_who_holds_the_lake(tmp_path):
    with (
        another_writer(tmp_path) as holder,
        pytest.raises(LakeBusyError, match=told_of(holder)),
        lake_lock(tmp_path),
    ):
        pytest.fail("two hold one lock")


def test_a_command_that_finds_the_lake_busy_ends_with_6_and_changes_nothing(tmp_path, key_file):
    build(tmp_path, lines(1))
    before = untouched(tmp_path)
    with another_writer(tmp_path) as holder:
        commands = (["build", "-"], ["maintain"])
        runs = [
            pith(*command, "--lake", tmp_path, stdin=lines(2), PITH_SIGNING_KEY_FILE=key_file)
            for command in commands
        ]

    for run in runs:
        assert (run.code, run.out) == (6, "")
        assert f"process {holder.pid}" in run.err
    assert untouched(tmp_path) == before


def test_waiting_ends_when_the_holder_does(tmp_path):
    with another_writer(tmp_path) as holder:
        command = [sys.executable, "-c", f"import time; time.sleep(0.5); {KILL % holder.pid}"]
        with subprocess.Popen(command), lake_lock(tmp_path, wait_seconds=30):  # noqa: S603
            said = (tmp_path / ".lock").read_text()
            assert said.startswith(f"process {os.getpid()} on {os.uname().nodename} (")
        assert holder.wait(5) != 0
    assert not (tmp_path / ".lock").read_text()


KILL = "import os; os.kill(%d, 9)"


def test_waiting_has_an_end(tmp_path):
    start = time.monotonic()
    with another_writer(tmp_path), pytest.raises(LakeBusyError), lake_lock(tmp_path, 0.5):
        pytest.fail("two hold one lock")

    assert 0.5 <= time.monotonic() - start < 20


def test_a_killed_holder_frees_the_lake(tmp_path):
    with another_writer(tmp_path) as holder:
        holder.kill()
        holder.wait()
        with lake_lock(tmp_path):
            pass


def test_a_lock_is_freed_by_an_error(tmp_path):
    for _ in range(2):
        with pytest.raises(KeyError), lake_lock(tmp_path):
            raise KeyError


def test_a_lock_left_behind_is_no_lock(tmp_path):
    (tmp_path / ".lock").write_text("process 1")

    with lake_lock(tmp_path):
        pass


def test_readers_need_no_lock(lake_of_two):
    with another_writer(lake_of_two):
        asked = pith("sql", "select count(*) as n from records", "--lake", lake_of_two, "--json")

    assert asked.json() == [{"n": 5}]


def test_two_builds_at_once_make_two_commits(tmp_path, key_file):
    (tmp_path / "one").write_bytes(lines(30))
    (tmp_path / "two").write_bytes(lines(30, first=31))
    lake = tmp_path / "lake"
    script = (
        "import sys; from pith_builder.cli import main; sys.argv[1:] = "
        "['build', sys.argv[1], '--lake', sys.argv[2], '--wait', '60', '--workers', '1']; main()"
    )
    environ = {**os.environ, "PITH_SIGNING_KEY_FILE": str(key_file)}
    running = [
        subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", script, str(tmp_path / name), str(lake)],
            env=environ,
            stdout=subprocess.DEVNULL,
        )
        for name in ("one", "two")
    ]

    assert [process.wait(60) for process in running] == [0, 0]
    audited = pith("audit", "--lake", lake, "--json", PITH_SIGNING_KEY_FILE=key_file).json()
    assert audited["ok"]
    assert (audited["sequence"], audited["rows"]["records"]) == (2, 60)


def test_a_holder_that_could_not_say_who_it_is_is_another_process(tmp_path):
    with another_writer(tmp_path):
        (tmp_path / ".lock").write_text("")
        said = r"^another process is writing to "
        with pytest.raises(LakeBusyError, match=said), lake_lock(tmp_path):
            pytest.fail("two hold one lock")


def test_a_command_of_many_lines_is_told_in_one(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pith", "sql", "a\nb\x1b[2J", *["long"] * 100])
    with lake_lock(tmp_path):
        said = (tmp_path / ".lock").read_text()

    assert f" on {os.uname().nodename} (pith sql 'a b [2J' long " in said
    assert len(said) < 300
