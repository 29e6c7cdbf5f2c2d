"""The report in a real browser: whole, quiet, with contrast, and as good without scripts."""

import pytest

from pith_builder.pages.report_page import report_page
from tests.browsing import (
    CONTRASTS,
    SCREENSHOTS,
    VIEWS,
    browser,
    contrast,
    luminance,
    needs_browser,
    page_of,
)
from tests.overviews import overview

__all__ = ["browser"]

pytestmark = needs_browser

NOTHING = {
    "rows": {"records": 0, "rejects": 0},
    "years": (),
    "categories": (),
    "versions": (),
    "licenses": (),
    "builds": (),
    "rejects": (),
    "stretches": (),
    "signed": (),
    "audited": None,
}
BOXES = """
() => [...document.querySelectorAll('.picture')].map(box => {
  const frame = box.querySelector('svg').getBoundingClientRect();
  const texts = [...box.querySelectorAll('text')].map(text => text.getBoundingClientRect());
  return [frame.height, Math.min(...texts.map(t => t.left)) - frame.left,
          frame.right - Math.max(...texts.map(t => t.right))];
})
"""
"""Of each picture: its height, and how far its words are from its left and right ends."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    for name, lake in (("busy", overview()), ("empty", overview(**NOTHING))):
        (folder / f"{name}.html").write_text(report_page(lake), encoding="utf-8")
    return folder


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ["busy", "empty"])
def test_a_report_is_shown_whole_quietly_and_with_contrast(browser, reports, name, view):
    url = (reports / f"{name}.html").as_uri()
    with page_of(browser, url, **VIEWS[view]) as page:
        page.goto(url)
        width = page.evaluate("document.documentElement.scrollWidth")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"report-{name}-{view}.png", full_page=True)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        found = page.evaluate(CONTRASTS)

        assert width <= VIEWS[view]["viewport"]["width"], "it scrolls sideways"
        assert page.locator("h1").inner_text() == "lake <of> many & all"
        assert [page.locator(part).count() for part in ("header.site", "main", "footer")] == [1] * 3
        assert len(found) > 20
        faint = [(what, contrast(ink, paper)) for what, ink, paper in found]
        assert [each for each in faint if each[1] < 4.5] == []


def test_every_picture_is_drawn_within_its_frame(browser, reports):
    url = (reports / "busy.html").as_uri()
    with page_of(browser, url, **VIEWS["light"]) as page:
        page.goto(url)
        boxes = page.evaluate(BOXES)

    assert len(boxes) == 9
    for height, left, right in boxes:
        assert height > 40
        assert left > -16
        assert right > -16


def test_every_picture_has_a_name_words_and_numbers(browser, reports):
    url = (reports / "busy.html").as_uri()
    with page_of(browser, url, java_script_enabled=False) as page:
        page.goto(url)
        for section in page.locator("section:has(.picture)").all():
            title = section.locator("h2").inner_text()
            assert page.get_by_role("img", name=title, exact=True).count() == 1
            assert section.locator("p").first.inner_text()
            assert not section.locator("table").is_visible()
            section.locator("summary").click()
            assert section.locator("table").is_visible()
            assert section.locator("tbody tr").count() > 0


def test_gaps_are_red_and_days_that_were_read_are_not(browser, reports):
    url = (reports / "busy.html").as_uri()
    for view in ("light", "dark"):
        with page_of(browser, url, **VIEWS[view]) as page:
            page.goto(url)
            fills = page.evaluate(
                "[...document.querySelectorAll('#coverage-1 svg path')]"
                ".map(path => getComputedStyle(path).fill)"
            )
        colours = [tuple(map(int, fill[4:-1].split(","))) for fill in fills if fill[:4] == "rgb("]
        red = [colour for colour in colours if colour[0] > 200 and colour[0] > 1.8 * colour[1]]
        # Two gaps, one of which goes over the end of a year.
        assert len(red) == 3
        assert len(colours) > 20


def test_the_dark_is_dark(browser, reports):
    url = (reports / "busy.html").as_uri()
    papers = []
    for view in ("light", "dark"):
        with page_of(browser, url, **VIEWS[view]) as page:
            page.goto(url)
            said = page.evaluate("getComputedStyle(document.body).backgroundColor")
        papers.append(luminance(tuple(map(int, said[4:-1].split(",")))))

    assert papers[0] > 0.8
    assert papers[1] < 0.1
