import pytest
from hypothesis import given

from pith_builder.core.report import Code, Failure, Report, differences, pointer, shown
from pith_builder.errors import VerificationError
from tests.makers import json_values, law

FAILURE = Failure("/a", Code.WRONG_VALUE, "found 1, wanted 2")


def test_a_report_without_failures_gives_its_name():
    assert Report("bundle", "pith:1", ()).verified() == "pith:1"


def test_a_report_with_failures_cannot_be_taken_for_a_pass():
    report = Report("bundle", "pith:1", (FAILURE, FAILURE))
    said = r"bundle pith:1: 2 failures, the first at /a: wrong_value: found 1, wanted 2"
    with pytest.raises(VerificationError, match=said):
        report.verified()
    with pytest.raises(VerificationError, match="the first at /: wrong_value"):
        Report("unknown", "", (Failure("", Code.WRONG_VALUE, ""),)).verified()


def test_a_report_for_machines():
    assert Report("event", "e", (FAILURE,)).to_json_object() == {
        "kind": "event",
        "name": "e",
        "ok": False,
        "failures": [{"path": "/a", "code": "wrong_value", "message": "found 1, wanted 2"}],
    }
    assert Report("event", "e", ()).to_json_object()["ok"] is True


@pytest.mark.parametrize(
    ("parts", "written"),
    [((), ""), (("a", 0), "/a/0"), (("a/b", "m~n"), "/a~1b/m~0n"), (("~1", ""), "/~01/")],
)
def test_pointers_are_rfc6901(parts, written):
    assert pointer(*parts) == written


def found_differences(found, wanted):
    return [
        (failure.path, failure.message)
        for failure in differences(found, wanted, "/x", Code.DISAGREEMENT, "the rule")
    ]


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        (1, 1, []),
        (1, 2, [("/x", "found 1, by the rule it is 2")]),
        (1, True, [("/x", "found 1, by the rule it is True")]),
        (1, 1.0, [("/x", "found 1, by the rule it is 1.0")]),
        (None, {}, [("/x", "found None, by the rule it is {}")]),
        ([1, 2], [1, 3], [("/x/1", "found 2, by the rule it is 3")]),
        ([1], [1, 2], [("/x", "found [1], by the rule it is [1, 2]")]),
        ({"b": 1}, {"b": 1}, []),
        ({"b": 1}, {}, [("/x/b", "stands here, but not in the rule")]),
        ({}, {"b": 1}, [("/x/b", "is missing, but stands in the rule")]),
        (
            {"b": [{"c": 1}], "a": 0},
            {"b": [{"c": 2}], "d": 0},
            [
                ("/x/a", "stands here, but not in the rule"),
                ("/x/b/0/c", "found 1, by the rule it is 2"),
                ("/x/d", "is missing, but stands in the rule"),
            ],
        ),
    ],
)
def test_differences_name_the_smallest_parts(found, wanted, expected):
    assert found_differences(found, wanted) == expected


@law
@given(json_values, json_values)
def test_nothing_differs_from_itself_and_all_else_does(one, other):
    assert found_differences(one, one) == []
    assert bool(found_differences(one, other)) == (repr_typed(one) != repr_typed(other))


def repr_typed(value):
    """Tell 1, 1.0 and True apart, but neither 0.0 and -0.0 nor orders of keys."""
    if isinstance(value, dict):
        return {key: repr_typed(member) for key, member in value.items()}
    if isinstance(value, list):
        return [repr_typed(member) for member in value]
    return type(value).__name__, value


def test_a_message_shows_no_more_than_100_characters():
    assert shown("x" * 98) == repr("x" * 98)
    assert shown("x" * 99) == "'" + "x" * 96 + "..."
