"""The receipt: a registry's signed word that it computed a record (FORMAT.md 6)."""

from __future__ import annotations

from base64 import b64encode

from pith_builder.core.canonical import JsonValue, RecordDigest
from pith_builder.core.keys import ALGORITHM, SIGNATURE_STATUS, Signer

RECEIPT_KIND = "pith_receipt"
RECEIPT_VERSION = "0.3"


def receipt(
    digest: RecordDigest, *, signer: Signer, builder_version: str, computed_at: str
) -> dict[str, JsonValue]:
    """Sign a canonical digest for the first time.

    Args:
        digest: The canonical SHA-256 of the record.
        signer: The registry's key.
        builder_version: The builder's name in receipts.
        computed_at: The instant, in the form T6.
    """
    key = signer.public_key
    return {
        "algorithm": ALGORITHM,
        "builder_version": builder_version,
        "canonical_sha256": digest.hex(),
        "first_computed_at": computed_at,
        "key_id": key.key_id,
        "kind": RECEIPT_KIND,
        "last_reissued_at": computed_at,
        "public_key_fingerprint": key.fingerprint,
        "receipt_version": RECEIPT_VERSION,
        "signature_b64": b64encode(signer.sign(digest)).decode(),
        "signature_status": SIGNATURE_STATUS,
        "signed_at": computed_at,
        "signed_message": digest.signed_message,
    }
