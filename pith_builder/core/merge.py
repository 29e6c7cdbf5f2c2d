"""The state of a record: the merge `pith-open-graph-merge-v1` of its events (FORMAT.md 9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from orjson import Fragment

from pith_builder.core.alias import SourceAlias
from pith_builder.core.canonical import (
    MAX_DEPTH,
    JsonValue,
    canonical_json,
    dump_canonical,
    parse_json,
    sha256_hex,
)
from pith_builder.core.event import Event, claimed_id
from pith_builder.core.event_checks import Finding, Reason, event_findings, writer_of
from pith_builder.core.forms import (
    CURRENT_LISTS,
    MERGE_VERSION,
    RECORD_CREATED,
    STATE_TYPE,
    STATE_VERSION,
)
from pith_builder.core.keys import Keyring
from pith_builder.errors import MalformedError, VerificationError

_RANKS = {kind: rank for rank, kind in enumerate((RECORD_CREATED, *CURRENT_LISTS))}
_WEIGHTS = {reason: weight for weight, reason in enumerate(Reason)}


class NoStateError(VerificationError):
    """No valid `record_created` is among the events: there is no state."""


@dataclass(frozen=True, slots=True, order=True)
class InvalidEvent:
    """An event that does not hold, and the first reason why."""

    event_id: str
    reason: Reason


class State(NamedTuple):
    """What the events of one record come to.

    Attributes:
        event_count: Events, by id.
        invalid_event_count: Those of them that do not hold.
        equivocation_count: Sets of events that contradict each other.
        state_sha256: The digest of the state, in hexadecimal.
        document: Its canonical JSON, whole.
    """

    event_count: int
    invalid_event_count: int
    equivocation_count: int
    state_sha256: str
    document: bytes

    @property
    def valid_event_count(self) -> int:
        """Events that hold."""
        return self.event_count - self.invalid_event_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivocation:
    """Valid events of one signer that claim one place, and so contradict each other.

    Attributes:
        event_type: Their type.
        signer_id: Who states them.
        prev_event: The event they all follow; None of `record_created`, of which there is one.
        events: The events, the one that is applied first.
    """

    event_type: str
    signer_id: str
    prev_event: str | None
    events: tuple[Event, ...]

    def place(self) -> dict[str, JsonValue]:
        """Return what they all claim."""
        return {
            "event_type": self.event_type,
            "prev_event": self.prev_event,
            "signer_id": self.signer_id,
        }

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the entry of a state's `equivocations`."""
        return {**self.place(), "event_ids": sorted(event.event_id for event in self.events)}


class Verdict(StrEnum):
    """What became of an event that was offered."""

    NEW = "new"
    KNOWN = "known"
    REFUSED = "refused"


class Taken(NamedTuple):
    """What became of one event, and if it was refused, why.

    Attributes:
        event_id: The id it goes by.
        verdict: What became of it.
        reason: Why it was refused, or None.
        message: Why, in words, or "".
    """

    event_id: str
    verdict: Verdict
    reason: Reason | None = None
    message: str = ""


class Sorting:
    """Tells valid from invalid events of one record as they come (rules 1 and 2).

    Of copies of one id a valid one wins. Ruling: of several valid copies, which can differ in
    their signature alone, the one that is held already is kept, and of those that are not the one
    whose canonical JSON comes first; of invalid copies, the weightiest reason is.
    """

    def __init__(
        self, number: str, keyring: Keyring, held: Iterable[Event] = (), levels_above: int = 0
    ) -> None:
        """Begin with the events that are held already, which are valid.

        `levels_above` is how much deeper than in itself an event will be nested; one that would
        then be nested too deep (FORMAT.md 1) is refused.
        """
        self._number = number
        self._levels_above = levels_above
        self._keyring = keyring
        self._held = {event.event_id: event for event in held}
        self._new: dict[str, Event] = {}
        self._reasons: dict[str, Reason] = {}

    def take(self, value: JsonValue, judged: Iterable[Finding] | None = None) -> Taken:
        """Judge one event; `judged` is what is to be said against it, where that is known already.

        Raises:
            MalformedError: It has no canonical JSON.
        """
        event_id = claimed_id(value)
        write = writer_of(value)
        known = self._held.get(event_id) or self._new.get(event_id)
        if known is not None and write(value) == known.document:
            return Taken(event_id, Verdict.KNOWN)
        if judged is None:
            judged = event_findings(value, self._number, self._keyring, write=write)
        finding = next(iter(judged), None)
        if finding is not None:
            reason, failure = finding
            before = self._reasons.get(event_id, reason)
            self._reasons[event_id] = min(reason, before, key=_WEIGHTS.__getitem__)
            message = f"{failure.path or '/'}: {failure.message}"
            return Taken(event_id, Verdict.REFUSED, reason, message)
        event = Event.from_json_object(value, write)
        if _is_too_deep(event, self._levels_above):
            self._reasons[event_id] = Reason.MALFORMED
            message = f"/: is nested too deep to be shown within {MAX_DEPTH} levels"
            return Taken(event_id, Verdict.REFUSED, Reason.MALFORMED, message)
        return self.take_valid(event)

    def take_valid(self, event: Event) -> Taken:
        """Take an event that is known to be valid, and no deeper than may be shown."""
        known = self._held.get(event.event_id) or self._new.get(event.event_id)
        if known is None:
            self._new[event.event_id] = event
            return Taken(event.event_id, Verdict.NEW)
        if event.event_id in self._new and event.document < known.document:
            self._new[event.event_id] = event
        return Taken(event.event_id, Verdict.KNOWN)

    def new(self) -> tuple[Event, ...]:
        """Return the valid events that were not held, by id."""
        return tuple(self._new[event_id] for event_id in sorted(self._new))

    def valid(self) -> tuple[Event, ...]:
        """Return all valid events, by id."""
        events = {**self._held, **self._new}
        return tuple(events[event_id] for event_id in sorted(events))

    def invalid(self) -> tuple[InvalidEvent, ...]:
        """Return the events of which no copy is valid, by id."""
        refused = sorted(self._reasons.keys() - self._held.keys() - self._new.keys())
        return tuple(InvalidEvent(event_id, self._reasons[event_id]) for event_id in refused)


def _is_too_deep(event: Event, levels_above: int) -> bool:
    brackets = event.document.count(b"[") + event.document.count(b"{")
    if not levels_above or brackets <= MAX_DEPTH - levels_above:
        return False
    nested: JsonValue = parse_json(event.document)
    for _ in range(levels_above):
        nested = [nested]
    try:
        canonical_json(nested)
    except MalformedError:
        return True
    return False


def merge(
    number: str,
    events: Iterable[JsonValue],
    aliases: Iterable[SourceAlias],
    keyring: Keyring,
    judged: Iterable[Iterable[Finding]] = (),
) -> State:
    """Merge events, from anywhere and in any order, into the state of the record `number`.

    `judged` is what is to be said against each of them, where that is known already.

    Raises:
        NoStateError: No valid `record_created` is among them.
        MalformedError: An event has no canonical JSON.
    """
    valid, invalid = sort_out(number, events, keyring, judged)
    return state_of(number, valid, invalid, aliases)


def sort_out(
    number: str,
    events: Iterable[JsonValue],
    keyring: Keyring,
    judged: Iterable[Iterable[Finding]] = (),
) -> tuple[tuple[Event, ...], tuple[InvalidEvent, ...]]:
    """Tell valid from invalid events, as `Sorting` does; `judged` as in `merge`.

    Raises:
        MalformedError: An event has no canonical JSON.
    """
    sorting = Sorting(number, keyring)
    for value, found in zip_longest(events, judged):
        sorting.take(value, found)
    return sorting.valid(), sorting.invalid()


def state_of(
    number: str,
    valid: Sequence[Event],
    invalid: Sequence[InvalidEvent],
    aliases: Iterable[SourceAlias],
) -> State:
    """Apply valid events (rules 3 to 6).

    Raises:
        NoStateError: No `record_created` is among them.
    """
    contradicting = equivocations(valid)
    refused = {event.event_id for found in contradicting for event in found.events[1:]}
    applied = sorted(
        (event for event in valid if event.event_id not in refused), key=order_of_application
    )
    current = _current(applied)
    current["canonical_record"] = _canonical_record(number, applied)
    current["source_aliases"] = [alias.to_json_object() for alias in aliases]
    state = {
        "applied_event_ids": [event.event_id for event in applied],
        "current": Fragment(dump_canonical(current)),
        "equivocation_count": len(contradicting),
        "equivocations": [found.to_json_object() for found in contradicting],
        "event_count": len(valid) + len(invalid),
        "invalid_event_count": len(invalid),
        "invalid_events": [
            {"event_id": event.event_id, "reason": str(event.reason)} for event in invalid
        ],
        "merge_version": MERGE_VERSION,
        "pith_number": number,
        "state_type": STATE_TYPE,
        "state_version": STATE_VERSION,
        "valid_event_count": len(valid),
    }
    content = dump_canonical(state)
    state_sha256 = sha256_hex(content)
    # It is written once: only numbers and a constant stand behind its digest.
    before, behind, rest = content.rpartition(b',"state_type":')
    return State(
        event_count=len(valid) + len(invalid),
        invalid_event_count=len(invalid),
        equivocation_count=len(contradicting),
        state_sha256=state_sha256,
        document=b'%b,"state_sha256":"%b"%b%b' % (before, state_sha256.encode(), behind, rest),
    )


def _current(applied: Sequence[Event]) -> dict[str, JsonValue]:
    """Return what applied events show, less what one of the same signer supersedes (rule 5).

    Ruling: of several registries' `record_created` events, the first applied is shown.
    """
    superseded = {(event.signer_id, gone) for event in applied for gone in event.supersedes}
    current: dict[str, JsonValue] = {name: [] for name in CURRENT_LISTS.values()}
    current[RECORD_CREATED] = None
    for event in applied:
        if (event.signer_id, event.event_id) in superseded:
            continue
        if event.event_type == RECORD_CREATED:
            current[RECORD_CREATED] = current[RECORD_CREATED] or event.reduced
        elif event.event_type in CURRENT_LISTS:
            current[CURRENT_LISTS[event.event_type]].append(event.reduced)
    return current


def _canonical_record(number: str, applied: Sequence[Event]) -> JsonValue:
    for event in applied:
        if event.event_type == RECORD_CREATED:
            return event.payload["canonical_record"]
    raise NoStateError(f"{number}: no valid record_created event, so there is no state")


def order_of_application(event: Event) -> tuple[str, int, str]:
    """Return what valid events are applied by (rule 4)."""
    return event.created_at, _RANKS.get(event.event_type, len(_RANKS)), event.event_id


def equivocations(valid: Iterable[Event]) -> list[Equivocation]:
    """Return the sets of valid events of one signer that claim one place (rule 3).

    Ruling: the sets are sorted by type, signer and previous event.
    """
    claims: defaultdict[tuple[str, str, str], list[Event]] = defaultdict(list)
    for event in valid:
        if event.event_type == RECORD_CREATED:
            claims[event.event_type, event.signer_id, ""].append(event)
        elif event.prev_event is not None:
            claims[event.event_type, event.signer_id, event.prev_event].append(event)
    return [
        Equivocation(
            event_type=event_type,
            signer_id=signer_id,
            prev_event=prev_event or None,
            events=tuple(sorted(rivals, key=lambda event: (event.created_at, event.event_id))),
        )
        for (event_type, signer_id, prev_event), rivals in sorted(claims.items())
        if len(rivals) > 1
    ]
