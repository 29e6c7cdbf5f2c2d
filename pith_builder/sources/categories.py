"""arXiv's categories as its metadata lists them: words, the primary one first."""

from __future__ import annotations

import re
from functools import lru_cache

from pith_builder.errors import MalformedError

_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[A-Za-z]+)*)?", re.ASCII)


@lru_cache(maxsize=1 << 14)
def categories_of(text: str) -> tuple[str, ...]:
    """Split a list of categories, retired ones included.

    Raises:
        MalformedError: A word is not in the form of a category.

    >>> categories_of("math-ph math.MP")
    ('math-ph', 'math.MP')
    """
    categories = tuple(text.split())
    for category in categories:
        if not _CATEGORY.fullmatch(category):
            raise MalformedError(f"not a category: {category[:60]!r}")
    return categories
