"""`make bench`: one table from one run, each row beside what the machine could do at best.

Everything is measured once in each round, so that the noise of a shared machine falls on all
alike, and figures are medians over rounds.
"""

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.bench import auditing, lookups, minting, nightly, rivals, scale
from tests.bench.processes import FailedError
from tests.bench.rounds import Bench, Round
from tests.bench.table import rendered
from tests.bench.yardsticks import yardsticks

MEASURES = {
    "mint": minting,
    "audit": auditing,
    "look-up": lookups,
    "nightly": nightly,
    "rivals": rivals,
    "scale": scale,
}
PAPERS = 200_000
TABLE_COLUMNS = 180


def main():
    """Measure what was asked for, and print it."""
    chosen = _chosen()
    with tempfile.TemporaryDirectory(dir=chosen.place) as folder, yardsticks() as bounds:
        bench = Bench(
            place=Path(folder),
            papers=chosen.papers,
            names=chosen.names,
            sizes=chosen.scale,
            snapshot=chosen.snapshot,
            lake=chosen.lake,
            large=chosen.look_ups,
            yardsticks=bounds,
        )
        bench.pith("keys", "new")
        _measure(bench, chosen.only, chosen.repeats)
        groups = [MEASURES[name].rows(bench) for name in chosen.only]
    title = (
        f"{bench.papers:,} {'real' if bench.snapshot else 'generated'} papers, "
        f"{bounds.cores} cores, medians of {chosen.repeats}"
    )
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(_figures(bench, title, groups), indent=2) + "\n")
    console = Console()
    console.width = max(console.width, TABLE_COLUMNS)
    console.print(rendered(title, groups))


def _chosen():
    """Read the options, and see that a snapshot has the lines they take."""
    options = _options()
    chosen = options.parse_args()
    chosen.only = chosen.only or (["look-up"] if chosen.lake else list(MEASURES))
    lines = math.inf
    if chosen.snapshot is not None:
        with chosen.snapshot.open("rb") as read:
            lines = sum(1 for _ in read)
    chosen.papers = chosen.papers or min(lines, PAPERS)
    chosen.scale = chosen.scale or _doubling_to(min(2 * chosen.papers, lines))
    taken = [chosen.papers, chosen.look_ups or 0]
    taken += chosen.scale if "scale" in chosen.only else ()
    if max(taken) > lines:
        options.error(f"{chosen.snapshot} has {lines} lines, wanted {max(taken)}")
    return chosen


def _doubling_to(papers):
    return tuple(max(papers // part, 1) for part in (8, 4, 2, 1))


def _options():
    options = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    options.add_argument("--papers", type=int, help="how many; 200,000, or what a snapshot has")
    options.add_argument("--snapshot", type=Path, help="real lines instead of generated ones")
    options.add_argument("--repeats", type=int, default=3, help="how many rounds")
    options.add_argument("--only", type=_measures, help=f"some of {','.join(MEASURES)}")
    options.add_argument("--names", type=int, default=1_000, help="how many names to look up")
    options.add_argument("--look-ups", type=int, help="look up among so many papers besides")
    options.add_argument("--lake", type=Path, help="look up in this lake, instead of a new one")
    options.add_argument(
        "--scale", type=_sizes, help="numbers of papers to build, such as 500,1000"
    )
    options.add_argument("--place", type=Path, help="a folder for lakes, on the disk to measure")
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    return options


def _measures(text):
    names = text.split(",")
    if unknown := set(names) - MEASURES.keys():
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return names


def _sizes(text):
    return tuple(int(size) for size in text.split(","))


def _measure(bench, only, repeats):
    for number in range(1, repeats + 1):
        turn = Round(bench)
        for name in only:
            print(f"round {number} of {repeats}: {name}", file=sys.stderr, flush=True)  # noqa: T201
            MEASURES[name].sample(turn)


def _figures(bench, title, groups):
    return {
        "title": title,
        "rows": [row.to_json_object() for rows in groups for row in rows],
        "samples": bench.samples.figures,
    }


if __name__ == "__main__":
    try:
        main()
    except FailedError as error:
        print(f"bench: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
