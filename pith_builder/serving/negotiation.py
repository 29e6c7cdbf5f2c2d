"""Content negotiation: what a client would rather have (RFC 9110, 12.5.1 and 13.1.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence

HTML = "text/html"
JSON = "application/json"
JSON_LD = "application/ld+json"

_RANGE = re.compile(r"\s*([\w!#$&^.+*-]+/[\w!#$&^.+*-]+)\s*((?:;[^,]*)?)")
_QUALITY = re.compile(r";\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def preferred(accept: str, offered: Sequence[str]) -> str:
    """Return the media type of those offered that an `Accept` header likes best.

    Of equals the first offered is taken, and so it is where none is liked: an answer of another
    type serves better than none (RFC 9110, 12.4.1).

    >>> preferred("text/html, application/json;q=0.5", (JSON, HTML))
    'text/html'
    """
    qualities = dict(map(_quality, filter(None, map(_RANGE.match, accept.split(",")))))
    return max(offered, key=lambda name: _liking(name, qualities) if qualities else 1.0)


def _quality(match: re.Match[str]) -> tuple[str, float]:
    quality = _QUALITY.search(match[2])
    return match[1].lower(), float(quality[1]) if quality else 1.0


def _liking(name: str, qualities: dict[str, float]) -> float:
    family = name.partition("/")[0]
    for media_range in (name, f"{family}/*", "*/*"):  # the most specific one speaks
        if media_range in qualities:
            return qualities[media_range]
    return 0.0


def is_held(if_none_match: str, tag: str) -> bool:
    """Tell whether a client that sends this `If-None-Match` has the bytes of this tag already.

    >>> is_held('W/"a", "b"', "b")
    True
    """
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)
