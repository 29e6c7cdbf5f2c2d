"""Showing a record as any of the documents that Pith knows of it (FORMAT.md 6 to 11)."""

from __future__ import annotations

from enum import StrEnum

from pith_builder.core.canonical import JsonValue, canonical_json, parse_json
from pith_builder.core.record_document import record_document
from pith_builder.errors import VerificationError
from pith_builder.lake.holdings import find_holdings
from pith_builder.lake.query import Connection, sought


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
    if view is View.RECORD:
        [holding] = find_holdings(connection, [number])
        return canonical_json(shown_record(bundle, holding.receipt, base_url))
    return canonical_json(part_of(bundle, view))


def shown_record(
    bundle: dict[str, JsonValue], receipt: dict[str, JsonValue], base_url: str
) -> JsonValue:
    """Return the record document of a bundle and the record's present receipt.

    Raises:
        VerificationError: No graph snapshot, or no creation of the record, is current.
    """
    _check_shown(bundle, View.RECORD)
    return record_document(bundle, receipt, base_url)


def part_of(bundle: dict[str, JsonValue], view: View) -> JsonValue:
    """Return a part of a bundle: what it says of a record in another view than bundle or record.

    Raises:
        VerificationError: No graph snapshot, or no creation of the record, is current, and the
            view shows it.
    """
    current = bundle["state"]["current"]
    if view is View.STATE:
        return bundle["state"]
    if view is View.EVENTS:
        return bundle["events"]
    if view is View.CANONICAL:
        return bundle["canonical_record"]
    _check_shown(bundle, view)
    return current["graph_snapshots"][-1]["payload"]["graph_snapshot"]


def _check_shown(bundle: dict[str, JsonValue], view: View) -> None:
    if not is_shown(bundle):
        raise VerificationError(
            f"{bundle['pith_number']} has no {view}: what it shows is superseded"
        )


def is_shown(bundle: dict[str, JsonValue]) -> bool:
    """Tell whether a record has a record document and a graph: neither is superseded."""
    current = bundle["state"]["current"]
    return bool(current["graph_snapshots"]) and current["record_created"] is not None


def _document(connection: Connection, table: str, number: str) -> bytes:
    rows = sought(connection, table, number, ["document"])
    if not rows:
        raise VerificationError(f"{table} has no row for {number}; run `pith audit`")
    return bytes(rows[0][0], "utf-8")
