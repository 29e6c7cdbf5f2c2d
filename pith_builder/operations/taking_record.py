"""Taking in what is offered of one record: what is new in it, and what becomes of the record.

Nothing here touches the lake: it is given what the lake holds, and answers with what it should.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from pith_builder.core.alias import SourceAlias
from pith_builder.core.bundle_checks import link_failures, seal_failures
from pith_builder.core.canonical import (
    JsonValue,
    canonical_json,
    dump_canonical,
    parse_json,
)
from pith_builder.core.event import Event, claimed_id, graph_snapshot_payload, signed_event
from pith_builder.core.form import AnyValue, ObjectOf
from pith_builder.core.forms import BUNDLE, GRAPH_SNAPSHOT, RECORD_CREATED
from pith_builder.core.gathering import (
    Gathered,
    gathered_bundle,
    gathered_of,
    later_aliases,
    signing_keys,
)
from pith_builder.core.instants import format_microseconds, format_seconds
from pith_builder.core.keys import PublicKey, Signer
from pith_builder.core.merge import NoStateError, Sorting, Verdict
from pith_builder.core.number import PithNumber
from pith_builder.core.registry import Registry
from pith_builder.core.sound import Sound
from pith_builder.core.verification import verify
from pith_builder.errors import MalformedError, VerificationError
from pith_builder.lake.raw_metadata import read_raw_metadata
from pith_builder.operations.merging import events_of, read_offer, refused_event
from pith_builder.operations.offers import (
    METADATA_MISMATCH,
    NO_RECORD_CREATED,
    Offer,
    OfferKind,
    Refused,
)
from pith_builder.signing.ed25519 import TrustedKeys

_LEVELS_ABOVE = 4
"""A state in a bundle shows a payload so many levels deeper than the event does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Who takes in, and what it goes by.

    Attributes:
        registry: Who rebuilds bundles.
        signer: With which key.
        trusted: The keys that are trusted, the signer's among them.
        now: The instant everything is dated with.
        is_import: Whether records that come without signed events are vouched for.
    """

    registry: Registry
    signer: Signer
    trusted: TrustedKeys
    now: datetime
    is_import: bool = False

    def keys(self) -> dict[tuple[str, str], PublicKey]:
        """Return the trusted keys by id and fingerprint."""
        return {(key.key_id, key.fingerprint): key for key in self.trusted}


@dataclass(slots=True, kw_only=True)
class TakenRecord:
    """What became of one record: seen = new + known + refused, in events.

    Attributes:
        number: The record.
        is_held: Whether the lake held it before.
        verdicts: How many events ended so.
        refused: What was not taken, and why.
        new: The events to add, by id.
        found: The record with them, or None where nothing changes.
        bundle: Its bundle, canonical JSON.
        bundle_signature: Of that.
        built_at: When that was built.
        before: The aliases it had, by kind and value, with their dates.
        created: The event whose receipt its row holds; None where it was held before.
        raw: The raw columns of its row, or None.
        source: Where it was offered first.
    """

    number: str
    is_held: bool
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    new: tuple[Event, ...] = ()
    found: Gathered | None = None
    bundle: bytes = b""
    bundle_signature: JsonValue = None
    built_at: str = ""
    before: Mapping[tuple[str, str], str] = field(default_factory=dict)
    created: Event | None = None
    raw: dict[str, Any] | None = None
    source: str = ""

    def before_of(self, alias: SourceAlias) -> str:
        """Return what an alias was dated with before, or "" where there was none such."""
        return self.before.get((alias.alias_kind, alias.alias_value), "")

    def source_name(self) -> str:
        """Return the file it was offered in first, as rows name it: below its mirror's tree."""
        parts = Path(self.source).parts
        return "/".join(parts[-3:]) if parts[-3:-2] == ("pith",) else parts[-1]

    def signing_keys(self) -> set[tuple[str, str]]:
        """Return the names of the keys that signed what is new."""
        if self.found is None:
            return set()
        name = self.bundle_signature["key_id"], self.bundle_signature["public_key_fingerprint"]
        return {name, *signing_keys(self.found.valid)}


def take_record(
    taker: Taker, number: str, held: bytes | None, offers: Iterable[Offer]
) -> TakenRecord:
    """Judge all that is offered of a record, and if any of it is new, merge and bundle it anew.

    Ruling: what the lake holds was judged when it came in, and is not judged again, but its keys
    must be trusted still. A record that the lake does not hold is added as it is published: where
    one bundle says all that is known of it, that bundle stays, with its own signature. Every other
    bundle is built anew and signed by the taker. Events that do not hold are not stored.

    Raises:
        VerificationError: The lake holds an event that no trusted key signed.
    """
    taken = TakenRecord(number=number, is_held=held is not None)
    # The lake's own documents are canonical, and were read strictly when they came in.
    bundle = None if held is None else orjson.loads(held)
    sorting = Sorting(number, taker.trusted, _held_events(number, bundle, taker), _LEVELS_ABOVE)
    published: list[JsonValue] = []
    metadata: list[Offer] = []
    for offer in offers:
        taken.source = taken.source or offer.source
        if offer.kind is OfferKind.METADATA:
            metadata.append(offer)
            continue
        value = read_offer(offer, taken.refused)
        if value is None:
            continue
        if taker.is_import and _is_bare(offer, value):
            _take_bare(taker, offer, value, bundle, sorting, taken)
            continue
        for event in events_of(offer, value, taken.refused):
            _take(sorting, event, offer, taken)
        if offer.kind is OfferKind.BUNDLE:
            published.append(value)
    _count_unread(taken)
    taken.new = sorting.new()
    if bundle is not None:
        taken.before = _alias_dates(bundle)
    later = later_aliases(sorting.valid(), _dating(published, bundle), taker.trusted)
    if taken.new or any(alias.created_at > taken.before_of(alias) for alias in later):
        _conclude(taker, taken, sorting, later, published, metadata)
    return taken


def _dating(published: list[JsonValue], held: JsonValue) -> list[JsonValue]:
    return published if held is None else [*published, held]


def _alias_dates(bundle: JsonValue) -> dict[tuple[str, str], str]:
    return {
        (alias["alias_kind"], alias["alias_value"]): alias["created_at"]
        for alias in bundle["source_aliases"]
    }


def _held_events(number: str, bundle: JsonValue, taker: Taker) -> list[Event]:
    if bundle is None:
        return []
    events = [Event.from_json_object(event) for event in bundle["events"]]
    seal = bundle["bundle_signature"]
    sealed_by = seal["key_id"], seal["public_key_fingerprint"]
    unknown = {sealed_by, *signing_keys(events)} - taker.keys().keys()
    if unknown:
        key_id, fingerprint = min(unknown)
        raise VerificationError(
            f"the lake holds {number} with a signature of key {key_id!r}, fingerprint "
            f"{fingerprint}, which is not trusted: trust it with --trust FILE"
        )
    return events


def _take(sorting: Sorting, event: JsonValue, offer: Offer, taken: TakenRecord) -> None:
    result = sorting.take(event)
    taken.verdicts[result.verdict] += 1
    if result.verdict is Verdict.REFUSED:
        taken.refused.append(
            refused_event(offer, result.event_id, str(result.reason), result.message)
        )


def _count_unread(taken: TakenRecord) -> None:
    """Count what could not be read for events, which is one thing refused each."""
    unread = len(taken.refused) - taken.verdicts[Verdict.REFUSED]
    taken.verdicts[Verdict.REFUSED] += unread


def _is_bare(offer: Offer, document: JsonValue) -> bool:
    """Tell whether a document speaks of a record without the signed event that created it."""
    if offer.kind not in {OfferKind.RECORD, OfferKind.STATE}:
        return False
    events = document.get("events")
    return not isinstance(events, list) or not any(
        isinstance(event, dict) and event.get("event_type") == RECORD_CREATED for event in events
    )


def _take_bare(
    taker: Taker,
    offer: Offer,
    document: JsonValue,
    held: JsonValue,
    sorting: Sorting,
    taken: TakenRecord,
) -> None:
    """Vouch for a record whose document carries its receipt, but no signed event.

    Ruling: where it verifies, we state ourselves that the record was created, with its own
    receipt, and its graph snapshot as published. Where the record is there already, it adds
    nothing.
    """
    report = verify(document, taker.trusted)
    if report.failures:
        first = report.failures[0]
        message = f"{first.path or '/'}: {first.code}: {first.message}"
        taken.refused.append(refused_event(offer, "", str(first.code), message))
        return
    if held is not None or any(event.event_type == RECORD_CREATED for event in sorting.valid()):
        taken.verdicts[Verdict.KNOWN] += 1
        return
    record, receipt, snapshots = _told(document)
    if receipt is None:
        message = "its record_created is superseded, so that it shows no receipt"
        taken.refused.append(refused_event(offer, "", NO_RECORD_CREATED, message))
        return
    payload = {
        "attestation_state": "computed",
        "canonical_record": record,
        "canonical_sha256": receipt["canonical_sha256"],
        "receipt": receipt,
        "source_id": record["source"]["id"],
        "source_kind": record["source"]["kind"],
        "source_version": record["source"]["version"],
    }
    stated = [(RECORD_CREATED, payload)]
    stated += [(GRAPH_SNAPSHOT, graph_snapshot_payload(snapshot)) for snapshot in snapshots]
    for event_type, said in stated:
        event = signed_event(
            event_type,
            PithNumber.parse(taken.number),
            said,
            signer=taker.signer,
            signer_id=taker.registry.signer_id,
            created_at=format_seconds(taker.now),
            signed_at=format_microseconds(taker.now),
        )
        _take(sorting, parse_json(event.document), offer, taken)


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


def _conclude(
    taker: Taker,
    taken: TakenRecord,
    sorting: Sorting,
    later: list[SourceAlias],
    published: list[JsonValue],
    metadata: list[Offer],
) -> None:
    try:
        found = gathered_of(taken.number, sorting.valid(), (), later)
    except NoStateError as error:
        _refuse_all(taken, str(error))
        return
    taken.found = found
    kept = None if taken.is_held else _published(found, published, taker)
    if kept is None:
        built = gathered_bundle(
            found,
            registry=taker.registry,
            signer=taker.signer,
            keys=taker.keys(),
            now=taker.now,
        )
        taken.bundle = built.document
        taken.bundle_signature = {**built.signature, "bundle_sha256": built.bundle_sha256}
        taken.built_at = format_seconds(taker.now)
    else:
        taken.bundle, bundle = kept
        taken.bundle_signature = bundle["bundle_signature"]
        taken.built_at = bundle["built_at"]
    if taken.is_held:
        return
    taken.created = _created(found, taken.bundle_signature)
    for offer in metadata:
        try:
            taken.raw = read_raw_metadata(offer.document, found.record)
        except MalformedError as error:
            taken.refused.append(refused_event(offer, "", METADATA_MISMATCH, str(error)))
            taken.verdicts[Verdict.REFUSED] += 1


def _refuse_all(taken: TakenRecord, message: str) -> None:
    """Refuse the new events of a record that nobody has stated to be."""
    for event in taken.new:
        taken.refused.append(
            Refused(
                source=taken.source,
                line=0,
                number=taken.number,
                event_id=event.event_id,
                reason=NO_RECORD_CREATED,
                message=message,
            )
        )
    taken.verdicts[Verdict.REFUSED] += taken.verdicts.pop(Verdict.NEW, 0)
    taken.verdicts[Verdict.REFUSED] += taken.verdicts.pop(Verdict.KNOWN, 0)
    taken.new = ()


def _published(
    found: Gathered, bundles: list[JsonValue], taker: Taker
) -> tuple[bytes, JsonValue] | None:
    """Return the bundle that says all that was gathered and holds, or None; first as it is stored.

    Of several the one whose canonical JSON comes first, so that their order does not matter.
    """
    wanted = {
        "canonical_record": found.record.to_json_object(),
        "canonical_sha256": found.digest.hex(),
        "pith_number": str(found.number),
        "short_pith_number": found.number.short(),
        "source": found.record.source(),
        "source_aliases": [alias.to_json_object() for alias in found.aliases],
        "state": orjson.Fragment(found.state.document),
    }
    following = dump_canonical(wanted)
    events = {event.event_id: event.document for event in found.valid}
    said = [(canonical_json(bundle), bundle) for bundle in bundles]
    for document, bundle in sorted(said, key=itemgetter(0)):
        if (
            canonical_json({name: bundle.get(name) for name in wanted}) == following
            and len(bundle["events"]) == len(events)
            and {claimed_id(e): canonical_json(e) for e in bundle["events"]} == events
            and next(_ENVELOPE.failures(bundle, ""), None) is None
            and next(seal_failures(Sound(bundle, ()), taker.trusted), None) is None
            and next(link_failures(Sound(bundle, ())), None) is None
        ):
            return document, bundle
    return None


_FOLLOWING = frozenset(
    {
        "canonical_record",
        "canonical_sha256",
        "pith_number",
        "short_pith_number",
        "source",
        "source_aliases",
        "state",
    }
)
"""What of a bundle follows from its events, and is compared."""

_ENVELOPE = ObjectOf(
    {name: AnyValue() if name in _FOLLOWING else form for name, form in BUNDLE.fields.items()}
)
"""The form of the rest of it."""


def _created(found: Gathered, bundle_signature: JsonValue) -> Event:
    """Return the event whose receipt the record's row holds.

    Ruling: the one that whoever signed the bundle stated, or else the one that is applied first.
    """
    for event in found.valid:
        if (
            event.event_type == RECORD_CREATED
            and event.signature["public_key_fingerprint"]
            == bundle_signature["public_key_fingerprint"]
        ):
            return event
    return found.created
