"""What a lake holds of a record, for whoever shows it: its bundle and arXiv's raw words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pith_builder.core.bundle import bundle_digest
from pith_builder.core.canonical import JsonValue, load_canonical
from pith_builder.core.instants import format_microseconds, format_seconds
from pith_builder.core.manifest import Part
from pith_builder.core.metadata import METADATA
from pith_builder.core.receipt import STATED, receipt_of
from pith_builder.errors import MalformedError, VerificationError
from pith_builder.lake.parts import day_of, instant_of
from pith_builder.lake.query import Connection, connect_to, fetch
from pith_builder.lake.reading import batches
from pith_builder.lake.store import Lake
from pith_builder.lake.tables import BUNDLES, RECORDS, Kind, Table

_BUNDLE_COLUMNS = ("pith_number", "document")
_METADATA_NAMES = tuple(METADATA.fields)
_NAMES = (*_METADATA_NAMES, *STATED)
_KINDS = tuple(RECORDS.column(name).kind for name in _NAMES)
_WRITERS: dict[Kind, Callable[[int], JsonValue]] = {
    Kind.INSTANT: lambda value: format_seconds(instant_of(value)),
    Kind.DAY: lambda value: day_of(value).isoformat(),
}
_AS_INTEGERS = {Kind.INSTANT: "epoch_us({})", Kind.DAY: "{} - date '1970-01-01'"}


@dataclass(frozen=True, slots=True)
class Holding:
    """What a lake holds of one record.

    Attributes:
        pith_number: Its name.
        bundle: Its bundle, in canonical JSON.
        metadata: The metadata document.
        receipt: Its present receipt.
    """

    pith_number: str
    bundle: bytes
    metadata: dict[str, JsonValue]
    receipt: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A part of `bundles` and the part of `records` that holds the same records, if one does.

    A build writes both in one order. Compaction, or a merge that touches bundles alone, may leave
    a part of `bundles` without such a companion: then its records are looked up by their keys.
    """

    bundles: Part
    records: Part | None


def shelves(lake: Lake) -> list[Shelf]:
    """Return where all bundles of a lake lie."""
    records = {_span(part): part for part in lake.table("records").parts}
    return [Shelf(part, records.get(_span(part))) for part in lake.table("bundles").parts]


def _span(part: Part) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    return part.rows, part.first_key, part.last_key


def read_shelf(lake: Lake, shelf: Shelf) -> Iterator[Holding]:
    """Yield what a shelf holds, sorted by Pith Number, a thousand rows in memory at a time.

    Raises:
        DamagedPartError: A part cannot be read whole.
        VerificationError: A bundle has no record.
    """
    if shelf.records is None:
        connection = connect_to(lake)
        for batch in batches(lake.path, BUNDLES, shelf.bundles, _BUNDLE_COLUMNS):
            numbers, documents = (_values(batch, name) for name in _BUNDLE_COLUMNS)
            described = _metadata(connection, numbers)
            for number, document in zip(numbers, documents, strict=True):
                yield _holding(number, document, described.get(number))
        return
    # Row by row, whatever batches the two parts come in.
    bundles = _rows(lake, BUNDLES, shelf.bundles, _BUNDLE_COLUMNS)
    records = _rows(lake, RECORDS, shelf.records, ("pith_number", *_NAMES))
    for (number, document), (named, *row) in zip(bundles, records, strict=True):
        yield _holding(number, document, row if named == number else None)


def find_holdings(connection: Connection, numbers: Sequence[str]) -> list[Holding]:
    """Return what a lake holds of the records of these numbers, sorted by them.

    DuckDB verifies no page's checksum, so each bundle's own digest is computed again.

    Raises:
        VerificationError: A bundle has no record, or a part is damaged.
    """
    query = """
        select pith_number, document
        from bundles
        where pith_number in (select unnest($numbers))
        order by pith_number
    """
    found = fetch(connection, query, {"numbers": list(numbers)})
    described = _metadata(connection, [number for number, _ in found])
    return [
        _holding(number, _intact(number, document), described.get(number))
        for number, document in found
    ]


def _intact(number: str, document: str) -> str:
    try:
        bundle = load_canonical(document.encode())
        if bundle_digest(bundle).hex() == bundle["bundle_signature"]["bundle_sha256"]:
            return document
    except (MalformedError, KeyError, TypeError, AttributeError):
        pass
    raise VerificationError(f"the bundle of {number} is damaged; run `pith audit`")


def _holding(number: str, document: str, row: Sequence[Any] | None) -> Holding:
    if row is None:
        raise VerificationError(f"records has no row for {number}; run `pith audit`")
    metadata = {
        name: value if value is None or kind not in _WRITERS else _WRITERS[kind](value)
        for name, kind, value in zip(_METADATA_NAMES, _KINDS, row, strict=False)
    }
    receipt = receipt_of(
        {
            name: format_microseconds(instant_of(value)) if kind is Kind.INSTANT else value
            for name, kind, value in [*zip(_NAMES, _KINDS, row, strict=True)][-len(STATED) :]
        }
    )
    return Holding(number, document.encode(), metadata, receipt)


def _metadata(connection: Connection, numbers: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    # The columns are the tables' own names: no word of the query comes from data.
    columns = ", ".join(
        _AS_INTEGERS.get(kind, "{}").format(name) for name, kind in zip(_NAMES, _KINDS, strict=True)
    )
    query = f"""
        select pith_number, {columns}
        from records
        where pith_number in (select unnest($numbers))
    """  # noqa: S608
    return {row[0]: row[1:] for row in fetch(connection, query, {"numbers": list(numbers)})}


def _rows(
    lake: Lake, table: Table, part: Part, columns: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    for batch in batches(lake.path, table, part, columns):
        yield from zip(*(_values(batch, name) for name in columns), strict=True)


def _values(batch: pa.RecordBatch, name: str) -> list[Any]:
    """Return a column's values, instants and days as integers."""
    column = batch.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    elif pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    values: list[Any] = column.to_pylist()
    return values
