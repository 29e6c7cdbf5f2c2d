import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.event_checks import Reason, event_findings
from pith_builder.core.report import Code
from pith_builder.signing.ed25519 import TrustedKeys
from tests.makers import (
    CREATED,
    GRAPH,
    INVALID_EVENTS,
    KEYRING,
    PUBLISHED_NUMBER,
    changed,
    event,
    json_values,
    law,
    leaves,
    pointer_of,
)
from tests.unit.core import reference


def found_in(an_event, number=PUBLISHED_NUMBER, keyring=KEYRING):
    return [
        (reason, failure.path, failure.code)
        for reason, failure in event_findings(an_event, number, keyring, "/e")
    ]


@pytest.mark.parametrize(
    "an_event",
    [
        CREATED,
        GRAPH,
        event(),
        event("pith.integrity.v1", target="integrity"),
        event("of_no_known_type", target="whatever", payload={"x": [1e16, -0.0]}),
        event(prev_event=CREATED["event_id"], supersedes=[GRAPH["event_id"]]),
    ],
    ids=lambda an_event: an_event["event_type"],
)
def test_an_event_that_holds_has_no_findings(an_event):
    assert found_in(an_event) == []


@pytest.mark.parametrize(
    ("reason", "an_event"),
    [(reason, an_event) for reason, events in INVALID_EVENTS.items() for an_event in events],
)
def test_the_first_finding_gives_the_reason(reason, an_event):
    assert found_in(an_event)[0][0] == reason


def test_reasons_are_a_closed_list_the_weightiest_first():
    assert tuple(map(str, Reason)) == reference.REASONS == tuple(INVALID_EVENTS)


@pytest.mark.parametrize("path", [path for path, _ in leaves(CREATED)], ids=pointer_of)
def test_any_changed_leaf_is_found(path):
    for value in (7, "other", {}):
        found = found_in(changed(CREATED, path, value))
        assert found
        assert all(place.startswith("/e/") for _, place, _ in found)


def test_no_digest_covers_the_time_of_an_events_signature():
    later = changed(CREATED, ("signature", "signed_at"), "2027-01-01T00:00:00.000000Z")
    assert found_in(later) == []


@pytest.mark.parametrize(
    ("an_event", "expected"),
    [
        (
            changed(GRAPH, ("payload", "verdict_id"), "v"),
            [
                ("digest_mismatch", "/e/content_sha256", Code.EVENT_DIGEST_MISMATCH),
                ("digest_mismatch", "/e/event_id", Code.EVENT_DIGEST_MISMATCH),
                ("bad_signature", "/e/signature/signature_b64", Code.BAD_SIGNATURE),
            ],
        ),
        (
            changed(GRAPH, ("signature", "key_id"), "theirs-2026-11"),
            [
                ("unknown_key", "/e/signature/public_key_fingerprint", Code.UNKNOWN_KEY),
                ("signer_mismatch", "/e/signature/key_id", Code.SIGNER_MISMATCH),
            ],
        ),
        (
            event(subject_pith_number="pith:2019:REQM6TSZ2XBI5YFGVPNQEI7HST"),
            [("wrong_subject", "/e/subject_pith_number", Code.DISAGREEMENT)],
        ),
        (
            event(signer={**CREATED["signer"], "public_key_fingerprint": "0" * 32}),
            [("signer_mismatch", "/e/signature/public_key_fingerprint", Code.SIGNER_MISMATCH)],
        ),
        (
            INVALID_EVENTS["invalid_payload"][0],
            [
                (
                    "invalid_payload",
                    "/e/payload/canonical_sha256",
                    Code.CANONICAL_DIGEST_MISMATCH,
                ),
                ("invalid_payload", "/e/payload/canonical_record", Code.NUMBER_MISMATCH),
                (
                    "invalid_payload",
                    "/e/payload/receipt/canonical_sha256",
                    Code.CANONICAL_DIGEST_MISMATCH,
                ),
                ("invalid_payload", "/e/payload/receipt/signature_b64", Code.BAD_SIGNATURE),
            ],
        ),
        (
            INVALID_EVENTS["invalid_payload"][1],
            [("invalid_payload", "/e/payload/canonical_record", Code.WRONG_VALUE)],
        ),
        (
            INVALID_EVENTS["invalid_payload"][4],
            [("invalid_payload", "/e/payload/receipt/key_id", Code.UNKNOWN_KEY)],
        ),
        (
            INVALID_EVENTS["invalid_payload"][7],
            [
                (
                    "invalid_payload",
                    "/e/payload/graph_snapshot/references/snapshot_sha256",
                    Code.SNAPSHOT_DIGEST_MISMATCH,
                )
            ],
        ),
    ],
)
def test_every_failure_is_found_and_placed(an_event, expected):
    assert found_in(an_event) == expected


def test_a_snapshot_digest_of_items_not_carried_is_taken_as_it_is():
    counted = changed(GRAPH["payload"], ("graph_snapshot", "references", "count"), 2)
    digested = changed(counted, ("graph_snapshot", "references", "snapshot_sha256"), "0" * 64)
    assert found_in(event("graph_snapshot", payload=digested)) == []


def test_without_a_number_any_subject_will_do():
    other = event(subject_pith_number="pith:2019:REQM6TSZ2XBI5YFGVPNQEI7HST")
    assert found_in(other, number=None) == []


def test_nobody_is_trusted_by_an_empty_keyring():
    reasons = {reason for reason, _, _ in found_in(CREATED, keyring=TrustedKeys([]))}
    assert reasons == {Reason.UNKNOWN_KEY, Reason.INVALID_PAYLOAD}


@law
@given(json_values | st.dictionaries(st.sampled_from(sorted(CREATED)), json_values))
def test_whatever_is_no_event_is_malformed(value):
    assert {reason for reason, _, _ in found_in(value)} == {Reason.MALFORMED}
