from base64 import b64decode

from pith_builder.core.canonical import RecordDigest
from pith_builder.core.keys import Signature
from pith_builder.core.receipt import receipt
from pith_builder.core.record import CanonicalRecord
from tests.makers import KEYRING, NOW, NOW_MICROSECONDS, REFERENCE_KEY, SIGNER, paper
from tests.unit.core import reference

RECORD = CanonicalRecord.of(paper())
RECEIPT = receipt(
    RECORD.digest(), signer=SIGNER, builder_version="builder", computed_at=NOW_MICROSECONDS
)


def test_a_first_receipt_says_one_instant_three_times():
    times = {RECEIPT[field] for field in ("first_computed_at", "last_reissued_at", "signed_at")}
    assert times == {NOW_MICROSECONDS}


def test_a_receipt_signs_the_canonical_digest():
    assert KEYRING.verified(RECORD.digest(), Signature.from_block(RECEIPT)) == SIGNER.public_key
    assert len(b64decode(RECEIPT["signature_b64"])) == 64
    assert RECEIPT["signed_message"] == RecordDigest.signed_message == "canonical_sha256_bytes"


def test_a_receipt_is_what_the_reference_says():
    expected = reference.receipt(RECORD.to_json_object(), REFERENCE_KEY, "builder", NOW)
    assert expected == RECEIPT
