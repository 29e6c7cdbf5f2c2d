"""Taking in what is offered of one record: what is new in it, and what becomes of the record.

Nothing here touches the lake: it is given what the lake holds, and answers with what it should.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pith_builder.core.alias import SourceAlias
from pith_builder.core.bundle import Bundle, read_head
from pith_builder.core.canonical import JsonValue, dump_canonical, load_canonical
from pith_builder.core.event import Event
from pith_builder.core.forms import RECORD_CREATED
from pith_builder.core.gathering import (
    Gathered,
    gathered_bundle,
    gathered_of,
    given_at,
    later_aliases,
    signing_keys,
)
from pith_builder.core.keys import KeyRefusedError, Signer
from pith_builder.core.merge import NoStateError, Sorting, Verdict
from pith_builder.core.published import published_bundle
from pith_builder.core.registry import Registry
from pith_builder.core.remaking import Remade, Remaking
from pith_builder.errors import MalformedError, VerificationError
from pith_builder.lake.raw_metadata import read_raw_metadata
from pith_builder.operations.merging import events_of, read_offer, refused_event
from pith_builder.operations.offers import (
    DOES_NOT_HOLD,
    METADATA_MISMATCH,
    NO_RECORD_CREATED,
    Offer,
    OfferKind,
    Refused,
)
from pith_builder.operations.vouching import is_bare, vouched_events
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
        bundle: Its bundle, or None where nothing changes.
        before: The aliases it had, by kind and value, with their dates.
        created: The event whose receipt its row holds; None where it was held before.
        raw: The raw columns of its row, or None.
        source: Where it was offered first.
        remade: The bundles offered that were made again.
    """

    number: str
    is_held: bool
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    new: tuple[Event, ...] = ()
    found: Gathered | None = None
    bundle: Bundle | None = None
    before: Mapping[tuple[str, str], str] = field(default_factory=dict)
    created: Event | None = None
    raw: dict[str, Any] | None = None
    source: str = ""
    remade: list[Remade] = field(default_factory=list)

    def before_of(self, alias: SourceAlias) -> str:
        """Return what an alias was dated with before, or "" where there was none such."""
        return self.before.get((alias.alias_kind, alias.alias_value), "")

    def source_name(self) -> str:
        """Return the file it was offered in first, as rows name it: below its mirror's tree."""
        return _named_below(self.source)

    def signing_keys(self) -> set[tuple[str, str]]:
        """Return the names of the keys that signed what is new."""
        if self.found is None or self.bundle is None:
            return set()
        seal = self.bundle.signature
        sealed_by = seal["key_id"], seal["public_key_fingerprint"]
        return {sealed_by, *signing_keys(self.found.valid)}


@lru_cache(maxsize=1)  # a file of lines offers many records
def _named_below(source: str) -> str:
    parts = Path(source).parts
    return "/".join(parts[-3:]) if parts[-3:-2] == ("pith",) else parts[-1]


def take_record(
    taker: Taker, number: str, held: bytes | None, offers: Iterable[Offer], remaking: Remaking
) -> TakenRecord:
    """Judge all that is offered of a record, and if any of it is new, merge and bundle it anew.

    Ruling: what the lake holds was judged when it came in, and is not judged again, but its keys
    must be trusted still. A record that the lake does not hold is added as it is published: where
    one bundle says all that is known of it, that bundle stays, with its own signature, and so it
    does where an import brings one that says all that the lake knows, and more. Every other
    bundle is built anew and signed by the taker. Events that do not hold are not stored.

    Raises:
        VerificationError: The lake holds an event that no trusted key signed.
    """
    taken = TakenRecord(number=number, is_held=held is not None)
    # The lake's own documents are canonical, and were read strictly when they came in.
    bundle, said = (None, b"") if held is None else read_head(held)
    events = [] if held is None else _held_events(number, said, bundle, taker)
    sorting = Sorting(number, taker.trusted, events, _LEVELS_ABOVE)
    published: list[JsonValue] = []
    metadata: list[Offer] = []
    bare: list[tuple[Offer, JsonValue]] = []
    for offer in offers:
        taken.source = taken.source or offer.source
        if offer.kind is OfferKind.METADATA:
            metadata.append(offer)
            continue
        if offer.kind is OfferKind.BUNDLE and _is_remade(remaking, offer, sorting, taken):
            continue
        value = read_offer(offer, taken.refused)
        if taker.is_import and is_bare(offer, value):
            bare.append((offer, value))
            continue
        for event in events_of(offer, value, taken.refused):
            _take(sorting, event, offer, taken)
        if offer.kind is OfferKind.BUNDLE and value is not None:
            published.append(value)
    _count_unread(taken)
    for offer, value in bare:  # last: a signed event of the record's creation comes first
        _take_bare(taker, offer, value, sorting, taken)
    taken.new = sorting.new()
    taken.before = _alias_dates(bundle)
    valid = sorting.valid()
    # A bundle that was made again dates no alias later than its own events do.
    dating = [*published]
    if held is not None and max(taken.before.values(), default="") > given_at(valid):
        dating.append(load_canonical(held))
    later = later_aliases(valid, dating, taker.trusted)
    if taken.new or any(alias.created_at > taken.before_of(alias) for alias in later):
        _conclude(taker, taken, valid, later, published, metadata)
    return taken


def _alias_dates(held: JsonValue) -> dict[tuple[str, str], str]:
    aliases = [] if held is None else held["source_aliases"]
    return {(alias["alias_kind"], alias["alias_value"]): alias["created_at"] for alias in aliases}


def _held_events(number: str, said: bytes, bundle: JsonValue, taker: Taker) -> list[Event]:
    events = [Event.from_json_object(event, dump_canonical) for event in bundle["events"]]
    written = b'"events":[%b]' % b",".join([event.document for event in events])
    if not said.startswith(written, said.find(b'"events":[')):
        # Only a float can be written in another way than it stands there.
        events = [Event.from_json_object(event) for event in bundle["events"]]
    seal = bundle["bundle_signature"]
    sealed_by = seal["key_id"], seal["public_key_fingerprint"]
    unknown = {sealed_by, *signing_keys(events)} - taker.trusted.by_name.keys()
    if unknown:
        key_id, fingerprint = min(unknown)
        raise VerificationError(
            f"the lake holds {number} with a signature of key {key_id!r}, fingerprint "
            f"{fingerprint}, which is not trusted: trust it with --trust FILE"
        )
    try:
        for event in events:
            taker.trusted.check_time(event.signature, event.created_at)
    except KeyRefusedError as error:
        raise VerificationError(
            f"the lake holds an event of {number} that no longer holds: {error}; run `pith audit`"
        ) from error
    return events


def _is_remade(remaking: Remaking, offer: Offer, sorting: Sorting, taken: TakenRecord) -> bool:
    """Take a bundle that is as minting makes it, and tell whether it is."""
    remade = remaking.read(offer.document, with_seal=not taken.is_held)
    if remade is None or str(remade.named.number) != taken.number:
        return False
    for event in remade.valid:
        taken.verdicts[sorting.take_valid(event).verdict] += 1
    taken.remade.append(remade)
    return True


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
    if unread:
        taken.verdicts[Verdict.REFUSED] += unread


def _take_bare(
    taker: Taker, offer: Offer, document: JsonValue, sorting: Sorting, taken: TakenRecord
) -> None:
    """Vouch for a record that comes without signed events, unless it is there already."""
    if any(event.event_type == RECORD_CREATED for event in sorting.valid()):
        taken.verdicts[Verdict.KNOWN] += 1
        return
    try:
        events = vouched_events(
            document,
            taker.trusted,
            signer=taker.signer,
            signer_id=taker.registry.signer_id,
            now=taker.now,
        )
    except VerificationError as error:
        taken.refused.append(refused_event(offer, "", DOES_NOT_HOLD, str(error)))
        taken.verdicts[Verdict.REFUSED] += 1
        return
    for event in events:
        _take(sorting, event, offer, taken)


def _conclude(
    taker: Taker,
    taken: TakenRecord,
    valid: tuple[Event, ...],
    later: list[SourceAlias],
    published: list[JsonValue],
    metadata: list[Offer],
) -> None:
    remade = taken.remade[0] if len(taken.remade) == 1 else None
    # Of a record that is held, the seal of what is offered was not looked at.
    is_new = not taken.is_held and not published and not later
    if remade is not None and is_new and remade.says_all(valid):
        found = remade.found
    else:
        remade = None
        try:
            found = gathered_of(taken.number, valid, (), later)
        except NoStateError as error:
            _refuse_all(taken, str(error).removeprefix(f"{taken.number}: "))
            return
    taken.found = found
    bundle = None
    if remade is not None:
        bundle = remade.bundle
    elif taker.is_import or not taken.is_held:
        whole = (one.whole() for one in taken.remade)
        bundle = published_bundle(found, [*published, *whole], taker.trusted)
    taken.bundle = bundle or gathered_bundle(
        found,
        registry=taker.registry,
        signer=taker.signer,
        keys=taker.trusted.by_name,
        now=taker.now,
    )
    if taken.is_held:
        return
    taken.created = _created(found, taken.bundle.signature)
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
