"""Events: signed statements about a record (FORMAT.md 7)."""

from __future__ import annotations

from typing import NamedTuple

from orjson import Fragment

from pith_builder.core.canonical import (
    EventDigest,
    JsonValue,
    RecordDigest,
    Writer,
    canonical_json,
    dump_canonical,
    sha256,
)
from pith_builder.core.forms import ATTESTATION_STATE, EVENT_TARGETS
from pith_builder.core.keys import Signer, signature_block
from pith_builder.core.number import PithNumber
from pith_builder.core.record import SCHEMA_VERSION, SOURCE_KIND, CanonicalRecord
from pith_builder.core.registry import SIGNER_TYPE

OUTSIDE_CONTENT = frozenset({"signature", "content_sha256", "event_id"})
"""The fields of an event that its digest does not cover."""


class Event(NamedTuple):
    """An event of sound form.

    Attributes:
        event_type: What kind of statement it is.
        event_id: `sha256:` and the digest of its content.
        created_at: When it was stated, `YYYY-MM-DDTHH:MM:SSZ`.
        signer_id: Who states it.
        prev_event: The event it follows, or None.
        supersedes: The events it takes the place of.
        payload: The statement, or what parses it when it is looked into.
        reduced: What the state shows of it (FORMAT.md 9), the payload ready to splice.
        signature: Its signature block.
        document: Its canonical JSON, whole.
    """

    event_type: str
    event_id: str
    created_at: str
    signer_id: str
    prev_event: str | None
    supersedes: tuple[str, ...]
    payload: JsonValue
    reduced: dict[str, JsonValue]
    signature: dict[str, JsonValue]
    document: bytes

    @property
    def content_sha256(self) -> str:
        """The digest of the event's content, in hexadecimal."""
        return self.event_id.removeprefix("sha256:")

    @classmethod
    def from_json_object(cls, value: dict[str, JsonValue], write: Writer = canonical_json) -> Event:
        """Take an event whose form is known to be sound."""
        return cls(
            event_type=value["event_type"],
            event_id=value["event_id"],
            created_at=value["created_at"],
            signer_id=value["signer"]["signer_id"],
            prev_event=value["prev_event"],
            supersedes=tuple(value["supersedes"]),
            payload=value["payload"],
            reduced={
                "created_at": value["created_at"],
                "event_id": value["event_id"],
                "payload": Fragment(write(value["payload"])),
                "signer": value["signer"],
                "target": value["target"],
            },
            signature=value["signature"],
            document=write(value),
        )


def registry_signer(signer: Signer, signer_id: str) -> dict[str, JsonValue]:
    """Return the `signer` object of a registry's events."""
    return {
        "key_id": signer.public_key.key_id,
        "public_key_fingerprint": signer.public_key.fingerprint,
        "signer_id": signer_id,
        "signer_type": SIGNER_TYPE,
    }


def signed_event(  # noqa: PLR0913 - an event says as many things (FORMAT.md 7)
    event_type: str,
    subject: PithNumber,
    payload: JsonValue,
    *,
    signer: Signer,
    signer_id: str,
    created_at: str,
    signed_at: str,
    supersedes: tuple[str, ...] = (),
    prev_event: str | None = None,
) -> Event:
    """State something of a record and sign it.

    Args:
        event_type: One of `EVENT_TARGETS`.
        subject: The record spoken of.
        payload: The statement; an `orjson.Fragment` of canonical JSON may be part of it.
        signer: The key.
        signer_id: Who states it.
        created_at: When, `YYYY-MM-DDTHH:MM:SSZ`.
        signed_at: When it is signed, in the form T6.
        supersedes: The events this one takes the place of.
        prev_event: The event this one follows.
    """
    stated_by = registry_signer(signer, signer_id)
    target = EVENT_TARGETS[event_type]
    spliced = Fragment(dump_canonical(payload))
    content = {
        "created_at": created_at,
        "event_type": event_type,
        "payload": spliced,
        "prev_event": prev_event,
        "schema_version": SCHEMA_VERSION,
        "signer": stated_by,
        "subject_pith_number": str(subject),
        "supersedes": list(supersedes),
        "target": target,
    }
    content_digest = EventDigest(sha256(dump_canonical(content)))
    event_id = f"sha256:{content_digest.hex()}"
    signature = signature_block(signer, content_digest, signed_at)
    document = dump_canonical(
        {
            **content,
            "content_sha256": content_digest.hex(),
            "event_id": event_id,
            "signature": signature,
        }
    )
    return Event(
        event_type=event_type,
        event_id=event_id,
        created_at=created_at,
        signer_id=signer_id,
        prev_event=prev_event,
        supersedes=supersedes,
        payload=payload,
        reduced={
            "created_at": created_at,
            "event_id": event_id,
            "payload": spliced,
            "signer": stated_by,
            "target": target,
        },
        signature=signature,
        document=document,
    )


def record_created_payload(
    record: CanonicalRecord, digest: RecordDigest, receipt: JsonValue
) -> dict[str, JsonValue]:
    """Return the payload of `record_created`."""
    return {
        "attestation_state": ATTESTATION_STATE,
        "canonical_record": record.to_json_object(),
        "canonical_sha256": digest.hex(),
        "receipt": receipt,
        "source_id": record.source_id.value,
        "source_kind": SOURCE_KIND,
        "source_version": record.source_version,
    }


def graph_snapshot_payload(snapshot: JsonValue) -> dict[str, JsonValue]:
    """Return the payload of the first `graph_snapshot`, which knows no verdict."""
    return {"graph_snapshot": snapshot, "verdict_id": None}


def content_digest(event: dict[str, JsonValue], write: Writer = canonical_json) -> EventDigest:
    """Recompute the digest of an event's content.

    Raises:
        MalformedError: The event has no canonical JSON.
    """
    content = {key: value for key, value in event.items() if key not in OUTSIDE_CONTENT}
    return EventDigest(sha256(write(content)))


def claimed_id(event: JsonValue) -> str:
    """Return the id an event goes by, sound or not.

    Ruling: what claims no id as a string is known by the digest of all of it.
    """
    if isinstance(event, dict) and isinstance(event.get("event_id"), str):
        return str(event["event_id"])
    return f"sha256:{sha256(canonical_json(event)).hex()}"
