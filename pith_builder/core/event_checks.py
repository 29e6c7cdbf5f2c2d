"""Whether an event holds, and if not, why (FORMAT.md 9, rule 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TypeAlias

from pith_builder.core.canonical import (
    JsonValue,
    RecordDigest,
    SignableDigest,
    Writer,
    canonical_json,
    dump_canonical,
)
from pith_builder.core.event import content_digest
from pith_builder.core.forms import (
    GRAPH_SNAPSHOT,
    RECORD_CREATED,
    event_form,
    is_sound_event,
)
from pith_builder.core.graph import EMPTY_SNAPSHOT_SHA256, items_sha256
from pith_builder.core.keys import BadSignatureError, KeyRefusedError, Keyring, Signature
from pith_builder.core.record import read_record
from pith_builder.core.report import Code, Failure, differences, pointer
from pith_builder.errors import MalformedError


class Reason(StrEnum):
    """Why an event is invalid: the closed list, the weightiest first."""

    MALFORMED = "malformed"
    DIGEST_MISMATCH = "digest_mismatch"
    WRONG_SUBJECT = "wrong_subject"
    UNKNOWN_KEY = "unknown_key"
    REVOKED_KEY = "revoked_key"
    KEY_OUT_OF_TIME = "key_out_of_time"
    BAD_SIGNATURE = "bad_signature"
    SIGNER_MISMATCH = "signer_mismatch"
    INVALID_PAYLOAD = "invalid_payload"


Finding: TypeAlias = tuple[Reason, Failure]
"""Why an event is invalid, and what makes it so."""


def writer_of(event: JsonValue) -> Writer:
    """Return what writes an event: `dump_canonical` where its form is quickly told to be sound."""
    return dump_canonical if is_sound_event(event) else canonical_json


def event_findings(
    event: JsonValue,
    number: str | None,
    keyring: Keyring,
    path: str = "",
    write: Writer | None = None,
) -> Iterator[Finding]:
    """Yield every failure of an event and the reason it makes the event invalid.

    1. Form.
    2. Digest: `content_sha256` and `event_id` are the content's.
    3. Subject: it speaks of the record `number` (None: of whichever it names).
    4. Signature: the key is trusted for this, then and for this signer, and signed the digest.
    5. Signer: the signing key is the signer's key.
    6. Payload: what it states and can be recomputed is so.

    What follows the first runs only where the form is sound. `write` is the event's `writer_of`,
    where that is known already.
    """
    event_type = event.get("event_type") if isinstance(event, dict) else None
    write = write or writer_of(event)
    if write is canonical_json:
        form = tuple(event_form(event_type).failures(event, path))
        if form:
            yield from ((Reason.MALFORMED, failure) for failure in form)
            return
    found = content_digest(event, write)
    for key, wanted in (("content_sha256", found.hex()), ("event_id", f"sha256:{found.hex()}")):
        for failure in differences(
            event[key], wanted, path + pointer(key), Code.EVENT_DIGEST_MISMATCH, "its content"
        ):
            yield Reason.DIGEST_MISMATCH, failure
    subject = event["subject_pith_number"]
    if number is not None and subject != number:
        message = f"the event speaks of {subject}, the document of {number}"
        yield (
            Reason.WRONG_SUBJECT,
            Failure(path + "/subject_pith_number", Code.DISAGREEMENT, message),
        )
    signature = event["signature"]
    for failure in signature_failures(
        found, signature, keyring, path + "/signature", event["created_at"], event
    ):
        yield Reason(str(failure.code)), failure
    for key in ("key_id", "public_key_fingerprint"):
        for failure in differences(
            signature[key],
            event["signer"][key],
            path + pointer("signature", key),
            Code.SIGNER_MISMATCH,
            "the signer",
        ):
            yield Reason.SIGNER_MISMATCH, failure
    for failure in _payload_failures(event, keyring, path + "/payload"):
        yield Reason.INVALID_PAYLOAD, failure


def judged(
    events: Iterable[JsonValue], number: str | None, keyring: Keyring, path: str = ""
) -> list[list[Finding]]:
    """Return the findings of each of some events, which are listed at `path`."""
    return [
        [*event_findings(event, number, keyring, path + pointer(index))]
        for index, event in enumerate(events)
    ]


def failures_among(judged_events: Iterable[Iterable[Finding]]) -> Iterator[Failure]:
    """Yield the failures of events that were judged."""
    for findings in judged_events:
        for _, failure in findings:
            yield failure


def _payload_failures(
    event: dict[str, JsonValue], keyring: Keyring, path: str
) -> Iterator[Failure]:
    payload = event["payload"]
    if event["event_type"] == RECORD_CREATED:
        yield from record_failures(
            payload["canonical_record"],
            payload["canonical_sha256"],
            payload["receipt"],
            event["subject_pith_number"],
            keyring,
            path,
        )
    elif event["event_type"] == GRAPH_SNAPSHOT:
        yield from snapshot_digest_failures(payload["graph_snapshot"], path + "/graph_snapshot")


def signature_failures(
    digest: SignableDigest,
    block: JsonValue,
    keyring: Keyring,
    path: str,
    stated_at: str | None = None,
    event: JsonValue = None,
) -> Iterator[Failure]:
    """Yield the failure of a receipt or signature block of sound form over `digest`, if any.

    `stated_at` is when the content that is signed says it was stated, `event` the event it is of.
    """
    stated = (None, None) if event is None else (event["event_type"], event["signer"]["signer_id"])
    try:
        keyring.verified(digest, Signature.from_block(block, stated_at), *stated)
    except KeyRefusedError as error:
        yield Failure(path + pointer(error.field), error.code, str(error))
    except BadSignatureError as error:
        yield Failure(path + "/signature_b64", Code.BAD_SIGNATURE, str(error))


def record_failures(
    record: JsonValue,
    canonical_sha256: str,
    receipt: JsonValue,
    number: str,
    keyring: Keyring,
    path: str,
) -> Iterator[Failure]:
    """Yield the failures of a canonical record, its digest, its number and its receipt.

    All are of sound form; record, `canonical_sha256` and `receipt` stand under `path`.
    """
    try:
        read = read_record(canonical_json(record))
    except MalformedError as error:
        yield Failure(path + "/canonical_record", Code.WRONG_VALUE, str(error))
        return
    found = read.digest
    yield from differences(
        canonical_sha256,
        found.hex(),
        path + "/canonical_sha256",
        Code.CANONICAL_DIGEST_MISMATCH,
        "the canonical record",
    )
    if number != str(read.number):
        yield Failure(
            path + "/canonical_record",
            Code.NUMBER_MISMATCH,
            f"this canonical record is {read.number}, the document is of {number}",
        )
    yield from receipt_failures(receipt, found, keyring, path + "/receipt")


def receipt_failures(
    receipt: JsonValue, digest: RecordDigest, keyring: Keyring, path: str
) -> Iterator[Failure]:
    """Yield the failures of a receipt of sound form for the record with this digest."""
    yield from differences(
        receipt["canonical_sha256"],
        digest.hex(),
        path + "/canonical_sha256",
        Code.CANONICAL_DIGEST_MISMATCH,
        "the canonical record",
    )
    yield from signature_failures(digest, receipt, keyring, path)


def snapshot_digest_failures(graph: dict[str, JsonValue], path: str) -> Iterator[Failure]:
    """Yield the failures of those snapshot digests that can be recomputed (FORMAT.md 8).

    They are that of the claims, whose items the snapshot carries, and that of every part that
    has no items.
    """
    yield from differences(
        graph["claims"]["snapshot_sha256"],
        items_sha256(graph["claims"]["items"]),
        path + "/claims/snapshot_sha256",
        Code.SNAPSHOT_DIGEST_MISMATCH,
        "the items",
    )
    for part, counted in UNSEEN_ITEMS.items():
        if graph[part][counted] == 0:
            yield from differences(
                graph[part]["snapshot_sha256"],
                EMPTY_SNAPSHOT_SHA256,
                path + pointer(part, "snapshot_sha256"),
                Code.SNAPSHOT_DIGEST_MISMATCH,
                "having no items",
            )


UNSEEN_ITEMS = {"references": "count", "formal_canon": "evidence_count", "author_claims": "count"}
"""The parts of a snapshot that count and digest items without carrying them."""
