"""FORMAT.md 14: verifying a document."""

import pytest

from pith_builder.core.report import Code
from pith_builder.core.verification import verify
from pith_builder.signing.ed25519 import TrustedKeys
from tests.makers import BUNDLE, PUBLISHED_KEYRING, RECORDS, SIGNER, STATES, changed, document

PUBLISHED = document(BUNDLE)
RULES = (
    # each rule, a change that breaks it, and where and how that must be reported
    ("form", ("merge_version",), "v2", "/merge_version", Code.WRONG_VALUE),
    (
        "canonical digest",
        ("canonical_sha256",),
        "0" * 64,
        "/canonical_sha256",
        Code.CANONICAL_DIGEST_MISMATCH,
    ),
    (
        "number",
        ("canonical_record", "metadata", "license"),
        "",
        "/canonical_record",
        Code.NUMBER_MISMATCH,
    ),
    (
        "short number",
        ("short_pith_number",),
        "pith:AAAAAAAA",
        "/short_pith_number",
        Code.NUMBER_MISMATCH,
    ),
    (
        "receipt",
        ("events", 0, "payload", "receipt", "signature_b64"),
        PUBLISHED["bundle_signature"]["signature_b64"],
        "/events/0/payload/receipt/signature_b64",
        Code.BAD_SIGNATURE,
    ),
    (
        "event",
        ("events", 1, "created_at"),
        "2026-05-18T00:01:10Z",
        "/events/1/content_sha256",
        Code.EVENT_DIGEST_MISMATCH,
    ),
    (
        "state",
        ("state", "applied_event_ids"),
        [],
        "/state/applied_event_ids",
        Code.STATE_MISMATCH,
    ),
    (
        "bundle digest",
        ("built_at",),
        "2026-05-31T02:56:23Z",
        "/bundle_signature/bundle_sha256",
        Code.BUNDLE_DIGEST_MISMATCH,
    ),
    (
        "bundle signature",
        ("bundle_signature", "signature_b64"),
        PUBLISHED["events"][0]["signature"]["signature_b64"],
        "/bundle_signature/signature_b64",
        Code.BAD_SIGNATURE,
    ),
    (
        "fingerprints",
        ("public_keys", 0, "fingerprint_sha256_b32_first128bits"),
        "A" * 26,
        "/public_keys/0/fingerprint_sha256_b32_first128bits",
        Code.FINGERPRINT_MISMATCH,
    ),
    (
        "aliases",
        ("source_aliases", 2, "alias_value"),
        "10.48550/arxiv.1804.01853",
        "/source_aliases/2/alias_value",
        Code.ALIAS_MISMATCH,
    ),
)


@pytest.mark.parametrize(
    ("rule", "path", "value", "place", "code"), RULES, ids=[rule[0] for rule in RULES]
)
def test_each_rule_reports_its_failure(rule, path, value, place, code):
    del rule
    found = verify(changed(PUBLISHED, path, value), PUBLISHED_KEYRING).failures
    assert (place, code) in {(failure.path, failure.code) for failure in found}


def test_all_failures_are_reported_in_the_order_of_the_rules():
    rules = [rule for rule in RULES if rule[0] != "receipt"]  # without it there is no state
    broken = PUBLISHED
    for _, path, value, _, _ in rules:
        broken = changed(broken, path, value)
    found = [(one.path, one.code) for one in verify(broken, PUBLISHED_KEYRING).failures]
    wanted = [(place, code) for *_, place, code in rules]
    assert [one for one in found if one in wanted] == wanted


@pytest.mark.parametrize("name", [BUNDLE, *STATES, *RECORDS])
def test_trust_comes_from_the_verifiers_own_keyring(name):
    for ring in (TrustedKeys([]), TrustedKeys([SIGNER.public_key])):
        codes = {failure.code for failure in verify(document(name), ring).failures}
        assert Code.UNKNOWN_KEY in codes
        assert codes <= {Code.UNKNOWN_KEY, Code.NO_RECORD_CREATED}
