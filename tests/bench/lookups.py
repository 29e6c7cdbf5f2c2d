"""Looking records up by name, against the same questions put to an unsorted copy."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pith_builder import connect
from pith_builder.operations.resolve import AmbiguousError, resolve
from tests.bench.costs import build_rows
from tests.bench.processes import FailedError
from tests.bench.table import Bound, Row, at_most
from tests.bench.unsorted import connected, row_count, write_unsorted

ASKED_OF_UNSORTED = 100
PROCESSES = 3

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
    """A way to look a record up.

    Attributes:
        what: What it is called.
        name_of: Makes the name asked for from a Pith Number and an arXiv identifier.
        ask: Takes a connection and a name; returns the Pith Numbers found.
        p50: What the median may be.
        p99: What 99 of 100 may take at most.
    """

    what: str
    name_of: Callable[[str, str], str]
    ask: Callable
    p50: Bound
    p99: Bound | None = None


QUICK = at_most(8, "ms"), at_most(40, "ms")
WAYS = (
    Way("SQL by Pith Number", lambda number, _: number, _by_sql, *QUICK),
    Way("by Pith Number", lambda number, _: number, _by_name, *QUICK),
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
        records = row_count(connection, "records")
        bench.samples.add("records looked up among", records)
        copy = bench.place / f"unsorted-{records}"
        if not copy.exists():
            write_unsorted(connection, copy)
        names = connection.execute(
            "select pith_number, arxiv_id from records order by hash(pith_number) limit ?",
            [bench.names],
        ).fetchall()
        with connected(copy) as unsorted:
            for way in WAYS:
                ours = _milliseconds(connection, way, names)
                theirs = _milliseconds(unsorted, way, names[:ASKED_OF_UNSORTED])
                for percent in (50, 99):
                    what = _what(records, way, percent)
                    bench.samples.add(what, _percentile(ours, percent))
                    bench.samples.add(f"{what}, unsorted", _percentile(theirs, percent))
    for number, _ in names[:PROCESSES]:
        done = bench.pith("resolve", number, "--lake", lake)
        bench.samples.add(f"{records:,} records: `pith resolve`", done.seconds)


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


def _what(records, way, percent):
    return f"{records:,} records: {way.what}, p{percent}"


def rows(bench):
    """Return what look-ups took, in each lake looked up in, and what the large lake took."""
    lakes = dict.fromkeys(bench.samples.figures["records looked up among"])
    listed = [row for records in lakes for row in _rows(bench, records)]
    return [*listed, *(_large_rows(bench) if bench.large is not None else ())]


def _rows(bench, records):
    median = bench.samples.median
    for way in WAYS:
        for percent, bound in ((50, way.p50), (99, way.p99)):
            what = _what(records, way, percent)
            yield Row(
                what=what,
                figure=median(what),
                unit="ms",
                yardstick="unsorted copy",
                against=median(f"{what}, unsorted"),
                bound=bound,
            )
    what = f"{records:,} records: `pith resolve`"
    yield Row(
        what=what,
        figure=median(what),
        unit="s",
        bound=at_most(0.5, "s"),
        note="the whole process",
    )


def _large_rows(bench):
    median, papers = bench.samples.median, bench.large
    what = f"{papers:,} papers built"
    seconds = Row(
        what=f"{what}: time",
        figure=median("large build seconds"),
        unit="s",
        bound=at_most(LARGE_SECONDS * papers / LARGE, "s"),
        note=f"one run; the bound is {LARGE:,} in {LARGE_SECONDS} s",
    )
    peak, parquet = median("large build peak"), median("large parquet bytes")
    return [seconds, *build_rows(what, peak, parquet, papers)]
