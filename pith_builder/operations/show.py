"""Showing a record as any of the documents that Pith knows of it (FORMAT.md 6 to 11)."""

from __future__ import annotations

from enum import StrEnum

from pith_builder.core.canonical import JsonValue, canonical_json, parse_json
from pith_builder.core.record_document import record_document
from pith_builder.errors import VerificationError
from pith_builder.lake.query import Connection, fetch


class View(StrEnum):
    """What to show a record as."""

    RECORD = "record"
    BUNDLE = "bundle"
    STATE = "state"
    EVENTS = "events"
    GRAPH = "graph"
    CANONICAL = "canonical"


def show(connection: Connection, number: str, view: View, base_url: str) -> bytes:
    """Return one document of the record `number`, as canonical JSON.

    Bundle and state are the very bytes the lake holds. `base_url` is where the registry serves.

    Raises:
        VerificationError: The lake holds no such document: it is damaged.
    """
    if view is View.STATE:
        return _document(connection, "states", number)
    document = _document(connection, "bundles", number)
    if view is View.BUNDLE:
        return document
    bundle = parse_json(document)
    return canonical_json(_part(bundle, view, base_url))


def _part(bundle: dict[str, JsonValue], view: View, base_url: str) -> JsonValue:
    if view is View.RECORD:
        created = bundle["state"]["current"]["record_created"]
        return record_document(bundle, created["payload"]["receipt"], base_url)
    if view is View.EVENTS:
        return bundle["events"]
    if view is View.GRAPH:
        return bundle["state"]["current"]["graph_snapshots"][-1]["payload"]["graph_snapshot"]
    return bundle["canonical_record"]


def _document(connection: Connection, table: str, number: str) -> bytes:
    queries = {
        "states": "select document from states where pith_number = $number",
        "bundles": "select document from bundles where pith_number = $number",
    }
    rows = fetch(connection, queries[table], {"number": number})
    if not rows:
        raise VerificationError(f"{table} has no row for {number}; run `pith audit`")
    return bytes(rows[0][0], "utf-8")
