import json
from datetime import timedelta

import pytest
from hypothesis import given

from pith_builder.core.instants import format_microseconds
from pith_builder.core.record_document import (
    event_summary,
    record_document,
    verification_status,
)
from pith_builder.core.verification import verify
from pith_builder.errors import PithError
from tests.makers import (
    BUNDLE,
    CREATED,
    GRAPH,
    KEYRING,
    NOW,
    PUBLISHED_KEYRING,
    RECORDS,
    REGISTRY,
    SOURCE_ALIASES,
    changed,
    document,
    event,
    mint,
    mint_one,
    papers,
    signing_law,
)
from tests.unit.core import reference

MINTED = mint()
OURS = json.loads(MINTED.bundle.document)
SNAPSHOT = GRAPH["payload"]["graph_snapshot"]


@signing_law
@given(papers)
def test_the_record_document_of_whatever_is_minted_holds(a_paper):
    minted = mint_one(a_paper)
    found = record_document(json.loads(minted.bundle.document), minted.receipt, REGISTRY.base_url)
    assert verify(found, KEYRING).verified() == str(minted.identity.number)


def test_a_record_document_of_the_published_bundle_holds():
    bundle = document(BUNDLE)
    receipt = bundle["events"][0]["payload"]["receipt"]
    found = record_document(bundle, receipt, "https://pith.science")
    assert verify(found, PUBLISHED_KEYRING).failures == ()
    assert list(found) == list(document(RECORDS[0]))
    assert found["created_at"] == "2026-05-18T00:01:09.598220+00:00"
    assert found["updated_at"] == "2026-05-31T02:56:24.000000+00:00"
    assert found["aliases"][0] == {
        "alias_kind": "arxiv",
        "alias_value": "1804.01852",
        "created_at": "2026-05-18T00:01:09.000000+00:00",
    }
    assert found["event_summary"] == {"record_created": 1, "graph_snapshot": 1}


def test_a_record_is_never_updated_before_it_is_created():
    found = record_document(OURS, MINTED.receipt, REGISTRY.base_url)
    assert found["created_at"] == found["updated_at"] == "2026-11-20T14:17:09.598220+00:00"


def test_the_present_receipt_stands_beside_the_first():
    reissued = {**MINTED.receipt}
    for field in ("last_reissued_at", "signed_at"):
        reissued[field] = format_microseconds(NOW + timedelta(days=1))
    found = record_document(OURS, reissued, REGISTRY.base_url)
    assert found["receipt"] == reissued != found["events"][0]["payload"]["receipt"]
    assert verify(found, KEYRING).failures == ()


def test_the_latest_graph_snapshot_speaks():
    paper = {**SNAPSHOT["paper"], "headline": "New"}
    later = event(
        "graph_snapshot",
        payload={"graph_snapshot": {**SNAPSHOT, "paper": paper}, "verdict_id": None},
        created_at="2026-11-21T00:00:00Z",
    )
    judged = [(CREATED, None), (later, None), (GRAPH, None)]
    state = reference.merged(OURS["pith_number"], judged, SOURCE_ALIASES)
    bundle = {**OURS, "events": [one for one, _ in judged], "state": state}
    found = record_document(bundle, MINTED.receipt, REGISTRY.base_url)
    assert found["paper"]["headline"] == "New"
    assert found["event_summary"] == {"record_created": 1, "graph_snapshot": 2}


def test_a_bundle_without_a_graph_snapshot_gives_our_own_error():
    state = reference.merged(OURS["pith_number"], [(CREATED, None)], SOURCE_ALIASES)
    bundle = {**OURS, "events": [CREATED], "state": state}
    with pytest.raises(PithError):
        record_document(bundle, MINTED.receipt, REGISTRY.base_url)


def test_a_summary_counts_events_by_type():
    events = [GRAPH, CREATED, GRAPH, {"event_type": 7}, {}, None, "event"]
    assert event_summary(events) == {"graph_snapshot": 2, "record_created": 1}
    assert event_summary([]) == {}


NOTHING_SHOWN = {
    "content_addressed": True,
    "pith_receipt": True,
    "author_attested": False,
    "weak_author_claims": 0,
    "strong_author_claims": 0,
    "externally_anchored": False,
    "storage_verified": False,
    "citation_signatures": 0,
    "replication_records": 0,
    "graph_snapshot": True,
    "references_resolved": False,
    "formal_links_present": False,
}


def test_a_fresh_record_has_the_published_status():
    assert verification_status(SNAPSHOT, OURS["state"]["current"]) == NOTHING_SHOWN
    assert verification_status(SNAPSHOT, {}) == NOTHING_SHOWN
    assert document(RECORDS[0])["verification_status"] == NOTHING_SHOWN


@pytest.mark.parametrize(
    ("current", "shown"),
    [
        ({"author_attestations": [{}]}, {"author_attested": True}),
        ({"timestamp_anchors": [{}]}, {"externally_anchored": True}),
        ({"storage_attestations": [{}]}, {"storage_verified": True}),
        ({"citation_signatures": [{}, {}]}, {"citation_signatures": 2}),
        ({"replication_records": [{}, {}, {}]}, {"replication_records": 3}),
    ],
)
def test_each_kind_of_event_shows_in_the_status(current, shown):
    assert verification_status(SNAPSHOT, current) == {**NOTHING_SHOWN, **shown}


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        (("author_claims", "count"), 2, {"weak_author_claims": 2}),
        (("references", "resolved_work"), 1, {"references_resolved": True}),
        (("formal_canon", "evidence_count"), 1, {"formal_links_present": True}),
    ],
)
def test_the_graph_shows_in_the_status(path, value, shown):
    assert verification_status(changed(SNAPSHOT, path, value), {}) == {**NOTHING_SHOWN, **shown}


def test_strong_claims_are_not_counted_weak():
    claims = {**SNAPSHOT["author_claims"], "count": 3, "strong_count": 1}
    status = verification_status({**SNAPSHOT, "author_claims": claims}, {})
    assert (status["strong_author_claims"], status["weak_author_claims"]) == (1, 2)
