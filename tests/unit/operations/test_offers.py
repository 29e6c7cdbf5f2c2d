import gzip
import io
import json
from pathlib import Path

import pytest
import zstandard

from pith_builder.core.canonical import canonical_json
from pith_builder.errors import SourceError, UsageError
from pith_builder.operations.offers import Offer, read_offers
from tests.makers import BUNDLE, CREATED, GRAPH, PUBLISHED_NUMBER, RECORDS, STATES, document

PUBLISHED = document(BUNDLE)


def read(tmp_path, data, name="offers.json"):
    place = tmp_path / name
    place.write_bytes(data)
    return list(read_offers([place], io.BytesIO()))


def told(found):
    return [
        (str(one.kind), one.number, one.line) if isinstance(one, Offer) else (one.reason, one.line)
        for one in found
    ]


LINE = canonical_json(GRAPH)
BUNDLED = ("bundle", PUBLISHED["pith_number"])
STATED = ("event", PUBLISHED_NUMBER)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (canonical_json(PUBLISHED), [(*BUNDLED, 0)]),
        (canonical_json(PUBLISHED) + b"\n", [(*BUNDLED, 1)]),
        (json.dumps(PUBLISHED, indent=1).encode(), [(*BUNDLED, 0)]),
        (b"\n\n" + canonical_json(CREATED), [(*STATED, 0)]),
        (canonical_json([CREATED, [GRAPH]]), [(*STATED, 0), (*STATED, 0)]),
        (LINE + b"\n\n" + LINE, [(*STATED, 1), (*STATED, 3)]),
        (LINE + b"\n{\n" + LINE, [(*STATED, 1), ("not_json", 2), (*STATED, 3)]),
        (b"{\n" + canonical_json(GRAPH), [("not_json", 0)]),
        (b'{"x": 1, "x": 2}', [("unknown_kind", 0)]),
        (b"[1, NaN]", [("not_json", 0)]),
        (b'"text"', [("unknown_kind", 0)]),
        (b'{"event_id": "x", "subject_pith_number": "pith:1"}', [("malformed", 0)]),
        (b'{"bundle_type": 7}', [("malformed", 0)]),
        (b"", []),
        (b" \n \n", []),
        (b"[]", []),
    ],
)
def test_documents_lines_and_arrays_are_read(tmp_path, data, wanted):
    assert told(read(tmp_path, data)) == wanted


def test_records_and_states_are_told(tmp_path):
    for name, kind in ((RECORDS[0], "record"), (STATES[0], "state")):
        ((found, _, _),) = told(read(tmp_path, canonical_json(document(name))))
        assert found == kind


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_packed_files_are_read(tmp_path, pack):
    lines = b"\n".join([canonical_json(CREATED)] * 3)
    assert len(read(tmp_path, pack(lines))) == 3


def test_a_truncated_packed_file_is_told(tmp_path):
    with pytest.raises(SourceError, match="truncated gzip"):
        read(tmp_path, gzip.compress(canonical_json(PUBLISHED))[:-9])


def test_standard_input_is_read():
    (found,) = read_offers([Path("-")], io.BytesIO(canonical_json(PUBLISHED)))
    assert (found.source, found.number) == ("-", PUBLISHED["pith_number"])


@pytest.mark.parametrize("name", ["missing.json", ""])
def test_what_cannot_be_read_is_told(tmp_path, name):
    with pytest.raises(UsageError, match="cannot read"):
        list(read_offers([tmp_path / name], io.BytesIO()))


def test_a_document_too_large_to_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("pith_builder.operations.offers.MAX_DOCUMENT_BYTES", 5_000)
    lines = canonical_json(CREATED) + b"\n" + canonical_json(PUBLISHED)
    assert told(read(tmp_path, lines)) == [(*STATED, 1), ("too_large", 0)]
