"""An overview of a lake: the numbers that a report shows, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOfPapers:
    """Papers of one archive whose first version is of one year.

    Attributes:
        year: The year, UTC.
        archive: cs of cs.LG.
        papers: How many.
        withdrawn: Those of them whose latest version is withdrawn.
    """

    year: int
    archive: str
    papers: int
    withdrawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildCounts:
    """What one build came to: seen = minted + unchanged + rejected.

    Attributes:
        build_id: The build.
        operation: What ran.
        started_at: The instant it dated everything with.
        seen: Papers read.
        minted: Records added.
        unchanged: Papers whose record was there.
        rejected: Papers that made no record.
    """

    build_id: str
    operation: str
    started_at: datetime
    seen: int
    minted: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days of one set that were all read, or all not.

    Attributes:
        source: The address harvested, or the snapshot file.
        set_spec: The set, or "" for all of arXiv.
        status: `read`, `unread`, or `wanting`: an audit found records missing.
        from_on: The first day.
        until_on: The last day.
        days: How many days that is.
    """

    source: str
    set_spec: str
    status: str
    from_on: date
    until_on: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What one key signed of one kind.

    Attributes:
        key_id: The key's id.
        fingerprint: First 32 hexadecimal digits of the SHA-256 of the key.
        signed_what: receipt, bundle, or the type of an event.
        signatures: How many.
        first_signed_at: When the first was made.
        last_signed_at: When the last was made.
        is_trusted: Whether the report's maker trusts the key.
    """

    key_id: str
    fingerprint: str
    signed_what: str
    signatures: int
    first_signed_at: datetime
    last_signed_at: datetime
    is_trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What an audit made for the report came to.

    Attributes:
        depth: `roots`: manifests, files and content roots; `full`: every row as well.
        files: Parts hashed.
        findings: What does not hold: the code, the place and the words of each, the first of them.
        finding_count: How many there are.
    """

    depth: str
    files: int
    findings: tuple[tuple[str, str, str], ...]
    finding_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A lake as of its live manifest.

    Attributes:
        name: The lake's folder.
        made_at: When this was counted, UTC.
        sequence: The live manifest's number.
        manifest_sha256: Its digest.
        manifest_at: The instant its build dated everything with.
        rows: How many rows each table has.
        size_bytes: What all parts weigh.
        years: Papers by year and archive.
        categories: Papers by primary category, the largest first: name, papers, withdrawn.
        versions: Papers by the number of their latest version.
        licenses: Papers by licence, the most used first; "" is none.
        builds: Every build, the first first.
        rejects: Rows of rejects by reason, the most frequent first.
        stretches: The coverage of every set that the ledger names.
        signed: What each key signed.
        audited: What an audit found, or None: none was made.
    """

    name: str
    made_at: datetime
    sequence: int
    manifest_sha256: str
    manifest_at: datetime
    rows: Mapping[str, int]
    size_bytes: int
    years: tuple[YearOfPapers, ...]
    categories: tuple[tuple[str, int, int], ...]
    versions: tuple[tuple[int, int], ...]
    licenses: tuple[tuple[str, int], ...]
    builds: tuple[BuildCounts, ...]
    rejects: tuple[tuple[str, int], ...]
    stretches: tuple[Stretch, ...]
    signed: tuple[Signed, ...]
    audited: Audited | None

    @property
    def papers(self) -> int:
        """Papers, each counted once."""
        return sum(year.papers for year in self.years)

    @property
    def withdrawn(self) -> int:
        """Papers whose latest version is withdrawn."""
        return sum(year.withdrawn for year in self.years)

    @property
    def gap_days(self) -> int:
        """Days of all sets that are not read, or were found wanting."""
        return sum(stretch.days for stretch in self.stretches if stretch.status != "read")
