"""arXiv's raw metadata of a record as a mirror hands it on, beside the documents: `metadata.json`.

No published document carries it and no signature covers it, but it is what the record was minted
of, and title, abstract, categories and licence can be proved by the record's own hashes.
"""

from __future__ import annotations

from typing import Any

from pith_builder.core.canonical import JsonValue, parse_json, text_sha256
from pith_builder.core.instants import parse_seconds
from pith_builder.core.metadata import METADATA, parse_day
from pith_builder.core.record import CanonicalRecord, sorted_categories
from pith_builder.errors import MalformedError
from pith_builder.lake.parts import days, microseconds
from pith_builder.lake.tables import RECORDS, Kind

RAW_COLUMNS = tuple(METADATA.fields)
"""The columns of `records` that no published document says."""


def read_raw_metadata(data: bytes, record: CanonicalRecord) -> dict[str, Any]:
    """Return the raw columns of the row of `record`, as rows hold them.

    Raises:
        MalformedError: The bytes are not in that form, or not what the record was minted of.
    """
    said: JsonValue = parse_json(data)
    failure = next(METADATA.failures(said, ""), None)
    if failure is not None:
        raise MalformedError(f"{failure.path or '/'}: {failure.message}")
    for name, wanted in (
        ("title", record.title_canon_sha256),
        ("abstract", record.abstract_canon_sha256),
    ):
        text = said[name]
        if text is not None and text_sha256(text) != wanted:
            raise MalformedError(f"/{name}: is not what {name}_canon_sha256 is of")
    categories = said["categories"]
    if categories is not None and not (
        categories
        and categories[0] == record.primary_cat
        and sorted_categories(set(categories) - {categories[0]}) == record.cross_cats_sorted
    ):
        raise MalformedError(f"/categories: {categories} are not those of the record")
    return {name: _value(RECORDS.column(name).kind, said[name]) for name in RAW_COLUMNS}


def _value(kind: Kind, said: JsonValue) -> Any:
    if said is None:
        return None
    if kind is Kind.INSTANT:
        return microseconds(parse_seconds(said))
    if kind is Kind.DAY:
        return days(parse_day(said))
    return said
