"""Fuzz every parser in turn, guided by coverage: `make fuzz`, or `python -m tests.fuzz --help`.

Each target gets its share of the time in a process of its own, beginning with its seeds. What
breaks a parser is kept in `--kept`, told whole, and ends the run with 1 when all had their turn.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz import NAMES

_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_COVERED = re.compile(r"cov: (\d+) ft: (\d+)")
_LONGEST_BYTES = 1 << 16


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together")
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "pith-fuzz")
    parser.add_argument("--only", choices=NAMES, action="append", help="fuzz this target alone")
    parser.add_argument("--child", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("PITH_TEST_SEED", "7")))
    given = parser.parse_args()
    if given.child:
        fuzz(given.child, given.seconds, given.kept, given.seed)
    names = given.only or NAMES
    share = max(1, given.seconds // len(names))
    broken = [name for name in names if not fuzzed(name, share, given.kept, given.seed)]
    sys.exit(f"broken: {', '.join(broken)}" if broken else 0)


def fuzzed(name, seconds, kept, seed):
    """Fuzz one target in a process of its own, say what came of it, and whether it held."""
    given = ["--child", name, "--seconds", str(seconds), "--kept", str(kept), "--seed", str(seed)]
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "tests.fuzz", *given],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    executed, covered = _EXECUTED.search(done.stderr), _COVERED.findall(done.stderr)
    told = (
        f"{executed[1] if executed else '?':>9} executions, "
        f"{covered[-1][0] if covered else '?':>5} edges: {name}\n"
    )
    sys.stdout.write(told if done.returncode == 0 else f"{told}{done.stdout}{done.stderr[-4000:]}")
    sys.stdout.flush()
    return done.returncode == 0


def fuzz(name, seconds, kept, seed):
    """Fuzz one target in this process, which ends with it."""
    import atheris  # noqa: PLC0415 - only here, and before what it instruments

    with atheris.instrument_imports(include=["pith_builder", "arxiv", "opentimestamps", "email"]):
        from tests.fuzz.targets import targets  # noqa: PLC0415

        place = Path(tempfile.mkdtemp(prefix="pith-fuzz-"))
        target = targets(place / "files")[name]
    corpus = place / "corpus"
    corpus.mkdir()
    for number, data in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(data)
    kept.mkdir(parents=True, exist_ok=True)
    options = [
        *(f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={_LONGEST_BYTES}"),
        *(f"-artifact_prefix={kept}/", "-print_final_stats=1", "-rss_limit_mb=2048"),
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
