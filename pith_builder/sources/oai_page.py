"""Pages of OAI-PMH, read strictly: a page counts when it is whole and holds one thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lxml import etree

from pith_builder.core.instants import parse_seconds
from pith_builder.errors import MalformedError, SourceUnavailableError
from pith_builder.sources.strict_xml import elements, leaf_text, local_name, parse_xml, serialised

OAI = "{http://www.openarchives.org/OAI/2.0/}"


class BrokenPageError(SourceUnavailableError):
    """A page that is not whole, or no such page at all; asking again may help."""


class Verb(StrEnum):
    """What a repository can be asked."""

    IDENTIFY = "Identify"
    LIST_SETS = "ListSets"
    LIST_METADATA_FORMATS = "ListMetadataFormats"
    LIST_IDENTIFIERS = "ListIdentifiers"
    LIST_RECORDS = "ListRecords"
    GET_RECORD = "GetRecord"


_ITEM = {
    Verb.LIST_SETS: "set",
    Verb.LIST_METADATA_FORMATS: "metadataFormat",
    Verb.LIST_IDENTIFIERS: "header",
    Verb.LIST_RECORDS: "record",
    Verb.GET_RECORD: "record",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OaiError:
    """What a repository says instead of an answer, with HTTP 200.

    Attributes:
        code: `noRecordsMatch`, `badResumptionToken`, `idDoesNotExist`, `badArgument` and others.
        message: Its words.
    """

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a repository says of a record before its metadata.

    Attributes:
        identifier: As it stands, `oai:arXiv.org:0704.0001`; "" where it cannot be read.
        datestamp: The day of the last change, or None where it cannot be read.
        set_specs: The sets it is in.
        is_deleted: Whether its status says so; arXiv declares the status and never sends it.
    """

    identifier: str
    datestamp: date | None
    set_specs: tuple[str, ...] = ()
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record: its header, and its whole XML, which can be kept and read again.

    Attributes:
        header: The header.
        xml: The `<record>` in UTF-8, its text as it came.
    """

    header: Header
    xml: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One whole answer: of a verb, or one error.

    Attributes:
        response_at: When the repository answered, by its clock.
        verb: What was answered; None for an error.
        error: The error, or None.
        headers: Those of ListIdentifiers, ListRecords and GetRecord.
        records: Those of ListRecords and GetRecord.
        set_specs: Those of ListSets.
        earliest_on: The first datestamp there can be, of Identify.
        token: The resumption token: None where there is none, "" where it marks the last page.
    """

    response_at: datetime
    verb: Verb | None = None
    error: OaiError | None = None
    headers: tuple[Header, ...] = ()
    records: tuple[Record, ...] = ()
    set_specs: tuple[str, ...] = ()
    earliest_on: date | None = None
    token: str | None = None


def read_page(answer: bytes) -> Page:
    """Read one answer of a repository.

    1. It parses to its closing tag as XML without a document type: it is not cut, not HTML.
    2. Its root is `OAI-PMH` with one readable `responseDate`: it is what was asked for.
    3. Beside `request` it holds one element, a verb's or an error: it says one thing.
    4. A list holds items, nothing else but one token at its end: it is not a list gone empty.

    A record that cannot be read does not spoil its page: see `arxiv_raw.read_paper`.

    Raises:
        BrokenPageError: The answer is no such page.
    """
    try:
        return _page(parse_xml(answer))
    except MalformedError as error:
        raise BrokenPageError(f"not a whole OAI-PMH page: {error}") from error


def _page(root: etree._Element) -> Page:
    if root.tag != f"{OAI}OAI-PMH":
        raise MalformedError(f"the root is <{local_name(root)}>, wanted <OAI-PMH>")
    dates = root.findall(f"{OAI}responseDate")
    said = [child for child in elements(root) if child.tag != f"{OAI}request"]
    bodies = [child for child in said if child.tag != f"{OAI}responseDate"]
    if len(dates) != 1 or len(bodies) != 1:
        names = ", ".join(f"<{local_name(child)}>" for child in bodies) or "nothing"
        raise MalformedError(f"wanted one responseDate and one verb or error, found {names}")
    response_at = parse_seconds(leaf_text(dates[0]).strip())
    body = bodies[0]
    if body.tag == f"{OAI}error":
        error = OaiError(code=body.get("code", ""), message=leaf_text(body).strip())
        return Page(response_at=response_at, error=error)
    try:
        verb = Verb(body.tag.removeprefix(OAI))
    except ValueError as error:
        raise MalformedError(f"<{local_name(body)}> is no verb of OAI-PMH") from error
    if verb is Verb.IDENTIFY:
        earliest = _day(body.findtext(f"{OAI}earliestDatestamp", ""))
        return Page(response_at=response_at, verb=verb, earliest_on=earliest)
    return _list_page(response_at, verb, body)


def _list_page(response_at: datetime, verb: Verb, body: etree._Element) -> Page:
    items = elements(body)
    token = None
    if items and items[-1].tag == f"{OAI}resumptionToken":
        token = leaf_text(items.pop()).strip()
    stray = [item for item in items if item.tag != OAI + _ITEM[verb]]
    if stray:
        raise MalformedError(f"{verb} holds <{local_name(stray[0])}>")
    if not items or (verb is Verb.GET_RECORD and len(items) > 1):
        raise MalformedError(f"{verb} holds {len(items)} items")
    records: tuple[Record, ...] = ()
    headers: tuple[Header, ...] = ()
    if verb is Verb.LIST_IDENTIFIERS:
        headers = tuple(_header(item) for item in items)
    elif verb in (Verb.LIST_RECORDS, Verb.GET_RECORD):
        records = tuple(_record(item) for item in items)
        headers = tuple(record.header for record in records)
    return Page(
        response_at=response_at,
        verb=verb,
        headers=headers,
        records=records,
        set_specs=tuple(item.findtext(f"{OAI}setSpec", "").strip() for item in items)
        if verb is Verb.LIST_SETS
        else (),
        token=token,
    )


def _record(item: etree._Element) -> Record:
    header = item.find(f"{OAI}header")
    nothing = Header(identifier="", datestamp=None)
    return Record(header=nothing if header is None else _header(header), xml=serialised(item))


def _header(header: etree._Element) -> Header:
    return Header(
        identifier=(header.findtext(f"{OAI}identifier") or "").strip(),
        datestamp=_day(header.findtext(f"{OAI}datestamp", "")),
        set_specs=tuple((found.text or "").strip() for found in header.iterfind(f"{OAI}setSpec")),
        is_deleted=header.get("status") == "deleted",
    )


def _day(text: str | None) -> date | None:
    """Read a day, also where a repository writes an instant (arXiv writes days)."""
    try:
        return date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None
