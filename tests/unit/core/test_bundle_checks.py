import json
from datetime import timedelta

import pytest

from pith_builder.core.instants import format_microseconds
from pith_builder.core.report import Code
from pith_builder.core.verification import verify
from pith_builder.signing.ed25519 import TrustedKeys
from tests.makers import (
    BUNDLE,
    CREATED,
    GRAPH,
    INVALID_EVENTS,
    KEYRING,
    NOW,
    NOW_MICROSECONDS,
    OTHER_SIGNER,
    PUBLISHED_KEYRING,
    REFERENCE_KEY,
    SOURCE_ALIASES,
    STATES,
    STRANGER,
    at,
    changed,
    document,
    event,
    mint,
    pointer_of,
)
from tests.unit.core import reference

OURS = json.loads(mint().bundle.document)
ELSEWHERE = "4FP6Z27B6DFNJRYZBSXH3XON27"


def signed(bundle, key=REFERENCE_KEY, signed_at=NOW_MICROSECONDS):
    """Return a bundle signed anew, whatever it says."""
    unsigned = reference.without(bundle, "bundle_signature")
    return reference.sealed_bundle(unsigned, key, signed_at)


def restated(state):
    """Return a state with its digest anew, whatever it says."""
    unsealed = reference.without(state, "state_sha256")
    return {**unsealed, "state_sha256": reference.digest(unsealed)}


def found_in(bundle, keyring=KEYRING):
    return [(failure.path, failure.code) for failure in verify(bundle, keyring).failures]


def test_published_documents_hold():
    assert found_in(document(BUNDLE), PUBLISHED_KEYRING) == []
    for name in STATES:
        assert found_in(document(name), PUBLISHED_KEYRING) == []


def test_nothing_holds_without_trust():
    found = found_in(OURS, TrustedKeys([OTHER_SIGNER.public_key]))
    assert {code for _, code in found} == {Code.UNKNOWN_KEY, Code.NO_RECORD_CREATED}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            ("canonical_sha256",),
            "0" * 64,
            [("/canonical_sha256", Code.CANONICAL_DIGEST_MISMATCH)],
        ),
        (("short_pith_number",), "pith:4FP6Z27B", [("/short_pith_number", Code.NUMBER_MISMATCH)]),
        (("source", "version"), 3, [("/source/version", Code.DISAGREEMENT)]),
        (
            ("canonical_record", "source", "version"),
            3,
            [
                ("/canonical_sha256", Code.CANONICAL_DIGEST_MISMATCH),
                ("/canonical_record", Code.NUMBER_MISMATCH),
                ("/source/version", Code.DISAGREEMENT),
                *((f"/source_aliases/{n}/alias_value", Code.ALIAS_MISMATCH) for n in (1, 3, 4, 5)),
            ],
        ),
        (
            ("canonical_record", "metadata", "cross_cats_sorted"),
            ["stat.ML", "cs.AI"],
            [("/canonical_record", Code.WRONG_VALUE)],
        ),
        (
            ("source_aliases", 0, "alias_value"),
            "1804.01853",
            [
                ("/state/current/source_aliases/0/alias_value", Code.STATE_MISMATCH),
                ("/state/state_sha256", Code.STATE_MISMATCH),
                ("/source_aliases/0/alias_value", Code.ALIAS_MISMATCH),
            ],
        ),
        (
            ("public_keys", 0, "fingerprint_sha256_hex"),
            "0" * 32,
            [("/public_keys/0/fingerprint_sha256_hex", Code.FINGERPRINT_MISMATCH)],
        ),
        (("links", "state"), "https://mirror.example/", [("/links/state", Code.LINK_MISMATCH)]),
        (
            ("links", "resolver"),
            "https://other.example",
            [
                ("/links/bundle", Code.LINK_MISMATCH),
                ("/links/resolver", Code.LINK_MISMATCH),
                ("/links/state", Code.LINK_MISMATCH),
                ("/links/well_known_bundle", Code.LINK_MISMATCH),
            ],
        ),
        (("events",), [GRAPH], [("/events", Code.NO_RECORD_CREATED)]),
        (("merge_version",), "v2", [("/merge_version", Code.WRONG_VALUE)]),
        (("timestamp_proofs",), [1], [("/timestamp_proofs/0", Code.WRONG_TYPE)]),
        (
            ("state", "event_count"),
            3,
            [
                ("/state/event_count", Code.STATE_MISMATCH),
                ("/state/state_sha256", Code.STATE_DIGEST_MISMATCH),
            ],
        ),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_signed_bundle_still_has_to_hold(path, value, expected):
    assert found_in(signed(changed(OURS, path, value))) == expected


def test_a_state_must_be_the_merge_of_the_events():
    emptied = restated(changed(OURS["state"], ("current", "graph_snapshots"), []))
    assert found_in(signed({**OURS, "state": emptied})) == [
        ("/state/current/graph_snapshots", Code.STATE_MISMATCH),
        ("/state/state_sha256", Code.STATE_MISMATCH),
    ]


def test_a_bundle_may_hold_more_events():
    events = [GRAPH, event("of_no_known_type", target="x", payload={"x": 1e16}), CREATED]
    events.append(event("correction", payload={"x": [1e-7, {"é": 0.1}]}))
    state = reference.merged(
        OURS["pith_number"], [(an_event, None) for an_event in events], SOURCE_ALIASES
    )
    assert found_in(signed({**OURS, "events": events, "state": state})) == []


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("digest_mismatch", Code.EVENT_DIGEST_MISMATCH),
        ("wrong_subject", Code.DISAGREEMENT),
        ("unknown_key", Code.UNKNOWN_KEY),
        ("bad_signature", Code.BAD_SIGNATURE),
        ("signer_mismatch", Code.SIGNER_MISMATCH),
    ],
)
def test_an_event_that_does_not_hold_is_reported_in_its_place(reason, code):
    events = [CREATED, GRAPH, INVALID_EVENTS[reason][1]]
    found = found_in(signed({**OURS, "events": events}))
    assert any(path.startswith("/events/2/") and found_code == code for path, found_code in found)


def test_the_digest_and_the_signature_of_a_bundle_are_told_apart():
    assert found_in(changed(OURS, ("bundle_signature", "bundle_sha256"), "0" * 64)) == [
        ("/bundle_signature/bundle_sha256", Code.BUNDLE_DIGEST_MISMATCH)
    ]
    other = signed({**OURS, "links": 1})["bundle_signature"]["signature_b64"]
    assert found_in(changed(OURS, ("bundle_signature", "signature_b64"), other)) == [
        ("/bundle_signature/signature_b64", Code.BAD_SIGNATURE)
    ]
    assert found_in(signed(OURS, key=STRANGER)) == [("/bundle_signature/key_id", Code.UNKNOWN_KEY)]


SHOWN_SNAPSHOT = ("current", "graph_snapshots", 0, "payload", "graph_snapshot")
SNAPSHOT = Code.SNAPSHOT_DIGEST_MISMATCH
BUILT_AT = NOW.replace(microsecond=0)


@pytest.mark.parametrize(
    ("after", "holds"),
    [
        (timedelta(0), True),
        (timedelta(seconds=59, microseconds=999999), True),
        (timedelta(minutes=1), False),
        (timedelta(microseconds=-1), False),
        (timedelta(days=1), False),
    ],
)
def test_a_bundle_is_signed_within_a_minute_of_being_built(after, holds):
    bundle = signed(OURS, signed_at=format_microseconds(BUILT_AT + after))
    expected = [] if holds else [("/bundle_signature/signed_at", Code.TIME_ORDER)]
    assert found_in(bundle) == expected


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("event_count",), 3, [("/event_count", Code.COUNT_MISMATCH)]),
        (
            ("invalid_event_count",),
            1,
            [
                ("/invalid_event_count", Code.COUNT_MISMATCH),
                ("/event_count", Code.COUNT_MISMATCH),
            ],
        ),
        (("equivocation_count",), 1, [("/equivocation_count", Code.COUNT_MISMATCH)]),
        (
            ("pith_number",),
            f"pith:2018:{ELSEWHERE}",
            [
                ("/current/canonical_record", Code.NUMBER_MISMATCH),
                (
                    "/current/record_created/payload/canonical_record",
                    Code.NUMBER_MISMATCH,
                ),
            ],
        ),
        (
            ("current", "source_aliases", 2, "alias_value"),
            "10.1000/1",
            [("/current/source_aliases/2/alias_value", Code.ALIAS_MISMATCH)],
        ),
        (
            ("current", "record_created", "payload", "receipt", "key_id"),
            "strangers",
            [("/current/record_created/payload/receipt/key_id", Code.UNKNOWN_KEY)],
        ),
        (
            (*SHOWN_SNAPSHOT, "claims", "snapshot_sha256"),
            "0" * 64,
            [(pointer_of((*SHOWN_SNAPSHOT, "claims", "snapshot_sha256")), SNAPSHOT)],
        ),
        (
            (*SHOWN_SNAPSHOT, "references", "snapshot_sha256"),
            "0" * 64,
            [(pointer_of((*SHOWN_SNAPSHOT, "references", "snapshot_sha256")), SNAPSHOT)],
        ),
        (("current", "record_created"), None, []),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_state_sealed_anew_still_has_to_hold(path, value, expected):
    assert found_in(restated(changed(OURS["state"], path, value))) == expected


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("current", "graph_snapshots", 0, "created_at"), "/current/graph_snapshots/0/event_id"),
        (("current", "record_created", "created_at"), "/current/record_created/event_id"),
    ],
)
def test_a_changed_state_points_to_the_changed_event(path, place):
    assert at(OURS["state"], path) == "2026-11-20T14:17:09Z"
    assert found_in(changed(OURS["state"], path, "2026-11-20T14:17:08Z")) == [
        ("/state_sha256", Code.STATE_DIGEST_MISMATCH),
        (place, Code.EVENT_DIGEST_MISMATCH),
    ]


def test_a_changed_state_need_show_no_record_created():
    found = found_in(changed(OURS["state"], ("current", "record_created"), None))
    assert found == [("/state_sha256", Code.STATE_DIGEST_MISMATCH)]


def test_a_changed_state_of_unsound_form_points_to_no_event():
    found = found_in(changed(OURS["state"], ("current", "graph_snapshots"), 7))
    assert found == [("/current/graph_snapshots", Code.WRONG_TYPE)]
