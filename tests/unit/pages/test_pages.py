import json
import re
from html.parser import HTMLParser

import pytest

from pith_builder.core.metadata import METADATA
from pith_builder.pages.record_page import record_page
from pith_builder.pages.render import (
    ASSETS,
    CONTENT_SECURITY_POLICY,
    Page,
    asset,
    problem_page,
)
from tests.makers import BUNDLE, PUBLISHED_NUMBER, changed, document, event, mint

BASE = "https://mirror.example"
PUBLISHED = document(BUNDLE)
UNKNOWN = dict.fromkeys(METADATA.fields)
HOSTILE = "</title><script>alert(1)</script> $a < b$ & \"quoted\" 'so' \\emph{x}"


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text outside of tags."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data + " "  # two elements are two words

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def shown(bundle=PUBLISHED, **metadata):
    receipt = bundle["events"][0]["payload"]["receipt"]
    return Elements(record_page(bundle, {**UNKNOWN, **metadata}, receipt, BASE, "Our Mirror"))


def words(elements):
    return " ".join(elements.text.split())


def test_a_page_says_what_the_bundle_says():
    text = words(shown())

    assert "GoSGD: Distributed Optimization for Deep Learning with Gossip Exchange" in text
    assert "David Picard, Matthieu Cord, Michael Blot" in text
    for said in (
        PUBLISHED_NUMBER,
        PUBLISHED["canonical_sha256"],
        PUBLISHED["events"][0]["payload"]["receipt"]["signature_b64"],
        "8d4b5ee74e4693bcd1df2446408b0d54",
        "10.48550/arxiv.1804.01852",
        "REQM6TSZ2XBI5YFG",
        "Record created 2026-05-18 pith.science",
        f"curl -O {BASE}/pith/REQM6TSZ2XBI5YFGVPNQEI7HST/bundle.json",
        "pith verify bundle.json --trust pith-signing-key.json",
    ):
        assert said in text


def test_arxiv_s_raw_words_come_before_the_snapshot_s():
    page = shown(
        title="A  raw\n title",
        authors="Michael Blot, David Picard\nand Matthieu Cord",
        abstract="  One\ntwo.\n  Three\n",
        doi="10.1000/x y",
        comments="12 pages",
        updated_on="2018-11-08",
    )

    assert "A raw title" in words(page)
    assert "Michael Blot, David Picard and Matthieu Cord" in words(page)
    assert "One two. Three" in words(page)
    assert {"href": "https://doi.org/10.1000/x", "rel": "external"} in page.all("a")
    assert "Comments 12 pages" in words(page)
    assert "Last changed 2018-11-08" in words(page)


@pytest.mark.parametrize(
    "name", ["title", "authors", "abstract", "comments", "journal_ref", "submitter", "doi"]
)
def test_whatever_arxiv_says_is_shown_and_does_nothing(name):
    page = shown(**{name: HOSTILE})

    assert len(page.all("script")) == 1
    assert " ".join(HOSTILE.split()) in words(page)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", '" onclick="x'])
def test_a_licence_that_is_no_address_is_no_link(address):
    path = ("canonical_record", "metadata", "license")
    page = shown(changed(PUBLISHED, path, address))

    assert address in page.text
    assert not any(address in attributes.get("href", "") for attributes in page.all("a"))
    assert not any("onclick" in attributes for _, attributes in page.found)


def test_a_page_loads_nothing_from_elsewhere_and_its_links_are_relative():
    page = shown()
    loaded = [
        attributes.get("src") or attributes["href"]
        for tag in ("script", "img", "link")
        for attributes in page.all(tag)
        if attributes.get("rel") not in {"canonical", "alternate"}
    ]

    assert loaded
    assert {place.rpartition("/")[2] for place in loaded} == set(ASSETS)
    assert all(place.startswith("../../assets/") for place in loaded)
    own = [link for link in page.all("a") if link.get("rel") != "external"]
    assert not any(link["href"].startswith(("http", "/")) for link in own)
    assert not any("style" in attributes for _, attributes in page.found)


def test_a_page_is_under_a_strict_policy():
    metas = [meta for meta in shown().all("meta") if "http-equiv" in meta]

    assert metas == [{"http-equiv": "Content-Security-Policy", "content": CONTENT_SECURITY_POLICY}]
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none';")
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_a_page_has_its_landmarks_one_heading_and_no_identifier_twice():
    page = shown()
    names = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    named = [
        name
        for _, attributes in page.found
        for name in attributes.get("aria-labelledby", "").split()
    ]

    assert [len(page.all(tag)) for tag in ("main", "nav", "footer", "h1", "title")] == [1] * 5
    assert page.all("html") == [{"lang": "en"}]
    assert len(names) == len(set(names))
    assert set(named) <= set(names)
    assert all("alt" in image for image in page.all("img"))


def test_buttons_are_hidden_until_a_script_shows_them():
    buttons = shown().all("button")

    assert len(buttons) == 4
    assert all("hidden" in button for button in buttons)


def test_what_was_shown_and_what_was_not_is_told():
    text = words(shown())
    attested = json.loads(mint().bundle.document)
    reduced = {
        key: event()[key] for key in ("created_at", "event_id", "payload", "signer", "target")
    }
    attested["state"]["current"]["author_attestations"] = [reduced]
    attested["state"]["current"]["citation_signatures"] = [reduced, reduced]

    assert "✓ Content-addressed ✓ Receipt signed · Attested by an author : not yet" in text
    assert "✓ Attested by an author" in words(shown(attested))
    assert "✓ 2 citations" in words(shown(attested))
    assert "Author attestation 2026-11-20 mirror.example" in words(shown(attested))


def test_withdrawal_and_contradiction_stand_out():
    contradicted = changed(PUBLISHED, ("state", "equivocation_count"), 1)

    assert "Withdrawn." not in words(shown(is_withdrawn=False))
    assert "Withdrawn." in words(shown(is_withdrawn=True))
    assert "Contradicted. 1 set of signed events" in words(shown(contradicted))
    assert "2 more events do not hold" in words(
        shown(changed(PUBLISHED, ("state", "invalid_event_count"), 2))
    )


def test_a_record_whose_events_are_superseded_has_a_page_without_them():
    bare = changed(PUBLISHED, ("state", "current", "graph_snapshots"), [])
    bare = changed(bare, ("state", "current", "record_created"), None)
    page = shown(bare)

    assert PUBLISHED_NUMBER in page.text
    assert "· Receipt signed" in words(page)
    assert not any("graph.json" in link["href"] for link in page.all("a"))


def test_a_problem_is_told_with_its_candidates():
    candidate = {
        "pith_number": PUBLISHED_NUMBER,
        "title": "A < B",
        "arxiv_id": "1804.01852",
        "arxiv_version": 2,
    }
    problem = {"status": 409, "title": "Conflict", "detail": "two", "candidates": [candidate]}
    page = Elements(problem_page(Page("Our Mirror", "/"), problem))

    assert "409 Conflict two" in words(page)
    assert {"href": "/pith/REQM6TSZ2XBI5YFGVPNQEI7HST/index.html"} in page.all("a")
    plain = problem_page(Page("Our Mirror", "/"), {"status": 404, "title": "No", "detail": "x"})
    assert b"Candidates" not in plain


def test_style_and_script_name_no_other_place():
    for name in ASSETS:
        text = asset(name).decode()
        assert text
        assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text), name
