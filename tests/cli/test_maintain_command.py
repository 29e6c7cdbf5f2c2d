"""`pith maintain`: joining small parts, and sweeping what nobody reads any more."""

from datetime import timedelta

from tests.lakes import build, lines, pith
from tests.makers import NOW

WEEK = timedelta(days=7)


def test_small_parts_are_joined_and_old_ones_kept_so_many_days(tmp_path, key_file):
    lake = tmp_path / "lake"
    for number in range(4):
        build(lake, lines(1, first=number + 1), now=NOW + timedelta(days=number))
    our = {"PITH_LAKE": lake, "PITH_SIGNING_KEY_FILE": key_file}
    then, later = ((NOW + days).isoformat() for days in (WEEK, 2 * WEEK))

    first = pith("maintain", "--compact", "--now", then, **our)
    told = pith("maintain", "--compact", "--keep-days", "7", "--now", later, "--json", **our)

    joined, swept = first.out.splitlines()
    assert (first.code, first.err) == (0, "")
    assert joined.startswith("24 parts joined into 6, ")
    assert swept == "0 files removed, 0 bytes freed"
    answer = told.json()
    assert answer["compacted"]["joined"] == answer["compacted"]["written_bytes"] == 0
    assert answer["compacted"]["sequence"] == 5
    assert len(answer["removed"]) == 24
    assert answer["freed_bytes"] > 0
    as_of = pith("sql", "--as-of", "4", "from records", **our)
    assert (as_of.code, as_of.out) == (2, "")
    assert "can no longer be opened as of 4: 24 of the 25 parts" in as_of.err
