"""FORMAT.md 6: the receipt."""

import pytest

from pith_builder.core.event_checks import receipt_failures
from pith_builder.core.forms import RECEIPT
from pith_builder.core.receipt import receipt
from pith_builder.core.record import CanonicalRecord
from tests.makers import (
    BUNDLE,
    PUBLISHED_KEYRING,
    RECORDS,
    STATES,
    PublishedSigner,
    document,
    paper,
)

PUBLISHED = document(BUNDLE)
RECEIPT_OF_BUNDLE = PUBLISHED["events"][0]["payload"]["receipt"]


def test_the_published_receipt_but_for_the_time_it_was_signed():
    """The registry signed it 717 microseconds after computing it; we do both at one instant."""
    found = receipt(
        CanonicalRecord.of(paper()).digest(),
        signer=PublishedSigner(PUBLISHED),
        builder_version="pith-number-builder-2026-05-17-v1",
        computed_at="2026-05-18T00:01:09.598220Z",
    )
    assert {**found, "signed_at": "2026-05-18T00:01:09.598937Z"} == RECEIPT_OF_BUNDLE


@pytest.mark.parametrize(
    ("record", "published"),
    [
        (PUBLISHED["canonical_record"], RECEIPT_OF_BUNDLE),
        *((document(name)["canonical_record"], document(name)["receipt"]) for name in RECORDS),
        *(
            (payload["canonical_record"], payload["receipt"])
            for payload in (
                document(name)["current"]["record_created"]["payload"] for name in STATES
            )
        ),
    ],
)
def test_every_published_receipt_holds(record, published):
    digest = CanonicalRecord.from_json_object(record).digest()
    assert list(RECEIPT.failures(published, "")) == []
    assert list(receipt_failures(published, digest, PUBLISHED_KEYRING, "")) == []


def test_times_are_utc_with_six_decimals():
    for field in ("signed_at", "last_reissued_at", "first_computed_at"):
        for other in ("2026-05-18T00:01:09Z", "2026-05-18T00:01:09.598220+00:00"):
            failures = RECEIPT.failures({**RECEIPT_OF_BUNDLE, field: other}, "")
            assert [failure.path for failure in failures] == [f"/{field}"]
