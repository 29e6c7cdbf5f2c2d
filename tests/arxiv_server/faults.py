"""What goes wrong between here and arXiv, drawn from a seed."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """One way for a request to fail, or to seem to succeed."""

    UNAVAILABLE = "503"
    UNAVAILABLE_SECONDS = "503, Retry-After in seconds"
    UNAVAILABLE_DATE = "503, Retry-After as a date"
    TOO_MANY = "429"
    RESET = "connection reset before an answer"
    RESET_WITHIN = "connection reset within the answer"
    CUT = "connection closed within the answer"
    TRUNCATED = "the answer cut at some byte, and sent as if it were whole"
    HTML = "an HTML page with HTTP 200"
    BLANK = "no bytes with HTTP 200"
    NO_ITEMS = "a list or feed without its items"
    REPEATED_TOKEN = "the token that was given, given again"  # noqa: S105 - no secret
    EXPIRED_TOKEN = "the token has expired"  # noqa: S105 - no secret
    SLOW = "a slow answer"


EVERY = tuple(Fault)
OF_TRANSPORT = tuple(f for f in Fault if f not in (Fault.REPEATED_TOKEN, Fault.EXPIRED_TOKEN))


@dataclass
class Faults:
    """Faults at a rate: which request fails, and how, depends on the seed and its number alone.

    `at` names faults for single requests by number, from 1, whatever the rate.
    """

    rate: float = 0.0
    kinds: tuple = EVERY
    seed: int = 0
    at: dict = field(default_factory=dict)
    slow_seconds: float = 0.2
    retry_after_seconds: int = 0

    def drawn(self, number):
        """The fault of the request with that number, or None."""
        if number in self.at:
            return self.at[number]
        random = self.random(number)
        return random.choice(self.kinds) if random.random() < self.rate else None

    def random(self, number):
        return Random(f"{self.seed}/{number}")  # noqa: S311 - wanted: the same each time


HTML_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>arXiv is down for maintenance</title></head>"
    b"<body><p>Back soon.</p></body></html>\n"
)


def without_items(answer):
    """Empty a list or feed, whatever it promises."""
    answer = re.sub(
        rb"<record>.*</record>|<header>.*</header>|<set>.*</set>", b"", answer, flags=re.DOTALL
    )
    return re.sub(rb"<entry>.*</entry>", b"", answer, flags=re.DOTALL)
