"""Public vectors and published numbers, read from beside the checkout where they are."""

import json
from email.utils import parsedate_to_datetime

import pytest
from nacl.bindings import crypto_sign_open

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.canonical import (
    SignableDigest,
    canonical_json,
    canonical_text,
    parse_json,
    sha256_hex,
)
from pith_builder.core.keys import BadSignatureError, PublicKey, Signature
from pith_builder.core.minting import Identity
from pith_builder.core.paper import Paper
from pith_builder.core.record import CanonicalRecord
from pith_builder.errors import MalformedError
from pith_builder.signing.ed25519 import TrustedKeys
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


class Message(SignableDigest):
    """Any bytes, signed as a digest would be; the vectors' messages are of any length."""

    __slots__ = ()
    signed_message = "message_bytes"


def is_accepted(raw_key, message, value):
    """Tell whether a keyring that trusts the key takes the signature for one of the message."""
    key = PublicKey(key_id="vector", raw=raw_key)
    try:
        signature = Signature("vector", key.fingerprint, value)
        return TrustedKeys([key]).verified(Message(message), signature) == key
    except (MalformedError, BadSignatureError):
        return False


def test_wycheproof_ed25519():
    groups = json.loads((SHARED / "vectors" / "wycheproof_ed25519.json").read_bytes())["testGroups"]
    judged = [
        (case["tcId"], case["result"], is_accepted(raw_key, *map(bytes.fromhex, signed)))
        for group in groups
        for raw_key in [bytes.fromhex(group["publicKey"]["pk"])]
        for case in group["tests"]
        for signed in [(case["msg"], case["sig"])]
    ]
    assert len(judged) == 151
    assert [one for one in judged if one[2] != (one[1] == "valid")] == []


def test_of_the_speccheck_cases_libsodium_accepts_number_3_alone():
    cases = json.loads((SHARED / "vectors" / "ed25519_speccheck_cases.json").read_bytes())
    parts = [
        [bytes.fromhex(case[field]) for field in ("pub_key", "message", "signature")]
        for case in cases
    ]
    assert [number for number, case in enumerate(parts) if is_accepted(*case)] == [3]
    raw_key, message, value = parts[3]
    assert crypto_sign_open(value + message, raw_key) == message


SUITE = SHARED / "vectors" / "json_test_suite"
DUPLICATED_KEYS = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}
"""RFC 8259 lets a parser take these; FORMAT.md 1 refuses them."""


def is_read(data):
    try:
        value = parse_json(data)
    except MalformedError:
        return False
    assert parse_json(canonical_json(value)) == value
    return True


def test_json_test_suite():
    files = sorted(SUITE.glob("*.json"))
    assert len(files) == 318
    read = {file.name: is_read(file.read_bytes()) for file in files}
    assert {name for name in read if name.startswith("n_") and read[name]} == set()
    refused = {name for name in read if name.startswith("y_") and not read[name]}
    assert refused == DUPLICATED_KEYS


WITH_FLOATS = {"structures": ('"\\n":56,', '"\\n":56.0,')}
"""RFC 8785 writes a float as ECMAScript does, FORMAT.md 1 as Python does."""

CODE_POINTS_DIFFER = {"weird"}
"""RFC 8785 sorts keys by UTF-16 code units, FORMAT.md 1 by code points."""


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_jcs(name):
    folder = SHARED / "vectors" / "jcs"
    output = (folder / "output" / f"{name}.json").read_text(encoding="utf-8")
    outhex = "".join((folder / "outhex" / f"{name}.txt").read_text(encoding="ascii").split())
    assert bytes.fromhex(outhex).decode() == output
    ecmascript, python = WITH_FLOATS.get(name, ("", ""))
    assert ecmascript in output

    found = canonical_json(parse_json((folder / "input" / f"{name}.json").read_bytes())).decode()

    expected = output.replace(ecmascript, python) if ecmascript else output
    if name in CODE_POINTS_DIFFER:
        assert found != expected
        assert json.loads(found) == json.loads(expected)
    else:
        assert found == expected
