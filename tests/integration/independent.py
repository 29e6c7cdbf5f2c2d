"""A stranger's verifier: FORMAT.md, a public key, `json`, `hashlib`, PyNaCl, and nothing of ours.

It knows what a registry that only mints writes: two events, no timestamps, no claims. Whatever
does not hold ends in `Refused`.
"""

import base64
import hashlib
import json
import re
from datetime import datetime

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

LISTS = (
    "author_attestations",
    "timestamp_anchors",
    "storage_attestations",
    "citation_signatures",
    "replication_records",
    "corrections",
    "mirror_hints",
)
NO_ITEMS = "258153158e38e3291e3d48162225fcdb2d5a3ed65a07baac614ab91432fd4f57"


class Refused(Exception):  # noqa: N818 - a verdict
    """The document does not hold."""


def require(found, wanted, what):
    if found != wanted:
        raise Refused(f"{what}: found {found!r}, wanted {wanted!r}")


# 1, 2: canonical JSON and text


def canonical(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def digest(value):
    return hashlib.sha256(canonical(value)).hexdigest()


def without(document, *fields):
    return {name: value for name, value in document.items() if name not in fields}


def text_digest(text):
    return hashlib.sha256(" ".join(text.split()).lower().encode("utf-8")).hexdigest()


# 3, 4: from a snapshot's line to a number


def record_of_line(line):
    """Return the canonical record of one line of the bulk snapshot."""
    paper = json.loads(line)
    latest = max(paper["versions"], key=lambda version: int(version["version"][1:]))
    first = next(version for version in paper["versions"] if version["version"] == "v1")
    submitted = datetime.strptime(first["created"], "%a, %d %b %Y %H:%M:%S GMT")  # noqa: DTZ007
    primary, *crosses = paper["categories"].split()
    return {
        "schema_version": "1.0",
        "source": {
            "kind": "arxiv",
            "id": re.sub(r"\.[A-Z]{2}/", "/", paper["id"]),
            "version": int(latest["version"][1:]),
        },
        "metadata": {
            "title_canon_sha256": text_digest(paper["title"]),
            "abstract_canon_sha256": text_digest(paper["abstract"]),
            "license": paper["license"] or "",
            "primary_cat": primary,
            "cross_cats_sorted": sorted(set(crosses) - {primary}),
            "submitted_at": submitted.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    }


def suffix_of(record):
    return base64.b32encode(bytes.fromhex(digest(record))).decode()[:26]


def number_of(record):
    return f"pith:{record['metadata']['submitted_at'][:4]}:{suffix_of(record)}"


def alias_names(record):
    source, suffix = record["source"], suffix_of(record)
    return sorted(
        [
            ("arxiv", source["id"]),
            ("arxiv_version", f"{source['id']}v{source['version']}"),
            ("doi", f"10.48550/arxiv.{source['id']}"),
            *((f"pith_short_{length}", suffix[:length]) for length in (8, 12, 16)),
        ]
    )


# 5: keys and signatures


class Key:
    """The one public key that is trusted."""

    def __init__(self, key_id, public_key_hex):
        raw = bytes.fromhex(public_key_hex)
        sha256 = hashlib.sha256(raw)
        self._verify_key = VerifyKey(raw)
        self.key_id = key_id
        self.fingerprint = sha256.hexdigest()[:32]
        self.forms = {
            "key_id": key_id,
            "algorithm": "ed25519",
            "format": "raw",
            "public_key_hex": raw.hex(),
            "public_key_b64": base64.b64encode(raw).decode(),
            "fingerprint_sha256_hex": self.fingerprint,
            "fingerprint_sha256_b32_first128bits": base64.b32encode(sha256.digest()).decode()[:26],
        }

    def check(self, hex_digest, block, signed_message):
        require(block["key_id"], self.key_id, "key id")
        require(block["public_key_fingerprint"], self.fingerprint, "fingerprint")
        require(block["algorithm"], "ed25519", "algorithm")
        require(block["signature_status"], "signed_v1", "status of the signature")
        require(block["signed_message"], signed_message, "what was signed")
        instant(block["signed_at"], r"\.\d{6}Z")
        signature = base64.b64decode(block["signature_b64"], validate=True)
        try:
            self._verify_key.verify(bytes.fromhex(hex_digest), signature)
        except (BadSignatureError, ValueError) as error:
            raise Refused(f"the key did not sign {signed_message} {hex_digest}") from error


def instant(text, tail="Z"):
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d" + tail, text, re.ASCII):
        raise Refused(f"not an instant: {text!r}")
    datetime.fromisoformat(text)


# 6, 7, 8: receipt, events, graph


def check_receipt(receipt, record, key):
    require(receipt["kind"], "pith_receipt", "kind of receipt")
    require(receipt["receipt_version"], "0.3", "version of the receipt")
    require(receipt["canonical_sha256"], digest(record), "digest in the receipt")
    instant(receipt["first_computed_at"], r"\.\d{6}Z")
    instant(receipt["last_reissued_at"], r"\.\d{6}Z")
    key.check(digest(record), receipt, "canonical_sha256_bytes")


def check_event(event, number, key):
    content = without(event, "signature", "content_sha256", "event_id")
    require(event["content_sha256"], digest(content), "digest of the event")
    require(event["event_id"], f"sha256:{digest(content)}", "event id")
    require(event["subject_pith_number"], number, "subject of the event")
    require(event["schema_version"], "1.0", "version of the event")
    require(event["signer"]["key_id"], key.key_id, "key of the signer")
    require(event["signer"]["public_key_fingerprint"], key.fingerprint, "key of the signer")
    require(event["signer"]["signer_type"], "pith_registry", "type of the signer")
    instant(event["created_at"])
    key.check(digest(content), event["signature"], "open_graph_event_sha256_bytes")


def check_created(event, record, key):
    require(event["target"], "record", "target")
    payload = event["payload"]
    wanted = {
        "canonical_record": record,
        "canonical_sha256": digest(record),
        "receipt": payload["receipt"],
        "source_kind": record["source"]["kind"],
        "source_id": record["source"]["id"],
        "source_version": record["source"]["version"],
        "attestation_state": "computed",
    }
    require(payload, wanted, "payload of record_created")
    check_receipt(payload["receipt"], record, key)


def check_graph(event, record, paper=None):
    require(event["target"], "graph", "target")
    require(event["payload"].keys(), {"graph_snapshot", "verdict_id"}, "payload of graph_snapshot")
    require(event["payload"]["verdict_id"], None, "verdict")
    graph = event["payload"]["graph_snapshot"]
    metadata = record["metadata"]
    shown = graph["paper"]
    wanted = {
        "title": shown["title"],
        "license": metadata["license"],
        "headline": "",
        "cross_cats": metadata["cross_cats_sorted"],
        "primary_cat": metadata["primary_cat"],
        "authors_text": shown["authors_text"],
        "submitted_at": metadata["submitted_at"],
        "abstract_excerpt": shown["abstract_excerpt"],
    }
    require(shown, wanted, "paper of the graph")
    require(text_digest(shown["title"]), metadata["title_canon_sha256"], "title of the graph")
    require(graph["source"], record["source"], "source of the graph")
    nothing = {"count": 0, "snapshot_sha256": NO_ITEMS}
    require(digest({"payload": []}), NO_ITEMS, "digest of no items")
    require(graph["claims"], {**nothing, "items": []}, "claims")
    require(graph["author_claims"], {**nothing, "strong_count": 0}, "claims of authors")
    require(without(graph["formal_canon"], "evidence_count"), without(nothing, "count"), "canon")
    none_found = {**nothing, "sample": [], "resolved_work": 0, "internal_anchors": 0}
    require(graph["references"], none_found, "references")
    if paper is not None:
        require(shown["title"], " ".join(paper["title"].split()), "title")
        excerpt = re.sub(r"\n(?!  )", " ", paper["abstract"].strip())[:600]
        require(shown["abstract_excerpt"], excerpt, "excerpt")
        require(shown["authors_text"], authors_text(paper["authors"]), "authors")


def authors_text(authors):
    parts = {" ".join(part.split()) for part in re.split(r",|\band\b", authors)} - {""}
    return ", ".join(
        sorted(parts, key=lambda part: ("".join(c for c in part.lower() if c.isalnum()), part))
    )


# 9, 10: state and bundle


def state_of(number, record, aliases, events):
    """Return the merge of a creation and a graph, both valid."""
    created, graph = ({name: event[name] for name in REDUCED} for event in events)
    state = {
        "state_type": "pith_open_graph_state",
        "state_version": "1.0",
        "pith_number": number,
        "merge_version": "pith-open-graph-merge-v1",
        "event_count": 2,
        "valid_event_count": 2,
        "invalid_event_count": 0,
        "equivocation_count": 0,
        "current": {
            "canonical_record": record,
            "source_aliases": aliases,
            "graph_snapshots": [graph],
            "record_created": created,
            **{name: [] for name in LISTS},
        },
        "equivocations": [],
        "invalid_events": [],
        "applied_event_ids": [event["event_id"] for event in events],
    }
    return {**state, "state_sha256": digest(state)}


REDUCED = ("event_id", "target", "created_at", "signer", "payload")


def check_bundle(data, key, line=None):
    """Return the Pith Number of a bundle that holds, and, of the snapshot's line, is its own."""
    bundle = json.loads(data)
    require(canonical(bundle), data.strip(), "canonical JSON")
    record, number = bundle["canonical_record"], bundle["pith_number"]
    require(bundle["bundle_type"], "pith_open_graph_bundle", "type")
    require(bundle["bundle_version"], "1.0", "version")
    require(bundle["merge_version"], "pith-open-graph-merge-v1", "merge")
    require(bundle["canonical_sha256"], digest(record), "canonical digest")
    require(number, number_of(record), "Pith Number")
    require(bundle["short_pith_number"], f"pith:{suffix_of(record)[:8]}", "short Pith Number")
    require(bundle["source"], record["source"], "source")
    require(bundle["timestamp_proofs"], [], "proofs of time")
    instant(bundle["built_at"])
    paper = None
    if line is not None:
        paper = json.loads(line)
        require(record, record_of_line(line), "canonical record")

    created, graph = events = bundle["events"]
    require(created["event_type"], "record_created", "first event")
    require(graph["event_type"], "graph_snapshot", "second event")
    for event in events:
        check_event(event, number, key)
    check_created(created, record, key)
    check_graph(graph, record, paper)
    second = created["payload"]["receipt"]["first_computed_at"][:19] + "Z"
    require({event["created_at"] for event in events}, {second}, "second of the receipt")
    aliases = [
        {"alias_kind": kind, "alias_value": value, "created_at": second}
        for kind, value in alias_names(record)
    ]
    require(bundle["source_aliases"], aliases, "aliases")
    require(bundle["state"], state_of(number, record, aliases, events), "state")
    for forms in bundle["public_keys"]:
        require({name: forms[name] for name in key.forms}, key.forms, "public key")

    unsigned = without(bundle, "bundle_signature")
    require(bundle["bundle_signature"]["bundle_sha256"], digest(unsigned), "digest of the bundle")
    key.check(digest(unsigned), bundle["bundle_signature"], "bundle_sha256_bytes")
    return number


def check_state(data, bundle):
    """Return the Pith Number of a state that holds and is a bundle's own."""
    state = json.loads(data)
    require(canonical(state), data.strip(), "canonical JSON")
    require(state["state_sha256"], digest(without(state, "state_sha256")), "digest of the state")
    require(state, json.loads(bundle)["state"], "state of the bundle")
    return state["pith_number"]
