"""Proving that a record is in a lake, to those who have not the lake."""

from __future__ import annotations

from pith_builder.core.canonical import load_canonical
from pith_builder.core.inclusion import inclusion_document, record_leaf
from pith_builder.core.record import CanonicalRecord
from pith_builder.errors import VerificationError
from pith_builder.lake.holdings import find_holdings
from pith_builder.lake.query import connect_to
from pith_builder.lake.roots import inclusion_of
from pith_builder.lake.store import Lake
from pith_builder.lake.tables import RECORDS
from pith_builder.operations.resolve import resolve


def proof_of(lake: Lake, ref: str) -> bytes:
    """Return the proof that the record that a name stands for is in a lake, as canonical JSON.

    Raises:
        UsageError: The name stands for no record, or is none.
        AmbiguousError: It stands for several.
        VerificationError: The lake is damaged.
    """
    connection = connect_to(lake)
    number = resolve(connection, ref).record.pith_number
    [holding] = find_holdings(connection, [number])
    canonical = load_canonical(holding.bundle)["canonical_record"]
    leaf = record_leaf(
        CanonicalRecord.from_json_object(canonical), holding.receipt, holding.metadata
    )
    table = lake.table(RECORDS.name)
    found, root = inclusion_of(lake.path, RECORDS, table.parts, leaf)
    if found is None or root.hex() != table.content_root:
        raise VerificationError(
            f"the row of {number} is not below the content root of table {RECORDS.name} that the "
            "manifest states; run `pith audit`"
        )
    return inclusion_document(
        canonical,
        holding.receipt,
        holding.metadata,
        found,
        load_canonical(lake.manifest.document),
    )
