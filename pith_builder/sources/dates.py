"""Dates as arXiv writes them: `Mon, 2 Apr 2007 19:18:42 GMT`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from pith_builder.errors import MalformedError

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_FORM = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?"
    r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC)",
    re.ASCII,
)


def arxiv_instant(text: str) -> datetime:
    """Read an instant as arXiv writes it; the day of the week is not checked against the day.

    Raises:
        MalformedError: The text is not in that form, or names no such day or time.

    >>> arxiv_instant("Mon, 2 Apr 2007 19:18:42 GMT").isoformat()
    '2007-04-02T19:18:42+00:00'
    """
    match = _FORM.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        raise MalformedError(f"not a date: {text[:60]!r} (wanted: Mon, 2 Apr 2007 19:18:42 GMT)")
    day, month, year, hour, minute, second = match.groups()
    try:
        return datetime(
            int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), 0, UTC
        )
    except ValueError as error:
        raise MalformedError(f"no such date: {text!r} ({error})") from error
