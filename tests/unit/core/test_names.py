import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.core.names import Author, Authors, authors_of
from tests.makers import law

HALYARD = Author("HALYARD Collaboration", is_group=True)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("Donald H. Kobe", ["Donald H. Kobe"]),
        ("Zhaoxin Xu, Heping Ying, and Xin Wan", ["Zhaoxin Xu", "Heping Ying", "Xin Wan"]),
        ("Naihong Hu, Dong Liu and and Linsheng Zhu", ["Naihong Hu", "Dong Liu", "Linsheng Zhu"]),
        ("Ann Sand, Bo Randall", ["Ann Sand", "Bo Randall"]),
        ("Minghe Lu (吕明河),\n  Xiaotang Qiao (乔小塘)", ["Minghe Lu", "Xiaotang Qiao"]),
        ("J. Doe$^{1,2}$ & M. Roe$^1$; K. Poe", ["J. Doe", "M. Roe", "K. Poe"]),
        ("A. Sch\\\"urmann (with an appendix by M. Sikiri\\'c)", ['A. Sch\\"urmann']),
        ("A. B (1), C. D (1\n  and 3) ((1) IAG, S\\~ao (SP), (3) INAF)", ["A. B", "C. D"]),
        ("A. Open (never closed, B. Gone", ["A. Open"]),
        ("A. Shut), B. Kept", ["A. Shut", "B. Kept"]),
        ("A. Twice, A. Twice", ["A. Twice"]),
        ("", []),
        (", and ,", []),
    ],
)
def test_persons_are_parted(raw, wanted):
    assert authors_of(raw) == Authors(tuple(map(Author, wanted)))


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("HALYARD Collaboration: A. Thorold, B. Aksnes", [HALYARD, "A. Thorold", "B. Aksnes"]),
        ("A. Thorold (for the HALYARD Collaboration)", ["A. Thorold", HALYARD]),
        ("A. Thorold (HALYARD Collaboration)", ["A. Thorold", HALYARD]),
        ("A. Thorold for the HALYARD Collaboration", ["A. Thorold", HALYARD]),
        ("A. Thorold, on behalf of the HALYARD Collaboration", ["A. Thorold", HALYARD]),
        ("HALYARD Collaboration", [HALYARD]),
    ],
)
def test_groups_are_told(raw, wanted):
    named = tuple(one if isinstance(one, Author) else Author(one) for one in wanted)
    assert authors_of(raw) == Authors(named)


def test_others_are_told():
    assert authors_of("O. Brandl & T. Vesper et al.") == Authors(
        (Author("O. Brandl"), Author("T. Vesper")), has_others=True
    )
    assert authors_of("The D0 Collaboration: V.M. Abazov, et al") == Authors(
        (Author("The D0 Collaboration", is_group=True), Author("V.M. Abazov")), has_others=True
    )


def test_suffixes_go_with_their_names():
    assert authors_of("Wallace P. Dunmore Jr., Thaddeus Oxley, III, Bo Ivey").named == (
        Author("Wallace P. Dunmore", "Jr."),
        Author("Thaddeus Oxley", "III"),
        Author("Bo Ivey"),
    )
    assert authors_of("Jr.").named == ()


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Hendrika van den Andel", "van den Andel", "Hendrika"),
        ("Ann B. Lee", "Lee", "Ann B."),
        ("Veshti", "Veshti", ""),
        ("van Gogh", "Gogh", "van"),
    ],
)
def test_family_names_begin_at_the_particle(name, family, given):
    assert Author(name).family_and_given() == (family, given)


@law
@given(st.text("aB .,;:&()$^{}\\'\n1é龘-", max_size=60) | st.text())
def test_any_text_is_read_and_no_name_is_empty(raw):
    for author in authors_of(raw).named:
        assert author.name == " ".join(author.name.split()) != ""
