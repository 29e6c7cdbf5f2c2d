"""Rivals on the same input, each in a process of its own, doing honestly weaker work."""

import json
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec

from tests.bench.processes import FailedError, checked
from tests.bench.table import Bound, Row, at_least


@dataclass(frozen=True)
class Rival:
    """Another way to do a part of the work.

    Attributes:
        name: What it is called.
        package: The package it needs.
        module: Its module here.
        bound: How many times as fast minting should be.
        note: What it does, and what it leaves out of ours.
    """

    name: str
    package: str
    module: str
    bound: Bound | None
    note: str


RIVALS = (
    Rival(
        "DuckDB SQL",
        "duckdb",
        "duckdb_sql",
        None,
        "hashes near ours, one table, unsigned; no number, check, reject, order, root or fsync",
    ),
    Rival(
        "dlt",
        "dlt",
        "dlt_rows",
        at_least(1.2),
        "hashes and number, one table, unsigned; no check, reject, order, root or fsync",
    ),
    Rival(
        "nanopub",
        "nanopub",
        "nanopubs",
        at_least(100),
        "200 papers, one RSA signature each; a file a paper, no table; nothing sent",
    ),
)


def sample(turn):
    """Run each rival on the lines that the round's lake is built of."""
    bench = turn.bench
    _ = turn.lake  # timed beside them
    for rival in RIVALS:
        try:
            bench.samples.add(rival.name, _papers_a_second(bench, rival))
        except FailedError as error:
            bench.reasons[rival.name] = str(error)


def _papers_a_second(bench, rival):
    if find_spec(rival.package) is None:
        raise FailedError(f"{rival.package} is not installed: `make bench` installs it")
    folder = bench.place / rival.module
    folder.mkdir()
    command = (sys.executable, "-m", "tests.bench.rivals", rival.module)
    done = checked((*command, bench.lines(bench.papers), folder))
    said = json.loads(done.out.splitlines()[-1])
    shutil.rmtree(folder)
    return said["papers"] / said["seconds"]


def rows(bench):
    """Return minting against each rival, or why one could not be run."""
    median = bench.samples.median
    return [
        Row(
            what="mint",
            figure=median("mint"),
            unit="papers/s",
            yardstick=rival.name,
            against=median(rival.name),
            bound=rival.bound,
            note=bench.reasons.get(rival.name, rival.note),
        )
        for rival in RIVALS
    ]
