"""Clients of a loopback arXiv that do not wait."""

from random import Random

from pith_builder.sources import api, oai
from pith_builder.sources.fetching import Fetcher, Patience
from pith_builder.sources.pacing import Clock, Pace

IMPATIENT = Patience(
    attempts=8, first_wait_seconds=0.001, longest_wait_seconds=2, silence_seconds=5
)
USER_AGENT = "pith-builder-test/1.0"


def fetcher(url, folder, *, check=oai.check_answer, patience=IMPATIENT, interval=0.0, clock=None):
    pace = Pace(folder / "pace", interval, clock or Clock())
    return Fetcher(
        url,
        check=check,
        pace=pace,
        user_agent=USER_AGENT,
        patience=patience,
        random=Random(7),  # noqa: S311 - wanted: the same each time
    )


def api_fetcher(url, folder, **options):
    return fetcher(url, folder, check=api.check_feed, **options)
