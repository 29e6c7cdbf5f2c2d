"""`make bench-merge`: how fast another's bundles are merged into a lake, and in what memory.

Half of the bundles are of records that the lake holds, which changes them; half are of new ones.
"""

import argparse
import itertools
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from pith_builder.lake.reading import read_rows
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import BUNDLES
from tests.bench.papers import write_papers
from tests.bench.processes import checked

PITH = (sys.executable, "-m", "pith_builder.cli")


def main():
    options = argparse.ArgumentParser(prog="make bench-merge")
    options.add_argument("--records", type=int, default=20_000)
    options.add_argument("--bundles", type=int, default=10_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), chosen.records, chosen.bundles)


def measure(place, records, bundles):
    """Build both lakes, hand the one's bundles to the other, and print what it took."""
    papers = place / "papers.jsonl"
    write_papers(papers, records + bundles // 2)
    with papers.open("rb") as lines:
        ours = [*itertools.islice(lines, records)]
        theirs = [*ours[-(bundles - bundles // 2) :], *lines]
    environments = {}
    for name, some in (("ours", ours), ("theirs", theirs)):
        environments[name] = {"PITH_SIGNING_KEY_FILE": str(place / f"{name}.json")}
        (place / f"{name}.jsonl").write_bytes(b"".join(some))
        run(environments[name], "keys", "new", "--key-id", name)
        run(environments[name], "build", place / f"{name}.jsonl", "--lake", place / name)
    del ours, theirs
    offered = place / "bundles.jsonl"
    with offered.open("w", encoding="utf-8") as out:
        for part in open_lake(place / "theirs").table("bundles").parts:
            for row in read_rows(place / "theirs", BUNDLES, part):
                out.write(row[BUNDLES.position("document")] + "\n")
    merge = ("merge", offered, "--into", place / "ours", "--trust", place / "theirs.pub.json")
    for what in ("merge", "merge again"):
        seconds, peak = run(environments["ours"], *merge)
        Console().print(
            f"{what}: {bundles:,} bundles into {records:,} records in {seconds:.1f} s, "
            f"{bundles / seconds:,.0f} bundles/s, peak {peak / 2**20:.0f} MiB"
        )
    seconds, _ = run(environments["ours"], "audit", "--lake", place / "ours", "--trust", merge[-1])
    Console().print(f"audited in {seconds:.1f} s")


def run(settings, *arguments):
    done = checked([*PITH, *map(str, arguments)], settings)
    return done.seconds, done.peak_bytes


if __name__ == "__main__":
    main()
