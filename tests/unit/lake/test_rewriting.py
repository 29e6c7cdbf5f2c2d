import pytest

from pith_builder.core.manifest import Part
from pith_builder.disk import Disk
from pith_builder.lake.parts import write_part
from pith_builder.lake.reading import DamagedPartError, read_rows
from pith_builder.lake.rewriting import changed_part, find_rows, number_set, rewritten
from pith_builder.lake.tables import ALIASES, BUNDLES
from tests.lakes import flip

COUNT = 2_500  # three row groups of BUNDLES


def row(number, said="{}"):
    return (f"pith:{number:04d}", 2, 0, "0" * 64, "k", "f", "s", 0, said, "build")


@pytest.fixture
def part(tmp_path):
    return write_part(Disk(), tmp_path, BUNDLES, "00000001", [row(n) for n in range(COUNT)])


def choosing(*numbers):
    """Return what chooses rows by number."""
    known = {(f"pith:{number:04d}",): None for number in numbers}

    def chosen(keys):
        assert len(keys) <= BUNDLES.row_group_rows
        return {key: known[key] for key in keys if key in known}

    return chosen


def rewriting(lake, part, *rows, table=BUNDLES):
    """Rewrite a part with these rows in the place of others."""
    number = table.position("pith_number")

    def replaced(numbers):
        assert len(set(numbers)) == len(numbers) <= table.row_group_rows
        return [row for row in rows if row[number] in numbers]

    changed = number_set([row[number] for row in rows])
    label = "00000002-r00000"
    return rewritten(Disk(), lake, table, part, label, changed=changed, replaced=replaced)


def test_rows_are_found_by_key_with_the_columns_asked_for(tmp_path, part):
    chosen = choosing(0, 1999, 2000, 9999)
    found = find_rows(tmp_path, BUNDLES, part, chosen, ("document", "pith_number"))
    assert list(found) == [("{}", "pith:0000"), ("{}", "pith:1999"), ("{}", "pith:2000")]


def test_a_part_is_rewritten_with_the_rows_that_change_and_the_old_one_stays(tmp_path, part):
    before = list(read_rows(tmp_path, BUNDLES, part))
    new = [row(number, '{"new":1}') for number in (0, 249, 250, 1500, 2499)]

    changed = rewriting(tmp_path, part, *new, row(9999))

    after = list(read_rows(tmp_path, BUNDLES, changed))
    moved = [index for index in range(COUNT) if after[index] != before[index]]
    assert moved == [0, 249, 250, 1500, 2499]
    assert [after[index][:-1] for index in moved] == new
    assert (changed.first_key, changed.last_key, changed.rows) == (
        part.first_key,
        part.last_key,
        COUNT,
    )
    assert list(read_rows(tmp_path, BUNDLES, part)) == before


def test_rewriting_rows_as_they_are_gives_the_same_bytes(tmp_path, part):
    assert rewriting(tmp_path, part, row(7), row(1007)).sha256 == part.sha256


@pytest.mark.parametrize("every", [1, 2, 7, 999])
def test_a_rewritten_part_is_what_writing_its_rows_would_give(tmp_path, part, every):
    new = {number: row(number, f'{{"new":{number}}}') for number in range(0, COUNT, every)}
    rows = [new.get(number, row(number)) for number in range(COUNT)]
    written = write_part(Disk(), tmp_path, BUNDLES, "00000002-w", rows)

    assert rewriting(tmp_path, part, *new.values()).sha256 == written.sha256


def test_a_part_that_holds_none_of_the_rows_stays(tmp_path, part):
    assert rewriting(tmp_path, part) is None
    assert rewriting(tmp_path, part, row(9999)) is None


def test_rows_take_the_place_of_those_with_their_whole_key(tmp_path):
    def name(value, number, at=1):
        return (value, "arxiv", f"pith:{number}", at, "build")

    names = [name(f"{value:04d}", value % 9) for value in range(900)]
    part = write_part(Disk(), tmp_path, ALIASES, "00000001", names)

    assert rewriting(tmp_path, part, name("other", 3), table=ALIASES) is None
    changed = rewriting(tmp_path, part, name("0003", 3, 2), name("0894", 3, 5), table=ALIASES)

    after = [found[:-1] for found in read_rows(tmp_path, ALIASES, changed)]
    assert after == [
        name("0003", 3, 2) if one == names[3] else name("0894", 3, 5) if one == names[894] else one
        for one in names
    ]


@pytest.mark.parametrize("place", [0.3, 0.6, 0.999])
def test_a_damaged_part_is_not_built_upon(tmp_path, part, place):
    flip(tmp_path / part.path, place)
    names = {file.name for file in (tmp_path / "tables" / "bundles").iterdir()}

    with pytest.raises(DamagedPartError):
        rewriting(tmp_path, part, row(7))

    assert {file.name for file in (tmp_path / "tables" / "bundles").iterdir()} == names


def test_a_part_of_other_rows_is_not_built_upon_however_sound_its_file(tmp_path, part):
    """Else what somebody put there would come under our signature."""
    other = write_part(Disk(), tmp_path, BUNDLES, "00000001-x", [row(n) for n in range(COUNT - 1)])
    (tmp_path / other.path).replace(tmp_path / part.path)
    with pytest.raises(DamagedPartError, match="by the manifest"):
        rewriting(tmp_path, part, row(7))
    with pytest.raises(DamagedPartError, match="by the manifest"):
        changed_part(Disk(), tmp_path, BUNDLES, part, "00000002-r00000", list)


def test_a_part_that_is_missing_is_damage(tmp_path, part):
    (tmp_path / part.path).unlink()
    with pytest.raises(DamagedPartError):
        rewriting(tmp_path, part, row(7))
    assert isinstance(part, Part)
