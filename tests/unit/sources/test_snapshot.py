import contextlib
import json
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.minting import Identity
from pith_builder.core.paper import Paper
from pith_builder.sources.snapshot import Reason, RejectedLineError, read_line
from tests.lakes import PAPER, line, versions
from tests.makers import json_values, law, text

READ = Paper(
    arxiv_id=ArxivId("0704.0001"),
    version=2,
    submitted_at=datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC),
    version_submitted_at=datetime(2007, 7, 24, 20, 10, 27, tzinfo=UTC),
    title="Calculation of prompt diphoton production\n  cross sections",
    abstract="  A fully differential calculation in perturbative\nquantum chromodynamics.\n",
    authors="C. Bal\\'azs, E. L. Berger",
    categories=("hep-ph", "hep-ex"),
    license="",
    submitter="Pavel Nadolsky",
    comments="37 pages; 15 figures",
    journal_ref="Phys.Rev.D76:013009,2007",
    doi="10.1103/PhysRevD.76.013009",
    report_no="ANL-HEP-PR-07-12",
    updated_on=date(2008, 11, 26),
)


def version(created="Mon, 2 Apr 2007 19:18:42 GMT", name="v1"):
    return {"version": name, "created": created}


def test_a_line_is_read_field_by_field():
    assert read_line(line()) == READ


@pytest.mark.parametrize(
    "spelling",
    [
        json.dumps(PAPER).encode(),
        json.dumps(PAPER, separators=(",", ":")).encode(),
        json.dumps(PAPER, indent=1).replace("\n", " ").encode(),
        json.dumps(dict(reversed(PAPER.items()))).encode(),
        b"  " + line() + b"\r",
    ],
    ids=["escaped", "compact", "spaced", "reversed", "carriage return"],
)
def test_how_the_json_is_written_does_not_matter(spelling):
    assert read_line(spelling) == READ


@pytest.mark.parametrize(
    "name",
    ["submitter", "comments", "journal-ref", "doi", "report-no", "update_date", "authors_parsed"],
)
def test_what_is_optional_may_be_null_or_missing(name):
    assert read_line(line(without=[name])) == read_line(line(**{name: None}))


@given(text, text.filter(str.strip), text.filter(str.strip))
@law
def test_text_is_kept_as_it_stands(authors, title, abstract):
    paper = read_line(line(authors=authors, title=title, abstract=abstract))

    assert (paper.authors, paper.title, paper.abstract) == (authors, title, abstract)


@pytest.mark.parametrize(
    ("spelt", "wanted"),
    [
        ("0704.0001", "0704.0001"),
        ("0705.1340", "0705.1340"),
        ("1501.00001", "1501.00001"),
        ("hep-th/9701019", "hep-th/9701019"),
        ("math.GT/0309136", "math/0309136"),
    ],
)
def test_identifiers_are_read_in_arxivs_forms(spelt, wanted):
    assert read_line(line(id=spelt)).arxiv_id.value == wanted


def test_a_missing_licence_is_empty():
    assert read_line(line(license=None)).license == ""
    assert read_line(line(license="http://x/")).license == "http://x/"


def test_categories_keep_arxivs_order():
    paper = read_line(line(categories="math-ph cs.IT math.IT  cond-mat.dis-nn solv-int"))

    assert paper.categories == ("math-ph", "cs.IT", "math.IT", "cond-mat.dis-nn", "solv-int")


def test_dates_are_the_first_versions_and_the_latest_whatever_their_order():
    paper = read_line(line(versions=[*versions(11)[5:], *versions(11)[:5]]))

    assert paper.version == 11
    assert paper.submitted_at.day == 1
    assert paper.version_submitted_at.day == 11


@pytest.mark.parametrize(
    ("created", "wanted"),
    [
        ("Mon, 2 Apr 2007 19:18:42 GMT", datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC)),
        ("Tue, 02 Apr 2007 19:18:42 UTC", datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC)),
        ("29 Feb 2000 23:59:59 GMT", datetime(2000, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("Tue, 31 Dec 1991 00:00:00 GMT", datetime(1991, 12, 31, tzinfo=UTC)),
    ],
)
def test_dates_are_read(created, wanted):
    assert read_line(line(versions=[version(created)])).submitted_at == wanted


@pytest.mark.parametrize(
    ("comments", "is_withdrawn"),
    [
        (None, False),
        ("12 pages", False),
        ("This paper has been withdrawn by the author", True),
        ("WITHDRAWN", True),
        ("not-withdrawn-yet", True),
        ("withdrawnness", False),
    ],
)
def test_a_paper_is_withdrawn_where_its_comments_have_the_word(comments, is_withdrawn):
    assert read_line(line(comments=comments)).is_withdrawn is is_withdrawn


def test_what_is_not_known_is_kept_as_canonical_json():
    paper = read_line(line(zeta=[1, {"b": None, "a": "é"}], alpha=1.5))

    assert paper.other_metadata == '{"alpha":1.5,"zeta":[1,{"a":"é","b":null}]}'


def test_what_a_version_says_besides_is_kept_too():
    said = [{**version(), "size": "7kb"}]

    assert json.loads(read_line(line(versions=said)).other_metadata) == {"versions": said}


def test_nothing_else_is_kept_of_a_line_as_arxiv_writes_it():
    assert read_line(line()).other_metadata is None


REJECTED = {
    Reason.NOT_JSON: [
        b"",
        b"no JSON",
        b"{",
        line()[:-1],
        line() + b"}",
        line() + line(),
        b"\xef\xbb\xbf" + line(),
        line().replace(b"Calculation", b"\xff"),
        line().replace(b"Calculation", rb"\ud800"),
        line().replace(b"Calculation", rb"\ud83d \ude00"),
        line().replace(b"\\n", b"\n"),
        line(more=0).replace(b'"more": 0', b'"more": NaN'),
        line(more=0).replace(b'"more": 0', b'"more": 1e999'),
        line(more=10**20),
        b'{"a":' * 2000,
        line(more=0).replace(b'"more": 0', b'"more": ' + b"[" * 65 + b"]" * 65),
    ],
    Reason.NOT_AN_OBJECT: [b"null", b"7", b'"id"', b"[]", b"[" + line() + b"]", b"true"],
    Reason.DUPLICATE_KEY: [
        line()[:-1] + b', "title": "Another"}',
        b'{"id": "0704.0002", ' + line()[1:],
        line()[:-1] + b', "more": 1, "more": 1}',
        line().replace(b'"created"', b'"version": "v1", "created"'),
        json.dumps(PAPER, separators=(",", ":")).encode()[:-1] + b',"title":"Another"}',
        line().replace(b'"v1"', b'"v1", "v\\u0065rsion": "v2"'),
        line()[:-1] + b', "title":"Another"}',
        line()[:-1] + b', "title" : "Another"}',
        line().replace(b'"title": ', b'"title":').replace(b'"id": ', b'"id": "0704.0002", "id": '),
        line().replace(b'"version": "v1"', b'"version":"v9", "version": "v1"'),
        line().replace(b'"version": "v1"', b'"version"\t:"v9","version": "v1"'),
    ],
    Reason.MISSING_FIELD: [
        b"{}",
        *(
            line(without=[name])
            for name in (
                "id",
                "title",
                "abstract",
                "authors",
                "categories",
                "versions",
                "license",
            )
        ),
        line(versions=[{"version": "v1"}]),
        line(versions=[{"created": "Mon, 2 Apr 2007 19:18:42 GMT"}]),
        line(versions=[{"version": 1, "created": "Mon, 2 Apr 2007 19:18:42 GMT"}]),
    ],
    Reason.WRONG_TYPE: [
        *(
            line(**{name: wrong})
            for name in ("id", "title", "abstract", "authors", "categories")
            for wrong in (None, 704.0001, ["a"], {}, True)
        ),
        *(
            line(**{name: 7})
            for name in (
                "license",
                "submitter",
                "comments",
                "journal-ref",
                "doi",
                "report-no",
                "update_date",
            )
        ),
        line(versions=None),
        line(versions={"v1": "Mon, 2 Apr 2007 19:18:42 GMT"}),
        line(versions=["v1"]),
        line(versions="v1"),
    ],
    Reason.BAD_ID: [
        line(id=wrong)
        for wrong in (
            "",
            "0704.1",
            "704.0001",
            "705.134",
            "0713.0001",
            "0703.0001",
            "0704.00001",
            "1501.0001",
            "hep-th/970101",
            "nonsense/9701019",
            "0704.000１",  # noqa: RUF001 - a full-width digit
            "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST",
            "0704.0001v2",
        )
    ],
    Reason.BAD_CATEGORY: [
        line(categories=wrong)
        for wrong in ("cs.LG,stat.ML", "cs.", ".LG", "CS.LG", "cs.LG;", "cs.LG x.y.z", "math.é")
    ],
    Reason.BAD_VERSION: [
        line(versions=[]),
        line(versions=[version(name="v2")]),
        line(versions=[version(), version()]),
        line(versions=[version(), version(name="1")]),
        *(
            line(versions=[version(name=wrong)])
            for wrong in ("", "v", "v0", "v01", "V1", "v1.0", "v-1", "v¹", "v100000", "one")
        ),
    ],
    Reason.BAD_DATE: [
        *(
            line(versions=[version(wrong)])
            for wrong in (
                "",
                "2007-04-02T19:18:42Z",
                "Mon, 30 Feb 2007 19:18:42 GMT",
                "Mon, 2 Apr 2007 24:00:00 GMT",
                "Mon, 2 Apr 2007 19:18:60 GMT",
                "Mon, 2 Avr 2007 19:18:42 GMT",
                "Mon, 2 Apr 2007 19:18:42 EST",
                "Mon, 2 Apr 2007 19:18:42",
                "Mon, 2 Apr 0000 19:18:42 GMT",
                "Montag, 2 Apr 2007 19:18:42 GMT",
                "Mon, ２ Apr 2007 19:18:42 GMT",  # noqa: RUF001 - a full-width digit
                " Mon, 2 Apr 2007 19:18:42 GMT",
            )
        ),
        line(versions=[version(), version("yesterday", "v2")]),
        *(
            line(update_date=wrong)
            for wrong in ("", "2007-02-30", "26.11.2008", "2008", "20081126", "2008-W48-3")
        ),
    ],
    Reason.EMPTY_TEXT: [
        *(
            line(**{name: empty})
            for name in ("title", "abstract", "categories")
            for empty in ("", " \n ", "\u3000\u00a0\u2028")
        ),
    ],
}


def test_every_reason_has_lines_that_are_refused_for_it():
    assert REJECTED.keys() == set(Reason)


@pytest.mark.parametrize(
    ("reason", "refused"), [(reason, bad) for reason, found in REJECTED.items() for bad in found]
)
def test_a_line_that_makes_no_paper_is_refused_with_its_reason(reason, refused):
    with pytest.raises(RejectedLineError, match=r"\w") as caught:
        read_line(refused)

    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (line(without=["abstract"]), "there is no field 'abstract'"),
        (line(title=7), "title is of type int, wanted a string"),
        (line(id="704.0001"), "'704.0001' (wanted: 0704.0001"),
        (line(versions=[version("yesterday")]), "not a date: 'yesterday' (wanted: Mon, 2 Apr"),
        (line()[:-1] + b', "title": "Another"}', "the key 'title' stands twice"),
        (line(categories="cs;LG"), "not a category: 'cs;LG'"),
    ],
)
def test_a_refusal_says_what_was_found_and_what_was_wanted(refused, said):
    with pytest.raises(RejectedLineError, match=re.escape(said)):
        read_line(refused)


@given(st.sampled_from(sorted(PAPER)), json_values)
@law
def test_whatever_stands_in_a_field_the_line_makes_a_record_or_is_refused(name, value):
    _makes_a_record_or_is_refused(line(**{name: value}))


@given(st.binary() | text.map(str.encode))
@law
def test_whatever_the_bytes_they_make_a_record_or_are_refused(data):
    _makes_a_record_or_is_refused(data)


@given(st.integers(0, len(line()) - 1), st.integers(0, 7))
@law
def test_whatever_bit_is_flipped_the_line_makes_a_record_or_is_refused(place, bit):
    data = bytearray(line())
    data[place] ^= 1 << bit

    _makes_a_record_or_is_refused(bytes(data))


def _makes_a_record_or_is_refused(data):
    with contextlib.suppress(RejectedLineError):
        Identity.of(read_line(data))
