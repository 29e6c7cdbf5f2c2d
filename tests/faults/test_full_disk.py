"""A disk that is full, broken or read-only: one clear line, exit code 7, and the lake as it was."""

import errno
import json
import shutil
import subprocess
import sys
from random import Random

import pytest

from pith_builder.cli import main
from pith_builder.disk import Disk
from pith_builder.errors import StorageError
from pith_builder.lake.store import current_sequence, read_manifest
from pith_builder.operations.audit import audit
from pith_builder.operations.maintain import maintain
from pith_builder.signing.key_files import read_key_file
from tests.faults.effort import SEED, WHOLE, of
from tests.faults.recording_disk import Contents, FailingDisk, lay_out
from tests.faults.runs import OF_A_LAKE, ExportMirror, KeptAnswers, NewKey
from tests.graphs import TRUSTED, theirs, written
from tests.lakes import (
    AWKWARD,
    SAMPLE,
    bare_environment,
    build,
    content_roots,
    files,
    pith,
    untouched,
)
from tests.makers import OTHER_SIGNER, SIGNER
from tests.unit.operations.test_export_mirror import export

SHARE = 2

TAKES_ROOM = {"mkdir", "create", "append", "write", "lock", "link"}
"""What a full disk refuses. It still renames, syncs and removes."""

WAYS = {
    "full": {"error": errno.ENOSPC, "kinds": TAKES_ROOM},
    "over quota": {"error": errno.EDQUOT, "kinds": TAKES_ROOM},
    "read-only from then on": {"error": errno.EROFS},
    "broken from then on": {"error": errno.EIO},
    "broken once": {"error": errno.EIO, "once": True},
}


def commits(lake):
    """Return the manifests that are in force or were, by their number."""
    last = current_sequence(lake) or 0
    return {n: read_manifest(lake, n).document for n in range(1, last + 1)}


def refusals(kind, place, way):
    """Run with a disk that refuses its first operation, then its second, and so on.

    Yield each time the error, or None where none was needed, and the disk. The folder is then as
    the run left it.
    """
    kind.prepare(place)
    before = Contents.of(place).files()
    whole = FailingDisk(place, 10**9, errno.EIO)
    kind.run(place, whole)
    points = range(1, whole.count + 1)
    share = kind.most if WHOLE else SHARE
    points = sorted(Random(SEED).sample(points, min(share, len(points))))  # noqa: S311 - repeatable
    for fails_at in points:
        shutil.rmtree(place)
        lay_out(before, place)
        disk = FailingDisk(place, fails_at, **WAYS[way])
        error = None
        try:
            kind.run(place, disk)
        except StorageError as raised:
            error = raised
        yield error, disk, f"seed {SEED}: {way}, operation {fails_at} ({disk.refused})"
    print(f"\n{type(kind).__name__}, {way}: {len(points)} of {whole.count} tried")  # noqa: T201


TRIED = of(["full", "read-only from then on", "broken once"], list(WAYS))

LASTING = ("read-only from then on", "broken from then on")
"""Ways in which nothing can be cleared away either."""


@pytest.mark.parametrize("way", TRIED)
@pytest.mark.parametrize("kind", OF_A_LAKE)
def test_a_lake_stays_as_it_was_when_the_disk_refuses_anything(kind, way, tmp_path):
    kind, place, reference = kind(), tmp_path / "place", tmp_path / "reference"
    lake = place / "lake"
    kind.prepare(reference)
    before = commits(reference / "lake")
    kind.run(reference, Disk())
    made = commits(reference / "lake")
    roots = content_roots(reference / "lake", kind.same)

    for error, disk, told in refusals(kind, place, way):
        found = commits(lake)
        assert before.items() <= found.items() <= made.items(), told
        if found:
            assert audit(lake, TRUSTED, roots_only=True).findings == [], told
        if error is None:
            assert found == made, told
            # Nothing that was wanted was refused: a file that is given up is still closed.
            assert disk.refused in {None, "unlink", "write"}, told
        else:
            said = one_line(error)
            is_live = f"manifest {len(found)} of {lake} is live, but the disk refused" in said
            assert is_live or "the lake is as it was" in said, told
            assert not is_live or (found != before and way not in {"full", "over quota"}), told
            assert is_live or found == before or kind.steps > 1, told
        if way not in LASTING and disk.refused != "unlink" and lake.exists():
            assert kind.leaves >= set(maintain(lake).removed), told
        kind.run(place, Disk())
        assert content_roots(lake, kind.same) == roots, told


def one_line(error):
    """Return what an error says, once it is shown to be one line and the operator's matter."""
    assert error.exit_code == 7
    assert "\n" not in str(error)
    return str(error)


@pytest.mark.parametrize("way", TRIED)
def test_what_is_written_beside_a_lake_is_whole_or_absent_when_the_disk_refuses(way, tmp_path):
    for kind in (NewKey(), KeptAnswers(), ExportMirror()):
        place, reference = tmp_path / type(kind).__name__, tmp_path / f"{type(kind).__name__}-2"
        kind.prepare(reference)
        kind.run(reference, Disk())
        for error, disk, told in refusals(kind, place, way):
            assert error is not None or disk.refused in {None, "unlink", "write"}, told
            assert error is None or one_line(error), told
            if not isinstance(kind, NewKey):
                kind.run(place, Disk())
                assert kind.made(place) == kind.made(reference), told
            elif error is None or "the private key is made" in str(error):
                assert read_key_file(kind.key(place)), told
            else:
                assert "no key was made" in str(error), told
                assert not kind.key(place).exists() or way in LASTING, told


SAMPLE_LINES = b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:5])


@pytest.fixture
def mounted(tmp_path):
    """Mount a small file system, and mount it again with other options, as often as is asked."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    folder = tmp_path / "small"
    folder.mkdir()

    def mounting(options):
        command = [mount or "mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if not mount or subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
            pytest.skip("no file system can be mounted here, which takes a privileged root")
        return folder

    yield mounting
    if folder.is_mount():
        subprocess.run([umount, folder], check=True)  # noqa: S603 - our own command


@pytest.fixture
def command(monkeypatch, capfd, key_file):
    """Run `pith` here, and return its exit code and what it said on standard error."""
    monkeypatch.setenv("PITH_SIGNING_KEY_FILE", str(key_file))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pith", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capfd.readouterr().err

    return run


@pytest.mark.parametrize("kilobytes", of([256], [160, 192, 256, 320, 384, 448, 512]))
@pytest.mark.parametrize("workers", [1, 2])
def test_on_a_full_disk_a_build_fails_clearly_and_leaves_the_lake_as_it_was(
    mounted, key_file, kilobytes, workers
):
    lake = mounted(f"size={kilobytes}k") / "lake"
    first = pith("build", "-", "--lake", lake, stdin=SAMPLE_LINES, PITH_SIGNING_KEY_FILE=key_file)
    assert first.code == 0, first.err
    before = untouched(lake)

    full = pith(
        "build", SAMPLE, "--lake", lake, "--workers", workers, PITH_SIGNING_KEY_FILE=key_file
    )

    assert (full.code, full.out) == (7, "")
    assert full.err.count("\n") == 1
    assert "No space left on device; the lake is as it was" in full.err
    assert untouched(lake) == before
    audited = pith("audit", "--lake", lake, "--workers", 1, PITH_SIGNING_KEY_FILE=key_file)
    assert audited.code == 0, audited.out


def test_where_nothing_can_be_written_every_command_says_so_and_reading_goes_on(
    mounted, command, tmp_path
):
    folder = mounted("size=8m")
    build(folder / "lake", AWKWARD)
    export(folder / "lake", folder / "mirror")
    bundles = written(tmp_path / "theirs.jsonl", theirs())
    their_key = tmp_path / "their.json"
    their_key.write_text(json.dumps(OTHER_SIGNER.public_key.to_json_object()))
    our_key = tmp_path / "our.json"
    our_key.write_text(json.dumps(SIGNER.public_key.to_json_object()))
    before = files(folder)
    mounted("remount,ro")
    of_the_lake = ("--lake", folder / "lake")
    trusting = ("--trust", their_key, "--trust", our_key)

    for arguments in (
        ("build", SAMPLE, *of_the_lake),
        ("build", SAMPLE, "--lake", folder / "new" / "lake"),
        ("merge", bundles, "--into", folder / "lake", *trusting),
        ("maintain", *of_the_lake),
        ("export", "mirror", folder / "mirror", *of_the_lake),
        ("export", "mirror", folder / "new", *of_the_lake),
        ("sql", "from by_year", "--out", folder / "answer.csv", *of_the_lake),
    ):
        code, said = command(*arguments)
        assert code == 7, (arguments, said)
        assert said.startswith("pith: cannot write "), said
        assert "Read-only file system" in said
        assert said.count("\n") == 1, said
    for arguments in (
        ("sql", "from by_year", *of_the_lake),
        ("audit", *of_the_lake, "--workers", 1, *trusting),
        ("show", "0704.0001", *of_the_lake),
    ):
        assert command(*arguments) == (0, ""), arguments
    assert files(folder) == before


def test_a_file_larger_than_the_system_allows_is_an_error_of_storage(tmp_path, key_file):
    script = (
        "import resource, sys; from pith_builder.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)); main()"
    )
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", script, "build", SAMPLE, "--lake", tmp_path / "lake"],
        capture_output=True,
        env=bare_environment(PITH_SIGNING_KEY_FILE=key_file),
        check=False,
    )

    assert done.returncode == 7
    assert b"File too large; the lake is as it was" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert not list(tmp_path.rglob("*.par*"))
