import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.canonical import digest
from pith_builder.core.graph import (
    EMPTY_SNAPSHOT_SHA256,
    EMPTY_VERDICT,
    EXCERPT_CHARACTERS,
    abstract_excerpt,
    authors_text,
    graph_snapshot,
    items_sha256,
    shown_title,
)
from pith_builder.core.record import CanonicalRecord
from tests.makers import law, paper, papers, text
from tests.unit.core import reference


def test_no_items_have_the_published_digest():
    assert items_sha256([]) == EMPTY_SNAPSHOT_SHA256 == digest({"payload": []}).hex()
    assert items_sha256([{}]) != EMPTY_SNAPSHOT_SHA256


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("One Title", "One Title"),
        ("  A title\n  that wraps\t", "A title that wraps"),
        ("\u00a0É\u3000X ", "É X"),
    ],
)
def test_a_title_is_shown_on_one_line(raw, shown):
    assert shown_title(raw) == shown


@pytest.mark.parametrize(
    ("raw", "excerpt"),
    [
        ("  One\ntwo.\n", "One two."),
        ("One\n  Two\n   three\n four", "One\n  Two\n   three  four"),
        ("One\n\n  Two", "One \n  Two"),
        ("One  two\tthree", "One  two\tthree"),
        ("x" * 599 + " y", "x" * 599 + " "),
        ("x" * 599 + "\ny", "x" * 599 + " "),
        ("x" * 601, "x" * 600),
        ("😀" * 601, "😀" * 600),
    ],
    ids=lambda written: repr(written[:8]),
)
def test_an_excerpt_undoes_line_wraps_and_keeps_paragraphs(raw, excerpt):
    assert abstract_excerpt(raw) == excerpt
    assert len(excerpt) <= EXCERPT_CHARACTERS


@pytest.mark.parametrize(
    ("raw", "sorted_text"),
    [
        (
            "Michael Blot, David Picard and Matthieu Cord",
            "David Picard, Matthieu Cord, Michael Blot",
        ),
        ("Zoe, and Anna", "Anna, Zoe"),
        ("B, A, B", "A, B"),
        (", ,and, and", ""),
        ("", ""),
        ("Ferdinand Alexander", "Ferdinand Alexander"),
        ("Brand, Sandra and Andy", "Andy, Brand, Sandra"),
        ("O'Neil, O-A, O. B", "O-A, O. B, O'Neil"),
        ("a B, AB, A-b", "A-b, AB, a B"),
        ("The\n  ALICE Collaboration, K.\nAamodt", "K. Aamodt, The ALICE Collaboration"),
        ("{\\'E}mile, Emma", "{\\'E}mile, Emma"),
        ("X (Univ, Paris), Y", "Paris), X (Univ, Y"),
        ("Éa, Ea, Fa", "Ea, Fa, Éa"),
    ],
)
def test_authors_are_sorted_by_their_letters_and_digits(raw, sorted_text):
    assert authors_text(raw) == sorted_text


@law
@given(
    st.lists(st.sampled_from(["A. B", "b-c", "and", ",", "\n ", "Cand", "1", "É"])).map(" ".join)
)
def test_authors_sorted_twice_are_sorted_once(raw):
    once = authors_text(raw)
    assert authors_text(once) == once == reference.authors_text(raw)


@law
@given(text)
def test_any_author_string_is_read_as_the_reference_does(raw):
    assert authors_text(raw) == reference.authors_text(raw)
    assert abstract_excerpt(raw) == reference.excerpt(raw)


@law
@given(st.permutations(["Ann Lee", "Bo", "Cy Doe", "Dee"]))
def test_the_order_of_authors_does_not_matter(authors):
    assert authors_text(", ".join(authors)) == "Ann Lee, Bo, Cy Doe, Dee"


@law
@given(papers)
def test_a_snapshot_is_what_the_reference_says(a_paper):
    record = CanonicalRecord.of(a_paper)
    found = graph_snapshot(a_paper, record, "builder")
    assert found == reference.graph_snapshot(a_paper, record.to_json_object(), "builder")


def test_a_first_snapshot_knows_no_verdict():
    record = CanonicalRecord.of(paper())
    assert graph_snapshot(paper(), record, "builder")["verdict"] == EMPTY_VERDICT
