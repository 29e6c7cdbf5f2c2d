"""The schemas that a mirror serves, one for each kind of document."""

from __future__ import annotations

from dataclasses import dataclass

from pith_builder.core.canonical import JsonValue
from pith_builder.core.form import Form
from pith_builder.core.forms import (
    ALIAS,
    BUNDLE,
    CANONICAL_RECORD,
    EVENT_TARGETS,
    GRAPH,
    MIRROR_HINT,
    PAPER,
    PUBLIC_KEY,
    RECEIPT,
    RECORD_DOCUMENT,
    SIGNER,
    SOURCE,
    STATE,
    event_form,
)
from pith_builder.core.inclusion import INCLUSION
from pith_builder.core.manifest import MANIFEST, PART
from pith_builder.core.metadata import METADATA
from pith_builder.core.mirror import MIRRORS
from pith_builder.core.schema import DIALECT, json_schema


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document that has a schema.

    Attributes:
        path: Where the schema lies, below the mirror.
        title: The kind's name.
        about: One sentence.
        form: What the code checks such a document with.
    """

    path: str
    title: str
    about: str
    form: Form


_ANY_EVENT = event_form(None)

KINDS = (
    Kind(
        "schemas/pith-number/v1.json",
        "Pith Number record",
        "A view of a record for readers (FORMAT.md 11).",
        RECORD_DOCUMENT,
    ),
    Kind(
        "schemas/bundle/v1.json",
        "Pith bundle",
        "All a stranger needs to check one record, signed whole (FORMAT.md 10).",
        BUNDLE,
    ),
    Kind(
        "schemas/state/v1.json",
        "Pith state",
        "What the events of one record come to (FORMAT.md 9).",
        STATE,
    ),
    Kind(
        "schemas/event/v1.json",
        "Pith event",
        "What a signer states of a record (FORMAT.md 7).",
        _ANY_EVENT,
    ),
    Kind(
        "schemas/manifest/v1.json",
        "Pith lake manifest",
        "What a lake holds as of one commit, signed.",
        MANIFEST,
    ),
    Kind(
        "schemas/inclusion-proof/v1.json",
        "Pith inclusion proof",
        "Proof that a record is in a lake, checked without the lake.",
        INCLUSION,
    ),
    Kind(
        "schemas/metadata/v1.json",
        "Pith metadata",
        "What arXiv says of a record, raw.",
        METADATA,
    ),
    Kind(
        "schemas/public-key/v1.json",
        "Pith public key",
        "An Ed25519 public key and what its holder says of it (FORMAT.md 5).",
        PUBLIC_KEY,
    ),
    Kind(
        "schemas/mirrors/v1.json",
        "Pith mirror manifest",
        "Which mirrors there are (FORMAT.md 12).",
        MIRRORS,
    ),
)
"""Every kind with a schema; the first is the one that `registry.schema_url` names."""

_SHARED: dict[str, Form] = {
    "alias": ALIAS,
    "canonical_record": CANONICAL_RECORD,
    "graph": GRAPH,
    "manifest": MANIFEST,
    "metadata": METADATA,
    "mirror_hint": MIRROR_HINT,
    "paper": PAPER,
    "part": PART,
    "public_key": PUBLIC_KEY,
    "receipt": RECEIPT,
    "signer": SIGNER,
    "source": SOURCE,
    "state": STATE,
}


def schema_documents(base_url: str) -> dict[str, dict[str, JsonValue]]:
    """Return every schema by its path below the mirror that is served at `base_url`."""
    return {kind.path: _document(kind, base_url) for kind in KINDS}


def _document(kind: Kind, base_url: str) -> dict[str, JsonValue]:
    shared = {name: form for name, form in _SHARED.items() if form is not kind.form}
    body = _event_schema(shared) if kind.form is _ANY_EVENT else json_schema(kind.form, shared)
    return {
        "$schema": DIALECT,
        "$id": f"{base_url}/{kind.path}",
        "title": kind.title,
        "description": kind.about,
        **body,
    }


def _event_schema(shared: dict[str, Form]) -> dict[str, JsonValue]:
    """Return the schema of events, whose type tells the form of their target and payload."""
    schema = json_schema(_ANY_EVENT, shared)
    definitions = schema.pop("$defs")
    schema["allOf"] = []
    for event_type in EVENT_TARGETS:
        form = event_form(event_type)
        named = {"target": form.fields["target"], "payload": form.fields["payload"]}
        parts = {name: json_schema(part, shared) for name, part in named.items()}
        for part in parts.values():
            definitions |= part.pop("$defs", {})
        schema["allOf"].append(
            {
                "if": {"properties": {"event_type": {"const": event_type}}},
                "then": {"properties": parts},
            }
        )
    return {**schema, "$defs": definitions}
