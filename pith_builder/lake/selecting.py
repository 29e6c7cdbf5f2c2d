"""Rows of some records, written out sorted: from the parts of one lake to a few parts of another.

Everything goes by in Arrow's batches: rows keep their digests, for the one column that changes,
`build_id`, enters none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pith_builder.core.manifest import Manifest, Part
from pith_builder.disk import Disk
from pith_builder.lake.arrays import Same, arrow_array
from pith_builder.lake.joining import merged_rows
from pith_builder.lake.known import KnownRecords
from pith_builder.lake.parts import arrow_schema, part_writers
from pith_builder.lake.query import Connection, fetch
from pith_builder.lake.reading import (
    DIGESTS_AT_ONCE,
    batches,
    packed_digests,
    see_that_they_hold,
)
from pith_builder.lake.store import Lake
from pith_builder.lake.tables import ALIASES, BUNDLES, EVENTS, NOTED, RECORDS, STATES, Kind, Table

OF_RECORDS = (RECORDS, EVENTS, STATES, BUNDLES, ALIASES)
"""The tables whose rows are of one record each."""

PAPERS_A_PART = 50_000
"""Records whose rows one part of each table holds: an audit holds the names of so many at once."""

_ROWS_AT_ONCE = 20_000

_ALIASES = """
    select chosen.stretch, {columns}
    from aliases join chosen using (pith_number)
    order by chosen.stretch, alias_value, alias_kind, aliases.pith_number
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which records: their numbers, sorted, in stretches whose rows one part each holds."""

    stretches: tuple[pa.StringArray, ...]

    def __len__(self) -> int:
        return sum(map(len, self.stretches))


def choose(connection: Connection) -> Chosen:
    """Choose the records of the view `selected`, and make a table `chosen` of them for aliases.

    Raises:
        VerificationError: A part of the lake is missing or damaged.
    """
    fetch(connection, _CHOSEN, {"papers": PAPERS_A_PART})
    query = "select pith_number from chosen order by pith_number"
    found = connection.sql(query).to_arrow_table().column(0).cast(pa.string()).combine_chunks()
    numbers = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    return Chosen(
        tuple(
            numbers.slice(start, PAPERS_A_PART) for start in range(0, len(numbers), PAPERS_A_PART)
        )
    )


_CHOSEN = """
    create or replace temp table chosen as
    select pith_number, (row_number() over (order by pith_number) - 1) // $papers as stretch
    from selected
"""


@dataclass(slots=True)
class Written:
    """What was written of one table.

    Attributes:
        parts: Its parts, in the order of their rows' records.
        keys: Ids and fingerprints of the keys that the rows name.
        counts: Of records, how many there are by what `NOTED` counts.
    """

    parts: list[Part] = field(default_factory=list)
    keys: set[tuple[str, str]] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Where rows come from and go to.

    Attributes:
        source: The lake they are of.
        folder: The lake that parts are written to.
        build_id: The run that writes them.
        disk: What is written with.
        progress: Is told how many records are written whole.
    """

    source: Lake
    folder: Path
    build_id: str
    disk: Disk
    progress: Callable[[int], None] = lambda _: None


def write_chosen(copy: Copy, table: Table, chosen: Chosen) -> Written:
    """Write the rows of `table` that are of the chosen records, sorted by record.

    Memory: a few row groups, of all parts together.

    Raises:
        DamagedPartError: A part is not as the manifest says, or cannot be read whole.
        StorageError: The disk is full, or the folder takes no files.
    """
    parts = copy.source.table(table.name).parts
    see_that_they_hold(copy.source.path, parts)
    read = merged_rows(copy.source.path, table, parts) if parts else iter(())
    return _write(copy, table, _of_stretches(read, chosen))


def write_chosen_aliases(copy: Copy, connection: Connection) -> Written:
    """Write the aliases of the records in table `chosen`, beside the parts of those records.

    Raises:
        DamagedPartError: A part is not as the manifest says.
        StorageError: The disk is full, or the folder takes no files.
    """
    # DuckDB verifies no page's checksum, but the bytes of each file are shown to be right first.
    see_that_they_hold(copy.source.path, copy.source.table(ALIASES.name).parts)
    columns = ", ".join(f"aliases.{column.name}" for column in ALIASES.all_columns())
    reader = connection.sql(_ALIASES.format(columns=columns)).to_arrow_reader(_ROWS_AT_ONCE)
    return _write(copy, ALIASES, _labelled(reader))


def _labelled(reader: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield aliases by their stretch, which comes first and sorted."""
    schema = arrow_schema(ALIASES)
    for rows in reader:
        stretches = rows.column(0)
        start = 0
        for run in pc.run_end_encode(stretches).run_ends.to_pylist():
            some = [
                column.slice(start, run - start).cast(kind)
                for column, kind in zip(rows.columns[1:], schema.types, strict=True)
            ]
            yield stretches[start].as_py(), pa.RecordBatch.from_arrays(some, schema=schema)
            start = run


def _of_stretches(
    read: Iterator[pa.RecordBatch], chosen: Chosen
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows of chosen records, sorted as they come, each with its stretch."""
    stretches = chosen.stretches
    ends = [stretch[-1].as_py() for stretch in stretches]
    index = 0
    for batch in read:
        rows = batch
        while len(rows) and index < len(stretches):
            numbers = rows.column("pith_number")
            count = bisect_right(
                range(len(rows)), ends[index], key=lambda row: numbers[row].as_py()
            )
            some = rows.slice(0, count)
            wanted = pc.is_in(some.column("pith_number"), value_set=stretches[index])
            kept = some if pc.all(wanted).as_py() else some.filter(wanted)
            if len(kept):
                yield index, kept
            rows = rows.slice(count)
            index += bool(len(rows))


def _write(copy: Copy, table: Table, read: Iterator[tuple[int, pa.RecordBatch]]) -> Written:
    """Write a part of each stretch, whose rows come together; a refusal leaves nothing of it."""
    written = Written()
    done = 0
    place = table.position("build_id")
    for index, stretch in groupby(read, itemgetter(0)):
        with part_writers(copy.disk, copy.folder, [table], f"00000001-{index:05d}") as (writer,):
            for _, rows in stretch:
                _count(written, table, rows)
                build = arrow_array(Kind.TEXT, Same(copy.build_id), len(rows))
                if table is BUNDLES:  # which take longest
                    done += len(rows)
                    copy.progress(done)
                writer.add_arrow(rows.set_column(place, rows.schema.field(place), build))
            part = writer.finish()
            if part is not None:
                written.parts.append(part)
    return written


def _count(written: Written, table: Table, rows: pa.RecordBatch) -> None:
    names = set(rows.schema.names)
    if {"key_id", "public_key_fingerprint"} <= names:
        pairs = pa.table(
            [rows.column("key_id"), rows.column("public_key_fingerprint")], ["id", "fingerprint"]
        )
        for pair in pairs.group_by(["id", "fingerprint"]).aggregate([]).to_pylist():
            written.keys.add((pair["id"], pair["fingerprint"]))
    if table is RECORDS:
        written.counts["minted"] += len(rows)
        for name, (column, value) in NOTED.items():
            written.counts[name] += pc.sum(pc.equal(rows.column(column), value)).as_py() or 0


def changed_since(lake: Lake, earlier: Manifest) -> frozenset[str]:
    """Return the numbers of the records of which a row was added or replaced since then.

    Only parts that one of the two manifests does not name are read, and of them the digests.

    Raises:
        DamagedPartError: A part cannot be read whole.
    """
    changed: set[str] = set()
    for table in OF_RECORDS:
        now = {part.path: part for part in lake.table(table.name).parts}
        then = {part.path: part for part in earlier.tables[table.name].parts}
        known = KnownRecords()
        for path in then.keys() - now.keys():
            for packed in packed_digests(lake.path, table, then[path]):
                known.add_packed(packed.tobytes())
        for path in now.keys() - then.keys():
            changed |= _unknown(lake, table, now[path], known)
    return frozenset(changed)


def _unknown(lake: Lake, table: Table, part: Part, known: KnownRecords) -> set[str]:
    found: set[str] = set()
    columns = ["pith_number", "row_sha256"]
    for batch in batches(lake.path, table, part, columns, DIGESTS_AT_ONCE):
        digests: Sequence[bytes] = batch.column("row_sha256").to_pylist()
        new = frozenset(digests) - known.among(digests)
        wanted = arrow_array(Kind.SHA256, sorted(new), len(new))
        is_new = pc.is_in(batch.column("row_sha256"), value_set=wanted)
        found.update(batch.column("pith_number").filter(is_new).to_pylist())
    return found
