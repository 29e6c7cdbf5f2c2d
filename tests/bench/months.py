"""Identifiers by month, from August 1991 to December 2026, as arXiv gave them out."""

from collections import Counter
from dataclasses import dataclass

FIRST_MONTH = 1991, 8
THOUSANDS_A_YEAR = {
    **dict(enumerate((0.3, 3.2, 6.7, 10, 13, 16, 20, 24, 28, 31), 1991)),
    **dict(enumerate((33, 36, 39, 44, 47, 50, 56, 59, 64, 70), 2001)),
    **dict(enumerate((77, 85, 93, 98, 105, 113, 124, 141, 156, 178), 2011)),
    **dict(enumerate((182, 186, 210, 240, 280, 300), 2021)),
}
"""About how many papers arXiv took, in thousands (arXiv's monthly submission statistics)."""

OLD_MOST = 999
OTHER_ARCHIVES = ("math", "physics", "cond-mat", "cs", "hep-th", "hep-ph", "quant-ph", "gr-qc")


@dataclass(frozen=True, slots=True)
class Month:
    """A month and how many papers it has."""

    year: int
    month: int
    papers: int

    def arxiv_ids(self, categories):
        """Return identifiers for papers of these categories, in the order given out."""
        stem = f"{self.year % 100:02d}{self.month:02d}"
        if (self.year, self.month) >= (2007, 4):
            digits = 5 if self.year >= 2015 else 4
            return [f"{stem}.{number:0{digits}d}" for number in range(1, len(categories) + 1)]
        given = Counter()
        return [_old_style(listed, stem, given) for listed in categories]


def months(papers):
    """Spread so many papers over arXiv's years as arXiv's own are.

    Raises:
        ValueError: There are more than identifiers allow.
    """
    listed = [
        (year, month, thousands)
        for year, thousands in THOUSANDS_A_YEAR.items()
        for month in range(1, 13)
        if (year, month) >= FIRST_MONTH
    ]
    whole = sum(thousands for *_, thousands in listed)
    spread, due, given = [], 0, 0
    for year, month, thousands in listed:
        due += thousands
        allotted = min(round(papers * due / whole) - given, _most(year, month))
        spread.append(Month(year, month, allotted))
        given += allotted
    if given < papers:
        raise ValueError(f"identifiers are for {given} papers at most, wanted {papers}")
    return spread


def _most(year, month):
    """Return how many papers a month's identifiers allow."""
    if (year, month) < (2007, 4):
        return OLD_MOST * (len(OTHER_ARCHIVES) - 1)
    return 99_999 if year >= 2015 else 9_999


def _old_style(categories, stem, given):
    """Return the next identifier of the primary category's archive, or of one with room."""
    archive = categories.split()[0].partition(".")[0]
    open_archive = next(name for name in (archive, *OTHER_ARCHIVES) if given[name] < OLD_MOST)
    given[open_archive] += 1
    return f"{open_archive}/{stem}{given[open_archive]:03d}"
