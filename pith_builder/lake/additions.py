"""What became of the rows of an earlier lake in a later one, by their digests.

A row whose digest is there is there. Of those that are not, the keys and what must stay of them
are compared by DuckDB, over files whose bytes were compared with their manifests before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from pith_builder.core.manifest import Part
from pith_builder.core.merkle import LEAF_BYTES
from pith_builder.errors import VerificationError
from pith_builder.lake.arrays import arrow_array
from pith_builder.lake.digests import leading_words
from pith_builder.lake.query import own_settings
from pith_builder.lake.reading import DIGESTS_AT_ONCE, batches, packed_digests
from pith_builder.lake.roots import bits_of_stretches, of_stretch, root_of
from pith_builder.lake.tables import ALIASES, BUNDLES, RECORDS, ROW_SHA256, STATES, Kind, Table
from pith_builder.lake.views import quoted

_Digests = npt.NDArray[np.uint8]
_NONE = np.empty((0, LEAF_BYTES), np.uint8)

MAY_CHANGE: Mapping[str, Mapping[str, str]] = {
    RECORDS.name: {
        "key_id": "",
        "public_key_fingerprint": "",
        "signature_b64": "",
        "signed_at": "new.signed_at < old.signed_at",
        "last_reissued_at": "new.last_reissued_at < old.last_reissued_at",
    },
    ALIASES.name: {"created_at": "new.created_at < old.created_at"},
    STATES.name: {"state_sha256": ""},
    BUNDLES.name: {
        "bundle_sha256": "",
        "key_id": "",
        "public_key_fingerprint": "",
        "signature_b64": "",
        "signed_at": "new.signed_at < old.signed_at",
    },
}
"""Ruling: what "a later lake only adds to an earlier one" means. Every row of every table is still
there, word for word, but for the hashed columns named here, with what of their new values is none
the less a change that is not allowed: a receipt may be signed again, later, for a record that is
the same; an alias may be dated later; states and bundles are made anew as events are added. Columns
that no digest covers, such as where a row was observed, are not compared."""

MAX_LISTED = 1_000
"""Of the rows of a table that are gone or changed so many are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Rows of the earlier lake whose digests the later one has not.

    Attributes:
        rows: How many there are.
        removed: The first keys of those that are gone.
        changed: The first keys of those that say something else that must stay.
        removed_count: How many are gone.
        changed_count: How many say something else that must stay.
    """

    rows: int
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed_count: int = 0
    changed_count: int = 0


def missed(lake: Path, table: Table, gone: Sequence[Part], now: Sequence[Part]) -> Missed:
    """Look for the rows of parts that are gone among those of the parts there are now.

    Memory: some 80 bytes for each of at most `LEAVES_AT_ONCE` rows, however many there are; what
    DuckDB joins that is larger than memory goes to the folder for temporary files.

    Raises:
        DamagedPartError: A part cannot be read whole.
        VerificationError: DuckDB cannot read a part.
    """
    rows = 0
    bits = bits_of_stretches(sum(part.rows for part in now))
    for stretch in range(1 << bits):
        known = _Known(np.concatenate([*_digests(lake, table, now, stretch, bits), _NONE]))
        for digests in _digests(lake, table, gone, stretch, bits):
            rows += int(np.count_nonzero(~known.hold(digests)))
    return _compared(lake, table, rows, gone, now) if rows else Missed(0)


def _digests(
    lake: Path, table: Table, parts: Sequence[Part], stretch: int, bits: int
) -> Iterator[_Digests]:
    for part in parts:
        for digests in packed_digests(lake, table, part):
            yield of_stretch(digests, stretch, bits)


def root_as_of(lake: Path, table: Table, parts: Sequence[Part], builds: frozenset[str]) -> bytes:
    """Return the content root of those rows of parts that these builds added.

    Raises:
        DamagedPartError: A part cannot be read whole.
    """
    wanted = arrow_array(Kind.TEXT, sorted(builds), len(builds))

    def source() -> Iterator[_Digests]:
        for part in parts:
            for batch in batches(lake, table, part, [ROW_SHA256.name, "build_id"], DIGESTS_AT_ONCE):
                is_of_them = pc.is_in(batch.column("build_id"), value_set=wanted)
                column = batch.column(ROW_SHA256.name).filter(is_of_them)
                packed = np.frombuffer(column.buffers()[1], np.uint8).reshape(-1, LEAF_BYTES)
                yield packed[column.offset : column.offset + len(column)]

    return root_of(source, sum(len(some) for some in source()))


class _Known:
    """Digests, sorted by their first 64 bits, to be asked whether they hold others."""

    def __init__(self, digests: _Digests) -> None:
        words = leading_words(digests)
        order = np.argsort(words)
        self._digests = digests[order]
        self._words = words[order]
        shared = self._words[1:] == self._words[:-1]
        # Digests that share their first 64 bits, which somebody may have sought, are few.
        self._shared = {bytes(one) for one in self._digests[1:][shared]}
        self._shared |= {bytes(one) for one in self._digests[:-1][shared]}

    def hold(self, digests: _Digests) -> npt.NDArray[np.bool_]:
        """Tell for each digest whether it is one of these."""
        if not len(self._words):
            return np.zeros(len(digests), np.bool_)
        places = np.searchsorted(self._words, leading_words(digests)).clip(max=len(self._words) - 1)
        found: npt.NDArray[np.bool_] = (self._digests[places] == digests).all(axis=1)
        if self._shared:
            for place in np.flatnonzero(~found):
                found[place] = bytes(digests[place]) in self._shared
        return found


def _compared(
    lake: Path, table: Table, rows: int, gone: Sequence[Part], now: Sequence[Part]
) -> Missed:
    """Compare rows by their keys; the words of the queries are the tables' own and paths."""
    may_change = MAY_CHANGE.get(table.name, {})
    key = ", ".join(table.key)
    names = [column.name for column in table.columns if column.is_hashed]
    bounds = [f"new.{name} is distinct from old.{name}" for name in names if name not in may_change]
    bounds += [bound for bound in may_change.values() if bound]
    named = f"concat_ws(' ', {', '.join(f'old.{name}' for name in table.key)})"
    query = f"""
        with old as (from {_files(lake, gone)}),
            new as (from {_files(lake, now)}),
            seen as (
                select
                    {named} as name,
                    new.row_sha256 is null as is_removed,
                    ({" or ".join(bounds)}) as is_changed
                from old left join new using ({key})
                where new.row_sha256 is distinct from old.row_sha256
            )
        select
            count(*) filter (where is_removed),
            min(name, {MAX_LISTED}) filter (where is_removed),
            count(*) filter (where is_changed and not is_removed),
            min(name, {MAX_LISTED}) filter (where is_changed and not is_removed)
        from seen
    """  # noqa: S608
    try:
        with duckdb.connect(config=own_settings()) as connection:
            connection.execute("set timezone = 'UTC'")
            found = connection.execute(query).fetchone()
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        raise VerificationError(f"the lake cannot be read: {said}; run `pith audit`") from error
    removed_count, removed, changed_count, changed = found or (0, (), 0, ())
    return Missed(rows, tuple(removed or ()), tuple(changed or ()), removed_count, changed_count)


def _files(lake: Path, parts: Sequence[Part]) -> str:
    listed = ", ".join(quoted(str(lake / part.path)) for part in parts)
    return f"read_parquet([{listed}], union_by_name = true)"
