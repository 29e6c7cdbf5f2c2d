"""Figures that several measures share: bounds, work, memory and disk, and their rows."""

from tests.bench.table import Row, at_most

MEBIBYTE = 1 << 20


def add_bound(bench, name, measured):
    """Measure a bound and keep its speed and its work."""
    speed = measured()
    bench.samples.add(f"{name} bound", speed.papers_a_second)
    bench.samples.add(f"{name} work", speed.cpu_microseconds_a_paper)


def work_row(bench, what, bound):
    """Return the row of the work in a paper, against that of signatures alone."""
    return Row(
        what=f"{what}: work",
        figure=bench.samples.median(f"{what} work"),
        unit="µs a paper",
        yardstick=f"{bound} alone",
        against=bench.samples.median(f"{bound} work"),
        note="of one core; what else the machine does moves it less",
    )


def peak_row(what, peak_bytes, bound=None):
    """Return the row of a run's memory at its peak."""
    return Row(
        what=f"{what}: peak memory",
        figure=peak_bytes / MEBIBYTE,
        unit="MiB",
        bound=bound,
        note="of all processes together",
    )


def build_rows(what, peak_bytes, parquet_bytes, papers):
    """Return the rows of what a build takes of memory and disk."""
    return [
        peak_row(what, peak_bytes, at_most(2_048, "MiB")),
        Row(
            what=f"{what}: Parquet",
            figure=parquet_bytes / papers,
            unit="bytes a paper",
            bound=at_most(6_144, "bytes", stretch=4_096),
        ),
    ]
