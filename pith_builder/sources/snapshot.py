"""The bulk snapshot: arXiv's metadata as JSON lines, one paper a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

import jiter

from pith_builder.core.arxiv_id import ArxivId, parse_arxiv_ref
from pith_builder.core.canonical import canonical_json, parse_json
from pith_builder.core.paper import Paper
from pith_builder.errors import MalformedError
from pith_builder.sources.categories import categories_of
from pith_builder.sources.dates import arxiv_instant

_TEXTS = ("id", "title", "abstract", "authors", "categories")
_IN_ORDER = (*_TEXTS, "versions", "license")
_REQUIRED = frozenset(_IN_ORDER)
_OPTIONAL = ("submitter", "comments", "journal-ref", "doi", "report-no", "update_date")
_TEXTS_OR_NONE = ("license", *_OPTIONAL)
_TEXT = frozenset((str,))
_TEXT_OR_NONE = frozenset((str, type(None)))
_DERIVED = "authors_parsed"  # arXiv's own reading of `authors`: it says nothing more
_KNOWN = frozenset((*_IN_ORDER, *_OPTIONAL, _DERIVED))
_OF_A_VERSION = frozenset(("version", "created"))

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
    fields, is_usual = _fields(line)
    if not fields.keys() >= _REQUIRED:
        name = next(name for name in _IN_ORDER if name not in fields)
        raise RejectedLineError(Reason.MISSING_FIELD, f"there is no field {name!r}")
    said = fields.get
    if not _has_right_types(said):
        _refuse_wrong_types(fields)
    arxiv_id = _read(Reason.BAD_ID, _arxiv_id, fields["id"])
    version, submitted_at, version_submitted_at = _versions(fields["versions"])
    comments = said("comments")
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
            submitter=said("submitter"),
            comments=comments,
            journal_ref=said("journal-ref"),
            doi=said("doi"),
            report_no=said("report-no"),
            updated_on=_updated_on(said("update_date")),
            is_withdrawn=comments is not None and _is_withdrawn(comments),
            other_metadata=None if is_usual else _others(fields),
        )
    except RejectedLineError:
        raise
    except MalformedError as error:
        raise RejectedLineError(Reason.EMPTY_TEXT, str(error)) from error


def _fields(line: bytes) -> tuple[dict[str, Any], bool]:
    """Parse a line into its fields, refusing duplicate keys, which orjson does not.

    What the quick parser refuses is read again by the strict one, to say why; and so is what has
    fields that arXiv's snapshot has not, of which it is said that it is not usual.
    """
    try:
        fields = jiter.from_json(
            line, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys"
        )
    except ValueError:
        fields = _parse_strictly(line)
    if not isinstance(fields, dict):
        kind = type(fields).__name__
        raise RejectedLineError(Reason.NOT_AN_OBJECT, f"wanted an object, found a {kind}")
    is_usual = _has_usual_fields(fields)
    return fields if is_usual else _parse_strictly(line), is_usual


def _has_usual_fields(fields: dict[str, Any]) -> bool:
    """Tell whether a line has no field that arXiv's snapshot has not, and nor have its versions."""
    versions = fields.get("versions")
    return fields.keys() <= _KNOWN and (
        not isinstance(versions, list)
        or ({dict}.issuperset(map(type, versions)) and all(map(_OF_A_VERSION.issuperset, versions)))
    )


def _others(fields: dict[str, Any]) -> str | None:
    """Return the canonical JSON of what a line says that no attribute of a paper holds, if any."""
    others = {name: fields[name] for name in fields.keys() - _KNOWN}
    if not all(map(_OF_A_VERSION.issuperset, fields["versions"])):
        others["versions"] = fields["versions"]
    return canonical_json(others).decode() if others else None


def _is_withdrawn(comments: str) -> bool:
    return "withdrawn" in comments.lower() and bool(_WITHDRAWN.search(comments))


def _parse_strictly(line: bytes) -> Any:
    try:
        return parse_json(line)
    except MalformedError as error:
        is_twice = "stands twice" in str(error)
        reason = Reason.DUPLICATE_KEY if is_twice else Reason.NOT_JSON
        raise RejectedLineError(reason, str(error)) from error


def _has_right_types(said: Callable[[str], Any]) -> bool:
    return _TEXT.issuperset(map(type, map(said, _TEXTS))) and _TEXT_OR_NONE.issuperset(
        map(type, map(said, _TEXTS_OR_NONE))
    )


def _refuse_wrong_types(fields: dict[str, Any]) -> None:
    for name in _TEXTS:
        if not isinstance(fields[name], str):
            raise _wrong_type(name, fields[name], "a string")
    for name in _TEXTS_OR_NONE:
        if not isinstance(fields.get(name), str | None):
            raise _wrong_type(name, fields[name], "a string or null")


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
        number = _version_number(name)
        if number is None or number in submissions:
            message = f"versions names {name[:40]!r}, wanted v1, v2 … each once"
            raise RejectedLineError(Reason.BAD_VERSION, message)
        submissions[number] = _read(Reason.BAD_DATE, arxiv_instant, created)
    if 1 not in submissions:
        raise RejectedLineError(Reason.BAD_VERSION, "versions does not name v1")
    latest = max(submissions)
    return latest, submissions[1], submissions[latest]


@lru_cache(maxsize=1 << 10)
def _version_number(name: str) -> int | None:
    number = name.removeprefix("v")
    is_number = number.isascii() and number.isdigit() and not number.startswith("0")
    return int(number) if is_number and len(number) <= 5 else None


@lru_cache(maxsize=1 << 14)
def _updated_on(text: str | None) -> date | None:
    if text is None:
        return None
    if not _DAY.fullmatch(text):
        raise RejectedLineError(Reason.BAD_DATE, f"not a day: {text[:60]!r} (wanted: 2007-04-02)")
    return _read(Reason.BAD_DATE, date.fromisoformat, text)


def _arxiv_id(text: str) -> ArxivId:
    try:
        return ArxivId(text)  # as nearly all are written
    except MalformedError:
        return _parsed_arxiv_id(text)


def _parsed_arxiv_id(text: str) -> ArxivId:
    arxiv_id, version = parse_arxiv_ref(text)
    if version is not None:
        raise MalformedError(f"the identifier {text[:60]!r} names a version; versions do that")
    return arxiv_id
