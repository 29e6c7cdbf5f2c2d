"""The page of one record, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from pith_builder.core.canonical import JsonValue
from pith_builder.core.graph import shown_title, unwrapped
from pith_builder.core.number import PithNumber
from pith_builder.core.record_document import verification_status
from pith_builder.core.registry import bundle_links, record_links
from pith_builder.pages.render import Page, rendered

_ALIASES = {
    "arxiv": "arXiv",
    "arxiv_version": "arXiv, this version",
    "doi": "DOI",
    "pith_short_8": "Short form (8)",
    "pith_short_12": "Short form (12)",
    "pith_short_16": "Short form (16)",
}
_EVENTS = {
    "record_created": "Record created",
    "graph_snapshots": "Graph snapshot",
    "author_attestations": "Author attestation",
    "timestamp_anchors": "Timestamp anchor",
    "storage_attestations": "Storage attestation",
    "citation_signatures": "Citation",
    "replication_records": "Replication",
    "corrections": "Correction",
    "mirror_hints": "Mirror",
}
_NO_AUTHOR_CLAIMS = {
    "author_claims": {"count": 0, "strong_count": 0},
    "references": {"resolved_work": 0},
    "formal_canon": {"evidence_count": 0},
}


def record_page(
    bundle: dict[str, JsonValue],
    metadata: Mapping[str, JsonValue],
    receipt: Mapping[str, JsonValue],
    base_url: str,
    registry: str,
) -> bytes:
    """Return the page of a bundle and of arXiv's raw words, the latter where they are known.

    Args:
        bundle: The bundle, parsed.
        metadata: The metadata document.
        receipt: The record's present receipt.
        base_url: Where the mirror is served.
        registry: The registry's name for people.
    """
    number = PithNumber.parse(bundle["pith_number"])
    current = bundle["state"]["current"]
    graphs = current["graph_snapshots"]
    graph = graphs[-1]["payload"]["graph_snapshot"] if graphs else None
    paper = graph["paper"] if graph else {}
    record, source = bundle["canonical_record"]["metadata"], bundle["source"]
    created = current["record_created"]
    shown = {
        "number": str(number),
        "suffix": number.suffix,
        "base_url": base_url,
        "links": record_links(base_url, number) | bundle_links(base_url, number),
        "arxiv_name": f"{source['id']}v{source['version']}",
        "title": shown_title(metadata["title"] or paper.get("title", "")) or str(number),
        "authors": " ".join((metadata["authors"] or paper.get("authors_text", "")).split()),
        "abstract": _abstract(metadata["abstract"], paper.get("abstract_excerpt", "")),
        "categories": [record["primary_cat"], *record["cross_cats_sorted"]],
        "submitted_at": record["submitted_at"],
        "is_withdrawn": metadata["is_withdrawn"],
        "facts": list(_facts(record, metadata)),
        "aliases": _aliases(bundle["source_aliases"]),
        "canonical_sha256": bundle["canonical_sha256"],
        "receipt": created and receipt,
        "status": list(_status(graph or _NO_AUTHOR_CLAIMS, current)),
        "events": list(_events(current)),
        "invalid_events": bundle["state"]["invalid_event_count"],
        "equivocations": bundle["state"]["equivocation_count"],
        "has_record": graph is not None and created is not None,
    }
    return rendered("record.html", Page(registry, "../../"), shown)


def _abstract(raw: str | None, excerpt: str) -> list[str]:
    """Return an abstract's paragraphs: arXiv begins each but the first with two spaces."""
    text = unwrapped(raw) if raw else excerpt
    return [paragraph.strip() for paragraph in text.split("\n") if paragraph.strip()]


def _facts(
    record: Mapping[str, JsonValue], metadata: Mapping[str, JsonValue]
) -> Iterator[tuple[str, str, str]]:
    """Yield what is known of a paper: its name, its value, and an address or ""."""
    doi, license_url = metadata["doi"], record["license"]
    yield "Submitted", record["submitted_at"][:10], ""
    if metadata["version_submitted_at"]:
        yield "This version", metadata["version_submitted_at"][:10], ""
    if metadata["updated_on"]:
        yield "Last changed", metadata["updated_on"], ""
    if license_url:
        is_address = license_url.startswith(("https://", "http://"))
        yield "Licence", license_url, license_url if is_address else ""
    if doi and doi.split():
        yield "Publisher's DOI", doi, f"https://doi.org/{quote(doi.split()[0])}"
    for name, key in (
        ("Journal", "journal_ref"),
        ("Comments", "comments"),
        ("Report number", "report_no"),
        ("MSC class", "msc_class"),
        ("ACM class", "acm_class"),
        ("Submitter", "submitter"),
    ):
        if metadata[key]:
            yield name, metadata[key], ""


def _aliases(aliases: list[dict[str, str]]) -> list[tuple[str, str]]:
    ranks = {kind: rank for rank, kind in enumerate(_ALIASES)}
    ordered = sorted(aliases, key=lambda alias: ranks.get(alias["alias_kind"], len(ranks)))
    return [
        (_ALIASES.get(alias["alias_kind"], alias["alias_kind"]), alias["alias_value"])
        for alias in ordered
    ]


def _status(
    graph: Mapping[str, JsonValue], current: Mapping[str, JsonValue]
) -> Iterator[tuple[str, bool]]:
    status = verification_status(dict(graph), current)
    yield "Content-addressed", status["content_addressed"]
    yield "Receipt signed", current["record_created"] is not None
    yield "Attested by an author", status["author_attested"]
    yield "Anchored in time", status["externally_anchored"]
    yield "Storage verified", status["storage_verified"]
    for key, name in (("citation_signatures", "citation"), ("replication_records", "replication")):
        if status[key]:
            yield f"{status[key]} {name}{'s' if status[key] > 1 else ''}", True


def _events(current: Mapping[str, JsonValue]) -> Iterator[dict[str, str]]:
    """Yield what the state shows of each event, in the order of their lists."""
    for key, kind in _EVENTS.items():
        shown = current[key] if isinstance(current[key], list) else [current[key]]
        for event in filter(None, shown):
            signer = event["signer"]["signer_id"]
            yield {"kind": kind, "created_at": event["created_at"], "signer": signer}
