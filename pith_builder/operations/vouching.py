"""Vouching for a record whose published document carries its receipt, but no signed event."""

from __future__ import annotations

from datetime import datetime

from pith_builder.core.canonical import JsonValue, parse_json
from pith_builder.core.event import graph_snapshot_payload, signed_event
from pith_builder.core.forms import ATTESTATION_STATE, GRAPH_SNAPSHOT, RECORD_CREATED
from pith_builder.core.instants import format_microseconds, format_seconds
from pith_builder.core.keys import Keyring, Signer
from pith_builder.core.number import PithNumber
from pith_builder.core.verification import verify
from pith_builder.errors import VerificationError
from pith_builder.operations.offers import Offer, OfferKind


def is_bare(offer: Offer, document: JsonValue) -> bool:
    """Tell whether a document speaks of a record without the signed event that created it."""
    if document is None or offer.kind not in {OfferKind.RECORD, OfferKind.STATE}:
        return False
    events = document.get("events")
    return not isinstance(events, list) or not any(
        isinstance(event, dict) and event.get("event_type") == RECORD_CREATED for event in events
    )


def vouched_events(
    document: JsonValue, keyring: Keyring, *, signer: Signer, signer_id: str, now: datetime
) -> list[JsonValue]:
    """Return events of our own that state what a record document or a state tells.

    Ruling: where the document verifies, we state ourselves that the record was created, with its
    own receipt, whoever signed that, and its graph snapshots as published.

    Raises:
        VerificationError: The document does not hold, or shows no receipt.
    """
    verify(document, keyring).verified()
    record, receipt, snapshots = _told(document)
    if receipt is None:
        raise VerificationError("its record_created is superseded, so that it shows no receipt")
    created = {
        "attestation_state": ATTESTATION_STATE,
        "canonical_record": record,
        "canonical_sha256": receipt["canonical_sha256"],
        "receipt": receipt,
        "source_id": record["source"]["id"],
        "source_kind": record["source"]["kind"],
        "source_version": record["source"]["version"],
    }
    stated = [(RECORD_CREATED, created)]
    stated += [(GRAPH_SNAPSHOT, graph_snapshot_payload(snapshot)) for snapshot in snapshots]
    return [
        parse_json(
            signed_event(
                event_type,
                PithNumber.parse(document["pith_number"]),
                payload,
                signer=signer,
                signer_id=signer_id,
                created_at=format_seconds(now),
                signed_at=format_microseconds(now),
            ).document
        )
        for event_type, payload in stated
    ]


def _told(document: JsonValue) -> tuple[JsonValue, JsonValue, list[JsonValue]]:
    """Return the canonical record, the receipt and the graph snapshots of a record or a state."""
    if "current" not in document:
        return document["canonical_record"], document["receipt"], [document["graph_snapshot"]]
    current = document["current"]
    created = current["record_created"]
    return (
        current["canonical_record"],
        None if created is None else created["payload"]["receipt"],
        [event["payload"]["graph_snapshot"] for event in current["graph_snapshots"]],
    )
