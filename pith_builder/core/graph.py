"""The graph snapshot: what is known of a paper's claims when it is minted (FORMAT.md 8)."""

from __future__ import annotations

import re
from typing import Any

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
_AND = re.compile(r"and(?<=\band)\b")  # \band\b, found by its letters
_LOWER = bytes(range(256)).lower()
_NO_LETTER_OR_DIGIT = bytes(
    code for code in range(128) if not (chr(code).isalnum() or chr(code) == ",")
)


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
    # A line break is told by the two characters that follow it, and gives way to one space.
    shown = abstract.strip()[: EXCERPT_CHARACTERS + 2]
    return _LINE_WRAP.sub(" ", shown)[:EXCERPT_CHARACTERS]


def unwrapped(abstract: str) -> str:
    """Return an abstract with its line wraps undone and its ends stripped."""
    return _LINE_WRAP.sub(" ", abstract.strip())


def authors_text(authors: str) -> str:
    """Return the authors sorted by the letters and digits of what arXiv's string says of them.

    Ruling: line wraps inside a part become single spaces, as in a title.

    >>> authors_text("Michael Blot, David Picard and Matthieu Cord")
    'David Picard, Matthieu Cord, Michael Blot'
    """
    text = _AND.sub(",", shown_title(authors)).replace(" ,", ",").replace(", ", ",")
    if "," not in text:
        return text
    if text.isascii():
        keys: list[Any] = text.encode().translate(_LOWER, _NO_LETTER_OR_DIGIT).split(b",")
    else:
        keys = "".join(filter(_is_kept, text.lower())).split(",")
    order: dict[str, Any] = dict(zip(text.split(","), keys, strict=True))
    order.pop("", None)
    # Sorting twice is quicker than sorting pairs: by the name, then by its letters and digits.
    return ", ".join(sorted(sorted(order), key=order.__getitem__))


def _is_kept(letter: str) -> bool:
    return letter == "," or letter.isalnum()


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
