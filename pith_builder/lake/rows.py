"""What was minted, as rows of the lake's tables, in the order of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from pith_builder.core.canonical import dump_canonical, sha256_hex
from pith_builder.core.keys import PublicKey
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
    """Where a source said something."""

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


class Refused(Observed, Protocol):
    """What a source said, and where, that makes no record."""

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
    """Makes the rows of one build that tell of the build itself; `MintedRows` makes the others."""

    def __init__(self, build_id: str, now: datetime) -> None:
        """Take the build and the instant it dates everything with."""
        self.build_id = build_id
        self._now = microseconds(now)

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
        run_facts: bytes,
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
            run_facts,
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

    def reject(self, observed: Refused) -> Row:
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
