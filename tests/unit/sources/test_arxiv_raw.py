"""arXivRaw: one record gives one paper in arXiv's own words, or a reason why not."""

import dataclasses
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.sources.arxiv_raw import Reason, RejectedRecordError, read_paper
from pith_builder.sources.oai_page import Header, Record, read_page
from pith_builder.sources.snapshot import read_line
from tests.arxiv_server.oai import OaiRepository
from tests.arxiv_server.papers import TEX_ABSTRACT, TEX_TITLE, paper
from tests.arxiv_server.store import Store
from tests.makers import SHARED, law, needs_shared

OAI = SHARED / "arxiv" / "oai"


def record(made, prefix="arXivRaw"):
    """The record that a loopback arXiv serves for a paper."""
    name = f"oai:arXiv.org:{made['id']}"
    arguments = (("verb", "GetRecord"), ("identifier", name), ("metadataPrefix", prefix))
    return read_page(OaiRepository(Store([made])).answer(arguments)).records[0]


def altered(old, new):
    """A record with a piece of its XML replaced: once, or wherever it is part of a tag's name."""
    whole = record(paper())
    is_name = old.endswith(">") and not old.startswith("<")
    xml = whole.xml.replace(old.encode(), new.encode(), -1 if is_name else 1)
    assert xml != whole.xml
    return dataclasses.replace(whole, xml=xml)


@needs_shared
def test_all_real_records_make_papers():
    records = [
        record
        for number in range(1, 7)
        for record in read_page((OAI / f"listrecords_arXivRaw_p0{number}.xml").read_bytes()).records
    ]
    read = [read_paper(record) for record in records]

    assert len({paper.arxiv_id for paper in read}) == 503
    assert sum(paper.is_withdrawn for paper in read) == 8
    assert sum(not paper.license for paper in read) > 0
    assert {paper.other_metadata for paper in read} == {
        None,
        '{"proxy":"ccsd"}',
        '{"proxy":"ccsd hal-00199856"}',
        '{"proxy":"vtex"}',
        '{"proxy":"Sigma"}',
    }


@needs_shared
def test_a_real_record_field_by_field():
    page = read_page((OAI / "getrecord" / "math_0510544_arXivRaw.xml").read_bytes())
    read = read_paper(page.records[0])

    assert read.arxiv_id.value == "math/0510544"
    assert read.version == 2
    assert read.submitted_at == datetime(2005, 10, 26, 4, 35, 50, tzinfo=UTC)
    assert read.version_submitted_at == datetime(2011, 2, 2, 0, 31, 14, tzinfo=UTC)
    assert read.title == "Leibniz superalgebras graded by finite root systems"
    assert read.authors == "Naihong Hu, Dong Liu and and Linsheng Zhu"
    assert read.submitter == "Dong Liu"
    assert read.categories == ("math.RT",)
    assert read.comments == "Latex, 15 pages"
    assert read.msc_class == "17A32, 17A99, 17B35, 17B55"
    assert read.journal_ref.startswith("Proc. Int. Conf., in Nankai")
    assert read.license == "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
    assert read.updated_on == date(2012, 8, 27)
    assert read.doi is read.report_no is read.acm_class is read.other_metadata is None
    assert not read.is_withdrawn


@needs_shared
def test_a_live_record_of_the_form_that_is_not_raw_is_refused():
    page = read_page((OAI / "getrecord" / "GetRecord_arXiv_2511.23462.xml").read_bytes())

    with pytest.raises(RejectedRecordError) as caught:
        read_paper(page.records[0])
    assert caught.value.reason is Reason.NOT_RAW


def test_text_rich_in_tex_comes_through_byte_for_byte():
    read = read_paper(record(paper(title=TEX_TITLE, abstract=TEX_ABSTRACT)))

    assert read.title.encode() == TEX_TITLE.encode()
    assert read.abstract.encode() == TEX_ABSTRACT.encode()


def test_the_other_form_has_other_text_and_makes_no_paper():
    cooked = record(paper(title=TEX_TITLE, abstract=TEX_ABSTRACT), prefix="arXiv")

    assert "Schrödinger".encode() in cooked.xml
    with pytest.raises(RejectedRecordError) as caught:
        read_paper(cooked)
    assert caught.value.reason is Reason.NOT_RAW


XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\t\r<>&'\"\\")
).filter(str.strip)


@law
@given(title=XML_TEXT, abstract=XML_TEXT)
def test_any_text_comes_through_as_it_is(title, abstract):
    read = read_paper(record(paper(title=title, abstract=abstract)))

    assert (read.title, read.abstract) == (title, abstract)


def test_a_paper_is_the_same_from_the_snapshot():
    made = paper(title=TEX_TITLE, abstract=TEX_ABSTRACT, comments="6 pages", doi="10.5555/1")
    line = {name: value for name, value in made.items() if name != "datestamp"}
    line |= {"update_date": made["datestamp"]}
    line["versions"] = [
        {name: version[name] for name in ("version", "created")} for version in made["versions"]
    ]

    assert read_paper(record(made)) == read_line(json.dumps(line).encode())


def test_the_latest_version_is_the_highest_wherever_it_stands():
    created = ("Tue, 2 Jan 2024 10:00:00 GMT", "Wed, 3 Jan 2024 10:00:00 GMT")
    made = paper(
        versions=[
            {"version": "v2", "created": created[1]},
            {"version": "v1", "created": created[0]},
        ]
    )
    read = read_paper(record(made))

    assert read.version == 2
    assert read.submitted_at.day == 2
    assert read.version_submitted_at.day == 3


@pytest.mark.parametrize(
    ("last", "is_withdrawn"),
    [
        ({"size": "12kb", "source_type": "D"}, False),
        ({"size": "12kb", "source_type": "I"}, True),
        ({"size": "12kb", "source_type": "AI"}, True),
        ({"size": "0kb"}, True),
        ({"size": "10kb"}, False),
    ],
)
def test_withdrawn_is_what_the_last_version_says(last, is_withdrawn):
    first = {"version": "v1", "created": "Tue, 2 Jan 2024 10:00:00 GMT", "size": "0kb"}
    second = {"version": "v2", "created": "Wed, 3 Jan 2024 10:00:00 GMT"} | last

    assert read_paper(record(paper(versions=[first, second]))).is_withdrawn is is_withdrawn


def test_what_is_not_known_is_kept():
    read = read_paper(
        altered(
            "<title>",
            "<proxy>ccsd</proxy><note>a</note><note>b</note><tree><leaf>c</leaf></tree><title>",
        )
    )
    kept = json.loads(read.other_metadata)

    assert kept["proxy"] == "ccsd"
    assert kept["note"] == ["a", "b"]
    assert "<leaf>c</leaf>" in kept["tree"]


def test_what_is_not_known_of_a_version_is_kept():
    read = read_paper(altered("<size>", "<pages>12</pages><size>"))

    assert json.loads(read.other_metadata) == {"v1/pages": "12"}


REFUSED = {
    "no title": ("<title>The paper 2401.00001</title>", "", Reason.MISSING_FIELD),
    "no abstract": ("abstract>", "summary>", Reason.MISSING_FIELD),
    "no id": ("<id>2401.00001</id>", "", Reason.MISSING_FIELD),
    "no version": ('version="v1"', 'version="v2"', Reason.BAD_VERSION),
    "a version without a name": ('version="v1"', "", Reason.BAD_VERSION),
    "version 0": ('version="v1"', 'version="v0"', Reason.BAD_VERSION),
    "a version without a date": ("date>", "day>", Reason.MISSING_FIELD),
    "two dates": ("<date>", "<date>x</date><date>", Reason.REPEATED_FIELD),
    "a bad date": ("02 Jan 2024", "32 Jan 2024", Reason.BAD_DATE),
    "a date in another form": (
        "<date>Tue, 02 Jan 2024 10:00:00 GMT",
        "<date>2024-01-02",
        Reason.BAD_DATE,
    ),
    "two titles": ("<title>", "<title>x</title><title>", Reason.REPEATED_FIELD),
    "two sizes": ("<size>", "<size>x</size><size>", Reason.REPEATED_FIELD),
    "a title in pieces": ("<title>", "<title>a<b>c</b>", Reason.WRONG_TYPE),
    "a title with a comment": ("<title>", "<title>a<!-- b -->", Reason.WRONG_TYPE),
    "an empty title": ("The paper 2401.00001", " ", Reason.EMPTY_TEXT),
    "no category": ("cs.LG stat.ML", " ", Reason.EMPTY_TEXT),
    "a bad category": ("cs.LG stat.ML", "None", Reason.BAD_CATEGORY),
    "a bad id": ("<id>2401.00001", "<id>2401.1", Reason.BAD_ID),
    "another id than the header's": ("<id>2401.00001", "<id>2401.00002", Reason.BAD_HEADER),
    "no metadata": ("metadata>", "about>", Reason.NO_METADATA),
}


@pytest.mark.parametrize(("old", "new", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_paper(old, new, reason):
    with pytest.raises(RejectedRecordError) as caught:
        read_paper(altered(old, new))
    assert caught.value.reason is reason


def test_a_record_without_a_readable_day_makes_no_paper():
    whole = record(paper())
    header = Header(identifier=whole.header.identifier, datestamp=None)

    with pytest.raises(RejectedRecordError) as caught:
        read_paper(Record(header=header, xml=whole.xml))
    assert caught.value.reason is Reason.BAD_HEADER


def test_a_deleted_record_makes_no_paper():
    header = Header(identifier="oai:arXiv.org:2401.00001", datestamp=date(2024, 1, 1))

    with pytest.raises(RejectedRecordError) as caught:
        read_paper(Record(header=header, xml=b"<record/>"))
    assert caught.value.reason is Reason.NO_METADATA
