"""What the lake holds, in Markdown, without Prefect."""

from flows.overviews import ROWS_SHOWN, overview_markdown
from tests.overviews import overview


def test_the_figures_are_told_in_tables_that_end():
    text = overview_markdown(overview())

    assert text.startswith("# The lake as of manifest 101\n")
    assert "913680 papers, 1377 of them withdrawn; 1234567 records; 77 days missing" in text
    assert "| all of arXiv | unread | 2014-02-10 | 2014-04-01 |" in text
    assert "| all of arXiv | wanting | 2021-12-21 | 2022-01-15 |" in text
    assert "| 00000101-20260101T000000Z | nightly | 797 | 100 | 2 |" in text
    assert text.count("nightly") == ROWS_SHOWN
    assert "| 2026 | 44280 |" in text
    assert "| ours-2026-11 | receipt | 1234567 |" in text


def test_a_table_without_rows_is_left_out():
    text = overview_markdown(overview(stretches=()))

    assert "0 days missing" in text
    assert "## Days missing" not in text
