import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.canonical import BundleDigest, EventDigest, RecordDigest
from pith_builder.core.keys import BadSignatureError, PublicKey, Signature, UnknownKeyError
from pith_builder.errors import MalformedError, VerificationError
from pith_builder.signing.ed25519 import SEED_BYTES, Ed25519Signer, TrustedKeys
from tests.makers import (
    KEYRING,
    OTHER_SIGNER,
    PUBLISHED_KEY,
    PUBLISHED_KEYRING,
    SIGNER,
    law,
)

digests = st.binary(min_size=32, max_size=32).map(RecordDigest)


def signature_of(digest, signer=SIGNER):
    key = signer.public_key
    return Signature(key.key_id, key.fingerprint, signer.sign(digest))


def test_rfc8032_test_1_by_its_seed():
    signer = Ed25519Signer(
        "k",
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
    )
    assert signer.public_key.raw.hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert signer.sign(RecordDigest(b"")).hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb88215"
        "90a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


@law
@given(digests)
def test_what_is_signed_is_verified_and_names_its_key(digest):
    assert KEYRING.verified(digest, signature_of(digest)) == SIGNER.public_key
    assert KEYRING.verified(digest, signature_of(digest, OTHER_SIGNER)) == OTHER_SIGNER.public_key
    assert SIGNER.sign(digest) == SIGNER.sign(digest)


@law
@given(digests, st.integers(0, 8 * 32 - 1))
def test_any_flipped_bit_of_the_digest_is_refused(digest, bit):
    with pytest.raises(BadSignatureError, match="'ours-2026-11' did not sign canonical_sha256"):
        KEYRING.verified(RecordDigest(flipped(digest, bit)), signature_of(digest))


@law
@given(digests, st.integers(0, 8 * 64 - 1))
def test_any_flipped_bit_of_the_signature_is_refused(digest, bit):
    good = signature_of(digest)
    forged = Signature(good.key_id, good.fingerprint, flipped(good.value, bit))
    with pytest.raises(BadSignatureError):
        KEYRING.verified(digest, forged)


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


DIGEST = RecordDigest(range(32))


def test_no_key_vouches_for_another():
    ours, theirs = signature_of(DIGEST), signature_of(DIGEST, OTHER_SIGNER)
    with pytest.raises(BadSignatureError):
        KEYRING.verified(DIGEST, Signature(ours.key_id, ours.fingerprint, theirs.value))


@pytest.mark.parametrize(
    ("key_id", "fingerprint", "field"),
    [
        ("strangers", SIGNER.public_key.fingerprint, "key_id"),
        ("ours-2026-11", "0" * 32, "public_key_fingerprint"),
        ("ours-2026-11", OTHER_SIGNER.public_key.fingerprint, "public_key_fingerprint"),
        ("", "", "key_id"),
    ],
)
def test_a_key_is_trusted_by_its_id_and_its_fingerprint(key_id, fingerprint, field):
    with pytest.raises(UnknownKeyError) as refused:
        KEYRING.verified(DIGEST, Signature(key_id, fingerprint, SIGNER.sign(DIGEST)))
    assert refused.value.field == field
    assert str(refused.value) == (
        f"no trusted key is named {key_id!r} with fingerprint {fingerprint} "
        "(trust one with --trust FILE)"
    )
    assert isinstance(refused.value, VerificationError)


def test_one_name_may_stand_for_several_keys():
    renamed = PublicKey(key_id="ours-2026-11", raw=OTHER_SIGNER.public_key.raw)
    ring = TrustedKeys([SIGNER.public_key, renamed])
    assert list(ring) == [SIGNER.public_key, renamed]
    assert ring.verified(DIGEST, signature_of(DIGEST)) == SIGNER.public_key
    theirs = Signature("ours-2026-11", renamed.fingerprint, OTHER_SIGNER.sign(DIGEST))
    assert ring.verified(DIGEST, theirs) == renamed


def test_the_same_key_twice_is_one_key():
    assert len(TrustedKeys([PUBLISHED_KEY, PUBLISHED_KEY])) == 1 == len(PUBLISHED_KEYRING)
    assert len(TrustedKeys([])) == 0


def test_a_signature_says_of_which_kind_of_digest_it_is_not():
    good = signature_of(DIGEST)
    forged = Signature(good.key_id, good.fingerprint, bytes(64))
    for kind in (EventDigest, BundleDigest):
        with pytest.raises(BadSignatureError, match=f"{kind.signed_message} {DIGEST.hex()}"):
            KEYRING.verified(kind(DIGEST), forged)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_refused(size):
    assert SEED_BYTES == 32
    with pytest.raises(MalformedError, match=f"has 32 bytes, not {size}"):
        Ed25519Signer("k", bytes(size))


def test_what_the_holder_says_of_a_key_is_kept():
    signer = Ed25519Signer("k", bytes(32), url="https://a.example/k", notes="n")
    assert (signer.public_key.url, signer.public_key.notes) == ("https://a.example/k", "n")


def test_a_private_key_is_never_shown():
    assert repr(SIGNER) == str(SIGNER) == "Ed25519Signer(key_id='ours-2026-11')"
    assert not hasattr(SIGNER, "__dict__")
