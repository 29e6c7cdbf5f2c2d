"""Resolving: from any name of a record to the record (FORMAT.md 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pith_builder.core.arxiv_id import ArxivId, parse_arxiv_ref
from pith_builder.core.number import PithNumber
from pith_builder.errors import MalformedError, UsageError
from pith_builder.lake.query import Connection, fetch

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
    query = """
        select pith_number, arxiv_id, arxiv_version, title
        from records
        where pith_number = $number
    """
    rows = fetch(connection, query, {"number": number})
    return tuple(Found(*row) for row in rows)


def _by_suffix(connection: Connection, suffix: str) -> tuple[Found, ...]:
    query = """
        select distinct pith_number
        from aliases
        where alias_value = $short and alias_kind = 'pith_short_8'
          and starts_with(split_part(pith_number, ':', 3), $suffix)
        order by pith_number
    """
    rows = fetch(connection, query, {"short": suffix[:8], "suffix": suffix})
    return tuple(found for (number,) in rows for found in _by_number(connection, number))


def _by_arxiv_id(
    connection: Connection, ref: str, arxiv_id: ArxivId, version: int | None
) -> Resolved:
    # Ruling: of several records of one version the one computed last, as `latest_records` has it.
    query = """
        select r.pith_number, r.arxiv_id, r.arxiv_version, r.title
        from records r
        where r.pith_number in (
            select pith_number from aliases where alias_kind = 'arxiv' and alias_value = $id
        )
        order by
            r.arxiv_version desc,
            r.first_computed_at desc,
            r.updated_on desc nulls last,
            r.pith_number desc
    """
    rows = fetch(connection, query, {"id": arxiv_id.value})
    found = tuple(Found(*row) for row in rows)
    if version is not None or not found:
        return _one(ref, tuple(record for record in found if record.arxiv_version == version))
    return Resolved(found[0], found[1:])


def _one(ref: str, found: tuple[Found, ...]) -> Resolved:
    if not found:
        raise NotFoundError(f"no record of this lake is named {ref!r}")
    if len(found) > 1:
        listed = ", ".join(record.pith_number for record in found)
        raise AmbiguousError(f"{ref!r} stands for {len(found)} records: {listed}", found)
    return Resolved(found[0])
