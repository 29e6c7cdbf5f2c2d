"""How time and memory grow with the number of papers."""

import math
import shutil
import statistics

from tests.bench.costs import peak_row
from tests.bench.table import Row, at_most


def sample(turn):
    """Build a lake of each size."""
    bench = turn.bench
    for size in bench.sizes:
        lake, done = bench.built(size, "scaled-lake")
        shutil.rmtree(lake)
        bench.samples.add(f"{size} seconds", done.seconds)
        bench.samples.add(f"{size} work", done.cpu_seconds)
        bench.samples.add(f"{size} peak", done.peak_bytes)


def rows(bench):
    """Return time and memory by size, and the exponents that fit them."""
    seconds, work, peaks = (
        {size: bench.samples.median(f"{size} {what}") for size in bench.sizes}
        for what in ("seconds", "work", "peak")
    )
    listed = [
        row
        for size in bench.sizes
        for row in (
            Row(what=f"{size:,} papers: time", figure=seconds[size], unit="s"),
            peak_row(f"{size:,} papers", peaks[size]),
        )
    ]
    if len(bench.sizes) > 1:
        listed += [
            _growth("time", seconds, at_most(1.05)),
            _growth("work of all cores", work, at_most(1.05)),
            _growth("peak memory", peaks),
        ]
    return listed


def _growth(what, figures, bound=None):
    return Row(
        what=f"{what} grows with papers to the power",
        figure=exponent(figures),
        unit="",
        bound=bound,
        note="least squares on logarithms",
    )


def exponent(figures):
    """Return the power of a size that fits figures by size best: least squares on logarithms."""
    sizes = [math.log(size) for size in figures]
    return statistics.linear_regression(sizes, [math.log(y) for y in figures.values()]).slope
