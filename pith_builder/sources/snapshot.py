"""The bulk snapshot: arXiv's metadata as JSON lines, one paper a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

import orjson

from pith_builder.core.arxiv_id import ArxivId, parse_arxiv_ref
from pith_builder.core.canonical import canonical_json, parse_json
from pith_builder.core.paper import Paper
from pith_builder.errors import MalformedError
from pith_builder.sources.categories import categories_of
from pith_builder.sources.dates import arxiv_instant

_REQUIRED = ("id", "title", "abstract", "authors", "categories", "versions", "license")
_OPTIONAL = ("submitter", "comments", "journal-ref", "doi", "report-no", "update_date")
_DERIVED = "authors_parsed"  # arXiv's own reading of `authors`: it says nothing more
_KNOWN = frozenset((*_REQUIRED, *_OPTIONAL, _DERIVED))
_OF_A_VERSION = frozenset(("version", "created"))

_KEY = re.compile(rb'(?<!\\)"\s*:')  # the end of a key: within a string a quote is escaped
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

_WITHDRAWN = re.compile(r"\bwithdrawn\b", re.IGNORECASE)


_T = TypeVar("_T")


class Reason(StrEnum):
    """Why a line makes no paper: the closed list."""

    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    BAD_ID = "bad_id"
    BAD_CATEGORY = "bad_category"
    BAD_VERSION = "bad_version"
    BAD_DATE = "bad_date"
    EMPTY_TEXT = "empty_text"


class RejectedLineError(MalformedError):
    """A line that makes no paper."""

    def __init__(self, reason: Reason, message: str) -> None:
        """Say why, from the closed list and in words."""
        super().__init__(message)
        self.reason = reason


def read_line(line: bytes) -> Paper:
    """Read one line of the snapshot; its text is kept as it stands.

    Ruling: the snapshot does not say which papers are withdrawn; one whose comments have the
    word "withdrawn" is.

    Raises:
        RejectedLineError: The line makes no paper.
    """
    fields = _fields(line)
    for name in _REQUIRED:
        if name not in fields:
            raise RejectedLineError(Reason.MISSING_FIELD, f"there is no field {name!r}")
    for name in ("id", "title", "abstract", "authors", "categories"):
        if not isinstance(fields[name], str):
            raise _wrong_type(name, fields[name], "a string")
    for name in ("license", *_OPTIONAL):
        if not isinstance(fields.get(name), str | None):
            raise _wrong_type(name, fields[name], "a string or null")
    arxiv_id = _read(Reason.BAD_ID, _arxiv_id, fields["id"])
    version, submitted_at, version_submitted_at = _versions(fields["versions"])
    comments = fields.get("comments")
    others = {name: fields[name] for name in fields.keys() - _KNOWN}
    if any(entry.keys() - _OF_A_VERSION for entry in fields["versions"]):
        others["versions"] = fields["versions"]
    try:
        return Paper(
            arxiv_id=arxiv_id,
            version=version,
            submitted_at=submitted_at,
            version_submitted_at=version_submitted_at,
            title=fields["title"],
            abstract=fields["abstract"],
            authors=fields["authors"],
            categories=_read(Reason.BAD_CATEGORY, categories_of, fields["categories"]),
            license=fields["license"] or "",
            submitter=fields.get("submitter"),
            comments=comments,
            journal_ref=fields.get("journal-ref"),
            doi=fields.get("doi"),
            report_no=fields.get("report-no"),
            updated_on=_updated_on(fields.get("update_date")),
            is_withdrawn=bool(comments and _WITHDRAWN.search(comments)),
            other_metadata=(canonical_json(others).decode() if others else None),
        )
    except RejectedLineError:
        raise
    except MalformedError as error:
        raise RejectedLineError(Reason.EMPTY_TEXT, str(error)) from error


def _fields(line: bytes) -> dict[str, Any]:
    """Parse a line into its fields, refusing duplicate keys.

    orjson keeps the last of two equal keys without a word. Where all keys are those of arXiv,
    none of which ends in a backslash, their number in the text tells; any other line is parsed
    again, strictly.
    """
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RejectedLineError(Reason.NOT_JSON, f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        kind = type(fields).__name__
        raise RejectedLineError(Reason.NOT_AN_OBJECT, f"wanted an object, found a {kind}")
    versions = fields.get("versions")
    entries = versions if isinstance(versions, list) else []
    keys = len(fields) + sum(len(entry) for entry in entries if isinstance(entry, dict))
    is_usual = fields.keys() <= _KNOWN and all(
        isinstance(entry, dict) and entry.keys() <= _OF_A_VERSION for entry in entries
    )
    if not is_usual or len(_KEY.findall(line)) != keys:
        try:
            parse_json(line)
        except MalformedError as error:
            is_twice = "stands twice" in str(error)
            reason = Reason.DUPLICATE_KEY if is_twice else Reason.NOT_JSON
            raise RejectedLineError(reason, str(error)) from error
    return fields


def _wrong_type(name: str, value: Any, wanted: str) -> RejectedLineError:
    message = f"{name} is of type {type(value).__name__}, wanted {wanted}"
    return RejectedLineError(Reason.WRONG_TYPE, message)


def _read(reason: Reason, parse: Callable[[str], _T], text: str) -> _T:
    try:
        return parse(text)
    except (MalformedError, ValueError) as error:
        raise RejectedLineError(reason, str(error)) from error


def _versions(versions: Any) -> tuple[int, datetime, datetime]:
    """Return the latest version's number, version 1's submission and the latest one's."""
    if not isinstance(versions, list):
        raise _wrong_type("versions", versions, "a list")
    submissions: dict[int, datetime] = {}
    for entry in versions:
        if not isinstance(entry, dict):
            raise _wrong_type("an entry of versions", entry, "an object")
        name, created = entry.get("version"), entry.get("created")
        if not isinstance(name, str) or not isinstance(created, str):
            message = "an entry of versions has no version or no created"
            raise RejectedLineError(Reason.MISSING_FIELD, message)
        number = name.removeprefix("v")
        is_number = number.isascii() and number.isdigit() and not number.startswith("0")
        if not is_number or len(number) > 5 or int(number) in submissions:
            message = f"versions names {name[:40]!r}, wanted v1, v2 … each once"
            raise RejectedLineError(Reason.BAD_VERSION, message)
        submissions[int(number)] = _read(Reason.BAD_DATE, arxiv_instant, created)
    if 1 not in submissions:
        raise RejectedLineError(Reason.BAD_VERSION, "versions does not name v1")
    latest = max(submissions)
    return latest, submissions[1], submissions[latest]


def _updated_on(text: str | None) -> date | None:
    if text is None:
        return None
    if not _DAY.fullmatch(text):
        raise RejectedLineError(Reason.BAD_DATE, f"not a day: {text[:60]!r} (wanted: 2007-04-02)")
    return _read(Reason.BAD_DATE, date.fromisoformat, text)


def _arxiv_id(text: str) -> ArxivId:
    arxiv_id, version = parse_arxiv_ref(text)
    if version is not None:
        raise MalformedError(f"the identifier {text[:60]!r} names a version; versions do that")
    return arxiv_id
