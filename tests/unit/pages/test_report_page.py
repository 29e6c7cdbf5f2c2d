import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from pith_builder.core.overview import Audited
from pith_builder.pages.report_page import (
    BUILDS_SHOWN,
    CALENDARS_SHOWN,
    license_name,
    report_page,
)
from tests.overviews import build_counts, overview, stretch


class Words(HTMLParser):
    """The words of a page, its tags and its ids."""

    def __init__(self):
        super().__init__()
        self.said, self.tags, self.ids, self.links = [], Counter(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href")]

    def handle_data(self, data):
        self.said.append(data)


def read(page):
    words = Words()
    words.feed(page)
    return words


def said(page):
    return " ".join(" ".join(read(page).said).split())


@pytest.fixture(scope="module")
def page():
    """The page of a lake of many years."""
    return report_page(overview())


def test_a_page_needs_nothing_besides(page):
    words = read(page)

    assert not {"script", "link", "img", "iframe", "object"} & words.tags.keys()
    assert all(link.startswith("#") for link in words.links)
    assert not re.search(r"@import|url\((?!#)|\son[a-z]+=", page)


def test_a_page_has_each_id_once_and_what_it_refers_to(page):
    words = read(page)

    assert len(set(words.ids)) == len(words.ids)
    wanted = set(re.findall(r"url\(#([^)]+)\)", page)) | {link[1:] for link in words.links}
    described = set(re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', page))
    assert (wanted | described) <= set(words.ids)


def test_the_same_numbers_make_the_same_page(page):
    assert report_page(overview()) == page


def test_what_a_stranger_wrote_is_shown_as_it_stands(page):
    assert "<of>" not in page
    assert "lake &lt;of&gt; many &amp; all" in page
    assert "http://licence.example/$x$/&lt;b&gt;" in page
    assert "http://licence.example/$x$/<b>" in said(page)


def test_a_page_says_what_the_lake_holds(page):
    words = said(page)

    assert "Papers 913,680" in words
    assert "Records 1,234,567" in words
    assert "Days missing 77" in words
    assert "Coverage of all of arXiv" in words
    assert "Coverage of cs:cs:LG" in words


@pytest.mark.parametrize(
    ("audited", "wanted"),
    [
        (None, "Not audited."),
        (Audited(depth="roots", files=7, findings=(), finding_count=0), "the rows themselves were"),
        (Audited(depth="full", files=7, findings=(), finding_count=0), "and every row of every"),
        (
            Audited(depth="roots", files=7, findings=(("c", "p", "<m>"),), finding_count=51),
            "51 findings.",
        ),
    ],
)
def test_a_page_says_whether_an_audit_was_run_and_what_it_found(audited, wanted):
    words = said(report_page(overview(audited=audited)))

    assert wanted in words
    assert ("it holds" in words) == (audited is not None and not audited.finding_count)


def test_only_the_last_builds_and_some_calendars_are_drawn():
    days = overview().stretches[0]
    many = tuple(
        stretch(days.from_on, days.until_on, set_spec=f"cs:cs:{number:02d}")
        for number in range(CALENDARS_SHOWN + 3)
    )
    words = read(
        report_page(overview(stretches=many, builds=tuple(map(build_counts, range(1, 500)))))
    )
    text = " ".join(words.said)

    assert f"the last {BUILDS_SHOWN} of 499 builds" in text
    assert "00000499-" in text
    assert "00000001-" not in text
    assert text.count("Coverage of cs:cs:") >= len(many)
    assert words.tags["svg"] == 7 + CALENDARS_SHOWN


@pytest.mark.parametrize("number", [1, 2])
def test_a_lake_of_few_builds_is_drawn(number):
    assert "<svg" in report_page(overview(builds=tuple(map(build_counts, range(1, 1 + number)))))


def test_a_page_of_very_much_stays_small():
    days = overview().stretches[0]
    many = tuple(
        stretch(days.from_on, days.until_on, set_spec=f"s{number}") for number in range(180)
    )

    assert len(report_page(overview(stretches=many)).encode()) < 1_000_000


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("", "none given"),
        ("http://creativecommons.org/licenses/by/4.0/", "CC BY 4.0"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0", "CC BY-NC-ND 4.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("http://arxiv.org/licenses/nonexclusive-distrib/1.0/", "arXiv, non-exclusive 1.0"),
        ("x" * 99, "x" * 60),
    ],
)
def test_a_licence_has_its_usual_name(address, name):
    assert license_name(address) == name
