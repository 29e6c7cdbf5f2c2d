"""FORMAT.md 11: the record document."""

import pytest

from pith_builder.core.record_document import record_document
from pith_builder.core.verification import verify
from tests.makers import BUNDLE, PUBLISHED_KEYRING, RECORDS, document

BASE_URL = "https://pith.science"


@pytest.mark.parametrize("name", RECORDS)
def test_the_published_records_hold(name):
    assert verify(document(name), PUBLISHED_KEYRING).failures == ()


def test_it_has_the_published_fields_at_every_level():
    bundle = document(BUNDLE)
    receipt = bundle["events"][0]["payload"]["receipt"]
    ours, published = record_document(bundle, receipt, BASE_URL), document(RECORDS[0])
    assert ours.keys() == published.keys()
    for field in published.keys() - {"event_summary"}:  # whose keys are the types of the events
        if isinstance(published[field], dict):
            assert ours[field].keys() == published[field].keys()


@pytest.mark.parametrize("name", RECORDS)
def test_its_times_have_six_decimals_and_an_offset(name):
    record = document(name)
    for changes in (
        {"created_at": "2026-05-18T00:03:11Z"},
        {"updated_at": "2026-05-18T00:03:11.242950Z"},
        {
            "aliases": [
                {**alias, "created_at": "2026-05-18T00:03:11Z"} for alias in record["aliases"]
            ]
        },
    ):
        places = [
            failure.path for failure in verify({**record, **changes}, PUBLISHED_KEYRING).failures
        ]
        assert places
        assert all(place.endswith("created_at") or place == "/updated_at" for place in places)


def test_it_is_a_view_not_signed_as_a_whole():
    record = document(RECORDS[0])
    later = {**record, "updated_at": "2027-01-01T00:00:00.000000+00:00"}
    assert verify(later, PUBLISHED_KEYRING).failures == ()
