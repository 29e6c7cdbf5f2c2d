import gzip

import pytest

from pith_builder.core.mirror import MirrorFile
from pith_builder.disk import Disk
from pith_builder.errors import StorageError, UsageError
from pith_builder.operations.mirror_tree import Counts, MirrorTree, checked_folder
from tests.lakes import files, untouched

SUFFIX = "REQM6TSZ2XBI5YFGVPNQEI7HST"
OTHER = "4FP6Z27B6DFNJRYZBSXH3XON27"


def tree(folder, **options):
    return MirrorTree(folder, **{"with_gzip": False, **options})


def test_a_file_is_written_once(tmp_path):
    first, second, third = (tree(tmp_path) for _ in range(3))
    first.put("pith/a/b.json", b"one")
    before = untouched(tmp_path)
    second.put("pith/a/b.json", b"one")
    assert untouched(tmp_path) == before
    third.put("pith/a/b.json", b"two")

    assert files(tmp_path) == {"pith/a/b.json": b"two"}
    assert (first.counts, second.counts) == (Counts(written=1), Counts(unchanged=1))
    assert third.counts == Counts(written=1)


def test_a_compressed_file_goes_beside_and_goes_again(tmp_path):
    packed, again, plain = (
        tree(tmp_path, with_gzip=True),
        tree(tmp_path, with_gzip=True),
        tree(tmp_path),
    )
    packed.put("a.json", b"text" * 99)
    found = files(tmp_path)
    again.put("a.json", b"text" * 99)
    plain.put("a.json", b"text" * 99)

    assert gzip.decompress(found["a.json.gz"]) == found["a.json"] == b"text" * 99
    assert packed.counts == Counts(written=2)
    assert again.counts == Counts(unchanged=2)
    assert plain.counts == Counts(unchanged=1, removed=1)
    assert set(files(tmp_path)) == {"a.json"}


class Failing(Disk):
    """A disk that gives no file its name."""

    def replace(self, partial, final):
        del partial, final
        raise OSError(28, "No space left on device")


def test_a_file_is_whole_or_as_it_was(tmp_path):
    tree(tmp_path).put("a.json", b"one")

    with pytest.raises(StorageError, match=r"cannot write .*a\.json: No space left on device"):
        tree(tmp_path, disk=Failing()).put("a.json", b"two")
    assert files(tmp_path) == {"a.json": b"one"}


class Refusing(Disk):
    """A disk that fails when it must not lie."""

    def sync_everything(self):
        raise OSError(5, "Input/output error")


def test_a_disk_that_does_not_keep_is_told(tmp_path):
    made = tree(tmp_path)
    made.put("a.json", b"one")
    made.finish()

    with pytest.raises(StorageError, match="Input/output error"):
        tree(tmp_path, disk=Refusing()).finish()


def test_what_was_damaged_is_written_again(tmp_path):
    tree(tmp_path).put("a.json", b"one")
    (tmp_path / "a.json").write_bytes(b"0ne")
    mending = tree(tmp_path)
    mending.put("a.json", b"one")

    assert (mending.counts, files(tmp_path)) == (Counts(written=1), {"a.json": b"one"})


def filled(folder, *suffixes):
    made = tree(folder, with_gzip=True)
    for suffix in suffixes:
        for file in MirrorFile:
            made.put(file.path(suffix), b"x")


@pytest.mark.parametrize("at_once", [1, 2, 99])
def test_records_left_over_are_told_and_removed_whole(tmp_path, at_once):
    filled(tmp_path, SUFFIX, OTHER)
    asked = []

    def known(suffixes):
        asked.extend(suffixes)
        return {OTHER} & set(suffixes)

    made = tree(tmp_path)
    for suffix in set(made.left_over(known, at_once)):
        made.remove_record(suffix)

    assert set(asked) == {SUFFIX, OTHER}
    assert made.counts == Counts(removed=2 * len(MirrorFile))
    assert set(files(tmp_path)) == {
        path + packed
        for path in (file.path(OTHER) for file in MirrorFile)
        for packed in ("", ".gz")
    }
    assert not [path for path in tmp_path.rglob("*") if SUFFIX in path.name]


def test_what_a_killed_export_left_is_removed(tmp_path):
    filled(tmp_path, SUFFIX)
    partial = tmp_path / "pith" / SUFFIX / "bundle.json.partial"
    partial.write_bytes(b"ha")
    (tmp_path / "pith" / SUFFIX / "bundle.json").unlink()
    tree(tmp_path).remove_record(SUFFIX)

    assert files(tmp_path) == {}


def test_what_is_no_mirror_s_is_left_alone(tmp_path):
    filled(tmp_path, SUFFIX)
    strangers = {
        f"pith/{SUFFIX}/notes.txt": b"mine",
        "pith/readme.html": b"mine",
        f"pith/{SUFFIX.lower()}/bundle.json": b"mine",
        "browse/2018.html": b"mine",
        "robots.txt": b"mine",
    }
    for name, data in strangers.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    made = tree(tmp_path)
    for suffix in set(made.left_over(lambda _: set(), 9)):
        made.remove_record(suffix)
    made.remove_listings("browse", set())

    assert files(tmp_path) == strangers


def test_pages_of_months_that_are_gone_are_removed(tmp_path):
    made = tree(tmp_path, with_gzip=True)
    for name in ("2018-04.html", "2018-04-2.html", "2018-05.html"):
        made.put(f"browse/{name}", b"x")
    made.remove_listings("browse", {"2018-04.html"})

    assert set(files(tmp_path)) == {"browse/2018-04.html", "browse/2018-04.html.gz"}
    assert made.counts == Counts(written=6, removed=4)


def test_a_folder_may_be_missing_empty_or_a_mirror(tmp_path):
    assert checked_folder(tmp_path / "new") == tmp_path / "new"
    assert checked_folder(tmp_path) == tmp_path
    (tmp_path / ".lock").write_text("process 1")
    assert checked_folder(tmp_path) == tmp_path
    (tmp_path / "CNAME").write_text("x")
    (tmp_path / "pith-signing-key.json").write_text("{}")
    assert checked_folder(tmp_path) == tmp_path


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "index.html").write_text("a site of my own")

    with pytest.raises(UsageError, match=r"something else than a mirror, such as 'index\.html'"):
        checked_folder(tmp_path)
    with pytest.raises(UsageError, match="is no folder"):
        checked_folder(tmp_path / "index.html")
