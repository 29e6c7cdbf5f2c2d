"""Proof that a record is in a lake: what holds, and that nothing else does."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.canonical import canonical_json, dump_canonical
from pith_builder.core.inclusion import INCLUSION, inclusion_document, record_leaf
from pith_builder.core.instants import format_seconds
from pith_builder.core.keys import TrustedKey
from pith_builder.core.manifest import Part, TableState, signed_manifest
from pith_builder.core.merkle import (
    Inclusion,
    bucket_bits,
    content_root,
    included,
    leaf_hash,
    place_of,
)
from pith_builder.core.record import CanonicalRecord
from pith_builder.core.report import Code
from pith_builder.core.verification import verify, verify_bytes
from pith_builder.signing.ed25519 import TrustedKeys
from tests.faults.effort import of
from tests.makers import (
    NOW,
    OTHER_SIGNER,
    REGISTRY,
    SIGNER,
    changed,
    leaves,
    mint_one,
    paper,
    pointer_of,
    signing_law,
)

ALONE = TrustedKeys([SIGNER.public_key])
OTHERS = [leaf_hash(b"%d" % number) for number in range(200)]


def metadata_of(one):
    return {
        "categories": list(one.categories),
        "version_submitted_at": format_seconds(one.version_submitted_at),
        **{
            name: getattr(one, name)
            for name in (
                *("title", "abstract", "authors", "submitter", "comments", "journal_ref"),
                *("doi", "report_no", "msc_class", "acm_class", "is_withdrawn", "other_metadata"),
            )
        },
        "updated_on": one.updated_on and one.updated_on.isoformat(),
    }


MINTED = mint_one(paper())
RECORD = json.loads(MINTED.bundle.document)["canonical_record"]
METADATA = metadata_of(paper())
LEAF = record_leaf(CanonicalRecord.from_json_object(RECORD), MINTED.receipt, METADATA)


def table_of(found):
    """Return what a manifest says of a table with these leaves."""
    part = Part(
        path="tables/records/00000001-0123456789abcdef.parquet",
        sha256="0" * 64,
        size_bytes=1,
        rows=len(found),
        first_key=("a",),
        last_key=("b",),
    )
    return TableState(schema_version=1, content_root=content_root(found).hex(), parts=(part,))


def manifest_of(found, signer=SIGNER):
    manifest = signed_manifest(
        previous=None,
        tables={"records": table_of(found)},
        build_id="00000001-20261120T141709Z",
        builder_version=REGISTRY.builder_version,
        writer_versions={"pyarrow": "25"},
        signer=signer,
        now=NOW,
    )
    return json.loads(manifest.document)


def buckets_of(found):
    bits = bucket_bits(len(found))
    buckets = [b""] * (1 << bits)
    for leaf in sorted(found):
        buckets[place_of(leaf, bits)] += leaf
    return buckets


def proof_of(found=(*OTHERS, LEAF), signer=SIGNER, leaf=LEAF):
    inclusion, root = included(buckets_of(found), leaf)
    assert root == content_root(found)
    return inclusion_document(
        RECORD, MINTED.receipt, METADATA, inclusion, manifest_of(found, signer)
    )


PROOF = proof_of()
PARSED = json.loads(PROOF)


def codes(document, keyring=ALONE):
    return {failure.code for failure in verify(document, keyring).failures}


@pytest.mark.parametrize("others", [0, 1, 62, 63, 200])
def test_a_proof_holds_by_the_registrys_key_alone(others):
    report = verify_bytes(proof_of((*OTHERS[:others], LEAF)), ALONE)
    assert (report.kind, report.name) == ("inclusion_proof", str(MINTED.identity.number))
    assert report.verified() == str(MINTED.identity.number)


def test_a_proof_is_canonical_json_in_its_form():
    assert canonical_json(PARSED) == PROOF
    assert list(INCLUSION.failures(PARSED, "")) == []
    assert (PARSED["table"], len(PARSED["path"])) == ("records", 2)


def test_nobody_is_trusted_by_what_a_document_says():
    failures = verify(PARSED, TrustedKeys([OTHER_SIGNER.public_key])).failures
    assert {(failure.path, failure.code) for failure in failures} == {
        ("/receipt/key_id", Code.UNKNOWN_KEY),
        ("/manifest/manifest_signature/key_id", Code.UNKNOWN_KEY),
    }
    assert codes(json.loads(proof_of(signer=OTHER_SIGNER))) == {Code.UNKNOWN_KEY}


@pytest.mark.parametrize("path", [path for path, _ in leaves(PARSED)], ids=pointer_of)
def test_any_changed_leaf_is_found(path):
    for value in (7, "other", {}):
        assert codes(changed(PARSED, path, value))


def test_any_flipped_bit_is_refused():
    """Each of its bits by `make faults`, one of 997 of them otherwise."""
    for bit in range(0, 8 * len(PROOF), of(997, 1)):
        forged = bytearray(PROOF)
        forged[bit // 8] ^= 1 << bit % 8
        assert verify_bytes(bytes(forged), ALONE).failures, bit


@signing_law
@given(st.integers(0, 8 * len(PROOF) - 1))
def test_any_flipped_bit_is_refused_wherever_it_is(bit):
    forged = bytearray(PROOF)
    forged[bit // 8] ^= 1 << bit % 8
    assert verify_bytes(bytes(forged), ALONE).failures


@signing_law
@given(
    st.sampled_from(
        [
            {"title": "Another title"},
            {"abstract": "Another abstract."},
            {"version": 3},
            {"license": "http://x.example/"},
            {"categories": ("cs.LG",)},
            {"submitter": "Somebody else"},
            {"journal_ref": "J. 1"},
            {"is_withdrawn": True},
            {"updated_on": date(2020, 1, 1)},
            {"version_submitted_at": NOW.replace(microsecond=0)},
        ]
    ),
    st.integers(0, 200),
)
def test_a_record_that_is_not_in_the_lake_cannot_be_proved(changes, others):
    """Not by another's place: neither what is hashed nor what arXiv said otherwise."""
    other = paper(**changes)
    minted = mint_one(other)
    found = (*OTHERS[:others], LEAF)
    there, _ = included(buckets_of(found), LEAF)
    forged = inclusion_document(
        json.loads(minted.bundle.document)["canonical_record"],
        minted.receipt,
        metadata_of(other),
        there,
        manifest_of(found),
    )
    assert [failure.code for failure in verify_bytes(forged, ALONE).failures] == [Code.NOT_INCLUDED]


def test_a_leaf_that_is_put_in_leads_to_another_root():
    others = OTHERS[:40]
    forged = inclusion_document(
        RECORD,
        MINTED.receipt,
        METADATA,
        Inclusion(tuple(sorted((*others, LEAF))), ()),
        manifest_of(others),
    )
    assert codes(json.loads(forged)) == {Code.ROOT_MISMATCH}
    assert included(buckets_of(others), LEAF)[0] is None


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda proof: proof["bucket"].reverse(), {Code.WRONG_VALUE}),
        (lambda proof: proof["bucket"].append(proof["bucket"][-1]), {Code.WRONG_VALUE}),
        (lambda proof: proof["bucket"].clear(), {Code.NOT_INCLUDED, Code.WRONG_VALUE}),
        (lambda proof: proof["path"].reverse(), {Code.ROOT_MISMATCH}),
        (lambda proof: proof["path"].append("0" * 64), {Code.COUNT_MISMATCH}),
        (lambda proof: proof["path"].extend(["0" * 64] * 300), {Code.COUNT_MISMATCH}),
        (lambda proof: proof["path"].clear(), {Code.COUNT_MISMATCH}),
        (lambda proof: proof.pop("manifest"), {Code.MISSING_FIELD}),
        (lambda proof: proof.update(manifest=7), {Code.WRONG_TYPE}),
        (lambda proof: proof.pop("bucket"), {Code.MISSING_FIELD}),
        (lambda proof: proof.update(table="events"), {Code.WRONG_VALUE}),
        (
            lambda proof: proof.update(manifest={**manifest_of([LEAF]), "tables": {}}),
            {Code.MISSING_FIELD, Code.MANIFEST_DIGEST_MISMATCH, Code.BAD_SIGNATURE},
        ),
        (
            lambda proof: proof["manifest"]["manifest_signature"].update(
                signed_at="2026-11-20T14:17:09.598221Z"
            ),
            {Code.TIME_ORDER},
        ),
    ],
)
def test_a_way_that_is_none_is_told(change, wanted):
    proof = json.loads(PROOF)
    change(proof)
    assert codes(proof) == wanted


def test_a_proof_may_be_of_a_receipt_signed_again():
    again = {
        **MINTED.receipt,
        "last_reissued_at": "2026-12-01T00:00:00.000000Z",
        "signed_at": "2026-12-01T00:00:00.000000Z",
    }
    leaf = record_leaf(CanonicalRecord.from_json_object(RECORD), again, METADATA)
    assert leaf != LEAF
    there, _ = included(buckets_of([leaf]), leaf)
    proof = inclusion_document(RECORD, again, METADATA, there, manifest_of([leaf]))
    assert verify_bytes(proof, ALONE).failures == ()


def test_a_record_whose_raw_metadata_is_not_known_can_be_proved():
    unknown = dict.fromkeys(METADATA)
    leaf = record_leaf(CanonicalRecord.from_json_object(RECORD), MINTED.receipt, unknown)
    there, _ = included(buckets_of([leaf]), leaf)
    proof = inclusion_document(RECORD, MINTED.receipt, unknown, there, manifest_of([leaf]))
    assert verify_bytes(proof, ALONE).failures == ()


def test_a_key_that_was_revoked_by_then_proves_nothing():
    for at, wanted in ((NOW, {Code.REVOKED_KEY}), (NOW + timedelta(seconds=1), set())):
        key = replace(TrustedKey.of(SIGNER.public_key), revoked_at=f"{at:%Y-%m-%dT%H:%M:%S.%fZ}")
        assert codes(PARSED, TrustedKeys([key])) == wanted


def test_what_is_written_otherwise_holds_as_well():
    assert verify_bytes(json.dumps(PARSED, indent=2).encode(), ALONE).failures == ()
    assert dump_canonical(PARSED) == PROOF
