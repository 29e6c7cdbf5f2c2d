"""Merging without a lake: from documents of any number of mirrors to the states of records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pith_builder.core.canonical import JsonValue, parse_json
from pith_builder.core.gathering import gathered_of, later_aliases
from pith_builder.core.keys import Keyring
from pith_builder.core.merge import (
    Equivocation,
    InvalidEvent,
    NoStateError,
    Sorting,
    State,
    Verdict,
    equivocations,
)
from pith_builder.errors import MalformedError, VerificationError
from pith_builder.operations.desk import new_desk
from pith_builder.operations.offers import (
    MALFORMED,
    NO_RECORD_CREATED,
    NO_SIGNATURE,
    Offer,
    OfferKind,
    Refused,
    read_offers,
)

_UNREADABLE = frozenset({"not_json", "unknown_kind", "too_large"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What the documents of one record came to.

    Attributes:
        number: The record.
        state: The merge of its events, or None where there is none.
        invalid: Events of which no copy holds.
        equivocations: What contradicts itself.
        refused: What was not taken, and why.
    """

    number: str
    state: State | None
    invalid: tuple[InvalidEvent, ...]
    equivocations: tuple[Equivocation, ...]
    refused: tuple[Refused, ...] = field(default=())


def merge_files(
    sources: Iterable[Path], standard_input: BinaryIO, keyring: Keyring
) -> Iterator[Merged | Refused]:
    """Merge what files offer, record by record in the order of their numbers.

    What names no record comes first, refused.

    Raises:
        UsageError: A file cannot be read.
        SourceError: A packed file is truncated or damaged.
    """
    unread: list[Refused] = []
    with new_desk() as desk:
        desk.put_offers(sorted_out(read_offers(sources, standard_input), unread.append))
        desk.sort_offers()
        yield from unread
        for number in desk.numbers():
            for _, _, offers in desk.records(number, number):
                yield merged_record(number, offers, keyring)


def sorted_out(
    found: Iterable[Offer | Refused], refuse: Callable[[Refused], None]
) -> Iterator[Offer]:
    """Yield the offers; `refuse` is told what cannot even be read."""
    for one in found:
        if isinstance(one, Refused):
            refuse(one)
        else:
            yield one


def merged_record(number: str, offers: Iterable[Offer], keyring: Keyring) -> Merged:
    """Merge what is offered of one record; what does not hold is told, not raised."""
    sorting = Sorting(number, keyring)
    refused: list[Refused] = []
    bundles: list[JsonValue] = []
    for offer in offers:
        value = read_offer(offer, refused)
        if offer.kind is OfferKind.BUNDLE and value is not None:
            bundles.append(value)
        for event in events_of(offer, value, refused):
            taken = sorting.take(event)
            if taken.verdict is Verdict.REFUSED:
                refused.append(
                    refused_event(offer, taken.event_id, str(taken.reason), taken.message)
                )
    valid, invalid = sorting.valid(), sorting.invalid()
    try:
        later = later_aliases(valid, bundles, keyring)
        state = gathered_of(number, valid, invalid, later).state
    except NoStateError as error:
        state = None
        if valid or invalid:
            message = str(error).removeprefix(f"{number}: ")
            refused.append(
                Refused(source="", line=0, number=number, reason=NO_RECORD_CREATED, message=message)
            )
    return Merged(
        number=number,
        state=state,
        invalid=invalid,
        equivocations=tuple(equivocations(valid)),
        refused=tuple(refused),
    )


def read_offer(offer: Offer, refused: list[Refused]) -> JsonValue:
    """Parse what is offered, or return None and add to `refused` why it cannot be."""
    try:
        value = parse_json(offer.document)
    except MalformedError as error:
        refused.append(refused_event(offer, "", "not_json", str(error)))
        return None
    is_bundle = offer.kind is OfferKind.BUNDLE
    if not isinstance(value, dict) or (is_bundle and value.get("pith_number") != offer.number):
        message = f"it reads like a {offer.kind} of {offer.number}, and is none"
        refused.append(refused_event(offer, "", MALFORMED, message))
        return None
    return value


def events_of(offer: Offer, value: JsonValue, refused: list[Refused]) -> list[JsonValue]:
    """Return the events of a parsed document; why it carries none is added to `refused`.

    Of None, which is what could not be read, there are none.
    """
    if value is None:
        return []
    if offer.kind is OfferKind.EVENT:
        return [value]
    events = value.get("events")
    if isinstance(events, list) and (events or offer.kind is OfferKind.BUNDLE):
        return events
    message = f"this {offer.kind} carries no signed events: give the record's bundle"
    refused.append(refused_event(offer, "", NO_SIGNATURE, message))
    return []


def refused_event(offer: Offer, event_id: str, reason: str, message: str) -> Refused:
    """Return that an event, or all that a document offers, was not taken."""
    return Refused(
        source=offer.source,
        line=offer.line,
        number=offer.number,
        event_id=event_id,
        reason=reason,
        message=message,
    )


def exit_code(reasons: Iterable[str]) -> int:
    """Return the exit code that refusals come to: 0, or as the errors of their kinds."""
    found = set(reasons)
    if not found:
        return 0
    return MalformedError.exit_code if found <= _UNREADABLE else VerificationError.exit_code
