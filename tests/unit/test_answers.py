import csv
import io
import json

import pytest

from pith_builder.answers import write_answer
from pith_builder.lake.query import ask, connect

EVERYTHING = """
    select 7 as whole, -1.5::double as real, 1.50::decimal(9, 2) as money, true as yes,
        'é, "x"' as text, '[red]x[/red]' as markup, null as nothing, '\\xff'::blob as bytes,
        timestamptz '2026-11-20 14:17:09.5+00' as instant, date '2026-11-20' as day,
        ['a', 'b'] as list, {'a': [1, null]} as struct, map {'k': 1} as map,
        interval 1 hour as span, uuid '00000000-0000-0000-0000-000000000001' as id,
        9007199254740993::hugeint as huge
"""


@pytest.fixture(scope="module")
def connection(lake_of_two):
    return connect(lake_of_two)


def written(connection, query, form):
    out = io.StringIO()
    write_answer(ask(connection, query), form, out)
    return out.getvalue()


WANTED = {
    "whole": 7,
    "real": -1.5,
    "money": "1.50",
    "yes": True,
    "text": 'é, "x"',
    "markup": "[red]x[/red]",
    "nothing": None,
    "bytes": "ff",
    "instant": "2026-11-20T14:17:09.500000Z",
    "day": "2026-11-20",
    "list": ["a", "b"],
    "struct": {"a": [1, None]},
    "map": {"k": 1},
    "span": "1:00:00",
    "id": "00000000-0000-0000-0000-000000000001",
    "huge": 9007199254740993,
}


def test_json_says_every_type(connection):
    assert json.loads(written(connection, EVERYTHING, "json")) == [WANTED]
    assert json.loads(written(connection, EVERYTHING, "jsonl")) == WANTED


def test_json_lines_are_one_object_a_line_in_the_order_of_the_columns(connection):
    lines = written(connection, "select range as b, 'x' as a from range(3)", "jsonl").splitlines()

    assert lines == [f'{{"b": {number}, "a": "x"}}' for number in range(3)]


@pytest.mark.parametrize("count", [0, 1, 2, 2500])
def test_json_is_one_list_of_any_length(connection, count):
    found = json.loads(written(connection, f"select range as n from range({count})", "json"))  # noqa: S608

    assert found == [{"n": number} for number in range(count)]


def test_csv_has_a_header_and_quotes_what_needs_it(connection):
    text = written(connection, EVERYTHING, "csv")
    header, row = csv.reader(io.StringIO(text))

    assert header == list(WANTED)
    assert row == [
        "7",
        "-1.5",
        "1.50",
        "true",
        'é, "x"',
        "[red]x[/red]",
        "",
        "ff",
        "2026-11-20T14:17:09.500000Z",
        "2026-11-20",
        '["a", "b"]',
        '{"a": [1, null]}',
        '{"k": 1}',
        "1:00:00",
        "00000000-0000-0000-0000-000000000001",
        "9007199254740993",
    ]
    assert "\r" not in text


def test_a_table_shows_every_cell_as_it_is(connection):
    text = written(connection, "select '[red]x[/red]' as a, 7 as number, null as b", "table")

    assert "[red]x[/red]" in text
    assert [word for word in ("a", "number", "b", "7") if word not in text] == []
    assert "\x1b" not in text


def test_a_table_of_no_rows_still_names_its_columns(connection):
    assert "title" in written(connection, "select title from records where false", "table")
