"""arXiv identifiers, old and new, in every form people write them in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pith_builder.errors import MalformedError

_ARCHIVE = (  # retired ones included (arXiv category taxonomy)
    r"acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-"
    r"ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|econ|eess|funct-an|gr-qc|hep-ex|hep-"
    r"lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|"
    r"physics|plasm-ph|q-alg|q-bio|q-fin|quant-ph|solv-int|stat|supr-con|test"
)
_NEW = re.compile(r"(\d{2})(0[1-9]|1[0-2])\.(\d{4,5})", re.ASCII)
_OLD = re.compile(rf"(?:{_ARCHIVE})/(\d{{2}})(0[1-9]|1[0-2])\d{{3}}", re.ASCII)
_SUBJECT_CLASS = re.compile(r"^([a-z-]+)\.[A-Za-z-]+(?=/)", re.ASCII)
_VERSION = re.compile(r"v([1-9]\d{0,4})\Z", re.ASCII)
_PREFIX = re.compile(
    r"(?:arxiv:|oai:arxiv\.org:|(?:https?://)?(?:dx\.)?doi\.org/10\.48550/arxiv\."
    r"|(?:doi:)?10\.48550/arxiv\."
    r"|(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format|ps|src|e-print)/)\s*",
    re.IGNORECASE | re.ASCII,
)
_URL_TAIL = re.compile(r"(?:\.pdf)?/?(?:[?#].*)?\Z")
ARXIV_ID_PATTERN = re.compile(f"(?:{_NEW.pattern}|{_OLD.pattern})", re.ASCII)
"""What every identifier looks like; not all that looks so is one (see `ArxivId`)."""

_FIRST_FIVE_DIGIT_MONTH = "1501"
_FIRST_NEW_MONTH = "0704"


def is_archive(name: str) -> bool:
    """Tell whether arXiv has, or had, an archive of this name."""
    return re.fullmatch(_ARCHIVE, name) is not None


@dataclass(frozen=True, slots=True, order=True)
class ArxivId:
    """An arXiv identifier without its version, as canonical records write it (FORMAT.md 3).

    >>> ArxivId.parse("https://arxiv.org/abs/math.GT/0309136v2")
    ArxivId(value='math/0309136')
    """

    value: str

    def __post_init__(self) -> None:
        new = _NEW.fullmatch(self.value)
        if new is not None:
            month = new[1] + new[2]
            digits = 5 if month >= _FIRST_FIVE_DIGIT_MONTH else 4
            if month >= _FIRST_NEW_MONTH and len(new[3]) == digits:
                return
        old = _OLD.fullmatch(self.value)
        if old is not None and (old[1] >= "91" or old[1] + old[2] < _FIRST_NEW_MONTH):
            return
        raise MalformedError(
            f"not an arXiv identifier: {self.value[:80]!r} "
            "(wanted: 0704.0001, 1501.00001 or hep-th/9701019)"
        )

    def __str__(self) -> str:
        return self.value

    @classmethod
    def parse(cls, text: str) -> ArxivId:
        """Read an identifier in any form, leaving its version aside.

        Raises:
            MalformedError: The text is no arXiv identifier.
        """
        return parse_arxiv_ref(text)[0]


def parse_arxiv_ref(text: str) -> tuple[ArxivId, int | None]:
    """Read an identifier and, where it is given, its version.

    Understood: `1804.01852`, `1804.01852v2`, `arXiv:…`, `oai:arXiv.org:…`, addresses under
    arxiv.org, DOIs under 10.48550/arXiv., and old-style identifiers with a subject class.

    Raises:
        MalformedError: The text is no arXiv identifier.

    >>> parse_arxiv_ref("arXiv:1804.01852v2")
    (ArxivId(value='1804.01852'), 2)
    """
    if _NEW.fullmatch(text):
        return ArxivId(text), None
    rest = text.strip()
    prefix = _PREFIX.match(rest)
    if prefix is not None:
        rest = rest[prefix.end() :]
        if "/" in prefix[0]:
            rest = _URL_TAIL.sub("", rest)
    version = _VERSION.search(rest)
    if version is not None:
        rest = rest[: version.start()]
    rest = _SUBJECT_CLASS.sub(r"\1", rest)
    return ArxivId(rest), int(version[1]) if version is not None else None
