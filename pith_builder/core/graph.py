"""The graph snapshot: what is known of a paper's claims when it is minted (FORMAT.md 8)."""

from __future__ import annotations

import re

from pith_builder.core.canonical import JsonValue, digest
from pith_builder.core.paper import Paper
from pith_builder.core.record import CanonicalRecord

EXCERPT_CHARACTERS = 600
"""Characters of the abstract that a snapshot shows."""

EMPTY_SNAPSHOT_SHA256 = "258153158e38e3291e3d48162225fcdb2d5a3ed65a07baac614ab91432fd4f57"
"""`items_sha256` of no items."""

EMPTY_VERDICT: dict[str, JsonValue] = {
    "created_at": None,
    "id": None,
    "model_set": {},
    "one_line_summary": "",
    "pipeline_version": None,
    "pith_extraction_headline": "",
    "strongest_claim": "",
    "weakest_assumption": "",
}

_LINE_WRAP = re.compile(r"\n(?!  )")
_BETWEEN_AUTHORS = re.compile(r",|\band\b")


def items_sha256(items: JsonValue) -> str:
    """Return the `snapshot_sha256` of a list of items, in hexadecimal."""
    return digest({"payload": items}).hex()


def shown_title(title: str) -> str:
    """Return a title stripped, its white space collapsed."""
    return " ".join(title.split())


def abstract_excerpt(abstract: str) -> str:
    r"""Return the first 600 characters of an abstract, its line wraps undone.

    A paragraph break stays as newline and two spaces; a space at the cut stays.

    >>> abstract_excerpt("  One\ntwo.\n  Three\n")
    'One two.\n  Three'
    """
    return unwrapped(abstract)[:EXCERPT_CHARACTERS]


def unwrapped(abstract: str) -> str:
    """Return an abstract with its line wraps undone and its ends stripped."""
    return _LINE_WRAP.sub(" ", abstract.strip())


def authors_text(authors: str) -> str:
    """Return the authors sorted by the letters and digits of what arXiv's string says of them.

    Ruling: line wraps inside a part become single spaces, as in a title.

    >>> authors_text("Michael Blot, David Picard and Matthieu Cord")
    'David Picard, Matthieu Cord, Michael Blot'
    """
    parts = {" ".join(part.split()) for part in _BETWEEN_AUTHORS.split(authors)}
    parts.discard("")
    return ", ".join(sorted(parts, key=_author_order))


def _author_order(part: str) -> tuple[str, str]:
    return "".join(filter(str.isalnum, part.lower())), part


def graph_snapshot(
    paper: Paper, record: CanonicalRecord, builder_version: str
) -> dict[str, JsonValue]:
    """Return the snapshot of a paper of which no claim, reference or verdict is known yet."""
    return {
        "author_claims": {
            "count": 0,
            "snapshot_sha256": EMPTY_SNAPSHOT_SHA256,
            "strong_count": 0,
        },
        "builder_version": builder_version,
        "claims": {"count": 0, "items": [], "snapshot_sha256": EMPTY_SNAPSHOT_SHA256},
        "formal_canon": {"evidence_count": 0, "snapshot_sha256": EMPTY_SNAPSHOT_SHA256},
        "paper": {
            "abstract_excerpt": abstract_excerpt(paper.abstract),
            "authors_text": authors_text(paper.authors),
            "cross_cats": list(record.cross_cats_sorted),
            "headline": "",
            "license": record.license,
            "primary_cat": record.primary_cat,
            "submitted_at": record.to_json_object()["metadata"]["submitted_at"],
            "title": shown_title(paper.title),
        },
        "references": {
            "count": 0,
            "internal_anchors": 0,
            "resolved_work": 0,
            "sample": [],
            "snapshot_sha256": EMPTY_SNAPSHOT_SHA256,
        },
        "source": record.source(),
        "verdict": EMPTY_VERDICT,
    }
