"""The sample: what a newcomer builds first."""

import json

import pytest

from pith_builder.lake.query import connect
from pith_builder.operations.audit import audit
from pith_builder.operations.resolve import resolve
from tests.integration import independent
from tests.lakes import SAMPLE, rows
from tests.makers import BUNDLE, SIGNER, document

NUMBER = "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"
LINES = SAMPLE.read_bytes().splitlines()


@pytest.fixture(scope="module")
def records(sample_lake):
    return {row["arxiv_id"]: row for row in rows(sample_lake, "records")}


def test_every_paper_of_the_sample_is_minted_and_none_rejected(sample_lake, records):
    build = rows(sample_lake, "builds")[0]

    assert len(LINES) == len(records) == 301
    assert (build["seen"], build["minted"], build["rejected"]) == (301, 301, 0)
    assert rows(sample_lake, "rejects") == []


def test_the_sample_passes_its_audit(sample_lake):
    assert audit(sample_lake, [SIGNER.public_key]).findings == []


def test_the_published_paper_gets_its_published_number(sample_lake, records):
    published = document(BUNDLE)

    assert records["1804.01852"]["pith_number"] == NUMBER == published["pith_number"]
    assert records["1804.01852"]["canonical_sha256"] == published["canonical_sha256"]
    assert resolve(connect(sample_lake), "1804.01852").record.pith_number == NUMBER


def test_a_stranger_verifies_every_bundle_and_state_from_its_line(sample_lake, records):
    key = independent.Key(SIGNER.public_key.key_id, SIGNER.public_key.raw.hex())
    states = {row["pith_number"]: row["document"].encode() for row in rows(sample_lake, "states")}
    lines = {row["pith_number"]: LINES[row["source_line"] - 1] for row in records.values()}

    for row in rows(sample_lake, "bundles"):
        number, bundle = row["pith_number"], row["document"].encode()
        assert independent.check_bundle(bundle, key, lines[number]) == number
        assert independent.check_state(states[number], bundle) == number


def test_the_raw_words_are_kept(records):
    for line in LINES:
        paper = json.loads(line)
        row = records[paper["id"]]
        assert (row["title"], row["abstract"]) == (paper["title"], paper["abstract"])
        assert (row["authors"], row["comments"]) == (paper["authors"], paper["comments"])
        assert row["license"] == (paper["license"] or "")
        assert row["categories"] == paper["categories"].split()
        assert (row["doi"], row["journal_ref"]) == (paper["doi"], paper["journal-ref"])


def test_the_awkward_cases_are_in_the_sample(records):
    rows = records.values()

    assert any("/" in row["arxiv_id"] for row in rows)
    assert any(row["is_withdrawn"] for row in rows)
    assert any(row["license"] == "" for row in rows)
    assert any(row["arxiv_version"] >= 9 for row in rows)
    assert any("\n  " in row["abstract"].strip() for row in rows)
    assert any("$" in row["title"] for row in rows)
    assert any(not row["title"].isascii() for row in rows)
    assert any(len(row["cross_cats_sorted"]) >= 5 for row in rows)
    assert any(max(map(ord, row["title"] + row["abstract"])) > 0xFFFF for row in rows)
