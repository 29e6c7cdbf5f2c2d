"""Whatever is changed in a lake, an audit finds it and names the place.

Seeded mutations of a real lake, of every kind in `mutations/kinds.py`: by decay, by whoever can
write to its folder, by a forger with a key of their own, and by the holder of the lake's own key
where two places then disagree. `PITH_TEST_SEED` draws others, `make faults` more of them.

What an audit of one lake cannot find is in `test_what_is_said_once_...`, and a lake put back whole,
with all its files, to what it was at an earlier commit: that is a backup to whoever sees it alone.
"""

from collections import Counter
from contextlib import suppress
from random import Random

import duckdb
import pytest

from pith_builder.disk import Disk
from pith_builder.errors import PithError
from pith_builder.lake.query import ask, connect
from pith_builder.lake.store import open_lake, write_views
from pith_builder.lake.tables import TABLES
from pith_builder.operations.audit import audit
from tests.faults.effort import SEED, of
from tests.faults.full_lake import TRUSTED, full_lake
from tests.faults.mutations.kinds import BITS, FILES, KINDS, SAID_ONCE, SAID_TWICE
from tests.faults.mutations.owner import by_the_owner
from tests.faults.mutations.rows import edited
from tests.faults.mutations.victim import Victim
from tests.lakes import copied, rows

EACH = of(1, 8)
BITS_EACH = of(1, 60)
DECAY = [*BITS, *FILES]
REST = [kind for kind in KINDS if kind not in DECAY]
DRAWN = DECAY + Random(SEED).sample(REST, of(62, len(REST)))  # noqa: S311 - always the same
"""The kinds tried: of those that read rows a share in an ordinary run."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return full_lake(tmp_path_factory.mktemp("tampering"))


@pytest.fixture(scope="module")
def victim(lake):
    assert all(rows(lake, name) for name in TABLES), "every table is filled"
    report = audit(lake, TRUSTED)
    assert (report.findings, report.notes) == ([], [])
    assert report.sequence > 8
    return Victim(lake)


class Tally:
    """How often each kind was tried, and what DuckDB made of the parts that were harmed."""

    def __init__(self):
        self.found = Counter()
        self.only_noted = 0
        self.read = Counter()
        self.refused = Counter()

    def lines(self):
        yield from (f"{count:6} {kind}" for kind, count in self.found.items())
        yield f"{self.found.total():6} mutations of {len(self.found)} kinds, all found and named"
        yield f"{self.only_noted:6} of them as a note: pith.sql names another folder"
        for how in ("harmed by decay", "rewritten"):
            read, all_ = self.read[how], self.read[how] + self.refused[how]
            yield f"{read:6} of {all_} parts {how} DuckDB reads by read_parquet without an error"


@pytest.fixture(scope="module")
def tally():
    counted = Tally()
    yield counted
    print("", *counted.lines(), sep="\n")  # noqa: T201 - `make faults` shows it


def read_by_duckdb(path):
    """Tell whether DuckDB reads a part whole without an error."""
    try:
        duckdb.from_parquet(str(path)).fetchall()
    except (duckdb.Error, RuntimeError, UnicodeDecodeError):
        return False
    return True


def asked(lake, table):
    """Ask a harmed lake for all of a table: it answers, or says in our words what is wrong."""
    with suppress(PithError):
        list(ask(connect(lake), f"from {table}").rows)


@pytest.mark.parametrize("kind", DRAWN)
def test_every_mutation_is_found_and_its_place_named(lake, victim, tally, tmp_path, kind):
    for number in range(BITS_EACH if kind in BITS else EACH):
        seed = f"{SEED} {kind} {number}"
        copy = copied(lake, tmp_path / str(number))
        write_views(Disk(), open_lake(copy))

        harm = KINDS[kind](copy, victim, Random(seed))  # noqa: S311 - wanted: the same each time
        report = audit(copy, TRUSTED)

        told = f"seed {seed!r}: {harm}"
        said = [finding for finding in report.findings if harm.is_named_by(finding)]
        if not said and kind == "a bit of pith.sql":
            said = [note for note in report.notes if harm.is_named_by(note)]
            tally.only_noted += 1
        assert said, f"{told}: found {report.findings[:9]}, noted {report.notes}"
        if harm.places == harm.parts:
            elsewhere = [each for each in report.findings if each.place not in harm.parts]
            assert elsewhere == [], f"{told}: what another place relies on is told as its fault"
        tally.found[kind] += 1
        if kind in DECAY:
            asked(copy, harm.parts[0].split("/")[1] if harm.parts else "records")
        for part in harm.parts:
            how = "harmed by decay" if kind in BITS else "rewritten"
            is_read = read_by_duckdb(copy / part)
            (tally.read if is_read else tally.refused)[how] += 1


def test_so_many_were_tried(tally):
    least = 2_000 if EACH > 1 else 100
    assert tally.found.total() >= least
    assert tally.read["harmed by decay"] > tally.refused["harmed by decay"]


PARTLY = {
    "keys": {"document"},
    "builds": {"run_facts"},
    "rejects": {"reason", "message", "source_kind"},
}
"""Columns of which some is said elsewhere, or of some rows."""


@pytest.mark.parametrize("table", TABLES)
def test_a_column_is_known_to_be_said_once_or_twice(table):
    said = [*SAID_TWICE.get(table, ()), *SAID_ONCE.get(table, ()), "build_id"]
    left = {column.name for column in TABLES[table].columns} - set(said)
    assert left == PARTLY.get(table, set())


ONCE = [(table, name) for table, names in SAID_ONCE.items() for name in names]


ONCE_DRAWN = Random(SEED).sample(ONCE, of(3, len(ONCE)))  # noqa: S311


@pytest.mark.parametrize(("table", "name"), ONCE_DRAWN)
def test_what_is_said_once_the_owner_alone_can_change_unnoticed(
    lake, victim, tmp_path, table, name
):
    """A limit, shown so that nobody is misled: there is no second place to compare it with."""
    copy = copied(lake, tmp_path)
    by_the_owner(table, edited, [name])(copy, victim, Random(SEED))  # noqa: S311

    assert audit(copy, TRUSTED).findings == []
