"""Auditing a whole lake, against verifying signatures alone."""

from pith_builder.lake.store import open_lake
from tests.bench.costs import add_bound, peak_row, work_row
from tests.bench.table import Row, at_least


def sample(turn):
    """Audit the lake, with the verifying bound before and after; then its roots alone."""
    bench, lake = turn.bench, turn.lake
    add_bound(bench, "verifying", bench.yardsticks.verifying)
    done = bench.pith("audit", "--lake", lake)
    add_bound(bench, "verifying", bench.yardsticks.verifying)
    bench.samples.add("audit", bench.papers / done.seconds)
    bench.samples.add("audit work", done.cpu_seconds / bench.papers * 1_000_000)
    bench.samples.add("audit peak", done.peak_bytes)
    done = bench.pith("audit", "--roots", "--lake", lake)
    bench.samples.add("audit roots", _rows_of(lake) / done.seconds)


def rows(bench):
    """Return what auditing came to."""
    median = bench.samples.median
    return [
        Row(
            what="audit",
            figure=median("audit"),
            unit="papers/s",
            yardstick="verifying bound",
            against=median("verifying bound"),
            bound=at_least(0.8),
            note="`pith audit`, the whole process: every row of every table",
        ),
        work_row(bench, "audit", "verifying"),
        peak_row("audit", median("audit peak")),
        Row(
            what="audit --roots",
            figure=median("audit roots"),
            unit="rows/s",
            bound=at_least(1_000_000, "rows/s"),
            note="the whole process: rows of all tables",
        ),
    ]


def _rows_of(lake):
    tables = open_lake(lake).manifest.tables.values()
    return sum(table.rows for table in tables)
