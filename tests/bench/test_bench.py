"""The benchmark itself: that it measures everything it shows. Of speed it asserts nothing."""

import json
import math
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.bench.rivals import RIVALS
from tests.lakes import ROOT, SAMPLE


def bench(*options):
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.bench", *map(str, options)],
        capture_output=True,
        cwd=ROOT,
        timeout=300,
        check=False,
        text=True,
    )


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """What a quick run writes."""
    path = tmp_path_factory.mktemp("bench") / "figures.json"
    quick = ("--papers", 600, "--repeats", 1, "--scale", "200,400", "--names", 10)
    done = bench(*quick, "--look-ups", 300, "--json", path)
    assert done.returncode == 0, done.stderr
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def rows(figures):
    return {(row["what"], row["yardstick"]): row for row in figures["rows"]}


def test_no_row_is_shown_twice(figures, rows):
    assert len(rows) == len(figures["rows"])


def test_every_row_has_a_figure(rows):
    # A power fitted to runs of a second, whose work is sampled, may come out below nothing.
    assert all(math.isfinite(row["figure"]) for row in rows.values())
    measured = [row for row in rows.values() if "to the power" not in row["what"]]
    assert all(row["figure"] >= 0 for row in measured)


@pytest.mark.parametrize(
    ("what", "yardstick", "bound"),
    [
        ("mint", "signing bound", "≥ 0.4 (aim: 0.55)"),
        ("mint: peak memory", "", "≤ 2,048 MiB"),
        ("mint: Parquet", "", "≤ 6,144 bytes (aim: 4,096)"),
        ("mint: work", "signing alone", None),
        ("audit", "verifying bound", "≥ 0.8"),
        ("audit: work", "verifying alone", None),
        ("audit --roots", "", "≥ 1,000,000 rows/s"),
        ("600 records: SQL by Pith Number, p50", "unsorted copy", "≤ 8 ms"),
        ("600 records: by Pith Number, p99", "unsorted copy", "≤ 40 ms"),
        ("600 records: by short form, p50", "unsorted copy", "≤ 20 ms"),
        ("300 records: by arXiv id, p50", "unsorted copy", "≤ 20 ms"),
        ("300 records: `pith resolve`", "", "≤ 0.5 s"),
        ("300 papers built: time", "", "≤ 0.06 s"),
        ("no-op: bytes written", "full rebuild", None),
        ("nightly: time", "full rebuild", "≤ 0.05"),
        ("nightly: bytes written", "full rebuild", "≤ 0.03"),
        ("time grows with papers to the power", "", "≤ 1.05"),
    ],
)
def test_the_rows_asked_for_are_there_with_their_bounds(rows, what, yardstick, bound):
    row = rows[what, yardstick]

    assert row["bound"] == bound
    assert (row["held"] is None) is (bound is None)
    assert (row["ratio"] is None) is (not yardstick)


def test_building_again_writes_nothing_and_a_night_little(rows):
    assert rows["no-op: bytes written", "full rebuild"]["figure"] == 0
    assert 0 < rows["nightly: bytes written", "full rebuild"]["ratio"] < 1


@pytest.mark.parametrize("rival", RIVALS, ids=lambda rival: rival.name)
def test_a_rival_was_run_or_its_row_says_why_not(rows, rival):
    row = rows["mint", rival.name]

    if find_spec(rival.package) is None:
        assert row["against"] is None
        assert "not installed" in row["note"]
    else:
        assert row["against"] > 0


def test_real_lines_can_be_measured_instead(tmp_path):
    path = tmp_path / "figures.json"
    done = bench("--snapshot", SAMPLE, "--repeats", 1, "--only", "mint", "--json", path)

    assert done.returncode == 0, done.stderr
    assert "301 real papers" in done.stdout
    assert len(json.loads(path.read_text())["samples"]["mint"]) == 1


def test_a_lake_that_stands_can_be_looked_up_in(sample_lake):
    done = bench("--lake", sample_lake, "--repeats", 1, "--names", 5)

    assert done.returncode == 0, done.stderr
    assert "by arXiv id" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--only", "mint,speed"), "there is no speed"),
        (("--snapshot", SAMPLE, "--papers", 400, "--only", "mint"), "has 301 lines, wanted 400"),
    ],
)
def test_what_cannot_be_measured_is_refused(options, said):
    done = bench(*options)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
