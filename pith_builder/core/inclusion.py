"""Proof that a record is in a lake: one document that is checked without the lake.

It carries the record, its receipt and arXiv's raw words on it, of which a row of table `records`
is made; the row's way up to the table's content root (`merkle`); and the signed manifest that
states the root. It proves that whoever signed the manifest had this very row in the lake. That it
is true what the row says, the audit of the lake proves. It is not signed itself: the manifest is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from pith_builder.core.canonical import JsonValue, dump_canonical
from pith_builder.core.event_checks import receipt_failures
from pith_builder.core.form import Const, ListOf, ObjectOf
from pith_builder.core.forms import CANONICAL_RECORD, NUMBER, RECEIPT, SHA256
from pith_builder.core.instants import parse_microseconds, parse_seconds
from pith_builder.core.keys import Keyring
from pith_builder.core.manifest import MANIFEST
from pith_builder.core.manifest_checks import manifest_failures
from pith_builder.core.merkle import Inclusion, bucket_bits, leaf_hashes
from pith_builder.core.metadata import METADATA, parse_day
from pith_builder.core.record import CanonicalRecord
from pith_builder.core.report import Code, Failure, pointer
from pith_builder.core.sound import Sound, canonical_record, record_name_failures

INCLUSION_TYPE = "pith_inclusion_proof"
INCLUSION_VERSION = "1.0"
RECORDS = "records"

INCLUSION = ObjectOf(
    {
        "inclusion_type": Const(INCLUSION_TYPE),
        "inclusion_version": Const(INCLUSION_VERSION),
        "table": Const(RECORDS),
        "pith_number": NUMBER,
        "canonical_record": CANONICAL_RECORD,
        "receipt": RECEIPT,
        "metadata": METADATA,
        "bucket": ListOf(SHA256),
        "path": ListOf(SHA256),
        "manifest": MANIFEST,
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def inclusion_document(
    record: JsonValue,
    receipt: JsonValue,
    metadata: JsonValue,
    inclusion: Inclusion,
    manifest: JsonValue,
) -> bytes:
    """Return the proof that a record is in a lake, as canonical JSON."""
    return dump_canonical(
        {
            "bucket": [leaf.hex() for leaf in inclusion.bucket],
            "canonical_record": record,
            "inclusion_type": INCLUSION_TYPE,
            "inclusion_version": INCLUSION_VERSION,
            "manifest": manifest,
            "metadata": metadata,
            "path": [node.hex() for node in inclusion.path],
            "pith_number": str(CanonicalRecord.from_json_object(record).pith_number()),
            "receipt": receipt,
            "table": RECORDS,
        }
    )


def record_leaf(
    record: CanonicalRecord,
    receipt: Mapping[str, JsonValue],
    metadata: Mapping[str, JsonValue],
) -> bytes:
    """Return the leaf of the row that `records` has of a record: its hashed columns, in order."""
    return leaf_hashes([record_row(record, receipt, metadata)])[0]


def record_row(
    record: CanonicalRecord,
    receipt: Mapping[str, JsonValue],
    metadata: Mapping[str, JsonValue],
) -> list[JsonValue]:
    """Return the hashed columns of the row that `records`, in schema version 1, has of a record."""
    said = metadata
    version_submitted_at, updated_on = said["version_submitted_at"], said["updated_on"]
    return [
        str(record.pith_number()),
        record.digest().hex(),
        record.source_id.value,
        record.source_version,
        record.primary_cat,
        list(record.cross_cats_sorted),
        said["categories"],
        record.license,
        _microseconds(record.submitted_at),
        version_submitted_at and _microseconds(parse_seconds(version_submitted_at)),
        record.title_canon_sha256,
        record.abstract_canon_sha256,
        *(said[name] for name in _WORDS),
        updated_on and (parse_day(updated_on) - date(1970, 1, 1)).days,
        said["is_withdrawn"],
        said["other_metadata"],
        receipt["key_id"],
        receipt["public_key_fingerprint"],
        receipt["signature_b64"],
        *(_microseconds(parse_microseconds(receipt[name])) for name in _DATES),
        receipt["builder_version"],
    ]


_WORDS = (
    "title",
    "abstract",
    "authors",
    "submitter",
    "comments",
    "journal_ref",
    "doi",
    "report_no",
    "msc_class",
    "acm_class",
)
_DATES = ("signed_at", "first_computed_at", "last_reissued_at")


def inclusion_failures(holds: Sound, keyring: Keyring) -> Iterator[Failure]:
    """Yield whatever keeps a document from proving that its record is in the lake.

    1. Record: the canonical record is the one that is named.
    2. Receipt: a trusted key signed it.
    3. Row: what is said makes a leaf of the bucket.
    4. Bucket: its leaves are sorted, each once, and stand in one place of the tree.
    5. Path: it has as many steps as the table's rows give, and leads to the root that is stated.
    6. Manifest: it holds, and a trusted key signed it.
    """
    proof = holds.document
    yield from record_name_failures(holds, "/canonical_record")
    record = canonical_record(holds, "/canonical_record")
    if record is not None and holds.has("/receipt"):
        yield from receipt_failures(proof["receipt"], record.digest(), keyring, "/receipt")
        if holds.has("/metadata", "/bucket"):
            leaf = record_leaf(record, proof["receipt"], proof["metadata"])
            if leaf.hex() not in proof["bucket"]:
                message = f"no leaf is {leaf.hex()}, the row of this record, receipt and metadata"
                yield Failure("/bucket", Code.NOT_INCLUDED, message)
    if holds.has("/bucket", "/path", "/manifest/tables"):
        yield from _path_failures(proof)
    if "manifest" in proof and isinstance(proof["manifest"], dict):
        for failure in manifest_failures(holds.below("manifest"), keyring):
            yield Failure("/manifest" + failure.path, failure.code, failure.message)


def _path_failures(proof: dict[str, JsonValue]) -> Iterator[Failure]:
    table = proof["manifest"]["tables"].get(RECORDS)
    if table is None:
        yield Failure("/manifest/tables", Code.MISSING_FIELD, f"there is no table {RECORDS}")
        return
    steps = bucket_bits(table["rows"])
    if len(proof["path"]) != steps:
        message = f"found {len(proof['path'])} steps, of {table['rows']} rows there are {steps}"
        yield Failure("/path", Code.COUNT_MISMATCH, message)
        return
    inclusion = Inclusion(
        tuple(map(bytes.fromhex, proof["bucket"])), tuple(map(bytes.fromhex, proof["path"]))
    )
    if not inclusion.is_a_bucket():
        message = "the leaves are not sorted, each once, and of one place in the tree"
        yield Failure("/bucket", Code.WRONG_VALUE, message)
        return
    found = inclusion.root().hex()
    if found != table["content_root"]:
        message = f"found {table['content_root']}, bucket and path give {found}"
        place = pointer("manifest", "tables", RECORDS, "content_root")
        yield Failure(place, Code.ROOT_MISMATCH, message)


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
