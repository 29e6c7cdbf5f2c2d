"""FORMAT.md 7: events."""

import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.core.event import (
    content_digest,
    graph_snapshot_payload,
    record_created_payload,
    signed_event,
)
from pith_builder.core.event_checks import event_findings
from pith_builder.core.forms import EVENT_TARGETS, GRAPH_SNAPSHOT, RECORD_CREATED
from pith_builder.core.graph import graph_snapshot
from pith_builder.core.minting import Identity
from tests.makers import (
    BUNDLE,
    KEYRING,
    PUBLISHED_KEYRING,
    PUBLISHED_NUMBER,
    PublishedSigner,
    document,
    event,
    paper,
)

PUBLISHED = document(BUNDLE)
CREATED, GRAPH = PUBLISHED["events"]
OURS = Identity.of(paper())
BUILDER = "pith-number-builder-2026-05-17-v1"


def published_event(event_type, payload, signed_at):
    return signed_event(
        event_type,
        OURS.number,
        payload,
        signer=PublishedSigner(PUBLISHED),
        signer_id="pith.science",
        created_at="2026-05-18T00:01:09Z",
        signed_at=signed_at,
    )


def test_the_published_record_created_is_made_again_byte_for_byte():
    payload = record_created_payload(OURS.record, OURS.digest, CREATED["payload"]["receipt"])
    found = published_event(RECORD_CREATED, payload, "2026-05-31T02:56:24.334200Z")
    assert found.event_id == (
        "sha256:bc7c1dc76fbb4ff6fe96f4aaae7c43d25520534384eeab6c7ec3f44ed8f1cf8c"
    )
    assert found.document == canonical_json(CREATED)


def test_the_published_graph_snapshot_is_made_again_byte_for_byte():
    payload = graph_snapshot_payload(graph_snapshot(paper(), OURS.record, BUILDER))
    found = published_event(GRAPH_SNAPSHOT, payload, "2026-05-31T02:56:24.335015Z")
    assert found.event_id == (
        "sha256:8d7e3136ed42467d10e13552c2f54602e2f000fd4667e7c61ec2bd39ff1b3033"
    )
    assert found.document == canonical_json(GRAPH)


@pytest.mark.parametrize("published", [CREATED, GRAPH], ids=lambda one: one["event_type"])
def test_the_digest_covers_all_but_signature_digest_and_id(published):
    digest = content_digest(published).hex()
    assert published["content_sha256"] == digest
    assert published["event_id"] == f"sha256:{digest}"
    assert list(event_findings(published, PUBLISHED_NUMBER, PUBLISHED_KEYRING)) == []


@pytest.mark.parametrize(
    "event_type", sorted(set(EVENT_TARGETS) - {RECORD_CREATED, GRAPH_SNAPSHOT})
)
def test_the_payload_of_a_type_without_a_published_one_is_carried_untouched(event_type):
    noun = event_type.removeprefix("pith.").replace(".", "_").split("_")[0]
    assert EVENT_TARGETS[event_type] == noun
    free = event(event_type, target=noun, payload={"x": [1.5, None, {"é": 2**64 - 1}]})
    assert list(event_findings(free, PUBLISHED_NUMBER, KEYRING)) == []
