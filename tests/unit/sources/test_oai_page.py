"""Pages of OAI-PMH: whole and of one thing, or refused."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.sources.oai_page import BrokenPageError, Verb, read_page
from tests.arxiv_server.oai import OaiRepository
from tests.arxiv_server.papers import paper, papers
from tests.arxiv_server.store import Store
from tests.makers import SHARED, law, needs_shared

OAI = SHARED / "arxiv" / "oai"
LIST = (("verb", "ListRecords"), ("metadataPrefix", "arXivRaw"))
SMALL = OaiRepository(Store([paper()])).answer(LIST)


@needs_shared
def test_the_real_pages_hold_503_records_and_their_tokens():
    read = [read_page((OAI / f"listrecords_arXivRaw_p0{n}.xml").read_bytes()) for n in range(1, 7)]

    assert [len(page.records) for page in read] == [100, 100, 100, 100, 100, 3]
    assert len({record.header.identifier for page in read for record in page.records}) == 503
    assert all("skip%3D" in page.token for page in read[:-1])
    assert read[-1].token == ""
    assert read[0].response_at == datetime(2026, 11, 20, 12, 39, 37, tzinfo=UTC)
    assert read[0].verb is Verb.LIST_RECORDS


@needs_shared
def test_a_real_list_of_one_page_has_no_token():
    page = read_page((OAI / "listrecords_arXivRaw_set_physics_hep-th.xml").read_bytes())

    assert (len(page.records), page.token) == (2, None)


@needs_shared
@pytest.mark.parametrize("path", sorted((OAI / "errors").glob("*.xml")), ids=lambda path: path.stem)
def test_the_real_errors(path):
    page = read_page(path.read_bytes())

    if path.stem == "GetRecord_versioned":
        assert page.error is None
        assert [header.identifier for header in page.headers] == ["oai:arXiv.org:0806.4129"]
    else:
        assert page.error.code == path.stem.partition("_")[0]
        assert page.error.message
        assert page.verb is None
        assert page.records == page.headers == ()


@needs_shared
def test_the_other_real_answers():
    identifiers = read_page((OAI / "listidentifiers_p01.xml").read_bytes())
    sets = read_page((OAI / "list_sets.xml").read_bytes())
    identity = read_page((OAI / "identify.xml").read_bytes())
    formats = read_page((OAI / "list_metadata_formats.xml").read_bytes())

    assert len(identifiers.headers) == 200
    assert identifiers.records == ()
    assert identifiers.headers[2].set_specs == (
        "physics:chao-dyn",
        "physics:ao-sci",
        "physics:nlin:CD",
    )
    assert len(sets.set_specs) == 183
    assert "cs:cs:LG" in sets.set_specs
    assert identity.earliest_on == date(2005, 9, 16)
    assert formats.verb is Verb.LIST_METADATA_FORMATS


def test_a_header():
    (header,) = read_page(SMALL).headers

    assert header.identifier == "oai:arXiv.org:2401.00001"
    assert header.datestamp == date(2024, 1, 10)
    assert header.set_specs == ("cs:cs:LG", "stat:stat:ML")
    assert not header.is_deleted


def test_a_page_cut_at_any_byte_is_refused():
    assert SMALL.endswith(b"</OAI-PMH>")
    for end in range(len(SMALL)):
        with pytest.raises(BrokenPageError):
            read_page(SMALL[:end])


@law
@given(st.binary(max_size=200))
def test_whatever_comes_only_our_error_comes_out(answer):
    with pytest.raises(BrokenPageError):
        read_page(answer)


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE OAI-PMH [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
"""
OUTSIDE = b"""<?xml version="1.0"?>
<!DOCTYPE OAI-PMH [<!ENTITY outside SYSTEM "file:///etc/hostname">]>
"""


def inside(body, date="2026-11-20T12:39:37Z"):
    return (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>{date}</responseDate><request>x</request>{body}</OAI-PMH>"
    ).encode()


HEADER = "<header><identifier>a</identifier><datestamp>2024-01-01</datestamp></header>"
REFUSED = {
    "nothing": b"",
    "blanks": b" \n",
    "html": b"<!DOCTYPE html><html><body>busy</body></html>",
    "html without a document type": b"<html><body>busy</body></html>",
    "xhtml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>',
    "a billion laughs": BOMB + inside("<Identify>&c;</Identify>"),
    "a file from outside": OUTSIDE + inside("<Identify>&outside;</Identify>"),
    "a bomb in UTF-16": (BOMB + inside("<Identify>&c;</Identify>"))
    .decode()
    .replace('version="1.0"?', 'version="1.0" encoding="UTF-16"?', 1)
    .encode("utf-16"),
    "an undeclared entity": inside("<Identify>&nbsp;</Identify>"),
    "a tail": SMALL + b"<more/>",
    "two pages": SMALL + SMALL,
    "no verb": inside(""),
    "two verbs": inside("<Identify/><Identify/>"),
    "a verb and an error": inside("<Identify/><error code='badVerb'>x</error>"),
    "two errors": inside("<error code='badVerb'>x</error><error code='badVerb'>x</error>"),
    "an unknown verb": inside("<ListEverything/>"),
    "a verb of another namespace": inside('<Identify xmlns="http://example.org/"/>'),
    "an empty list": inside("<ListRecords></ListRecords>"),
    "a list of a token alone": inside(
        "<ListRecords><resumptionToken>x</resumptionToken></ListRecords>"
    ),
    "a token not at the end": inside(
        f"<ListIdentifiers><resumptionToken>x</resumptionToken>{HEADER}</ListIdentifiers>"
    ),
    "a stranger in a list": inside(f"<ListIdentifiers>{HEADER}<advert/></ListIdentifiers>"),
    "two records for one": inside("<GetRecord><record/><record/></GetRecord>"),
    "no date": inside("<Identify/>").replace(b"responseDate", b"request"),
    "a bad date": inside("<Identify/>", date="2026-13-20T12:39:37Z"),
    "a day for a date": inside("<Identify/>", date="2026-11-20"),
}


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(answer):
    with pytest.raises(BrokenPageError):
        read_page(answer)


def test_a_deleted_header_and_one_that_cannot_be_read_do_not_spoil_the_page():
    page = read_page(
        inside(
            "<ListRecords><record><header status='deleted'><identifier>a</identifier>"
            "<datestamp>soon</datestamp></header></record><record/></ListRecords>"
        )
    )

    assert [header.is_deleted for header in page.headers] == [True, False]
    assert [header.datestamp for header in page.headers] == [None, None]


def test_a_page_of_many_records_is_read_fast_enough():
    page = OaiRepository(Store(papers(2500)), page_size=2500).answer(LIST)

    assert len(read_page(page).records) == 2500
