import re

import pytest

from pith_builder.core.canonical import canonical_json, dump_canonical
from pith_builder.core.form import (
    AnyObject,
    AnyValue,
    Boolean,
    Const,
    Integer,
    ListOf,
    MapOf,
    Nullable,
    ObjectOf,
    Read,
    Text,
)
from pith_builder.core.number import PithNumber
from pith_builder.core.report import Code

EVERYTHING = (None, True, 0, 1, 1.0, "", "a", [], [1], {}, {"a": 1})
WORD = Text(re.compile("[a-z]+"), "a word")
PAIR = ObjectOf({"a": Integer(), "b": WORD}, frozenset({"b"}))


ACCEPTED = [
    (Const(1), (1,)),
    (Const("a"), ("a",)),
    (Const(wanted=True), (True,)),
    (Text(), ("", "a")),
    (WORD, ("a",)),
    (Read(PithNumber.parse), ()),
    (Integer(), (0, 1)),
    (Integer(1), (1,)),
    (Boolean(), (True,)),
    (Nullable(Integer(1)), (None, 1)),
    (ListOf(Integer()), ([], [1])),
    (ListOf(WORD), ([],)),
    (PAIR, ({"a": 1},)),
    (MapOf(Integer()), ({}, {"a": 1})),
    (MapOf(WORD), ({},)),
    (AnyObject(), ({}, {"a": 1})),
    (AnyValue(), EVERYTHING),
]
"""Forms, and which of `EVERYTHING` each accepts."""


@pytest.mark.parametrize(("form", "accepted"), ACCEPTED, ids=repr)
def test_a_form_accepts_these_values_alone(form, accepted):
    found = [value for value in EVERYTHING if not list(form.failures(value, ""))]
    assert repr(found) == repr(list(accepted))


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (Const(1), 2, ("/x", Code.WRONG_VALUE, "found 2, wanted 1")),
        (Const(1), True, ("/x", Code.WRONG_VALUE, "found True, wanted 1")),
        (WORD, "A", ("/x", Code.WRONG_VALUE, "found 'A', wanted a word")),
        (WORD, "a\n", ("/x", Code.WRONG_VALUE, "found 'a\\n', wanted a word")),
        (WORD, 1, ("/x", Code.WRONG_TYPE, "found 1, wanted a string")),
        (Read(PithNumber.parse), 1, ("/x", Code.WRONG_TYPE, "found 1, wanted a string")),
        (
            Read(PithNumber.parse),
            "a",
            (
                "/x",
                Code.WRONG_VALUE,
                "not a Pith Number: 'a' (wanted: pith:YYYY: and 26 of A-Z, 2-7)",
            ),
        ),
        (Integer(1), 0, ("/x", Code.WRONG_VALUE, "found 0, wanted at least 1")),
        (Integer(), True, ("/x", Code.WRONG_TYPE, "found True, wanted an integer")),
        (Boolean(), 1, ("/x", Code.WRONG_TYPE, "found 1, wanted true or false")),
        (Nullable(WORD), 1, ("/x", Code.WRONG_TYPE, "found 1, wanted a string")),
        (ListOf(WORD), {}, ("/x", Code.WRONG_TYPE, "found {}, wanted a list")),
        (ListOf(WORD), ["a", 1], ("/x/1", Code.WRONG_TYPE, "found 1, wanted a string")),
        (PAIR, [], ("/x", Code.WRONG_TYPE, "found [], wanted an object")),
        (PAIR, {}, ("/x/a", Code.MISSING_FIELD, "is missing")),
        (PAIR, {"a": 1, "b": 1}, ("/x/b", Code.WRONG_TYPE, "found 1, wanted a string")),
        (
            PAIR,
            {"a": 1, "c/d": 1},
            ("/x/c~1d", Code.UNKNOWN_FIELD, "is no field of this object"),
        ),
        (MapOf(WORD), [], ("/x", Code.WRONG_TYPE, "found [], wanted an object")),
        (MapOf(WORD), {"k": 1}, ("/x/k", Code.WRONG_TYPE, "found 1, wanted a string")),
        (AnyObject(), [], ("/x", Code.WRONG_TYPE, "found [], wanted an object")),
    ],
    ids=repr,
)
def test_a_failure_says_where_and_what_was_wanted(form, value, expected):
    (failure,) = form.failures(value, "/x")
    assert (failure.path, failure.code, failure.message) == expected


def test_every_failure_is_reported():
    found = [failure.path for failure in PAIR.failures({"b": 1, "d": 1, "c": 1}, "")]
    assert found == ["/a", "/b", "/c", "/d"]


TOO_DEEP = None
for _ in range(33):
    TOO_DEEP = [TOO_DEEP]
ODD = (
    *EVERYTHING,
    TOO_DEEP,
    {"a": TOO_DEEP},
    [1.0],
    {"a": 1.0},
    {"a": 1, "b": "b"},
    {"a": 1, "c": 1},
    {"b": "b"},
    "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST",
    "a" * 100,
    "a\n",
    float("nan"),
    (1,),
)


@pytest.mark.parametrize(("form", "accepted"), ACCEPTED, ids=repr)
def test_what_is_quickly_told_is_so_and_plain(form, accepted):
    del accepted
    is_quickly = form.quick()
    for value in ODD:
        if is_quickly(value):
            assert list(form.failures(value, "")) == []
            assert dump_canonical(value) == canonical_json(value)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (Const("a"), "a"),
        (WORD, "a"),
        (Text(), ""),
        (Read(PithNumber.parse), "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"),
        (Read(str, re.compile("a*"), is_exact=True), "a" * 100),
        (Read(str), "a" * 100),
        (Integer(1), 1),
        (Boolean(), False),
        (Nullable(WORD), None),
        (Nullable(WORD), "a"),
        (ListOf(WORD), ["a", "b"]),
        (ObjectOf({"a": Integer()}), {"a": 1}),
        (MapOf(WORD), {"x": "a"}),
        (AnyObject(), {"a": [1, {"b": None}]}),
        (AnyValue(), None),
        (AnyValue(), [1]),
    ],
    ids=repr,
)
def test_most_sound_values_are_quickly_told(form, value):
    assert form.quick()(value)
