"""arXiv's own server code, by its saved answers: 503 records in six pages, each harvested once."""

import json
import re
from datetime import date

import pytest

from pith_builder.core.canonical import sha256_hex
from pith_builder.operations.harvest import Stretch, harvest, opened_source
from pith_builder.operations.nightly import nightly
from pith_builder.sources.oai_page import read_page
from pith_builder.sources.oai_walker import Window
from pith_builder.sources.raw_pages import INDEX
from tests.harvests import URL, findings, ledger, source_settings, target
from tests.lakes import rows
from tests.makers import SHARED, needs_shared

pytestmark = needs_shared

SAVED = SHARED / "arxiv" / "oai"
SINCE = date(2005, 9, 16)
RECORD = re.compile(rb"<record>.*?</record>", re.DOTALL)
HEADER = re.compile(rb"<header>.*?</header>", re.DOTALL)


def keep(folder, answers):
    """Keep answers as `--keep-raw` does, so that they can be replayed."""
    folder.mkdir()
    lines = []
    for place, (arguments, answer) in enumerate(answers, 1):
        name = f"{place:06d}-{sha256_hex(answer)[:16]}.xml"
        (folder / name).write_bytes(answer)
        lines.append(json.dumps({"file": name, "request": arguments}) + "\n")
    (folder / INDEX).write_text("".join(lines))
    return folder


def saved_pages():
    """The six answers with what asks for them, and the list of identifiers that they make."""
    answers = [(SAVED / f"listrecords_arXivRaw_p0{n}.xml").read_bytes() for n in range(1, 7)]
    first = Window(from_on=SINCE).request("ListRecords").arguments
    asked = [first] + [
        (("verb", "ListRecords"), ("resumptionToken", read_page(answer).token))
        for answer in answers[:-1]
    ]
    headers = b"\n".join(header for answer in answers for header in HEADER.findall(answer))
    listed = (
        answers[-1][: answers[-1].index(b"<ListRecords>")]
        + b"<ListIdentifiers>"
        + headers
        + b"</ListIdentifiers></OAI-PMH>"
    )
    identifiers = Window(from_on=SINCE).request("ListIdentifiers").arguments
    return [*zip(asked, answers, strict=True), (identifiers, listed)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    raw = keep(folder / "raw", saved_pages())
    with opened_source(source_settings(URL, folder, replay=raw)) as source:
        ((_, result),) = nightly(target(folder / "lake"), source, since=SINCE)
    assert (result.seen, result.minted, result.unchanged, result.rejected) == (503, 503, 0, 0)
    return folder / "lake"


def saved_records():
    answers = [answer for _, answer in saved_pages()[:-1]]
    return [record for answer in answers for record in RECORD.findall(answer)]


def identifier(record):
    return re.search(rb"<identifier>oai:arXiv.org:(.*?)<", record)[1].decode()


def test_every_record_is_held_once(lake):
    held = [row["arxiv_id"] for row in rows(lake, "records")]

    assert len(held) == len(set(held)) == 503
    assert set(held) == set(map(identifier, saved_records()))
    assert ledger(lake) == [("", "2005-09-16", "2026-11-20", "done")]
    assert len(rows(lake, "sightings")) == 503


def test_withdrawn_and_licenceless_papers_are_among_them(lake):
    records = saved_records()
    held = {row["arxiv_id"]: row for row in rows(lake, "records")}
    licenceless = {identifier(record) for record in records if b"<license>" not in record}
    assert licenceless == {name for name, row in held.items() if not row["license"]}
    assert len(licenceless) == 9

    def is_withdrawn(record):
        last = record.split(b"<version ")[-1].partition(b"</version>")[0]
        source_type = re.search(rb"<source_type>(.*?)<", last)
        return b"<size>0kb<" in last or bool(source_type and b"I" in source_type[1])

    withdrawn = {identifier(record) for record in records if is_withdrawn(record)}
    assert withdrawn == {name for name, row in held.items() if row["is_withdrawn"]}
    assert withdrawn


def test_titles_days_and_versions_are_the_pages_own(lake):
    held = {row["arxiv_id"]: row for row in rows(lake, "records")}
    escapes = (
        (b"&lt;", b"<"),
        (b"&gt;", b">"),
        (b"&#39;", b"'"),
        (b"&#34;", b'"'),
        (b"&amp;", b"&"),
    )
    for record in saved_records():
        row = held[identifier(record)]
        title = re.search(rb"<title>(.*?)</title>", record, re.DOTALL)[1]
        for written, meant in escapes:
            title = title.replace(written, meant)
        assert row["title"].encode() == title
        assert row["arxiv_version"] == record.count(b"<version ")
        on = re.search(rb"<datestamp>(.*?)<", record)[1].decode()
        assert (date(1970, 1, 1).toordinal() + row["updated_on"]) == date.fromisoformat(
            on
        ).toordinal()


def test_the_lake_holds(lake):
    assert findings(lake) == []


def test_one_real_page_of_a_set(tmp_path):
    answer = (SAVED / "listrecords_arXivRaw_set_physics_hep-th.xml").read_bytes()
    page = read_page(answer)
    asked = Window(set_spec="physics:hep-th", from_on=SINCE).request("ListRecords").arguments
    stretch = Stretch(set_spec="physics:hep-th", from_on=SINCE)
    raw = keep(tmp_path / "raw", [(asked, answer)])
    with opened_source(source_settings(URL, tmp_path, replay=raw)) as source:
        result = harvest(target(tmp_path / "lake"), source, stretch, "nightly")

    assert result.minted == len(page.records) == len(rows(tmp_path / "lake", "records"))
    assert all("hep-th" in row["categories"] for row in rows(tmp_path / "lake", "records"))
