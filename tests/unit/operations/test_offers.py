import gzip
import io
import json
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.canonical import canonical_json
from pith_builder.errors import SourceError, UsageError
from pith_builder.operations import offers
from pith_builder.operations.merging import read_offer
from pith_builder.operations.offers import (
    Offer,
    OfferKind,
    Refused,
    offers_in,
    offers_of,
    read_in_stretches,
    read_offers,
)
from pith_builder.sources.lines import PlacedBlock
from tests.makers import (
    BUNDLE,
    CREATED,
    GRAPH,
    PUBLISHED_NUMBER,
    RECORDS,
    STATES,
    document,
    law,
    mint,
)

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


@pytest.mark.parametrize("name", ["missing.json", "", "x" * 300])
@pytest.mark.parametrize("reader", [read_offers, read_in_stretches])
def test_what_cannot_be_read_is_told(tmp_path, name, reader):
    with pytest.raises(UsageError, match="cannot read"):
        list(reader([tmp_path / name], io.BytesIO()))


def test_a_document_too_large_to_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("pith_builder.operations.offers.MAX_DOCUMENT_BYTES", 5_000)
    lines = canonical_json(CREATED) + b"\n" + canonical_json(PUBLISHED)
    assert told(read(tmp_path, lines)) == [(*STATED, 1), ("too_large", 0)]


def flattened(found):
    for one in found:
        yield from offers_of(one) if isinstance(one, PlacedBlock) else [one]


SHORT = b'{"event_id":"x","subject_pith_number":"%s"}' % PUBLISHED_NUMBER.encode()


@law
@given(
    st.lists(st.sampled_from([SHORT, b"", b" ", b"{", b"7", SHORT[:9], b" " * 400]), max_size=12),
    st.integers(1, 3 * len(SHORT)),
    st.integers(1, 2 * len(SHORT)),
)
def test_stretches_of_a_file_offer_what_it_offers_read_through(
    tmp_path_factory, lines, size, piece
):
    place = tmp_path_factory.mktemp("offers") / "offers.jsonl"
    place.write_bytes(b"\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offers, "STRETCH_BYTES", size)
        patch.setattr(offers, "READ_BYTES", piece)
        patch.setattr("pith_builder.sources.lines.READ_BYTES", piece)
        patch.setattr(offers, "MAX_DOCUMENT_BYTES", 300)
        found = list(flattened(read_in_stretches([place], None)))
        for one in found:
            if isinstance(one, Offer) and one.start is not None:
                assert place.read_bytes()[one.start :].startswith(one.document)
        placeless = [one._replace(start=None) if isinstance(one, Offer) else one for one in found]
        assert placeless == list(read_offers([place], None))


MINTED = mint().bundle.document
NUMBER = json.loads(MINTED)["pith_number"]
ANOTHER = json.loads(mint(version=2).bundle.document)["pith_number"]


def told_by_parsing(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offers, "_quickly_named", lambda _: None)
        return list(offers_in("-", 1, text))


def refusals(found):
    refused = [one for one in found if isinstance(one, Refused)]
    for one in found:
        if isinstance(one, Offer):
            read_offer(one, refused)
    return [one.reason for one in refused]


@law
@given(
    st.integers(0, len(MINTED)),
    st.integers(0, 90),
    st.sampled_from(
        [
            b"",
            b"}",
            b'"',
            b"\n",
            b",",
            b"x",
            b"\xff",
            f'"pith_number":"{ANOTHER}",'.encode(),
            f'"pith_number": "{ANOTHER}",'.encode(),
            b'"pith_\\u006eumber":1,',
            b'"bundle_type":1,',
        ]
    ),
    st.sampled_from([None, b'"pith_number"', b'"state":', b'"events":']),
)
def test_a_bundle_is_quickly_told_as_parsing_tells_it_or_refused_when_it_is_read(
    place, size, instead, before
):
    if before is not None:
        place, size = MINTED.index(before), 0
    text = MINTED[:place] + instead + MINTED[place + size :]

    found, wanted = list(offers_in("-", 1, text)), told_by_parsing(text)

    if found != wanted:
        assert refusals(found)
        assert refusals(wanted) == refusals(found) or wanted[0].number == ANOTHER


def test_what_is_minted_is_quickly_told():
    assert offers._quickly_named(MINTED) == NUMBER
    assert list(offers_in("-", 1, MINTED)) == told_by_parsing(MINTED)


@pytest.mark.parametrize("said", [b"{}", b'{"pith_number":"pith:1"}', b"[]", b"7"])
def test_what_is_no_bundle_of_the_record_is_refused_when_it_is_read(said):
    refused = []
    offer = Offer(number=NUMBER, kind=OfferKind.BUNDLE, source="-", line=1, document=said)
    assert read_offer(offer, refused) is None
    assert [one.reason for one in refused] == ["malformed"]


def test_a_large_file_of_lines_is_cut_into_stretches_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(offers, "STRETCH_BYTES", len(LINE))
    monkeypatch.setattr(offers, "READ_BYTES", len(LINE) + 10)
    lines, document = tmp_path / "lines.jsonl", tmp_path / "document.json"
    lines.write_bytes(b"\n".join([LINE] * 5))
    document.write_bytes(json.dumps(PUBLISHED, indent=1).encode())
    packed = tmp_path / "lines.jsonl.gz"
    packed.write_bytes(gzip.compress(lines.read_bytes(), 0))

    found = list(read_in_stretches([lines], None))
    assert [block.first_line for block in found] == [1, 2, 3, 4, 5]
    assert [offer.line for offer in flattened(found)] == [1, 2, 3, 4, 5]
    for place in (document, packed):
        assert not any(isinstance(one, PlacedBlock) for one in read_in_stretches([place], None))


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(offers, "STRETCH_BYTES", len(LINE))
    place = tmp_path / "offers.jsonl"
    place.write_bytes(b"\n".join([LINE] * 5))
    first, _ = read_in_stretches([place], None)
    for changed in (b"\n".join([LINE] * 5), LINE, b"\n".join([LINE] * 6)):
        place.write_bytes(changed)
        with pytest.raises(SourceError, match="changed while it was read"):
            list(offers_of(first))
    place.unlink()
    with pytest.raises(SourceError, match="can no longer be read"):
        list(offers_of(first))
