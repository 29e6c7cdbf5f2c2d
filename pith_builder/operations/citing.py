"""Citing a record of a lake, in the forms that people and their programs want."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from pith_builder.core.canonical import canonical_json
from pith_builder.core.citation import Cited, bibtex, citation, datacite, latex
from pith_builder.core.number import PithNumber
from pith_builder.core.registry import bundle_links
from pith_builder.errors import VerificationError
from pith_builder.lake.query import Connection, sought
from pith_builder.lake.tables import RECORDS

_COLUMNS = (
    "arxiv_id",
    "arxiv_version",
    "primary_cat",
    "cross_cats_sorted",
    "categories",
    "title",
    "abstract",
    "authors",
    "submitted_at",
    "version_submitted_at",
    "license",
    "doi",
    "journal_ref",
)


class CitationForm(StrEnum):
    """How to cite."""

    BIBTEX = "bibtex"
    CITATION = "citation"
    DATACITE = "datacite"
    LATEX = "latex"


_WRITERS: dict[CitationForm, Callable[[Cited], str]] = {
    CitationForm.BIBTEX: bibtex,
    CitationForm.CITATION: citation,
    CitationForm.DATACITE: lambda cited: canonical_json(datacite(cited)).decode(),
    CitationForm.LATEX: latex,
}


def cite(connection: Connection, number: str, form: CitationForm, base_url: str) -> str:
    """Return a citation of the record `number`; `base_url` is where the registry serves.

    Raises:
        VerificationError: The lake has no row of the record: it is damaged.
    """
    rows = sought(connection, RECORDS.name, number, _COLUMNS)
    if not rows:
        raise VerificationError(f"records has no row for {number}; run `pith audit`")
    said = dict(zip(_COLUMNS, rows[0], strict=True))
    parsed = PithNumber.parse(number)
    return _WRITERS[form](
        Cited(
            number=parsed,
            resolver=bundle_links(base_url, parsed)["resolver"],
            arxiv_id=said["arxiv_id"],
            arxiv_version=said["arxiv_version"],
            categories=tuple(
                said["categories"] or (said["primary_cat"], *said["cross_cats_sorted"])
            ),
            title=said["title"],
            abstract=said["abstract"],
            authors=said["authors"],
            submitted_at=said["submitted_at"],
            version_submitted_at=said["version_submitted_at"],
            license=said["license"],
            doi=said["doi"],
            journal_ref=said["journal_ref"],
        )
    )
