from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.canonical import EventDigest, sha256
from pith_builder.core.keys import PublicKey, Signature, decode_base64, signature_block
from pith_builder.errors import MalformedError
from tests.makers import (
    BUNDLE,
    KEYRING,
    NOW_MICROSECONDS,
    PUBLISHED_KEY,
    REFERENCE_KEY,
    SIGNER,
    document,
    law,
)

DIGEST = EventDigest(sha256(b"what is signed"))


def test_the_published_key_and_its_two_fingerprints():
    assert [PUBLISHED_KEY.to_json_object()] == document(BUNDLE)["public_keys"]
    assert PUBLISHED_KEY.fingerprint == "8d4b5ee74e4693bcd1df2446408b0d54"
    assert PUBLISHED_KEY.fingerprint_b32 == "RVFV5Z2OI2J3ZUO7ERDEBCYNKS"


@law
@given(
    st.builds(
        PublicKey,
        key_id=st.from_regex(r"\A.+\Z"),
        raw=st.binary(min_size=32, max_size=32),
        rotates_at=st.none() | st.just("2027-05-01T00:00:00Z"),
        url=st.none() | st.from_regex(r"\Ahttps?://[!-~]+\Z"),
        notes=st.none() | st.text(),
    )
)
def test_from_json_object_undoes_to_json_object(key):
    assert PublicKey.from_json_object(key.to_json_object()) == key


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(size):
    with pytest.raises(MalformedError, match=f"has 32 bytes, not {size}"):
        replace(PUBLISHED_KEY, raw=bytes(size))


def test_a_key_has_an_id():
    with pytest.raises(MalformedError, match="key id is empty"):
        replace(PUBLISHED_KEY, key_id="")


KEY = PUBLISHED_KEY.to_json_object()


@pytest.mark.parametrize(
    "value",
    [None, 1, "key", [], [KEY], {}, {"key_id": "k"}, {"public_key_hex": KEY["public_key_hex"]}],
)
def test_what_is_no_public_key_object_is_malformed(value):
    with pytest.raises(MalformedError, match="not a public-key object"):
        PublicKey.from_json_object(value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("public_key_hex", None),
        ("public_key_hex", "xx"),
        ("public_key_hex", "00" * 31),
        ("public_key_hex", KEY["public_key_hex"].upper()),
        ("public_key_hex", " " + KEY["public_key_hex"]),
        ("public_key_b64", b64encode(bytes(32)).decode()),
        ("fingerprint_sha256_hex", "0" * 32),
        ("fingerprint_sha256_b32_first128bits", "A" * 26),
        ("algorithm", "rsa"),
        ("format", "pem"),
        ("key_id", ""),
        ("key_id", 5),
        ("key_id", ["a"]),
        ("url", 5),
        ("notes", 5),
        ("rotates_at", 5),
    ],
)
def test_a_public_key_that_contradicts_itself_or_its_form_is_malformed(field, value):
    with pytest.raises(MalformedError):
        PublicKey.from_json_object({**KEY, field: value})


def test_a_key_may_be_told_by_its_id_and_bytes_alone():
    least = {"key_id": KEY["key_id"], "public_key_hex": KEY["public_key_hex"]}
    assert PublicKey.from_json_object(least).fingerprint == PUBLISHED_KEY.fingerprint


def test_a_signature_block_is_what_the_reference_says():
    block = signature_block(SIGNER, DIGEST, NOW_MICROSECONDS)
    message = "open_graph_event_sha256_bytes"
    assert block == REFERENCE_KEY.signature(DIGEST.hex(), message, NOW_MICROSECONDS)
    assert KEYRING.verified(DIGEST, Signature.from_block(block)) == SIGNER.public_key


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(size):
    with pytest.raises(MalformedError, match=f"has 64 bytes, not {size}"):
        Signature("k", "f", bytes(size))


@law
@given(st.binary())
def test_base64_has_one_spelling(data):
    assert decode_base64(b64encode(data).decode()) == data


@pytest.mark.parametrize(
    "written",
    [
        "A",
        "AA",
        "AAA",
        "AA=",
        "AA===",
        "AAAA=",
        "=AAA",
        "====",
        "AB==",  # bits beyond the last byte
        "AAB=",
        "AA==AA==",
        "AA==\n",
        " AA==",
        "A A==",
        "AAAA\n",
        "-_8=",  # the other alphabet
        "AA%3D",
        "ÄÄ==",
        "\ud800",
    ],
)
def test_every_other_spelling_of_base64_is_refused(written):
    with pytest.raises(MalformedError, match="base64"):
        decode_base64(written)


@law
@given(st.text())
def test_any_text_is_base64_or_malformed(written):
    try:
        data = decode_base64(written)
    except MalformedError:
        return
    assert b64encode(data).decode() == written
