"""FORMAT.md 13: hashes do not depend on the order of keys."""

import json

import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.core.verification import verify, verify_bytes
from tests.makers import (
    BUNDLE,
    DOCUMENTS,
    KEYRING,
    PUBLISHED_KEYRING,
    RECORDS,
    STATES,
    document,
    mint,
)


def backwards(value):
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in sorted(value, reverse=True)}
    return [backwards(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", [BUNDLE, *STATES, *RECORDS])
def test_a_verifier_accepts_any_order_and_any_white_space(name):
    value = document(name)
    assert (DOCUMENTS / name).read_bytes() != canonical_json(value)
    assert canonical_json(backwards(value)) == canonical_json(value)
    for data in (
        canonical_json(value),
        json.dumps(backwards(value), indent=2).encode(),
        json.dumps(value, ensure_ascii=True).encode(),
    ):
        assert verify_bytes(data, PUBLISHED_KEYRING).failures == ()


def test_what_we_write_is_canonical():
    minted = mint()
    documents = (
        minted.state.document,
        minted.bundle.document,
        *(event.document for event in minted.events),
    )
    for data in documents:
        assert canonical_json(json.loads(data)) == data


def test_the_order_of_lists_does_matter():
    bundle = json.loads(mint().bundle.document)
    assert verify({**bundle, "events": bundle["events"][::-1]}, KEYRING).failures
