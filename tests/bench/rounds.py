"""The run: its options, its input, and rounds in which each thing is measured once, in turn."""

import shutil
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from tests.bench.papers import write_papers
from tests.bench.processes import PITH, checked
from tests.bench.yardsticks import Yardsticks


class Samples:
    """What was measured: by name, a figure or more from each round."""

    def __init__(self):
        """Begin with none."""
        self.figures = defaultdict(list)

    def add(self, name, figure):
        """Keep a figure."""
        self.figures[name].append(figure)

    def median(self, name):
        """Return the median of the figures of a name, or None where there is none."""
        return statistics.median(self.figures[name]) if name in self.figures else None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One run of the benchmark.

    Attributes:
        place: A folder of its own.
        papers: How many papers most things are measured with.
        names: How many names are looked up.
        sizes: The numbers of papers that scale is measured with.
        snapshot: Real lines, enough of them, to take papers from instead of making them.
        lake: A lake to look up in, instead of the one built.
        large: How many papers to look up among besides.
        reasons: Why a rival could not be run, by its name.
    """

    place: Path
    papers: int
    names: int
    sizes: tuple[int, ...]
    snapshot: Path | None
    lake: Path | None
    large: int | None
    yardsticks: Yardsticks
    samples: Samples = field(default_factory=Samples)
    reasons: dict[str, str] = field(default_factory=dict)

    def pith(self, *arguments):
        """Run a `pith` command that must end well, with a key of this run's own."""
        settings = {"PITH_SIGNING_KEY_FILE": str(self.place / "key.json")}
        return checked((*PITH, *arguments), settings)

    def lines(self, papers):
        """Return a file of so many papers, written once in a run."""
        path = self.place / f"papers-{papers}.jsonl"
        if not path.exists() and self.snapshot is None:
            write_papers(path, papers)
        elif not path.exists():
            with self.snapshot.open("rb") as lines, path.open("wb") as out:
                out.writelines(islice(lines, papers))
        return path

    def built(self, papers, name):
        """Build a lake of so many papers in a folder of this name; return it and what it took."""
        lines, lake = self.lines(papers), self.place / name
        shutil.rmtree(lake, ignore_errors=True)
        return lake, self.pith("build", lines, "--lake", lake)

    @cached_property
    def large_lake(self):
        """The lake of many papers, built once in a run."""
        lake, done = self.built(self.large, "large-lake")
        self.samples.add("large build seconds", done.seconds)
        self.samples.add("large build peak", done.peak_bytes)
        self.samples.add("large parquet bytes", parquet_bytes(lake))
        return lake


@dataclass(frozen=True)
class Round:
    """One round: whatever is measured in it shares one new lake."""

    bench: Bench

    @cached_property
    def lake(self):
        """The lake of this round, built and timed when it is first asked for."""
        samples, papers = self.bench.samples, self.bench.papers
        lake, done = self.bench.built(papers, "lake")
        samples.add("build seconds", done.seconds)
        samples.add("build peak", done.peak_bytes)
        samples.add("mint work", done.cpu_seconds / papers * 1_000_000)
        samples.add("mint", papers / done.seconds)
        return lake


def parquet_bytes(lake):
    """Return how many bytes a lake's parts have."""
    return sum(part.stat().st_size for part in lake.rglob("*.parquet"))
