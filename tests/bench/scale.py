"""How time and memory grow with the number of papers."""

import math
import shutil
import statistics

from tests.bench.minting import MEBIBYTE
from tests.bench.table import Row, at_most


def sample(turn):
    """Build a lake of each size."""
    bench = turn.bench
    for size in bench.sizes:
        lake, done = bench.built(size, "scaled-lake")
        shutil.rmtree(lake)
        bench.samples.add(f"{size} seconds", done.seconds)
        bench.samples.add(f"{size} peak", done.peak_bytes)


def rows(bench):
    """Return time and memory by size, and the exponents that fit them."""
    median = bench.samples.median
    seconds = {size: median(f"{size} seconds") for size in bench.sizes}
    peaks = {size: median(f"{size} peak") / MEBIBYTE for size in bench.sizes}
    listed = [
        row
        for size in bench.sizes
        for row in (
            Row(what=f"{size:,} papers: time", figure=seconds[size], unit="s"),
            Row(what=f"{size:,} papers: peak memory", figure=peaks[size], unit="MiB"),
        )
    ]
    if len(seconds) > 1:
        listed += [
            Row(
                what="time grows with papers to the power",
                figure=exponent(seconds),
                unit="",
                bound=at_most(1.05),
                note="least squares on logarithms",
            ),
            Row(what="memory grows to the power", figure=exponent(peaks), unit=""),
        ]
    return listed


def exponent(figures):
    """Return the power of a size that fits figures by size best: least squares on logarithms."""
    sizes = [math.log(size) for size in figures]
    return statistics.linear_regression(sizes, [math.log(y) for y in figures.values()]).slope
