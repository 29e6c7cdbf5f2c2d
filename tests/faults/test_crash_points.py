"""A crash after every single operation on the disk, and what each leaves to go on from.

A run is recorded once (`recording_disk`); then every moment of it is laid out as a folder in each
world that the crash may leave. There the lake must open at a commit that the run made or began
with, audit clean, and the same command must come to the same end as the run that nothing stopped.
"""

import shutil
from pathlib import Path
from random import Random

import pytest

from pith_builder.core.canonical import Sha256
from pith_builder.disk import Disk, write_whole
from pith_builder.lake.store import current_sequence, manifest_name, open_lake
from pith_builder.lake.tables import TABLES
from pith_builder.operations.audit import audit
from pith_builder.operations.maintain import maintain
from pith_builder.signing.key_files import (
    public_path,
    read_key_file,
    read_public_key,
)
from pith_builder.sources.raw_pages import replayed
from tests.faults.effort import SEED, WHOLE, of
from tests.faults.recording_disk import WORLDS, Contents, RecordingDisk, Wreck, lay_out, worlds
from tests.faults.runs import OF_A_LAKE, ExportMirror, KeptAnswers, NewKey
from tests.graphs import TRUSTED
from tests.lakes import content_roots, files

SHARE = 8
"""Of the worlds of one kind of run, how many an ordinary run of the tests tries."""

DRAWS = of(1, 8)


def recorded(kind, place):
    """Record a run; return what its disk was asked, and its worlds: how each came about, its files.

    Of worlds with the same files there is one.
    """
    kind.prepare(place)
    disk = RecordingDisk(place)
    kind.run(place, disk)
    everything = Wreck(disk.before)
    for operation in disk.operations:
        everything.do(operation)
    assert everything.seen.files() == Contents.of(place).files(), "something was not recorded"
    assert everything.sure.files() == everything.seen.files(), "something was not synced"
    count, found = 0, {}
    for told, world in worlds(disk, SEED, DRAWS):
        count += 1
        found.setdefault(fingerprint(world), (told, world))
    print(  # noqa: T201 - counts are to be seen
        f"\n{type(kind).__name__}: {len(disk.operations)} operations, {count} worlds, "
        f"{len(found)} of them different"
    )
    return disk.operations, [*found.values()]


def fingerprint(world):
    hasher = Sha256()
    for place in world:
        hasher.update(repr(place).encode())
    return hasher.hexdigest()


def laid_out(kind, found, place, share=SHARE):
    """Lay out all of the worlds one after the other, or a share; yield how each came about."""
    share = min(kind.most if WHOLE else share, len(found))
    chosen = Random(SEED).sample(found, share)  # noqa: S311 - wanted: the same each time
    for told, world in chosen:
        shutil.rmtree(place, ignore_errors=True)
        lay_out(world, place)
        yield told
    print(f"{len(chosen)} tried")  # noqa: T201 - counts are to be seen


def swept(lake):
    """Return every file of a lake after maintenance, but the lock, which says who held it."""
    maintain(lake)
    return {name: data for name, data in files(lake).items() if name != ".lock"}


@pytest.mark.parametrize("kind", OF_A_LAKE)
def test_a_crash_at_any_moment_leaves_a_commit_whole_and_the_rerun_ends_the_same(kind, tmp_path):
    kind, place = kind(), tmp_path / "place"
    lake = place / "lake"
    _, found = recorded(kind, place)
    roots = content_roots(lake, kind.same)
    after = swept(lake)

    for told in laid_out(kind, found, place):
        sequence = current_sequence(lake)
        if sequence is not None:
            assert open_lake(lake).manifest.document == after[manifest_name(sequence)], told
            assert audit(lake, TRUSTED, roots_only=not WHOLE).findings == [], told
        kind.run(place, Disk())
        assert content_roots(lake, kind.same) == roots, told
        assert audit(lake, TRUSTED, roots_only=True).findings == [], told
        if kind.same == tuple(TABLES):
            assert swept(lake) == after, told


def test_a_crash_while_a_mirror_is_written_is_mended_by_the_next_export(tmp_path):
    kind, place = ExportMirror(), tmp_path / "place"
    kind.prepare(place)
    before = files(place / "mirror")
    shutil.rmtree(place)
    _, found = recorded(kind, place)
    after = kind.made(place)

    for told in laid_out(kind, found, place, share=2):
        if "killed" in told:
            for name, data in files(place / "mirror").items():
                whole = (before.get(name), after.get(name))
                assert name.endswith(".partial") or data in whole, f"{told}: {name}"
        kind.run(place, Disk())
        assert kind.made(place) == after, told


def test_a_crash_while_a_key_is_made_leaves_it_whole_or_absent(tmp_path):
    kind, place = NewKey(), tmp_path / "place"
    key = kind.key(place)
    operations, found = recorded(kind, place)

    for told in laid_out(kind, found, place, share=len(found)):
        if key.exists():
            key.chmod(0o600)  # modes are not laid out; `test_key_files` holds them
        else:
            kind.run(place, Disk())
        assert read_key_file(key).public_key.key_id == "ours", told
        assert not public_path(key).exists() or read_public_key(public_path(key)), told
    assert not any(
        b"seed_b64" in operation.data and operation.path == key.relative_to(place)
        for operation in operations
    )


def test_a_crash_while_answers_are_kept_loses_none_that_were_kept(tmp_path):
    kind, place = KeptAnswers(), tmp_path / "place"
    _, found = recorded(kind, place)

    for told in laid_out(kind, found, place, share=len(found)):
        get = replayed(place / "raw")
        assert get(kind.asked[0]) == kind.answer(kind.asked[0]), told
        kind.run(place, Disk())
        assert kind.made(place) == list(map(kind.answer, kind.asked)), told


def outcomes(disk):
    return [tuple(world) for _, world in worlds(disk, SEED)]


OLD, NEW = (Path("file"), b"old"), (Path("file"), b"new")
PARTIAL = Path("file.partial")


def replaced(folder, kind=RecordingDisk):
    """Record the replacing of one small file."""
    (folder / "file").write_bytes(b"old")
    disk = kind(folder)
    write_whole(disk, folder / "file", b"new")
    return disk


def test_what_is_appended_to_loses_nothing_that_was_synced(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    disk = RecordingDisk(tmp_path)
    with disk.append(tmp_path / "file") as file:
        file.write(b"new")
        disk.sync(file)

    drawn = {dict(world)[Path("file")] for _, world in worlds(disk, SEED, draws=100)}
    assert drawn == {b"old", b"oldn", b"oldne", b"oldnew"}


def test_the_worlds_of_one_small_file_are_these(tmp_path):
    disk = replaced(tmp_path)

    assert list(map(str, disk.operations)) == [
        "create file.partial",
        "write 3 bytes",
        "fsync",
        "rename file.partial file",
        "fsync directory .",
    ]
    whole = {(OLD,), (OLD, (PARTIAL, b"")), (OLD, (PARTIAL, b"new")), (NEW,)}
    torn = {(OLD, (PARTIAL, part)) for part in (b"n", b"ne")}
    found = set(outcomes(disk))
    assert whole < found <= whole | torn


class WithoutSync(RecordingDisk):
    def sync(self, file):
        file.flush()


class WithoutSyncOfDirectories(RecordingDisk):
    def sync_directory(self, path):
        pass


def test_where_a_sync_is_forgotten_it_shows(tmp_path):
    assert ((Path("file"), b""),) in outcomes(replaced(tmp_path, WithoutSync))
    assert (OLD,) in outcomes(replaced(tmp_path, WithoutSyncOfDirectories))[-len(WORLDS) :]
    assert (OLD,) not in outcomes(replaced(tmp_path))[-len(WORLDS) :]
