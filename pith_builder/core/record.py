"""The canonical record: what of a paper is hashed, and nothing else (FORMAT.md 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.canonical import (
    JsonValue,
    RecordDigest,
    canonical_json,
    canonical_text,
    dump_canonical,
    load_canonical,
    sha256,
    sha256_hex,
)
from pith_builder.core.instants import checked_instant, format_seconds, parse_seconds
from pith_builder.core.number import PithNumber
from pith_builder.core.paper import Paper
from pith_builder.errors import MalformedError

SCHEMA_VERSION = "1.0"
SOURCE_KIND = "arxiv"

_CATEGORY = re.compile(r"\S+")
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_OTHERWISE_SAID = "not a canonical record: it says more than one, or otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalRecord:
    """The identity of one version of a paper.

    Attributes:
        source_id: The arXiv identifier, without version or subject class.
        source_version: The version's number, from 1.
        title_canon_sha256: SHA-256 of the canonical title, hexadecimal.
        abstract_canon_sha256: SHA-256 of the canonical abstract, hexadecimal.
        license: The licence's address, or "".
        primary_cat: The first category.
        cross_cats_sorted: The other categories, in byte order, each once.
        submitted_at: Version 1's submission, UTC, whole seconds.
    """

    source_id: ArxivId
    source_version: int
    title_canon_sha256: str
    abstract_canon_sha256: str
    license: str
    primary_cat: str
    cross_cats_sorted: tuple[str, ...]
    submitted_at: datetime

    def __post_init__(self) -> None:
        if self.source_version < 1:
            raise MalformedError(f"version {self.source_version}: versions are counted from 1")
        for name in (self.title_canon_sha256, self.abstract_canon_sha256):
            if not _SHA256_HEX.fullmatch(name):
                raise MalformedError(f"not a SHA-256 in lower-case hexadecimal: {name[:80]!r}")
        crosses = self.cross_cats_sorted
        for category in (self.primary_cat, *crosses):
            check_category(category)
        if self.primary_cat in crosses or sorted_categories(crosses) != crosses:
            raise MalformedError(
                f"cross-lists {list(crosses)} are not sorted, each once, without the primary"
            )
        if checked_instant(self.submitted_at).microsecond:
            raise MalformedError(f"{self.submitted_at.isoformat()} is not in whole seconds")

    @classmethod
    def of(cls, paper: Paper) -> CanonicalRecord:
        """Canonicalise a paper.

        Raises:
            MalformedError: The paper's text cannot be written as UTF-8.
        """
        primary = paper.categories[0]
        try:
            title = canonical_text(paper.title).encode()
            abstract = canonical_text(paper.abstract).encode()
        except UnicodeEncodeError as error:
            raise MalformedError(f"a lone surrogate in title or abstract: {error}") from error
        return cls(
            source_id=paper.arxiv_id,
            source_version=paper.version,
            title_canon_sha256=sha256_hex(title),
            abstract_canon_sha256=sha256_hex(abstract),
            license=paper.license,
            primary_cat=primary,
            cross_cats_sorted=sorted_categories(
                category for category in paper.categories[1:] if category != primary
            ),
            submitted_at=paper.submitted_at.replace(microsecond=0),
        )

    @classmethod
    def from_json_object(cls, value: JsonValue) -> CanonicalRecord:
        """Undo `to_json_object`.

        Raises:
            MalformedError: The value is no canonical record.
        """
        record = _said_by(value)
        if record.canonical_bytes() != canonical_json(value):
            raise MalformedError(_OTHERWISE_SAID)
        return record

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the record as FORMAT.md 3 lays it out."""
        return {
            "metadata": {
                "abstract_canon_sha256": self.abstract_canon_sha256,
                "cross_cats_sorted": list(self.cross_cats_sorted),
                "license": self.license,
                "primary_cat": self.primary_cat,
                "submitted_at": format_seconds(self.submitted_at),
                "title_canon_sha256": self.title_canon_sha256,
            },
            "schema_version": SCHEMA_VERSION,
            "source": self.source(),
        }

    def source(self) -> dict[str, JsonValue]:
        """Return the `source` object that records, bundles and graph snapshots share."""
        return {"id": self.source_id.value, "kind": SOURCE_KIND, "version": self.source_version}

    def canonical_bytes(self) -> bytes:
        """Return the bytes that are hashed."""
        return dump_canonical(self.to_json_object())

    def digest(self) -> RecordDigest:
        """Return the canonical SHA-256, 32 bytes."""
        return RecordDigest(sha256(self.canonical_bytes()))

    def pith_number(self) -> PithNumber:
        """Return the record's name."""
        return PithNumber.of(self.digest(), self.submitted_at.year)


def _said_by(value: JsonValue) -> CanonicalRecord:
    """Return the record that a value says, which may say it in another form, or say more."""
    try:
        source, metadata = value["source"], value["metadata"]
        record = CanonicalRecord(
            source_id=ArxivId(source["id"]),
            source_version=source["version"],
            title_canon_sha256=metadata["title_canon_sha256"],
            abstract_canon_sha256=metadata["abstract_canon_sha256"],
            license=metadata["license"],
            primary_cat=metadata["primary_cat"],
            cross_cats_sorted=tuple(metadata["cross_cats_sorted"]),
            submitted_at=parse_seconds(metadata["submitted_at"]),
        )
    except (KeyError, TypeError) as error:
        raise MalformedError(f"not a canonical record: {error!r}") from error
    if type(record.source_version) is not int or not isinstance(record.license, str):
        raise MalformedError("not a canonical record: version or licence of the wrong type")
    return record


class NamedRecord(NamedTuple):
    """A canonical record, its digest, and the Pith Number that follows."""

    record: CanonicalRecord
    digest: RecordDigest
    number: PithNumber


_REMEMBERED = 64
_REMEMBERED_BYTES = 4_096


def read_record(canonical: bytes) -> NamedRecord:
    """Read a canonical record out of its canonical JSON, and name it.

    What was read last is remembered: the documents of one record say it many times.

    Raises:
        MalformedError: It is no canonical record.
    """
    return (_remembered if len(canonical) <= _REMEMBERED_BYTES else _read_record)(canonical)


def _read_record(canonical: bytes) -> NamedRecord:
    record = _said_by(load_canonical(canonical))
    if record.canonical_bytes() != canonical:
        raise MalformedError(_OTHERWISE_SAID)
    digest = RecordDigest(sha256(canonical))
    return NamedRecord(record, digest, PithNumber.of(digest, record.submitted_at.year))


_remembered = lru_cache(_REMEMBERED)(_read_record)


def check_category(category: str) -> None:
    """Raise `MalformedError` unless it is a word."""
    if not _CATEGORY.fullmatch(category):
        raise MalformedError(f"not a category: {category!r} (wanted: a word)")


def sorted_categories(categories: Iterable[str]) -> tuple[str, ...]:
    """Return categories in byte order, each once (ASCII: code points and bytes sort alike)."""
    return tuple(sorted(set(categories)))
