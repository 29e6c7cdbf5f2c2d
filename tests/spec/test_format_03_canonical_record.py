"""FORMAT.md 3: the canonical record."""

from datetime import UTC, datetime

import pytest

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.canonical import canonical_json
from pith_builder.core.record import CanonicalRecord
from tests.makers import BUNDLE, RECORDS, STATES, document, paper

PUBLISHED = document(BUNDLE)


def metadata_of(**changes):
    return CanonicalRecord.of(paper(**changes)).to_json_object()["metadata"]


def test_the_published_paper_gives_the_published_record():
    record = CanonicalRecord.of(paper())
    assert record.to_json_object() == PUBLISHED["canonical_record"]
    assert record.canonical_bytes() == canonical_json(PUBLISHED["canonical_record"])
    assert record.digest().hex() == PUBLISHED["canonical_sha256"]


@pytest.mark.parametrize(
    ("record", "canonical_sha256"),
    [
        (PUBLISHED["canonical_record"], PUBLISHED["canonical_sha256"]),
        *(
            (document(name)["canonical_record"], document(name)["canonical_sha256"])
            for name in RECORDS
        ),
        *(
            (
                document(name)["current"]["canonical_record"],
                document(name)["current"]["record_created"]["payload"]["canonical_sha256"],
            )
            for name in STATES
        ),
    ],
)
def test_a_published_record_has_its_published_digest(record, canonical_sha256):
    assert CanonicalRecord.from_json_object(record).digest().hex() == canonical_sha256


def test_an_old_identifier_keeps_its_archive_but_no_subject_class():
    for written in ("hep-th/9701019", "hep-th/9701019v3"):
        record = CanonicalRecord.of(paper(arxiv_id=ArxivId.parse(written)))
        assert record.source()["id"] == "hep-th/9701019"
    assert str(ArxivId.parse("math.GT/0309136")) == "math/0309136"


def test_the_version_is_the_latest_and_the_submission_the_first():
    found = CanonicalRecord.of(
        paper(version=7, version_submitted_at=datetime(2026, 1, 1, tzinfo=UTC))
    ).to_json_object()
    assert found["source"] == {"id": "1804.01852", "kind": "arxiv", "version": 7}
    assert found["metadata"]["submitted_at"] == "2018-04-04T12:13:41Z"


def test_where_arxiv_has_no_licence_it_is_empty():
    assert metadata_of(license="")["license"] == ""


def test_the_first_category_is_primary_and_the_others_are_sorted_each_once():
    found = metadata_of(
        categories=("math-ph", "stat.ML", "math.MP", "hep-th", "math.MP", "math-ph")
    )
    assert found["primary_cat"] == "math-ph"
    assert found["cross_cats_sorted"] == ["hep-th", "math.MP", "stat.ML"]


def test_retired_archives_stay_as_they_are():
    found = metadata_of(categories=("solv-int", "astro-ph"))
    assert (found["primary_cat"], found["cross_cats_sorted"]) == ("solv-int", ["astro-ph"])
