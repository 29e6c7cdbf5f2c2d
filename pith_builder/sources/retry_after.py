"""Retry-After in both its forms: seconds, and a date (RFC 9110, 10.2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\d{1,9}(?:\.\d{0,9})?", re.ASCII)


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Return how long the server asks to wait; None where it does not say, or not clearly.

    A date is compared with the server's own `Date`, should its clock and ours differ, else with
    `now`, in seconds since 1970.

    >>> retry_after_seconds({"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT",
    ...                      "Date": "Sun, 06 Nov 1994 08:49:07 GMT"}, 0.0)
    30.0
    """
    said = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(said):
        return float(said)
    until = _http_date(said)
    if until is None:
        return None
    return max(0.0, until - (_http_date(headers.get("Date", "")) or now))


def _http_date(text: str) -> float | None:
    try:
        instant = parsedate_to_datetime(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
    except (ValueError, ArithmeticError):  # the latter of numbers beyond all clocks
        return None
