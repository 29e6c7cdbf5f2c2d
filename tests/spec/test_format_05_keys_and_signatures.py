"""FORMAT.md 5: keys and signatures."""

from base64 import b64decode

import pytest
from nacl.exceptions import BadSignatureError as SodiumRefusedError
from nacl.signing import VerifyKey

from pith_builder.core.canonical import BundleDigest, EventDigest, RecordDigest
from pith_builder.core.keys import PublicKey, Signature
from tests.makers import BUNDLE, PUBLISHED_KEY, PUBLISHED_KEYRING, document

PUBLISHED = document(BUNDLE)
CREATED, GRAPH = PUBLISHED["events"]
SIGNED = (
    (RecordDigest, PUBLISHED["canonical_sha256"], CREATED["payload"]["receipt"]),
    (EventDigest, CREATED["content_sha256"], CREATED["signature"]),
    (EventDigest, GRAPH["content_sha256"], GRAPH["signature"]),
    (
        BundleDigest,
        PUBLISHED["bundle_signature"]["bundle_sha256"],
        PUBLISHED["bundle_signature"],
    ),
)


def test_the_published_key_is_the_registrys():
    (published,) = PUBLISHED["public_keys"]
    assert PublicKey.from_json_object(published) == PUBLISHED_KEY
    assert PUBLISHED_KEY.to_json_object() == published
    assert published["key_id"] == "pith-v1-2026-05"
    assert published["public_key_hex"] == (
        "b2d552b68890857171a78b36a5dccf368a953413288c353f7c9d9d6f94b709b3"
    )


@pytest.mark.parametrize(("kind", "hex_digest", "block"), SIGNED)
def test_a_published_signature_is_over_the_32_raw_bytes(kind, hex_digest, block):
    assert block["signed_message"] == kind.signed_message
    found = PUBLISHED_KEYRING.verified(kind.fromhex(hex_digest), Signature.from_block(block))
    assert found == PUBLISHED_KEY


@pytest.mark.parametrize(("kind", "hex_digest", "block"), SIGNED)
def test_no_published_signature_is_over_the_hexadecimal(kind, hex_digest, block):
    del kind
    with pytest.raises(SodiumRefusedError):
        VerifyKey(PUBLISHED_KEY.raw).verify(hex_digest.encode(), b64decode(block["signature_b64"]))


@pytest.mark.parametrize(("kind", "hex_digest", "block"), SIGNED)
def test_blocks_name_the_key_by_id_and_hexadecimal_fingerprint(kind, hex_digest, block):
    del kind, hex_digest
    assert block["key_id"] == PUBLISHED_KEY.key_id
    assert block["public_key_fingerprint"] == PUBLISHED_KEY.fingerprint
    assert (block["algorithm"], block["signature_status"]) == ("ed25519", "signed_v1")
