"""The laws of the merge (FORMAT.md 9), over generated sets of events of several signers."""

import json
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from pith_builder.core.gathering import gathered, gathered_of
from pith_builder.core.keys import TrustedKey
from pith_builder.core.merge import Sorting, equivocations
from pith_builder.signing.ed25519 import Ed25519Signer, TrustedKeys
from tests.makers import (
    BUNDLE,
    CREATED,
    GRAPH,
    INVALID_EVENTS,
    OTHER_REFERENCE_KEY,
    PUBLISHED_KEYRING,
    PUBLISHED_NUMBER,
    REFERENCE_KEY,
    SHARED,
    SIGNER,
    TIMED_KEYS,
    changed,
    document,
    event,
    needs_shared,
)
from tests.unit.core import reference

AUTHOR = reference.Key("author-2026-11", bytes(range(96, 128)))
KEYRING = TrustedKeys(
    [
        SIGNER.public_key,
        Ed25519Signer("theirs-2026-11", bytes(range(32, 64))).public_key,
        TrustedKey(
            key_id=AUTHOR.key_id,
            raw=bytes.fromhex(AUTHOR.document["public_key_hex"]),
            event_types=frozenset({"author_attestation", "correction"}),
        ),
        *TIMED_KEYS,
    ]
)
SIGNERS = {
    "mirror.example": REFERENCE_KEY,
    "other.example": OTHER_REFERENCE_KEY,
    "author.example": AUTHOR,
}
KINDS = (
    "record_created",
    "graph_snapshot",
    "author_attestation",
    "timestamp_anchor",
    "storage_attestation",
    "citation_signature",
    "replication_record",
    "correction",
    "mirror_hint",
    "pith.integrity.v1",
    "of_no_known_type",
)
PAYLOADS = {"record_created": CREATED["payload"], "graph_snapshot": GRAPH["payload"]}
TARGETS = {"pith.integrity.v1": "integrity", "of_no_known_type": "whatever"}
MAY_SIGN = {"author.example": {"author_attestation", "correction"}}

thorough = settings(max_examples=1_000, deadline=None)
quick = settings(max_examples=250, deadline=None)


@st.composite
def stated_events(draw):
    """Draw events that follow, supersede and contradict each other; return (event, is_valid)."""
    made = [(CREATED, True), (GRAPH, True)]
    for _ in range(draw(st.integers(0, 8))):
        kind, signer_id = draw(st.sampled_from(KINDS)), draw(st.sampled_from([*SIGNERS]))
        key = SIGNERS[signer_id]
        earlier = st.sampled_from([one["event_id"] for one, _ in made])
        signer = {
            "key_id": key.key_id,
            "public_key_fingerprint": key.fingerprint,
            "signer_id": signer_id,
            "signer_type": "pith_registry",
        }
        one = event(
            kind,
            key=key,
            signer=signer,
            target=TARGETS.get(kind, kind.split("_")[0]),
            payload=PAYLOADS.get(kind, {"n": draw(st.integers(0, 3))}),
            created_at=f"2026-11-20T14:17:{draw(st.integers(10, 13))}Z",
            prev_event=draw(st.none() | earlier),
            supersedes=draw(st.lists(earlier, max_size=2, unique=True)),
        )
        made.append((one, kind in MAY_SIGN.get(signer_id, {kind})))
    made += [
        (one, False)
        for one in draw(st.lists(st.sampled_from(sum(INVALID_EVENTS.values(), ())), max_size=3))
    ]
    # A copy that says something else under the same id is invalid, and loses to the true one.
    for one, is_valid in draw(st.lists(st.sampled_from(made), max_size=2)):
        if is_valid:
            made.append((changed(one, ("created_at",), "2026-11-20T14:17:59Z"), False))
    return made


def state(*events):
    return gathered(PUBLISHED_NUMBER, events, KEYRING).state


def only_events(made):
    return [one for one, _ in made]


@thorough
@given(stated_events(), st.data())
def test_a_state_is_of_the_set_whatever_its_order_and_repetition(made, data):
    events = only_events(made)
    shuffled = data.draw(st.permutations(events + events[::2]))
    assert state(*shuffled).state_sha256 == state(*events).state_sha256


@thorough
@given(stated_events(), st.data())
def test_a_state_is_of_the_set_however_it_is_split_and_joined(made, data):
    """What one lake holds and another offers comes to the same state, in any order of joining."""
    valid = [one for one, is_valid in made if is_valid]
    places = data.draw(st.lists(st.integers(0, 2), min_size=len(valid), max_size=len(valid)))
    some, others, more = (
        [one for one, place in zip(valid, places, strict=True) if place == wanted]
        for wanted in range(3)
    )

    def joined(held, offered):
        sorting = Sorting(PUBLISHED_NUMBER, KEYRING, held)
        for one in offered:
            sorting.take(one if isinstance(one, dict) else json.loads(one.document))
        return sorting.valid()

    empty = ()
    left = joined(joined(joined(empty, some), others), more)
    right = joined(joined(empty, some), joined(joined(empty, others), more))
    other_way = joined(joined(joined(empty, more), others), some)
    found = {
        gathered_of(PUBLISHED_NUMBER, events).state.state_sha256
        for events in (left, right, other_way, joined(left, valid))
    }
    assert found == {state(*valid).state_sha256}


@thorough
@given(stated_events())
def test_an_invalid_event_changes_nothing_that_is_current(made):
    whole = json.loads(state(*only_events(made)).document)
    sound = json.loads(state(*(one for one, is_valid in made if is_valid)).document)
    for field in ("current", "applied_event_ids", "equivocations", "valid_event_count"):
        assert whole[field] == sound[field]


@thorough
@given(stated_events())
def test_planted_equivocations_are_all_found_and_none_is_invented(made):
    places = defaultdict(set)
    for one, is_valid in made:
        if is_valid and (one["event_type"] == "record_created" or one["prev_event"] is not None):
            after = None if one["event_type"] == "record_created" else one["prev_event"]
            places[one["event_type"], one["signer"]["signer_id"], after].add(one["event_id"])
    planted = {place: ids for place, ids in places.items() if len(ids) > 1}

    found = gathered(PUBLISHED_NUMBER, only_events(made), KEYRING)

    assert {
        (one.event_type, one.signer_id, one.prev_event): {e.event_id for e in one.events}
        for one in equivocations(found.valid)
    } == planted
    assert found.state.equivocation_count == len(planted)


@quick
@given(stated_events())
def test_a_state_is_what_the_reference_says(made):
    events = only_events(made)
    judged = [(one, None if is_valid else _reason(one)) for one, is_valid in made]
    found = gathered(PUBLISHED_NUMBER, events, KEYRING)
    aliases = [alias.to_json_object() for alias in found.aliases]
    assert json.loads(found.state.document) == reference.merged(PUBLISHED_NUMBER, judged, aliases)


def _reason(one):
    for reason, events in INVALID_EVENTS.items():
        if any(one is invalid for invalid in events):
            return reason
    is_tampered = one["created_at"] == "2026-11-20T14:17:59Z"
    return "digest_mismatch" if is_tampered else "unknown_key"


PUBLISHED = document(BUNDLE)


def published_state(*events, bundles=(PUBLISHED,)):
    return gathered(PUBLISHED["pith_number"], events, PUBLISHED_KEYRING, bundles).state


def tampered_copies():
    """Return the published events, each changed after it was signed."""
    return [changed(one, ("created_at",), "2026-05-18T00:01:10Z") for one in PUBLISHED["events"]]


def test_the_published_bundle_merged_with_itself_reversed_has_its_published_state():
    events = PUBLISHED["events"]
    wanted = PUBLISHED["state"]["state_sha256"]
    assert published_state(*events, *events).state_sha256 == wanted
    assert published_state(*reversed(events)).state_sha256 == wanted


def _redated():
    aliases = PUBLISHED["source_aliases"]
    return [{**alias, "created_at": "2026-06-01T00:00:00Z"} for alias in aliases]


def test_the_published_bundle_merged_with_a_tampered_copy_has_its_published_state():
    copy = {**PUBLISHED, "events": tampered_copies(), "source_aliases": _redated()}
    found = published_state(*copy["events"], *PUBLISHED["events"], bundles=(copy, PUBLISHED))
    assert found.state_sha256 == PUBLISHED["state"]["state_sha256"]


def test_tampered_events_under_ids_of_their_own_are_listed_as_invalid_and_change_nothing():
    renamed = [
        {**one, "event_id": f"sha256:{index:064x}"} for index, one in enumerate(tampered_copies())
    ]
    found = json.loads(published_state(*PUBLISHED["events"], *renamed).document)
    assert found["current"] == PUBLISHED["state"]["current"]
    assert found["invalid_events"] == [
        {"event_id": one["event_id"], "reason": "digest_mismatch"} for one in renamed
    ]


@needs_shared
def test_the_bundles_of_the_conformance_data_have_their_published_states():
    bundles = [
        json.loads(file.read_bytes())
        for file in (SHARED / "conformance" / "documents").glob("*.bundle.json")
    ]
    assert bundles
    for bundle in bundles:
        events = reversed(bundle["events"] * 2)
        found = gathered(bundle["pith_number"], events, PUBLISHED_KEYRING, [bundle])
        assert found.state.state_sha256 == bundle["state"]["state_sha256"]
