"""The record document: a view of a record for readers, not signed as a whole (FORMAT.md 11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pith_builder.core.canonical import JsonValue
from pith_builder.core.forms import ATTESTATION_STATE, RECORD_TYPE
from pith_builder.core.instants import (
    format_offset,
    parse_microseconds,
    parse_seconds,
)
from pith_builder.core.number import PithNumber
from pith_builder.core.record import SCHEMA_VERSION
from pith_builder.core.registry import agent_actions, record_links, schema_url
from pith_builder.errors import VerificationError


def record_document(
    bundle: dict[str, JsonValue], receipt: dict[str, JsonValue], base_url: str
) -> dict[str, JsonValue]:
    """Return the record document of a verified bundle and the record's present receipt.

    Ruling: it was created when its receipt was first computed, and updated when its bundle was
    built; the latest graph snapshot speaks.

    Raises:
        VerificationError: No graph snapshot is current.
    """
    number = PithNumber.parse(bundle["pith_number"])
    current = bundle["state"]["current"]
    if not current["graph_snapshots"]:
        raise VerificationError(f"{number} has no graph snapshot, so it has no record document")
    graph = current["graph_snapshots"][-1]["payload"]["graph_snapshot"]
    created_at = parse_microseconds(receipt["first_computed_at"])
    updated_at = max(created_at, parse_seconds(bundle["built_at"]))
    return {
        "record_type": RECORD_TYPE,
        "schema_url": schema_url(base_url),
        "pith_number": bundle["pith_number"],
        "short_pith_number": bundle["short_pith_number"],
        "schema_version": SCHEMA_VERSION,
        "canonical_sha256": bundle["canonical_sha256"],
        "source": bundle["source"],
        "attestation_state": ATTESTATION_STATE,
        "paper": graph["paper"],
        "verification_status": verification_status(graph, current),
        "canonical_record": bundle["canonical_record"],
        "receipt": receipt,
        "graph_snapshot": graph,
        "aliases": [
            {**alias, "created_at": format_offset(parse_seconds(alias["created_at"]))}
            for alias in bundle["source_aliases"]
        ],
        "events": bundle["events"],
        "event_summary": event_summary(bundle["events"]),
        "paper_claims": graph["claims"]["items"],
        "inbound_citations": {"count": 0, "internal_anchor_count": 0, "sample": []},
        "formal_canon": {
            "evidence_count": graph["formal_canon"]["evidence_count"],
            "sample": [],
            "anchors": [],
        },
        "links": record_links(base_url, number),
        "agent_actions": agent_actions(base_url, number, bundle["source"]["id"]),
        "created_at": format_offset(created_at),
        "updated_at": format_offset(updated_at),
    }


def event_summary(events: list[JsonValue]) -> dict[str, int]:
    """Return how many events there are of each type (ruling: events of no type are left out)."""
    types = (event.get("event_type") for event in events if isinstance(event, dict))
    return dict(Counter(kind for kind in types if isinstance(kind, str)))


def verification_status(
    graph: dict[str, JsonValue], current: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return what has been shown of a record.

    Args:
        graph: Its graph snapshot.
        current: The `current` of its state, or as much of it as is known.
    """
    claims = graph["author_claims"]
    return {
        "content_addressed": True,
        "pith_receipt": True,
        "author_attested": bool(current.get("author_attestations")),
        "weak_author_claims": claims["count"] - claims["strong_count"],
        "strong_author_claims": claims["strong_count"],
        "externally_anchored": bool(current.get("timestamp_anchors")),
        "storage_verified": bool(current.get("storage_attestations")),
        "citation_signatures": len(current.get("citation_signatures", [])),
        "replication_records": len(current.get("replication_records", [])),
        "graph_snapshot": True,
        "references_resolved": graph["references"]["resolved_work"] > 0,
        "formal_links_present": graph["formal_canon"]["evidence_count"] > 0,
    }
