import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.alias import SourceAlias
from pith_builder.core.event_checks import Reason
from pith_builder.core.merge import NoStateError, merge, sort_out
from pith_builder.errors import MalformedError, VerificationError
from tests.makers import (
    CREATED,
    GRAPH,
    INVALID_EVENTS,
    KEYRING,
    OTHER_REFERENCE_KEY,
    PUBLISHED_NUMBER,
    SOURCE_ALIASES,
    changed,
    event,
    signing_law,
    tampered,
)
from tests.unit.core import reference

ALIASES = tuple(SourceAlias(**alias) for alias in SOURCE_ALIASES)
LATER = "2026-11-20T14:17:10Z"
LATEST = "2026-11-20T14:17:11Z"


def state(*events):
    merged = merge(PUBLISHED_NUMBER, events, ALIASES, KEYRING)
    found = json.loads(merged.document)
    assert found["state_sha256"] == merged.state_sha256
    assert found["event_count"] == merged.event_count
    assert found["valid_event_count"] == merged.valid_event_count
    assert found["invalid_event_count"] == merged.invalid_event_count
    assert found["equivocation_count"] == merged.equivocation_count
    return found


def theirs(event_type="author_attestation", **changes):
    signer = {**CREATED["signer"], "signer_id": "other.example"}
    signer["key_id"] = OTHER_REFERENCE_KEY.key_id
    signer["public_key_fingerprint"] = OTHER_REFERENCE_KEY.fingerprint
    return event(event_type, key=OTHER_REFERENCE_KEY, **{"signer": signer, **changes})


def ids(*events):
    return [an_event["event_id"] for an_event in events]


FIRST = event(payload={"n": 1})
SECOND = event(payload={"n": 2}, created_at=LATER, prev_event=FIRST["event_id"])
RIVAL = event(payload={"n": 3}, created_at=LATEST, prev_event=FIRST["event_id"])
TWIN = event(payload={"n": 4}, created_at=LATEST, prev_event=FIRST["event_id"])
COUSIN = event("correction", created_at=LATER, prev_event=FIRST["event_id"])
THEIR_SECOND = theirs(created_at=LATER, prev_event=FIRST["event_id"])
CREATED_AGAIN = event("record_created", payload=CREATED["payload"], created_at=LATER)
CREATED_BY_THEM = theirs("record_created", payload=CREATED["payload"], created_at=LATER)
UNKNOWN = event("of_no_known_type", target="whatever", payload={"x": 1e16})
INTEGRITY = event("pith.integrity.v1", target="integrity")
SUPERSEDING = event(payload={"n": 5}, created_at=LATER, supersedes=ids(FIRST, GRAPH))
OVERREACHING = theirs(created_at=LATER, supersedes=ids(FIRST, GRAPH, CREATED))
RETRACTING = event("correction", created_at=LATEST, supersedes=ids(CREATED, SUPERSEDING))
RIVAL_SUPERSEDING = event(
    created_at=LATEST, prev_event=FIRST["event_id"], supersedes=ids(CREATED, FIRST)
)
VALID = (
    CREATED,
    GRAPH,
    FIRST,
    SECOND,
    RIVAL,
    TWIN,
    COUSIN,
    THEIR_SECOND,
    CREATED_AGAIN,
    CREATED_BY_THEM,
    UNKNOWN,
    INTEGRITY,
    SUPERSEDING,
    OVERREACHING,
    RETRACTING,
    RIVAL_SUPERSEDING,
    theirs(),
    event("timestamp_anchor", payload={"proof": "é", "x": [1e16, -0.0]}),
    event("storage_attestation"),
    event("citation_signature", payload={"relation": "supports"}),
    event("replication_record"),
    event("mirror_hint"),
)
INVALID = tuple(
    (an_event, reason) for reason, events in INVALID_EVENTS.items() for an_event in events
)
TAMPERED = tuple(
    (tampered(an_event, ("signer", "signer_type"), "author"), "digest_mismatch")
    for an_event in VALID
)
judged_events = st.lists(
    st.sampled_from([*((an_event, None) for an_event in VALID), *INVALID, *TAMPERED]), max_size=20
)


@signing_law
@given(judged_events, st.data())
def test_a_state_is_what_the_reference_says_whatever_the_order(judged, data):
    judged = [*judged, (CREATED, None)]
    shuffled = data.draw(st.permutations([*judged, *judged[::2]]))
    found = state(*(an_event for an_event, _ in shuffled))
    assert found == reference.merged(PUBLISHED_NUMBER, judged, SOURCE_ALIASES)


@signing_law
@given(judged_events, judged_events)
def test_merging_is_commutative_and_idempotent(some, others):
    some = [CREATED, *(an_event for an_event, _ in some)]
    others = [an_event for an_event, _ in others]
    assert state(*some, *others) == state(*others, *some)
    assert state(*some, *some) == state(*some)


@signing_law
@given(judged_events, st.lists(st.sampled_from([*INVALID, *TAMPERED]), min_size=1))
def test_an_invalid_event_changes_nothing_but_the_list_of_invalid_events(judged, invalid):
    events = [CREATED, *(an_event for an_event, _ in judged)]
    before, after = state(*events), state(*events, *(an_event for an_event, _ in invalid))
    for field in ("current", "applied_event_ids", "equivocations", "valid_event_count"):
        assert after[field] == before[field]


@pytest.mark.parametrize(("an_event", "reason"), INVALID)
def test_an_invalid_event_is_listed_with_its_reason(an_event, reason):
    found = state(CREATED, an_event)
    claimed = reference.claimed_id(an_event)
    is_copy = claimed == CREATED["event_id"]
    assert found["invalid_events"] == ([] if is_copy else [{"event_id": claimed, "reason": reason}])
    assert found["event_count"] == 1 + (not is_copy)


@pytest.mark.parametrize("copies", [TAMPERED[:2], TAMPERED[1::-1]])
def test_of_copies_the_valid_one_wins(copies):
    found = state(*(copy for copy, _ in copies), CREATED, GRAPH, *(copy for copy, _ in copies))
    assert found == state(CREATED, GRAPH)
    assert found["invalid_events"] == []


def test_of_invalid_copies_the_weightiest_reason_stands():
    unsigned = changed(GRAPH, ("signature", "signature_b64"), CREATED["signature"]["signature_b64"])
    shapeless = {**GRAPH, "note": "more"}
    for copies in ((unsigned, shapeless), (shapeless, unsigned)):
        assert state(CREATED, *copies)["invalid_events"] == [
            {"event_id": GRAPH["event_id"], "reason": "malformed"}
        ]


def test_of_valid_copies_the_one_that_comes_first_in_bytes_is_kept():
    earlier = changed(GRAPH, ("signature", "signed_at"), "2026-01-01T00:00:00.000000Z")
    for copies in ((earlier, GRAPH), (GRAPH, earlier)):
        (kept,), invalid = sort_out(PUBLISHED_NUMBER, copies, KEYRING)
        assert (kept.signature, invalid) == (earlier["signature"], ())
    assert state(CREATED, earlier) == state(CREATED, GRAPH)


@pytest.mark.parametrize(
    "events",
    [
        (),
        (GRAPH,),
        (GRAPH, FIRST, UNKNOWN),
        (TAMPERED[0][0],),
        tuple(an_event for an_event, _ in INVALID),
    ],
)
def test_without_a_valid_record_created_there_is_no_state(events):
    with pytest.raises(NoStateError, match=f"{PUBLISHED_NUMBER}: no valid record_created"):
        state(*events)
    assert issubclass(NoStateError, VerificationError)


def test_events_apply_by_time_then_rank_then_id():
    kinds = [*reference.RANKS[1:], "pith.integrity.v1"]
    targets = {"pith.integrity.v1": "integrity"}
    ranked = [
        event(kind, payload=GRAPH["payload"], target=targets.get(kind, kind.split("_")[0]))
        for kind in kinds
    ]
    same_rank = sorted([event("correction"), event("correction", payload={"n": 1})], key=str)
    same_rank.sort(key=lambda an_event: an_event["event_id"])
    early = event("mirror_hint", created_at="2026-11-20T14:17:08Z")

    found = state(*reversed([CREATED, *ranked, *same_rank, SECOND, early]))

    assert found["applied_event_ids"] == [
        early["event_id"],
        CREATED["event_id"],
        *ids(*ranked[:6]),
        *sorted(ids(ranked[6], *same_rank)),
        *ids(*ranked[7:]),
        SECOND["event_id"],
    ]


def test_events_of_unknown_types_apply_but_are_not_shown():
    found, plain = state(CREATED, UNKNOWN, INTEGRITY), state(CREATED)
    assert found["valid_event_count"] == 3
    assert set(ids(UNKNOWN, INTEGRITY)) < set(found["applied_event_ids"])
    assert found["current"] == plain["current"]


def test_an_event_is_shown_reduced():
    shown = state(CREATED, FIRST)["current"]["author_attestations"]
    assert shown == [
        {
            "event_id": FIRST["event_id"],
            "target": "author",
            "created_at": FIRST["created_at"],
            "signer": FIRST["signer"],
            "payload": {"n": 1},
        }
    ]


def test_a_second_record_created_of_one_signer_is_equivocation():
    found = state(CREATED_AGAIN, CREATED)
    assert found["equivocations"] == [
        {
            "event_type": "record_created",
            "signer_id": "mirror.example",
            "prev_event": None,
            "event_ids": sorted(ids(CREATED, CREATED_AGAIN)),
        }
    ]
    assert found["applied_event_ids"] == ids(CREATED)
    assert (found["valid_event_count"], found["equivocation_count"]) == (2, 1)
    assert found["current"]["record_created"]["event_id"] == CREATED["event_id"]


def test_two_events_of_one_type_after_the_same_event_are_equivocation():
    found = state(CREATED, FIRST, SECOND, RIVAL, TWIN)
    assert found["equivocations"] == [
        {
            "event_type": "author_attestation",
            "signer_id": "mirror.example",
            "prev_event": FIRST["event_id"],
            "event_ids": sorted(ids(SECOND, RIVAL, TWIN)),
        }
    ]
    assert found["applied_event_ids"] == ids(CREATED, FIRST, SECOND)
    assert found["valid_event_count"] == 5


def test_of_equivocating_events_of_one_instant_the_lowest_id_applies():
    found = state(CREATED, RIVAL, TWIN)
    assert found["applied_event_ids"] == [CREATED["event_id"], min(ids(RIVAL, TWIN))]


@pytest.mark.parametrize(
    "events",
    [
        (FIRST, event(payload={"n": 6})),  # both follow nothing
        (SECOND, COUSIN),  # of two types
        (SECOND, THEIR_SECOND),  # of two signers
        (SECOND, event(prev_event=GRAPH["event_id"])),  # after two events
        (CREATED_BY_THEM,),
    ],
)
def test_what_claims_different_places_is_no_equivocation(events):
    found = state(CREATED, *events)
    assert found["equivocations"] == []
    assert sorted(found["applied_event_ids"]) == sorted(ids(CREATED, *events))


def test_of_several_registries_the_first_to_create_a_record_is_shown():
    found = state(CREATED_BY_THEM, CREATED)
    assert found["applied_event_ids"] == ids(CREATED, CREATED_BY_THEM)
    assert found["current"]["record_created"]["event_id"] == CREATED["event_id"]
    assert state(CREATED_BY_THEM)["current"]["record_created"]["signer"]["signer_id"] == (
        "other.example"
    )


def test_a_superseded_event_leaves_current_but_stays_applied():
    found = state(CREATED, GRAPH, FIRST, SUPERSEDING)
    assert found["applied_event_ids"] == [
        *ids(CREATED, GRAPH, FIRST),
        SUPERSEDING["event_id"],
    ]
    assert found["current"]["graph_snapshots"] == []
    assert [shown["payload"] for shown in found["current"]["author_attestations"]] == [{"n": 5}]


def test_nobody_supersedes_the_events_of_another():
    found = state(CREATED, GRAPH, FIRST, OVERREACHING)
    assert found["current"]["record_created"]["event_id"] == CREATED["event_id"]
    assert len(found["current"]["graph_snapshots"]) == 1
    assert len(found["current"]["author_attestations"]) == 2


def test_an_event_refused_as_equivocation_supersedes_nothing():
    found = state(CREATED, FIRST, SECOND, RIVAL_SUPERSEDING)
    assert found["current"]["record_created"] is not None
    assert len(found["current"]["author_attestations"]) == 2


def test_a_superseded_event_still_supersedes():
    found = state(CREATED, GRAPH, FIRST, SUPERSEDING, RETRACTING)
    assert found["current"]["author_attestations"] == []
    assert found["current"]["graph_snapshots"] == []


def test_a_record_whose_creation_is_superseded_is_still_known():
    found = state(CREATED, RETRACTING)
    assert found["current"]["record_created"] is None
    assert found["current"]["canonical_record"] == CREATED["payload"]["canonical_record"]


def test_equivocations_are_sorted():
    found = state(CREATED, CREATED_AGAIN, SECOND, RIVAL, *(
        event("correction", payload={"n": n}, prev_event=prev)
        for n in (1, 2)
        for prev in ids(GRAPH, CREATED)
    ))  # fmt: skip
    places = [
        (one["event_type"], one["signer_id"], one["prev_event"] or "")
        for one in found["equivocations"]
    ]
    assert len(places) == found["equivocation_count"] == 4
    assert places == sorted(places)


@pytest.mark.parametrize(
    "an_event",
    [{"x": float("nan")}, {"event_id": "\ud800"}, {"event_id": 2**64}],
    ids=["nan", "surrogate", "integer"],
)
def test_an_event_without_canonical_json_is_malformed(an_event):
    with pytest.raises(MalformedError):
        state(CREATED, an_event)


def test_a_state_is_of_one_record():
    elsewhere = "pith:2019:REQM6TSZ2XBI5YFGVPNQEI7HST"
    valid, invalid = sort_out(elsewhere, [CREATED, GRAPH], KEYRING)
    assert valid == ()
    assert {one.reason for one in invalid} == {Reason.WRONG_SUBJECT}
