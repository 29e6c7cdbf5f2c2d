"""JSON from strangers: the public suites through every door, and what matters of them here.

FORMAT.md 1 says what is refused: what is no JSON (RFC 8259), duplicate keys, NaN and infinities,
integers beyond 64 bits, lone surrogates, and more than 64 levels. Every door of the package that
takes JSON is a target of `tests/fuzz`; each must end in a value or in one of our own errors.
"""

import json
from contextlib import suppress

import pytest

from pith_builder.core.canonical import MAX_DEPTH, canonical_json, parse_json
from pith_builder.errors import MalformedError
from pith_builder.sources.snapshot import Reason, RejectedLineError, read_line
from tests.fuzz.targets import targets
from tests.lakes import line
from tests.makers import SHARED, needs_shared

VECTORS = SHARED / "vectors"
REFUSED_THOUGH_VALID = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}
"""RFC 8259 lets a parser take these; FORMAT.md 1 refuses a key that stands twice."""

DOORS = (
    *("JSON documents", "snapshot lines", "manifests", "public-key files", "private-key files"),
    *("merge input", "documents to verify", "raw metadata", "kept answers"),
)


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    table = targets(tmp_path_factory.mktemp("doors"))
    return {name: table[name].run for name in DOORS}


@pytest.fixture(scope="module")
def suite():
    files = sorted((VECTORS / "json_test_suite").glob("*.json"))
    assert len(files) == 318
    return {file.name: file.read_bytes() for file in files}


def is_read(data):
    try:
        value = parse_json(data)
    except MalformedError:
        return False
    assert parse_json(canonical_json(value)) == value
    return True


@needs_shared
def test_all_318_cases_are_read_or_refused_as_they_must_be(suite):
    read = {name: is_read(data) for name, data in suite.items()}
    must, must_not, either = ({n for n in read if n[:2] == kind} for kind in ("y_", "n_", "i_"))
    assert (len(must), len(must_not), len(either)) == (95, 188, 35)
    assert {name for name in must_not if read[name]} == set()
    assert {name for name in must if not read[name]} == REFUSED_THOUGH_VALID
    assert {name for name in either if read[name]} == {
        "i_number_double_huge_neg_exp.json",
        "i_number_real_underflow.json",
    }


@needs_shared
@pytest.mark.parametrize("door", DOORS)
def test_no_case_brings_down_any_door(doors, suite, door):
    for data in suite.values():
        doors[door](data)
        doors[door](b'{"pith_number":' + data + b"}")


@needs_shared
def test_a_case_that_must_be_refused_makes_no_paper(suite):
    """Wherever it stands in a line, and however jiter would have it."""
    template = line(more="MARK")
    for name, data in suite.items():
        is_due = name.startswith("n_")
        if is_due and is_read(b"[" + data + b"]"):
            continue  # what is cut short by itself may be whole inside another text
        with pytest.raises(RejectedLineError) if is_due else suppress(RejectedLineError):
            read_line(template.replace(b'"MARK"', data))


WITH_FLOATS = {"structures": ('"\\n":56,', '"\\n":56.0,')}
"""RFC 8785 writes a float as ECMAScript does, FORMAT.md 1 as Python does."""

CODE_POINTS_DIFFER = {"weird"}
"""RFC 8785 sorts keys by UTF-16 code units, FORMAT.md 1 by code points."""


@needs_shared
@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_jcs(name):
    folder = VECTORS / "jcs"
    output = (folder / "output" / f"{name}.json").read_text(encoding="utf-8")
    outhex = "".join((folder / "outhex" / f"{name}.txt").read_text(encoding="ascii").split())
    assert bytes.fromhex(outhex).decode() == output
    ecmascript, python = WITH_FLOATS.get(name, ("", ""))
    assert ecmascript in output

    found = canonical_json(parse_json((folder / "input" / f"{name}.json").read_bytes())).decode()

    expected = output.replace(ecmascript, python) if ecmascript else output
    if name in CODE_POINTS_DIFFER:
        assert found != expected
        assert json.loads(found) == json.loads(expected)
    else:
        assert found == expected


# --- Our own cases -----------------------------------------------------------------------------


def nested(levels, opening=b"[", closing=b"]"):
    return opening * levels + closing * levels


READ = {
    "the deepest": nested(MAX_DEPTH),
    "the deepest object": b'{"a":' * 63 + b"{}" + b"}" * 63,
    "the least integer": b"-9223372036854775808",
    "the greatest integer": b"18446744073709551615",
    "minus nothing": b"-0",
    "a float that is nothing": b"1e-999",
    "the greatest float": b"1.7976931348623157e308",
    "many digits": b"0." + b"1" * 5_000,
    "a pair of surrogates": b'"\\ud83d\\ude00"',
    "a NUL, escaped": b'"a\\u0000b"',
    "keys that differ in case": b'{"a":1,"A":2}',
    "keys that differ in normal form": '{"é":1,"e\u0301":2}'.encode(),
    "an empty key": b'{"":1}',
    "noncharacters": b'"\\uffff\xef\xbf\xbe"',
    "white space all about": b" \t\r\n[ 1 ,\n2 ] \r",
}
REFUSED = {
    "one level too deep": nested(MAX_DEPTH + 1),
    "objects one level too deep": b'{"a":' * 64 + b"{}" + b"}" * 64,
    "a hundred thousand levels": nested(100_000),
    "a hundred thousand levels, not closed": b"[" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000,
    "one less than the least integer": b"-9223372036854775809",
    "one more than the greatest integer": b"18446744073709551616",
    "an integer of a million digits": b"9" * 1_000_000,
    "a float of a million digits": b"9" * 1_000_000 + b".5",
    "a float too large": b"1e309",
    "a float too small": b"-1e309",
    "an exponent of a million digits": b"1e" + b"9" * 1_000_000,
    "NaN": b"NaN",
    "an infinity": b"-Infinity",
    "a key twice": b'{"a":1,"b":2,"a":1}',
    "a key twice, once escaped": b'{"a":1,"\\u0061":1}',
    "a key twice, far below": b'[[{"b":{"a":1,"a":1}}]]',
    "an empty key twice": b'{"":1,"":1}',
    "a key twice beside __proto__": b'{"__proto__":1,"__proto__":1}',
    "a lone high surrogate": b'"\\ud800"',
    "a lone low surrogate": b'"\\udc00"',
    "surrogates the wrong way round": b'"\\udc00\\ud800"',
    "a lone surrogate in a key": b'{"\\ud800":1}',
    "surrogates in UTF-8": b'"\xed\xa0\x80\xed\xb0\x80"',
    "an overlong slash": b'"\xc0\xaf"',
    "an overlong NUL": b'"\xc0\x80"',
    "an overlong letter": b'"\xe0\x81\xa1"',
    "a code point beyond Unicode": b'"\xf4\x90\x80\x80"',
    "a byte that UTF-8 has not": b'"\xff"',
    "a text cut in a letter": b'"\xe2\x82',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "UTF-32": '{"a":1}'.encode("utf-32"),
    "a NUL": b'"a\x00b"',
    "a NUL after": b"{}\x00",
    "a NUL before": b"\x00{}",
    "a newline in a text": b'"\n"',
    "a tab in a text": b'"\t"',
    "no text at all": b"",
    "white space alone": b" \n ",
    "white space that JSON has not": "\u00a0{}".encode(),
    "two texts": b"{} {}",
    "a comma too many": b"[1,]",
    "a comment": b"/* a */ {}",
    "single quotes": b"{'a':1}",
    "a leading zero": b"01",
    "a plus": b"+1",
    "no digit before the point": b".5",
    "no digit after the point": b"5.",
    "a hexadecimal": b"0x1",
    "digits of another script": "\u0661".encode(),
    "an underscore in a number": b"1_000",
    "Python's None": b"None",
}


@pytest.mark.parametrize("name", READ)
def test_what_has_a_canonical_form_is_read(name):
    assert is_read(READ[name])


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_none_is_refused_in_one_short_line(name):
    with pytest.raises(MalformedError) as refused:
        parse_json(REFUSED[name])
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("door", DOORS)
def test_none_of_ours_brings_down_any_door(doors, door):
    for data in (*READ.values(), *REFUSED.values()):
        doors[door](data)
        doors[door](b'{"event_type":"a","subject_pith_number":' + data + b"}")


@pytest.mark.parametrize("name", [name for name in REFUSED if "text" not in name])
def test_a_line_that_holds_it_makes_no_paper(name):
    if b"\n" in REFUSED[name]:
        return
    with pytest.raises(RejectedLineError) as refused:
        read_line(line(more="MARK").replace(b'"MARK"', REFUSED[name]))
    assert refused.value.reason in (Reason.NOT_JSON, Reason.DUPLICATE_KEY)
