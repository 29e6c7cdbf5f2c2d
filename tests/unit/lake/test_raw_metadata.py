import json

import pytest

from pith_builder.errors import MalformedError
from pith_builder.lake.raw_metadata import RAW_COLUMNS, read_raw_metadata
from pith_builder.lake.tables import RECORDS
from tests.makers import mint, paper

PAPER = paper()
RECORD = mint().identity.record
SAID = {
    **dict.fromkeys(RAW_COLUMNS),
    "title": PAPER.title,
    "abstract": PAPER.abstract,
    "authors": PAPER.authors,
    "categories": ["cs.LG", "stat.ML"],
    "version_submitted_at": "2018-09-01T08:00:00Z",
    "updated_on": "2018-09-04",
    "is_withdrawn": False,
}


def read(**changes):
    return read_raw_metadata(json.dumps({**SAID, **changes}).encode(), RECORD)


def test_the_columns_are_those_no_document_says():
    assert set(RAW_COLUMNS) < {column.name for column in RECORDS.columns}


def test_values_are_as_rows_hold_them():
    found = read(comments="5 pages")
    assert tuple(found) == RAW_COLUMNS
    assert found["version_submitted_at"] == 1535788800_000000
    assert found["updated_on"] == 17778
    assert (found["comments"], found["doi"], found["is_withdrawn"]) == ("5 pages", None, False)


def test_white_space_and_case_may_differ_as_they_are_not_hashed():
    assert read(title=f"  {PAPER.title.upper()} ")["title"] != PAPER.title


def test_what_is_not_known_stays_null():
    assert set(read(**dict.fromkeys(RAW_COLUMNS)).values()) == {None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": "Another"}, "/title: is not what title_canon_sha256 is of"),
        ({"abstract": "Another"}, "/abstract: is not what abstract_canon_sha256 is of"),
        ({"categories": []}, "/categories: .* are not those of the record"),
        ({"categories": ["stat.ML", "cs.LG"]}, "/categories"),
        ({"categories": ["cs.LG"]}, "/categories"),
        ({"updated_on": "2018-9-4"}, "/updated_on: not a day"),
        ({"updated_on": "20180904"}, "/updated_on: not a day"),
        ({"version_submitted_at": "2018-09-01"}, "/version_submitted_at"),
        ({"is_withdrawn": 0}, "/is_withdrawn"),
        ({"authors": 7}, "/authors"),
        ({"more": 7}, "/more: is no field"),
    ],
)
def test_what_is_not_the_records_is_refused(changes, message):
    with pytest.raises(MalformedError, match=message):
        read(**changes)


@pytest.mark.parametrize("data", [b"", b"7", b"{}", b"[]"])
def test_another_form_is_refused(data):
    with pytest.raises(MalformedError):
        read_raw_metadata(data, RECORD)
