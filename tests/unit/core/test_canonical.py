import json
import math

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from pith_builder.core.canonical import (
    BundleDigest,
    EventDigest,
    ManifestDigest,
    RecordDigest,
    Sha256,
    canonical_bytes,
    canonical_json,
    canonical_text,
    digest,
    digests_of_lists,
    dump_canonical,
    parse_json,
    sha256,
    sha256_hex,
)
from pith_builder.errors import MalformedError
from tests.makers import jcs_values, json_values, law, plain_values, text
from tests.unit.core import reference

ABC_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def nested(levels):
    return b"[" * levels + b"]" * levels


def test_golden_bytes():
    value = {
        "é": '\u2028\x7f\x1f\t/\\"😀',
        "b": [1, None, True, {}],
        "a": [],
        "\uffff": -1,
        "😀": 2,
    }

    found = canonical_json(value)

    assert found == (
        b'{"a":[],"b":[1,null,true,{}],'
        b'"\xc3\xa9":"\xe2\x80\xa8\x7f\\u001f\\t/\\\\\\"\xf0\x9f\x98\x80",'
        b'"\xef\xbf\xbf":-1,"\xf0\x9f\x98\x80":2}'
    )
    assert digest(value) == sha256(found)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-(2**63), b"-9223372036854775808"),
        (2**64 - 1, b"18446744073709551615"),
        (0.0, b"0.0"),
        (-0.0, b"-0.0"),
        (1e16, b"1e+16"),
        (1e-7, b"1e-07"),
        (123456789012345.6, b"123456789012345.6"),
        (5e-324, b"5e-324"),
        ([1, 1.0], b"[1,1.0]"),
        ({"b": 1.5, "a": "é"}, '{"a":"é","b":1.5}'.encode()),
        ("".join(map(chr, range(10))), rb'"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t"'),
    ],
)
def test_numbers_and_control_characters_are_written_as_python_writes_them(value, written):
    assert canonical_json(value) == written


@law
@given(json_values)
@example({"\uffff": 1, "\U00010000": 2, "\ue000": 3})
def test_canonical_json_is_what_the_registrys_expression_gives(value):
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical_json(value) == expected.encode()


@law
@given(jcs_values)
def test_canonical_json_without_floats_is_rfc8785(value):
    if not beyond_double(value):
        assert canonical_json(value) == rfc8785.dumps(value)


def beyond_double(value):
    """RFC 8785 goes through IEEE doubles, so its own integers end at 2 ** 53."""
    if isinstance(value, list | dict):
        return any(map(beyond_double, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) >= 2**53


@law
@given(json_values)
def test_canonicalising_twice_is_canonicalising_once(value):
    once = canonical_json(value)
    assert parse_json(once) == value
    assert canonical_json(parse_json(once)) == once


@law
@given(jcs_values)
def test_the_fast_writer_writes_what_the_checking_one_writes(value):
    assert dump_canonical(value) == canonical_json(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, "nan has no form"),
        ([math.inf], "inf has no form"),
        ({"a": -math.inf}, "-inf has no form"),
        (2**64, "beyond 64 bits"),
        (-(2**63) - 1, "beyond 64 bits"),
        ([10**400], "beyond 64 bits"),
        ("\ud800", "lone surrogate stands at character 0"),
        ([1.5, "é\udfff"], "lone surrogate stands at character 1"),
        ({"\udc00": 1}, "lone surrogate"),
        ({1: "a"}, "key 1 of an object is no string"),
        ({None: "a"}, "is no string"),
        (b"a", "a bytes has no form"),
        ((1, 2), "a tuple has no form"),
        ({"a": {1, 2}}, "a set has no form"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value, said):
    with pytest.raises(MalformedError, match=said):
        canonical_json(value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON"),
        (b" \n", "not JSON"),
        (b'{"a":1,"a":1}', "the key 'a' stands twice"),
        (b'{"x":1,"a":1,"b":1,"a":2}', "the key 'a' stands twice"),
        (b'[{"b":{"\\u0061":1,"a":2}}]', "the key 'a' stands twice"),
        (b"NaN", "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b"1e999", "too large for a float"),
        (b"-1e999", "too large for a float"),
        (b"18446744073709551616", "beyond 64 bits"),
        (b"-9223372036854775809", "beyond 64 bits"),
        (b"100000000000000000000", "beyond 64 bits"),
        (b"9" * 5000, "an integer of 5000 characters"),
        (b'"\\ud800"', "lone surrogate"),
        (b'{"\\udc00":1}', "lone surrogate"),
        (b'"\\udc00\\ud800"', "lone surrogate"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"\xff", "not UTF-8: invalid start byte at byte 0"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\xc0\xaf"', "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"{} {}", "not JSON: Extra data at line 1 column 4"),
        (b"{}x", "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":1,}', "not JSON"),
        (b"[1,]", "not JSON"),
        (b"01", "not JSON"),
        (b"+1", "not JSON"),
        (b".5", "not JSON"),
        (b"0x10", "not JSON"),
        (b'"\n"', "not JSON"),
        (b"// a\n1", "not JSON"),
        (b"True", "not JSON"),
        (nested(65), "nested deeper than 64 levels"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested deeper than 64 levels"),
        (nested(100_000), "nested deeper than 64 levels"),
        (b"[" * 100_000, "nested deeper|not JSON"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested deeper than 64 levels"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_not_one_canonical_json_text_is_refused(data, said):
    with pytest.raises(MalformedError, match=said):
        parse_json(data)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b" [1 , -0, 1E2, 2.50] \n", [1, 0, 100.0, 2.5]),
        (b'{"b":1,"a":"\\u00e9\\/\\ud83d\\ude00"}', {"a": "é/😀", "b": 1}),
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"1e-999", 0.0),
        (b"null", None),
    ],
)
def test_any_spelling_of_json_is_read(data, value):
    assert parse_json(data) == value


def test_sixty_four_levels_are_read_and_written():
    assert canonical_json(parse_json(nested(64))) == nested(64)


def test_a_cycle_is_refused_as_too_deep():
    cycle = []
    cycle.append(cycle)
    with pytest.raises(MalformedError, match="64 levels"):
        canonical_json(cycle)


@law
@given(st.binary() | text.map(str.encode))
def test_parsing_anything_gives_a_value_or_our_own_error(data):
    try:
        value = parse_json(data)
    except MalformedError:
        return
    assert parse_json(canonical_json(value)) == value


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("  GoSGD:\tGossip \n Exchange  ", "gosgd: gossip exchange"),
        ('On Schr\\"odinger\n  $C(X)$', 'on schr\\"odinger $c(x)$'),
        ("a\u00a0\u2003\u3000\u2028\x85b", "a b"),
        ("zero\u200bwidth", "zero\u200bwidth"),
        ("“Quotes” \u2013 <b>&amp;</b>", "“quotes” \u2013 <b>&amp;</b>"),
        ("É E\u0301", "é e\u0301"),
        ("ΣΑΣ İ Straße", "σας i\u0307 straße"),
        ("", ""),
    ],
)
def test_canonical_text_collapses_white_space_and_lower_cases(raw, canonical):
    assert canonical_text(raw) == canonical


@law
@given(text)
def test_canonical_text_twice_is_once(raw):
    once = canonical_text(raw)
    assert canonical_text(once) == once
    assert canonical_text(f"\n {raw}\t") == once
    assert sha256_hex(once.encode()) == reference.text_sha256(raw)


SPACES = "".join(chr(code) for code in range(0x110000) if chr(code).isspace())
"""Every kind of white space that Python knows, the separators 0x1c to 0x1f among them."""

spaced = st.lists(st.text(st.sampled_from(SPACES)) | st.text("aBcZ09_$\\.", max_size=3) | text)


@law
@given(spaced.map("".join))
def test_canonical_bytes_are_canonical_text_in_utf8(raw):
    assert canonical_bytes(raw) == canonical_text(raw).encode()


@law
@given(st.text(st.characters(max_codepoint=127)) | st.text("\t\n\v\f\r\x1c\x1d\x1e\x1f aB"))
def test_canonical_bytes_of_ascii_are_canonical_text(raw):
    assert canonical_bytes(raw) == canonical_text(raw).encode()


@pytest.mark.parametrize(
    "around", ["{}", "a{}b", " {}", "{} ", "A {} B", "é{}É", "{0}{0}", "a{0} {0}b"]
)
def test_every_character_is_in_canonical_bytes_as_in_canonical_text(around):
    for code in [*range(0xD800), *range(0xE000, 0x11000), *range(0x1D400, 0x1D480)]:
        raw = around.format(chr(code))
        assert canonical_bytes(raw) == canonical_text(raw).encode()


@pytest.mark.parametrize("raw", ["\ud800", "Lone \udfff", " \ud83d \ude00"])
def test_canonical_bytes_of_a_lone_surrogate_are_refused(raw):
    with pytest.raises(MalformedError, match="lone surrogate"):
        canonical_bytes(raw)


@law
@given(st.binary(max_size=3), st.lists(st.lists(plain_values, max_size=4), max_size=5))
def test_the_digests_of_lists_are_of_a_prefix_and_their_canonical_json(prefix, lists):
    assert digests_of_lists(prefix, lists) == [
        sha256(prefix + canonical_json(values)) for values in lists
    ]


def test_every_character_is_canonical_after_one_step():
    everything = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    once = canonical_text(everything)
    assert canonical_text(once) == once


def test_digests_know_what_they_are_of():
    assert sha256(b"abc").hex() == ABC_SHA256 == sha256_hex(b"abc")
    piecewise = Sha256()
    piecewise.update(b"a")
    piecewise.update(b"bc")
    assert piecewise.hexdigest() == ABC_SHA256
    assert not any(hasattr(kind(32), "__dict__") for kind in KINDS)
    assert {kind.__name__: kind.signed_message for kind in KINDS} == {
        "RecordDigest": "canonical_sha256_bytes",
        "EventDigest": "open_graph_event_sha256_bytes",
        "BundleDigest": "bundle_sha256_bytes",
        "ManifestDigest": "manifest_sha256_bytes",
    }


KINDS = (RecordDigest, EventDigest, BundleDigest, ManifestDigest)
