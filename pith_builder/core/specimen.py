"""Specimens: a paper minted by the readable code, for templates to be cut from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pith_builder.core.alias import source_aliases
from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.bundle import signed_bundle
from pith_builder.core.canonical import (
    JsonValue,
    SignableDigest,
    dump_canonical,
    parse_json,
    sha256,
)
from pith_builder.core.event import (
    OUTSIDE_CONTENT,
    Event,
    graph_snapshot_payload,
    record_created_payload,
    signed_event,
)
from pith_builder.core.forms import GRAPH_SNAPSHOT, RECORD_CREATED
from pith_builder.core.graph import graph_snapshot
from pith_builder.core.instants import format_microseconds, format_seconds
from pith_builder.core.keys import PublicKey
from pith_builder.core.merge import state_of
from pith_builder.core.number import SHORT_LENGTHS
from pith_builder.core.paper import Paper
from pith_builder.core.receipt import receipt
from pith_builder.core.record import CanonicalRecord
from pith_builder.core.registry import Registry
from pith_builder.core.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A paper of which no word stands in another, nor by chance anywhere else.

    Attributes:
        gaps: What differs from paper to paper, as it stands in documents, by name.
        documents: Documents and parts of documents by name, each after those it holds.
        ends: What is left of a document's content beside such a part: the same of all papers.
    """

    gaps: dict[str, bytes]
    documents: dict[str, bytes]
    ends: dict[str, bytes]


def record_specimen(seed: int) -> tuple[Paper, Specimen]:
    """Return a paper and its canonical record, alike for no two seeds from 1 to 9."""
    instant = datetime(seed, seed, seed, seed, seed, seed, tzinfo=UTC)
    paper = Paper(
        arxiv_id=ArxivId(f"hep-lat/9{seed}0{seed}99{seed}"),
        version=70_000 + seed,
        submitted_at=instant,
        version_submitted_at=instant,
        title=f"Specimen {seed}: its title",
        abstract=f"Specimen {seed}: its abstract",
        authors=f"Specimen {seed}: its author",
        categories=(f"specimen-{seed}.first", f"specimen-{seed}.cross", f"specimen-{seed}.other"),
        license=f"Specimen {seed}: its licence",
    )
    record = CanonicalRecord.of(paper)
    said = {
        "arxiv_id": record.source_id.value.encode(),
        "version": b"%d" % record.source_version,
        "title_sha256": record.title_canon_sha256.encode(),
        "abstract_sha256": record.abstract_canon_sha256.encode(),
        "license": dump_canonical(record.license),
        "primary_cat": dump_canonical(record.primary_cat),
        "cross_cats": dump_canonical(record.cross_cats_sorted),
        "submitted_at": format_seconds(record.submitted_at).encode(),
    }
    return paper, Specimen(gaps=said, documents={"record": record.canonical_bytes()}, ends={})


def templates(one: Specimen, other: Specimen) -> dict[str, Template]:
    """Cut every document of a specimen where a gap is, or a document made before it.

    They are tried out on another specimen, which the readable code made too.

    Raises:
        RuntimeError: A template does not make the other specimen.
    """
    said = dict(one.gaps)
    cut: dict[str, Template] = {}
    for name, document in one.documents.items():
        cut[name] = Template(document, said)
        said[name] = document
    wanted = {**other.gaps, **other.documents}
    for name, document in other.documents.items():
        if cut[name].filled(wanted) != document:
            raise RuntimeError(f"the template of {name} does not make what it was cut from")
    return cut


@dataclass(frozen=True, slots=True)
class _Marker:
    """Gives 64 bytes that are alike for no two digests; nobody sees them outside a specimen."""

    public_key: PublicKey

    def sign(self, digest: SignableDigest) -> bytes:
        return digest + sha256(digest)


def minted_specimen(
    seed: int,
    registry: Registry,
    key: PublicKey,
    now: datetime,
    seal: tuple[PublicKey, datetime] | None = None,
) -> Specimen:
    """Mint a specimen as one would read FORMAT.md: record, receipt, events, state, bundle.

    What stands in the place of signatures is none. `seal` is which key signed the bundle again,
    and when.
    """
    signer = _Marker(key)
    seal_key, sealed_at = seal or (key, now)
    paper, specimen = record_specimen(seed)
    record = CanonicalRecord.of(paper)
    digest, number = record.digest(), record.pith_number()
    seconds, microseconds = format_seconds(now), format_microseconds(now)
    signed_receipt = receipt(
        digest, signer=signer, builder_version=registry.builder_version, computed_at=microseconds
    )
    snapshot = graph_snapshot(paper, record, registry.builder_version)
    payloads = {
        RECORD_CREATED: record_created_payload(record, digest, signed_receipt),
        GRAPH_SNAPSHOT: graph_snapshot_payload(snapshot),
    }
    created, graph = (
        signed_event(
            event_type,
            number,
            payload,
            signer=signer,
            signer_id=registry.signer_id,
            created_at=seconds,
            signed_at=microseconds,
        )
        for event_type, payload in payloads.items()
    )
    aliases = source_aliases(record, number, seconds)
    state = state_of(str(number), (created, graph), (), aliases)
    bundle = signed_bundle(
        number,
        record.to_json_object(),
        digest,
        aliases=aliases,
        events=(created, graph),
        state=state,
        registry=registry,
        signer=_Marker(seal_key),
        public_keys=(seal_key, key) if seal_key != key else (key,),
        built_at=format_seconds(sealed_at),
        signed_at=format_microseconds(sealed_at),
    )
    state_head, state_tail = _halves(state.document, frozenset({"state_sha256"}))
    bundle_head, bundle_tail = _halves(bundle.document, frozenset({"bundle_signature"}))
    shorts = {f"short_{length}": number.suffix[:length] for length in SHORT_LENGTHS}
    said = {
        "digest": digest.hex(),
        "number": str(number),
        "suffix": number.suffix,
        **shorts,
        "receipt_signature": signed_receipt["signature_b64"],
        "created_sha256": created.content_sha256,
        "created_signature": created.signature["signature_b64"],
        "graph_sha256": graph.content_sha256,
        "graph_signature": graph.signature["signature_b64"],
        "state_sha256": state.state_sha256,
        "bundle_sha256": bundle.signature["bundle_sha256"],
        "bundle_signature": bundle.signature["signature_b64"],
    }
    shown = {
        "title": snapshot["paper"]["title"],
        "excerpt": snapshot["paper"]["abstract_excerpt"],
        "authors": snapshot["paper"]["authors_text"],
    }
    return Specimen(
        gaps={
            **specimen.gaps,
            **{name: text.encode() for name, text in said.items()},
            **{name: dump_canonical(text) for name, text in shown.items()},
        },
        documents={
            **specimen.documents,
            "created_payload": dump_canonical(payloads[RECORD_CREATED]),
            "created_content": _content(created),
            "created": created.document,
            "graph_payload": dump_canonical(payloads[GRAPH_SNAPSHOT]),
            "graph_content": _content(graph),
            "graph": graph.document,
            "aliases": dump_canonical([alias.to_json_object() for alias in aliases]),
            "state_head": state_head,
            "state": state.document,
            "bundle_tail": bundle_tail,
            "bundle": bundle.document,
        },
        ends={"state_tail": state_tail, "bundle_head": bundle_head},
    )


def _content(event: Event) -> bytes:
    return _without(event.document, OUTSIDE_CONTENT)


def _halves(document: bytes, fields: frozenset[str]) -> tuple[bytes, bytes]:
    """Cut a document's content where its digest or signature stands in the document."""
    content = _without(document, fields)
    pairs = enumerate(zip(content, document, strict=False))
    cut = next(place for place, (one, other) in pairs if one != other)
    return content[:cut], content[cut:]


def _without(document: bytes, fields: frozenset[str]) -> bytes:
    value: dict[str, JsonValue] = parse_json(document)
    return dump_canonical({name: value[name] for name in value.keys() - fields})
