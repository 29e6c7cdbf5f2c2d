import errno
import json
import shutil

import pytest

from pith_builder.disk import Disk
from pith_builder.errors import StorageError, UsageError, VerificationError
from pith_builder.lake.store import (
    commit,
    current_sequence,
    empty_tables,
    live_manifest,
    manifest_name,
    open_lake,
    read_manifest,
    settle,
    write_views,
)
from pith_builder.lake.tables import TABLES
from pith_builder.operations.audit import audit
from tests.lakes import LATER, build, copied, lines, untouched
from tests.makers import SIGNER


def test_where_there_is_no_lake_there_is_no_manifest(tmp_path):
    assert live_manifest(tmp_path / "none") is None
    assert current_sequence(tmp_path / "none") is None
    with pytest.raises(UsageError, match=r"there is no lake in .*pith build"):
        open_lake(tmp_path / "none")


def test_an_empty_lake_has_every_table():
    tables = empty_tables()

    assert tables.keys() == TABLES.keys()
    assert all(not table.parts and table.rows == 0 for table in tables.values())


def test_a_lake_is_laid_out_as_the_design_says(lake_of_two):
    top = {path.name for path in lake_of_two.iterdir()}
    assert top == {"CURRENT", ".lock", "manifests", "tables", "pith.sql"}
    assert (lake_of_two / "CURRENT").read_bytes() == b"manifests/00000002.json\n"
    manifests = sorted(path.name for path in (lake_of_two / "manifests").iterdir())
    assert manifests == ["00000001.json", "00000002.json"]
    assert not list(lake_of_two.rglob("*.partial"))


def test_a_manifest_says_what_the_design_asks_of_it(lake_of_two):
    manifest = json.loads((lake_of_two / "manifests" / "00000002.json").read_bytes())
    first = json.loads((lake_of_two / "manifests" / "00000001.json").read_bytes())

    assert manifest["manifest_type"] == "pith_lake_manifest"
    assert manifest["manifest_version"] == "1.0"
    assert manifest["sequence"] == 2
    assert manifest["previous"] == first["manifest_signature"]["manifest_sha256"]
    assert first["previous"] is None
    assert manifest["created_at"] == "2026-11-21T14:17:09.598220Z"
    assert manifest["builder_version"] == "pith-builder-0.1.0"
    assert set(manifest["writer_versions"]) == {"pyarrow"}
    assert manifest["build_id"] == "00000002-20261121T141709Z"
    assert manifest["tables"].keys() == TABLES.keys()
    for table in manifest["tables"].values():
        assert table["rows"] == sum(part["rows"] for part in table["parts"])
    records = manifest["tables"]["records"]
    assert records["parts"][0] == first["tables"]["records"]["parts"][0]
    assert [part["rows"] for part in records["parts"]] == [4, 1]
    assert manifest["manifest_signature"]["key_id"] == SIGNER.public_key.key_id


class DyingDisk(Disk):
    """A disk whose process dies at its `dies_at`th step: nothing after it is done."""

    def __init__(self, dies_at):
        self.steps = 0
        self._dies_at = dies_at

    def _step(self):
        self.steps += 1
        if self.steps >= self._dies_at:
            raise OSError(errno.EIO, "Input/output error")

    def create(self, path):
        self._step()
        return super().create(path)

    def sync(self, file):
        self._step()
        super().sync(file)

    def replace(self, partial, final):
        self._step()
        super().replace(partial, final)

    def sync_directory(self, path):
        self._step()
        super().sync_directory(path)


def back_to_the_first(lake):
    """Take the second commit back, but for its parts; return its manifest."""
    manifest = read_manifest(lake, 2)
    (lake / manifest_name(2)).unlink()
    (lake / "CURRENT").write_text(f"{manifest_name(1)}\n")
    write_views(Disk(), open_lake(lake))
    return manifest


def test_a_commit_that_dies_at_any_step_leaves_the_lake_before_or_after_it(lake_of_two, tmp_path):
    lives = []
    for dies_at in range(1, 100):
        lake = tmp_path / str(dies_at)
        shutil.copytree(lake_of_two, lake)
        manifest = back_to_the_first(lake)
        disk = DyingDisk(dies_at)
        try:
            commit(disk, lake, manifest)
        except StorageError:
            assert open_lake(lake).manifest == read_manifest(lake, current_sequence(lake))
            lives.append(current_sequence(lake))
            settle(Disk(), lake)
            write_views(Disk(), open_lake(lake))
            report = audit(lake, [SIGNER.public_key])
            assert report.findings == []
            assert report.sequence == lives[-1]
        else:
            break

    assert lives == sorted(lives)
    assert set(lives) == {1, 2}
    assert open_lake(lake).manifest == manifest
    assert len(lives) == disk.steps


def test_a_manifest_whose_commit_died_before_naming_it_is_live(harmed):
    place = harmed / manifest_name(2)
    wanted = open_lake(harmed).manifest
    place.rename(place.with_suffix(".pending"))

    assert open_lake(harmed).manifest == wanted
    assert build(harmed, lines(1, first=9), now=LATER).sequence == 3
    assert place.exists()
    assert not place.with_suffix(".pending").exists()
    assert audit(harmed, [SIGNER.public_key]).findings == []


def test_a_manifest_that_was_never_live_is_written_over(lake_of_two, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    (lake / "manifests" / "00000003.pending").write_bytes(b"half a manife")

    build(lake, lines(1, first=9), now=LATER)

    assert current_sequence(lake) == 3
    assert audit(lake, [SIGNER.public_key]).findings == []


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\n",
        b"manifests/00000002.json",
        b"manifests/2.json\n",
        b"manifests/00000002.json\n\n",
        b"manifests/../00000002.json\n",
        b"/etc/passwd\n",
        b"manifests/\xd9\xa0\xd9\xa0.json\n",
        bytes(24),
    ],
)
def test_a_damaged_current_is_refused(harmed, damaged):
    (harmed / "CURRENT").write_bytes(damaged)
    before = untouched(harmed)

    with pytest.raises(VerificationError, match="CURRENT names no manifest"):
        open_lake(harmed)
    with pytest.raises(VerificationError, match="CURRENT names no manifest"):
        build(harmed, lines(1))
    assert untouched(harmed) == before


def _cut(document):
    return document[:-1]


def _flipped(document):
    return document.replace(b'"sequence":2', b'"sequence":3')


def _spaced(document):
    return document.replace(b'":', b'": ', 1)


def _duplicated(document):
    return b'{"sequence":2,' + document[1:]


def _widened(document):
    return document.replace(b'{"build_id"', b'{"a":1,"build_id"', 1)


def _without_a_table(document):
    value = json.loads(document)
    del value["tables"]["windows"]
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _out_of_the_lake(document):
    return document.replace(b"tables/keys/", b"tables/keys/../../../", 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_cut, "cannot be read"),
        (lambda _: b"", "cannot be read"),
        (lambda _: b"\xff\xfe", "cannot be read"),
        (_duplicated, "'sequence' stands twice"),
        (lambda _: b"[]", "is no manifest"),
        (_widened, "is no manifest"),
        (_out_of_the_lake, "is no manifest"),
        (_spaced, "is not in canonical JSON"),
        (_flipped, "is not manifest 2"),
        (_without_a_table, "is not manifest 2 of this lake format"),
    ],
)
def test_a_damaged_manifest_is_refused(harmed, change, said):
    place = harmed / manifest_name(2)
    place.write_bytes(change(place.read_bytes()))

    with pytest.raises(VerificationError, match=said):
        open_lake(harmed)


def test_a_manifest_that_is_missing_is_refused(harmed):
    (harmed / manifest_name(2)).unlink()

    with pytest.raises(VerificationError, match=r"00000002.json cannot be read"):
        open_lake(harmed)


def test_what_a_manifest_is_called_is_not_what_it_says(harmed):
    shutil.copy(harmed / manifest_name(1), harmed / manifest_name(2))

    with pytest.raises(VerificationError, match="is not manifest 2"):
        open_lake(harmed)
