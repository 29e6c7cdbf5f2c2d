"""What was taken in from elsewhere, as rows of the lake's tables: signatures are their signers'."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from pith_builder.core.alias import SourceAlias
from pith_builder.core.bundle import Bundle
from pith_builder.core.canonical import text_sha256
from pith_builder.core.event import Event
from pith_builder.core.forms import GRAPH_SNAPSHOT
from pith_builder.core.gathering import Gathered
from pith_builder.core.graph import abstract_excerpt, authors_text, shown_title
from pith_builder.core.instants import parse_microseconds, parse_seconds
from pith_builder.core.merge import State
from pith_builder.core.record import CanonicalRecord
from pith_builder.lake.parts import Row, microseconds
from pith_builder.lake.raw_metadata import RAW_COLUMNS
from pith_builder.lake.tables import RECORDS

IMPORTED = "import"
"""The `source_kind` of a record that came from another's documents."""


class TakenRows:
    """Makes the rows of one run."""

    def __init__(self, build_id: str, now: datetime) -> None:
        """Take the run and the instant it observes at."""
        self.build_id = build_id
        self._now = microseconds(now)

    def record(
        self, found: Gathered, created: Event, raw: dict[str, Any] | None, source_name: str
    ) -> Row:
        """Return the row of `records`, its receipt the one in the event `created`.

        Ruling: without raw metadata, which no document carries, the columns that say it are null;
        but title and authors are as the first graph snapshot shows them, where the title is the
        record's, and the abstract is its excerpt, where that is the whole of it.
        """
        record, receipt = found.record, created.payload["receipt"]
        row = {
            "pith_number": str(found.number),
            "canonical_sha256": found.digest.hex(),
            "arxiv_id": record.source_id.value,
            "arxiv_version": record.source_version,
            "primary_cat": record.primary_cat,
            "cross_cats_sorted": record.cross_cats_sorted,
            "license": record.license,
            "submitted_at": microseconds(record.submitted_at),
            "title_canon_sha256": record.title_canon_sha256,
            "abstract_canon_sha256": record.abstract_canon_sha256,
            **(dict.fromkeys(RAW_COLUMNS) | _shown(found) if raw is None else raw),
            "key_id": receipt["key_id"],
            "public_key_fingerprint": receipt["public_key_fingerprint"],
            "signature_b64": receipt["signature_b64"],
            **{
                name: _precise(receipt[name])
                for name in ("signed_at", "first_computed_at", "last_reissued_at")
            },
            "builder_version": receipt["builder_version"],
            "source_kind": IMPORTED,
            "source_name": source_name,
            "source_line": 0,
            "observed_at": self._now,
            "build_id": self.build_id,
        }
        return tuple(row[column.name] for column in RECORDS.columns)

    def event(self, number: str, event: Event) -> Row:
        """Return the row of `events`."""
        signature = event.signature
        return (
            number,
            event.event_id,
            event.event_type,
            event.reduced["target"],
            _whole(event.created_at),
            event.signer_id,
            event.reduced["signer"]["signer_type"],
            event.prev_event,
            event.supersedes,
            signature["key_id"],
            signature["public_key_fingerprint"],
            signature["signature_b64"],
            _precise(signature["signed_at"]),
            event.document,
            self.build_id,
        )

    def state(self, number: str, state: State) -> Row:
        """Return the row of `states`."""
        return (
            number,
            state.event_count,
            state.valid_event_count,
            state.invalid_event_count,
            state.equivocation_count,
            state.state_sha256,
            state.document,
            self.build_id,
        )

    def bundle(self, number: str, event_count: int, bundle: Bundle) -> Row:
        """Return the row of `bundles`."""
        signature = bundle.signature
        return (
            number,
            event_count,
            _whole(bundle.built_at),
            signature["bundle_sha256"],
            signature["key_id"],
            signature["public_key_fingerprint"],
            signature["signature_b64"],
            _precise(signature["signed_at"]),
            bundle.document,
            self.build_id,
        )

    def alias(self, number: str, alias: SourceAlias) -> Row:
        """Return the row of `aliases`."""
        created_at = _whole(alias.created_at)
        return (alias.alias_value, alias.alias_kind, number, created_at, self.build_id)


# The documents of one run state few instants, each many times.


@lru_cache(maxsize=1 << 10)
def _precise(instant: str) -> int:
    return microseconds(parse_microseconds(instant))


@lru_cache(maxsize=1 << 10)
def _whole(instant: str) -> int:
    return microseconds(parse_seconds(instant))


def _shown(found: Gathered) -> dict[str, Any]:
    """Return what the first graph snapshot shows of the raw metadata and can be proved of it."""
    record: CanonicalRecord = found.record
    for event in found.valid:
        if event.event_type != GRAPH_SNAPSHOT:
            continue
        paper = event.payload["graph_snapshot"]["paper"]
        title, authors, excerpt = (
            paper["title"],
            paper["authors_text"],
            paper["abstract_excerpt"],
        )
        if (
            text_sha256(title) != record.title_canon_sha256
            or shown_title(title) != title
            or authors_text(authors) != authors
        ):
            continue
        is_whole = (
            text_sha256(excerpt) == record.abstract_canon_sha256
            and abstract_excerpt(excerpt) == excerpt
        )
        return {"title": title, "authors": authors, "abstract": excerpt if is_whole else None}
    return {}
