"""Minting: from lines to a committed lake, against signing alone."""

from tests.bench.costs import add_bound, build_rows, work_row
from tests.bench.rounds import parquet_bytes
from tests.bench.table import Row, at_least


def sample(turn):
    """Build a lake, with the signing bound before and after."""
    bench = turn.bench
    add_bound(bench, "signing", bench.yardsticks.signing)
    bench.samples.add("parquet bytes", parquet_bytes(turn.lake))
    add_bound(bench, "signing", bench.yardsticks.signing)


def rows(bench):
    """Return what minting came to."""
    median = bench.samples.median
    return [
        Row(
            what="mint",
            figure=median("mint"),
            unit="papers/s",
            yardstick="signing bound",
            against=median("signing bound"),
            bound=at_least(0.40, stretch=0.55),
            note="`pith build`, the whole process, to the commit on the disk",
        ),
        work_row(bench, "mint", "signing"),
        *build_rows("mint", median("build peak"), median("parquet bytes"), bench.papers),
    ]
