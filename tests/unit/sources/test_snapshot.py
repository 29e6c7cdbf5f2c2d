import contextlib
import json
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.canonical import canonical_json, parse_json
from pith_builder.core.minting import Identity
from pith_builder.core.paper import Paper
from pith_builder.errors import MalformedError
from pith_builder.sources.snapshot import Reason, RejectedLineError, read_line
from tests.lakes import PAPER, line, versions
from tests.makers import SHARED, json_values, law, needs_shared, text

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


def outcome(data):
    """Return the paper that a line makes, or why it makes none."""
    try:
        return read_line(data)
    except RejectedLineError as error:
        return error.reason


def strictly(data):
    """Return what a line comes to once `parse_json` has read it and it is written canonically."""
    try:
        value = parse_json(data)
    except MalformedError as error:
        return Reason.DUPLICATE_KEY if "stands twice" in str(error) else Reason.NOT_JSON
    return outcome(canonical_json(value))


MARK = "MARK"
SIZED = {**version(), "size": MARK}
PLACES = {
    "an unknown field": line(more=MARK),
    "an unknown field of a version": line(versions=[SIZED]),
    **{name: line(**{name: MARK}) for name in PAPER},
    "a name of a parsed author": line(authors_parsed=[["Balázs", MARK]]),
    "the name of a version": line(versions=[{**version(), "version": MARK}]),
    "a version": line(versions=[version(), MARK]),
}
KEPT = ("an unknown field", "an unknown field of a version")
"""Where any JSON may stand, and is kept."""

DROPPED = ("authors_parsed", "a name of a parsed author")
"""Where any JSON may stand, and nothing is kept of it."""


def with_text(place, data):
    """Return a line that has bytes in a place as they are."""
    return PLACES[place].replace(b'"MARK"', data)


DUPLICATES = [
    b'{"a"%s:1,%s"a"%s:2}' % (before, between, after)
    for before in (b"", b" ", b"\t", b" \r ")
    for between in (b"", b"  ", b' "b": 0, ')
    for after in (b"", b" ", b"\t")
] + [
    b'{"a":1,"\\u0061":1}',
    b'{"":1,"":1}',
    b'{"\\"a":1,"\\"a":2}',
    b'{"\\\\":1,"\\u005c":2}',
    b'{"a\\":":1,"a\\":":2}',
    '{"é":1,"\\u00e9":1}'.encode(),
    '{"😀":1,"\\ud83d\\ude00":1}'.encode(),
    b'[[{"a":{"b":1,"b":1}}]]',
    b'{"a":[],"b":[{"a":1},{"a":1,"a":1}]}',
    b'{"version":"v1","version":"v1"}',
    b'{"id":1,"id":1}',
]


@pytest.mark.parametrize("place", [*KEPT, *DROPPED])
@pytest.mark.parametrize("twice", DUPLICATES)
def test_a_key_that_stands_twice_anywhere_is_found(place, twice):
    assert outcome(with_text(place, twice)) is Reason.DUPLICATE_KEY


@pytest.mark.parametrize("space", ["", " ", "\t", "\r", "  \t "])
@pytest.mark.parametrize("name", [*PAPER, "more"])
def test_a_field_that_stands_twice_is_found_whatever_the_space(name, space):
    value = json.dumps(PAPER.get(name))
    for again in (f'"{name}"{space}:{space}{value}', f'"\\u{ord(name[0]):04x}{name[1:]}":{value}'):
        first = b"{" + again.encode() + b"," + line(more=None)[1:]
        last = line(more=None)[:-1] + f",{space}{again}{space}}}".encode()
        assert outcome(first) is outcome(last) is Reason.DUPLICATE_KEY


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "wrong",
    [
        *(b"NaN", b"Infinity", b"-Infinity", b"nan", b"inf", b"-NaN", b"[NaN]", b'{"a":-Infinity}'),
        *(b"undefined", b"None", b"True", b"'a'", b"01", b"+1", b".5", b"1.", b"0x1", b"[1,]"),
        *(b'"\\x41"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\x00"', b'"\n"', b'"\xff"', b"// a"),
        *(b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xf5\x80\x80\x80"', b"", b"1 2", b'"a" "b"'),
    ],
)
def test_what_is_no_json_is_none_in_any_place(place, wrong):
    assert outcome(with_text(place, wrong)) is Reason.NOT_JSON


@pytest.mark.parametrize("place", KEPT)
@pytest.mark.parametrize(
    "wrong", [b"1e999", b"-1e999", b"[1E400]", b"%d" % 2**64, b"%d" % (-(2**63) - 1), b"9" * 5_000]
)
def test_a_number_without_a_canonical_form_is_refused_where_it_would_be_kept(place, wrong):
    assert outcome(with_text(place, wrong)) is Reason.NOT_JSON


@pytest.mark.parametrize("place", DROPPED)
@pytest.mark.parametrize("levels", [60, 63, 64, 65, 100, 199, 200, 201, 500, 5_000])
def test_no_depth_of_what_is_dropped_is_more_than_a_reason(place, levels):
    nested = b"[" * levels + b"]" * levels
    assert outcome(with_text(place, nested)) in {outcome(line()), Reason.NOT_JSON}


NOT_KEPT = {
    *("i_number_huge_exp.json", "i_number_neg_int_huge_exp.json"),
    *("i_number_pos_double_huge_exp.json", "i_number_real_neg_overflow.json"),
    *("i_number_real_pos_overflow.json", "i_number_too_big_neg_int.json"),
    *("i_number_too_big_pos_int.json", "i_number_very_big_negative_int.json"),
}
"""RFC 8259 lets a number be so large; where nothing is kept of it, so do we."""


@needs_shared
@pytest.mark.parametrize("place", PLACES)
def test_json_test_suite_in_every_place_is_read_or_refused_as_strict_parsing_does(place):
    files = sorted((SHARED / "vectors" / "json_test_suite").glob("*.json"))
    assert len(files) == 318
    for file in files:
        data = with_text(place, file.read_bytes())
        found, wanted = outcome(data), strictly(data)
        if place in KEPT or wanted is not Reason.NOT_JSON:
            assert found == wanted, file.name
        elif place in DROPPED:
            assert (found == outcome(line())) == (file.name in NOT_KEPT), file.name
        else:
            assert isinstance(found, Reason), file.name


spellings = st.builds(
    dict,
    ensure_ascii=st.booleans(),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " :\r"), (",  ", "\t:")]),
    sort_keys=st.booleans(),
)


@given(st.sampled_from([*PAPER, "more", "Title", "id "]), json_values, spellings)
@law
def test_whatever_stands_in_a_field_and_however_it_is_spelt_strict_parsing_agrees(
    name, value, spelling
):
    data = json.dumps({**PAPER, name: value}, **spelling).encode()

    assert outcome(data) == outcome(line(**{name: value})) == strictly(data)


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
