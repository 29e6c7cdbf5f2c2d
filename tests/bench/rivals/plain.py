"""The identity of a paper in plain Python, as a rival's user would write it by hand."""

import hashlib
import json
from base64 import b32encode
from email.utils import parsedate_to_datetime


def identified(line):
    """Return a paper of the snapshot with its hashes and Pith Number (FORMAT.md 2 to 4)."""
    paper = json.loads(line)
    versions = {int(entry["version"][1:]): entry["created"] for entry in paper["versions"]}
    submitted_at = parsedate_to_datetime(versions[1])
    primary, *others = paper["categories"].split()
    title_sha256, abstract_sha256 = _canon(paper["title"]), _canon(paper["abstract"])
    record = {
        "metadata": {
            "abstract_canon_sha256": abstract_sha256,
            "cross_cats_sorted": sorted({*others} - {primary}),
            "license": paper["license"] or "",
            "primary_cat": primary,
            "submitted_at": submitted_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "title_canon_sha256": title_sha256,
        },
        "schema_version": "1.0",
        "source": {"id": paper["id"], "kind": "arxiv", "version": max(versions)},
    }
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).digest()
    return {
        "pith_number": f"pith:{submitted_at.year}:{b32encode(digest)[:26].decode()}",
        "canonical_sha256": digest.hex(),
        "title_canon_sha256": title_sha256,
        "abstract_canon_sha256": abstract_sha256,
        "arxiv_id": paper["id"],
        "arxiv_version": max(versions),
        "submitted_at": submitted_at,
        **{name: paper[name] for name in ("title", "abstract", "authors", "categories", "license")},
    }


def _canon(text):
    return hashlib.sha256(" ".join(text.split()).lower().encode()).hexdigest()
