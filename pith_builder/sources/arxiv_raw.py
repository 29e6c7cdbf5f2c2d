"""`arXivRaw`, arXiv's own words in OAI-PMH: one record gives one paper, or a reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from lxml import etree

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.canonical import JsonValue, canonical_json
from pith_builder.core.paper import Paper
from pith_builder.errors import MalformedError
from pith_builder.sources.categories import categories_of
from pith_builder.sources.dates import arxiv_instant
from pith_builder.sources.oai_page import OAI, Record
from pith_builder.sources.strict_xml import elements, leaf_text, local_name, parse_xml, serialised

RAW = "{http://arxiv.org/OAI/arXivRaw/}"
IDENTIFIER_PREFIX = "oai:arXiv.org:"

_REQUIRED = ("id", "title", "authors", "categories", "abstract")
_OPTIONAL = (
    "submitter",
    "comments",
    "journal-ref",
    "doi",
    "report-no",
    "msc-class",
    "acm-class",
    "license",
)
_KNOWN = frozenset((*_REQUIRED, *_OPTIONAL))
_OF_A_VERSION = frozenset(("date", "size", "source_type"))
_VERSION = re.compile(r"v([1-9]\d{0,4})", re.ASCII)
_T = TypeVar("_T")


class Reason(StrEnum):
    """Why a record makes no paper: the closed list."""

    NO_METADATA = "no_metadata"
    NOT_RAW = "not_raw"
    MISSING_FIELD = "missing_field"
    REPEATED_FIELD = "repeated_field"
    WRONG_TYPE = "wrong_type"
    BAD_HEADER = "bad_header"
    BAD_ID = "bad_id"
    BAD_CATEGORY = "bad_category"
    BAD_VERSION = "bad_version"
    BAD_DATE = "bad_date"
    EMPTY_TEXT = "empty_text"


class RejectedRecordError(MalformedError):
    """A record that makes no paper."""

    def __init__(self, reason: Reason, message: str) -> None:
        """Say why, from the closed list and in words."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of a paper, as far as anything depends on it."""

    submitted_at: datetime
    is_withdrawn: bool


@dataclass(slots=True)
class _Fields:
    """What a record's metadata holds, sorted by kind."""

    texts: dict[str, str] = field(default_factory=dict)
    versions: dict[int, _Version] = field(default_factory=dict)
    others: dict[str, JsonValue] = field(default_factory=dict)


def read_paper(record: Record) -> Paper:
    """Read a record's `arXivRaw`; its text is kept as it stands.

    The paper's `updated_on` is the header's datestamp, which is what the bulk snapshot calls
    `update_date`. A paper is withdrawn when its latest version's source type contains `I` or its
    size is `0kb`. Elements that are not known here are kept in `other_metadata`.

    Raises:
        RejectedRecordError: The record makes no paper.
    """
    if record.header.datestamp is None:
        raise RejectedRecordError(Reason.BAD_HEADER, "the header has no readable datestamp")
    found = _fields(_metadata(record.xml))
    texts = found.texts
    for name in _REQUIRED:
        if name not in texts:
            raise RejectedRecordError(Reason.MISSING_FIELD, f"there is no <{name}>")
    if not found.versions or 1 not in found.versions:
        raise RejectedRecordError(Reason.BAD_VERSION, "there is no version v1")
    latest = max(found.versions)
    try:
        return Paper(
            arxiv_id=_arxiv_id(texts["id"], record.header.identifier),
            version=latest,
            submitted_at=found.versions[1].submitted_at,
            version_submitted_at=found.versions[latest].submitted_at,
            title=texts["title"],
            abstract=texts["abstract"],
            authors=texts["authors"],
            categories=_read(Reason.BAD_CATEGORY, categories_of, texts["categories"]),
            license=texts.get("license", ""),
            submitter=texts.get("submitter"),
            comments=texts.get("comments"),
            journal_ref=texts.get("journal-ref"),
            doi=texts.get("doi"),
            report_no=texts.get("report-no"),
            msc_class=texts.get("msc-class"),
            acm_class=texts.get("acm-class"),
            updated_on=record.header.datestamp,
            is_withdrawn=found.versions[latest].is_withdrawn,
            other_metadata=canonical_json(found.others).decode() if found.others else None,
        )
    except RejectedRecordError:
        raise
    except MalformedError as error:
        raise RejectedRecordError(Reason.EMPTY_TEXT, str(error)) from error


def _metadata(xml: bytes) -> etree._Element:
    """Return the `arXivRaw` element; no other form of arXiv's text is raw (FORMAT.md 2)."""
    root = _read(Reason.WRONG_TYPE, parse_xml, xml)
    found = [child for part in root.iterfind(f"{OAI}metadata") for child in elements(part)]
    if not found:
        raise RejectedRecordError(Reason.NO_METADATA, "the record has no metadata")
    if len(found) > 1 or found[0].tag != f"{RAW}arXivRaw":
        names = ", ".join(f"<{local_name(child)}>" for child in found)
        raise RejectedRecordError(Reason.NOT_RAW, f"the metadata is {names}, wanted <arXivRaw>")
    return found[0]


def _fields(metadata: etree._Element) -> _Fields:
    found = _Fields()
    for child in elements(metadata):
        name = child.tag.removeprefix(RAW)
        if name == "version":
            _add_version(found, child)
        elif name in _KNOWN:
            if name in found.texts:
                raise RejectedRecordError(Reason.REPEATED_FIELD, f"<{name}> stands twice")
            found.texts[name] = _read(Reason.WRONG_TYPE, leaf_text, child)
        else:
            _add_other(found, name, child)
    return found


def _add_version(found: _Fields, element: etree._Element) -> None:
    name = element.get("version", "")
    match = _VERSION.fullmatch(name)
    if match is None or int(match[1]) in found.versions:
        message = f"a version is named {name[:40]!r}, wanted v1, v2 … each once"
        raise RejectedRecordError(Reason.BAD_VERSION, message)
    parts: dict[str, str] = {}
    for child in elements(element):
        part = child.tag.removeprefix(RAW)
        if part not in _OF_A_VERSION:
            _add_other(found, f"{name}/{part}", child)
        elif part in parts:
            raise RejectedRecordError(Reason.REPEATED_FIELD, f"<{part}> of {name} stands twice")
        else:
            parts[part] = _read(Reason.WRONG_TYPE, leaf_text, child)
    if "date" not in parts:
        raise RejectedRecordError(Reason.MISSING_FIELD, f"{name} has no date")
    found.versions[int(match[1])] = _Version(
        submitted_at=_read(Reason.BAD_DATE, arxiv_instant, parts["date"].strip()),
        is_withdrawn="I" in parts.get("source_type", "") or parts.get("size", "").strip() == "0kb",
    )


def _add_other(found: _Fields, name: str, element: etree._Element) -> None:
    """Keep what is not known: its text, or its XML where it holds more; repeated ones in a list."""
    value = serialised(element).decode() if len(element) else element.text or ""
    if name not in found.others:
        found.others[name] = value
    elif isinstance(found.others[name], list):
        found.others[name].append(value)
    else:
        found.others[name] = [found.others[name], value]


def _arxiv_id(text: str, identifier: str) -> ArxivId:
    arxiv_id = _read(Reason.BAD_ID, ArxivId.parse, text)
    if identifier != f"{IDENTIFIER_PREFIX}{text.strip()}":
        message = f"the header names {identifier[:80]!r}, the metadata {text[:40]!r}"
        raise RejectedRecordError(Reason.BAD_HEADER, message)
    return arxiv_id


def _read(reason: Reason, parse: Callable[..., _T], source: object) -> _T:
    try:
        return parse(source)
    except MalformedError as error:
        raise RejectedRecordError(reason, str(error)) from error
