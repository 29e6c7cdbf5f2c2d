r"""Who wrote a paper, read from arXiv's raw author string: persons, groups, and whether others did.

Commas and the word `and` part names, as in FORMAT.md 8. Ruling, for citations alone: `&` and `;`
part them too; affiliations in parentheses and marks such as `$^1$` are left out, but a
collaboration named there is an author; what stands before a colon is a group.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"\$\s*\^[^$]*\$")
_PARTED = re.compile(r",|;|(?<!\\)&|\band\b")
_GROUP = re.compile(
    r"\b(?:collaborations?|consortium|team|working group|study group)\b", re.IGNORECASE
)
_FOR = re.compile(r"(?:^|\s+)(?:for|on behalf of)\s+(?:the\s+)?", re.IGNORECASE)
_OTHERS = re.compile(r"\s*\bet\.? al\b\.?\s*|^others$")
_SUFFIX = re.compile(r"(?P<name>.*?)\s*\b(?P<suffix>Jr\.?|Sr\.?|II|III|IV)")


@dataclass(frozen=True, slots=True)
class Author:
    """A person or a group, as named in TeX.

    Attributes:
        name: The name, as it is written, without suffix.
        suffix: `Jr.` and the like, or "".
        is_group: Whether it is a collaboration.
    """

    name: str
    suffix: str = ""
    is_group: bool = False

    def family_and_given(self) -> tuple[str, str]:
        """Part a person's name as BibTeX does: from the first lower-case particle, else the last.

        >>> Author("Luz de la Candelaria").family_and_given()
        ('de la Candelaria', 'Luz')
        """
        words = self.name.split()
        particle = next(
            (place for place, word in enumerate(words[1:-1], 1) if word[0].islower()), None
        )
        cut = len(words) - 1 if particle is None else particle
        return " ".join(words[cut:]), " ".join(words[:cut])


@dataclass(frozen=True, slots=True)
class Authors:
    """All that an author string names.

    Attributes:
        named: Who is named, in its order, each once.
        has_others: Whether it says that there are more (`et al.`).
    """

    named: tuple[Author, ...]
    has_others: bool = False


def authors_of(raw: str) -> Authors:
    r"""Read arXiv's raw author string.

    >>> [author.name for author in authors_of("C. Bal\\'azs (1), E. Berger ((1) ANL)").named]
    ["C. Bal\\'azs", 'E. Berger']
    >>> authors_of("The D0 Collaboration: V.M. Abazov, et al").has_others
    True
    """
    text, asides = _without_asides(_MARK.sub("", " ".join(raw.split())))
    found: dict[Author, None] = {}
    has_others = False

    def add(name: str, suffix: str = "", *, is_group: bool) -> None:
        if name.strip():
            found[Author(name.strip(), suffix, is_group)] = None

    head, text = _headed(text)
    add(head, is_group=True)
    for part in _PARTED.split(text):
        name = _OTHERS.sub("", part.strip())
        has_others = has_others or name != part.strip()
        person, *groups = _FOR.split(name, maxsplit=1) if _GROUP.search(name) else [name]
        suffix = _SUFFIX.fullmatch(person)
        if suffix is None:
            add(person, is_group=_GROUP.search(person) is not None)
        elif suffix["name"]:
            add(suffix["name"], suffix["suffix"], is_group=False)
        elif found:
            last, _ = found.popitem()
            add(last.name, suffix["suffix"], is_group=last.is_group)
        for group in groups:
            add(group, is_group=True)
    for aside in asides:
        if _GROUP.search(aside) and "," not in aside:
            add(_FOR.split(aside)[-1], is_group=True)
    return Authors(tuple(found), has_others)


def _headed(text: str) -> tuple[str, str]:
    """Return the group that stands before a colon, or "", and the text without it."""
    head, colon, rest = text.partition(":")
    if not colon:
        return "", text
    *before, group = head.split(",")
    return group, ",".join((*before, rest))


def _without_asides(text: str) -> tuple[str, list[str]]:
    """Return a text without what is in parentheses, and that, outermost ones alone."""
    kept: list[str] = []
    asides: list[str] = []
    depth = 0
    for letter in text:
        if letter == "(":
            depth += 1
            if depth == 1:
                asides.append("")
                continue
        elif letter == ")":
            depth = max(0, depth - 1)
            if not depth:
                continue
        if depth:
            asides[-1] += letter
        else:
            kept.append(letter)
    return " ".join("".join(kept).split()).replace(" ,", ","), asides
