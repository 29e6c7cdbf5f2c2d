from datetime import date

import pytest

from pith_builder.core.metadata import METADATA, parse_day
from pith_builder.errors import MalformedError
from pith_builder.lake.tables import RECORDS


def test_every_field_is_a_column_of_records():
    names = [column.name for column in RECORDS.columns]
    raw = names[names.index("title") : names.index("other_metadata") + 1]

    assert set(METADATA.fields) == {"categories", "version_submitted_at", *raw}


def test_a_day_is_read():
    assert parse_day("2008-11-26") == date(2008, 11, 26)


@pytest.mark.parametrize("text", ["2008-11-31", "2008-1-2", "20081126", "2008-11-26T00:00:00Z", ""])
def test_what_is_no_day_is_told(text):
    with pytest.raises(MalformedError, match="day"):
        parse_day(text)
