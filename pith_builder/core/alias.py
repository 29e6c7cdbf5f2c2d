"""The other names a record goes by (FORMAT.md 4)."""

from __future__ import annotations

from typing import NamedTuple

from pith_builder.core.canonical import JsonValue
from pith_builder.core.number import SHORT_LENGTHS, PithNumber
from pith_builder.core.record import CanonicalRecord

DOI_PREFIX = "10.48550/arxiv."
_SHORTS = sorted((f"pith_short_{length}", length) for length in SHORT_LENGTHS)


class SourceAlias(NamedTuple):
    """One other name. Ruling: it is no unique key; several records may share it."""

    alias_kind: str
    alias_value: str
    created_at: str

    def to_json_object(self) -> dict[str, JsonValue]:
        """Return the alias as bundles and states hold it."""
        return {
            "alias_kind": self.alias_kind,
            "alias_value": self.alias_value,
            "created_at": self.created_at,
        }


def alias_names(record: CanonicalRecord, number: PithNumber) -> tuple[tuple[str, str], ...]:
    """Return the (kind, value) of each alias that follows from a record, sorted."""
    arxiv_id = record.source_id.value
    return (
        ("arxiv", arxiv_id),
        ("arxiv_version", f"{arxiv_id}v{record.source_version}"),
        ("doi", DOI_PREFIX + arxiv_id),
        *((kind, number.suffix[:length]) for kind, length in _SHORTS),
    )


def source_aliases(
    record: CanonicalRecord, number: PithNumber, created_at: str
) -> tuple[SourceAlias, ...]:
    """Return the aliases of a record, as sorted by kind and value.

    `created_at` is the whole second of the receipt's `first_computed_at`, written
    `YYYY-MM-DDTHH:MM:SSZ`.
    """
    return tuple(
        SourceAlias(kind, value, created_at) for kind, value in alias_names(record, number)
    )
