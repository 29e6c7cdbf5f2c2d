"""Looking records up by name, against the same questions put to an unsorted copy."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import pyarrow.parquet as pq

from pith_builder import connect
from pith_builder.operations.resolve import AmbiguousError, resolve
from tests.bench.minting import MEBIBYTE
from tests.bench.processes import FailedError
from tests.bench.table import Bound, Row, at_most

ASKED_OF_UNSORTED = 100
PROCESSES = 3
BUCKET_ROWS = 200_000
UNSORTED_TABLES = {"records": "pith_number", "aliases": "alias_value"}

LARGE = 3_000_000
LARGE_SECONDS = 600


def _by_sql(connection, number):
    query = "select * from records where pith_number = ?"
    return {row[0] for row in connection.execute(query, [number]).fetchall()}


def _by_name(connection, name):
    try:
        resolved = resolve(connection, name)
    except AmbiguousError as error:
        return {found.pith_number for found in error.candidates}
    return {found.pith_number for found in (resolved.record, *resolved.others)}


@dataclass(frozen=True)
class Way:
    """A way to look a record up, and how long it may take, in milliseconds."""

    what: str
    name_of: Callable[[str, str], str]
    ask: Callable
    p50: Bound
    p99: Bound | None = None


WAYS = (
    Way(
        "SQL by Pith Number", lambda number, _: number, _by_sql, at_most(8, "ms"), at_most(40, "ms")
    ),
    Way("by Pith Number", lambda number, _: number, _by_name, at_most(8, "ms"), at_most(40, "ms")),
    Way("by short form", lambda number, _: number[10:18], _by_name, at_most(20, "ms")),
    Way("by arXiv id", lambda _, arxiv_id: arxiv_id, _by_name, at_most(20, "ms")),
)


def sample(turn):
    """Look up in the round's lake, or the one given, and in the large one where there is one."""
    bench = turn.bench
    _sample_lake(bench, bench.lake or turn.lake)
    if bench.large is not None:
        _sample_lake(bench, bench.large_lake)


def _sample_lake(bench, lake):
    with connect(lake) as connection:
        papers = _count(connection, "records")
        label = f"{papers:,} records"
        names = connection.execute(
            "select pith_number, arxiv_id from records order by hash(pith_number) limit ?",
            [bench.names],
        ).fetchall()
        copy = bench.place / f"unsorted-{papers}"
        if not copy.exists():
            _write_unsorted(connection, copy)
        with _connected(copy) as unsorted:
            for way in WAYS:
                ours = _milliseconds(connection, way, names)
                theirs = _milliseconds(unsorted, way, names[:ASKED_OF_UNSORTED])
                for percent in (50, 99):
                    key = f"{label} {way.what} p{percent}"
                    bench.samples.add(key, _percentile(ours, percent))
                    bench.samples.add(f"{key} unsorted", _percentile(theirs, percent))
    for number, _ in names[:PROCESSES]:
        done = bench.pith("resolve", number, "--lake", lake)
        bench.samples.add(f"{label} process", done.seconds)


def _milliseconds(connection, way, names):
    """Ask for each name and see that the answer is right; return what each took."""
    taken = []
    for number, arxiv_id in names:
        name = way.name_of(number, arxiv_id)
        started = time.perf_counter()
        found = way.ask(connection, name)
        taken.append((time.perf_counter() - started) * 1_000)
        if number not in found:
            raise FailedError(f"looked up {name} {way.what}, wanted {number}, found {found}")
    return taken


def _percentile(figures, percent):
    return sorted(figures)[len(figures) * percent // 100]


def _count(connection, table):
    return connection.table(table).count("*").fetchall()[0][0]


def _write_unsorted(connection, folder):
    """Write tables in random order as pyarrow writes by default, a bucket at a time."""
    folder.mkdir()
    for table, name in UNSORTED_TABLES.items():
        rows = _count(connection, table)
        buckets = -(-rows // BUCKET_ROWS)
        writer = None
        for bucket in range(buckets):
            query = f"from {table} where hash({name}) % $n = $k order by hash({name}, 1)"
            asked = connection.sql(query, params={"n": buckets, "k": bucket})
            read = asked.to_arrow_table()
            writer = writer or pq.ParquetWriter(folder / f"{table}.parquet", read.schema)
            writer.write_table(read)
        writer.close()


def _connected(folder):
    connection = duckdb.connect()
    connection.execute("set parquet_metadata_cache = true")
    connection.execute("set TimeZone = 'UTC'")
    for table in UNSORTED_TABLES:
        place = folder / f"{table}.parquet"
        connection.execute(f"create view {table} as from read_parquet('{place}')")
    return connection


def rows(bench):
    """Return what look-ups took, in each lake looked up in."""
    labels = dict.fromkeys(
        name.removesuffix(" process") for name in bench.samples.figures if name.endswith(" process")
    )
    listed = [row for label in labels for row in _rows(bench, label)]
    return [*listed, *(_large_rows(bench) if bench.large is not None else ())]


def _rows(bench, label):
    median = bench.samples.median
    for way in WAYS:
        for percent, bound in ((50, way.p50), (99, way.p99)):
            key = f"{label} {way.what} p{percent}"
            yield Row(
                what=f"{label}: {way.what}, p{percent}",
                figure=median(key),
                unit="ms",
                yardstick="unsorted copy",
                against=median(f"{key} unsorted"),
                bound=bound,
            )
    yield Row(
        what=f"{label}: `pith resolve`",
        figure=median(f"{label} process"),
        unit="s",
        bound=at_most(0.5, "s"),
        note="the whole process",
    )


def _large_rows(bench):
    median, papers = bench.samples.median, bench.large
    return [
        Row(
            what=f"{papers:,} papers built: time",
            figure=median("large build seconds"),
            unit="s",
            bound=at_most(LARGE_SECONDS * papers / LARGE, "s"),
            note=f"one run; {LARGE:,} in {LARGE_SECONDS} s",
        ),
        Row(
            what=f"{papers:,} papers built: peak memory",
            figure=median("large build peak") / MEBIBYTE,
            unit="MiB",
            bound=at_most(2048, "MiB"),
        ),
        Row(
            what=f"{papers:,} papers built: Parquet",
            figure=median("large parquet bytes") / papers,
            unit="bytes a paper",
            bound=at_most(6144, "bytes", stretch=4096),
        ),
    ]
