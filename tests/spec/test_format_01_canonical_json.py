"""FORMAT.md 1: canonical JSON."""

import json

import pytest

from pith_builder.core.canonical import canonical_json, digest, parse_json
from pith_builder.errors import MalformedError
from tests.makers import BUNDLE, DOCUMENTS, RECORDS, STATES, document

PUBLISHED = (BUNDLE, *STATES, *RECORDS)


def the_registrys_own_check(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_document_is_written_as_the_registrys_expression_writes_it(name):
    assert canonical_json(document(name)) == the_registrys_own_check(document(name))
    assert parse_json((DOCUMENTS / name).read_bytes()) == document(name)


def test_keys_are_sorted_by_code_point():
    value = {"\U0001f600": 1, "\uffff": 2, "é": 3, "e": 4, "Z": 5, "": 6, "10": 7, "2": 8}
    assert list(json.loads(canonical_json(value))) == [
        *("", "10", "2", "Z", "e", "é", "\uffff", "\U0001f600"),
    ]


def test_there_is_no_white_space():
    assert canonical_json({"b": [1, 2], "a": {}}) == b'{"a":{},"b":[1,2]}'


def test_text_beyond_ascii_and_the_slash_are_not_escaped():
    assert canonical_json("é/ \u2028 \U0001f600") == '"é/ \u2028 \U0001f600"'.encode()


def test_the_digest_is_sha256_over_it_in_lower_case():
    assert digest({"payload": []}).hex() == (
        "258153158e38e3291e3d48162225fcdb2d5a3ed65a07baac614ab91432fd4f57"
    )


def test_a_foreign_float_keeps_pythons_form():
    assert canonical_json(parse_json(b"[1.50, 1e16, 0.1, -0.0, 1E-7]")) == (
        b"[1.5,1e+16,0.1,-0.0,1e-07]"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"18446744073709551616",
        b"-9223372036854775809",
        b'{"a":1,"a":2}',
        b'"\\ud83d"',
        b"[" * 65 + b"]" * 65,
    ],
    ids=lambda data: data[:24].decode(),
)
def test_what_is_refused_is_refused_with_a_clear_error(data):
    with pytest.raises(MalformedError, match=r"\w+ \w+"):
        parse_json(data)


def test_sixty_four_levels_and_sixty_four_bits_are_not_beyond():
    for data in (b"[" * 64 + b"]" * 64, b"18446744073709551615", b"-9223372036854775808"):
        assert canonical_json(parse_json(data)) == data
