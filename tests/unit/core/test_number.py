from base64 import b32encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pith_builder.core.canonical import RecordDigest
from pith_builder.core.number import (
    SHORT_LENGTHS,
    SUFFIX_LENGTH,
    PithNumber,
    base32,
    suffix_of,
)
from pith_builder.errors import MalformedError
from tests.makers import law, text

PUBLISHED = "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"
DIGEST = "8920cf4e59d5c28ee0a6abdb0223e794eea25577f99158cebff5b8341c7e1cc1"

numbers = st.builds(
    PithNumber.of, st.binary(min_size=32, max_size=32).map(RecordDigest), st.integers(0, 9999)
)


def test_the_published_digest_has_the_published_number():
    number = PithNumber.of(RecordDigest.fromhex(DIGEST), 2018)

    assert str(number) == PUBLISHED
    assert number.short() == "pith:REQM6TSZ"
    assert number == PithNumber(2018, "REQM6TSZ2XBI5YFGVPNQEI7HST")
    assert (SUFFIX_LENGTH, SHORT_LENGTHS) == (26, (8, 12, 16))


@law
@given(numbers)
def test_parse_undoes_str(number):
    assert PithNumber.parse(str(number)) == number


@law
@given(st.binary(min_size=32, max_size=32), st.integers(0, 129))
def test_each_of_the_first_130_bits_matters_and_no_other(data, bit):
    flipped = bytearray(data)
    flipped[bit // 8] ^= 0x80 >> bit % 8
    assert PithNumber.of(RecordDigest(flipped), 2018) != PithNumber.of(RecordDigest(data), 2018)
    tail = data[:16] + bytes([data[16] ^ 0x3F]) + bytes(15)
    assert PithNumber.of(RecordDigest(tail), 2018) == PithNumber.of(RecordDigest(data), 2018)


@law
@given(st.binary(min_size=32, max_size=32))
@example(bytes(32))
@example(b"\xff" * 32)
@example(bytes(16) + b"\x3f" + bytes(15))
@example(bytes(16) + b"\x40" + bytes(15))
def test_a_suffix_is_the_first_26_characters_of_the_standard_librarys_base32(data):
    assert suffix_of(RecordDigest(data)) == b32encode(data).decode()[:26]


@pytest.mark.parametrize(
    ("data", "written"),
    [(b"", ""), (b"f", "MY"), (b"foobar", "MZXW6YTBOI"), (b"\x00\xff", "AD7Q")],
)
def test_base32_is_rfc4648_without_padding(data, written):
    assert base32(data) == written


@pytest.mark.parametrize(
    "written",
    [
        "",
        "pith:",
        "pith:2018",
        "pith:2018:",
        "REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:REQM6TSZ",
        "pith:2018:REQM6TSZ",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HS",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HSTA",
        "pith:2018:reqm6tsz2xbi5yfgvpnqei7hst",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HS0",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HS1",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HS8",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HS9",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HS=",
        "PITH:2018:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:18:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:02018:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:-018:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:٢٠١٨:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST\n",
        " pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:2018/REQM6TSZ2XBI5YFGVPNQEI7HST",
        "pith:2018:REQM6TSZ 2XBI5YFGVPNQEI7HST",
    ],
)
def test_what_is_no_pith_number_is_refused(written):
    with pytest.raises(MalformedError, match="not a Pith Number"):
        PithNumber.parse(written)


@pytest.mark.parametrize(
    ("year", "suffix"),
    [
        (-1, PUBLISHED[-26:]),
        (10000, PUBLISHED[-26:]),
        (2018, "REQM"),
        (2018, PUBLISHED[-26:] + "\n"),
    ],
)
def test_no_number_is_made_of_a_wrong_year_or_suffix(year, suffix):
    with pytest.raises(MalformedError, match="not a Pith Number"):
        PithNumber(year, suffix)


@law
@given(text)
def test_any_text_is_a_number_or_malformed(written):
    try:
        assert str(PithNumber.parse(written)) == written
    except MalformedError as error:
        assert len(str(error)) < 700  # noqa: PT017 - the other outcome is a number
