"""Citing a record: in BibTeX, as plain text, in LaTeX, and as DataCite's metadata (schema 4.5).

What is cited is the record, so the version it is of, by its Pith Number; with the paper's own
identifiers beside it. Ruling: the year is that of the version cited, where it is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from pith_builder.core.alias import DOI_PREFIX
from pith_builder.core.canonical import JsonValue
from pith_builder.core.graph import unwrapped
from pith_builder.core.names import Author, Authors, authors_of
from pith_builder.core.number import PithNumber
from pith_builder.core.tex import bibtex_name, bibtex_text, unicode_of

AUTHORS_SHOWN = 10
"""Of more authors a plain citation names the first alone."""

_URL_IN_TEX = re.compile(r"(?=[%#])")
_SCHEMA = "http://datacite.org/schema/kernel-4"
_UNKNOWN = "(:unkn)"
"""What DataCite wants for a value that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """What a citation is made of: a row of `records`, and where the record is resolved.

    Attributes:
        number: The record's name.
        resolver: The address that resolves it.
        arxiv_id: The paper's arXiv identifier, without version.
        arxiv_version: The version recorded.
        categories: Its categories, the first first.
        title: The title, raw; None where it is not known.
        abstract: The abstract, raw, or None.
        authors: The author string, raw, or None.
        submitted_at: When version 1 was submitted.
        version_submitted_at: When this version was, or None.
        license: The licence's address, or "".
        doi: The publisher's DOI, or None.
        journal_ref: The journal reference, or None.
    """

    number: PithNumber
    resolver: str
    arxiv_id: str
    arxiv_version: int
    categories: tuple[str, ...]
    title: str | None
    abstract: str | None
    authors: str | None
    submitted_at: datetime
    version_submitted_at: datetime | None
    license: str
    doi: str | None
    journal_ref: str | None

    @property
    def arxiv_name(self) -> str:
        """The identifier with version, such as `1804.01852v2`."""
        return f"{self.arxiv_id}v{self.arxiv_version}"

    @property
    def arxiv_doi(self) -> str:
        """The DOI that arXiv registers, of the paper with all its versions."""
        return f"{DOI_PREFIX}{self.arxiv_id}"

    @property
    def dated_on(self) -> date:
        """The day of the version cited; where that is not known, of the first."""
        return (self.version_submitted_at or self.submitted_at).date()

    def read_authors(self) -> Authors:
        """Return who wrote it."""
        return authors_of(self.authors or "")

    def shown_title(self) -> str:
        """Return the title in Unicode, its math in TeX; of some records only the name is known."""
        return unicode_of(self.title) if self.title else f"arXiv:{self.arxiv_name}"


def bibtex(cited: Cited) -> str:
    """Return a BibTeX entry; its key is the short Pith Number."""
    authors = cited.read_authors()
    names = [_bibtex_author(author) for author in authors.named]
    note = f"Pith Number {cited.number}"
    if cited.journal_ref:
        note += f"; published as {bibtex_text(cited.journal_ref)}"
    fields = {
        "author": " and ".join((*names, "others") if authors.has_others else names),
        "title": f"{{{bibtex_text(cited.title)}}}" if cited.title else "",
        "year": str(cited.dated_on.year),
        "eprint": cited.arxiv_name,
        "archiveprefix": "arXiv",
        "primaryclass": cited.categories[0],
        "doi": bibtex_text(((cited.doi or "").split() or [cited.arxiv_doi])[0]),
        "howpublished": f"arXiv:{cited.arxiv_name}",
        "note": note,
        "url": _url_in_tex(cited.resolver),
    }
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
    return f"@misc{{{cited.number.short()},\n{''.join(lines)}}}\n"


def _bibtex_author(author: Author) -> str:
    if author.is_group:
        return f"{{{bibtex_text(author.name)}}}"
    if not author.suffix:
        return bibtex_name(author.name)
    family, given = author.family_and_given()
    return f"{bibtex_name(family)}, {author.suffix}, {bibtex_name(given)}"


def citation(cited: Cited) -> str:
    """Return one line for people, in Unicode."""
    authors = cited.read_authors()
    names = [_shown(author) for author in authors.named]
    if len(names) > AUTHORS_SHOWN:
        names = [f"{names[0]} et al."]
    elif authors.has_others:
        names[-1:] = [f"{name} et al." for name in names[-1:]]
    by = ", ".join(names)
    category = cited.categories[0]
    parts = [
        f"{by.rstrip('.')}." if by else "",
        f"{cited.shown_title().rstrip('.')}." if cited.title else "",
        f"arXiv:{cited.arxiv_name} [{category}], {cited.dated_on.year}.",
        f"{cited.number}, {cited.resolver}",
    ]
    return " ".join(part for part in parts if part) + "\n"


def _shown(author: Author) -> str:
    suffix = f", {author.suffix}" if author.suffix else ""
    return unicode_of(author.name).replace("\u00a0", " ") + suffix


def latex(cited: Cited) -> str:
    """Return a snippet for a LaTeX document: paper and Pith Number, both linked (hyperref)."""
    paper = f"https://arxiv.org/abs/{cited.arxiv_name}"
    return (
        f"\\href{{{paper}}}{{arXiv:{cited.arxiv_name}}}, "
        f"\\href{{{_url_in_tex(cited.resolver)}}}{{\\texttt{{{cited.number}}}}}\n"
    )


def _url_in_tex(url: str) -> str:
    return _URL_IN_TEX.sub(r"\\", url)


def datacite(cited: Cited) -> dict[str, JsonValue]:
    """Return DataCite's metadata, as its JSON schema 4.5 has it; what is not known is left out."""
    authors = cited.read_authors().named
    dates = {"Submitted": cited.submitted_at}
    if cited.version_submitted_at and cited.arxiv_version > 1:
        dates["Updated"] = cited.version_submitted_at
    described: dict[str, JsonValue] = {
        "doi": cited.arxiv_doi,
        "url": cited.resolver,
        "schemaVersion": _SCHEMA,
        "types": {"resourceTypeGeneral": "Preprint", "resourceType": "e-print"},
        "creators": [_creator(author) for author in authors] or [{"name": _UNKNOWN}],
        "titles": [{"title": cited.shown_title()}],
        "publisher": {"name": "arXiv"},
        "publicationYear": str(cited.dated_on.year),
        "version": f"v{cited.arxiv_version}",
        "subjects": [
            {"subject": category, "subjectScheme": "arXiv"} for category in cited.categories
        ],
        "dates": [
            {"date": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "dateType": kind}
            for kind, at in dates.items()
        ],
        "alternateIdentifiers": [
            {
                "alternateIdentifier": str(cited.number),
                "alternateIdentifierType": "Pith Number",
            },
            {"alternateIdentifier": cited.arxiv_name, "alternateIdentifierType": "arXiv"},
        ],
    }
    if cited.abstract:
        described["descriptions"] = [
            {"description": unwrapped(cited.abstract), "descriptionType": "Abstract"}
        ]
    if cited.license:
        described["rightsList"] = [{"rightsUri": cited.license}]
    if cited.doi:
        described["relatedIdentifiers"] = [
            {
                "relatedIdentifier": doi,
                "relatedIdentifierType": "DOI",
                "relationType": "IsVersionOf",
            }
            for doi in cited.doi.split()
        ]
    return described


def _creator(author: Author) -> dict[str, JsonValue]:
    if author.is_group:
        return {"name": unicode_of(author.name), "nameType": "Organizational"}
    family, given = (unicode_of(part) for part in author.family_and_given())
    if author.suffix:
        given = f"{given}, {author.suffix}"
    if not given:
        return {"name": family, "nameType": "Personal"}
    return {
        "name": f"{family}, {given}",
        "nameType": "Personal",
        "givenName": given,
        "familyName": family,
    }
