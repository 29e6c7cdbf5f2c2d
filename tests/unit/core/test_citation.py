import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import parse_string

from pith_builder.core.citation import Cited, bibtex, citation, datacite, latex
from pith_builder.core.number import PithNumber
from pith_builder.sources.snapshot import read_line
from tests.lakes import SAMPLE
from tests.makers import law

NUMBER = PithNumber.parse("pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST")
SUBMITTED_AT = datetime(2018, 4, 4, 12, 13, 41, tzinfo=UTC)
CITED = Cited(
    number=NUMBER,
    resolver="https://mirror.example/pith/REQM6TSZ2XBI5YFGVPNQEI7HST",
    arxiv_id="1804.01852",
    arxiv_version=2,
    categories=("cs.LG", "stat.ML"),
    title="Schr\\\"odinger's R&D in\n  $C_0(X)$",
    abstract="  We address\nthis.\n",
    authors='HALYARD Collaboration: J. M\\"ohlenbrock, Thaddeus Oxley, III and Ελένη Βαρθαλής',
    submitted_at=SUBMITTED_AT,
    version_submitted_at=datetime(2019, 9, 1, 8, 0, 0, tzinfo=UTC),
    license="http://creativecommons.org/licenses/by/4.0/",
    doi="10.1103/PhysRevD.76.013009 10.1103/Erratum",
    journal_ref="Phys.Rev.D76:013009,2007",
)
BARE = replace(
    CITED,
    title=None,
    abstract=None,
    authors=None,
    version_submitted_at=None,
    license="",
    doi=None,
    journal_ref=None,
)
SCHEMA = jsonschema.Draft202012Validator(
    json.loads(files("datacite").joinpath("schemas/datacite-v4.5.json").read_bytes())
)


def entry(cited):
    """Return the one entry of a citation, as pybtex reads it."""
    [(key, found)] = parse_string(bibtex(cited), "bibtex").entries.items()
    return key, found


def test_a_bibtex_entry_names_the_very_record():
    key, found = entry(CITED)
    group, first, second, third = found.persons["author"]

    assert (key, found.type) == ("pith:REQM6TSZ", "misc")
    assert dict(found.fields) == {
        "title": "{Schr\\\"odinger's R\\&D in $C_0(X)$}",
        "year": "2019",
        "eprint": "1804.01852v2",
        "archiveprefix": "arXiv",
        "primaryclass": "cs.LG",
        "doi": "10.1103/PhysRevD.76.013009",
        "howpublished": "arXiv:1804.01852v2",
        "note": f"Pith Number {NUMBER}; published as Phys.Rev.D76:013009,2007",
        "url": CITED.resolver,
    }
    assert str(group) == "{HALYARD Collaboration}"
    assert str(first) == 'M{\\"o}hlenbrock, J.'
    assert (second.last_names, second.lineage_names) == (["Oxley"], ["III"])
    assert third.last_names == ["Βαρθαλής"]


def test_a_record_of_which_only_the_name_is_known_is_cited_by_it():
    _, found = entry(BARE)

    assert "title" not in found.fields
    assert found.persons == {}
    assert found.fields["doi"] == "10.48550/arxiv.1804.01852"
    assert citation(BARE) == (f"arXiv:1804.01852v2 [cs.LG], 2018. {NUMBER}, {CITED.resolver}\n")


def test_others_stay_others():
    cited = replace(CITED, authors="O. Brandl and T. Vesper et al.")

    assert "author = {O. Brandl and T. Vesper and others}" in bibtex(cited)
    assert citation(cited).startswith("O. Brandl, T. Vesper et al. Schrödinger")


def test_a_line_of_text_is_in_unicode_and_short():
    many = replace(CITED, authors=", ".join(f"A. Author{number}" for number in range(11)))

    assert citation(CITED) == (
        "HALYARD Collaboration, J. Möhlenbrock, Thaddeus Oxley, III, Ελένη Βαρθαλής. "
        "Schrödinger's R&D in $C_0(X)$. arXiv:1804.01852v2 [cs.LG], 2019. "
        f"{NUMBER}, {CITED.resolver}\n"
    )
    assert citation(many).startswith("A. Author0 et al. Schrödinger")


def test_latex_links_paper_and_number():
    assert latex(replace(CITED, resolver="https://x.example/a%20b")) == (
        "\\href{https://arxiv.org/abs/1804.01852v2}{arXiv:1804.01852v2}, "
        f"\\href{{https://x.example/a\\%20b}}{{\\texttt{{{NUMBER}}}}}\n"
    )


def test_datacite_says_what_is_known():
    said = datacite(CITED)

    assert said["creators"] == [
        {"name": "HALYARD Collaboration", "nameType": "Organizational"},
        {
            "name": "Möhlenbrock, J.",
            "nameType": "Personal",
            "givenName": "J.",
            "familyName": "Möhlenbrock",
        },
        {
            "name": "Oxley, Thaddeus, III",
            "nameType": "Personal",
            "givenName": "Thaddeus, III",
            "familyName": "Oxley",
        },
        {
            "name": "Βαρθαλής, Ελένη",
            "nameType": "Personal",
            "givenName": "Ελένη",
            "familyName": "Βαρθαλής",
        },
    ]
    assert (said["doi"], said["version"]) == ("10.48550/arxiv.1804.01852", "v2")
    assert said["dates"][1] == {"date": "2019-09-01T08:00:00Z", "dateType": "Updated"}
    assert [one["relatedIdentifier"] for one in said["relatedIdentifiers"]] == CITED.doi.split()


@pytest.mark.parametrize("cited", [CITED, BARE], ids=["whole", "bare"])
def test_datacite_holds_by_its_schema(cited):
    assert [*SCHEMA.iter_errors(datacite(cited))] == []


def test_every_paper_of_the_sample_is_cited_in_every_form():
    for line in SAMPLE.read_bytes().splitlines():
        paper = read_line(line)
        cited = replace(
            CITED,
            arxiv_id=paper.arxiv_id.value,
            title=paper.title,
            abstract=paper.abstract,
            authors=paper.authors,
            categories=paper.categories,
            license=paper.license,
            doi=paper.doi,
            journal_ref=paper.journal_ref,
        )
        _, found = entry(cited)

        assert SCHEMA.is_valid(datacite(cited)), line
        assert citation(cited).count("\n") == 1
        assert len(found.persons["author"]) >= 1


@law
@given(st.text("aB .,;&()$^{}\\'\n%@\"#é", max_size=40), st.text(max_size=40))
def test_no_text_breaks_a_bibtex_entry_or_the_schema(authors, title):
    cited = replace(CITED, authors=authors, title=title, journal_ref=title, doi=title)

    assert entry(cited)[1].fields["eprint"] == "1804.01852v2"
    assert SCHEMA.is_valid(datacite(cited))
