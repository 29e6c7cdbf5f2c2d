"""Proofs from a lake, checked without it."""

import json
import shutil

import pytest

from pith_builder.core.inclusion import INCLUSION, record_row
from pith_builder.core.record import CanonicalRecord
from pith_builder.core.verification import verify_bytes
from pith_builder.errors import UsageError, VerificationError
from pith_builder.lake import roots
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import RECORDS, TABLES
from pith_builder.operations.proving import proof_of
from pith_builder.signing.ed25519 import TrustedKeys
from tests.graphs import imported_into
from tests.lakes import forge, rows
from tests.makers import DOCUMENTS, PUBLISHED_KEY, SIGNER

ALONE = TrustedKeys([SIGNER.public_key])


@pytest.mark.parametrize("lake_name", ["lake_of_two", "sample_lake"])
def test_every_record_of_a_lake_is_proved_without_the_lake(lake_name, request):
    opened = open_lake(request.getfixturevalue(lake_name))
    for row in rows(opened.path, "records")[:: 40 if lake_name == "sample_lake" else 1]:
        report = verify_bytes(proof_of(opened, row["pith_number"]), ALONE)
        assert (report.failures, report.name) == ((), row["pith_number"])


def test_a_proof_is_of_the_row_as_its_table_defines_it(lake_of_two):
    """Whoever changes what of a record is hashed changes the proof, and its version."""
    for row in rows(lake_of_two, "records"):
        proof = json.loads(proof_of(open_lake(lake_of_two), row["pith_number"]))
        made = record_row(
            CanonicalRecord.from_json_object(proof["canonical_record"]),
            proof["receipt"],
            proof["metadata"],
        )
        hashed = [RECORDS.columns[place].name for place in RECORDS.hashed_indexes()]
        assert dict(zip(hashed, made, strict=True)) == {name: row[name] for name in hashed}
    assert TABLES["records"].schema_version == 1
    assert INCLUSION.fields["inclusion_version"].wanted == "1.0"


def test_any_name_of_a_record_will_do(sample_lake):
    opened = open_lake(sample_lake)
    proofs = {proof_of(opened, ref) for ref in ("1804.01852", "arXiv:1804.01852v2", "REQM6TSZ2XBI")}
    assert len(proofs) == 1
    with pytest.raises(UsageError):
        proof_of(opened, "1804.99999")


def test_a_large_table_is_gone_through_in_stretches(sample_lake, monkeypatch):
    opened = open_lake(sample_lake)
    whole = proof_of(opened, "1804.01852")
    monkeypatch.setattr(roots, "LEAVES_AT_ONCE", 50)
    assert proof_of(opened, "1804.01852") == whole


def test_imported_records_are_proved_by_two_keys(tmp_path):
    imported_into(tmp_path / "lake", DOCUMENTS)
    opened = open_lake(tmp_path / "lake")
    for row in rows(tmp_path / "lake", "records"):
        proof = proof_of(opened, row["pith_number"])
        both = TrustedKeys([SIGNER.public_key, PUBLISHED_KEY])
        assert verify_bytes(proof, both).failures == ()
        [failure] = verify_bytes(proof, ALONE).failures
        assert failure.path == "/receipt/key_id"


def test_without_the_lake_nothing_is_proved_but_the_proof_stays(harmed):
    proof = proof_of(open_lake(harmed), "0704.0001")
    shutil.rmtree(harmed)
    assert verify_bytes(proof, ALONE).failures == ()


def test_what_the_root_does_not_cover_is_not_proved(harmed):
    forge(harmed, "records", state=lambda _: {"content_root": "0" * 64})
    with pytest.raises(VerificationError, match="is not below the content root"):
        proof_of(open_lake(harmed), "0704.0001")
