"""Whether a bundle or a state holds (FORMAT.md 9, 10 and 14)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pith_builder.core.alias import SourceAlias
from pith_builder.core.bundle import bundle_digest
from pith_builder.core.canonical import JsonValue, parse_json
from pith_builder.core.event import content_digest
from pith_builder.core.event_checks import (
    failures_among,
    record_failures,
    signature_failures,
    snapshot_digest_failures,
)
from pith_builder.core.forms import CURRENT_LISTS, RECORD_CREATED
from pith_builder.core.instants import parse_microseconds, parse_seconds
from pith_builder.core.keys import Keyring
from pith_builder.core.merge import NoStateError, State, merge
from pith_builder.core.number import PithNumber
from pith_builder.core.record import SCHEMA_VERSION
from pith_builder.core.registry import bundle_links
from pith_builder.core.report import Code, Failure, differences, pointer
from pith_builder.core.sound import (
    Sound,
    alias_failures,
    fingerprint_failures,
    judged_events,
    number_failures,
    record_name_failures,
    state_digest_failures,
)
from pith_builder.errors import MalformedError


def bundle_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    """Yield every failure of a bundle, in the order of FORMAT.md 14."""
    bundle = holds.document
    yield from record_name_failures(holds, "/canonical_record")
    yield from number_failures(holds)
    judged = judged_events(holds, keyring)
    yield from failures_among(judged)
    if holds.has("/state", "/events", "/source_aliases", "/pith_number"):
        aliases = [SourceAlias(**alias) for alias in bundle["source_aliases"]]
        try:
            state = merge(bundle["pith_number"], bundle["events"], aliases, keyring, judged)
        except NoStateError as error:
            yield Failure("/events", Code.NO_RECORD_CREATED, str(error))
        else:
            yield from _state_differences(holds, state)
    yield from state_digest_failures(holds, "/state")
    yield from seal_failures(holds, keyring)
    yield from alias_failures(holds, "/canonical_record", "/source_aliases")
    yield from link_failures(holds)


def _state_differences(holds: Sound, wanted: State) -> Iterator[Failure]:
    found = holds.document["state"]
    if holds.write(found) == wanted.document:
        return
    try:
        merged = parse_json(wanted.document)
    except MalformedError:
        # A state shows a payload one level deeper than the list of events does.
        merged = {**found, "state_sha256": wanted.state_sha256}
    yield from differences(found, merged, "/state", Code.STATE_MISMATCH, "the merge of the events")


def seal_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    """Yield the failures of a bundle's digest, its signature and its public keys."""
    bundle = holds.document
    if holds.has("/bundle_signature"):
        signature = bundle["bundle_signature"]
        found = bundle_digest(bundle, holds.write)
        yield from differences(
            signature["bundle_sha256"],
            found.hex(),
            "/bundle_signature/bundle_sha256",
            Code.BUNDLE_DIGEST_MISMATCH,
            "the rest of the bundle",
        )
        built_at = bundle["built_at"] if holds.has("/built_at") else None
        yield from signature_failures(found, signature, keyring, "/bundle_signature", built_at)
        yield from _built_failures(holds)
    if holds.has("/public_keys"):
        for index, key in enumerate(bundle["public_keys"]):
            yield from fingerprint_failures(key, pointer("public_keys", index))


def link_failures(holds: Sound) -> Iterator[Failure]:
    """Yield a failure for each link that is not where FORMAT.md 12 puts it."""
    bundle = holds.document
    if holds.has("/links", "/pith_number"):
        number = PithNumber.parse(bundle["pith_number"])
        base_url = bundle["links"]["resolver"].removesuffix(f"/pith/{number.suffix}")
        yield from differences(
            bundle["links"],
            bundle_links(base_url, number),
            "/links",
            Code.LINK_MISMATCH,
            "the resolver's address and the mirror layout",
        )


def _built_failures(holds: Sound) -> Iterator[Failure]:
    """Yield a failure unless a bundle was signed when it was built.

    Ruling: within a minute. The signature cannot cover its own time, so this bounds it.
    """
    if holds.has("/built_at"):
        built_at = parse_seconds(holds.document["built_at"])
        signed_at = parse_microseconds(holds.document["bundle_signature"]["signed_at"])
        if not timedelta(0) <= signed_at - built_at < timedelta(minutes=1):
            message = f"found {signed_at.isoformat()}, the bundle was built {built_at.isoformat()}"
            yield Failure("/bundle_signature/signed_at", Code.TIME_ORDER, message)


def state_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    """Yield what can be known of a state without its events, whose ids it names."""
    state = holds.document
    yield from record_name_failures(holds, "/current/canonical_record")
    here = "/current/record_created"
    if holds.has(here, "/pith_number") and state["current"]["record_created"] is not None:
        payload = state["current"]["record_created"]["payload"]
        yield from record_failures(
            payload["canonical_record"],
            payload["canonical_sha256"],
            payload["receipt"],
            state["pith_number"],
            keyring,
            here + "/payload",
        )
    if holds.has("/current/graph_snapshots"):
        for index, event in enumerate(state["current"]["graph_snapshots"]):
            path = pointer("current", "graph_snapshots", index, "payload", "graph_snapshot")
            yield from snapshot_digest_failures(event["payload"]["graph_snapshot"], path)
    sealed = tuple(state_digest_failures(holds, ""))
    yield from sealed
    if sealed:
        yield from _changed_events(holds)
    for field, counted in (
        ("invalid_event_count", "invalid_events"),
        ("equivocation_count", "equivocations"),
    ):
        if holds.has(f"/{field}", f"/{counted}"):
            yield from differences(
                state[field],
                len(state[counted]),
                f"/{field}",
                Code.COUNT_MISMATCH,
                counted,
            )
    if holds.has("/event_count", "/valid_event_count", "/invalid_event_count"):
        yield from differences(
            state["event_count"],
            state["valid_event_count"] + state["invalid_event_count"],
            "/event_count",
            Code.COUNT_MISMATCH,
            "the sum of valid and invalid events",
        )
    yield from alias_failures(holds, "/current/canonical_record", "/current/source_aliases")


def _changed_events(holds: Sound) -> Iterator[Failure]:
    """Yield the events of a changed state whose content no longer gives their id.

    A state shows an event without what it supersedes and follows; most do neither, so that their
    content can be recomputed. It is a pointer to the change, asked for only once there is one.
    """
    if not holds.has("/current", "/pith_number"):
        return
    current = holds.document["current"]
    shown: list[tuple[str, str, JsonValue]] = [
        (kind, pointer("current", name, index), event)
        for kind, name in CURRENT_LISTS.items()
        for index, event in enumerate(current[name])
    ]
    if current[RECORD_CREATED] is not None:
        shown.append((RECORD_CREATED, pointer("current", RECORD_CREATED), current[RECORD_CREATED]))
    for event_type, path, event in shown:
        found = content_digest(
            {
                **{key: value for key, value in event.items() if key != "event_id"},
                "event_type": event_type,
                "prev_event": None,
                "schema_version": SCHEMA_VERSION,
                "subject_pith_number": holds.document["pith_number"],
                "supersedes": [],
            }
        )
        yield from differences(
            event["event_id"],
            f"sha256:{found.hex()}",
            path + "/event_id",
            Code.EVENT_DIGEST_MISMATCH,
            "its content, if it follows and supersedes nothing",
        )
