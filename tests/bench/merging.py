"""`make bench-merge`: how fast another's bundles are merged into a lake, and in what memory.

Half of the bundles are of records that the lake holds, which changes them; half are of new ones.
Beside the seconds stand those of work on all cores, which other programs change less, and how much
of them checking the signatures alone would take: four of a new record, three of one that is held.
"""

import argparse
import itertools
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from pith_builder.core.canonical import RecordDigest, sha256
from pith_builder.core.keys import Signature
from pith_builder.lake.reading import read_rows
from pith_builder.lake.store import open_lake
from pith_builder.lake.tables import BUNDLES
from pith_builder.signing.ed25519 import Ed25519Signer, TrustedKeys
from tests.bench.papers import write_papers
from tests.bench.processes import checked

PITH = (sys.executable, "-m", "pith_builder.cli")
SIGNATURES_A_BUNDLE = 3.5


def main():
    options = argparse.ArgumentParser(prog="make bench-merge")
    options.add_argument("--records", type=int, default=20_000)
    options.add_argument("--bundles", type=int, nargs="+", default=[10_000])
    options.add_argument("--place", help="keep the lakes here, and use those that lie here")
    chosen = options.parse_args()
    if chosen.place is None:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), chosen.records, chosen.bundles)
    else:
        Path(chosen.place).mkdir(parents=True, exist_ok=True)
        measure(Path(chosen.place), chosen.records, chosen.bundles)


def measure(place, records, sizes):
    """Build both lakes, hand the one's bundles to copies of the other, and print what it took."""
    settings = {"PITH_SIGNING_KEY_FILE": str(place / "ours.json")}
    if not (place / "theirs-bundles.jsonl").exists():
        build(place, records, max(sizes))
    say = Console().print
    for bundles in sizes:
        offered = some(place, max(sizes) // bundles)
        lake = place / "lake"
        shutil.copytree(place / "ours", lake)
        merge = ("merge", offered, "--into", lake, "--trust", place / "theirs.pub.json")
        for what in ("merge", "merge again"):
            checking = bundles * SIGNATURES_A_BUNDLE * seconds_a_signature()
            done = checked([*PITH, *map(str, merge)], settings)
            say(
                f"{what}: {bundles:,} bundles into {records:,} records in {done.seconds:.1f} s, "
                f"{bundles / done.seconds:,.0f} bundles/s; work {done.cpu_seconds:.1f} s, "
                f"{bundles / done.cpu_seconds:,.0f} bundles a second of one core; checking "
                f"signatures alone {checking:.1f} s; peak {done.peak_bytes / 2**20:.0f} MiB",
                soft_wrap=True,
            )
        audit = ("audit", "--lake", lake, "--trust", place / "theirs.pub.json")
        done = checked([*PITH, *map(str, audit)], settings)
        say(f"audited in {done.seconds:.1f} s, work {done.cpu_seconds:.1f} s")
        shutil.rmtree(lake)
        offered.unlink()


def build(place, records, bundles):
    """Build a lake of ours, and write the bundles of another's."""
    papers = place / "papers.jsonl"
    write_papers(papers, records + bundles // 2)
    with papers.open("rb") as lines:
        ours = [*itertools.islice(lines, records)]
        theirs = [*ours[-(bundles - bundles // 2) :], *lines]
    for name, written in (("ours", ours), ("theirs", theirs)):
        settings = {"PITH_SIGNING_KEY_FILE": str(place / f"{name}.json")}
        (place / f"{name}.jsonl").write_bytes(b"".join(written))
        for command in (
            ("keys", "new", "--key-id", name),
            ("build", place / f"{name}.jsonl", "--lake", place / name),
        ):
            checked([*PITH, *map(str, command)], settings)
    with (place / "theirs-bundles.jsonl").open("w", encoding="utf-8") as out:
        for part in open_lake(place / "theirs").table("bundles").parts:
            for row in read_rows(place / "theirs", BUNDLES, part):
                out.write(row[BUNDLES.position("document")] + "\n")


def some(place, every):
    """Write one of so many bundles to a file, and return it."""
    offered = place / "offered.jsonl"
    with (place / "theirs-bundles.jsonl").open("rb") as lines, offered.open("wb") as out:
        out.writelines(itertools.islice(lines, 0, None, every))
    return offered


def seconds_a_signature():
    """Measure what checking one signature takes here and now."""
    signer = Ed25519Signer("bench", bytes(32))
    keyring, digest = TrustedKeys([signer.public_key]), RecordDigest(sha256(b"bench"))
    key = signer.public_key
    signature = Signature(key.key_id, key.fingerprint, signer.sign(digest))
    count, started = 5_000, time.process_time()
    for _ in range(count):
        keyring.verified(digest, signature)
    return (time.process_time() - started) / count


if __name__ == "__main__":
    main()
