import pytest

from pith_builder.core.manifest import Part
from pith_builder.disk import Disk
from pith_builder.lake.parts import write_part
from pith_builder.lake.reading import DamagedPartError, read_rows
from pith_builder.lake.rewriting import changed_part, find_rows, holds_any, rewritten
from pith_builder.lake.tables import BUNDLES
from tests.lakes import flip

COUNT = 2_500  # three row groups of BUNDLES


def row(number, said="{}"):
    return (f"pith:{number:04d}", 2, 0, "0" * 64, "k", "f", "s", 0, said, "build")


@pytest.fixture
def part(tmp_path):
    return write_part(Disk(), tmp_path, BUNDLES, "00000001", [row(n) for n in range(COUNT)])


def choosing(**rows):
    """Return what chooses rows by number, and keeps what it was asked."""
    known = {(f"pith:{name[1:]}",): value for name, value in rows.items()}

    def chosen(keys):
        assert len(keys) <= BUNDLES.row_group_rows
        return {key: known[key] for key in keys if key in known}

    return chosen


def test_rows_are_found_by_key_with_the_columns_asked_for(tmp_path, part):
    chosen = choosing(n0000=None, n1999=None, n2000=None, n9999=None)
    found = find_rows(tmp_path, BUNDLES, part, chosen, ("document", "pith_number"))
    assert list(found) == [("{}", "pith:0000"), ("{}", "pith:1999"), ("{}", "pith:2000")]


def test_a_part_holds_a_key_or_does_not(tmp_path, part):
    assert holds_any(tmp_path, BUNDLES, part, choosing(n2499=None))
    assert not holds_any(tmp_path, BUNDLES, part, choosing(n2500=None))


def test_a_part_is_rewritten_with_the_rows_that_change_and_the_old_one_stays(tmp_path, part):
    before = list(read_rows(tmp_path, BUNDLES, part))
    new = row(1500, '{"new":1}')

    changed = rewritten(Disk(), tmp_path, BUNDLES, part, choosing(n1500=new), "00000002-r00000")

    after = list(read_rows(tmp_path, BUNDLES, changed))
    assert [index for index in range(COUNT) if after[index] != before[index]] == [1500]
    assert after[1500][:-1] == new
    assert (changed.first_key, changed.last_key, changed.rows) == (
        part.first_key,
        part.last_key,
        COUNT,
    )
    assert list(read_rows(tmp_path, BUNDLES, part)) == before


def test_rewriting_nothing_gives_the_same_bytes(tmp_path, part):
    again = rewritten(Disk(), tmp_path, BUNDLES, part, choosing(), "00000002-r00000")
    assert again.sha256 == part.sha256


@pytest.mark.parametrize("place", [0.3, 0.6, 0.999])
def test_a_damaged_part_is_not_built_upon(tmp_path, part, place):
    flip(tmp_path / part.path, place)
    names = {file.name for file in (tmp_path / "tables" / "bundles").iterdir()}

    with pytest.raises(DamagedPartError):
        rewritten(Disk(), tmp_path, BUNDLES, part, choosing(), "00000002-r00000")

    assert {file.name for file in (tmp_path / "tables" / "bundles").iterdir()} == names


def test_a_part_of_other_rows_is_not_built_upon_however_sound_its_file(tmp_path, part):
    """Else what somebody put there would come under our signature."""
    other = write_part(Disk(), tmp_path, BUNDLES, "00000001-x", [row(n) for n in range(COUNT - 1)])
    (tmp_path / other.path).replace(tmp_path / part.path)
    with pytest.raises(DamagedPartError, match="by the manifest"):
        rewritten(Disk(), tmp_path, BUNDLES, part, choosing(), "00000002-r00000")
    with pytest.raises(DamagedPartError, match="by the manifest"):
        changed_part(Disk(), tmp_path, BUNDLES, part, "00000002-r00000", list)


def test_a_part_that_is_missing_is_damage(tmp_path, part):
    (tmp_path / part.path).unlink()
    with pytest.raises(DamagedPartError):
        rewritten(Disk(), tmp_path, BUNDLES, part, choosing(), "00000002-r00000")
    assert isinstance(part, Part)
