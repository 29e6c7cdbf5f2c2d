"""What was minted, as rows of the lake's tables, in the order of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from pith_builder.core.canonical import dump_canonical, sha256_hex
from pith_builder.core.event import Event
from pith_builder.core.instants import parse_seconds
from pith_builder.core.keys import PublicKey
from pith_builder.core.minting import Minted
from pith_builder.lake.parts import Row, days, microseconds


class Counts(Protocol):
    """What a run came to: seen = minted + unchanged + rejected."""

    seen: int
    minted: int
    unchanged: int
    rejected: int
    minted_without_license: int
    minted_withdrawn: int


class Harvested(Protocol):
    """A window as the ledger has it."""

    @property
    def source(self) -> str:
        """The address."""
        ...

    @property
    def set_spec(self) -> str:
        """The set, or ""."""
        ...

    @property
    def from_on(self) -> date:
        """The first day."""
        ...

    @property
    def until_on(self) -> date:
        """The last day."""
        ...

    @property
    def status(self) -> str:
        """Done, or gap."""
        ...

    @property
    def response_at(self) -> datetime:
        """The source's own time."""
        ...

    @property
    def records(self) -> int:
        """How many records."""
        ...


class Observed(Protocol):
    """What a source said, and where."""

    @property
    def source_kind(self) -> str:
        """What kind of source it is."""
        ...

    @property
    def source_name(self) -> str:
        """Its file or address."""
        ...

    @property
    def source_line(self) -> int:
        """The line of the file, from 1; 0 where there are no lines."""
        ...

    @property
    def raw(self) -> bytes:
        """What was said."""
        ...

    @property
    def reason(self) -> str:
        """Why it makes no record."""
        ...

    @property
    def message(self) -> str:
        """Why, in words."""
        ...


class Rows:
    """Makes the rows of one build: what is the same in all of them is worked out once."""

    def __init__(self, build_id: str, now: datetime) -> None:
        """Take the build and the instant it dates everything with."""
        self.build_id = build_id
        self._now = microseconds(now)
        self._second = microseconds(now.replace(microsecond=0))

    def record(self, minted: Minted, observed: Observed) -> Row:
        """Return the row of `records`."""
        paper, record = minted.identity.paper, minted.identity.record
        receipt = minted.receipt
        return (
            str(minted.identity.number),
            minted.identity.digest.hex(),
            record.source_id.value,
            record.source_version,
            record.primary_cat,
            record.cross_cats_sorted,
            paper.categories,
            record.license,
            microseconds(record.submitted_at),
            microseconds(paper.version_submitted_at),
            record.title_canon_sha256,
            record.abstract_canon_sha256,
            paper.title,
            paper.abstract,
            paper.authors,
            paper.submitter,
            paper.comments,
            paper.journal_ref,
            paper.doi,
            paper.report_no,
            paper.msc_class,
            paper.acm_class,
            None if paper.updated_on is None else days(paper.updated_on),
            paper.is_withdrawn,
            paper.other_metadata,
            receipt["key_id"],
            receipt["public_key_fingerprint"],
            receipt["signature_b64"],
            self._now,
            self._now,
            self._now,
            receipt["builder_version"],
            observed.source_kind,
            observed.source_name,
            observed.source_line,
            self._now,
            self.build_id,
        )

    def events(self, minted: Minted) -> list[Row]:
        """Return the rows of `events`, sorted by their key."""
        number = str(minted.identity.number)
        events = sorted(minted.events, key=lambda event: event.event_id)
        return [self._event(number, event) for event in events]

    def _event(self, number: str, event: Event) -> Row:
        return (
            number,
            event.event_id,
            event.event_type,
            event.reduced["target"],
            microseconds(parse_seconds(event.created_at)),
            event.signer_id,
            event.reduced["signer"]["signer_type"],
            event.prev_event,
            event.supersedes,
            event.signature["key_id"],
            event.signature["public_key_fingerprint"],
            event.signature["signature_b64"],
            self._now,
            event.document,
            self.build_id,
        )

    def state(self, minted: Minted) -> Row:
        """Return the row of `states`."""
        state = minted.state
        return (
            str(minted.identity.number),
            state.event_count,
            state.valid_event_count,
            state.invalid_event_count,
            state.equivocation_count,
            state.state_sha256,
            state.document,
            self.build_id,
        )

    def bundle(self, minted: Minted) -> Row:
        """Return the row of `bundles`."""
        bundle = minted.bundle
        return (
            str(minted.identity.number),
            minted.state.event_count,
            self._second,
            bundle.bundle_sha256,
            bundle.signature["key_id"],
            bundle.signature["public_key_fingerprint"],
            bundle.signature["signature_b64"],
            self._now,
            bundle.document,
            self.build_id,
        )

    def aliases(self, minted: Minted) -> list[Row]:
        """Return the rows of `aliases`, unsorted."""
        number = str(minted.identity.number)
        return [
            (alias.alias_value, alias.alias_kind, number, self._second, self.build_id)
            for alias in minted.aliases
        ]

    def key(self, key: PublicKey) -> Row:
        """Return the row of `keys`."""
        return (
            key.key_id,
            key.fingerprint,
            key.raw.hex(),
            self._now,
            dump_canonical(key.to_json_object()),
            self.build_id,
        )

    def build(  # noqa: PLR0913 - a row of builds says as many things
        self,
        counts: Counts,
        *,
        operation: str,
        builder_version: str,
        sources: Sequence[str],
        outcome: str,
        rejects_added: int,
        is_forced: bool,
    ) -> Row:
        """Return the row of `builds`."""
        return (
            self.build_id,
            operation,
            self._now,
            builder_version,
            sources,
            counts.seen,
            counts.minted,
            counts.unchanged,
            counts.rejected,
            rejects_added,
            counts.minted_without_license,
            counts.minted_withdrawn,
            outcome,
            is_forced,
        )

    def window(self, window: Harvested, attempts: int) -> Row:
        """Return the row of `windows`."""
        return (
            window.source,
            window.set_spec,
            days(window.from_on),
            days(window.until_on),
            window.status,
            attempts,
            microseconds(window.response_at),
            window.records,
            self.build_id,
        )

    def sighting(self, arxiv_id: str, datestamp_on: date) -> Row:
        """Return the row of `sightings`."""
        return (arxiv_id, days(datestamp_on), self.build_id)

    def reject(self, observed: Observed) -> Row:
        """Return the row of `rejects`."""
        return (
            observed.source_name,
            observed.source_line,
            sha256_hex(observed.raw),
            observed.source_kind,
            observed.reason,
            observed.message,
            observed.raw,
            self._now,
            self.build_id,
        )
