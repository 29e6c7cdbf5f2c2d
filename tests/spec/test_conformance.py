"""Public vectors and published numbers, read from beside the checkout where they are."""

import json
from email.utils import parsedate_to_datetime

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.canonical import (
    canonical_json,
    canonical_text,
    parse_json,
    sha256_hex,
)
from pith_builder.core.minting import Identity
from pith_builder.core.paper import Paper
from pith_builder.core.record import CanonicalRecord
from tests.makers import DOCUMENTS, SHARED, needs_shared

pytestmark = needs_shared


def test_the_published_documents_are_copied_byte_for_byte():
    originals = sorted((SHARED / "conformance" / "documents").iterdir())
    assert len(originals) == 5
    assert sorted(path.name for path in DOCUMENTS.iterdir()) == [path.name for path in originals]
    for original in originals:
        assert (DOCUMENTS / original.name).read_bytes() == original.read_bytes()


def test_the_published_records_have_their_published_digests_and_numbers():
    lines = (SHARED / "conformance" / "vectors.jsonl").read_bytes().splitlines()
    assert len(lines) == 60
    for vector in map(parse_json, lines):
        record = CanonicalRecord.from_json_object(vector["canonical_record"])
        assert record.canonical_bytes() == canonical_json(vector["canonical_record"])
        assert record.digest().hex() == vector["canonical_sha256"]
        assert str(record.pith_number()) == vector["pith_number"]


def test_the_published_titles_have_their_published_digests():
    lines = (SHARED / "conformance" / "vectors.jsonl").read_bytes().splitlines()
    titled = [vector for vector in map(parse_json, lines) if vector.get("title")]
    assert titled
    for vector in titled:
        found = sha256_hex(canonical_text(vector["title"]).encode())
        assert found == vector["canonical_record"]["metadata"]["title_canon_sha256"]


def paper_of(line):
    """Return the paper that a line of the bulk snapshot tells of."""
    first, *_, latest = [*line["versions"], line["versions"][-1]]
    return Paper(
        arxiv_id=ArxivId(line["id"]),
        version=int(latest["version"].removeprefix("v")),
        submitted_at=parsedate_to_datetime(first["created"]),
        version_submitted_at=parsedate_to_datetime(latest["created"]),
        title=line["title"],
        abstract=line["abstract"],
        authors=line["authors"],
        categories=tuple(line["categories"].split()),
        license=line["license"] or "",
    )


def test_real_papers_have_the_numbers_that_the_registry_gave_them():
    papers, expected = (
        [json.loads(line) for line in (SHARED / "conformance" / name).read_bytes().splitlines()]
        for name in ("real_papers.jsonl", "real_expected.jsonl")
    )
    assert len(papers) == len(expected) == 36
    for line, wanted in zip(papers, expected, strict=True):
        identity = Identity.of(paper_of(line))
        assert identity.record.to_json_object() == wanted["canonical_record"]
        assert identity.digest.hex() == wanted["canonical_sha256"]
        assert str(identity.number) == wanted["pith_number"]
