"""Columns made again piece by piece are those made at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.minting import identities
from pith_builder.lake.arrays import Same
from pith_builder.lake.minted_parts import NotMintedError, is_what, joined, without_documents
from pith_builder.lake.parts import record_batch
from pith_builder.lake.tables import BUNDLES, EVENTS, RECORDS, STATES
from tests.makers import papers, signing_law
from tests.unit.lake.test_minted_rows import OURS, ROWS, observed

MADE = {
    RECORDS: lambda minted, some: ROWS.records(minted, observed(some)),
    EVENTS: lambda minted, _: ROWS.events(minted),
    STATES: lambda minted, _: ROWS.states(minted),
    BUNDLES: lambda minted, _: ROWS.bundles(minted),
}


def made(table, some_papers):
    return MADE[table](OURS.mint(identities(some_papers)), some_papers)


def rows_in(table, some_papers):
    return len(some_papers) * (2 if table is EVENTS else 1)


@pytest.mark.parametrize("table", MADE, ids=lambda table: table.name)
@signing_law
@given(some=st.lists(papers, min_size=1, max_size=4), at_once=st.integers(1, 4))
def test_what_is_made_in_pieces_is_what_is_made_at_once(table, some, at_once):
    batch = record_batch(table, made(table, some), rows_in(table, some))
    pieces, done = [], 0
    for start in range(0, len(some), at_once):
        piece = some[start : start + at_once]
        count = rows_in(table, piece)
        slice_of = batch.slice(done, count)
        pieces.append(without_documents(table, slice_of, made(table, piece)))
        done += count

    assert is_what(table, batch, joined(pieces))


@pytest.mark.parametrize("table", MADE, ids=lambda table: table.name)
@signing_law
@given(some=st.lists(papers, min_size=1, max_size=2), data=st.data())
def test_any_other_value_is_told(table, some, data):
    columns = [*made(table, some)]
    batch = record_batch(table, columns, rows_in(table, some))
    compared = [column for column in table.columns if column.name not in TAKEN_OVER[table]]
    place = table.position(data.draw(st.sampled_from(compared)).name)
    columns[place] = other_than(columns[place])

    try:
        found = without_documents(table, batch, columns)
    except NotMintedError:
        return
    assert not is_what(table, batch, found)


TAKEN_OVER = {
    RECORDS: {"source_kind", "source_name", "source_line"},
    EVENTS: set(),
    STATES: set(),
    BUNDLES: set(),
}
"""What says where a record was observed: it is taken from the row, and enters no digest."""


def other_than(said):
    """Return a column of the same kind whose first value is another."""
    if isinstance(said, Same):
        return Same(another(said.value))
    return [another(said[0]), *said[1:]]


def another(value):
    if value is None or isinstance(value, str):
        return f"{value}x"
    if isinstance(value, bytes):
        return value + b" "
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return (*value, "x")
