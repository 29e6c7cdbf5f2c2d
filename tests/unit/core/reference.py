"""FORMAT.md read a second time: plain dictionaries, `json.dumps` and `hashlib`, and no hurry.

It shares no line with the package, so that a mistake must be made twice to pass.
"""

import base64
import hashlib
import json
import re

from nacl.signing import SigningKey


def canonical(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def digest(value):
    return sha256(canonical(value))


def without(document, *fields):
    return {key: value for key, value in document.items() if key not in fields}


class Key:
    """A seed, and what FORMAT.md 5 makes of it."""

    def __init__(self, key_id, seed, url=None, notes=None):
        self._signing_key = SigningKey(seed)
        raw = bytes(self._signing_key.verify_key)
        self.key_id = key_id
        self.fingerprint = sha256(raw)[:32]
        self.document = {
            "key_id": key_id,
            "algorithm": "ed25519",
            "format": "raw",
            "public_key_b64": base64.b64encode(raw).decode(),
            "public_key_hex": raw.hex(),
            "fingerprint_sha256_hex": self.fingerprint,
            "fingerprint_sha256_b32_first128bits": base32(sha256(raw))[:26],
            "rotates_at": None,
            "url": url,
            "notes": notes,
        }

    def signature(self, hex_digest, signed_message, signed_at):
        signed = self._signing_key.sign(bytes.fromhex(hex_digest)).signature
        return {
            "signature_status": "signed_v1",
            "algorithm": "ed25519",
            "key_id": self.key_id,
            "public_key_fingerprint": self.fingerprint,
            "signature_b64": base64.b64encode(signed).decode(),
            "signed_message": signed_message,
            "signed_at": signed_at,
        }


def base32(hex_digest):
    return base64.b32encode(bytes.fromhex(hex_digest)).decode().rstrip("=")


def text_sha256(text):
    return sha256(" ".join(text.split()).lower().encode())


def canonical_record(paper):
    return {
        "metadata": {
            "abstract_canon_sha256": text_sha256(paper.abstract),
            "cross_cats_sorted": sorted(set(paper.categories) - {paper.categories[0]}),
            "license": paper.license,
            "primary_cat": paper.categories[0],
            "submitted_at": seconds(paper.submitted_at),
            "title_canon_sha256": text_sha256(paper.title),
        },
        "schema_version": "1.0",
        "source": {"id": paper.arxiv_id.value, "kind": "arxiv", "version": paper.version},
    }


def seconds(instant):
    return f"{instant.year:04d}-{instant:%m-%dT%H:%M:%S}Z"


def microseconds(instant):
    return f"{instant.year:04d}-{instant:%m-%dT%H:%M:%S.%f}Z"


def pith_number(record):
    suffix = base32(digest(record))[:26]
    return f"pith:{record['metadata']['submitted_at'][:4]}:{suffix}"


def receipt(record, key, builder_version, now):
    return {
        **key.signature(digest(record), "canonical_sha256_bytes", microseconds(now)),
        "kind": "pith_receipt",
        "builder_version": builder_version,
        "receipt_version": "0.3",
        "canonical_sha256": digest(record),
        "last_reissued_at": microseconds(now),
        "first_computed_at": microseconds(now),
    }


def sealed_event(content, key, signed_at):
    """Return `content` with its digest, its id and its signature, whatever it says."""
    content_sha256 = digest(content)
    return {
        **content,
        "content_sha256": content_sha256,
        "event_id": f"sha256:{content_sha256}",
        "signature": key.signature(content_sha256, "open_graph_event_sha256_bytes", signed_at),
    }


def event(event_type, target, number, payload, **stated_by):
    key, now = stated_by["key"], stated_by["now"]
    content = {
        "event_type": event_type,
        "subject_pith_number": number,
        "target": target,
        "payload": payload,
        "signer": {
            "signer_id": stated_by["signer_id"],
            "signer_type": "pith_registry",
            "key_id": key.key_id,
            "public_key_fingerprint": key.fingerprint,
        },
        "created_at": seconds(now),
        "supersedes": [],
        "prev_event": None,
        "schema_version": "1.0",
    }
    return sealed_event(content, key, microseconds(now))


def excerpt(abstract):
    first, *others = abstract.strip().split("\n")
    unwrapped = first
    for line in others:
        unwrapped += ("\n" if line.startswith("  ") else " ") + line
    return unwrapped[:600]


def authors_text(authors):
    found = []
    for part in re.split(r"(?<!\w)and(?!\w)|,", authors):
        trimmed = " ".join(part.split())
        if trimmed and trimmed not in found:
            found.append(trimmed)

    def order(part):
        return "".join(letter for letter in part.lower() if letter.isalnum()), part

    return ", ".join(sorted(found, key=order))


def graph_snapshot(paper, record, builder_version):
    metadata = record["metadata"]
    nothing = digest({"payload": []})
    return {
        "paper": {
            "title": " ".join(paper.title.split()),
            "license": metadata["license"],
            "headline": "",
            "cross_cats": metadata["cross_cats_sorted"],
            "primary_cat": metadata["primary_cat"],
            "authors_text": authors_text(paper.authors),
            "submitted_at": metadata["submitted_at"],
            "abstract_excerpt": excerpt(paper.abstract),
        },
        "claims": {"count": 0, "items": [], "snapshot_sha256": nothing},
        "source": record["source"],
        "verdict": {
            "id": None,
            "model_set": {},
            "created_at": None,
            "strongest_claim": "",
            "one_line_summary": "",
            "pipeline_version": None,
            "weakest_assumption": "",
            "pith_extraction_headline": "",
        },
        "references": {
            "count": 0,
            "sample": [],
            "resolved_work": 0,
            "snapshot_sha256": nothing,
            "internal_anchors": 0,
        },
        "formal_canon": {"evidence_count": 0, "snapshot_sha256": nothing},
        "author_claims": {"count": 0, "strong_count": 0, "snapshot_sha256": nothing},
        "builder_version": builder_version,
    }


def aliases(record, created_at):
    suffix = pith_number(record)[-26:]
    arxiv_id, version = record["source"]["id"], record["source"]["version"]
    names = {
        "pith_short_8": suffix[:8],
        "pith_short_12": suffix[:12],
        "pith_short_16": suffix[:16],
        "arxiv": arxiv_id,
        "arxiv_version": f"{arxiv_id}v{version}",
        "doi": f"10.48550/arxiv.{arxiv_id}",
    }
    return [
        {"alias_kind": kind, "alias_value": name, "created_at": created_at}
        for kind, name in sorted(names.items())
    ]


def reduced(an_event):
    return {
        field: an_event[field]
        for field in ("event_id", "target", "created_at", "signer", "payload")
    }


def links(base_url, suffix):
    return {
        "resolver": f"{base_url}/pith/{suffix}",
        "bundle": f"{base_url}/pith/{suffix}/bundle.json",
        "state": f"{base_url}/pith/{suffix}/state.json",
        "well_known_bundle": f"{base_url}/.well-known/pith/{suffix}/bundle.json",
    }


def sealed_bundle(unsigned, key, signed_at):
    """Return `unsigned` with its digest and its signature, whatever it says."""
    bundle_sha256 = digest(unsigned)
    block = key.signature(bundle_sha256, "bundle_sha256_bytes", signed_at)
    return {**unsigned, "bundle_signature": {**block, "bundle_sha256": bundle_sha256}}


def minted(paper, registry, key, now):
    """Return the receipt, the events, the state and the bundle of a paper."""
    record = canonical_record(paper)
    number = pith_number(record)
    signed_receipt = receipt(record, key, registry.builder_version, now)
    common = {"key": key, "signer_id": registry.signer_id, "now": now}
    created = event(
        "record_created",
        "record",
        number,
        {
            "canonical_record": record,
            "canonical_sha256": digest(record),
            "receipt": signed_receipt,
            "source_kind": "arxiv",
            "source_id": record["source"]["id"],
            "source_version": record["source"]["version"],
            "attestation_state": "computed",
        },
        **common,
    )
    snapshot = graph_snapshot(paper, record, registry.builder_version)
    graph = event(
        "graph_snapshot",
        "graph",
        number,
        {"graph_snapshot": snapshot, "verdict_id": None},
        **common,
    )
    source_aliases = aliases(record, seconds(now))
    state = merged(number, [(created, None), (graph, None)], source_aliases)
    served = links(registry.base_url, number[-26:])
    unsigned = {
        "bundle_type": "pith_open_graph_bundle",
        "bundle_version": "1.0",
        "pith_number": number,
        "short_pith_number": f"pith:{number[-26:][:8]}",
        "canonical_record": record,
        "canonical_sha256": digest(record),
        "source": record["source"],
        "source_aliases": source_aliases,
        "events": [created, graph],
        "timestamp_proofs": [],
        "mirror_hints": [
            {
                "mirror_type": "https",
                "name": registry.name,
                "base_url": registry.base_url,
                "bundle_url": served["bundle"],
                "state_url": served["state"],
                "well_known_bundle_url": served["well_known_bundle"],
                "status": "primary",
            }
        ],
        "public_keys": [key.document],
        "merge_version": "pith-open-graph-merge-v1",
        "built_at": seconds(now),
        "links": served,
        "state": state,
    }
    return signed_receipt, (created, graph), state, sealed_bundle(unsigned, key, microseconds(now))


REASONS = (
    "malformed",
    "digest_mismatch",
    "wrong_subject",
    "unknown_key",
    "revoked_key",
    "key_out_of_time",
    "bad_signature",
    "signer_mismatch",
    "invalid_payload",
)
SHOWN = {
    "graph_snapshot": "graph_snapshots",
    "author_attestation": "author_attestations",
    "timestamp_anchor": "timestamp_anchors",
    "storage_attestation": "storage_attestations",
    "citation_signature": "citation_signatures",
    "replication_record": "replication_records",
    "correction": "corrections",
    "mirror_hint": "mirror_hints",
}
RANKS = ("record_created", *SHOWN)


def merged(number, judged, source_aliases):
    """Merge pairs of an event and the reason it is invalid (None: it is valid)."""
    valid, reasons = {}, {}
    for an_event, reason in judged:
        if reason is None:
            valid[an_event["event_id"]] = an_event
        else:
            reasons.setdefault(claimed_id(an_event), []).append(REASONS.index(reason))
    invalid = sorted(set(reasons) - set(valid))
    equivocations, refused = equivocations_among(list(valid.values()))
    applied = sorted((valid[key] for key in set(valid) - refused), key=application)
    unsealed = {
        "state_type": "pith_open_graph_state",
        "state_version": "1.0",
        "pith_number": number,
        "merge_version": "pith-open-graph-merge-v1",
        "event_count": len(valid) + len(invalid),
        "valid_event_count": len(valid),
        "invalid_event_count": len(invalid),
        "equivocation_count": len(equivocations),
        "current": current(applied, source_aliases),
        "equivocations": equivocations,
        "invalid_events": [
            {"event_id": key, "reason": REASONS[min(reasons[key])]} for key in invalid
        ],
        "applied_event_ids": [an_event["event_id"] for an_event in applied],
    }
    return {**unsealed, "state_sha256": digest(unsealed)}


def claimed_id(an_event):
    claim = an_event.get("event_id") if isinstance(an_event, dict) else None
    return claim if isinstance(claim, str) else f"sha256:{digest(an_event)}"


def application(an_event):
    kind = an_event["event_type"]
    rank = RANKS.index(kind) if kind in RANKS else len(RANKS)
    return an_event["created_at"], rank, an_event["event_id"]


def same_place(one, other):
    if one["event_type"] != other["event_type"]:
        return False
    if one["signer"]["signer_id"] != other["signer"]["signer_id"]:
        return False
    if one["event_type"] == "record_created":
        return True
    return one["prev_event"] is not None and one["prev_event"] == other["prev_event"]


def equivocations_among(valid):
    found, refused = [], set()
    for an_event in valid:
        rivals = [other for other in valid if same_place(an_event, other)]
        rivals.sort(key=lambda other: (other["created_at"], other["event_id"]))
        if len(rivals) > 1 and an_event is rivals[0]:
            refused.update(other["event_id"] for other in rivals[1:])
            is_creation = an_event["event_type"] == "record_created"
            found.append(
                {
                    "event_type": an_event["event_type"],
                    "signer_id": an_event["signer"]["signer_id"],
                    "prev_event": None if is_creation else an_event["prev_event"],
                    "event_ids": sorted(other["event_id"] for other in rivals),
                }
            )
    found.sort(key=lambda one: (one["event_type"], one["signer_id"], one["prev_event"] or ""))
    return found, refused


def current(applied, source_aliases):
    creations = [one for one in applied if one["event_type"] == "record_created"]
    standing = [
        one
        for one in applied
        if not any(
            one["event_id"] in other["supersedes"]
            and one["signer"]["signer_id"] == other["signer"]["signer_id"]
            for other in applied
        )
    ]
    standing_creations = [one for one in standing if one["event_type"] == "record_created"]
    return {
        "canonical_record": creations[0]["payload"]["canonical_record"],
        "source_aliases": source_aliases,
        **{
            shown: [reduced(one) for one in standing if one["event_type"] == kind]
            for kind, shown in SHOWN.items()
        },
        "record_created": reduced(standing_creations[0]) if standing_creations else None,
    }
