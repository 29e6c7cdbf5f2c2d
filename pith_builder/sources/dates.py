"""Dates as arXiv writes them: `Mon, 2 Apr 2007 19:18:42 GMT`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from pith_builder.errors import MalformedError

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_DAY = re.compile(
    rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}}) ",
    re.ASCII,
)
_MINUTE = re.compile(r"(\d{2}):(\d{2}):", re.ASCII)
_SECOND = re.compile(r"(\d{2}) (?:GMT|UTC)", re.ASCII)


def arxiv_instant(text: str) -> datetime:
    """Read an instant as arXiv writes it; the day of the week is not checked against the day.

    Days, minutes and seconds come again and again, so that each is read once and remembered.

    Raises:
        MalformedError: The text is not in that form, or names no such day or time.

    >>> arxiv_instant("Mon, 2 Apr 2007 19:18:42 GMT").isoformat()
    '2007-04-02T19:18:42+00:00'
    """
    try:
        day, minute, second = _day(text[:-12]), _minute(text[-12:-6]), _second(text[-6:])
    except ValueError:
        raise MalformedError(
            f"not a date: {text[:60]!r} (wanted: Mon, 2 Apr 2007 19:18:42 GMT)"
        ) from None
    try:
        return datetime(*day, *minute, second, tzinfo=UTC)
    except ValueError as error:
        raise MalformedError(f"no such date: {text!r} ({error})") from error


@lru_cache(maxsize=1 << 15)
def _day(text: str) -> tuple[int, int, int]:
    day, month, year = _groups(_DAY, text)
    return int(year), _MONTHS[month], int(day)


@lru_cache(maxsize=1 << 11)
def _minute(text: str) -> tuple[int, int]:
    hour, minute = _groups(_MINUTE, text)
    return int(hour), int(minute)


@lru_cache(maxsize=1 << 8)
def _second(text: str) -> int:
    (second,) = _groups(_SECOND, text)
    return int(second)


def _groups(form: re.Pattern[str], text: str) -> tuple[str, ...]:
    match = form.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return match.groups()
