import pytest

from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake.store import empty_tables, manifest_name
from pith_builder.operations.audit import audit
from pith_builder.operations.maintain import maintain
from tests.lakes import LATER, build, copied, files, lines, seal
from tests.makers import SIGNER

LEFTOVERS = {
    "tables/records/00000003-00000.partial": b"half a part",
    "tables/records/00000003-00000-0123456789abcdef.parquet": b"a part of no manifest",
    "tables/events/00000001-00009-0123456789abcdef.parquet": b"another",
    "manifests/00000003.pending": b"a manifest that was never live",
    "manifests/00000003.json.partial": b"half a manifest",
    "CURRENT.partial": b"half a name",
    "pith.sql.partial": b"half the views",
}


def leave(lake):
    for name, data in LEFTOVERS.items():
        (lake / name).write_bytes(data)


def kept(lake):
    return {name: data for name, data in files(lake).items() if name not in {".lock", "pith.sql"}}


def test_what_no_manifest_names_is_swept_and_nothing_else(harmed):
    before = kept(harmed)
    leave(harmed)

    done = maintain(harmed)

    assert sorted(done.removed) == sorted(LEFTOVERS)
    assert done.freed_bytes == sum(map(len, LEFTOVERS.values()))
    assert kept(harmed) == before
    assert audit(harmed, [SIGNER.public_key]).findings == []


def test_a_reader_sweeps_nothing(harmed):
    leave(harmed)
    before = files(harmed)

    assert audit(harmed, [SIGNER.public_key]).findings == []
    assert files(harmed) == before


def test_the_parts_of_earlier_manifests_are_kept(harmed):
    first, second = (
        {name for name in files(harmed) if name.startswith("tables/") and f"/0000000{n}-" in name}
        for n in (1, 2)
    )
    seal(harmed, empty_tables())

    assert set(maintain(harmed).removed) == second
    assert first <= files(harmed).keys()


def test_twice_changes_nothing_more(harmed):
    leave(harmed)
    maintain(harmed)
    before = kept(harmed)

    assert maintain(harmed).removed == ()
    assert kept(harmed) == before


def test_the_views_are_written_for_where_the_lake_lies(lake_of_two, tmp_path):
    lake = copied(lake_of_two, tmp_path)
    assert f"'{lake_of_two}'" in (lake / "pith.sql").read_text()

    maintain(lake)

    assert f"'{lake}'" in (lake / "pith.sql").read_text()
    assert str(lake_of_two) not in (lake / "pith.sql").read_text()


def test_leftovers_of_a_lake_that_never_was_are_swept(tmp_path):
    (tmp_path / "tables" / "records").mkdir(parents=True)
    (tmp_path / "tables" / "records" / "00000001-00000.partial").write_bytes(b"half")

    assert maintain(tmp_path).removed == ("tables/records/00000001-00000.partial",)
    assert list(files(tmp_path)) == [".lock"]


def test_a_build_goes_on_after_a_killed_one_swept_or_not(harmed):
    leave(harmed)
    build(harmed, lines(2, first=50), now=LATER)

    swept = maintain(harmed).removed
    assert "manifests/00000003.pending" not in swept
    assert "tables/records/00000003-00000.partial" in {*swept, *LEFTOVERS}
    assert audit(harmed, [SIGNER.public_key]).findings == []


def test_without_a_lake_there_is_nothing_to_maintain(tmp_path):
    with pytest.raises(UsageError, match="there is no lake"):
        maintain(tmp_path / "none")


@pytest.mark.parametrize("number", [1, 2])
def test_a_lake_with_a_damaged_manifest_is_not_swept(harmed, number):
    leave(harmed)
    (harmed / manifest_name(number)).write_bytes(b"{}")
    before = files(harmed)

    with pytest.raises(VerificationError):
        maintain(harmed)

    assert files(harmed).keys() == before.keys()


@pytest.mark.parametrize("said", ["manifests/00000001.json\n", None], ids=["moved back", "lost"])
def test_a_lake_whose_current_does_not_name_the_last_manifest_is_not_swept(harmed, said):
    leave(harmed)
    (harmed / "CURRENT").unlink()
    if said is not None:
        (harmed / "CURRENT").write_text(said)
    before = files(harmed)

    with pytest.raises(VerificationError, match="CURRENT"):
        maintain(harmed)

    assert files(harmed).keys() - {".lock"} == before.keys() - {".lock"}
