"""Where the private key must not be: everything that runs leave behind is searched for it.

A build of several processes, a nightly, a rotation, a reissue, a merge, a failing run whose
traceback shows every variable, logs of all that can be logged, process lists while they run, and
the memory that a process which is aborted leaves on the disk. By `make faults` a nightly under
Prefect, too, with its database and artifacts.
"""

import gzip
import json
import logging
import os
import pickle
import resource
import signal
import subprocess
import sys
import textwrap
import traceback
from base64 import b64decode, b64encode, urlsafe_b64encode
from dataclasses import asdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pith_builder.errors import MalformedError
from pith_builder.operations.transaction import Target
from pith_builder.signing.key_files import read_key_file
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.faults.effort import WHOLE, of
from tests.harvests import AT, many
from tests.lakes import AWKWARD, PITH, ROOT, SAMPLE, bare_environment
from tests.makers import NOW, REGISTRY


class Secret:
    """A seed, and every way to write it."""

    def __init__(self, seed):
        ways = {seed, seed[::-1], seed.hex().encode(), seed.hex().upper().encode()}
        ways |= {repr(seed)[2:-1].encode(), repr(list(seed))[1:-1].encode()}
        for shift in range(3):  # wherever in a longer text in base64 it stands
            for encode in (b64encode, urlsafe_b64encode):
                ways.add(encode(bytes(shift) + seed)[4:-4])
        self.ways = frozenset(ways)

    def is_in(self, data):
        return any(way in data for way in self.ways)


def test_what_is_sought_is_found():
    """The search finds the seed however it is written, also where it is packed."""
    seed = bytes(range(200, 232))
    secret = Secret(seed)
    for written in (
        *(seed, seed.hex().encode(), seed.hex().upper().encode(), repr(seed).encode()),
        *(b64encode(b"x" * n + seed + b"y" * n) for n in range(6)),
        *(urlsafe_b64encode(b"x" * n + seed) for n in range(3)),
        *(pickle.dumps({"a": seed}), json.dumps(list(seed)).encode()),
    ):
        assert secret.is_in(b"before " + written + b" after")
    assert not secret.is_in(bytes(range(200, 231)))


def unpacked(file):
    """Yield a file's bytes, and what is in them where they are packed."""
    data = file.read_bytes()
    yield data
    if file.suffix == ".parquet":
        for column in pq.read_table(file).columns:
            for chunk in column.chunks:
                yield from (bytes(buffer) for buffer in chunk.buffers() if buffer is not None)
    if file.suffix == ".gz":
        yield gzip.decompress(data)


class Place:
    """A machine's folders, all below one, what processes printed among them.

    `listed` is what lists of processes showed meanwhile.
    """

    def __init__(self, folder, arxiv):
        self.folder = folder
        self.key = folder / "keys" / "key.json"
        self.listed = set()
        for name in ("home", "tmp", "work"):
            (folder / name).mkdir()
        self.environment = bare_environment(
            HOME=folder / "home",
            TMPDIR=folder / "tmp",
            PITH_LAKE=folder / "lake",
            PITH_SIGNING_KEY_FILE=self.key,
            PITH_OAI_URL=arxiv.oai_url,
            PITH_PACE_SECONDS=0,
            PYTHONPATH=ROOT,
        )

    def run(self, *arguments, stdin=b"", code=0, program=PITH):
        """Run a command, looking at the process list meanwhile; return what it printed."""
        printed = self.folder / f"printed-{len(list(self.folder.glob('printed-*'))):02d}"
        given = self.folder / "given"
        given.write_bytes(stdin)
        with printed.open("wb") as out, given.open("rb") as source:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [*program, *map(str, arguments)],
                stdin=source,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder / "work",
                env=self.environment,
            )
            while process.poll() is None:
                self.listed |= listed()
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
        said = printed.read_text("utf-8", "replace")
        assert process.returncode == code, said[-3000:]
        return said

    def secrets(self):
        """Return every seed there is, by the file that is to hold it."""
        return {
            file: Secret(b64decode(json.loads(file.read_bytes())["seed_b64"]))
            for file in self.key.parent.rglob("*.json")
            if b"seed_b64" in file.read_bytes()
        }

    def leaks(self):
        """Return where a seed is that it should not be."""
        secrets = self.secrets()
        assert secrets
        files = [
            file for file in self.folder.rglob("*") if file.is_file() and not file.is_symlink()
        ]
        found = [
            str(file)
            for file in files
            for data in unpacked(file)
            for own, secret in secrets.items()
            if file != own and secret.is_in(data)
        ]
        found += [
            repr(shown[:200])
            for shown in self.listed
            for secret in secrets.values()
            if secret.is_in(shown)
        ]
        return found


def listed():
    """Return what the process list shows: arguments and environments."""
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            for name in ("cmdline", "environ"):
                try:
                    found.add((process / name).read_bytes())
                except OSError:
                    continue
    return found


@pytest.fixture(scope="module")
def arxiv():
    store = Store(many(20, ["2026-11-10"]), now=lambda: AT)
    with LoopbackArxiv(store) as running:
        yield running


@pytest.fixture
def place(tmp_path, arxiv):
    found = Place(tmp_path, arxiv)
    found.run("keys", "new", "--key-id", "one")
    return found


RUNS = (
    ("build", SAMPLE, "--workers", 2),
    ("nightly", "--since", "2026-11-01", "--keep-raw", "raw"),
    ("keys", "rotate", "--key-id", "two"),
    ("reissue", "--workers", 2),
    ("prove", "1804.01852", "--out", "proof.json"),
)
MORE_RUNS = (
    ("keys", "revoke", "one", "--reason", "for a test"),
    ("keys", "list"),
    ("keys", "show"),
    ("doctor",),
    ("export", "mirror", "mirror", "--gzip", "--category", "cs.LG"),
    ("import", "mirror", "--lake", "other"),
    ("attest", "correction", "1804.01852", "--corrects", "x", "--text", "y"),
    ("audit", "--workers", 2),
    ("maintain", "--compact"),
)


def test_a_full_run_of_everything_leaves_the_key_nowhere(place):
    for arguments in (*RUNS, *of((), MORE_RUNS)):
        place.run(*arguments)

    assert len(place.secrets()) == 2
    assert place.leaks() == []


def test_the_search_of_a_run_finds_what_is_put_there(place):
    """So that none of the above is empty: one leak of each kind is found."""
    place.run("build", "-", stdin=AWKWARD)
    assert place.leaks() == []
    [secret] = place.secrets().values()
    hidden = next(way for way in secret.ways if way.isalnum())
    (place.folder / "tmp" / "note.gz").write_bytes(gzip.compress(b"key: " + hidden))
    assert len(place.leaks()) == 1
    (place.folder / "tmp" / "note.gz").unlink()
    place.run(hidden.decode(), program=(sys.executable, "-c", "import time; time.sleep(0.3)"))
    assert place.leaks()


FAILING = """
    import logging, os, sys, traceback
    from datetime import UTC, datetime
    from pathlib import Path
    import rich.traceback
    rich.traceback.install(show_locals=True, locals_max_string=None, locals_max_length=None)
    logging.basicConfig(level=logging.DEBUG)
    from pith_builder.disk import Disk
    from pith_builder.operations.build import build
    from pith_builder.operations.transaction import Target
    from pith_builder.settings import Settings

    class Failing(Disk):
        def sync(self, file):
            raise ZeroDivisionError

    settings = Settings.of(os.environ)
    signer = settings.signer()
    target = Target(
        lake=settings.lake, registry=settings.registry, signer=signer,
        now=datetime.now(UTC), disk=Failing(),
    )
    logging.getLogger().debug("%s %r", target, [target, vars(settings.registry) if 0 else signer])
    build(target, [Path(sys.argv[1])], sys.stdin.buffer)
"""


def test_a_traceback_that_shows_every_variable_shows_no_key(place):
    script = place.folder / "work" / "failing.py"
    script.write_text(textwrap.dedent(FAILING))
    said = place.run(script, SAMPLE, code=1, program=(sys.executable, "-X", "dev", "-W", "ignore"))
    assert "ZeroDivisionError" in said
    assert "locals" in said
    assert "Ed25519Signer(key_id='one')" in said
    assert place.leaks() == []


def test_a_damaged_key_file_is_refused_without_showing_it_in_a_traceback(place):
    [secret] = place.secrets().values()
    place.key.write_text(place.key.read_text().replace("pith_signing_key", "another"))
    with pytest.raises(MalformedError) as refused:
        read_key_file(place.key)
    shown = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    said = "".join(shown.format()).replace("\n", "").encode()
    assert b"named" in said
    assert not secret.is_in(said)


def test_no_way_to_show_a_signer_shows_its_key(place):
    [secret] = place.secrets().values()
    signer = read_key_file(place.key)
    target = Target(lake=place.folder, registry=REGISTRY, signer=signer, now=NOW)
    record = logging.LogRecord("x", logging.DEBUG, "x", 1, "%s %r", (signer, target), None)
    shown = [
        *(repr(signer), str(signer), f"{signer}", ascii(signer), repr(target), str(asdict(target))),
        *(record.getMessage(), json.dumps({"signer": signer}, default=repr), repr([signer])),
    ]
    assert all("one" in text and not secret.is_in(text.encode()) for text in shown)
    with pytest.raises(TypeError):
        vars(signer)
    # What worker processes are sent does hold it: it goes through a pipe, and is kept nowhere.
    again = pickle.loads(pickle.dumps(signer))  # noqa: S301 - our own
    assert again.public_key == signer.public_key
    assert secret.is_in(pickle.dumps(signer))


ABORTING = """
    import faulthandler, os, resource, sys
    from pathlib import Path
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    faulthandler.enable()
    from pith_builder.signing.key_files import read_key_file
    signer = read_key_file(Path(sys.argv[1])) if len(sys.argv) > 1 else None
    os.abort()
"""


def test_a_process_that_is_aborted_leaves_no_memory_on_the_disk(place):
    """Where the system writes core dumps into the folder, as it does of one without a key."""
    script = place.folder / "work" / "aborting.py"
    script.write_text(textwrap.dedent(ABORTING))
    run = {"program": (sys.executable,), "code": -signal.SIGABRT}

    said = place.run(script, place.key, **run)

    assert "Fatal Python error: Aborted" in said
    assert list((place.folder / "work").glob("core*")) == []
    assert place.leaks() == []
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    if pattern.startswith("core") and resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
        place.run(script, **run)
        assert list((place.folder / "work").glob("core*"))


def test_worker_processes_that_are_sent_a_key_dump_no_core_either(place):
    signer = read_key_file(place.key)
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    pickle.loads(pickle.dumps(signer))  # noqa: S301 - our own
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


@pytest.mark.skipif(not WHOLE, reason="a Prefect of its own takes its time: `make faults`")
def test_a_nightly_under_prefect_leaves_the_key_nowhere(place):
    pytest.importorskip("prefect")
    place.environment |= {
        "PREFECT_HOME": str(place.folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true",
    }
    script = place.folder / "work" / "flow.py"
    script.write_text(
        "import os\n"
        "from datetime import date\n"
        "from flows.nightly_build import nightly_build\n"
        "if __name__ == '__main__':\n"
        "    nightly_build(since=date(2026, 11, 1))\n"
    )
    place.run(script, program=(sys.executable,))
    assert any((place.folder / "prefect").rglob("*.db"))
    assert place.leaks() == []
    assert os.environ.get("PITH_SIGNING_KEY_FILE") is None
