"""The pages in a real browser: Debian's Chromium, headless, driven by Playwright.

Screenshots are left in build/screenshots for people to look at.
"""

import re
from pathlib import Path

import pytest

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
from tests.lakes import AWKWARD, ROOT, build, line, rows
from tests.makers import REGISTRY
from tests.servers import served

TITLE = 'Bounds on $a < b$ & \\emph{c} for <b>bold</b> "claims"'
__all__ = ["browser"]

pytestmark = needs_browser


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    place = tmp_path_factory.mktemp("shown") / "lake"
    build(place, AWKWARD + line(id="0704.2000", title=TITLE, comments="Withdrawn by the author"))
    return place


@pytest.fixture(scope="module")
def url(lake):
    with served(lake, PITH_REGISTRY_NAME=REGISTRY.name) as (address, _):
        yield address


@pytest.fixture(scope="module")
def record(lake, url):
    [number] = [
        row["pith_number"] for row in rows(lake, "records") if row["arxiv_id"] == "0704.2000"
    ]
    return number, f"{url}pith/{number[10:]}/"


def colours(page):
    """Return the colours of ink and paper, each as red, green and blue of 0 to 255."""
    script = (
        "() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor] }"
    )
    return [tuple(map(int, re.findall(r"\d+", said)[:3])) for said in page.evaluate(script)]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("place", ["", "record", "browse/2007-04.html"])
def test_a_page_is_shown_whole_quietly_and_with_contrast(browser, url, record, view, place):
    address = record[1] if place == "record" else url + place
    with page_of(browser, url, **VIEWS[view]) as page:
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        found = page.evaluate(CONTRASTS)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        name = {"": "index", "record": "record"}.get(place, "month")
        page.screenshot(path=SCREENSHOTS / f"{name}-{view}.png", full_page=True)

        assert width <= VIEWS[view]["viewport"]["width"], "it scrolls sideways"
        assert page.locator("h1").count() == 1
        assert [page.locator(part).count() for part in ("header.site", "main", "footer")] == [1] * 3
        assert len(found) > 10
        faint = [(what, contrast(ink, paper)) for what, ink, paper in found]
        assert [each for each in faint if each[1] < 4.5] == []
    assert (SCREENSHOTS / f"{name}-{view}.png").stat().st_size > 10_000


def test_the_title_is_shown_as_it_stands(browser, url, record):
    with page_of(browser, url) as page:
        page.goto(record[1])

        assert page.locator("h1").inner_text() == TITLE
        assert page.title() == f"{TITLE} · {record[0]}"
        assert page.locator("#number").inner_text() == record[0]
        assert "Withdrawn." in page.locator(".notice").inner_text()
        assert page.locator("b").count() == 0


def test_the_dark_is_dark(browser, url, record):
    seen = {}
    for view in ("light", "dark"):
        with page_of(browser, url, **VIEWS[view]) as page:
            page.goto(record[1])
            seen[view] = colours(page)

    (light_ink, light_paper), (dark_ink, dark_paper) = seen["light"], seen["dark"]
    assert luminance(light_paper) > 0.8
    assert luminance(light_ink) < 0.1
    assert luminance(dark_paper) < 0.1
    assert luminance(dark_ink) > 0.6


def test_the_copy_button_copies(browser, url, record):
    with page_of(browser, url, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(record[1])
        button = page.get_by_role("button", name="Copy the Pith Number")
        button.click()
        page.get_by_role("button", name="Copied").wait_for()

        assert page.evaluate("navigator.clipboard.readText()") == record[0]
        button.wait_for()
        page.get_by_role("button", name="Copy these commands").first.click()
        page.wait_for_function(
            "navigator.clipboard.readText().then(text => text.startsWith('curl -O '))"
        )


def test_a_page_reads_as_well_without_scripts(browser, url, record):
    with page_of(browser, url) as page, page_of(browser, url, java_script_enabled=False) as plain:
        page.goto(record[1])
        plain.goto(record[1])
        words = page.locator("main").inner_text().replace("Copy\n", "")

        assert plain.get_by_role("button").count() == 0
        assert page.get_by_role("button").count() == 4
        assert plain.locator("main").inner_text().split() == words.replace("Copy", "").split()


def test_the_keyboard_skips_to_the_content_and_finds_a_record(browser, url, record):
    with page_of(browser, url) as page:
        page.goto(url)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        box = page.locator(".skip").bounding_box()
        assert box["x"] >= 0
        page.get_by_label("arXiv identifier, DOI or Pith Number").fill("arXiv:0704.2000")
        page.keyboard.press("Enter")
        page.wait_for_url(record[1])
        assert page.locator("h1").inner_text() == TITLE


def test_a_problem_is_told_on_a_page(browser, url):
    with browser.new_context() as context:
        page = context.new_page()
        answer = page.goto(f"{url}pith/AAAAAAAA")
        assert answer.status == 404
        assert page.locator("h1").inner_text() == "Not Found"
        page.screenshot(path=SCREENSHOTS / "problem-light.png")


def test_print_leaves_out_what_paper_cannot_do(browser, url, record):
    with page_of(browser, url) as page:
        page.goto(record[1])
        page.emulate_media(media="print")

        assert not page.locator("nav").first.is_visible()
        assert not page.get_by_role("button").first.is_visible()
        assert page.locator("#number").is_visible()
        data = page.pdf(path=SCREENSHOTS / "record.pdf")
        assert data.startswith(b"%PDF")


def test_the_browser_s_files_are_kept_out_of_the_tree():
    assert "build/" in Path(ROOT / ".gitignore").read_text().splitlines()
