"""Signatures at Ed25519's edges: libsodium's rule, by public suites and by cases of our own.

An edge case is a signature that one library accepts and another does not: two verifiers of one
document would disagree. The rule here is libsodium's: keys and commitments of small order, points
written otherwise than canonically, and an S of the group's order or more are all refused.
"""

import json
from itertools import product

import pytest
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError as SodiumRefusedError

from pith_builder.core.canonical import RecordDigest, SignableDigest
from pith_builder.core.keys import BadSignatureError, PublicKey, Signature
from pith_builder.errors import MalformedError
from pith_builder.signing.ed25519 import SignatureChecker, TrustedKeys
from tests.makers import SHARED, SIGNER, needs_shared

VECTORS = SHARED / "vectors"


class Message(SignableDigest):
    """Any bytes, signed as a digest would be; the vectors' messages are of any length."""

    __slots__ = ()
    signed_message = "message_bytes"


def is_accepted(raw_key, message, value):
    """Tell whether a signature is taken for one of the message, through both of our doors."""
    key = PublicKey(key_id="vector", raw=raw_key)
    try:
        signature = Signature("vector", key.fingerprint, value)
        by_keyring = TrustedKeys([key]).verified(Message(message), signature) == key
    except (MalformedError, BadSignatureError):
        by_keyring = False
    checker = SignatureChecker(key)
    checker.expect([value])
    try:
        by_checker = checker.sign(Message(message)) == value
    except BadSignatureError:
        by_checker = False
    assert by_keyring == by_checker
    return by_keyring


@needs_shared
def test_all_wycheproof_cases():
    groups = json.loads((VECTORS / "wycheproof_ed25519.json").read_bytes())["testGroups"]
    judged = [
        (case["tcId"], case["result"], is_accepted(raw_key, *map(bytes.fromhex, signed)))
        for group in groups
        for raw_key in [bytes.fromhex(group["publicKey"]["pk"])]
        for case in group["tests"]
        for signed in [(case["msg"], case["sig"])]
    ]
    assert len(judged) == 151
    assert {result for _, result, _ in judged} == {"valid", "invalid"}
    assert [one for one in judged if one[2] != (one[1] == "valid")] == []


@needs_shared
def test_of_the_speccheck_cases_libsodium_accepts_number_3_alone():
    cases = json.loads((VECTORS / "ed25519_speccheck_cases.json").read_bytes())
    parts = [
        [bytes.fromhex(case[field]) for field in ("pub_key", "message", "signature")]
        for case in cases
    ]
    assert len(parts) == 12
    assert [number for number, case in enumerate(parts) if is_accepted(*case)] == [3]
    raw_key, message, value = parts[3]
    assert crypto_sign_open(value + message, raw_key) == message


# --- Our own cases -----------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group that signatures live in."""


def point(y, sign=0):
    """Return the 32 bytes of a point: its y, little-endian, and the sign of its x."""
    return (y | sign << 255).to_bytes(32, "little")


EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303402022
"""The y of a point of order 8, and `P - EIGHTH` of another."""

SMALL = {
    "order 1": point(1),
    "order 2": point(P - 1),
    "order 4": point(0),
    "order 4, negative": point(0, 1),
    **{
        f"order 8, {name}, sign {sign}": point(y, sign)
        for (name, y), sign in product({"a": EIGHTH, "b": P - EIGHTH}.items(), (0, 1))
    },
}
NOT_CANONICAL = {
    "order 1, with the sign of no x": point(1, 1),
    "order 2, with the sign of no x": point(P - 1, 1),
    "order 4, as P": point(P),
    "order 4, as P, negative": point(P, 1),
    "order 1, as P + 1": point(P + 1),
    "order 1, as P + 1, with the sign of no x": point(P + 1, 1),
    "a y beyond P": point(2**255 - 1),
    "no point of the curve": point(2),
}
DIGEST = RecordDigest(range(32))
GOOD = SIGNER.sign(DIGEST)
OURS = SIGNER.public_key.raw


def as_scalar(value):
    return value.to_bytes(32, "little")


def test_the_good_signature_is_accepted():
    assert is_accepted(OURS, DIGEST, GOOD)
    assert int.from_bytes(GOOD[32:], "little") < ORDER


@pytest.mark.parametrize("key", SMALL)
def test_the_points_of_small_order_are_so(key):
    """Eight points, each written once: their multiples by eight are the neutral one."""
    assert len(set(SMALL.values())) == 8
    y = int.from_bytes(SMALL[key], "little") & (2**255 - 1)
    d = -121665 * pow(121666, -1, P) % P
    x2 = (y * y - 1) * pow(d * y * y + 1, -1, P) % P
    for _ in range(3):  # doubling by its y alone: y' = (y² + x²) / (2 - y² + x²), of -x² + y²
        y, x2 = doubled(y, x2)
    assert (y, x2) == (1, 0)


def doubled(y, x2):
    """Double a point given by y and x²; the sign of x plays no part in either."""
    minus = (y * y - x2) % P
    new_y = (y * y + x2) * pow(2 - minus, -1, P) % P
    new_x2 = 4 * x2 * y * y * pow(minus * minus, -1, P) % P
    return new_y, new_x2


@pytest.mark.parametrize("key", [*SMALL, *NOT_CANONICAL])
def test_a_key_of_small_order_signs_nothing(key):
    """With such a key R = S·B - k·A holds for one message in a few, with no private key at all."""
    raw = {**SMALL, **NOT_CANONICAL}[key]
    for commitment in (*SMALL.values(), *NOT_CANONICAL.values()):
        for s in (0, 1, ORDER):
            for message in (b"", b"a", bytes(range(32)), DIGEST):
                assert not is_accepted(raw, message, commitment + as_scalar(s))
    assert not is_accepted(raw, DIGEST, GOOD)


@pytest.mark.parametrize("commitment", [*SMALL, *NOT_CANONICAL])
def test_a_commitment_of_small_order_or_odd_writing_is_refused(commitment):
    raw = {**SMALL, **NOT_CANONICAL}[commitment]
    for s in (GOOD[32:], as_scalar(0), as_scalar(1)):
        assert not is_accepted(OURS, DIGEST, raw + s)


@pytest.mark.parametrize("times", range(1, 16))
def test_an_s_of_the_order_or_more_is_refused(times):
    """It satisfies the equation: without this rule everyone could write a second signature."""
    s = int.from_bytes(GOOD[32:], "little") + times * ORDER
    if s < 2**256:
        assert not is_accepted(OURS, DIGEST, GOOD[:32] + as_scalar(s))


@pytest.mark.parametrize("s", [0, ORDER - 1, ORDER, 2**252, 2**253 - 1, 2**255, 2**256 - 1])
def test_an_s_that_is_none_of_ours_is_refused(s):
    assert not is_accepted(OURS, DIGEST, GOOD[:32] + as_scalar(s))


@pytest.mark.parametrize("value", [bytes(64), b"\xff" * 64, GOOD[32:] + GOOD[:32]])
def test_what_is_no_signature_is_refused(value):
    assert not is_accepted(OURS, DIGEST, value)


@pytest.mark.parametrize("size", [0, 1, 32, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(size):
    assert not is_accepted(OURS, DIGEST, (GOOD * 2)[:size])
    with pytest.raises(MalformedError, match="64 bytes"):
        Signature("k", "f", (GOOD * 2)[:size])


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_of_another_length_is_none(size):
    with pytest.raises(MalformedError):
        PublicKey(key_id="k", raw=(OURS * 2)[:size])


def test_we_refuse_what_libsodium_refuses_and_nothing_else():
    values = [GOOD, bytes(64), GOOD[:32] + as_scalar(ORDER), SMALL["order 1"] + as_scalar(0)]
    for key, value in product([OURS, *SMALL.values(), *NOT_CANONICAL.values()], values):
        try:
            crypto_sign_open(value + DIGEST, key)
        except SodiumRefusedError:
            assert not is_accepted(key, DIGEST, value)
        else:
            assert is_accepted(key, DIGEST, value)
