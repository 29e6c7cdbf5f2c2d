import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.mirror import mirrors_document
from pith_builder.core.record_document import record_document
from pith_builder.core.report import Code
from pith_builder.core.verification import verify, verify_bytes
from pith_builder.signing.ed25519 import TrustedKeys
from tests.makers import (
    BUNDLE,
    CREATED,
    DOCUMENTS,
    GRAPH,
    INVALID_EVENTS,
    KEYRING,
    NOW_SECONDS,
    PUBLISHED_KEY,
    PUBLISHED_KEYRING,
    PUBLISHED_NUMBER,
    RECORDS,
    REGISTRY,
    SIGNER,
    STATES,
    changed,
    document,
    event,
    json_values,
    law,
    mint,
    pointer_of,
)
from tests.unit.core import reference
from tests.unit.core.test_manifest import FIRST as MANIFEST

MINTED = mint()
OURS = json.loads(MINTED.bundle.document)
KINDS = {
    "bundle": OURS,
    "state": OURS["state"],
    "record": record_document(OURS, MINTED.receipt, REGISTRY.base_url),
    "event": GRAPH,
    "events": [CREATED, GRAPH],
    "graph_snapshot": GRAPH["payload"]["graph_snapshot"],
    "mirrors": mirrors_document(REGISTRY, SIGNER.public_key, NOW_SECONDS),
    "manifest": json.loads(MANIFEST.document),
    "public_key": SIGNER.public_key.to_json_object(),
}


@pytest.mark.parametrize(
    ("kind", "name"),
    [("bundle", BUNDLE), *(("state", s) for s in STATES), *(("record", r) for r in RECORDS)],
)
def test_published_documents_hold_byte_for_byte(kind, name):
    report = verify_bytes((DOCUMENTS / name).read_bytes(), PUBLISHED_KEYRING)
    assert report.kind == kind
    assert report.verified() == document(name)["pith_number"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_told_by_its_fields(kind):
    report = verify(KINDS[kind], KEYRING)
    assert (report.kind, report.failures) == (kind, ())


def test_a_report_bears_the_name_that_the_document_claims():
    assert verify(OURS, KEYRING).name == PUBLISHED_NUMBER
    assert verify(GRAPH, KEYRING).name == GRAPH["event_id"]
    assert verify(KINDS["public_key"], KEYRING).name == "ours-2026-11"
    assert verify(KINDS["manifest"], KEYRING).name == "1"
    assert verify({"bundle_type": 1, "pith_number": "x" * 1000}, KEYRING).name == "x" * 80
    assert verify({"bundle_type": 1}, KEYRING).name == ""


def test_a_list_of_events_fails_where_one_of_them_does():
    report = verify([CREATED, {**GRAPH, "content_sha256": "0" * 64}], KEYRING)

    assert (report.kind, report.name) == ("events", PUBLISHED_NUMBER)
    (failure,) = report.failures
    assert (failure.path, failure.code) == ("/1/content_sha256", Code.EVENT_DIGEST_MISMATCH)


@pytest.mark.parametrize(
    ("kind", "path", "value", "code"),
    [
        ("graph_snapshot", ("claims", "snapshot_sha256"), "0" * 64, Code.SNAPSHOT_DIGEST_MISMATCH),
        ("graph_snapshot", ("paper", "headline"), 1, Code.WRONG_TYPE),
        ("mirrors", ("mirrors", 0, "public_key", "key_id"), 1, Code.WRONG_TYPE),
        (
            "mirrors",
            ("mirrors", 0, "public_key", "fingerprint_sha256_hex"),
            "0" * 32,
            Code.FINGERPRINT_MISMATCH,
        ),
    ],
)
def test_what_of_an_unsigned_document_can_be_recomputed_must_be_so(kind, path, value, code):
    (failure,) = verify(changed(KINDS[kind], path, value), KEYRING).failures
    assert (failure.path, failure.code) == (pointer_of(path), code)


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [OURS], {"pith_number": PUBLISHED_NUMBER}])
def test_what_is_no_pith_document_is_of_unknown_kind(value):
    report = verify(value, KEYRING)
    (failure,) = report.failures
    assert (report.kind, report.name) == ("unknown", "")
    assert (failure.path, failure.code) == ("", Code.UNKNOWN_KIND)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"a":1,"a":1}', b"[" * 100_000])
def test_what_is_no_json_is_reported_as_such(data):
    (failure,) = verify_bytes(data, KEYRING).failures
    assert (failure.path, failure.code) == ("", Code.NOT_JSON)


def test_a_key_that_a_bundle_carries_proves_no_origin():
    unknown = verify(document(BUNDLE), TrustedKeys([]))
    trusting = verify(document(BUNDLE), TrustedKeys([PUBLISHED_KEY]))
    assert {failure.code for failure in unknown.failures} == {
        Code.UNKNOWN_KEY,
        Code.NO_RECORD_CREATED,
    }
    assert trusting.failures == ()


def test_failures_come_in_the_order_of_the_rules():
    wrong = {
        **OURS,
        "bundle_version": "2.0",
        "canonical_sha256": "0" * 64,
        "short_pith_number": "pith:AAAAAAAA",
        "events": [{**GRAPH, "content_sha256": "0" * 64}, CREATED],
        "public_keys": [{**OURS["public_keys"][0], "fingerprint_sha256_hex": "0" * 32}],
        "source_aliases": OURS["source_aliases"][:-1],
    }
    codes = [failure.code for failure in verify(wrong, KEYRING).failures]
    assert list(dict.fromkeys(codes)) == [
        Code.WRONG_VALUE,
        Code.CANONICAL_DIGEST_MISMATCH,
        Code.NUMBER_MISMATCH,
        Code.EVENT_DIGEST_MISMATCH,
        Code.STATE_MISMATCH,
        Code.BUNDLE_DIGEST_MISMATCH,
        Code.BAD_SIGNATURE,
        Code.FINGERPRINT_MISMATCH,
        Code.ALIAS_MISMATCH,
    ]


@pytest.mark.parametrize("reason", INVALID_EVENTS)
def test_an_event_by_itself_is_checked_too(reason):
    told = [one for one in INVALID_EVENTS[reason] if isinstance(one, dict) and "event_id" in one]
    for an_event in told:
        report = verify(an_event, KEYRING)
        assert report.kind == "event"
        assert bool(report.failures) == (reason != "wrong_subject")  # it names its own subject


@pytest.mark.parametrize("field", ["fingerprint_sha256_hex", "public_key_b64", "algorithm"])
def test_a_public_key_by_itself_is_checked_too(field):
    assert verify({**KINDS["public_key"], field: "AA=="}, KEYRING).failures


def paths_within(value, path=()):
    yield path
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from paths_within(member, (*path, key))


PLACES = [(kind, path) for kind, value in KINDS.items() for path in paths_within(value)]


@law
@given(st.lists(st.tuples(st.sampled_from(PLACES), json_values), min_size=1, max_size=3), st.data())
def test_no_document_makes_a_verification_raise(changes, data):
    (kind, _), _ = data.draw(st.sampled_from(changes))
    wrong = KINDS[kind]
    for (other, path), value in changes:
        if other == kind:
            wrong = replaced_if_there(wrong, path, value)
    report = verify_bytes(json.dumps(wrong).encode(), KEYRING)
    assert report == verify(wrong, KEYRING)
    assert all(isinstance(failure.path, str) for failure in report.failures)


def replaced_if_there(value, path, new):
    try:
        return changed(value, path, new)
    except (KeyError, IndexError, TypeError, AttributeError):
        return value


@law
@given(st.binary())
def test_no_bytes_make_a_verification_raise(data):
    assert verify_bytes(data, KEYRING).failures


def nested(levels):
    payload = {}
    for _ in range(levels - 1):
        payload = {"a": payload}
    return payload


@pytest.mark.parametrize("levels", [1, 58, 59, 60, 61])
def test_no_depth_of_a_signed_payload_makes_a_verification_raise(levels):
    """A state shows a payload one level deeper than the list of events does."""
    deep = event(payload=nested(levels))
    bundle = {**OURS, "events": [*OURS["events"], deep]}
    found = verify_bytes(reference.canonical(bundle), KEYRING).failures
    assert "/state/state_sha256" in {failure.path for failure in found}
    record = {**KINDS["record"], "events": [*OURS["events"], deep]}
    found = verify_bytes(reference.canonical(record), KEYRING).failures
    is_shown = "/verification_status/author_attested" in {failure.path for failure in found}
    assert is_shown == (levels < 61)
    assert ("/events" in {failure.path for failure in found}) == (levels == 61)
