"""Dates as arXiv writes them, and as servers do."""

from datetime import UTC, datetime

import pytest

from pith_builder.errors import MalformedError
from pith_builder.sources.dates import arxiv_instant
from pith_builder.sources.retry_after import retry_after_seconds


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 2 Apr 2007 19:18:42 GMT",
        "Mon, 02 Apr 2007 19:18:42 GMT",
        "Mon, 02 Apr 2007 19:18:42 UTC",
        "2 Apr 2007 19:18:42 GMT",
    ],
)
def test_forms_of_one_instant(text):
    assert arxiv_instant(text) == datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2007-04-02",
        "Mon, 2 Apr 2007 19:18:42",
        "Mon, 2 Apr 2007 19:18:42 EST",
        "Mon, 2 Apr 2007 19:18:42 +0000",
        "Mon, 31 Apr 2007 19:18:42 GMT",
        "Mon, 2 Abc 2007 19:18:42 GMT",
        "Mon, 2 Apr 2007 25:18:42 GMT",
        "Mon, 2 Apr 2007 19:18:60 GMT",
        " Mon, 2 Apr 2007 19:18:42 GMT",
        "Mon, 2 Apr 2007 19:18:42 GMT\n",
    ],
)
def test_what_is_no_date(text):
    with pytest.raises(MalformedError):
        arxiv_instant(text)


DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
SECONDS = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": " 120 "}, 120.0),
        ({"Retry-After": DATE}, 20.0),
        ({"Retry-After": DATE, "Date": "Sun, 06 Nov 1994 08:49:27 GMT"}, 10.0),
        ({"Retry-After": DATE, "Date": "nonsense"}, 20.0),
        ({"Retry-After": "Sun, 06 Nov 1994 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "Sun, 06 Foo 1994 08:49:37 GMT"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after_seconds(headers, SECONDS - 20) == seconds
