"""Instants in the three forms that Pith documents write them in, all UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pith_builder.errors import MalformedError

SECONDS_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
MICROSECONDS_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", re.ASCII)
OFFSET_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}\+00:00", re.ASCII)


def checked_instant(instant: datetime) -> datetime:
    """Return `instant`, once it is shown to be an instant of UTC.

    Raises:
        MalformedError: It names no time zone, or another than UTC.
    """
    if instant.tzinfo is not UTC and instant.utcoffset() != timedelta(0):
        raise MalformedError(f"{instant.isoformat()} is not in UTC")
    return instant


def format_seconds(instant: datetime) -> str:
    """Write an instant as `2018-04-04T12:13:41Z`, the form of canonical records and events."""
    return instant.isoformat()[:19] + "Z"


def format_microseconds(instant: datetime) -> str:
    """Write an instant as `2026-05-18T00:01:09.598220Z`, the form T6 of receipts (FORMAT.md 6)."""
    return instant.isoformat(timespec="microseconds")[:26] + "Z"


def format_offset(instant: datetime) -> str:
    """Write an instant as `2026-05-18T00:03:11.242950+00:00`, as record documents do."""
    return instant.isoformat(timespec="microseconds")[:26] + "+00:00"


def parse_seconds(text: str) -> datetime:
    """Undo `format_seconds`.

    Raises:
        MalformedError: The text is not in that form, or names no such day or time.
    """
    return _parse(text, SECONDS_PATTERN, "YYYY-MM-DDTHH:MM:SSZ")


def parse_microseconds(text: str) -> datetime:
    """Undo `format_microseconds`.

    Raises:
        MalformedError: The text is not in that form, or names no such day or time.
    """
    return _parse(text, MICROSECONDS_PATTERN, "YYYY-MM-DDTHH:MM:SS.ffffffZ")


def parse_offset(text: str) -> datetime:
    """Undo `format_offset`.

    Raises:
        MalformedError: The text is not in that form, or names no such day or time.
    """
    return _parse(text, OFFSET_PATTERN, "YYYY-MM-DDTHH:MM:SS.ffffff+00:00")


def _parse(text: str, form: re.Pattern[str], wanted: str) -> datetime:
    if not form.fullmatch(text):
        raise MalformedError(f"not an instant in the form {wanted}: {text[:60]!r}")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedError(f"no such instant: {text!r} ({error})") from error
