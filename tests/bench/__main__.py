"""`make bench`: one table, each row with its ratio to what the machine could do at best.

The yardsticks are measured in the same run, because the machine is shared and noisy.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pith_builder import connect
from pith_builder.operations.resolve import resolve
from tests.bench.bounds import on_all_cores, signing_bound, verifying_bound
from tests.bench.papers import write_papers
from tests.bench.peak import run_measured

SIGNATURES_A_PAPER = 4
LOOKED_UP = 300


def main():
    options = argparse.ArgumentParser(prog="make bench")
    options.add_argument("--papers", type=int, default=20_000)
    options.add_argument("--snapshot", type=Path, help="real bulk-snapshot lines instead")
    options.add_argument("--repeats", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        source = chosen.snapshot or place / "papers.jsonl"
        if chosen.snapshot is None:
            write_papers(source, chosen.papers)
        with source.open("rb") as lines:
            papers = sum(1 for _ in lines)
        show(papers, measured(place, source, papers, chosen.repeats))


def measured(place, source, papers, repeats):
    """Measure each thing `repeats` times, interleaved, and give medians."""
    cores = len(os.sched_getaffinity(0))
    env = {**os.environ, "PITH_SIGNING_KEY_FILE": str(place / "key.json")}
    run(env, "keys", "new")
    found = {name: [] for name in ("sign", "verify", "mint", "peak", "no-op", "roots", "audit")}
    for repeat in range(repeats):
        lake = str(place / f"lake{repeat}")
        found["sign"].append(on_all_cores(signing_bound, cores) / SIGNATURES_A_PAPER)
        seconds, peak = run(env, "build", str(source), "--lake", lake)
        found["mint"].append(papers / seconds)
        found["peak"].append(peak)
        found["no-op"].append(papers / run(env, "build", str(source), "--lake", lake)[0])
        found["verify"].append(on_all_cores(verifying_bound, cores) / SIGNATURES_A_PAPER)
        found["roots"].append(papers / run(env, "audit", "--roots", "--lake", lake)[0])
        found["audit"].append(papers / run(env, "audit", "--lake", lake)[0])
    figures = {name: statistics.median(values) for name, values in found.items()}
    figures["look-up"] = look_up_seconds(place / "lake0")
    stored = sum(file.stat().st_size for file in (place / "lake0").rglob("*.parquet"))
    figures["bytes"] = stored / papers
    return figures


def run(env, *arguments):
    return run_measured([sys.executable, "-m", "pith_builder.cli", *arguments], env)


def look_up_seconds(lake):
    """Return the median seconds of resolving a Pith Number."""
    connection = connect(lake)
    query = "select pith_number from records order by hash(pith_number) limit $count"
    rows = connection.execute(query, {"count": LOOKED_UP}).fetchall()
    numbers = [number for (number,) in rows]
    seconds = []
    for number in numbers:
        started = time.perf_counter()
        resolve(connection, number)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def show(papers, figures):
    table = Table("what", "figure", "yardstick", "ratio", title=f"{papers} papers")
    table.add_row("mint", rate(figures["mint"]), *against(figures, "mint", "sign", "signing"))
    table.add_row("build again", rate(figures["no-op"]), *against(figures, "no-op", "mint", "mint"))
    table.add_row("audit", rate(figures["audit"]), *against(figures, "audit", "verify", "verify"))
    table.add_row("audit --roots", rate(figures["roots"]), "", "")
    table.add_row("look-up by number", f"{figures['look-up'] * 1000:.1f} ms", "", "")
    table.add_row("peak of all processes", f"{figures['peak'] / 2**20:.0f} MiB", "", "")
    table.add_row("Parquet a paper", f"{figures['bytes']:.0f} bytes", "", "")
    Console().print(table)


def rate(value):
    return f"{value:,.0f} papers/s"


def against(figures, name, yardstick, called):
    return f"{called}: {rate(figures[yardstick])}", f"{figures[name] / figures[yardstick]:.2f}"


if __name__ == "__main__":
    main()
