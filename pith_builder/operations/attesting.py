"""Attesting: making and signing one event of a kind of statement."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pith_builder.core.canonical import JsonValue, RecordDigest
from pith_builder.core.event import Event, signed_event
from pith_builder.core.form import ListOf
from pith_builder.core.forms import EVENT_ID
from pith_builder.core.instants import format_microseconds, format_seconds
from pith_builder.core.keys import Signer
from pith_builder.core.number import PithNumber
from pith_builder.core.registry import primary_mirror_hint
from pith_builder.core.statements import Statement
from pith_builder.errors import MalformedError, UsageError, VerificationError
from pith_builder.operations.offers import Offer, OfferKind
from pith_builder.signing.timestamp_proofs import read_timestamp_proof

OPENTIMESTAMPS = "opentimestamps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The record that is spoken of.

    Attributes:
        number: Its Pith Number.
        digest: Its canonical digest, where the lake says it; the number is the first 130 bits.
    """

    number: PithNumber
    digest: RecordDigest | None = None


def attested(  # noqa: PLR0913 - an event says as many things (FORMAT.md 7)
    statement: Statement,
    subject: Subject,
    given: Mapping[str, JsonValue],
    *,
    signer: Signer,
    signer_id: str,
    now: datetime,
    supersedes: tuple[str, ...] = (),
    prev_event: str | None = None,
    proof: bytes | None = None,
) -> Event:
    """Make and sign an event.

    Args:
        statement: What kind of statement it is.
        subject: The record spoken of.
        given: What is said, by the names of the fields; None is not said.
        signer: The key.
        signer_id: Who states it.
        now: When.
        supersedes: The ids of events it takes the place of.
        prev_event: The id of the event it follows, or None.
        proof: Of a timestamp anchor, a detached OpenTimestamps proof.

    Raises:
        UsageError: A value or an id is not in its form, or the canonical digest is to be said
            and is not known.
        MalformedError: The proof is none.
        VerificationError: The proof is of something else.
    """
    failure = next(ListOf(EVENT_ID).failures(_named(supersedes, prev_event), ""), None)
    if failure is not None:
        raise UsageError(f"not the id of an event: {failure.message}")
    said = {name: value for name, value in given.items() if value is not None}
    said = {**_otherwise(statement, given), **said, **_derived(statement, subject, given, proof)}
    try:
        payload = statement.payload(said)
    except MalformedError as error:
        raise UsageError(str(error)) from error
    return signed_event(
        statement.event_type,
        subject.number,
        payload,
        signer=signer,
        signer_id=signer_id,
        created_at=format_seconds(now),
        signed_at=format_microseconds(now),
        supersedes=supersedes,
        prev_event=prev_event,
    )


def notes_on(event: Event, known: Mapping[str, str]) -> list[str]:
    """Return what who signs an event should know of those that it supersedes or follows.

    Ruling: it is told and not refused, for an event may reach this lake later.

    Args:
        event: The event.
        known: Who stated the events that the lake holds of its record, by id.
    """
    unknown = [
        f"{name} is no event that this lake holds of the record"
        for name in dict.fromkeys(_named(event.supersedes, event.prev_event))
        if name not in known
    ]
    of_others = [
        f"{name} was stated by {known[name]} and stays: one supersedes one's own events alone"
        for name in event.supersedes
        if known.get(name, event.signer_id) != event.signer_id
    ]
    return unknown + of_others


def _named(supersedes: tuple[str, ...], prev_event: str | None) -> list[str]:
    return [*supersedes, *([] if prev_event is None else [prev_event])]


def offer_of(event: Event, subject: Subject) -> Offer:
    """Return the event as what is offered to a lake."""
    return Offer(
        number=str(subject.number),
        kind=OfferKind.EVENT,
        source="attest",
        line=0,
        document=event.document,
    )


def _otherwise(statement: Statement, given: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what fields say that were not given."""
    return {
        field.name: field.otherwise
        for field in statement.fields
        if field.otherwise is not None and given.get(field.name) is None
    }


def _derived(
    statement: Statement, subject: Subject, given: Mapping[str, JsonValue], proof: bytes | None
) -> dict[str, JsonValue]:
    """Return what follows from the record, and from the proof."""
    if statement.event_type == "timestamp_anchor":
        return _anchor(subject, given, proof)
    if statement.event_type == "mirror_hint":
        hint = primary_mirror_hint(
            str(given["base_url"]).rstrip("/"), str(given["name"]), subject.number
        )
        return {name: value for name, value in hint.items() if name.endswith("_url")}
    return {}


def _anchor(
    subject: Subject, given: Mapping[str, JsonValue], proof: bytes | None
) -> dict[str, JsonValue]:
    if proof is None:
        if subject.digest is None:
            raise UsageError(
                "without a lake the canonical digest is known from a proof alone: give --proof"
            )
        if given.get("anchor_type") in {None, OPENTIMESTAMPS}:
            raise UsageError("an anchor of type opentimestamps has a proof: give --proof")
        return {"anchored_sha256": subject.digest.hex(), "attestations": []}
    if given.get("anchor_type") not in {None, OPENTIMESTAMPS}:
        raise UsageError(f"a proof is of type {OPENTIMESTAMPS}: leave --anchor-type out")
    read = read_timestamp_proof(proof)
    wanted = subject.digest
    if PithNumber.of(read.digest, subject.number.year) != subject.number or (
        wanted is not None and read.digest != wanted
    ):
        raise VerificationError(
            f"the proof commits to {read.digest.hex()}, which is not the canonical digest of "
            f"{subject.number}: stamp the file that "
            f"`pith show {subject.number} --as canonical | tr -d '\\n'` makes"
        )
    return {
        "anchored_sha256": read.digest.hex(),
        "attestations": list(read.attestations),
        "proof_b64": b64encode(proof).decode(),
    }
