from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pith_builder.core.instants import (
    checked_instant,
    format_microseconds,
    format_offset,
    format_seconds,
    parse_microseconds,
    parse_offset,
    parse_seconds,
)
from pith_builder.errors import MalformedError
from tests.makers import law, text

FORMS = {
    "2018-04-04T12:13:41Z": (format_seconds, parse_seconds),
    "2026-05-18T00:01:09.598220Z": (format_microseconds, parse_microseconds),
    "2026-05-18T00:03:11.242950+00:00": (format_offset, parse_offset),
}
instants = st.datetimes(timezones=st.just(UTC))


def test_the_three_published_forms():
    assert format_seconds(datetime(2018, 4, 4, 12, 13, 41, tzinfo=UTC)) == "2018-04-04T12:13:41Z"
    instant = datetime(2026, 5, 18, 0, 1, 9, 598220, tzinfo=UTC)
    assert format_microseconds(instant) == "2026-05-18T00:01:09.598220Z"
    assert format_offset(instant) == "2026-05-18T00:01:09.598220+00:00"


@law
@given(instants)
@example(datetime(1, 1, 1, tzinfo=UTC))
@example(datetime(999, 12, 31, 23, 59, 59, tzinfo=UTC))
@example(datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
def test_parse_undoes_format(instant):
    assert parse_microseconds(format_microseconds(instant)) == instant
    assert parse_offset(format_offset(instant)) == instant
    assert parse_seconds(format_seconds(instant)) == instant.replace(microsecond=0)
    assert parse_seconds(format_seconds(instant)).tzinfo is UTC


@law
@given(instants, instants)
def test_text_sorts_as_time_does(one, other):
    assert (format_microseconds(one) < format_microseconds(other)) == (one < other)
    assert (format_offset(one) < format_offset(other)) == (one < other)


MISSPELT = (
    ("20", ""),
    ("20", "+20"),
    ("20", " 20"),
    ("T", " "),
    ("T", "t"),
    ("-0", "-"),
    ("-", ""),
    (":", ""),
    ("Z", "z"),
    ("Z", ""),
    ("Z", "Z\n"),
    ("Z", "+01:00"),
    ("Z", ".Z"),
    ("Z", "ZZ"),
    ("+00:00", ""),
    ("+00:00", "+00:01"),
    ("+00:00", "-00:00"),
    ("+00:00", "Z+00:00"),
    ("+00:00", "+0000"),
    (".", ","),
    (".242", "."),
    (".598", ".5980"),
    ("2026-05-18", "2026-02-29"),
    ("2026-05-18", "2026-13-01"),
    ("2026-05-18", "2026-00-01"),
    ("2026-05-18", "0000-01-01"),
    ("2018-04-04", "2018-04-31"),
    ("2018-04-04", "2018-W14-3"),
    ("12:13:41", "24:00:00"),
    ("12:13:41", "12:60:00"),
    ("12:13:41", "23:59:60"),  # a leap second, which has no place in a datetime
    ("00:01:09", "00:01"),
    ("0", "\u0660"),  # an Arabic digit
)


@pytest.mark.parametrize(
    "written",
    sorted({form.replace(old, new, 1) for form in FORMS for old, new in MISSPELT if old in form}),
)
def test_every_other_spelling_is_refused(written):
    for _, parse in FORMS.values():
        with pytest.raises(MalformedError, match="instant"):
            parse(written)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("other", FORMS)
def test_no_form_is_read_as_another(form, other):
    parse = FORMS[other][1]
    if form == other:
        assert FORMS[form][0](parse(form)) == form
    else:
        with pytest.raises(MalformedError):
            parse(form)


@law
@given(text)
def test_any_text_is_an_instant_or_malformed(written):
    for write, parse in FORMS.values():
        try:
            instant = parse(written)
        except MalformedError:
            continue
        assert write(instant) == written


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(0), "GMT"), ZoneInfo("Etc/UTC")])
def test_any_name_of_utc_is_utc(zone):
    instant = datetime(2018, 4, 4, tzinfo=zone)
    assert checked_instant(instant) is instant


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=1)), ZoneInfo("Asia/Tokyo")])
def test_no_zone_and_other_zones_are_refused(zone):
    with pytest.raises(MalformedError, match=r"2018-04-04T00:00:00.* is not in UTC"):
        checked_instant(datetime(2018, 4, 4, tzinfo=zone))
