"""The receipt: a registry's signed word that it computed a record (FORMAT.md 6)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from pith_builder.core.canonical import JsonValue, RecordDigest
from pith_builder.core.keys import ALGORITHM, SIGNATURE_STATUS, Signer

RECEIPT_KIND = "pith_receipt"
RECEIPT_VERSION = "0.3"

STATED = (
    "builder_version",
    "canonical_sha256",
    "first_computed_at",
    "key_id",
    "last_reissued_at",
    "public_key_fingerprint",
    "signature_b64",
    "signed_at",
)
"""What differs among receipts; the lake's rows of records have columns of these names."""


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
    return receipt_of(
        {
            "builder_version": builder_version,
            "canonical_sha256": digest.hex(),
            "first_computed_at": computed_at,
            "key_id": key.key_id,
            "last_reissued_at": computed_at,
            "public_key_fingerprint": key.fingerprint,
            "signature_b64": b64encode(signer.sign(digest)).decode(),
            "signed_at": computed_at,
        }
    )


def receipt_of(said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the receipt that says what `STATED` names, which is what differs among receipts."""
    return {
        **{name: said[name] for name in STATED},
        "algorithm": ALGORITHM,
        "kind": RECEIPT_KIND,
        "receipt_version": RECEIPT_VERSION,
        "signature_status": SIGNATURE_STATUS,
        "signed_message": RecordDigest.signed_message,
    }


def reissued(stated: Mapping[str, JsonValue], signer: Signer, now: str) -> dict[str, JsonValue]:
    """Sign a receipt again: who computed the record, and first when, stays as it is.

    Ruling: a receipt signed again is the record's present receipt, which the lake's row of it and
    its record document hold. The event that created the record goes on stating the first one, with
    the signature of the key that signed then: an event is never signed again, because to change
    its payload is to make another event, which by the merge (FORMAT.md 9, rule 3) would contradict
    the first. So states do not change, bundles change in their seal alone, and a stranger who
    verifies a bundle needs the old public key too. What ties the present receipt to the record's
    history is that it was first computed when a `record_created` in the bundle says.

    Args:
        stated: What the receipt says, by the names of `STATED`.
        signer: The registry's key.
        now: The instant, in the form T6.
    """
    key = signer.public_key
    digest = RecordDigest.fromhex(stated["canonical_sha256"])
    return {
        **stated,
        "key_id": key.key_id,
        "last_reissued_at": now,
        "public_key_fingerprint": key.fingerprint,
        "signature_b64": b64encode(signer.sign(digest)).decode(),
        "signed_at": now,
    }
