"""A disk that is full, broken or read-only: one clear line, exit code 7, and the lake as it was."""

import errno
import shutil
from pathlib import Path
from random import Random

import pytest

from pith_builder.disk import Disk
from pith_builder.errors import StorageError
from pith_builder.lake.store import current_sequence, read_manifest
from pith_builder.operations.audit import audit
from tests.faults.effort import SEED, WHOLE
from tests.faults.recording_disk import Contents, FailingDisk, lay_out
from tests.faults.runs import OF_A_LAKE, ExportMirror, KeptAnswers, NewKey
from tests.graphs import TRUSTED
from tests.lakes import content_roots, files

SHARE = 10

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
    if not WHOLE:
        points = sorted(Random(SEED).sample(points, min(SHARE, len(points))))  # noqa: S311
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


@pytest.mark.parametrize("way", WAYS)
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
        if disk.refused is None:
            assert error is None, told
            assert found == made, told
            continue
        if error is None or found != before or disk.refused is None or set(files(place))-set(files_before(place, disk)):
            print(told, error, list(found), set(files(place))-set(files_before(place,disk)))
        kind.run(place, Disk())
        assert content_roots(lake, kind.same) == roots, told

def files_before(place, disk):
    return [str(a) for a,b in disk.before.files() if b is not None]+["lake/.lock"]
