import gc
import os
import tempfile
from multiprocessing import forkserver

import pytest
from click.testing import CliRunner

import pith_builder.cli
from pith_builder.operations import processes
from pith_builder.operations.processes import begin_server, process_pool
from tests.lakes import line

PROGRAM = "pith_builder.operations.workers"
TUNABLES = "GLIBC_TUNABLES"
AUDIT = "pith_builder.operations.audit"


def server():
    """Return the process id of the server, or None if there is none."""
    return forkserver._forkserver._forkserver_pid


@pytest.fixture
def no_server():
    forkserver._forkserver._stop()
    yield
    forkserver._forkserver._stop()


@pytest.mark.usefixtures("no_server")
def test_workers_are_forked_from_the_server_that_was_begun():
    begin_server(PROGRAM)
    begun = server()

    with process_pool(1, PROGRAM) as pool:
        assert pool.submit(os.getppid).result() == begun == server()


@pytest.mark.usefixtures("no_server")
@pytest.mark.parametrize(
    ("own", "asked", "told"),
    [
        (None, True, "glibc.malloc.hugetlb=1"),
        (None, False, None),
        ("glibc.malloc.arena_max=1", True, "glibc.malloc.arena_max=1"),
    ],
)
def test_workers_alone_are_told_of_huge_pages_unless_the_operator_tells_them(
    monkeypatch, own, asked, told
):
    monkeypatch.delenv(TUNABLES, raising=False)
    if own is not None:
        monkeypatch.setenv(TUNABLES, own)

    begin_server(PROGRAM, huge_pages=asked)

    assert os.environ.get(TUNABLES) == own
    with process_pool(1, PROGRAM) as pool:
        assert pool.submit(os.getenv, TUNABLES).result() == told


@pytest.mark.usefixtures("no_server")
def test_where_its_socket_has_no_room_no_server_is_begun(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/" + 80 * "x")

    begin_server(PROGRAM)

    assert server() is None


@pytest.mark.parametrize(
    ("much", "workers", "begun"), [(10, 2, [PROGRAM]), (10, 1, []), (1 << 20, 2, [])]
)
def test_workers_are_made_ready_for_large_files_alone(
    tmp_path, monkeypatch, key_file, much, workers, begun
):
    papers, lake = tmp_path / "papers.jsonl", tmp_path / "lake"
    papers.write_bytes(line())
    asked = []
    monkeypatch.setattr(pith_builder.cli, "_MUCH_BYTES", much)
    monkeypatch.setattr(processes, "begin_server", asked.append)

    done = CliRunner().invoke(
        pith_builder.cli.pith,
        ["build", str(papers), "--lake", str(lake), "--workers", str(workers)],
        env={"PITH_SIGNING_KEY_FILE": str(key_file)},
    )

    gc.unfreeze()  # the program that a command leaves aside is here that of other tests
    assert done.exit_code == 0
    assert asked == begun


@pytest.mark.parametrize(
    ("options", "begun"),
    [(["--workers", "2"], [AUDIT]), (["--workers", "1"], []), (["--workers", "2", "--roots"], [])],
)
def test_workers_are_made_ready_for_an_audit_of_rows_by_several(
    sample_lake, monkeypatch, options, begun
):
    asked = []
    monkeypatch.setattr(processes, "begin_server", asked.append)

    CliRunner().invoke(pith_builder.cli.pith, ["audit", "--lake", str(sample_lake), *options])

    assert asked == begun
