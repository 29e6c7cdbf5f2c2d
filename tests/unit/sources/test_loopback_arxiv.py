"""The loopback arXiv answers as arXiv's own server does, byte for byte where that is known."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from lxml import etree

from pith_builder.sources.oai_page import read_page
from tests.arxiv_server.oai import FORMATS, OaiRepository
from tests.arxiv_server.papers import paper, papers
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store
from tests.makers import SHARED, needs_shared

ROOT = Path(__file__).parents[3]
REAL = SHARED / "arxiv" / "oai"
OAI = "{http://www.openarchives.org/OAI/2.0/}"
RAW = "{http://arxiv.org/OAI/arXivRaw/}"
RECORDS = {"verb": "ListRecords", "metadataPrefix": "arXivRaw"}


def real_papers():
    """The papers of the real pages, read by the standard way."""
    for path in sorted(REAL.glob("listrecords_arXivRaw_p*.xml")):
        for record in etree.fromstring(path.read_bytes()).iter(f"{OAI}record"):
            raw = record.find(f"{OAI}metadata")[0]
            made = {"datestamp": record.findtext(f"{OAI}header/{OAI}datestamp")}
            made["versions"] = [
                {
                    "version": version.get("version"),
                    "created": version.findtext(f"{RAW}date"),
                    "size": version.findtext(f"{RAW}size"),
                    "source_type": version.findtext(f"{RAW}source_type"),
                }
                for version in raw.iterfind(f"{RAW}version")
            ]
            made |= {field.tag.removeprefix(RAW): field.text for field in raw if not len(field)}
            yield made


@pytest.fixture(scope="module")
def real():
    return OaiRepository(Store(real_papers()))


def timeless(answer):
    return re.sub(rb"<responseDate>[^<]*|expirationDate='[^']*", b"", answer).split(b"\n")


@needs_shared
@pytest.mark.parametrize("number", [4, 5, 6])
def test_real_pages_byte_for_byte(real, number):
    before = (REAL / f"listrecords_arXivRaw_p0{number - 1}.xml").read_bytes()
    answer = real.answer((("verb", "ListRecords"), ("resumptionToken", read_page(before).token)))
    wanted = (REAL / f"listrecords_arXivRaw_p0{number}.xml").read_bytes()

    assert timeless(answer) == timeless(wanted)


@needs_shared
@pytest.mark.parametrize("path", sorted((REAL / "getrecord").glob("*_arXivRaw.xml")), ids=str)
def test_real_records_byte_for_byte(real, path):
    arxiv_id = path.stem.removesuffix("_arXivRaw").replace("_", "/")
    if real.store.get(arxiv_id) is None:
        pytest.skip("arXiv's test database gives it the datestamp 1970-01-01, hence in no list")
    name = f"oai:arXiv.org:{arxiv_id}"
    answer = real.answer(
        (("verb", "GetRecord"), ("identifier", name), ("metadataPrefix", "arXivRaw"))
    )

    assert timeless(answer) == timeless(path.read_bytes())


REFUSED = {
    "badArgument_badSet": RECORDS | {"set": "biology"},
    "badArgument_dateTime": RECORDS | {"from": "2024-01-01T00:00:00Z"},
    "badArgument_duplicate": [*RECORDS.items(), ("verb", "ListRecords")],
    "badArgument_extra": RECORDS | {"page": "2"},
    "badArgument_fromAfterUntil": RECORDS | {"from": "2024-01-02", "until": "2024-01-01"},
    "badArgument_fromTooEarly": RECORDS | {"from": "1999-01-01"},
    "badArgument_noPrefix": {"verb": "ListRecords"},
    "badArgument_setDotted": RECORDS | {"set": "cs.LG"},
    "badArgument_tokenPlusPrefix": RECORDS | {"resumptionToken": "x"},
    "badArgument_untilTooLate": RECORDS | {"until": "2999-01-01"},
    "badResumptionToken_garbage": {"verb": "ListRecords", "resumptionToken": "garbage"},
    "badResumptionToken_otherVerb": {
        "verb": "ListIdentifiers",
        "resumptionToken": "verb%3DListRecords%26metadataPrefix%3DarXiv%26skip%3D100",
    },
    "badVerb": {"verb": "ListEverything"},
    "badVerb_missing": {},
    "cannotDisseminateFormat": RECORDS | {"metadataPrefix": "marc"},
    "idDoesNotExist": {
        "verb": "GetRecord",
        "identifier": "oai:arXiv.org:abc",
        "metadataPrefix": "arXivRaw",
    },
    "idDoesNotExist_noPrefix": {
        "verb": "GetRecord",
        "identifier": "0806.4129",
        "metadataPrefix": "arXivRaw",
    },
    "noRecordsMatch": RECORDS
    | {"metadataPrefix": "arXiv", "from": "2022-01-01", "until": "2022-01-02"},
}


@needs_shared
@pytest.mark.parametrize("name", REFUSED)
def test_real_errors_byte_for_byte(real, name):
    arguments = REFUSED[name]
    answer = real.answer(tuple(arguments.items()) if isinstance(arguments, dict) else arguments)

    assert timeless(answer) == timeless((REAL / "errors" / f"{name}.xml").read_bytes())


@needs_shared
def test_real_formats_byte_for_byte(real):
    answer = real.answer((("verb", "ListMetadataFormats"),))

    assert timeless(answer) == timeless((REAL / "list_metadata_formats.xml").read_bytes())
    assert set(FORMATS) == {"oai_dc", "arXiv", "arXivOld", "arXivRaw"}


def test_a_last_token_stands_only_after_several_pages():
    one = OaiRepository(Store(papers(5)), page_size=5).answer(tuple(RECORDS.items()))
    first = OaiRepository(Store(papers(5)), page_size=4).answer(tuple(RECORDS.items()))
    token = (("verb", "ListRecords"), ("resumptionToken", read_page(first).token))
    last = OaiRepository(Store(papers(5)), page_size=4).answer(token)

    assert b"resumptionToken" not in one
    assert b"<resumptionToken/>" in last


def test_http_has_no_charset_and_errors_come_with_200():
    with LoopbackArxiv(Store([paper()])) as arxiv:
        answer = httpx.get(arxiv.oai_url, params={"verb": "Nothing"})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/xml"


def test_papers_are_edited_added_revised_and_backdated():
    store = Store(papers(4))
    today = str(store.now().date())
    store.edit("2401.00001", journal_ref="J. Hypoth. 1")
    store.revise("2401.00002", "Wed, 3 Jan 2024 10:00:00 GMT", title="Again")
    store.add(paper("2401.00009"), "2010-01-01")
    store.backdate(["2401.00003", "2401.00004"], "2012-01-01")

    assert [(e.paper["id"], str(e.datestamp)) for e in store] == [
        ("2401.00009", "2010-01-01"),
        ("2401.00003", "2012-01-01"),
        ("2401.00004", "2012-01-01"),
        ("2401.00001", today),
        ("2401.00002", today),
    ]
    assert store.get("2401.00001").paper["journal-ref"] == "J. Hypoth. 1"
    assert [each["version"] for each in store.get("2401.00002").paper["versions"]] == ["v1", "v2"]


def test_it_runs_as_a_program():
    command = [sys.executable, "-m", "tests.arxiv_server", "--papers", "data/sample/papers.jsonl"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as program:
        name, _, url = program.stdout.readline().strip().partition("=")
        answer = httpx.get(url, params={"verb": "Identify"})
        program.terminate()

    assert name == "PITH_OAI_URL"
    assert read_page(answer.content).earliest_on is not None
