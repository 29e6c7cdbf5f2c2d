import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

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
from pith_builder.core.schema import json_schema
from tests.makers import jcs_values, law

WORD = Text(re.compile(r"[a-z]+"), "letters")
POINT = ObjectOf({"x": Integer(), "y": Nullable(Integer(-5)), "name": WORD}, frozenset({"name"}))
FORMS = [
    Const("v1"),
    Const(wanted=True),
    Text(),
    WORD,
    Read(int, re.compile(r"\d+")),
    Read(int),
    Integer(3),
    Boolean(),
    Nullable(WORD),
    ListOf(Integer()),
    MapOf(Boolean()),
    AnyObject(),
    AnyValue(),
    POINT,
]
LIKELY = st.sampled_from(
    [
        "v1",
        True,
        "word",
        "12",
        -5,
        3,
        None,
        [1, 2],
        {"a": True},
        {},
        {"x": 1, "y": -5},
        {"x": 1, "y": None, "name": "word"},
        {"x": 1, "y": None, "name": "WORD"},
        {"x": 1},
        {"x": 1, "y": 2, "z": 3},
    ]
)


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_a_form_s_schema_is_a_schema(form):
    Draft202012Validator.check_schema(json_schema(form, {}))


@pytest.mark.parametrize("form", [form for form in FORMS if not isinstance(form, Read)], ids=repr)
@given(value=LIKELY | jcs_values)
@law
def test_a_schema_accepts_what_its_form_accepts_and_no_more(form, value):
    accepts = not any(form.failures(value, ""))
    assert Draft202012Validator(json_schema(form, {})).is_valid(value) == accepts


def test_a_schema_s_integers_may_be_written_1_0_and_a_form_s_may_not():
    assert Draft202012Validator(json_schema(Integer(), {})).is_valid(1.0)
    assert list(Integer().failures(1.0, ""))


@pytest.mark.parametrize(("value", "holds"), [("12", True), ("", False), ("1x", False), (1, False)])
def test_of_a_parser_the_schema_says_what_its_texts_look_like(value, holds):
    schema = json_schema(Read(int, re.compile(r"\d+")), {})

    assert Draft202012Validator(schema).is_valid(value) is holds


def test_shared_forms_are_written_once_and_only_where_they_are_used():
    form = ObjectOf({"from": POINT, "to": POINT, "by": WORD})
    schema = json_schema(form, {"point": POINT, "word": WORD, "unused": FORMS[0]})

    assert schema["properties"] == {
        "from": {"$ref": "#/$defs/point"},
        "to": {"$ref": "#/$defs/point"},
        "by": {"$ref": "#/$defs/word"},
    }
    assert list(schema["$defs"]) == ["point", "word"]
    assert schema["$defs"]["point"]["properties"]["name"] == {"$ref": "#/$defs/word"}
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"from": {"x": 1, "y": 2}, "to": {"x": 1, "y": 2}, "by": "foot"})
    assert not validator.is_valid({"from": {"x": 1}, "to": {"x": 1, "y": 2}, "by": "foot"})


def test_a_form_without_a_schema_is_an_error():
    with pytest.raises(TypeError, match="no schema is defined of object"):
        json_schema(object(), {})
