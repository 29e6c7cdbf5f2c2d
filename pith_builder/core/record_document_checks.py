"""Whether a record document holds: every rule, and every agreement of two places (FORMAT.md 11)."""

from __future__ import annotations

from collections.abc import Iterator

from pith_builder.core.canonical import JsonValue, parse_json, text_sha256
from pith_builder.core.event_checks import (
    UNSEEN_ITEMS,
    Finding,
    failures_among,
    signature_failures,
    snapshot_digest_failures,
)
from pith_builder.core.forms import GRAPH_SNAPSHOT
from pith_builder.core.graph import (
    EMPTY_SNAPSHOT_SHA256,
    EMPTY_VERDICT,
    EXCERPT_CHARACTERS,
    authors_text,
    shown_title,
)
from pith_builder.core.keys import Keyring
from pith_builder.core.merge import NoStateError, merge
from pith_builder.core.number import PithNumber
from pith_builder.core.record import CanonicalRecord
from pith_builder.core.record_document import event_summary, verification_status
from pith_builder.core.registry import agent_actions, record_links, schema_url
from pith_builder.core.report import Code, Failure, differences, pointer, shown
from pith_builder.core.sound import (
    Sound,
    alias_failures,
    canonical_record,
    judged_events,
    number_failures,
    record_name_failures,
)
from pith_builder.errors import MalformedError


def record_document_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    """Yield the failures of a record document: each rule, and where two places disagree."""
    document = holds.document
    yield from record_name_failures(holds, "/canonical_record")
    yield from number_failures(holds)
    record = canonical_record(holds, "/canonical_record")
    if record is not None and holds.has("/receipt"):
        found = record.digest()
        yield from differences(
            document["receipt"]["canonical_sha256"],
            found.hex(),
            "/receipt/canonical_sha256",
            Code.CANONICAL_DIGEST_MISMATCH,
            "the canonical record",
        )
        yield from signature_failures(found, document["receipt"], keyring, "/receipt")
    judged = judged_events(holds, keyring)
    yield from failures_among(judged)
    yield from alias_failures(holds, "/canonical_record", "/aliases")
    if holds.has("/paper", "/graph_snapshot"):
        yield from differences(
            document["paper"],
            document["graph_snapshot"]["paper"],
            "/paper",
            Code.DISAGREEMENT,
            "graph_snapshot.paper",
        )
    if record is not None and holds.has("/graph_snapshot"):
        yield from _graph_failures(document["graph_snapshot"], record, "/graph_snapshot")
    if holds.has("/graph_snapshot", "/receipt") and not _is_stated(holds):
        yield from differences(
            document["graph_snapshot"]["builder_version"],
            document["receipt"]["builder_version"],
            "/graph_snapshot/builder_version",
            Code.DISAGREEMENT,
            "the receipt",
        )
    yield from _summary_failures(holds, keyring, judged)
    yield from _link_failures(holds)
    yield from _time_failures(holds)


def _is_stated(holds: Sound) -> bool:
    """Tell whether an event of the document states the very snapshot that it shows.

    Ruling: then the event's signature binds the snapshot, and it may be another registry's, or of
    another builder, than the receipt; otherwise both are of one builder, as in what is published.
    """
    shown_snapshot = holds.document["graph_snapshot"]
    return holds.has("/events") and any(
        isinstance(event, dict)
        and event.get("event_type") == GRAPH_SNAPSHOT
        and isinstance(event.get("payload"), dict)
        and event["payload"].get("graph_snapshot") == shown_snapshot
        for event in holds.document["events"]
    )


def _graph_failures(
    graph: dict[str, JsonValue], record: CanonicalRecord, path: str
) -> Iterator[Failure]:
    """Yield where a graph snapshot contradicts itself or its record (FORMAT.md 8).

    The digests of references, formal links and author claims cover items that a snapshot does
    not carry: what can be known of them is that no items have the digest of no items, and some
    have another. Ruling: a verdict is empty, or has an id and a time.
    """
    yield from snapshot_digest_failures(graph, path)
    yield from differences(
        graph["claims"]["count"],
        len(graph["claims"]["items"]),
        path + "/claims/count",
        Code.COUNT_MISMATCH,
        "the items",
    )
    for part, counted in UNSEEN_ITEMS.items():
        is_empty = graph[part]["snapshot_sha256"] == EMPTY_SNAPSHOT_SHA256
        if is_empty and graph[part][counted] != 0:
            message = f"found {graph[part][counted]}, by its snapshot_sha256 there is no item"
            yield Failure(path + pointer(part, counted), Code.COUNT_MISMATCH, message)
    references, author_claims = graph["references"], graph["author_claims"]
    for field, found, most in (
        ("references/sample", len(references["sample"]), references["count"]),
        ("references/resolved_work", references["resolved_work"], references["count"]),
        ("references/internal_anchors", references["internal_anchors"], references["count"]),
        ("author_claims/strong_count", author_claims["strong_count"], author_claims["count"]),
    ):
        if found > most:
            yield Failure(f"{path}/{field}", Code.COUNT_MISMATCH, f"found {found} of {most}")
    verdict = graph["verdict"]
    if verdict["id"] is None:
        yield from differences(
            verdict, EMPTY_VERDICT, path + "/verdict", Code.WRONG_VALUE, "having no id"
        )
    elif verdict["created_at"] is None:
        message = f"found {shown(verdict['id'])}, but a verdict without a time has no id"
        yield Failure(path + "/verdict/id", Code.WRONG_VALUE, message)
    yield from differences(
        graph["source"],
        record.source(),
        path + "/source",
        Code.DISAGREEMENT,
        "the canonical record",
    )
    yield from _paper_failures(graph["paper"], record, path + "/paper")


def _paper_failures(
    paper: dict[str, JsonValue], record: CanonicalRecord, path: str
) -> Iterator[Failure]:
    metadata = record.to_json_object()["metadata"]
    for field, stated in (
        ("license", "license"),
        ("primary_cat", "primary_cat"),
        ("cross_cats", "cross_cats_sorted"),
        ("submitted_at", "submitted_at"),
    ):
        yield from differences(
            paper[field],
            metadata[stated],
            path + pointer(field),
            Code.DISAGREEMENT,
            "the canonical record",
        )
    title_sha256 = text_sha256(paper["title"])
    if title_sha256 != record.title_canon_sha256 or shown_title(paper["title"]) != paper["title"]:
        message = f"{shown(paper['title'])} is not the title that title_canon_sha256 is of"
        yield Failure(path + "/title", Code.DISAGREEMENT, message)
    excerpt = paper["abstract_excerpt"]
    if len(excerpt) > EXCERPT_CHARACTERS:
        message = f"found {len(excerpt)} characters, an excerpt has {EXCERPT_CHARACTERS} at most"
        yield Failure(path + "/abstract_excerpt", Code.WRONG_VALUE, message)
    elif len(excerpt) < EXCERPT_CHARACTERS and text_sha256(excerpt) != record.abstract_canon_sha256:
        message = "is shorter than an excerpt, yet not what abstract_canon_sha256 is of"
        yield Failure(path + "/abstract_excerpt", Code.DISAGREEMENT, message)
    if authors_text(paper["authors_text"]) != paper["authors_text"]:
        message = f"{shown(paper['authors_text'])} is not in the order of FORMAT.md 8"
        yield Failure(path + "/authors_text", Code.WRONG_VALUE, message)


def _summary_failures(
    holds: Sound, keyring: Keyring, judged: list[list[Finding]]
) -> Iterator[Failure]:
    document = holds.document
    if holds.has("/events", "/event_summary"):
        yield from differences(
            document["event_summary"],
            event_summary(document["events"]),
            "/event_summary",
            Code.COUNT_MISMATCH,
            "the events",
        )
    if holds.has("/paper_claims", "/graph_snapshot"):
        yield from differences(
            document["paper_claims"],
            document["graph_snapshot"]["claims"]["items"],
            "/paper_claims",
            Code.DISAGREEMENT,
            "graph_snapshot.claims",
        )
    if holds.has("/formal_canon", "/graph_snapshot"):
        yield from _formal_failures(document["formal_canon"], document["graph_snapshot"])
    if holds.has("/inbound_citations"):
        yield from _citation_failures(document["inbound_citations"])
    if holds.has("/verification_status", "/graph_snapshot", "/events", "/pith_number"):
        current: JsonValue = {}
        if document["events"]:
            try:
                state = merge(document["pith_number"], document["events"], (), keyring, judged)
                current = parse_json(state.document)["current"]
            except NoStateError as error:
                yield Failure("/events", Code.NO_RECORD_CREATED, str(error))
            except MalformedError as error:
                yield Failure("/events", Code.STATE_MISMATCH, f"the events have no state: {error}")
        yield from differences(
            document["verification_status"],
            verification_status(document["graph_snapshot"], current),
            "/verification_status",
            Code.STATUS_MISMATCH,
            "events and graph snapshot",
        )


def _formal_failures(
    formal: dict[str, JsonValue], graph: dict[str, JsonValue]
) -> Iterator[Failure]:
    yield from differences(
        formal["evidence_count"],
        graph["formal_canon"]["evidence_count"],
        "/formal_canon/evidence_count",
        Code.DISAGREEMENT,
        "graph_snapshot.formal_canon",
    )
    for field in ("anchors", "sample"):
        if formal[field] and not formal["evidence_count"]:
            message = f"found {len(formal[field])} where no evidence is counted"
            yield Failure(pointer("formal_canon", field), Code.COUNT_MISMATCH, message)


def _citation_failures(citations: dict[str, JsonValue]) -> Iterator[Failure]:
    """Yield where the inbound citations contradict themselves.

    Ruling: a sample is empty only where nothing is counted.
    """
    count, sample = citations["count"], citations["sample"]
    if len(sample) > count or (count and not sample):
        message = f"found {count} citations with a sample of {len(sample)}"
        yield Failure("/inbound_citations/count", Code.COUNT_MISMATCH, message)
    if citations["internal_anchor_count"] > count:
        message = f"found {citations['internal_anchor_count']} of {count}"
        yield Failure("/inbound_citations/internal_anchor_count", Code.COUNT_MISMATCH, message)


def _link_failures(holds: Sound) -> Iterator[Failure]:
    """Yield every address that is not where FORMAT.md 12 puts it.

    Ruling: the base address is the one that most of the links start with.
    """
    if not holds.has("/links", "/agent_actions", "/schema_url", "/pith_number", "/source"):
        return
    document = holds.document
    number = PithNumber.parse(document["pith_number"])
    layout = record_links("", number)
    bases = [
        address.removesuffix(layout[name])
        for name, address in document["links"].items()
        if address.endswith(layout[name])
    ]
    base_url = max(sorted(set(bases)), key=bases.count, default="")
    meaning = "the mirror layout"
    for field, wanted in (
        ("links", record_links(base_url, number)),
        ("agent_actions", agent_actions(base_url, number, document["source"]["id"])),
        ("schema_url", schema_url(base_url)),
    ):
        yield from differences(document[field], wanted, pointer(field), Code.LINK_MISMATCH, meaning)


def _time_failures(holds: Sound) -> Iterator[Failure]:
    document = holds.document
    if holds.has("/receipt"):
        receipt = document["receipt"]
        for earlier, later in (
            ("first_computed_at", "last_reissued_at"),
            ("last_reissued_at", "signed_at"),
        ):
            yield from _order_failures(receipt, earlier, later, "/receipt")
    yield from (
        _order_failures(document, "created_at", "updated_at", "")
        if holds.has("/created_at", "/updated_at")
        else ()
    )


def _order_failures(
    times: dict[str, JsonValue], earlier: str, later: str, path: str
) -> Iterator[Failure]:
    if times[earlier] > times[later]:
        message = f"{times[later]} is before {earlier}, {times[earlier]}"
        yield Failure(path + pointer(later), Code.TIME_ORDER, message)
