import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.arxiv_id import ArxivId, parse_arxiv_ref
from pith_builder.errors import MalformedError
from tests.makers import ARCHIVES, arxiv_ids, law, text

FORMS = (
    "{}",
    " {}\n",
    "arXiv:{}",
    "ARXIV: {}",
    "oai:arXiv.org:{}",
    "10.48550/arXiv.{}",
    "doi:10.48550/arxiv.{}",
    "https://doi.org/10.48550/arXiv.{}",
    "http://dx.doi.org/10.48550/arXiv.{}",
    "doi.org/10.48550/ARXIV.{}",
    "https://arxiv.org/abs/{}",
    "http://www.arxiv.org/abs/{}/",
    "arxiv.org/pdf/{}.pdf",
    "https://export.arxiv.org/pdf/{}.pdf#page=3",
    "https://arxiv.org/abs/{}?context=cs.LG",
    "https://arxiv.org/html/{}",
    "https://arxiv.org/format/{}",
    "https://arxiv.org/ps/{}",
    "https://arxiv.org/src/{}",
    "https://arxiv.org/e-print/{}",
)


@law
@given(arxiv_ids)
def test_parse_undoes_str(arxiv_id):
    assert ArxivId.parse(str(arxiv_id)) == arxiv_id
    assert ArxivId(arxiv_id.value) == arxiv_id


@law
@given(arxiv_ids, st.sampled_from(FORMS), st.none() | st.integers(1, 99999))
def test_an_identifier_is_known_in_every_form_people_write(arxiv_id, form, version):
    written = form.format(f"{arxiv_id}v{version}" if version else arxiv_id)
    assert parse_arxiv_ref(written) == (arxiv_id, version)


@pytest.mark.parametrize(
    ("written", "value", "version"),
    [
        ("0704.0001", "0704.0001", None),
        ("0704.9999", "0704.9999", None),
        ("1412.9999", "1412.9999", None),
        ("1501.00001", "1501.00001", None),
        ("2612.99999v12", "2612.99999", 12),
        ("9912.00001", "9912.00001", None),
        ("hep-th/9108001", "hep-th/9108001", None),
        ("hep-th/9701019v3", "hep-th/9701019", 3),
        ("astro-ph/0703999", "astro-ph/0703999", None),
        ("math/0309136", "math/0309136", None),
        ("math.GT/0309136", "math/0309136", None),
        ("math.GT/0309136v2", "math/0309136", 2),
        ("arXiv:cond-mat.supr-con/0112001", "cond-mat/0112001", None),
        ("cs.DL/0001001", "cs/0001001", None),
        ("solv-int/9901001", "solv-int/9901001", None),
        ("https://arxiv.org/abs/math.GT/0309136v2", "math/0309136", 2),
        ("10.48550/arXiv.hep-th/9701019", "hep-th/9701019", None),
        ("https://arxiv.org/pdf/hep-th/9701019v1.pdf", "hep-th/9701019", 1),
        ("\u00a01804.01852\u2003", "1804.01852", None),
        ("1804.01852v99999", "1804.01852", 99999),
    ],
)
def test_known_identifiers_are_read(written, value, version):
    assert parse_arxiv_ref(written) == (ArxivId(value), version)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_read(form):
    assert parse_arxiv_ref(form.format("1804.01852v2")) == (ArxivId("1804.01852"), 2)


REFUSED = (
    "",
    " ",
    "arXiv:",
    "1804",
    "1804.",
    "1804.0185",  # five digits since 2015
    "1501.0001",
    "1412.00001",  # four before
    "0704.00001",
    "1804.018521",
    "0703.0001",  # old style until March 2007
    "0612.0001",
    "1800.01852",
    "1813.01852",
    "1804-01852",
    "1804.01852 v2",
    "1804.01852v",
    "1804.01852v0",
    "1804.01852v02",
    "1804.01852V2",
    "1804.01852v100000",
    "1804.01852v2v3",
    "1804.01852.pdf",  # no address, so no ending of one
    "1804.01852x",
    "x1804.01852",
    "1804.01852 1804.01853",
    "1804.01852\n1804.01853",
    "1804.0185２",  # noqa: RUF001 - a digit, but not of ASCII
    "١٨٠٤.01852",
    "hep-th/970101",
    "hep-th/97010190",
    "hep-th/9713019",
    "hep-th/9700019",
    "hep-th/0704001",  # new style since April 2007
    "hep-th/9001001",  # before arXiv
    "hep-th9701019",
    "/9701019",
    "HEP-TH/9701019",
    "nowhere/9701019",
    "math.GT.AT/0309136",
    "math./0309136",
    "hep-th/9701019/",
    "arXiv:arXiv:1804.01852",
    "arXiv:1804.01852?context=cs.LG",
    "https://arxiv.org/1804.01852",
    "https://arxiv.org/list/1804.01852",
    "https://arxiv.org.example/abs/1804.01852",
    "https://example.org/abs/1804.01852",
    "ftp://arxiv.org/abs/1804.01852",
    "https://arxiv.org/abs/1804.01852.pdf.pdf",
    "https://arxiv.org/abs/1804.01852v2\n?x=1",  # no address runs over two lines
    "https://doi.org/10.1103/PhysRevD.55.5112",
    "10.48550/arXiv",
    "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST",
)


@pytest.mark.parametrize("written", REFUSED)
def test_what_is_no_identifier_is_refused(written):
    with pytest.raises(MalformedError, match="not an arXiv identifier"):
        ArxivId.parse(written)


@pytest.mark.parametrize(
    "value", ["1804.01852v2", "math.GT/0309136", " 1804.01852", "1804.01852\n"]
)
def test_the_value_itself_takes_one_spelling_alone(value):
    with pytest.raises(MalformedError):
        ArxivId(value)


@law
@given(text)
def test_any_text_is_an_identifier_or_malformed(written):
    try:
        arxiv_id, version = parse_arxiv_ref(written)
    except MalformedError:
        return
    assert parse_arxiv_ref(f"{arxiv_id}v{version or 1}") == (arxiv_id, version or 1)


def test_a_message_shows_no_more_than_80_characters():
    with pytest.raises(MalformedError) as refused:
        ArxivId("x" * 10_000)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("archive", ARCHIVES)
def test_every_archive_is_known(archive):
    assert ArxivId(f"{archive}/9901001").value == f"{archive}/9901001"


def test_identifiers_are_values():
    assert ArxivId("1804.01852") == ArxivId("1804.01852") < ArxivId("1804.01853")
    assert len({ArxivId("1804.01852"), ArxivId("1804.01852")}) == 1
