"""FORMAT.md 9: the state, and the merge that makes it."""

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.alias import SourceAlias
from pith_builder.core.canonical import canonical_json, digest
from pith_builder.core.merge import NoStateError, merge
from tests.makers import (
    BUNDLE,
    PUBLISHED_KEYRING,
    PUBLISHED_NUMBER,
    STATES,
    STRANGER,
    changed,
    document,
    event,
    signing_law,
)
from tests.unit.core import reference

PUBLISHED = document(BUNDLE)
CREATED, GRAPH = PUBLISHED["events"]
ALIASES = [SourceAlias(**alias) for alias in PUBLISHED["source_aliases"]]
PUBLISHED_SHA256 = "becf214aef54f47c69d68fb7c270f1f79c4a4fa6a9e9ac4975e0783b0ab71e6d"
TAMPERED = changed(CREATED, ("payload", "canonical_record", "source", "version"), 3)
FOREIGN = event(key=STRANGER)


def merged(*events):
    return merge(PUBLISHED_NUMBER, events, ALIASES, PUBLISHED_KEYRING)


def test_the_published_events_come_to_the_published_state():
    assert merged(CREATED, GRAPH).document == canonical_json(PUBLISHED["state"])


@pytest.mark.parametrize("name", [*STATES, BUNDLE])
def test_a_states_digest_covers_all_but_itself(name):
    state = document(name).get("state", document(name))
    assert digest(reference.without(state, "state_sha256")).hex() == state["state_sha256"]


@pytest.mark.parametrize(
    "events",
    [
        *permutations([CREATED, GRAPH]),
        (CREATED, GRAPH, CREATED, GRAPH, GRAPH),
        *permutations([CREATED, GRAPH, TAMPERED]),
        (TAMPERED, TAMPERED, GRAPH, CREATED, GRAPH),
    ],
)
def test_order_repetition_and_tampered_copies_change_nothing(events):
    assert merged(*events).state_sha256 == PUBLISHED_SHA256


@signing_law
@given(st.lists(st.sampled_from([CREATED, GRAPH, TAMPERED]), max_size=8), st.randoms())
def test_no_multiset_of_them_changes_anything(events, random):
    everything = [CREATED, GRAPH, *events]
    random.shuffle(everything)
    assert merged(*everything).state_sha256 == PUBLISHED_SHA256


def test_an_invalid_event_is_listed_and_nothing_else_changes():
    found = json.loads(merged(CREATED, FOREIGN, GRAPH).document)
    assert found["invalid_events"] == [{"event_id": FOREIGN["event_id"], "reason": "unknown_key"}]
    assert (found["event_count"], found["valid_event_count"]) == (3, 2)
    assert found["current"] == PUBLISHED["state"]["current"]
    assert found["applied_event_ids"] == PUBLISHED["state"]["applied_event_ids"]


def test_a_tampered_event_alone_goes_by_the_id_it_claims():
    tampered = changed(GRAPH, ("payload", "verdict_id"), "v1")
    found = json.loads(merged(CREATED, tampered).document)
    assert found["invalid_events"] == [{"event_id": GRAPH["event_id"], "reason": "digest_mismatch"}]
    assert found["current"]["graph_snapshots"] == []


@pytest.mark.parametrize("events", [(), (GRAPH,), (TAMPERED, GRAPH)])
def test_without_a_valid_record_created_there_is_no_state(events):
    with pytest.raises(NoStateError):
        merged(*events)
