from hypothesis import given
from hypothesis import strategies as st

from pith_builder.lake.known import KnownRecords, known_records
from pith_builder.lake.store import open_lake
from tests.lakes import rows
from tests.makers import law

digests = st.binary(min_size=32, max_size=32) | st.sampled_from(
    [bytes(32), b"\xff" * 32, bytes(31) + b"\x01", b"\x01" + bytes(31)]
)


@given(st.lists(st.sets(digests)), st.lists(digests))
@law
def test_what_is_known_is_what_was_added(additions, others):
    known, wanted = KnownRecords(), set()
    for addition in additions:
        known.add(addition - wanted)
        wanted |= addition
        asked = [*addition, *others]

        assert len(known) == len(wanted)
        assert known.among(asked) == wanted.intersection(asked)


def test_the_records_of_a_lake_are_known(lake_of_two):
    parts = open_lake(lake_of_two).table("records").parts

    known = known_records(lake_of_two, parts)

    stored = [bytes.fromhex(row["canonical_sha256"]) for row in rows(lake_of_two, "records")]
    assert len(known) == len(stored) == 5
    assert known.among([*stored, bytes(32)]) == set(stored)


def test_of_no_parts_nothing_is_known(tmp_path):
    known = known_records(tmp_path, ())

    assert len(known) == 0
    assert known.among([bytes(32)]) == frozenset()
