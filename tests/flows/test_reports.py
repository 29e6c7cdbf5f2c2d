"""What a report says, without Prefect."""

from collections import Counter
from dataclasses import replace

from flows.reports import LONGEST_TEXT, Report, Stage, escaped, shortened
from pith_builder.operations.transaction import BuildResult

NIGHT = BuildResult(
    build_id="00000007-x",
    committed=True,
    seen=10,
    minted=6,
    unchanged=1,
    rejected=3,
    rejected_by_reason=Counter({"bad_versions": 1, "no_title": 2}),
    minted_by_category=Counter({"cs.LG": 2, "hep-th": 4}),
    sequence=7,
)
NOTHING = BuildResult(build_id="00000008-x", seen=5, unchanged=5, sequence=7)


def report(**changes):
    stages = [Stage("plan", 0.04), Stage("of one", 61.26, NIGHT), Stage("of two", 2.0, NOTHING)]
    return replace(Report("Nightly build of cs:cs:LG", stages), **changes)


def test_a_whole_report():
    assert (
        report().markdown()
        == """\
# Nightly build of cs:cs:LG

15 papers seen: 6 minted, 6 unchanged, 3 rejected; 1 commits

## What was read

| Window | Seen | Minted | Unchanged | Rejected | Manifest |
|---|---|---|---|---|---|
| of one | 10 | 6 | 1 | 3 | 7 |
| of two | 5 | 0 | 5 | 0 | nothing new |

## Rejects by reason

| Reason | Records |
|---|---|
| no\\_title | 2 |
| bad\\_versions | 1 |

## New records by category

| Primary category | Records |
|---|---|
| hep-th | 4 |
| cs.LG | 2 |

## Time

| Stage | Seconds |
|---|---|
| plan | 0.0 |
| of one | 61.3 |
| of two | 2.0 |
"""
    )


def test_the_builds_are_those_the_lake_holds():
    assert report().build_ids == ["00000007-x"]


def test_a_failure_is_told_beside_what_was_committed():
    text = report(failure="HTTP 503 from arXiv").markdown()
    assert "\n**Failed:** HTTP 503 from arXiv\n" in text
    assert "| of one | 10 |" in text


def test_a_run_that_minted_nothing_has_notes_and_times_only():
    text = Report("Maintenance", [Stage("sweep", 1.0)], ["3 files removed"]).markdown()
    assert text.splitlines()[:3] == ["# Maintenance", "", "3 files removed"]
    assert "minted" not in text


def test_a_sources_own_words_are_no_markup():
    text = escaped("<img src=x> [a](http://b) ![c](d) `e` | f\n# g &amp; $h$ ~i~")
    assert text == (
        "\\<img src=x\\> \\[a\\]\\(http://b\\) \\!\\[c\\]\\(d\\) \\`e\\` \\| f "
        "\\# g \\&amp; \\$h\\$ \\~i\\~"
    )


def test_a_text_without_end_is_cut():
    assert shortened("x" * LONGEST_TEXT) == "x" * LONGEST_TEXT
    assert shortened("x" * (LONGEST_TEXT + 1)) == "x" * LONGEST_TEXT + " …"
