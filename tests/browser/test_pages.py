"""The pages in a real browser: Debian's Chromium, headless, driven by Playwright.

Screenshots are left in build/screenshots for people to look at.
"""

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.lakes import AWKWARD, ROOT, build, line, rows
from tests.makers import REGISTRY
from tests.servers import served

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
SCREENSHOTS = ROOT / "build" / "screenshots"
TITLE = 'Bounds on $a < b$ & \\emph{c} for <b>bold</b> "claims"'
VIEWS = {
    "light": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True},
}
QUIET = [  # or Chromium calls home
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true",
    reason="no chromium on this machine (Debian: apt-get install chromium)",
)


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


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM, "CI wants a browser: .ci/run installs Debian's chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@contextmanager
def page_of(browser, url, **options):
    """Open a page that must neither complain nor ask another place for anything."""
    complaints, strangers = [], []
    with browser.new_context(**options) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(url) else strangers.append(request.url),
        )
        yield page
    assert (complaints, strangers) == ([], [])


def colours(page):
    """Return the colours of ink and paper, each as red, green and blue of 0 to 255."""
    script = (
        "() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor] }"
    )
    return [tuple(map(int, re.findall(r"\d+", said)[:3])) for said in page.evaluate(script)]


def luminance(colour):
    """Return the relative luminance of a colour (WCAG 2.2)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


CONTRASTS = """
() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (own && element.checkVisibility() && !element.matches('.skip, .unseen')) {
      const ink = rgb(getComputedStyle(element).color).slice(0, 3);
      found.push([element.outerHTML.slice(0, 80), ink, behind(element)]);
    }
  }
  return found;
}
"""


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
