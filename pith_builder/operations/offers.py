"""Reading what others offer of records: bundles, events, records, lists and JSON lines of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import orjson

from pith_builder.core.canonical import JsonValue, canonical_json, parse_json
from pith_builder.core.forms import NUMBER
from pith_builder.core.report import Code, shown
from pith_builder.errors import MalformedError, UsageError
from pith_builder.operations.verify_files import MAX_DOCUMENT_BYTES
from pith_builder.sources.lines import unpacked


class OfferKind(StrEnum):
    """What a document is that says something of a record."""

    BUNDLE = "bundle"
    EVENT = "event"
    RECORD = "record"
    STATE = "state"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A document that says something of one record, not yet judged.

    Attributes:
        number: The Pith Number it claims.
        kind: What it is.
        source: The file it stands in, `-` being standard input.
        line: The line of it, from 1, or 0 where the file is one document.
        document: Its bytes.
    """

    number: str
    kind: OfferKind
    source: str
    line: int
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something offered that was not taken, and why.

    Attributes:
        source: The file it stands in.
        line: The line of it, from 1, or 0.
        number: The Pith Number it claims, or "".
        event_id: The event it is, or "".
        reason: Why, from a closed list: those of invalid events (FORMAT.md 9), `not_json`,
            `too_large`, `unknown_kind`, `no_signature`, `no_record_created`, `does_not_hold` and
            `metadata_mismatch`.
        message: Why, in words.
    """

    source: str
    line: int
    reason: str
    message: str
    number: str = ""
    event_id: str = ""

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return it for machines."""
        return {
            "event_id": self.event_id,
            "line": self.line,
            "message": self.message,
            "number": self.number,
            "reason": self.reason,
            "source": self.source,
        }


NO_SIGNATURE = "no_signature"
NO_RECORD_CREATED = "no_record_created"
METADATA_MISMATCH = "metadata_mismatch"
DOES_NOT_HOLD = "does_not_hold"

_KINDS = (
    (OfferKind.BUNDLE, ("bundle_type", "bundle_signature"), "pith_number"),
    (OfferKind.STATE, ("state_type", "state_sha256"), "pith_number"),
    (OfferKind.RECORD, ("record_type", "agent_actions"), "pith_number"),
    (OfferKind.EVENT, ("event_type", "event_id"), "subject_pith_number"),
)
"""By which fields a document is told, and where it names its record."""


def read_offers(sources: Iterable[Path], standard_input: BinaryIO) -> Iterator[Offer | Refused]:
    """Read every document of some files, plain or packed with gzip or zstd.

    A file is one JSON text, or JSON lines; what stands in an array counts by itself.

    Raises:
        UsageError: A file cannot be read.
        SourceError: A packed file is truncated or damaged.
    """
    for source in sources:
        name = str(source)
        try:
            for line, text in _texts(unpacked(source, standard_input)):
                yield from offers_in(name, line, text)
        except OSError as error:
            raise UsageError(f"cannot read {source}: {error.strerror}") from error
        except _TooLargeError:
            message = f"a document of more than {MAX_DOCUMENT_BYTES >> 20} MiB"
            yield Refused(source=name, line=0, reason=str(Code.TOO_LARGE), message=message)


class _TooLargeError(Exception):
    """A document is too large to be held in memory."""


def _texts(pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Cut a file into its JSON texts, each with its line.

    It is JSON lines if its first line is a JSON text by itself, and one text otherwise.
    """
    rest, line, is_lines = b"", 0, None
    for piece in pieces:
        rest += piece
        if is_lines is None and b"\n" in rest.lstrip():
            is_lines = _is_json(rest.lstrip().split(b"\n", 1)[0])
        if is_lines:
            *whole, rest = rest.split(b"\n")
            for text in whole:
                line += 1
                if text.strip():
                    yield line, text
        if len(rest) > MAX_DOCUMENT_BYTES:
            raise _TooLargeError
    if rest.strip():
        yield (line + 1 if is_lines else 0), rest


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def offers_in(source: str, line: int, text: bytes) -> Iterator[Offer | Refused]:
    """Yield what one JSON text offers; what stands in an array counts by itself."""
    try:
        # Only looked at: whoever takes the offer reads it strictly.
        value = orjson.loads(text)
        if not isinstance(value, dict):
            value = parse_json(text)
    except (orjson.JSONDecodeError, MalformedError):
        try:
            value = parse_json(text)
        except MalformedError as error:
            yield Refused(source=source, line=line, reason=str(Code.NOT_JSON), message=str(error))
            return
    if isinstance(value, list):
        for item in value:
            yield from offers_in(source, line, canonical_json(item))
        return
    yield _offer(source, line, value, text)


def _offer(source: str, line: int, value: JsonValue, text: bytes) -> Offer | Refused:
    for kind, told_by, named_by in _KINDS:
        if isinstance(value, dict) and any(field in value for field in told_by):
            number = value.get(named_by)
            if isinstance(number, str) and next(NUMBER.failures(number, ""), None) is None:
                return Offer(number=number, kind=kind, source=source, line=line, document=text)
            message = f"{named_by} is {shown(number)}, wanted a Pith Number"
            return Refused(source=source, line=line, reason="malformed", message=message)
    message = f"found {shown(value)}, wanted a bundle, an event or a record document"
    return Refused(source=source, line=line, reason=str(Code.UNKNOWN_KIND), message=message)
