"""Proof that a signer contradicted itself: its own signed events, checked by its key alone.

The merge reports an equivocation (FORMAT.md 9, rule 3) to whoever trusts all that it merged. A
proof carries the events whole, so that a stranger who knows nothing but the signer's public key
can see that it signed both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orjson import Fragment

from pith_builder.core.canonical import JsonValue, dump_canonical
from pith_builder.core.event_checks import event_findings
from pith_builder.core.form import AnyValue, Const, Integer, ListOf, Nullable, ObjectOf
from pith_builder.core.forms import EVENT_ID, NAME, NUMBER, RECORD_CREATED, WORD
from pith_builder.core.keys import Keyring
from pith_builder.core.merge import Equivocation
from pith_builder.core.report import Code, Failure, differences, pointer
from pith_builder.core.sound import Sound

PROOF_TYPE = "pith_equivocation_proof"
PROOF_VERSION = "1.0"

_UNTRUSTED = frozenset({Code.UNKNOWN_KEY, Code.REVOKED_KEY, Code.KEY_OUT_OF_TIME})

PROOF = ObjectOf(
    {
        "proof_type": Const(PROOF_TYPE),
        "proof_version": Const(PROOF_VERSION),
        "pith_number": NUMBER,
        "equivocation_count": Integer(1),
        "equivocations": ListOf(
            ObjectOf(
                {
                    "event_type": WORD,
                    "prev_event": Nullable(EVENT_ID),
                    "signer_id": NAME,
                    "events": ListOf(AnyValue()),
                }
            )
        ),
    }
)


def proof_document(number: str, found: Sequence[Equivocation]) -> bytes:
    """Return the proof of all equivocations found of one record, as canonical JSON.

    It is not signed: each event in it is. Ruling: it names, for each, the place that the events
    all claim, as the state does, and carries the events whole, sorted by id.
    """
    return dump_canonical(
        {
            "equivocation_count": len(found),
            "equivocations": [
                {
                    **one.place(),
                    "events": [
                        Fragment(event.document)
                        for event in sorted(one.events, key=lambda event: event.event_id)
                    ],
                }
                for one in found
            ],
            "pith_number": number,
            "proof_type": PROOF_TYPE,
            "proof_version": PROOF_VERSION,
        }
    )


def proof_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    """Yield whatever keeps a document from proving what it says.

    1. There are two events or more, and no two are one.
    2. Each is signed by a trusted key, and says what it is signed for.
    3. Each is of the record, the signer and the type, and claims the place.

    A receipt inside an event may be signed by a key that is not trusted: what is to be shown is
    that the signer said two things, not that either is right.
    """
    if not holds.has("/equivocations", "/equivocation_count", "/pith_number"):
        return
    proof = holds.document
    yield from differences(
        proof["equivocation_count"],
        len(proof["equivocations"]),
        "/equivocation_count",
        Code.COUNT_MISMATCH,
        "the equivocations",
    )
    for index, one in enumerate(proof["equivocations"]):
        yield from _equivocation_failures(
            one, proof["pith_number"], keyring, pointer("equivocations", index)
        )


def _equivocation_failures(
    one: dict[str, JsonValue], number: str, keyring: Keyring, path: str
) -> Iterator[Failure]:
    if len(one["events"]) < 2:
        message = f"found {len(one['events'])}, it takes two events to contradict each other"
        yield Failure(path + "/events", Code.COUNT_MISMATCH, message)
    if one["event_type"] != RECORD_CREATED and one["prev_event"] is None:
        message = f"events of type {one['event_type']} that follow nothing claim no place"
        yield Failure(path + "/prev_event", Code.WRONG_VALUE, message)
    seen: set[str] = set()
    for index, event in enumerate(one["events"]):
        here = path + pointer("events", index)
        failures = [
            failure
            for _, failure in event_findings(event, number, keyring, here)
            if not (
                failure.code in _UNTRUSTED and failure.path.startswith(here + "/payload/receipt/")
            )
        ]
        yield from failures
        if not failures:
            yield from _place_failures(event, one, here)
            if event["event_id"] in seen:
                message = "stands here a second time"
                yield Failure(here + "/event_id", Code.COUNT_MISMATCH, message)
            seen.add(event["event_id"])


def _place_failures(
    event: dict[str, JsonValue], place: dict[str, JsonValue], path: str
) -> Iterator[Failure]:
    found = {
        "event_type": event["event_type"],
        "prev_event": event["prev_event"],
        "signer_id": event["signer"]["signer_id"],
    }
    wanted = {name: place[name] for name in found}
    if event["event_type"] == RECORD_CREATED:
        found["prev_event"] = None  # of which a signer makes one, whatever it follows
    yield from differences(found, wanted, path, Code.DISAGREEMENT, "the place they contradict in")
