"""Reading what others offer of records: bundles, events, records, lists and JSON lines of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import orjson

from pith_builder.core.canonical import JsonValue, canonical_json, parse_json
from pith_builder.core.event_checks import Reason
from pith_builder.core.forms import NUMBER
from pith_builder.core.report import Code, shown
from pith_builder.errors import MalformedError, UsageError
from pith_builder.operations.verify_files import MAX_DOCUMENT_BYTES
from pith_builder.sources.lines import READ_BYTES, PlacedBlock, Stamp, line_ends, unpacked

STRETCH_BYTES = 16 << 20
"""Of a larger file of JSON lines, one process reads so much while others read the rest."""


class OfferKind(StrEnum):
    """What a document is that says something of a record."""

    BUNDLE = "bundle"
    EVENT = "event"
    RECORD = "record"
    STATE = "state"
    METADATA = "metadata"


class Offer(NamedTuple):
    """A document that says something of one record, not yet judged.

    Attributes:
        number: The Pith Number it claims.
        kind: What it is.
        source: The file it stands in, `-` being standard input.
        line: The line of it, from 1, or 0 where the file is one document.
        document: Its bytes.
        start: Where in the file they begin, which stays while it is read, or None: elsewhere.
    """

    number: str
    kind: OfferKind
    source: str
    line: int
    document: bytes
    start: int | None = None


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


MALFORMED = str(Reason.MALFORMED)
NO_SIGNATURE = "no_signature"
NO_RECORD_CREATED = "no_record_created"
METADATA_MISMATCH = "metadata_mismatch"
DOES_NOT_HOLD = "does_not_hold"

_is_number = NUMBER.quick()

_QUICKLY_TOLD = re.compile(rb'\{"built_at":"[^"\\]*","bundle_signature":\{')
_NAMING = b'"pith_number":"'
_NUMBER_BYTES = len("pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST")

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
            with reading(source):
                for line, text in _texts(unpacked(source, standard_input)):
                    yield from offers_in(name, line, text)
        except _TooLargeError:
            yield _too_large(source)


def read_in_stretches(
    sources: Iterable[Path], standard_input: BinaryIO
) -> Iterator[Offer | PlacedBlock | Refused]:
    """Read as `read_offers` does, but leave large plain files of JSON lines to several processes.

    What `offers_of` their stretches, one after the other, is what `read_offers` would yield.

    Raises:
        UsageError: A file cannot be read.
        SourceError: A packed file is truncated or damaged.
    """
    for source in sources:
        if is_shared(source):
            yield from _stretches(source)
        else:
            yield from read_offers([source], standard_input)


def is_shared(source: Path) -> bool:
    """Tell whether a file is plain, large, and of JSON lines, as its first piece shows."""
    with reading(source):
        if str(source) == "-" or not source.is_file() or source.stat().st_size <= STRETCH_BYTES:
            return False
        with source.open("rb") as file:
            return bool(_is_lines(file.read(READ_BYTES)))


def _stretches(source: Path) -> Iterator[PlacedBlock | Refused]:
    line, start, lines, end, position = 1, 0, 0, 0, 0
    with reading(source), source.open("rb") as file:
        stamp = Stamp.of(source)
        while piece := file.read(READ_BYTES):
            if found := line_ends(piece):
                lines += found
                end = position + piece.rindex(b"\n") + 1
            position += len(piece)
            if position - end > MAX_DOCUMENT_BYTES:
                yield PlacedBlock(str(source), line, source, start, end - start, stamp)
                yield _too_large(source)
                return
            if end - start >= STRETCH_BYTES:
                yield PlacedBlock(str(source), line, source, start, end - start, stamp)
                line, start, lines = line + lines, end, 0
    yield PlacedBlock(str(source), line, source, start, position - start, stamp)


def offers_of(block: PlacedBlock) -> Iterator[Offer | Refused]:
    """Read lines where they stand; what is offered as it stands says where it begins.

    Raises:
        SourceError: Their file cannot be read any longer, or changed.
    """
    start = block.start
    for line, text in enumerate(BytesIO(block.data), block.first_line):
        if not text.isspace():
            yield from offers_in(block.source_name, line, text.removesuffix(b"\n"), start)
        start += len(text)


@contextmanager
def reading(source: Path) -> Iterator[None]:
    """Tell in our own words that a file cannot be read.

    Raises:
        UsageError: So it is.
    """
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error


def _too_large(source: Path) -> Refused:
    message = (
        f"a document of more than {MAX_DOCUMENT_BYTES >> 20} MiB; nothing from there on was read"
    )
    return Refused(source=str(source), line=0, reason=str(Code.TOO_LARGE), message=message)


class _TooLargeError(Exception):
    """A document is too large to be held in memory."""


def _texts(pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Cut a file into its JSON texts, each with its line.

    It is JSON lines if its first line is a JSON text by itself, and one text otherwise.
    """
    rest, line, is_lines = b"", 0, None
    for piece in pieces:
        rest += piece
        is_lines = _is_lines(rest) if is_lines is None else is_lines
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


def _is_lines(beginning: bytes) -> bool | None:
    """Tell a file of JSON lines by its first line; None where that has no end yet."""
    first, end, _ = beginning.lstrip().partition(b"\n")
    if not end:
        return None
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return False
    return True


def offers_in(
    source: str, line: int, text: bytes, start: int | None = None
) -> Iterator[Offer | Refused]:
    """Yield what one JSON text offers; what stands in an array counts by itself.

    It is only looked at, to tell what it is and of which record: whoever takes the offer reads it
    strictly.
    """
    number = _quickly_named(text)
    if number is not None:
        kind = OfferKind.BUNDLE
        yield Offer(number=number, kind=kind, source=source, line=line, document=text, start=start)
        return
    try:
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
    yield _offer(source, line, value, text, start)


def _quickly_named(text: bytes) -> str | None:
    """Return the record that a bundle names if it is written as bundles are; None says nothing.

    One that is JSON after all, and of another record, says so in a way that no bundle does.
    """
    if _QUICKLY_TOLD.match(text) is None:
        return None
    # Its state names it last, and its public keys follow where it does so itself.
    start = text.rfind(_NAMING) + len(_NAMING)
    named = text[start : start + _NUMBER_BYTES]
    if b'%b%b","public_keys":[' % (_NAMING, named) not in text:
        return None
    number = named.decode(errors="replace")
    return number if _is_number(number) else None


def _offer(
    source: str, line: int, value: JsonValue, text: bytes, start: int | None
) -> Offer | Refused:
    for kind, told_by, named_by in _KINDS:
        if isinstance(value, dict) and any(name in value for name in told_by):
            number = value.get(named_by)
            if isinstance(number, str) and _is_number(number):
                return Offer(
                    number=number, kind=kind, source=source, line=line, document=text, start=start
                )
            message = f"{named_by} is {shown(number)}, wanted a Pith Number"
            return Refused(source=source, line=line, reason=MALFORMED, message=message)
    message = f"found {shown(value)}, wanted a bundle, an event or a record document"
    return Refused(source=source, line=line, reason=str(Code.UNKNOWN_KIND), message=message)
