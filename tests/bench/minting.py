"""Minting: from lines to a committed lake, against signing alone."""

from tests.bench.rounds import parquet_bytes
from tests.bench.table import Row, at_least, at_most

MEBIBYTE = 1 << 20


def sample(turn):
    """Build a lake, with the signing bound before and after."""
    bench = turn.bench
    add_bound(bench, "signing", bench.yardsticks.signing)
    bench.samples.add("parquet bytes", parquet_bytes(turn.lake))
    add_bound(bench, "signing", bench.yardsticks.signing)


def add_bound(bench, name, measured):
    """Measure a bound and keep its speed and its work."""
    speed = measured()
    bench.samples.add(f"{name} bound", speed.papers_a_second)
    bench.samples.add(f"{name} work", speed.cpu_microseconds_a_paper)


def work_row(bench, what, bound):
    """Return a row of the work in a paper, against that of signatures alone."""
    return Row(
        what=f"{what}: work",
        figure=bench.samples.median(f"{what} work"),
        unit="µs a paper",
        yardstick=f"{bound} alone",
        against=bench.samples.median(f"{bound} work"),
        note="of one core; what else the machine does moves it less",
    )


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
        Row(
            what="mint: peak memory",
            figure=median("build peak") / MEBIBYTE,
            unit="MiB",
            bound=at_most(2048, "MiB"),
            note="of all processes together",
        ),
        Row(
            what="mint: Parquet",
            figure=median("parquet bytes") / bench.papers,
            unit="bytes a paper",
            bound=at_most(6144, "bytes", stretch=4096),
        ),
    ]
