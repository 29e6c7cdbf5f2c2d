"""One record as all its events tell it, whoever stated them, and the bundle made anew of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from pith_builder.core.alias import SourceAlias, source_aliases
from pith_builder.core.bundle import Bundle, sealed_anew, signed_bundle
from pith_builder.core.bundle_checks import seal_failures
from pith_builder.core.canonical import JsonValue, RecordDigest, dump_canonical, parse_json
from pith_builder.core.event import Event
from pith_builder.core.form import ListOf
from pith_builder.core.forms import ALIAS, BUNDLE, CURRENT_LISTS, MIRROR_HINT, RECORD_CREATED
from pith_builder.core.instants import (
    format_microseconds,
    format_seconds,
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
from pith_builder.core.number import PithNumber
from pith_builder.core.record import CanonicalRecord, read_record
from pith_builder.core.registry import Registry
from pith_builder.core.sound import Sound
from pith_builder.errors import VerificationError

KeyName = tuple[str, str]
"""A key's id and fingerprint."""

TIMESTAMP_ANCHOR = "timestamp_anchor"
MIRROR_HINT_EVENT = "mirror_hint"

_ALIASES = ListOf(ALIAS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A record and all that is stated of it.

    Attributes:
        number: Its name.
        record: The canonical record.
        digest: Its digest.
        valid: The events that hold, in the order of application.
        invalid: Those that do not, and why.
        aliases: The record's other names.
        state: The merge of the events.
    """

    number: PithNumber
    record: CanonicalRecord
    digest: RecordDigest
    valid: tuple[Event, ...]
    invalid: tuple[InvalidEvent, ...]
    aliases: tuple[SourceAlias, ...]
    state: State

    @property
    def created(self) -> Event:
        """The `record_created` that is applied first."""
        return first_created(self.valid)


def gathered(
    number: str,
    events: Iterable[JsonValue],
    keyring: Keyring,
    bundles: Iterable[JsonValue] = (),
) -> Gathered:
    """Merge all events of the record `number`, in any order, from anywhere.

    `bundles` are those that the events came in, whose aliases count where their seal holds.

    Raises:
        NoStateError: No valid `record_created` is among them.
        MalformedError: An event has no canonical JSON.
    """
    valid, invalid = sort_out(number, events, keyring)
    return gathered_of(number, valid, invalid, later_aliases(valid, bundles, keyring))


def gathered_of(
    number: str,
    valid: Iterable[Event],
    invalid: Iterable[InvalidEvent] = (),
    later: Iterable[SourceAlias] = (),
) -> Gathered:
    """Merge events that were judged already.

    Ruling: an alias dates from the latest that any registry gives for it: the whole second of the
    `first_computed_at` of the receipt in its `record_created`, or what a bundle that it sealed
    says later (`later`; a published bundle has short forms that were given twelve hours after the
    rest). The latest, because that is the one choice which does not depend on the order in which
    events and bundles come in, and gives every published document its own dates: no event says
    those that it is given later, so two that hold the same events date aliases alike once they
    have seen the same bundles.

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
    record, digest, name = read_record(dump_canonical(payload["canonical_record"]))
    aliases = _latest(source_aliases(record, name, given_at(ordered)), later)
    return Gathered(
        number=name,
        record=record,
        digest=digest,
        valid=ordered,
        invalid=refused,
        aliases=aliases,
        state=state_of(number, ordered, refused, aliases),
    )


def later_aliases(
    valid: Iterable[Event], bundles: Iterable[JsonValue], keyring: Keyring
) -> list[SourceAlias]:
    """Return the aliases that sealed bundles date later than the events do.

    Only their signature covers them, so a bundle that no trusted key sealed says nothing.
    """
    latest = given_at(valid)
    found: list[SourceAlias] = []
    for bundle in bundles:
        if not _may_be_later(bundle.get("source_aliases"), latest):
            continue
        if next(_ALIASES.failures(bundle.get("source_aliases"), ""), None) is None:
            aliases = [SourceAlias(**alias) for alias in bundle["source_aliases"]]
            later = [alias for alias in aliases if alias.created_at > latest]
            if later and _is_sealed(bundle, keyring):
                found += later
    return found


def _may_be_later(aliases: JsonValue, latest: str) -> bool:
    """Tell cheaply whether aliases, in whatever form, need looking at: those of most do not."""
    return isinstance(aliases, list) and any(
        not isinstance(alias, dict) or str(alias.get("created_at")) > latest for alias in aliases
    )


def given_at(events: Iterable[Event]) -> str:
    """Return the latest second at which a registry says it computed the record, or ""."""
    computed = (
        event.payload["receipt"]["first_computed_at"]
        for event in events
        if event.event_type == RECORD_CREATED
    )
    latest = max(computed, default=None)
    return "" if latest is None else f"{latest[:19]}Z"


def _latest(
    aliases: Iterable[SourceAlias], later: Iterable[SourceAlias]
) -> tuple[SourceAlias, ...]:
    dates: dict[tuple[str, str], str] = {}
    for alias in later:
        name = alias.alias_kind, alias.alias_value
        dates[name] = max(dates.get(name, ""), alias.created_at)
    if not dates:
        return tuple(aliases)
    return tuple(
        SourceAlias(
            alias.alias_kind,
            alias.alias_value,
            max(alias.created_at, dates.get((alias.alias_kind, alias.alias_value), "")),
        )
        for alias in aliases
    )


def _is_sealed(bundle: JsonValue, keyring: Keyring) -> bool:
    found = tuple(BUNDLE.failures(bundle, ""))
    return next(seal_failures(Sound(bundle, found), keyring), None) is None and not any(
        failure.path.startswith("/bundle_signature") for failure in found
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
    built_at, signed_at = _written(now)
    return signed_bundle(
        found.number,
        found.created.payload["canonical_record"],
        found.digest,
        aliases=found.aliases,
        events=found.valid,
        state=found.state,
        registry=registry,
        signer=signer,
        public_keys=_public_keys(
            str(found.number), signing_keys(found.valid), signer.public_key, keys
        ),
        built_at=built_at,
        signed_at=signed_at,
        timestamp_proofs=timestamp_proofs(found),
        mirror_hints=mirror_hints(found),
    )


@lru_cache(maxsize=1)  # a run builds every bundle at one instant
def _written(now: datetime) -> tuple[str, str]:
    return format_seconds(now), format_microseconds(now)


def signing_keys(events: Collection[Event]) -> set[KeyName]:
    """Return the names of the keys that signed these events and the receipts in them."""
    return _named_in((event.event_type, event.signature, event.payload) for event in events)


def _named_in(events: Iterable[tuple[str, JsonValue, JsonValue]]) -> set[KeyName]:
    blocks = []
    for event_type, signature, payload in events:
        blocks.append(signature)
        if event_type == RECORD_CREATED:
            blocks.append(payload["receipt"])
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


def reissued_bundle(
    bundle: dict[str, JsonValue],
    *,
    signer: Signer,
    keys: Mapping[KeyName, PublicKey],
    now: datetime,
) -> Bundle:
    """Sign a bundle again that is known to hold: its events keep their own signatures.

    Args:
        bundle: The bundle, as JSON value.
        signer: With which key.
        keys: The keys known, by id and fingerprint.
        now: When.

    Raises:
        VerificationError: A key that signed an event is not among `keys`.
    """
    signed_by = _named_in(
        (event["event_type"], event["signature"], event["payload"]) for event in bundle["events"]
    )
    built_at, signed_at = _written(now)
    return sealed_anew(
        bundle,
        signer=signer,
        public_keys=_public_keys(bundle["pith_number"], signed_by, signer.public_key, keys),
        built_at=built_at,
        signed_at=signed_at,
    )


def _public_keys(
    number: str, signed_by: set[KeyName], own: PublicKey, keys: Mapping[KeyName, PublicKey]
) -> list[PublicKey]:
    own_name = own.key_id, own.fingerprint
    others = sorted(signed_by - {own_name})
    unknown = [name for name in others if name not in keys]
    if unknown:
        raise VerificationError(
            f"{number}: no trusted key is named {unknown[0][0]!r} with "
            f"fingerprint {unknown[0][1]} (trust it with --trust FILE)"
        )
    return [own, *(keys[name] for name in others)]
