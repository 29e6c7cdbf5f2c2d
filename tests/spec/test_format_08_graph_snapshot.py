"""FORMAT.md 8: the graph snapshot."""

import pytest

from pith_builder.core.canonical import digest
from pith_builder.core.forms import GRAPH as GRAPH_FORM
from pith_builder.core.graph import (
    EMPTY_SNAPSHOT_SHA256,
    abstract_excerpt,
    authors_text,
    graph_snapshot,
    items_sha256,
)
from pith_builder.core.record import CanonicalRecord
from tests.makers import BUNDLE, RECORDS, STATES, document, paper

PUBLISHED = document(BUNDLE)["events"][1]["payload"]
SNAPSHOTS = (
    PUBLISHED["graph_snapshot"],
    *(document(name)["graph_snapshot"] for name in RECORDS),
    *(
        document(name)["current"]["graph_snapshots"][0]["payload"]["graph_snapshot"]
        for name in STATES
    ),
)


def test_the_published_paper_gives_the_published_snapshot():
    record = CanonicalRecord.of(paper())
    found = graph_snapshot(paper(), record, "pith-number-builder-2026-05-17-v1")
    assert found == PUBLISHED["graph_snapshot"]
    assert digest({"graph_snapshot": found, "verdict_id": None}) == digest(PUBLISHED)


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_every_published_snapshot_has_the_form_and_the_sorted_authors(snapshot):
    assert list(GRAPH_FORM.failures(snapshot, "")) == []
    assert authors_text(snapshot["paper"]["authors_text"]) == snapshot["paper"]["authors_text"]
    for part in ("claims", "references", "formal_canon", "author_claims"):
        assert snapshot[part]["snapshot_sha256"] == EMPTY_SNAPSHOT_SHA256 == items_sha256([])


def test_an_excerpt_is_600_characters_and_a_space_at_the_cut_stays():
    excerpts = [snapshot["paper"]["abstract_excerpt"] for snapshot in SNAPSHOTS]
    assert sorted({len(excerpt) for excerpt in excerpts}) == [504, 600]
    assert any(excerpt.endswith(" ") for excerpt in excerpts)
    assert abstract_excerpt("  " + "word\n" * 200) == "word " * 120


def test_a_paragraph_break_stays_as_newline_and_two_spaces():
    assert abstract_excerpt("  One\ntwo.\n  Three\nfour.\n") == "One two.\n  Three four."


def test_authors_are_split_at_commas_and_at_the_word_and():
    assert authors_text("Michael Blot, David Picard and Matthieu Cord") == (
        "David Picard, Matthieu Cord, Michael Blot"
    )
    assert authors_text("B. Randall, and A. Anders, A. Anders") == "A. Anders, B. Randall"


def test_parts_are_sorted_by_letters_and_digits_alone():
    assert authors_text("Ab D, A Bc, 'A. Be") == "A Bc, Ab D, 'A. Be"
