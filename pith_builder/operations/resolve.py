"""Resolving: from any name of a record to the record (FORMAT.md 4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from pith_builder.core.arxiv_id import ArxivId, parse_arxiv_ref
from pith_builder.core.number import PithNumber
from pith_builder.errors import MalformedError, UsageError
from pith_builder.lake.query import Connection, sought
from pith_builder.lake.tables import ALIASES, RECORDS

_SUFFIX = re.compile(r"(?:pith:)?([A-Z2-7]{8,26})", re.IGNORECASE)


class NotFoundError(UsageError):
    """No record of the lake goes by this name."""


class AmbiguousError(UsageError):
    """Several records go by this name."""

    def __init__(self, message: str, candidates: tuple[Found, ...]) -> None:
        """Say so, and which."""
        super().__init__(message)
        self.candidates = candidates


@dataclass(frozen=True, slots=True)
class Found:
    """A record, as far as it takes to tell it from others."""

    pith_number: str
    arxiv_id: str
    arxiv_version: int
    title: str | None
    first_computed_at: datetime
    updated_on: date | None

    def to_json_object(self) -> dict[str, Any]:
        """Return the record for machines."""
        return {
            "arxiv_id": self.arxiv_id,
            "arxiv_version": self.arxiv_version,
            "pith_number": self.pith_number,
            "title": self.shown_title(),
        }

    def shown_title(self) -> str:
        """Return the title on one line; of an imported record it may not be known."""
        return " ".join((self.title or "").split())


@dataclass(frozen=True, slots=True)
class Resolved:
    """The record a name stands for, and for an arXiv identifier the paper's other records."""

    record: Found
    others: tuple[Found, ...] = ()


def resolve(connection: Connection, ref: str) -> Resolved:
    """Find the record that a name stands for.

    A name is a Pith Number, a suffix or short form of 8 to 26 characters, an arXiv identifier
    with or without version, or a DOI under 10.48550/arXiv. Ruling: an arXiv identifier without
    version stands for the latest version.

    Raises:
        UsageError: It is no such name.
        NotFoundError: No record goes by it.
        AmbiguousError: Several records do.
    """
    text = ref.strip()
    try:
        number = PithNumber.parse(text)
    except MalformedError:
        pass
    else:
        return _one(ref, _by_number(connection, str(number)))
    suffix = _SUFFIX.fullmatch(text)
    if suffix is not None:
        return _one(ref, _by_suffix(connection, suffix[1].upper()))
    try:
        arxiv_id, version = parse_arxiv_ref(text)
    except MalformedError as error:
        raise UsageError(
            f"not a name of a record: {ref[:80]!r} (wanted a Pith Number, its suffix or a short "
            "form of 8 characters or more, an arXiv identifier, or a DOI)"
        ) from error
    return _by_arxiv_id(connection, ref, arxiv_id, version)


def _by_number(connection: Connection, number: str) -> tuple[Found, ...]:
    columns = [field.name for field in fields(Found)]
    return tuple(Found(*row) for row in sought(connection, RECORDS.name, number, columns))


def _by_suffix(connection: Connection, suffix: str) -> tuple[Found, ...]:
    named = _named(connection, suffix[:8], "pith_short_8")
    numbers = [number for number in named if number[-26:].startswith(suffix)]
    return tuple(found for number in numbers for found in _by_number(connection, number))


def _named(connection: Connection, name: str, kind: str) -> list[str]:
    """Return the Pith Numbers that a name of some kind stands for, sorted.

    What is left to Python here would take DuckDB as long as the look-up itself.
    """
    rows = sought(connection, ALIASES.name, name, ["alias_kind", "pith_number"])
    return sorted({number for found, number in rows if found == kind})


def _by_arxiv_id(
    connection: Connection, ref: str, arxiv_id: ArxivId, version: int | None
) -> Resolved:
    named = _named(connection, arxiv_id.value, "arxiv")
    # Each number is asked for by itself, which is quick; a join would read all records.
    found = [record for number in named for record in _by_number(connection, number)]
    # Ruling: of several records of one version the one computed last, as `latest_records` has it.
    found.sort(key=_recency, reverse=True)
    if version is not None or not found:
        return _one(ref, [record for record in found if record.arxiv_version == version])
    return Resolved(found[0], tuple(found[1:]))


def _recency(record: Found) -> tuple[int, datetime, date, str]:
    updated_on = record.updated_on or date.min
    return record.arxiv_version, record.first_computed_at, updated_on, record.pith_number


def _one(ref: str, found: Sequence[Found]) -> Resolved:
    if not found:
        raise NotFoundError(f"no record of this lake is named {ref!r}")
    if len(found) > 1:
        listed = ", ".join(record.pith_number for record in found)
        raise AmbiguousError(f"{ref!r} stands for {len(found)} records: {listed}", tuple(found))
    return Resolved(found[0])
