import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.canonical import dump_canonical
from pith_builder.core.template import Template
from tests.makers import law, text

GAPS = {"name": b'"Specimen"', "number": b"70001", "digest": b"0123abcd"}


def specimen(name, number, digest):
    """Return a document that says one thing three times and another within a string."""
    return dump_canonical(
        {
            "a": name,
            "b": [number, {"name": name}],
            "c": f"sha256:{digest}",
            "d": digest,
            "e": name,
            "f": "the same in all",
        }
    )


def columns(rows):
    """Return what each row says, as a template wants it."""
    names, numbers, digests = zip(*rows, strict=True)
    return {
        "name": list(map(dump_canonical, names)),
        "number": [b"%d" % number for number in numbers],
        "digest": [digest.encode() for digest in digests],
    }


digests = st.binary(min_size=4, max_size=4).map(bytes.hex)
rows = st.lists(st.tuples(text, st.integers(0, 2**63), digests), min_size=1, max_size=9)


@law
@given(rows)
def test_filling_is_serialising_whatever_is_said(some_rows):
    template = Template(specimen("Specimen", 70001, "0123abcd"), GAPS)

    assert template.fill(columns(some_rows)) == [specimen(*row) for row in some_rows]


@law
@given(rows)
def test_what_a_document_says_in_the_gaps_is_what_it_was_filled_with(some_rows):
    template = Template(specimen("Specimen", 70001, "0123abcd"), GAPS)

    for name, number, digest in some_rows:
        said = {"name": dump_canonical(name), "number": b"%d" % number, "digest": digest.encode()}
        assert template.said_in(template.filled(said)) == said


@pytest.mark.parametrize("other", [b"", b"[]", b'{"a":"Specimen"}', b'{"a":"x","b":[1'])
def test_what_no_template_made_says_nothing_in_its_gaps(other):
    with pytest.raises(ValueError, match="not found"):
        Template(specimen("Specimen", 70001, "0123abcd"), GAPS).said_in(other)


def test_a_specimen_filled_with_its_own_words_is_itself():
    whole = specimen("Specimen", 70001, "0123abcd")

    assert Template(whole, GAPS).fill({name: [said] for name, said in GAPS.items()}) == [whole]


def test_the_longest_text_is_cut_first_in_whatever_order_gaps_are_named():
    gaps = {"short": b"ABCD", "long": b"ABCDEFGH", "longest": b"ABCDEFGHIJKL"}
    said = {"short": [b"<1>"], "long": [b"<2>"], "longest": [b"<3>"]}
    whole = b"ABCDEFGHIJKL ABCD ABCDEFGH ABCDE ABCDEFGHABCD"

    for names in (list(gaps), list(gaps)[::-1]):
        template = Template(whole, {name: gaps[name] for name in names})
        assert template.fill(said) == [b"<3> <1> <2> <1>E <2><1>"]


def test_what_is_put_into_a_gap_is_not_cut_again():
    template = Template(b"[alpha,beta]", {"one": b"alpha", "other": b"beta"})

    assert template.fill({"one": [b"beta", b"one"], "other": [b"alpha", b"other"]}) == [
        b"[beta,alpha]",
        b"[one,other]",
    ]


@pytest.mark.parametrize("whole", [b"alpha", b"alphaalpha", b" alpha", b"alpha ", b"alpha,alpha"])
def test_gaps_may_stand_anywhere(whole):
    filled = Template(whole, {"gap": b"alpha"}).fill({"gap": [b"", b"x", b"alpha"]})

    assert filled == [whole.replace(b"alpha", said) for said in (b"", b"x", b"alpha")]


def test_a_gap_that_is_nowhere_need_not_be_filled():
    assert Template(b"[1]", {"one": b"1", "other": b"2"}).fill({"one": [b"7"]}) == [b"[7]"]


def test_a_gap_that_is_not_filled_is_an_error():
    with pytest.raises(KeyError, match="one"):
        Template(b"[1]", {"one": b"1"}).fill({})


def test_no_rows_make_no_documents():
    assert Template(b"[1]", {"one": b"1"}).fill({"one": []}) == []


def test_what_is_filled_in_is_json_as_it_stands():
    filled = Template(b'{"a":"gap"}', {"gap": b'"gap"'}).fill({"gap": [b"null", b"[1]"]})

    assert [json.loads(document) for document in filled] == [{"a": None}, {"a": [1]}]
