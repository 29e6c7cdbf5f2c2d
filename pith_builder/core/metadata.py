"""The metadata document: arXiv's raw words on a record, as a mirror carries them beside it.

Ruling: no clause of FORMAT.md names it. It is what a record's row says that no other document
does, so that who imports a mirror has all that its lake had. It is not signed; what of it is hashed
(title, abstract, categories, licence) is shown true by the canonical record.
"""

from __future__ import annotations

import re
from datetime import date

from pith_builder.core.form import Boolean, ListOf, Nullable, ObjectOf, Read
from pith_builder.core.forms import CATEGORY, SECONDS, TEXT
from pith_builder.errors import MalformedError

_DAY_PATTERN = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def parse_day(text: str) -> date:
    """Read a day written YYYY-MM-DD.

    Raises:
        MalformedError: The text is not in that form, or names no such day.
    """
    try:
        if _DAY_PATTERN.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise MalformedError(f"no such day: {text!r} ({error})") from error
    raise MalformedError(f"not a day in the form YYYY-MM-DD: {text[:60]!r}")


_SAID = Nullable(TEXT)

METADATA = ObjectOf(
    {
        "categories": Nullable(ListOf(CATEGORY)),
        "version_submitted_at": Nullable(SECONDS),
        "title": _SAID,
        "abstract": _SAID,
        "authors": _SAID,
        "submitter": _SAID,
        "comments": _SAID,
        "journal_ref": _SAID,
        "doi": _SAID,
        "report_no": _SAID,
        "msc_class": _SAID,
        "acm_class": _SAID,
        "updated_on": Nullable(Read(parse_day, _DAY_PATTERN)),
        "is_withdrawn": Nullable(Boolean()),
        "other_metadata": _SAID,
    }
)
"""The form of `metadata.json`: the columns of `records` of the same names, null where unknown."""
