import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pith_builder.core.canonical import canonical_json
from pith_builder.core.manifest import Manifest, Part, TableState, manifest_digest, signed_manifest
from pith_builder.core.report import Code
from pith_builder.core.verification import verify, verify_bytes
from pith_builder.errors import MalformedError
from tests.makers import (
    KEYRING,
    NOW,
    NOW_MICROSECONDS,
    REFERENCE_KEY,
    SIGNER,
    changed,
    leaves,
    pointer_of,
)
from tests.unit.core import reference

PART = Part(
    path="tables/records/00000001-abc.parquet",
    sha256="0" * 64,
    size_bytes=1234,
    rows=2,
    first_key=("pith:2018:AAAA",),
    last_key=("pith:2019:BBBB",),
)
TABLES = {
    "records": TableState(schema_version=1, content_root="1" * 64, parts=(PART, PART)),
    "events": TableState(schema_version=2, content_root="2" * 64, parts=()),
}


def following(previous=None, now=NOW):
    return signed_manifest(
        previous=previous,
        tables=TABLES,
        build_id="build-1",
        builder_version="pith-builder-0.1.0",
        writer_versions={"pyarrow": "26"},
        signer=SIGNER,
        now=now,
    )


FIRST = following()
DOCUMENT = json.loads(FIRST.document)


def test_a_manifest_is_what_the_reference_says():
    part = {
        "path": "tables/records/00000001-abc.parquet",
        "sha256": "0" * 64,
        "bytes": 1234,
        "rows": 2,
        "first_key": ["pith:2018:AAAA"],
        "last_key": ["pith:2019:BBBB"],
    }
    unsigned = {
        "manifest_type": "pith_lake_manifest",
        "manifest_version": "1.0",
        "sequence": 1,
        "previous": None,
        "created_at": NOW_MICROSECONDS,
        "builder_version": "pith-builder-0.1.0",
        "writer_versions": {"pyarrow": "26"},
        "build_id": "build-1",
        "tables": {
            "records": {
                "schema_version": 1,
                "rows": 4,
                "content_root": "1" * 64,
                "parts": [part, part],
            },
            "events": {"schema_version": 2, "rows": 0, "content_root": "2" * 64, "parts": []},
        },
    }
    digest = reference.digest(unsigned)
    block = REFERENCE_KEY.signature(digest, "manifest_sha256_bytes", NOW_MICROSECONDS)
    expected = {**unsigned, "manifest_signature": {**block, "manifest_sha256": digest}}
    assert expected == DOCUMENT
    assert FIRST.document == reference.canonical(expected)
    assert FIRST.manifest_sha256 == digest


def test_a_manifest_holds_and_reads_back():
    assert verify_bytes(FIRST.document, KEYRING).failures == ()
    assert Manifest.from_json_object(DOCUMENT) == FIRST
    assert FIRST.tables == TABLES
    assert TABLES["records"].rows == 4
    assert Part.from_json_object(PART.to_json_object()) == PART


def test_manifests_are_a_chain():
    second = following(FIRST, NOW + timedelta(days=1))
    assert (second.sequence, second.previous) == (2, FIRST.manifest_sha256)
    assert second.manifest_sha256 != FIRST.manifest_sha256
    assert verify_bytes(second.document, KEYRING).failures == ()


@pytest.mark.parametrize("path", [path for path, _ in leaves(DOCUMENT)], ids=pointer_of)
def test_any_changed_leaf_is_refused(path):
    for value in (7, "other", "0" * 63, None if path != ("previous",) else "3" * 64):
        assert verify(changed(DOCUMENT, path, value), KEYRING).failures


def test_rows_are_those_of_the_parts():
    unsigned = reference.without(
        changed(DOCUMENT, ("tables", "records", "rows"), 5), "manifest_signature"
    )
    digest = reference.digest(unsigned)
    block = REFERENCE_KEY.signature(digest, "manifest_sha256_bytes", NOW_MICROSECONDS)
    signed = {**unsigned, "manifest_signature": {**block, "manifest_sha256": digest}}
    (failure,) = verify(signed, KEYRING).failures
    assert (failure.path, failure.code) == ("/tables/records/rows", Code.COUNT_MISMATCH)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "tables/../a.parquet", "tables/a/b.csv", "tables/a/b/c.parquet", ""]
)
def test_a_part_lies_below_its_table(path):
    strange = replace(PART, path=path)
    document = changed(DOCUMENT, ("tables", "records", "parts", 0), strange.to_json_object())
    found = [failure.path for failure in verify(document, KEYRING).failures]
    assert "/tables/records/parts/0/path" in found


def test_what_has_no_canonical_json_has_no_digest():
    with pytest.raises(MalformedError):
        manifest_digest({"sequence": float("nan")})
    assert manifest_digest(DOCUMENT).hex() == FIRST.manifest_sha256
    assert canonical_json(DOCUMENT) == FIRST.document
