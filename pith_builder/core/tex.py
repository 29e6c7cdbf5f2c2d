r"""TeX as authors write it in titles and names: as Unicode for people, and safe inside BibTeX.

Math stays TeX in both: `$C(X)$`. A lone `$` is no math.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_MATH = re.compile(r"((?<!\\)\$\$?[^$]*(?<!\\)\$\$?)")
_MARKS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "H": "\u030b",
    "c": "\u0327",
    "b": "\u0331",
    "d": "\u0323",
    "k": "\u0328",
    "r": "\u030a",
    "u": "\u0306",
    "v": "\u030c",
}
_LETTERS = {
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "i": "\u0131",
    "j": "\u0237",
    "dh": "ð",
    "DH": "Ð",
    "dj": "đ",
    "DJ": "Đ",
    "th": "þ",
    "TH": "Þ",
    "ng": "ŋ",
    "NG": "Ŋ",
}
_ACCENT = re.compile(
    r"\\(?:(['`^\"~=.])\s*|([Hcbdkruv])(?:\s+|(?=[{\\])))"
    r"(?:\{\s*(\\[ij]|[^{}\\])?\s*\}|(\\[ij](?![A-Za-z])\s?|[^\s{}\\]))"
)
_LETTER = re.compile(
    r"\\(" + "|".join(sorted(_LETTERS, key=len, reverse=True)) + r")(?![A-Za-z])(?:\{\}|\s+)?"
)
_FONT = re.compile(r"\\(?:emph|text[a-z]{2,}|mbox|[ir]t|it|bf|rm|sl|tt|sc|em)(?![A-Za-z])\s*")
_ESCAPED = re.compile(r"\\([&%#_{}$])")
_BRACE = re.compile(r"\\?[{}]")
_UNESCAPED = {True: re.compile(r"(?<!\\)[%#]"), False: re.compile(r"(?<!\\)[&%#_^$]")}
_WORDS = {"{": "braceleft", "}": "braceright"}
_MATH_WORDS = {"{": "lbrace", "}": "rbrace"}


def unicode_of(tex: str) -> str:
    r"""Return a text with its accents, letters, quotes and dashes in Unicode; math stays TeX.

    >>> unicode_of("Erd\\H{o}s, Bj\\o rn and Ma{\\l}kiewski: ``$C(X)$''")
    'Erdős, Bjørn and Małkiewski: “$C(X)$”'
    """
    return _mapped(" ".join(tex.split()), lambda text, is_math: text if is_math else _plain(text))


def _plain(text: str) -> str:
    text = _ACCENT.sub(_accented, text)
    text = _LETTER.sub(lambda found: _LETTERS[found[1]], text)
    text = _FONT.sub("", text)
    text = re.sub(r"(?<!\\)[{}]", "", text).replace("~", "\u00a0")
    for written, shown in (("``", "“"), ("''", "”"), ("---", "\u2014"), ("--", "\u2013")):
        text = text.replace(written, shown)
    return unicodedata.normalize("NFC", _ESCAPED.sub(r"\1", text))


def _accented(found: re.Match[str]) -> str:
    base = (found[3] or found[4] or "").strip().removeprefix("\\")
    return unicodedata.normalize("NFC", base + _MARKS[found[1] or found[2]])


def bibtex_text(tex: str) -> str:
    r"""Return a text that is safe between braces in a BibTeX file; its TeX stays as it is.

    What TeX would take for something else is escaped: `& % # _ ^` outside of math, a lone `$`.
    BibTeX counts braces, escaped ones too: one without its fellow becomes a word of TeX.

    >>> bibtex_text("R&D at 100%: $a_1$, snake_case and a lone }")
    'R\\&D at 100\\%: $a_1$, snake\\_case and a lone \\textbraceright{}'
    """
    shown = "".join(letter for letter in tex if letter.isprintable() or letter.isspace())
    text = _mapped(" ".join(shown.split()), _escaped)
    if (len(text) - len(text.rstrip("\\"))) % 2:
        text = text[:-1] + r"\textbackslash{}"  # it would escape the brace that closes the field
    return " ".join(_balanced(text).split())


def bibtex_name(tex: str) -> str:
    r"""Return a name as `bibtex_text` does, accents in braces of their own, which BibTeX wants.

    >>> bibtex_name("Z. \\AA kerlind-N\\'emeth")
    "Z. {\\AA}kerlind-N{\\'e}meth"
    """
    braced = _ACCENT.sub(lambda found: _in_braces(found, found[0].strip()), bibtex_text(tex))
    return _LETTER.sub(lambda found: _in_braces(found, f"\\{found[1]}"), braced)


def _in_braces(found: re.Match[str], said: str) -> str:
    text, start, end = found.string, found.start(), found.end()
    is_braced = text[:start].endswith("{") and text[end:].startswith("}")
    is_accented = re.search(r"\\['`^\"~=.Hcbdkruv]\s*\{?$", text[:start]) is not None
    return found[0] if is_braced or is_accented else f"{{{said}}}"


def _escaped(text: str, is_math: bool) -> str:  # noqa: FBT001 - as `_mapped` calls it
    def escape(found: re.Match[str]) -> str:
        return r"\^{}" if found[0] == "^" else f"\\{found[0]}"

    return _UNESCAPED[is_math].sub(escape, text)


def _balanced(text: str) -> str:
    """Return a text in which each brace that has no fellow is a word of TeX instead."""
    open_ones: list[re.Match[str]] = []
    lone: set[int] = set()
    for found in _BRACE.finditer(text):
        if found[0][-1] == "{":
            open_ones.append(found)
        elif open_ones:
            open_ones.pop()
        else:
            lone.add(found.start())
    lone |= {found.start() for found in open_ones}

    def word(found: re.Match[str]) -> str:
        if found.start() not in lone:
            return found[0]
        is_math = len(re.findall(r"(?<!\\)\$", text[: found.start()])) % 2
        brace = found[0][-1]
        return f"\\{_MATH_WORDS[brace]} " if is_math else f"\\text{_WORDS[brace]}{{}}"

    return _BRACE.sub(word, text)


def _mapped(text: str, change: Callable[[str, bool], str]) -> str:
    """Change what is math and what is not, each by itself."""
    return "".join(
        change(part, bool(place % 2)) for place, part in enumerate(_MATH.split(text)) if part
    )
