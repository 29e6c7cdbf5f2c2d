"""One record as all its events tell it, whoever stated them, and the bundle made anew of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pith_builder.core.alias import SourceAlias, source_aliases
from pith_builder.core.bundle import Bundle, signed_bundle
from pith_builder.core.canonical import JsonValue, parse_json
from pith_builder.core.event import Event
from pith_builder.core.forms import CURRENT_LISTS, MIRROR_HINT, RECORD_CREATED
from pith_builder.core.instants import (
    format_microseconds,
    format_seconds,
    parse_microseconds,
)
from pith_builder.core.keys import Keyring, PublicKey, Signer
from pith_builder.core.merge import (
    InvalidEvent,
    NoStateError,
    State,
    order_of_application,
    sort_out,
    state_of,
)
from pith_builder.core.record import CanonicalRecord
from pith_builder.core.registry import Registry
from pith_builder.errors import VerificationError

KeyName = tuple[str, str]
"""A key's id and fingerprint."""

TIMESTAMP_ANCHOR = "timestamp_anchor"
MIRROR_HINT_EVENT = "mirror_hint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A record and all that is stated of it.

    Attributes:
        record: The canonical record.
        valid: The events that hold, in the order of application.
        invalid: Those that do not, and why.
        aliases: The record's other names.
        state: The merge of the events.
    """

    record: CanonicalRecord
    valid: tuple[Event, ...]
    invalid: tuple[InvalidEvent, ...]
    aliases: tuple[SourceAlias, ...]
    state: State

    @property
    def created(self) -> Event:
        """The `record_created` that is applied first."""
        return first_created(self.valid)


def gathered(number: str, events: Iterable[JsonValue], keyring: Keyring) -> Gathered:
    """Merge all events of the record `number`, in any order, from anywhere.

    Raises:
        NoStateError: No valid `record_created` is among them.
        MalformedError: An event has no canonical JSON.
    """
    return gathered_of(number, *sort_out(number, events, keyring))


def gathered_of(
    number: str, valid: Iterable[Event], invalid: Iterable[InvalidEvent] = ()
) -> Gathered:
    """Merge events that were judged already.

    Ruling: aliases date from the whole second of the `first_computed_at` of the receipt in the
    `record_created` that is applied first. So they follow from the events, and every mirror that
    holds the same events has the same state; every published document has them so.

    Raises:
        NoStateError: No `record_created` is among `valid`.
    """
    ordered = tuple(sorted(valid, key=order_of_application))
    refused = tuple(invalid)
    try:
        payload = first_created(ordered).payload
    except LookupError:
        raise NoStateError(
            f"{number}: no valid record_created event, so there is no state"
        ) from None
    record = CanonicalRecord.from_json_object(payload["canonical_record"])
    computed_at = parse_microseconds(payload["receipt"]["first_computed_at"])
    aliases = source_aliases(record, record.pith_number(), format_seconds(computed_at))
    return Gathered(
        record=record,
        valid=ordered,
        invalid=refused,
        aliases=aliases,
        state=state_of(number, ordered, refused, aliases),
    )


def first_created(ordered: Iterable[Event]) -> Event:
    """Return the first `record_created` of events in the order of application.

    Raises:
        LookupError: There is none.
    """
    for event in ordered:
        if event.event_type == RECORD_CREATED:
            return event
    raise LookupError(RECORD_CREATED)


def gathered_bundle(
    found: Gathered,
    *,
    registry: Registry,
    signer: Signer,
    keys: Mapping[KeyName, PublicKey],
    now: datetime,
) -> Bundle:
    """Build and sign the bundle of a record from its valid events, whoever signed them.

    Its events stand in the order of application; `public_keys` are those that signed any of it,
    the builder's own first.

    Args:
        found: The record, none of whose events is invalid.
        registry: Who builds.
        signer: With which key.
        keys: The keys known, by id and fingerprint.
        now: When.

    Raises:
        VerificationError: A key that signed an event is not among `keys`.
    """
    number = found.record.pith_number()
    return signed_bundle(
        number,
        found.record.to_json_object(),
        found.record.digest(),
        aliases=found.aliases,
        events=found.valid,
        state=found.state,
        registry=registry,
        signer=signer,
        public_keys=_public_keys(found, signer.public_key, keys),
        built_at=format_seconds(now),
        signed_at=format_microseconds(now),
        timestamp_proofs=timestamp_proofs(found),
        mirror_hints=mirror_hints(found),
    )


def signing_keys(events: Collection[Event]) -> set[KeyName]:
    """Return the names of the keys that signed these events and the receipts in them."""
    blocks = [event.signature for event in events]
    blocks += [event.payload["receipt"] for event in events if event.event_type == RECORD_CREATED]
    return {(block["key_id"], block["public_key_fingerprint"]) for block in blocks}


def timestamp_proofs(found: Gathered) -> list[JsonValue]:
    """Return a bundle's `timestamp_proofs`.

    Ruling: each timestamp anchor that is current, its payload and the event it is of.
    """
    return [
        {**shown["payload"], "event_id": shown["event_id"]}
        for shown in _current(found, TIMESTAMP_ANCHOR)
    ]


def mirror_hints(found: Gathered) -> list[JsonValue]:
    """Return a bundle's `mirror_hints` but the registry's own.

    Ruling: the payload of each mirror hint that is current and has their form, each once.
    """
    hints: list[JsonValue] = []
    for shown in _current(found, MIRROR_HINT_EVENT):
        hint = shown["payload"]
        if hint not in hints and next(MIRROR_HINT.failures(hint, ""), None) is None:
            hints.append(hint)
    return hints


def _current(found: Gathered, event_type: str) -> list[JsonValue]:
    if all(event.event_type != event_type for event in found.valid):
        return []
    current: list[JsonValue] = parse_json(found.state.document)["current"][
        CURRENT_LISTS[event_type]
    ]
    return current


def _public_keys(
    found: Gathered, own: PublicKey, keys: Mapping[KeyName, PublicKey]
) -> list[PublicKey]:
    own_name = own.key_id, own.fingerprint
    others = sorted(signing_keys(found.valid) - {own_name})
    unknown = [name for name in others if name not in keys]
    if unknown:
        raise VerificationError(
            f"{found.record.pith_number()}: no trusted key is named {unknown[0][0]!r} with "
            f"fingerprint {unknown[0][1]} (trust it with --trust FILE)"
        )
    return [own, *(keys[name] for name in others)]
