from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.canonical import canonical_json, parse_json
from pith_builder.core.record import CanonicalRecord, sorted_categories
from pith_builder.errors import MalformedError
from tests.makers import (
    canonical_records,
    categories,
    changed,
    law,
    leaves,
    paper,
    papers,
    pointer_of,
)
from tests.unit.core import reference

RECORD = CanonicalRecord.of(paper())
SUBMITTED_AT = datetime(2018, 4, 4, 12, 13, 41, tzinfo=UTC)


def test_golden_bytes():
    assert RECORD.canonical_bytes() == (
        b'{"metadata":{"abstract_canon_sha256":'
        b'"8c3ba4c7231daa8c13daee108253d7e90cc6658cf1659bce092ade0cf4ddeb48",'
        b'"cross_cats_sorted":["stat.ML"],'
        b'"license":"http://arxiv.org/licenses/nonexclusive-distrib/1.0/",'
        b'"primary_cat":"cs.LG","submitted_at":"2018-04-04T12:13:41Z","title_canon_sha256":'
        b'"953e7c4df4a9f665b89106d5a48bf2e9d318415fb1f40e894dc0b3a5636f6dae"},'
        b'"schema_version":"1.0","source":{"id":"1804.01852","kind":"arxiv","version":2}}'
    )
    assert (
        RECORD.digest().hex() == "8920cf4e59d5c28ee0a6abdb0223e794eea25577f99158cebff5b8341c7e1cc1"
    )
    assert str(RECORD.pith_number()) == "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"


@law
@given(canonical_records())
def test_from_json_object_undoes_to_json_object(record):
    assert CanonicalRecord.from_json_object(record.to_json_object()) == record
    assert CanonicalRecord.from_json_object(parse_json(record.canonical_bytes())) == record


@law
@given(canonical_records())
def test_canonical_bytes_are_rfc8785(record):
    assert record.canonical_bytes() == rfc8785.dumps(record.to_json_object())
    assert record.canonical_bytes() == canonical_json(record.to_json_object())
    assert record.digest().hex() == reference.digest(record.to_json_object())


@law
@given(papers)
def test_a_paper_is_canonicalised_as_the_reference_does(a_paper):
    record = CanonicalRecord.of(a_paper)
    assert record.to_json_object() == reference.canonical_record(a_paper)
    assert str(record.pith_number()) == reference.pith_number(record.to_json_object())


@law
@given(st.permutations(["stat.ML", "math.AG", "hep-th", "cs.AI", "stat.ML", "cs.LG"]))
def test_order_and_repetition_of_cross_lists_do_not_matter(crosses):
    record = CanonicalRecord.of(paper(categories=("cs.LG", *crosses)))
    assert record.primary_cat == "cs.LG"
    assert record.cross_cats_sorted == ("cs.AI", "hep-th", "math.AG", "stat.ML")


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "  gosgd:  distributed OPTIMIZATION for\ndeep learning with gossip exchange "},
        {"authors": "Someone Else"},
        {"doi": "10.1000/1", "comments": "12 pages", "is_withdrawn": True},
        {"version_submitted_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"submitted_at": SUBMITTED_AT.astimezone(timezone(timedelta(0), "GMT"))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_must_not_matter_does_not(changes):
    assert CanonicalRecord.of(paper(**changes)).digest() == RECORD.digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"arxiv_id": ArxivId("1804.01853")},
        {"version": 3},
        {"submitted_at": SUBMITTED_AT + timedelta(seconds=1)},
        {"title": "GoSGD"},
        {"abstract": "Another."},
        {"license": ""},
        {"categories": ("stat.ML", "cs.LG")},
        {"categories": ("cs.LG",)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_must_matter_does(changes):
    assert CanonicalRecord.of(paper(**changes)).digest() != RECORD.digest()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source_version": 0}, "counted from 1"),
        ({"title_canon_sha256": "A" * 64}, "not a SHA-256"),
        ({"title_canon_sha256": "a" * 63}, "not a SHA-256"),
        ({"abstract_canon_sha256": "a" * 64 + "\n"}, "not a SHA-256"),
        ({"abstract_canon_sha256": ""}, "not a SHA-256"),
        ({"primary_cat": ""}, "not a category: ''"),
        ({"cross_cats_sorted": ("stat.ML", "cs.AI")}, "not sorted"),
        ({"cross_cats_sorted": ("cs.AI", "cs.AI")}, "each once"),
        ({"cross_cats_sorted": ("cs.LG",)}, "without the primary"),
        ({"submitted_at": SUBMITTED_AT.replace(tzinfo=None)}, "not in UTC"),
        ({"submitted_at": SUBMITTED_AT.replace(microsecond=1)}, "whole seconds"),
    ],
)
def test_no_record_is_made_of_wrong_parts(changes, said):
    with pytest.raises(MalformedError, match=said):
        replace(RECORD, **changes)


@pytest.mark.parametrize("field", ["title", "abstract"])
def test_text_that_utf8_cannot_write_is_malformed(field):
    with pytest.raises(MalformedError, match="a lone surrogate in title or abstract"):
        CanonicalRecord.of(paper(**{field: "lone \ud800"}))


STANDING = RECORD.to_json_object()


@pytest.mark.parametrize(
    "value", [None, 1, "x", [], {}, {"source": {}}, {"metadata": {}}, [STANDING]]
)
def test_what_is_no_canonical_record_is_malformed(value):
    with pytest.raises(MalformedError):
        CanonicalRecord.from_json_object(value)


@pytest.mark.parametrize("path", [path for path, _ in leaves(STANDING)], ids=pointer_of)
def test_a_record_with_a_part_of_the_wrong_type_is_malformed(path):
    for value in (None, 2.5, True, {}, ["x", 1]):
        with pytest.raises(MalformedError):
            CanonicalRecord.from_json_object(changed(STANDING, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), "1.1"),
        (("source", "kind"), "hal"),
        (("source", "id"), "1804.01852v2"),
        (("source", "id"), "math.GT/0309136"),
        (("source", "note"), "more"),
        (("metadata", "note"), "more"),
        (("note",), "more"),
        (("metadata", "submitted_at"), "2018-04-04T12:13:41+00:00"),
        (("metadata", "cross_cats_sorted"), "stat.ML"),
        (("metadata", "cross_cats_sorted"), {"stat.ML": 1}),
    ],
)
def test_a_record_that_says_more_or_otherwise_is_malformed(path, value):
    with pytest.raises(MalformedError):
        CanonicalRecord.from_json_object(changed(STANDING, path, value))


@law
@given(st.lists(categories))
def test_categories_sort_by_bytes_each_once(found):
    assert sorted_categories(found) == tuple(sorted(set(found), key=str.encode))
