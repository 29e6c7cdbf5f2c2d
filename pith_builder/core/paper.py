"""A paper, in arXiv's own raw words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.instants import checked_instant
from pith_builder.errors import MalformedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What arXiv says of one paper as of its latest version; text is raw (FORMAT.md 2).

    Attributes:
        arxiv_id: The identifier, without version.
        version: The latest version's number, from 1.
        submitted_at: Version 1's submission, UTC, whole seconds.
        version_submitted_at: The latest version's submission, UTC, whole seconds.
        title: Raw title.
        abstract: Raw abstract.
        authors: Raw author string.
        categories: arXiv's categories, the primary one first.
        license: The licence's address, or "" where arXiv has none.
        submitter: Who submitted it, as arXiv gives it.
        comments: The authors' comments.
        journal_ref: The journal reference.
        doi: The publisher's DOI.
        report_no: The institution's report number.
        msc_class: Mathematics Subject Classification.
        acm_class: ACM classification.
        updated_on: The day arXiv last changed the metadata.
        is_withdrawn: Whether the latest version withdraws the paper.
        other_metadata: Canonical JSON of what the source says besides, or None.
    """

    arxiv_id: ArxivId
    version: int
    submitted_at: datetime
    version_submitted_at: datetime
    title: str
    abstract: str
    authors: str
    categories: tuple[str, ...]
    license: str = ""
    submitter: str | None = None
    comments: str | None = None
    journal_ref: str | None = None
    doi: str | None = None
    report_no: str | None = None
    msc_class: str | None = None
    acm_class: str | None = None
    updated_on: date | None = None
    is_withdrawn: bool = False
    other_metadata: str | None = None

    def __post_init__(self) -> None:
        if self.version < 1:
            raise MalformedError(f"version {self.version}: versions are counted from 1")
        if not self.title.strip():
            raise MalformedError("the title is empty")
        if not self.abstract.strip():
            raise MalformedError("the abstract is empty")
        if not self.categories:
            raise MalformedError("there is no category")
        checked_instant(self.submitted_at)
        checked_instant(self.version_submitted_at)
