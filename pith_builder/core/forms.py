"""The forms of every Pith document, clause by clause (FORMAT.md 3 to 11)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pith_builder.core.arxiv_id import ARXIV_ID_PATTERN, ArxivId
from pith_builder.core.canonical import JsonValue
from pith_builder.core.form import (
    AnyObject,
    AnyValue,
    Boolean,
    Const,
    Form,
    Integer,
    ListOf,
    Nullable,
    ObjectOf,
    Read,
    Text,
)
from pith_builder.core.instants import (
    MICROSECONDS_PATTERN,
    OFFSET_PATTERN,
    SECONDS_PATTERN,
    parse_microseconds,
    parse_offset,
    parse_seconds,
)
from pith_builder.core.keys import (
    ADDRESS,
    ALGORITHM,
    BASE64_PATTERN,
    ONE_LINE,
    SIGNATURE_PATTERN,
    SIGNATURE_STATUS,
    decode_base64,
)
from pith_builder.core.number import NUMBER_PATTERN, PithNumber
from pith_builder.core.receipt import RECEIPT_KIND, RECEIPT_VERSION
from pith_builder.core.record import SCHEMA_VERSION, SOURCE_KIND
from pith_builder.errors import MalformedError

MERGE_VERSION = "pith-open-graph-merge-v1"
STATE_TYPE = "pith_open_graph_state"
STATE_VERSION = "1.0"
BUNDLE_TYPE = "pith_open_graph_bundle"
BUNDLE_VERSION = "1.0"
RECORD_TYPE = "pith_number_record"
ATTESTATION_STATE = "computed"

RECORD_CREATED = "record_created"
GRAPH_SNAPSHOT = "graph_snapshot"
EVENT_TARGETS = {
    RECORD_CREATED: "record",
    GRAPH_SNAPSHOT: "graph",
    "author_attestation": "author",
    "timestamp_anchor": "timestamp",
    "storage_attestation": "storage",
    "citation_signature": "citation",
    "replication_record": "replication",
    "correction": "correction",
    "mirror_hint": "mirror",
    "pith.integrity.v1": "integrity",
}
"""Ruling: the target of each known type of event (FORMAT.md 7); other types name their own."""

CURRENT_LISTS = {
    GRAPH_SNAPSHOT: "graph_snapshots",
    "author_attestation": "author_attestations",
    "timestamp_anchor": "timestamp_anchors",
    "storage_attestation": "storage_attestations",
    "citation_signature": "citation_signatures",
    "replication_record": "replication_records",
    "correction": "corrections",
    "mirror_hint": "mirror_hints",
}
"""The list of `current` that each type of event appears in, in the order of their ranks."""


def _signature_value(text: str) -> None:
    if len(decode_base64(text)) != 64:
        raise MalformedError(f"found {len(decode_base64(text))} bytes, a signature has 64")


TEXT = Text()
WORD = Text(re.compile(r"\S+"), "a word")
NAME = Text(ONE_LINE, "a name")
SHA256 = Text(re.compile(r"[0-9a-f]{64}"), "64 lower-case hexadecimal digits")
EVENT_ID = Text(re.compile(r"sha256:[0-9a-f]{64}"), "sha256: and 64 hexadecimal digits")
FINGERPRINT = Text(re.compile(r"[0-9a-f]{32}"), "32 lower-case hexadecimal digits")
URL = Text(ADDRESS, "an http or https address")
ARXIV_ID = Read(ArxivId, ARXIV_ID_PATTERN)
NUMBER = Read(PithNumber.parse, NUMBER_PATTERN)
SHORT_NUMBER = Text(re.compile(r"pith:[A-Z2-7]{8}"), "pith: and 8 base32 characters")
SECONDS = Read(parse_seconds, SECONDS_PATTERN)
MICROSECONDS = Read(parse_microseconds, MICROSECONDS_PATTERN)
OFFSET = Read(parse_offset, OFFSET_PATTERN)
ANY_INSTANT = Text(
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII),
    "an instant",
)
SIGNATURE_VALUE = Read(_signature_value, SIGNATURE_PATTERN, is_exact=True)
BASE64 = Read(decode_base64, BASE64_PATTERN)
CATEGORY = WORD

SOURCE = ObjectOf({"id": ARXIV_ID, "kind": Const(SOURCE_KIND), "version": Integer(1)})

CANONICAL_RECORD = ObjectOf(
    {
        "metadata": ObjectOf(
            {
                "abstract_canon_sha256": SHA256,
                "cross_cats_sorted": ListOf(CATEGORY),
                "license": TEXT,
                "primary_cat": CATEGORY,
                "submitted_at": SECONDS,
                "title_canon_sha256": SHA256,
            }
        ),
        "schema_version": Const(SCHEMA_VERSION),
        "source": SOURCE,
    }
)

RECEIPT = ObjectOf(
    {
        "algorithm": Const(ALGORITHM),
        "builder_version": NAME,
        "canonical_sha256": SHA256,
        "first_computed_at": MICROSECONDS,
        "key_id": NAME,
        "kind": Const(RECEIPT_KIND),
        "last_reissued_at": MICROSECONDS,
        "public_key_fingerprint": FINGERPRINT,
        "receipt_version": Const(RECEIPT_VERSION),
        "signature_b64": SIGNATURE_VALUE,
        "signature_status": Const(SIGNATURE_STATUS),
        "signed_at": MICROSECONDS,
        "signed_message": Const("canonical_sha256_bytes"),
    }
)


def signature_form(signed_message: str, **also: Form) -> ObjectOf:
    """Return the form of a signature block over one type of message."""
    return ObjectOf(
        {
            "algorithm": Const(ALGORITHM),
            "key_id": NAME,
            "public_key_fingerprint": FINGERPRINT,
            "signature_b64": SIGNATURE_VALUE,
            "signature_status": Const(SIGNATURE_STATUS),
            "signed_at": MICROSECONDS,
            "signed_message": Const(signed_message),
            **also,
        }
    )


PAPER = ObjectOf(
    {
        "abstract_excerpt": TEXT,
        "authors_text": TEXT,
        "cross_cats": ListOf(CATEGORY),
        "headline": TEXT,
        "license": TEXT,
        "primary_cat": CATEGORY,
        "submitted_at": SECONDS,
        "title": TEXT,
    }
)

CLAIM = ObjectOf(
    {
        "attestation": AnyValue(),
        "claim_id": AnyValue(),
        "kind": TEXT,
        "source": AnyValue(),
        "status": TEXT,
        "text": TEXT,
    }
)

GRAPH = ObjectOf(
    {
        "author_claims": ObjectOf(
            {"count": Integer(), "snapshot_sha256": SHA256, "strong_count": Integer()}
        ),
        "builder_version": NAME,
        "claims": ObjectOf({"count": Integer(), "items": ListOf(CLAIM), "snapshot_sha256": SHA256}),
        "formal_canon": ObjectOf({"evidence_count": Integer(), "snapshot_sha256": SHA256}),
        "paper": PAPER,
        "references": ObjectOf(
            {
                "count": Integer(),
                "internal_anchors": Integer(),
                "resolved_work": Integer(),
                "sample": ListOf(AnyValue()),
                "snapshot_sha256": SHA256,
            }
        ),
        "source": SOURCE,
        "verdict": ObjectOf(
            {
                "created_at": Nullable(ANY_INSTANT),
                "id": AnyValue(),
                "model_set": AnyObject(),
                "one_line_summary": TEXT,
                "pipeline_version": Nullable(TEXT),
                "pith_extraction_headline": TEXT,
                "strongest_claim": TEXT,
                "weakest_assumption": TEXT,
            }
        ),
    }
)

RECORD_CREATED_PAYLOAD = ObjectOf(
    {
        "attestation_state": Const(ATTESTATION_STATE),
        "canonical_record": CANONICAL_RECORD,
        "canonical_sha256": SHA256,
        "receipt": RECEIPT,
        "source_id": ARXIV_ID,
        "source_kind": Const(SOURCE_KIND),
        "source_version": Integer(1),
    }
)
GRAPH_SNAPSHOT_PAYLOAD = ObjectOf({"graph_snapshot": GRAPH, "verdict_id": AnyValue()})

PAYLOADS: Mapping[str, Form] = {
    RECORD_CREATED: RECORD_CREATED_PAYLOAD,
    GRAPH_SNAPSHOT: GRAPH_SNAPSHOT_PAYLOAD,
}

SIGNER = ObjectOf(
    {
        "key_id": NAME,
        "public_key_fingerprint": FINGERPRINT,
        "signer_id": NAME,
        "signer_type": NAME,
    }
)


def event_form(event_type: object) -> ObjectOf:
    """Return the form of an event of one type; of an unknown type, payload and target are free."""
    is_known = isinstance(event_type, str) and event_type in EVENT_TARGETS
    return _EVENT_FORMS[str(event_type) if is_known else ""]


def _event_form(name: str) -> ObjectOf:
    target = EVENT_TARGETS.get(name)
    return ObjectOf(
        {
            "event_type": WORD,
            "subject_pith_number": NUMBER,
            "target": WORD if target is None else Const(target),
            "payload": PAYLOADS.get(name, AnyObject()),
            "signer": SIGNER,
            "created_at": SECONDS,
            "supersedes": ListOf(EVENT_ID),
            "prev_event": Nullable(EVENT_ID),
            "schema_version": Const(SCHEMA_VERSION),
            "signature": signature_form("open_graph_event_sha256_bytes"),
            "content_sha256": SHA256,
            "event_id": EVENT_ID,
        }
    )


_EVENT_FORMS = {name: _event_form(name) for name in (*EVENT_TARGETS, "")}
_QUICK_EVENTS = {name: form.quick() for name, form in _EVENT_FORMS.items()}


def is_sound_event(event: JsonValue) -> bool:
    """Tell quickly that an event is of its type's form and plain; if not, the form must tell."""
    event_type = event.get("event_type") if type(event) is dict else None
    if type(event_type) is not str:
        return False
    return (_QUICK_EVENTS.get(event_type) or _QUICK_EVENTS[""])(event)


ALIAS = ObjectOf({"alias_kind": WORD, "alias_value": WORD, "created_at": SECONDS})
RECORD_ALIAS = ObjectOf({"alias_kind": WORD, "alias_value": WORD, "created_at": OFFSET})


def _reduced_event(event_type: str) -> ObjectOf:
    return ObjectOf(
        {
            "created_at": SECONDS,
            "event_id": EVENT_ID,
            "payload": PAYLOADS.get(event_type, AnyObject()),
            "signer": SIGNER,
            "target": Const(EVENT_TARGETS[event_type]),
        }
    )


STATE = ObjectOf(
    {
        "state_type": Const(STATE_TYPE),
        "state_version": Const(STATE_VERSION),
        "pith_number": NUMBER,
        "merge_version": Const(MERGE_VERSION),
        "event_count": Integer(1),
        "valid_event_count": Integer(1),
        "invalid_event_count": Integer(),
        "equivocation_count": Integer(),
        "current": ObjectOf(
            {
                "canonical_record": CANONICAL_RECORD,
                "source_aliases": ListOf(ALIAS),
                **{name: ListOf(_reduced_event(kind)) for kind, name in CURRENT_LISTS.items()},
                "record_created": Nullable(_reduced_event(RECORD_CREATED)),
            }
        ),
        "equivocations": ListOf(
            ObjectOf(
                {
                    "event_ids": ListOf(EVENT_ID),
                    "event_type": WORD,
                    "prev_event": Nullable(EVENT_ID),
                    "signer_id": NAME,
                }
            )
        ),
        "invalid_events": ListOf(ObjectOf({"event_id": TEXT, "reason": WORD})),
        "applied_event_ids": ListOf(EVENT_ID),
        "state_sha256": SHA256,
    }
)

PUBLIC_KEY = ObjectOf(
    {
        "key_id": NAME,
        "algorithm": Const(ALGORITHM),
        "format": Const("raw"),
        "public_key_b64": BASE64,
        "public_key_hex": SHA256,
        "fingerprint_sha256_b32_first128bits": Text(
            re.compile(r"[A-Z2-7]{26}"), "26 base32 characters"
        ),
        "fingerprint_sha256_hex": FINGERPRINT,
        "rotates_at": Nullable(ANY_INSTANT),
        "url": Nullable(URL),
        "notes": Nullable(TEXT),
    }
)

MIRROR_HINT = ObjectOf(
    {
        "mirror_type": WORD,
        "name": TEXT,
        "base_url": URL,
        "bundle_url": URL,
        "state_url": URL,
        "well_known_bundle_url": URL,
        "status": WORD,
    }
)

BUNDLE = ObjectOf(
    {
        "bundle_type": Const(BUNDLE_TYPE),
        "bundle_version": Const(BUNDLE_VERSION),
        "pith_number": NUMBER,
        "short_pith_number": SHORT_NUMBER,
        "canonical_record": CANONICAL_RECORD,
        "canonical_sha256": SHA256,
        "source": SOURCE,
        "source_aliases": ListOf(ALIAS),
        "events": ListOf(AnyValue()),
        "timestamp_proofs": ListOf(AnyObject()),
        "mirror_hints": ListOf(MIRROR_HINT),
        "public_keys": ListOf(PUBLIC_KEY),
        "merge_version": Const(MERGE_VERSION),
        "built_at": SECONDS,
        "links": ObjectOf({"resolver": URL, "bundle": URL, "state": URL, "well_known_bundle": URL}),
        "state": STATE,
        "bundle_signature": signature_form("bundle_sha256_bytes", bundle_sha256=SHA256),
    }
)

RECORD_DOCUMENT = ObjectOf(
    {
        "record_type": Const(RECORD_TYPE),
        "schema_url": URL,
        "pith_number": NUMBER,
        "short_pith_number": SHORT_NUMBER,
        "schema_version": Const(SCHEMA_VERSION),
        "canonical_sha256": SHA256,
        "source": SOURCE,
        "attestation_state": Const(ATTESTATION_STATE),
        "paper": PAPER,
        "verification_status": ObjectOf(
            {
                "content_addressed": Const(wanted=True),
                "pith_receipt": Const(wanted=True),
                "author_attested": Boolean(),
                "weak_author_claims": Integer(),
                "strong_author_claims": Integer(),
                "externally_anchored": Boolean(),
                "storage_verified": Boolean(),
                "citation_signatures": Integer(),
                "replication_records": Integer(),
                "graph_snapshot": Boolean(),
                "references_resolved": Boolean(),
                "formal_links_present": Boolean(),
            }
        ),
        "canonical_record": CANONICAL_RECORD,
        "receipt": RECEIPT,
        "graph_snapshot": GRAPH,
        "aliases": ListOf(RECORD_ALIAS),
        "events": ListOf(AnyValue()),
        "event_summary": AnyObject(),
        "paper_claims": ListOf(AnyValue()),
        "inbound_citations": ObjectOf(
            {"count": Integer(), "internal_anchor_count": Integer(), "sample": ListOf(AnyValue())}
        ),
        "formal_canon": ObjectOf(
            {
                "evidence_count": Integer(),
                "sample": ListOf(AnyValue()),
                "anchors": ListOf(AnyValue()),
            }
        ),
        "links": ObjectOf(
            {"html": URL, "json": URL, "graph_json": URL, "events_json": URL, "paper": URL}
        ),
        "agent_actions": ObjectOf(
            {
                "view_html": URL,
                "download_json": URL,
                "view_paper": URL,
                "resolve_alias": URL,
                "fetch_graph": URL,
                "fetch_events": URL,
                "actions": ObjectOf(
                    {
                        "anchor_timestamp": URL,
                        "attest_storage": URL,
                        "attest_author": URL,
                        "sign_citation": URL,
                        "submit_replication": URL,
                    }
                ),
            }
        ),
        "created_at": OFFSET,
        "updated_at": OFFSET,
    }
)
