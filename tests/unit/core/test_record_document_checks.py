import json

import pytest

from pith_builder.core.graph import items_sha256
from pith_builder.core.record_document import record_document
from pith_builder.core.report import Code
from pith_builder.core.verification import verify
from tests.makers import (
    CREATED,
    GRAPH,
    INVALID_EVENTS,
    KEYRING,
    PUBLISHED_KEYRING,
    RECORDS,
    REGISTRY,
    changed,
    document,
    event,
    mint,
)

MINTED = mint()
OURS = record_document(json.loads(MINTED.bundle.document), MINTED.receipt, REGISTRY.base_url)
VERDICT = {
    "id": "v1",
    "model_set": {"a": "b"},
    "created_at": "2026-06-01T00:00:00Z",
    "strongest_claim": "It holds.",
    "one_line_summary": "",
    "pipeline_version": "p",
    "weakest_assumption": "",
    "pith_extraction_headline": "",
}
CLAIM = {
    "kind": "theorem",
    "text": "It holds.",
    "source": "abstract",
    "status": "open",
    "claim_id": "c1",
    "attestation": None,
}


def found_in(record, keyring=KEYRING):
    return [(failure.path, failure.code) for failure in verify(record, keyring).failures]


def saying(*changes):
    """Return our record document with each (path, value) changed."""
    record = OURS
    for path, value in changes:
        record = changed(record, path, value)
    return record


@pytest.mark.parametrize("name", RECORDS)
def test_published_records_hold(name):
    assert found_in(document(name), PUBLISHED_KEYRING) == []


G = "graph_snapshot"
PAPER = (G, "paper")
LINK = Code.LINK_MISMATCH


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            [(("canonical_sha256",), "0" * 64)],
            [("/canonical_sha256", Code.CANONICAL_DIGEST_MISMATCH)],
        ),
        (
            [(("short_pith_number",), "pith:4FP6Z27B")],
            [("/short_pith_number", Code.NUMBER_MISMATCH)],
        ),
        (
            [(("receipt", "canonical_sha256"), "0" * 64)],
            [("/receipt/canonical_sha256", Code.CANONICAL_DIGEST_MISMATCH)],
        ),
        ([(("receipt", "key_id"), "other")], [("/receipt/key_id", Code.UNKNOWN_KEY)]),
        (
            [(("receipt", "signature_b64"), CREATED["signature"]["signature_b64"])],
            [("/receipt/signature_b64", Code.BAD_SIGNATURE)],
        ),
        ([(("source", "version"), 3)], [("/source/version", Code.DISAGREEMENT)]),
        (
            [(("aliases", 5, "alias_value"), "REQM6TSA")],
            [("/aliases/5/alias_value", Code.ALIAS_MISMATCH)],
        ),
        ([(("paper", "title"), "Other")], [("/paper/title", Code.DISAGREEMENT)]),
        ([((G, "source", "version"), 3)], [("/graph_snapshot/source/version", Code.DISAGREEMENT)]),
        (
            [((G, "builder_version"), "other")],
            [("/graph_snapshot/builder_version", Code.DISAGREEMENT)],
        ),
        *(
            (
                [((*PAPER, field), value), (("paper", field), value)],
                [(f"/graph_snapshot/paper/{field}", Code.DISAGREEMENT)],
            )
            for field, value in (
                ("title", "Another title"),
                ("title", " " + OURS["paper"]["title"]),
                ("license", ""),
                ("primary_cat", "cs.AI"),
                ("cross_cats", []),
                ("submitted_at", "2018-04-04T12:13:42Z"),
                ("abstract_excerpt", "Short."),
            )
        ),
        *(
            (
                [((*PAPER, field), value), (("paper", field), value)],
                [(f"/graph_snapshot/paper/{field}", Code.WRONG_VALUE)],
            )
            for field, value in (
                ("authors_text", "Michael Blot, David Picard, Matthieu Cord"),
                ("authors_text", "David Picard, David Picard"),
                ("abstract_excerpt", "x" * 601),
            )
        ),
        (
            [((*PAPER, "abstract_excerpt"), "x" * 600), (("paper", "abstract_excerpt"), "x" * 600)],
            [],  # as long as it may be, so that it cannot be told from another abstract's
        ),
        ([((*PAPER, "headline"), "New"), (("paper", "headline"), "New")], []),
        (
            [((G, "claims", "snapshot_sha256"), "0" * 64)],
            [("/graph_snapshot/claims/snapshot_sha256", Code.SNAPSHOT_DIGEST_MISMATCH)],
        ),
        ([((G, "claims", "count"), 1)], [("/graph_snapshot/claims/count", Code.COUNT_MISMATCH)]),
        (
            [((G, "references", "count"), 1)],
            [("/graph_snapshot/references/count", Code.COUNT_MISMATCH)],
        ),
        (
            [((G, "references", "snapshot_sha256"), "0" * 64)],
            [("/graph_snapshot/references/snapshot_sha256", Code.SNAPSHOT_DIGEST_MISMATCH)],
        ),
        (
            [((G, "references", "sample"), [1])],
            [("/graph_snapshot/references/sample", Code.COUNT_MISMATCH)],
        ),
        (
            [((G, "references", "internal_anchors"), 1)],
            [("/graph_snapshot/references/internal_anchors", Code.COUNT_MISMATCH)],
        ),
        (
            [((G, "references", "resolved_work"), 1)],
            [
                ("/graph_snapshot/references/resolved_work", Code.COUNT_MISMATCH),
                ("/verification_status/references_resolved", Code.STATUS_MISMATCH),
            ],
        ),
        (
            [((G, "author_claims", "strong_count"), 1)],
            [
                ("/graph_snapshot/author_claims/strong_count", Code.COUNT_MISMATCH),
                ("/verification_status/strong_author_claims", Code.STATUS_MISMATCH),
                ("/verification_status/weak_author_claims", Code.STATUS_MISMATCH),
            ],
        ),
        (
            [((G, "formal_canon", "evidence_count"), 1)],
            [
                ("/graph_snapshot/formal_canon/evidence_count", Code.COUNT_MISMATCH),
                ("/formal_canon/evidence_count", Code.DISAGREEMENT),
                ("/verification_status/formal_links_present", Code.STATUS_MISMATCH),
            ],
        ),
        (
            [((G, "verdict", "strongest_claim"), "All.")],
            [("/graph_snapshot/verdict/strongest_claim", Code.WRONG_VALUE)],
        ),
        ([((G, "verdict", "id"), "v1")], [("/graph_snapshot/verdict/id", Code.WRONG_VALUE)]),
        ([((G, "verdict"), VERDICT)], []),
        (
            [
                (
                    (G, "claims"),
                    {"count": 1, "items": [CLAIM], "snapshot_sha256": items_sha256([CLAIM])},
                ),
                (("paper_claims",), [CLAIM]),
            ],
            [],
        ),
        ([(("paper_claims",), [1])], [("/paper_claims", Code.DISAGREEMENT)]),
        ([(("formal_canon", "anchors"), [1])], [("/formal_canon/anchors", Code.COUNT_MISMATCH)]),
        ([(("formal_canon", "sample"), [1])], [("/formal_canon/sample", Code.COUNT_MISMATCH)]),
        (
            [(("inbound_citations", "count"), 1)],
            [("/inbound_citations/count", Code.COUNT_MISMATCH)],
        ),
        (
            [(("inbound_citations", "sample"), [1])],
            [("/inbound_citations/count", Code.COUNT_MISMATCH)],
        ),
        (
            [(("inbound_citations", "internal_anchor_count"), 1)],
            [("/inbound_citations/internal_anchor_count", Code.COUNT_MISMATCH)],
        ),
        (
            [(("inbound_citations",), {"count": 2, "internal_anchor_count": 2, "sample": [1]})],
            [],
        ),
        (
            [(("event_summary", "record_created"), 2)],
            [("/event_summary/record_created", Code.COUNT_MISMATCH)],
        ),
        (
            [(("verification_status", "author_attested"), True)],
            [("/verification_status/author_attested", Code.STATUS_MISMATCH)],
        ),
        (
            [(("verification_status", "pith_receipt"), False)],
            [("/verification_status/pith_receipt", Code.WRONG_VALUE)],
        ),
        ([(("links", "html"), "https://mirror.example/")], [("/links/html", LINK)]),
        ([(("schema_url",), "https://other.example/")], [("/schema_url", LINK)]),
        (
            [(("agent_actions", "resolve_alias"), "https://mirror.example/")],
            [("/agent_actions/resolve_alias", LINK)],
        ),
        (
            [(("agent_actions", "actions", "attest_author"), "https://mirror.example/")],
            [("/agent_actions/actions/attest_author", LINK)],
        ),
        (
            [(("receipt", "first_computed_at"), "2026-11-20T14:17:09.598221Z")],
            [("/receipt/last_reissued_at", Code.TIME_ORDER)],
        ),
        (
            [(("receipt", "last_reissued_at"), "2026-11-20T14:17:09.598221Z")],
            [("/receipt/signed_at", Code.TIME_ORDER)],
        ),
        (
            [(("updated_at",), "2026-11-20T14:17:09.598219+00:00")],
            [("/updated_at", Code.TIME_ORDER)],
        ),
        (
            [(("events",), [GRAPH]), (("event_summary",), {"graph_snapshot": 1})],
            [("/events", Code.NO_RECORD_CREATED)],
        ),
        ([(("events",), []), (("event_summary",), {})], []),
    ],
)
def test_where_two_places_disagree_the_record_does_not_hold(changes, expected):
    assert found_in(saying(*changes)) == expected


def test_events_are_checked_and_shown_in_the_status():
    attestation = event(payload={"x": 0.5})
    changes = (
        (("events",), [*OURS["events"], attestation]),
        (("event_summary",), {"record_created": 1, "graph_snapshot": 1, "author_attestation": 1}),
    )
    assert found_in(saying(*changes)) == [
        ("/verification_status/author_attested", Code.STATUS_MISMATCH)
    ]
    attested = (("verification_status", "author_attested"), True)
    assert found_in(saying(*changes, attested)) == []


def test_an_event_that_does_not_hold_is_reported_in_its_place():
    events = [*OURS["events"], INVALID_EVENTS["bad_signature"][1]]
    changes = ((("events",), events), (("event_summary", "record_created"), 2))
    assert found_in(saying(*changes)) == [("/events/2/signature/signature_b64", Code.BAD_SIGNATURE)]


def test_links_may_stand_under_any_base_but_one():
    moved = json.loads(json.dumps(OURS).replace("https://mirror.example", "http://a.b:1/c"))
    moved["events"] = OURS["events"]
    assert found_in(moved) == []
    foreign = changed(moved, ("links",), OURS["links"])
    assert {code for _, code in found_in(foreign)} == {LINK}
