import json

import pytest

from pith_builder.core.gathering import gathered
from pith_builder.core.merge import equivocations
from pith_builder.core.proof import proof_document
from pith_builder.core.report import Code
from pith_builder.core.verification import verify, verify_bytes
from pith_builder.signing.ed25519 import TrustedKeys
from tests.makers import (
    CREATED,
    KEYRING,
    OTHER_SIGNER,
    PUBLISHED_KEYRING,
    PUBLISHED_NUMBER,
    SIGNER,
    changed,
    event,
    leaves,
)

FIRST = event(payload={"n": 1})
SECOND = event(payload={"n": 2}, prev_event=FIRST["event_id"])
RIVAL = event(payload={"n": 3}, prev_event=FIRST["event_id"], created_at="2026-11-20T14:17:10Z")
CREATED_AGAIN = event(
    "record_created",
    payload=CREATED["payload"],
    created_at="2026-11-20T14:17:10Z",
    prev_event=FIRST["event_id"],
)
ALONE = TrustedKeys([SIGNER.public_key])


def proof(*events):
    found = gathered(PUBLISHED_NUMBER, [CREATED, *events], KEYRING)
    return proof_document(PUBLISHED_NUMBER, equivocations(found.valid))


WHOLE = json.loads(proof(CREATED_AGAIN, FIRST, RIVAL, SECOND))


def codes(document, keyring=ALONE):
    return {failure.code for failure in verify(document, keyring).failures}


def test_a_proof_carries_the_events_whole_and_the_place_they_contradict_in():
    assert WHOLE["pith_number"] == PUBLISHED_NUMBER
    created, attested = sorted(WHOLE["equivocations"], key=lambda one: -len(one["event_type"]))
    assert attested["event_type"] == "record_created"
    assert created == {
        "event_type": "author_attestation",
        "signer_id": "mirror.example",
        "prev_event": FIRST["event_id"],
        "events": sorted([RIVAL, SECOND], key=lambda one: one["event_id"]),
    }


def test_a_proof_holds_by_the_signers_key_alone():
    report = verify_bytes(proof(CREATED_AGAIN, FIRST, RIVAL, SECOND), ALONE)
    assert (report.kind, report.name, report.failures) == (
        "equivocation_proof",
        PUBLISHED_NUMBER,
        (),
    )


def test_a_receipt_inside_may_be_of_a_key_that_is_not_known():
    """Who states twice that a record was created is shown to, whoever signed the receipt."""
    receipt = {
        **CREATED["payload"]["receipt"],
        "key_id": OTHER_SIGNER.public_key.key_id,
        "public_key_fingerprint": OTHER_SIGNER.public_key.fingerprint,
    }
    foreign = event("record_created", payload={**CREATED["payload"], "receipt": receipt})
    told = changed(WHOLE, ("equivocations", 1, "events", 0), foreign)
    assert codes(told) == set()


def test_a_proof_does_not_hold_without_the_key():
    assert codes(WHOLE, PUBLISHED_KEYRING) == {Code.UNKNOWN_KEY}


@pytest.mark.parametrize(("path", "value"), list(leaves(WHOLE)))
def test_no_leaf_can_be_changed(path, value):
    new = f"{value}x" if isinstance(value, str) else {"x": 1} if value in ([], {}) else 7
    assert codes(changed(WHOLE, path, new))


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([], Code.COUNT_MISMATCH),
        ([SECOND], Code.COUNT_MISMATCH),
        ([SECOND, SECOND], Code.COUNT_MISMATCH),
        ([SECOND, FIRST], Code.DISAGREEMENT),
        ([SECOND, CREATED], Code.DISAGREEMENT),
        ([SECOND, "no event"], Code.WRONG_TYPE),
    ],
)
def test_events_that_do_not_contradict_each_other_prove_nothing(events, code):
    path = ("equivocations", 0, "events")
    assert code in codes(changed(WHOLE, path, events))


def test_events_that_follow_nothing_claim_no_place():
    other = event(payload={"n": 7})
    place = {
        "event_type": "author_attestation",
        "signer_id": "mirror.example",
        "prev_event": None,
        "events": [FIRST, other],
    }
    assert codes({**WHOLE, "equivocation_count": 1, "equivocations": [place]}) == {Code.WRONG_VALUE}


def test_a_count_that_is_not_of_the_equivocations_is_told():
    assert codes({**WHOLE, "equivocation_count": 3}) == {Code.COUNT_MISMATCH}
