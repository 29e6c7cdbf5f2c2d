import errno
import os
import tempfile
from pathlib import Path

import pytest

from pith_builder.disk import Disk, new_file, storage_errors, write_whole
from pith_builder.errors import StorageError
from tests.lakes import SAMPLE, build, files
from tests.unit.lake.test_parts import FullDisk

SAMPLE_LINES = b"".join(SAMPLE.read_bytes().splitlines(keepends=True)[:5])


class Journal(Disk):
    """A real disk that notes what it is asked, and fails where it is told to."""

    def __init__(self, fails_at=None):
        self.steps = []
        self._fails_at = fails_at

    def _note(self, step, path):
        self.steps.append((step, Path(path).name))
        if step == self._fails_at:
            raise OSError(errno.EIO, "Input/output error")

    def create(self, path):
        self._note("create", path)
        return super().create(path)

    def sync(self, file):
        self._note("sync", file.name)
        super().sync(file)

    def replace(self, partial, final):
        self._note("replace", final)
        super().replace(partial, final)

    def sync_directory(self, path):
        self._note("sync_directory", path)
        super().sync_directory(path)


def test_a_file_is_synced_before_it_is_named_and_its_name_after(tmp_path):
    disk = Journal()
    write_whole(disk, tmp_path / "file", b"new")

    assert disk.steps == [
        ("create", "file.partial"),
        ("sync", "file.partial"),
        ("replace", "file"),
        ("sync_directory", tmp_path.name),
    ]
    assert files(tmp_path) == {"file": b"new"}


def test_a_file_that_is_handed_over_is_named_and_synced_by_another(tmp_path):
    disk = Journal()
    with new_file(disk, tmp_path / "file.partial") as file:
        file.write(b"whole")
        file.hand_over(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"whole"
    assert disk.steps == [("create", "file.partial"), ("replace", "file")]

    Disk().sync_written(tmp_path / "file")

    with pytest.raises(FileNotFoundError):
        Disk().sync_written(tmp_path / "file.partial")


@pytest.mark.parametrize("fails_at", ["create", "sync", "replace"])
@pytest.mark.parametrize("before", [{}, {"file": b"old"}], ids=["absent", "old"])
def test_a_write_that_fails_leaves_all_as_it_was(tmp_path, fails_at, before):
    for name, data in before.items():
        (tmp_path / name).write_bytes(data)

    with pytest.raises(StorageError, match="Input/output error; what was there is as it was"):
        write_whole(Journal(fails_at), tmp_path / "file", b"new")

    assert files(tmp_path) == before


def test_on_a_full_disk_nothing_is_left_of_a_small_file(tmp_path):
    with pytest.raises(StorageError, match="No space left"):
        write_whole(FullDisk(0), tmp_path / "file", b"new")

    assert files(tmp_path) == {}


def test_a_file_that_is_not_kept_is_removed_whatever_ends_the_writing(tmp_path):
    def interrupted():
        with new_file(Disk(), tmp_path / "file.partial") as file:
            file.write(b"some")
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()

    assert files(tmp_path) == {}


def test_a_new_file_knows_its_size_and_digest(tmp_path):
    with new_file(Disk(), tmp_path / "file.partial") as file:
        assert file.write(b"ab") == 2
        assert file.write(b"c") == 1
        assert not file.closed
        file.keep(tmp_path / "file")

    assert file.closed
    assert file.size_bytes == 3
    assert file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_directories_are_made_with_their_parents_and_each_name_is_synced(tmp_path):
    disk = Journal()
    disk.make_directory(tmp_path / "a" / "b")
    disk.make_directory(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").is_dir()
    assert disk.steps == [("sync_directory", tmp_path.name), ("sync_directory", "a")]


def test_what_is_not_there_is_removed_without_a_word(tmp_path):
    Disk().remove(tmp_path / "file")


def test_an_error_of_storage_says_what_to_do():
    with (
        pytest.raises(StorageError, match=r"cannot write .*x: Read-only file system; .*Make room"),
        storage_errors(Path("x")),
    ):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_folder_that_takes_no_files_is_an_error_of_storage():
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)  # root may write anywhere
    try:
        with pytest.raises(StorageError, match="Permission denied"):
            write_whole(Disk(), folder / "file", b"new")
        with pytest.raises(StorageError, match="Permission denied"):
            build(folder / "lake", b"{}")
    finally:
        if is_root:
            os.seteuid(0)
        folder.rmdir()
