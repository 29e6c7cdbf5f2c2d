"""Write the sample papers: invented ones in the form of arXiv's bulk metadata snapshot.

    python data/sample/generate.py [papers.jsonl]

The file holds three kinds of paper. `REAL` is the one paper that exists. `WRITTEN` are papers
written by hand, each for an awkward case that its `why` names. The rest are drawn from a small
grammar: a `Field` gives the words, a `Manner` the sentences around them.

No identifier here, except that of the real paper, belongs to a paper of arXiv: the sequence numbers
lie above all that arXiv gave out in those months. DOIs stand under 10.5555, a prefix for examples;
journals, report numbers and institutes are invented as the papers are.

The same program writes the same bytes: it reads no clock, and it draws with `random()` alone, the
one method of `random.Random` whose sequence Python promises to keep.
"""

import argparse
import json
import random
import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SEED = 19920120
DRAWN = 250  # with the written ones, about 300
FIRST_MONTH, LAST_MONTH = (1992, 1), (2026, 10)
NO_LATER = datetime(2026, 11, 1, tzinfo=UTC)  # no version is newer
LINE_WIDTH = 79  # arXiv wraps its metadata at this column


# ---------------------------------------------------------------------------------------------
# A paper, and how the snapshot writes it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper in plain strings; `line` puts it in the snapshot's form."""

    arxiv_id: str
    why: str = ""
    """The awkward case that the paper stands for; not written to the file."""
    submitter: str | None = None
    authors: str
    title: str
    comments: str | None = None
    journal_ref: str | None = None
    doi: str | None = None
    report_no: str | None = None
    categories: str
    licence: str | None = None
    abstract: str
    """One line to a paragraph."""
    versions: tuple[str, ...]
    """The instant of each version, in ISO 8601."""
    updated_on: str | None = None
    """The day of the last change; without it, the day of the last version."""

    def line(self) -> str:
        """Return the paper as one line of JSON, its end of line included."""
        instants = [datetime.fromisoformat(version) for version in self.versions]
        fields = {
            "id": self.arxiv_id,
            "submitter": self.submitter,
            "authors": _wrapped(self.authors, label="Authors: "),
            "title": _wrapped(self.title, label="Title: "),
            "comments": self.comments and _wrapped(self.comments, label="Comments: "),
            "journal-ref": self.journal_ref and _wrapped(self.journal_ref, label="Journal-ref: "),
            "doi": self.doi,
            "report-no": self.report_no,
            "categories": self.categories,
            "license": self.licence,
            "abstract": _wrapped_abstract(self.abstract),
            "versions": [
                {"version": f"v{number}", "created": _created(instant)}
                for number, instant in enumerate(instants, start=1)
            ],
            "update_date": self.updated_on or instants[-1].date().isoformat(),
            "authors_parsed": parsed_authors(self.authors),
        }
        return json.dumps(fields, separators=(",", ":")) + "\n"


def _wrapped(text: str, label: str) -> str:
    """Wrap a field as arXiv does: the first line leaves room for a label, others are indented."""
    lines = _lines(text, first=" " * len(label), others="  ")
    return "\n".join(lines).lstrip(" ")


def _wrapped_abstract(text: str) -> str:
    """Wrap an abstract as arXiv does: every paragraph begins with two spaces."""
    return "".join(
        "\n".join(_lines(paragraph, first="  ", others="")) + "\n" for paragraph in text.split("\n")
    )


def _lines(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text,
        LINE_WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _created(instant: datetime) -> str:
    """Write an instant as arXiv does: `Mon, 2 Apr 2007 19:18:42 GMT`, the day without a zero."""
    return format_datetime(instant, usegmt=True).replace(", 0", ", ")


# ---------------------------------------------------------------------------------------------
# Authors, taken apart.

_PARTICLES = frozenset({"da", "de", "del", "den", "der", "di", "la", "van", "von"})
_SUFFIXES = frozenset({"Jr.", "Sr.", "II", "III"})
_COMBINING = dict(
    zip(
        "\"'`^~=.uvHckr",
        "\u0308\u0301\u0300\u0302\u0303\u0304\u0307\u0306\u030c\u030b\u0327\u0328\u030a",
        strict=True,
    ),
)
_LETTERS = {
    r"\o": "\u00f8",
    r"\O": "\u00d8",
    r"\l": "\u0142",
    r"\L": "\u0141",
    r"\ss": "\u00df",
    r"\aa": "\u00e5",
    r"\AA": "\u00c5",
    r"\ae": "\u00e6",
    r"\i": "i",
}
_ACCENT = re.compile(
    r"\\(?:(?P<sign>[\"'`^~=.])|(?P<name>[uvHckr])(?=[\s{]))\s*\{?\\?(?P<base>[A-Za-z])\}?",
)
_LETTER = re.compile(r"(\\(?:AA|aa|ae|ss|[oOlLi]))(?![A-Za-z])(?:\{\}|\s)?")
_SEPARATOR = re.compile(r",\s*(?:(?:and|&)\s+)?|\s+(?:and|&)\s+")


def plain_name(tex: str) -> str:
    r"""Return a name with its TeX accents as letters: `Schr\"odinger` becomes `Schrödinger`."""

    def accented(found: re.Match[str]) -> str:
        accent = _COMBINING[found["sign"] or found["name"]]
        return unicodedata.normalize("NFC", found["base"] + accent)

    letters = _ACCENT.sub(accented, tex)
    return _LETTER.sub(lambda found: _LETTERS[found[1]], letters).replace("{", "").replace("}", "")


def parsed_authors(authors: str) -> list[list[str]]:
    """Return [last name, first names, suffix] for each author, then the affiliation, if named.

    An affiliation also belongs to the authors before it that have none; one given by number, as in
    `(1)`, is left out. So arXiv does it.
    """
    parsed: list[list[str]] = []
    before, colon, after = authors.partition(": ")
    if colon and before.endswith("Collaboration"):
        parsed.append([before, "", ""])
        authors = after
    for name, affiliation in _names(authors):
        if name in _SUFFIXES:
            parsed[-1][2] = name
        elif name:
            parsed.append(_parsed_name(plain_name(name)))
        if affiliation and not affiliation.startswith(("(", *"123456789")):
            _affiliate(parsed, plain_name(affiliation))
    return parsed


def _names(authors: str) -> list[tuple[str, str]]:
    """Return each name with what stands in brackets after it."""
    names: list[tuple[str, str]] = []
    for outside, inside in _bracketed(authors):
        parts = [part.strip() for part in _SEPARATOR.split(outside)]
        names += [(part, "") for part in parts[:-1]]
        names.append((parts[-1], inside))
    return names


def _bracketed(text: str) -> list[tuple[str, str]]:
    """Cut `text` into pairs: what stands outside brackets, and the outermost bracket after it."""
    pairs: list[tuple[str, str]] = []
    depth, start, opened = 0, 0, 0
    for position, character in enumerate(text):
        if character == "(":
            if depth == 0:
                opened = position
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                pairs.append((text[start:opened], text[opened + 1 : position]))
                start = position + 1
    return [*pairs, (text[start:], "")]


def _parsed_name(name: str) -> list[str]:
    words = re.sub(r"\.(?=[A-Z])", ". ", name).split()
    suffix = words.pop() if words[-1] in _SUFFIXES else ""
    first = len(words) - 1
    while first > 0 and words[first - 1] in _PARTICLES:
        first -= 1
    return [" ".join(words[first:]), " ".join(words[:first]), suffix]


def _affiliate(parsed: list[list[str]], affiliation: str) -> None:
    for author in reversed(parsed):
        if len(author) > 3:
            break
        author.append(affiliation)


# ---------------------------------------------------------------------------------------------
# Licences.

NONEXCLUSIVE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
PUBLIC_DOMAIN = "http://creativecommons.org/licenses/publicdomain/"
CC_ZERO = "http://creativecommons.org/publicdomain/zero/1.0/"
CC_BY_3 = "http://creativecommons.org/licenses/by/3.0/"
CC_BY_NC_SA_3 = "http://creativecommons.org/licenses/by-nc-sa/3.0/"
CC_BY = "http://creativecommons.org/licenses/by/4.0/"
CC_BY_SA = "http://creativecommons.org/licenses/by-sa/4.0/"
CC_BY_NC_SA = "http://creativecommons.org/licenses/by-nc-sa/4.0/"
CC_BY_NC_ND = "http://creativecommons.org/licenses/by-nc-nd/4.0/"

# From that year on, the licences that authors chose; repeated as often as they did, roughly.
LICENCES: tuple[tuple[int, tuple[str | None, ...]], ...] = (
    (2021, (NONEXCLUSIVE, NONEXCLUSIVE, CC_BY, CC_BY, CC_BY_NC_ND, CC_BY_NC_SA, CC_BY_SA, CC_ZERO)),
    (2016, (NONEXCLUSIVE, NONEXCLUSIVE, NONEXCLUSIVE, CC_BY, CC_BY_SA, CC_BY_NC_SA, CC_ZERO)),
    (2009, (NONEXCLUSIVE, NONEXCLUSIVE, NONEXCLUSIVE, CC_BY_3, CC_BY_NC_SA_3, PUBLIC_DOMAIN)),
    (2008, (NONEXCLUSIVE, NONEXCLUSIVE, None)),
    (2007, (None, NONEXCLUSIVE)),
    (1991, (None,)),
)


# ---------------------------------------------------------------------------------------------
# The one real paper. Its metadata is CC0; the day of its second version is not known here.

REAL = Paper(
    arxiv_id="1804.01852",
    why="a real paper, whose Pith Number is published",
    authors="Michael Blot, David Picard, Matthieu Cord",
    title="GoSGD: Distributed Optimization for Deep Learning with Gossip Exchange",
    categories="cs.LG stat.ML",
    licence=NONEXCLUSIVE,
    abstract=(
        "We address the issue of speeding up the training of convolutional neural networks by "
        "studying a distributed method adapted to stochastic gradient descent. Our parallel "
        "optimization setup uses several threads, each applying individual gradient descents on "
        "a local variable. We propose a new way of sharing information between different threads "
        "based on gossip algorithms that show good consensus convergence properties. Our method "
        "called GoSGD has the advantage to be fully asynchronous and decentralized."
    ),
    versions=("2018-04-04T12:13:41Z", "2018-11-08T09:30:00Z"),
)


# ---------------------------------------------------------------------------------------------
# The papers written by hand, oldest first.

WRITTEN = (
    Paper(
        arxiv_id="hep-th/9201990",
        why="the oldest; everything that can be null is null",
        authors="R. Calloway",
        title="Zero modes of a string on a twisted torus",
        categories="hep-th",
        abstract=(
            "A closed string that winds around a twisted torus has zero modes which the untwisted "
            "theory lacks. They are counted here by hand. Their number is $2g-2$ when the twist is "
            "of order two, and no more than $g$ otherwise."
        ),
        versions=("1992-01-20T15:04:09Z",),
    ),
    Paper(
        arxiv_id="alg-geom/9311989",
        why="a retired archive; a title that begins with TeX",
        submitter="Odile Ferrand-Maas",
        authors="Odile Ferrand-Maas",
        title=r"${\bf P}^3$ contains no pencil of the second kind",
        comments="8 pages, AmS-TeX",
        categories="alg-geom math.AG",
        abstract=(
            r"A pencil of the second kind is a one-parameter family of surfaces in ${\bf P}^3$ "
            r"whose base locus is nowhere reduced. We show that there is none of degree $d > 4$, "
            r"by restricting ${\cal O}(2)$ to a general plane section. The case $d \le 4$ is "
            r"classical."
        ),
        versions=("1993-11-23T19:06:40Z",),
    ),
    Paper(
        arxiv_id="solv-int/9501097",
        why="a retired primary category; a sequence number that begins with a zero",
        submitter="Wim Taverne",
        authors="Wim Taverne and Ludmila Orska",
        title="Soliton ladders for the lattice sine-Gordon equation",
        comments="14 pages, LaTeX, 3 figures available on request",
        journal_ref="J.Hypoth.Phys.A28:2251-2264,1995",
        categories="solv-int nlin.SI",
        abstract=(
            r"We construct solutions of the lattice sine-Gordon equation in which $N$ kinks climb "
            r"a ladder of $N+1$ vacua, one rung at a time. The B\"acklund transformation that adds "
            r"a rung is explicit, and its permutability gives a nonlinear superposition formula."
        ),
        versions=("1995-01-27T10:11:12Z", "1995-03-02T08:40:00Z"),
    ),
    Paper(
        arxiv_id="cmp-lg/9605990",
        why="straight double quotation marks; double spaces after full stops",
        submitter="Petra Lindqvall",
        authors="Petra Lindqvall, Joss Amery",
        title='Why "only" is not only an adverb',
        comments='Uses "aclap.sty"',
        categories="cmp-lg cs.CL",
        abstract=(
            'The word "only" attaches to almost anything.  We tag 4,118 occurrences of it in '
            'letters to newspapers.  In 61% of them the thing that "only" restricts does not '
            "follow it directly.  A finite-state rule with nine states finds the restricted phrase "
            'in all but 212 cases;  most of these contain "if only", which we leave aside.'
        ),
        versions=("1996-05-17T13:45:30Z",),
    ),
    Paper(
        arxiv_id="chao-dyn/9611985",
        why="a retired primary category with several cross-lists, one of them retired as well",
        submitter="T. Mbeki-Hall",
        authors="T. Mbeki-Hall, F. Osgood, I. Renn",
        title="Periodic orbits of a kicked pendulum with dry friction",
        categories="chao-dyn comp-gas cond-mat nlin.CD",
        abstract=(
            "A pendulum with dry friction is kicked at regular times. Below a critical kick it "
            "sticks for good; above it, every rational rotation number up to 1/3 occurs. We give "
            "the orbits of period less than 12 in closed form & find the others numerically."
        ),
        versions=("1996-11-08T17:22:05Z",),
    ),
    Paper(
        arxiv_id="hep-th/9701973",
        why="TeX accents, and TeX quotation marks, in title, authors and abstract",
        submitter="J\u00fcrgen M\u00f6hlenbrock",
        authors=r"J\"urgen M\"ohlenbrock, \'Eric Valdurand, Zs\'ofia Kerekh\'azy",
        title=r"The Schr\"odinger picture of ``frozen'' strings on a M\"obius strip",
        comments="17 pages, uuencoded PostScript (figures included)",
        report_no="FICT-TH-97-03",
        journal_ref="J.Hypoth.Phys.B71:402-418,1997",
        categories="hep-th",
        abstract=(
            r"In the Schr\"odinger picture a string on a M\"obius strip is ``frozen'': its state "
            r"functional obeys $i\hbar\,\partial_t\Psi = 0$ up to a boundary term. We compute "
            r"that term by the na\"{\i}ve Poincar\'e--Lindstedt method, following an idea that "
            r"goes back to Erd\H{o}s-type counting, and find agreement with the work of {\L}uczyn "
            r"and \O sterg\aa rd in the limit of large tension."
        ),
        versions=("1997-01-16T10:22:31Z", "1997-02-03T16:00:48Z"),
    ),
    Paper(
        arxiv_id="hep-ph/9808981",
        why="authors joined by an ampersand; et al.",
        submitter="O. Brandl",
        authors="O. Brandl & T. Vesper et al. (Univ. of Northmere)",
        title="Two-loop corrections to the decay of a heavy dark photon",
        comments="22 pages, 5 figures, RevTeX",
        categories="hep-ph",
        abstract=(
            "The width of a heavy dark photon is computed at two loops. The correction is "
            "negative, and amounts to -3.2 % at $m = 10$ GeV and to -1.1 % at $m = 100$ GeV. The "
            "dependence on the renormalisation scale drops by a factor of four."
        ),
        versions=("1998-08-21T09:09:09Z",),
    ),
    Paper(
        arxiv_id="cond-mat/9907991",
        why="an archive without subject class as primary; a title that ends with a full stop",
        submitter="Greta Holmgard",
        authors="Greta Holmgard (Univ. of Northmere) and Pavlo Zubrich (Institut Valdor)",
        title="Sand does not flow uphill.",
        comments="4 pages, 2 figures",
        categories="cond-mat",
        abstract=(
            "It has been claimed that a vibrated layer of sand can flow uphill. We repeat the "
            "experiment with five kinds of grain and find no such flow for slopes between 2 and 30 "
            "degrees. The earlier result is explained by a draught."
        ),
        versions=("1999-07-30T12:00:00Z",),
    ),
    Paper(
        arxiv_id="quant-ph/0002979",
        why="submitted on 29 February 2000, in its last second",
        submitter="Noor van der Brugge",
        authors="Noor van der Brugge",
        title="Cloning machines that know the date",
        categories="quant-ph",
        abstract=(
            "A cloning machine with a clock does better than one without, if the state it is fed "
            "precesses. We find the optimal fidelity, $F = (5+\\cos\\omega t)/7$, and a circuit of "
            "four gates that reaches it."
        ),
        versions=("2000-02-29T23:59:59Z",),
    ),
    Paper(
        arxiv_id="astro-ph/0211987",
        why="authors with numbered affiliations, brackets within brackets",
        submitter="M. Quillfeather",
        authors=(
            r"M. Quillfeather (1), S. Ib\'a\~nez-Roa (1,2) and H.-P. Donnersberg (1 and 3) ((1) "
            r"Northmere Observatory, (2) Instituto del Cielo (IDC), (3) Universit\"at Falkenau)"
        ),
        title="A ring of dust around the white dwarf NM 0417+22",
        comments="12 pages, 7 figures, accepted for publication in Lett. Spec. Astron",
        categories="astro-ph",
        abstract=(
            "We have observed the white dwarf NM 0417+22 (V=15.1) at 3.8 and 10 microns and find "
            "an excess of 4.6 +- 0.7 mJy. It is explained by a ring of dust with 0.2 < R < 0.6 "
            "solar radii and a temperature of ~1100 K. If the grains are smaller than 1 micron, "
            "their mass is less than 10^{18} g, i.e. that of a minor planet."
        ),
        versions=("2002-11-14T21:30:02Z", "2003-01-09T11:02:55Z"),
    ),
    Paper(
        arxiv_id="math/0309981",
        why="an abstract of three paragraphs, longer than 600 characters",
        submitter="Bela Harsanyfi",
        authors=r"B\'ela Hars\'anyfi and Maude Oakhurst",
        title=r"Erd\H{o}s numbers of fictitious persons",
        comments="21 pages; no persons were harmed",
        categories="math.CO math.HO",
        abstract=(
            "Let $G$ be the graph whose vertices are the authors of a fixed library, two of them "
            "adjacent when they have written a paper together. To this graph we add fictitious "
            "persons, each joined to the real ones that have used the name.\n"
            r"We show that the distance from a vertex called Erd\H{o}s does not decrease by more "
            r"than a factor of $1+o(1)$ when $k = O(\log n)$ fictitious persons are added at "
            r"random, but that it drops to 3 when $k > n^{1/2+\varepsilon}$. Between the two there "
            "is a sharp threshold, which we find up to a constant.\n"
            "The proofs are short. Two of them use the second moment method, and the third one "
            "uses a lemma on trees for which we know of no reference."
        ),
        versions=("2003-09-18T07:55:12Z",),
    ),
    Paper(
        arxiv_id="hep-ex/0406979",
        why="an author who writes for a collaboration",
        submitter="Agnes Thorold",
        authors="Agnes Thorold (for the HALYARD Collaboration)",
        title="Status of the HALYARD experiment",
        comments="Talk given at the 3rd Workshop on Imaginary Detectors; 6 pages",
        report_no="HALYARD-PROC-2004-011, FICT-EX-04-27",
        categories="hep-ex physics.ins-det",
        abstract=(
            "The HALYARD detector has taken data since March. We describe its calibration, the "
            "trigger, and first distributions of missing energy."
        ),
        versions=("2004-06-22T14:14:14Z",),
    ),
    Paper(
        arxiv_id="math-ph/0509983",
        why="a category listed under both of its names, math-ph and math.MP",
        submitter="Ines Valtierra",
        authors="Ines Valtierra, Kofi Darrow",
        title="Spectral gaps of Laplacians on infinite ladders",
        comments="25 pages",
        categories="math-ph math.MP math.SP",
        abstract=(
            r"The Laplacian on an infinite ladder with rungs of length $\ell$ and a $\delta$ "
            r"coupling of strength $\alpha \in \mathbb{R}$ has infinitely many gaps in its "
            r"spectrum when $\ell$ is rational. We show that it has none beyond a finite energy "
            r"for almost every $\ell$."
        ),
        versions=("2005-09-07T18:18:40Z", "2005-12-19T10:05:00Z", "2006-04-11T09:50:31Z"),
    ),
    Paper(
        arxiv_id="cs/0610988",
        why="a category listed under both of its names, cs.IT and math.IT, before 2007",
        submitter="Hugo Penhallow",
        authors="Hugo Penhallow, Jr.",
        title="A converse for the two-way whispering channel",
        categories="cs.IT math.IT",
        abstract=(
            "In the two-way whispering channel each user hears the other only while silent. We "
            "prove that the sum rate cannot exceed 1.272 bits per use. The best code known reaches "
            "1.25."
        ),
        versions=("2006-10-31T20:01:33Z",),
    ),
    Paper(
        arxiv_id="math/0612989",
        why="withdrawn, the reason in the comments, nothing else in the abstract",
        submitter="Luca Serravalle",
        authors="Luca Serravalle",
        title="Every tame lattice is a sum of two squares",
        comments="This paper has been withdrawn by the author due to an error in Lemma 3",
        categories="math.NT",
        abstract="This paper has been withdrawn.",
        versions=("2006-12-05T11:20:07Z", "2006-12-12T08:31:59Z"),
    ),
    Paper(
        arxiv_id="0704.9981",
        why="the first month of new identifiers; changed twelve years after its last version",
        submitter="Ruben Askeland",
        authors="Ruben Askeland, Ida Morrow",
        title="Entropy of a slowly melting black brane",
        comments="31 pages, 4 figures; v2: references added",
        journal_ref="J.Hypoth.Phys.D76:044021,2007",
        doi="10.5555/JHypothPhysD.76.044021",
        categories="hep-th gr-qc",
        abstract=(
            r"A black brane in contact with a colder bath melts from the edge inwards. We follow "
            r"the horizon through the process and find that its entropy stays within $10^{-3}$ of "
            r"$A/4$ as long as the rate is below $\kappa/2\pi$."
        ),
        versions=("2007-04-02T19:18:42Z", "2007-07-24T20:10:27Z"),
        updated_on="2019-10-30",
    ),
    Paper(
        arxiv_id="0705.9980",
        why="an identifier that loses both its ends when read as a number",
        submitter="Klara Venn",
        authors="Klara Venn",
        title="A counterexample in the theory of greedy bases",
        categories="math.FA",
        abstract=(
            r"We construct a Banach space $C(X)$, with $X$ countable and compact, and a greedy "
            r"basis of it that stops being greedy when one vector is multiplied by $2$."
        ),
        versions=("2007-05-09T06:45:00Z",),
    ),
    Paper(
        arxiv_id="0812.9976",
        why="withdrawn by arXiv's administrators, the abstract kept",
        submitter="Sorin Vadescu",
        authors="Sorin Vadescu",
        title="On the inertia of shadows",
        comments=(
            "This submission has been withdrawn by arXiv administrators because of an "
            "unresolvable dispute about its authorship"
        ),
        categories="physics.gen-ph",
        licence=NONEXCLUSIVE,
        abstract=(
            "A shadow carries no mass, and yet it seems to lag behind the thing that casts it. We "
            "explain the lag by the finite speed of light and the poor quality of the author's "
            "lamp."
        ),
        versions=("2008-12-12T12:12:12Z", "2009-02-27T15:40:20Z"),
    ),
    Paper(
        arxiv_id="0910.9985",
        why="the characters <, >, & and %, bare and escaped",
        submitter="Ursula Draycott",
        authors="U. Draycott, E. N'Goran, & B. O'Shaughlin",
        title=r"R&D for dim stars: 95\% completeness at V<24 & S/N>5",
        comments="9 pages, <10 figures",
        categories="astro-ph.IM astro-ph.SR",
        licence=CC_BY_3,
        abstract=(
            r"Star counts at V<24 are < 80% complete in crowded fields. We show that fitting 2 "
            r"profiles to each source with S/N>5 raises this to 95\%, at a cost of <3\% false "
            r"detections (1% for V<22). The code is free, as in R\&D, & runs in ~5' per field of "
            r"1\deg\ x 1\deg; if a<b and b<c hold for the three brightest stars, it takes half as "
            r"long."
        ),
        versions=("2009-10-20T03:00:01Z",),
    ),
    Paper(
        arxiv_id="1003.9979",
        why="HTML entities meant literally; an unbroken word longer than a line",
        submitter="Dario Wexcombe",
        authors="Dario Wexcombe, Lin Sato-Pell",
        title="Escaping &amp; and &lt; twice: how web archives spoil mathematics",
        comments="5 pages, 2 tables",
        categories="cs.DL cs.IR",
        licence=CC_BY_NC_SA_3,
        abstract=(
            "Web archives often turn a<b into a&lt;b, and on a second pass into a&amp;lt;b. In a "
            "sample of 10,000 pages we find 214 formulas that were escaped twice, 9 three times, "
            "and one five times. The list is at "
            "http://www.example.org/archives/2010/03/a-list-of-formulas-which-were-escaped-more-"
            "than-once-and-never-repaired/index.html and will be kept there."
        ),
        versions=("2010-03-25T16:44:10Z",),
    ),
    Paper(
        arxiv_id="1107.9988",
        why="nine versions",
        submitter="Tobias Reinholm",
        authors="Tobias Reinholm",
        title="A short proof of the long chain lemma",
        comments="v9: the proof is no longer short",
        categories="math.LO math.CO",
        licence=PUBLIC_DOMAIN,
        abstract=(
            r"Every tree of height $\omega_1$ without long chains has a subtree in which all "
            r"antichains are short. We give a proof of eleven pages."
        ),
        versions=(
            "2011-07-19T08:00:00Z",
            "2011-07-20T22:13:41Z",
            "2011-08-01T10:10:10Z",
            "2011-12-24T23:50:00Z",
            "2012-05-05T05:05:05Z",
            "2012-11-30T14:26:37Z",
            "2014-01-06T09:00:17Z",
            "2016-02-29T12:34:56Z",
            "2019-09-09T19:29:39Z",
        ),
    ),
    Paper(
        arxiv_id="1206.9971",
        why="a title of one word",
        submitter="Mirela Stanov",
        authors="Mirela Stanov",
        title="Knots",
        comments="100 pages, 300 figures",
        categories="math.GT",
        licence=NONEXCLUSIVE,
        abstract="Lectures on knots, given to an audience of sailors.",
        versions=("2012-06-11T11:11:11Z",),
    ),
    Paper(
        arxiv_id="1209.9972",
        why="a title that is one formula",
        submitter="Per Lindorm",
        authors="Per Lindorm and Yusra Haddadin",
        title="$E_8$",
        categories="math.GR hep-th math.RT",
        licence=NONEXCLUSIVE,
        abstract=(
            "We collect what a beginner should know about $E_8$, and leave out what can be found "
            "in any table."
        ),
        versions=("2012-09-03T13:00:59Z", "2012-09-28T17:41:02Z"),
    ),
    Paper(
        arxiv_id="1304.9983",
        why="a collaboration and more authors than fit in a line",
        submitter="HALYARD Collaboration",
        authors=(
            r"HALYARD Collaboration: A. Thorold, B. Aksnes, C. Amberley, D. Bakkerud, E. Calloway, "
            r"F. Osgood, G. Holmgard, H. Penhallow, I. Renn, J. M\"ohlenbrock, K. Darrow, "
            r"L. Orska, M. Oakhurst, N. van der Brugge, O. Brandl, P. Zubrich, Q. Ferrars, "
            r"R. Askeland, S. Vadescu, T. Vesper, U. Draycott, \'E. Valdurand, W. Taverne, "
            r"X. Imrie, Y. Haddadin, Z. Kerekh\'azy, A. B. Lomax-Weir, C. D. Sundvall, "
            r"E. F. Torrio, G. H. Ulvang, I. J. Vantongeren, K. L. Wilderspin, M. N. Yarmouk, "
            r"O. P. Zandbergen, and R. S. de la Tour"
        ),
        title="Search for invisible decays of neutral bosons in 4.9 fb$^{-1}$ of imaginary data",
        comments="28 pages (plus author list), 9 figures",
        report_no="HALYARD-PAPER-2013-004",
        doi="10.5555/halyard.2013.004",
        categories="hep-ex",
        licence=CC_BY_3,
        abstract=(
            r"A search for invisible decays of neutral bosons is presented, in a data set of 4.9 "
            r"fb$^{-1}$ recorded at $\sqrt{s} = 8$ TeV. No excess over the expected background is "
            r"seen, and the upper limit on the branching fraction is 0.27 at 95\% confidence level."
        ),
        versions=("2013-04-30T18:30:00Z", "2013-08-14T10:20:30Z"),
    ),
    Paper(
        arxiv_id="1412.9990",
        why="the last month of four digits; the last second of a year",
        submitter="Marit Solberget",
        authors="Marit Solberget",
        title="Queues that empty at midnight",
        categories="math.PR",
        licence=NONEXCLUSIVE,
        abstract=(
            "We study a queue whose server works off everything at a fixed hour. Its stationary "
            "law is that of an M/G/1 queue with a memory of one day."
        ),
        versions=("2014-12-31T23:59:59Z",),
    ),
    Paper(
        arxiv_id="1501.09991",
        why="the first month of five digits; the first second of a year",
        submitter="Anselm Kirwan",
        authors="Anselm Kirwan, Bao Trinhall",
        title="Queues that fill at midnight",
        comments="Companion to arXiv:1412.9990",
        categories="math.PR cs.PF",
        licence=NONEXCLUSIVE,
        abstract=(
            "All customers of a day arrive at its first second. We show that the fraction of them "
            "who leave unserved tends to $1/e$ as the number of servers grows."
        ),
        versions=("2015-01-01T00:00:00Z", "2015-02-02T02:02:02Z"),
    ),
    Paper(
        arxiv_id="1504.90017",
        why="a title of four lines",
        submitter="Eluned Varga",
        authors="Eluned Varga, Simeon Oduya, Rosalind Keck",
        title=(
            "An attempt to settle, by means of a survey among the keepers of seventeen lighthouses "
            "on four coasts, the old question whether the green flash is seen more often over cold "
            "water than over warm water, together with some remarks on the reliability of keepers "
            "and a table of all sightings"
        ),
        comments="44 pages",
        categories="physics.ao-ph physics.hist-ph physics.pop-ph",
        licence=CC_BY_3,
        abstract=(
            "It is seen more often over cold water. The keepers are reliable, with two exceptions."
        ),
        versions=("2015-04-01T04:10:00Z",),
    ),
    Paper(
        arxiv_id="1606.90023",
        why="letters outside ASCII, written as such and composed",
        submitter="Ren\u00e9e C\u00f4t\u00e9-Nadeau",
        authors=(
            "Ren\u00e9e C\u00f4t\u00e9-Nadeau, \u00d8yvind Str\u00f8msness, "
            "Ji\u0159\u00ed Hol\u00fd"
        ),
        title="Poincar\u00e9 sections of the H\u00e9non\u2013Heiles potential on a caf\u00e9 table",
        comments="Pr\u00e9sent\u00e9 \u00e0 l\u2019\u00e9cole d\u2019\u00e9t\u00e9",
        categories="nlin.CD math.DS physics.ed-ph",
        licence=CC_BY_SA,
        abstract=(
            "With a marble, a bent tray and a lamp, Poincar\u00e9 sections can be drawn on any "
            "caf\u00e9 table. We show islands, separatrices and \u2013 with patience \u2013 chaos. "
            "The na\u00efve estimate of the Lyapunov exponent, \u03bb \u2248 0.3 s\u207b\u00b9, "
            "agrees with the \u201cexact\u201d one to within 20\u00a0%."
        ),
        versions=("2016-06-08T08:08:08Z", "2016-06-30T15:15:51Z"),
    ),
    Paper(
        arxiv_id="1607.90024",
        why="accents as combining characters of their own, not composed",
        submitter="Rene\u0301e Co\u0302te\u0301-Nadeau",
        authors="Rene\u0301e Co\u0302te\u0301-Nadeau",
        title="Poincare\u0301 maps of a cafe\u0301 door",
        categories="nlin.CD physics.class-ph",
        licence=CC_BY,
        abstract=(
            "The revolving door of a cafe\u0301 is a driven, damped rotor. Its Poincare\u0301 map "
            "has one stable fixed point at noon and none in the evening."
        ),
        versions=("2016-07-14T18:00:00Z",),
    ),
    Paper(
        arxiv_id="1703.90031",
        why="Greek capitals; the lower-case form of the last sigma depends on its place",
        submitter="Eleni Varthalis",
        authors=(
            "\u0395\u03bb\u03ad\u03bd\u03b7 \u0392\u03b1\u03c1\u03b8\u03b1\u03bb\u03ae\u03c2 "
            "(Eleni Varthalis)"
        ),
        title=(
            "\u039f\u0394\u039f\u03a3: a walking robot that reads the signs \u03a3, \u03a9 and "
            "\u00c5ngstr\u00f6m's \u212b"
        ),
        comments="\u03a3\u0395\u039b\u0399\u0394\u0395\u03a3: 11",
        categories="cs.RO cs.CV",
        licence=CC_BY,
        abstract=(
            "\u039f\u0394\u039f\u03a3 (Greek for road) is a robot that walks by reading signs on "
            "the floor. It tells \u03a3 from \u03c3 and \u03c2, and \u00b5 from \u03bc, in 99% of "
            "the cases; the STRASSE and the Stra\u00dfe it cannot tell apart."
        ),
        versions=("2017-03-21T09:30:00Z", "2017-06-02T16:45:12Z"),
    ),
    Paper(
        arxiv_id="1709.90044",
        why="Chinese characters in names, title and comments",
        submitter="Minghe Lu",
        authors="Minghe Lu (\u5415\u660e\u6cb3), Xiaotang Qiao (\u4e54\u5c0f\u5858)",
        title="Counting strokes: how hard is it to write \u9f98?",
        comments="13 pages, in English; \u9644\u4e2d\u6587\u6458\u8981",
        categories="cs.CL q-bio.NC",
        licence=CC_BY_NC_SA,
        abstract=(
            "We ask 40 pupils to copy characters of 1 to 48 strokes, from \u4e00 to \u9f98. The "
            "time grows with the number of strokes to the power 1.3, and faster for characters "
            "never seen before."
        ),
        versions=("2017-09-28T01:23:45Z",),
    ),
    Paper(
        arxiv_id="1811.90052",
        why="a capital letter whose lower-case form is two code points",
        submitter="Deniz Karag\u00f6lge",
        authors="Deniz Karag\u00f6lge and Fatih I\u015f\u0131ksoy",
        title="Slow tides in \u0130ZM\u0130R Bay and off I\u011fd\u0131r",
        comments="6 pages; the ferry company declined to comment",
        categories="physics.ao-ph physics.geo-ph",
        licence=NONEXCLUSIVE,
        abstract=(
            "A gauge in \u0130zmir Bay shows a tide with a period of 11.2 days and a height of 3 "
            "mm. It is not astronomical. We suggest that it is due to the ferry."
        ),
        versions=("2018-11-19T07:07:07Z",),
    ),
    Paper(
        arxiv_id="1902.90061",
        why="characters beyond the Basic Multilingual Plane",
        submitter="Ottoline Prager",
        authors="Ottoline Prager",
        title="Fourier analysis over \U0001d53d\u2082, for people who think in pictures",
        comments="With many \U0001f418",
        categories="math.HO math.NT",
        licence=CC_ZERO,
        abstract=(
            "Functions on \U0001d53d\u2082\u207f are pictures in black and white. Their Fourier "
            "transforms are pictures as well, and 12 of them are shown. One \U0001f418 is worth a "
            "thousand words."
        ),
        versions=("2019-02-14T14:14:14Z", "2019-02-20T10:00:00Z"),
    ),
    Paper(
        arxiv_id="1908.90063",
        why="white space outside ASCII: no-break, thin and ideographic spaces",
        submitter="Casper Eideholm",
        authors="Casper\u00a0Eideholm, Jana\u00a0Mirkovac",
        title="A\u00a0100\u2009km survey of gravel\u3000roads",
        categories="physics.geo-ph cs.CV",
        licence=CC_BY,
        abstract=(
            "We filmed 100\u2009km of gravel roads and measured 1\u00a0204 potholes. Their "
            "diameters follow a power law between 0.1\u2009m and 1\u2009m, with exponent "
            "2.4\u00a0\u00b1\u00a00.1 (see Fig.\u00a03).\u3000The largest was a pond."
        ),
        versions=("2019-08-27T19:20:21Z",),
    ),
    Paper(
        arxiv_id="2002.90077",
        why="five cross-lists out of alphabetical order; submitted on 29 February",
        submitter="Sunniva Achterberg",
        authors="Sunniva Achterberg, Rafe Montclair",
        title="Gossip, rumours and gradient descent",
        comments="19 pages, 6 figures, code available",
        categories="cs.SI stat.ML physics.soc-ph cs.LG math.OC cs.DC",
        licence=CC_BY_SA,
        abstract=(
            "Rumours spread through a village much as gradients spread through a cluster of "
            "machines. We make this precise, and use the records of one village (population 212) "
            "to choose the learning rate of another."
        ),
        versions=("2020-02-29T10:00:00Z", "2020-03-01T10:00:00Z"),
    ),
    Paper(
        arxiv_id="2005.90081",
        why="name suffixes, particles, one name only, and names that contain the letters and",
        submitter="Ferdinand Andrasch",
        authors=(
            "Ferdinand Andrasch, Wallace P. Dunmore Jr., Thaddeus Oxley, III, Hendrika van den "
            "Andel, Luz de la Candelaria and Veshti"
        ),
        title="Bandits and brandy: allocation under rand constraints",
        categories="econ.TH cs.GT",
        licence=CC_BY_NC_ND,
        abstract=(
            "A smuggler must hand over one of two barrels at each of $n$ checkpoints. We find the "
            "optimal policy and compare it with that of a multi-armed bandit."
        ),
        versions=("2020-05-18T16:16:16Z",),
    ),
    Paper(
        arxiv_id="2101.90090",
        why="an abstract of exactly 600 characters",
        submitter="Livia Stormgaard",
        authors="Livia Stormgaard",
        title="What fits on a postcard",
        categories="cs.DL",
        licence=CC_BY,
        abstract=(
            "A postcard holds about six hundred characters, and so does the part of an abstract "
            "that most people read. We compare 2,000 postcards with 2,000 abstracts, all of them "
            "written between 1992 and 2020 by persons who had been asked to say what they had done "
            "and why. On the postcards the weather comes first, the food second, and the greeting "
            "last. In the abstracts the motivation comes first, the method second, and the result, "
            "if there is one, last. The readers who were shown both kinds, cut at the same length, "
            "knew after thirty seconds where the holiday was spent, but not what had been proved "
            "there."
        ),
        versions=("2021-01-12T12:00:01Z",),
    ),
    Paper(
        arxiv_id="2103.90092",
        why="an abstract whose character 600 is a space",
        submitter="Livia Stormgaard",
        authors="Livia Stormgaard, Aurel Pintilie-Roth",
        title="What does not fit on a postcard",
        comments="Sequel to arXiv:2101.90090",
        categories="cs.DL cs.HC",
        licence=CC_BY,
        abstract=(
            "In an early note one of us compared postcards with abstracts, both cut after six "
            "hundred characters. Here we ask what is lost by the cut. Of 2,000 abstracts 1,312 are "
            "longer than that; in 840 of them the result stands in the lost part, and in 77 the "
            "cut falls into a formula, which then stays open. Postcards lose less, since their "
            "writers see the edge coming and write smaller. We propose that authors be shown the "
            "edge as well, as a thin grey line in the form that they fill in, and we report on a "
            "trial with forty authors: 31 of them moved the result to a place above the line, six "
            "did not notice the line, and three asked for more room."
        ),
        versions=("2021-03-09T09:09:09Z", "2021-03-23T13:37:00Z"),
    ),
    Paper(
        arxiv_id="2106.90095",
        why="an abstract whose first 600 characters end within a paragraph break",
        submitter="Aurel Pintilie-Roth",
        authors="Aurel Pintilie-Roth",
        title="Where paragraphs break",
        categories="cs.DL cs.CL",
        licence=CC_BY_NC_SA,
        abstract=(
            "Most abstracts are one paragraph; one in fifteen has two or more. In a sample of "
            "9,000 we ask where the break falls, and find it after the motivation in 48% of the "
            "cases, after the main result in 39%, and in the middle of an argument in the rest. "
            "Authors in mathematics break later than authors in astronomy, and both break earlier "
            "than they did twelve years ago. The length of the first paragraph has a broad peak "
            "near six hundred characters, which happens to be where many catalogues cut. We do not "
            "think that this is a coincidence, but we have no proof of it, and say so here at the "
            "end of ours.\n"
            "The second paragraph is shorter, and fewer people read it. It often holds the code."
        ),
        versions=("2021-06-15T20:20:20Z",),
    ),
    Paper(
        arxiv_id="2109.90101",
        why="a title and an abstract in French, with TeX accents",
        submitter="\u00c9lo\u00efse Tr\u00e9maz",
        authors=r"\'Elo\"ise Tr\'emaz, Fran\c{c}ois-No\"el Bo\^iteux",
        title=(
            r"Sur les fen\^etres d'un gar\c{c}on na\"if : "
            r"g\'eom\'etrie d'un probl\`eme d'\'ecole"
        ),
        comments=r"16 pages, en fran\c{c}ais",
        categories="math.HO math.MG",
        licence=CC_BY_NC_ND,
        abstract=(
            r"Un gar\c{c}on na\"if perce une fen\^etre dans un mur convexe. \`A quelles conditions "
            r"voit-il tout le jardin ? Nous donnons une r\'eponse compl\`ete en dimension $2$, et "
            r"une \'ebauche dans $\mathbb{R}^n$ ; le cas o\`u le mur est un c\oe ur reste ouvert."
        ),
        versions=("2021-09-17T10:42:00Z",),
    ),
    Paper(
        arxiv_id="2204.90110",
        why="every field filled; two DOIs; comments and journal reference of several lines",
        submitter="Hanne Lysander",
        authors="Hanne Lysander (Institut Valdor), Goran Petrakov (Institut Valdor)",
        title="Friction between two sheets of imaginary graphene",
        comments=(
            "22 pages + 10 pages of supplement, 8 figures; v2: typing errors corrected, Figure 3 "
            "drawn anew, one reference added; v3: accepted version, with an erratum at the end"
        ),
        journal_ref=(
            "Transactions of the Sample Society of Physics, Series B, Volume 105, Issue 16, 165402 "
            "(2022); Erratum: ibid. 106, 019901 (2022)"
        ),
        doi="10.5555/TransSampleB.105.165402 10.5555/TransSampleB.106.019901",
        report_no="VALDOR-CM/22-07",
        categories="cond-mat.mes-hall cond-mat.mtrl-sci",
        licence=CC_BY,
        abstract=(
            r"Two sheets of graphene slide over each other without friction when their lattices do "
            r"not fit. We compute what remains, $\mu = (3.1\pm0.4)\times10^{-5}$, and attribute it "
            r"to the edges."
        ),
        versions=("2022-04-06T05:04:03Z", "2022-05-30T11:00:00Z", "2022-09-01T17:59:59Z"),
    ),
    Paper(
        arxiv_id="2207.90120",
        why="withdrawn, said in the abstract alone, in other words; no submitter",
        authors="Cosima Weatherwax",
        title="Faster sorting by looking away",
        categories="cs.DS",
        licence=NONEXCLUSIVE,
        abstract=(
            "Withdrawn: the running time in Theorem 1 does not count the comparisons made while "
            "looking away. The author thanks a reader for pointing this out."
        ),
        versions=("2022-07-05T15:00:00Z", "2022-07-06T06:00:00Z", "2022-07-07T21:00:00Z"),
    ),
    Paper(
        arxiv_id="2303.90125",
        why="two authors of the same name",
        submitter="Jun Weil",
        authors="Jun Weil, Maren Otterbeck, Jun Weil",
        title="Telling apart authors of the same name by their commas",
        comments="The first and the third author are different persons",
        categories="cs.DL cs.CL stat.AP",
        licence=CC_BY,
        abstract=(
            "Two authors of the same name can be told apart by the way they place commas. On 60 "
            "pairs of namesakes, the authors of this paper among them, we reach 88%."
        ),
        versions=("2023-03-13T03:13:03Z",),
    ),
    Paper(
        arxiv_id="2312.90444",
        why="submitted in the last second of a year, second version in the first of the next",
        submitter="Elio Brandvold",
        authors="Elio Brandvold",
        title="A clock that is right twice",
        categories="physics.ins-det quant-ph",
        licence=NONEXCLUSIVE,
        abstract=(
            "We build a clock from two ions that disagree. Their mean is stable to $10^{-17}$ over "
            "a day, although neither of them is."
        ),
        versions=("2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z"),
    ),
    Paper(
        arxiv_id="2403.90130",
        why="TeX dashes, typographic dashes and hyphens side by side",
        submitter="Ravenna Holt",
        authors="Ravenna Holt, J.-K. Ostrander, Mei-Ling Tsavo",
        title="Hyphens - or dashes -- or rules --- or \u2013 or \u2014: a Bose--Einstein census",
        categories="cs.DL cs.CL",
        licence=CC_BY,
        abstract=(
            "``Bose-Einstein'', ``Bose--Einstein'' and ``Bose\u2013Einstein'' are one thing  -- or "
            "three. We count them in pages 101--199 of 40 journals; the en-dash wins (57%), the "
            "hyphen-minus comes second (41%), and the rest --- about 2% --- use \u2010, \u2011 or "
            "\u2212."
        ),
        versions=("2024-03-05T18:05:00Z",),
    ),
    Paper(
        arxiv_id="2407.90140",
        why="a title in capitals, with a question mark and an exclamation mark",
        submitter="NADIA FORSELL",
        authors="NADIA FORSELL",
        title="CAN ONE HEAR THE SHAPE OF A SHOUT? YES!",
        categories="physics.class-ph math.SP",
        licence=CC_ZERO,
        abstract=(
            "A SHOUT IN A CLOSED ROOM EXCITES ITS LOWEST MODES. FROM THE FIRST TWENTY OF THEM WE "
            "FIND THE SHAPE OF THE ROOM (but not where its door is)."
        ),
        versions=("2024-07-22T00:00:01Z",),
    ),
    Paper(
        arxiv_id="2501.90150",
        why="two versions on one day, a second apart",
        submitter="Philippa Dray",
        authors="Philippa Dray, Istvan Kolo",
        title="Submitting twice does not help",
        comments="v2 equals v1",
        categories="cs.CY physics.soc-ph",
        licence=CC_BY,
        abstract=(
            "Authors who submit the same paper twice within a minute are cited no more often than "
            "those who do so once. We asked them why they did it. Most said: by mistake."
        ),
        versions=("2025-01-31T14:00:00Z", "2025-01-31T14:00:01Z"),
    ),
    Paper(
        arxiv_id="2506.90160",
        why="a title that is wrapped within a formula",
        submitter="Georg Amsinck",
        authors="Georg Amsinck and Pia Terhune",
        title=(
            r"Uniformly closed ideals of continuous functions in the space $C(X, \mathbb{R}^n "
            r"\otimes \mathbb{C})$ for compact $X$"
        ),
        categories="math.FA math.OA",
        licence=CC_BY_NC_ND,
        abstract=(
            r"Let $X$ be compact. The closed ideals of $C(X, \mathbb{R}^n \otimes \mathbb{C})$ "
            r"are those of the functions that vanish on a closed set $F \subset X$, as in the case "
            r"$n=1$ of $C(X)$. $$ I_F = \{ f : f|_F = 0 \}, \qquad \overline{I_F} = I_F . $$ The "
            r"proof is \emph{constructive}, but not \textit{short}."
        ),
        versions=("2025-06-10T09:00:00Z",),
    ),
    Paper(
        arxiv_id="2602.90170",
        why="TeX commands in running text: emphasis, ties, dots, a footnote mark, a URL",
        submitter="\u00c9ric Valdurand",
        authors=r"\'Eric Valdurand, Ma{\l}gorzata D\k{a}browiczna, Nu\~no \v{S}imberg",
        title=r"\emph{Pith}, {\it marrow} and \textbf{bark}: a taxonomy of summaries",
        comments=r"10 pages, \LaTeX; see \url{http://www.example.org/pith}",
        categories="cs.CL cs.DL cs.IR",
        licence=CC_BY,
        abstract=(
            r"A summary may keep the \emph{pith} of a text, its {\it marrow}, or only the "
            r"\textbf{bark}. We define the three by what a reader can still answer: "
            r"(i)~what was done, (ii)~how, \ldots, (vi)~for whom\footnotemark. In Sec.~2 we rate "
            r"500 summaries; \textsc{bark} wins. Data: \url{http://www.example.org/pith}."
        ),
        versions=("2026-02-26T11:26:00Z", "2026-05-19T07:30:00Z"),
    ),
    Paper(
        arxiv_id="2610.90180",
        why="among the newest; a title that begins with a digit",
        submitter="Saskia Nordahl",
        authors="Saskia Nordahl, Emeka Lund, Oriol Batlle-Roig",
        title="3 x 3 x 3 = 28? Arithmetic slips of large language models",
        comments="8 pages, 1 figure",
        categories="cs.CL cs.AI",
        licence=CC_BY_SA,
        abstract=(
            "Large language models are good at arithmetic, with odd exceptions. We list 41 of "
            "them. Nearly all have to do with an answer that is more famous than the right one."
        ),
        versions=("2026-10-12T08:15:30Z",),
    ),
)


# ---------------------------------------------------------------------------------------------
# The grammar. A word after @ is replaced: @object, @setting, @method and @quantity by words of the
# field, the same throughout a paper; the numbers @n, @m and @p anew each time.


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """The sentences in which a kind of science is told."""

    titles: tuple[str, ...]
    openings: tuple[str, ...]
    middles: tuple[str, ...]
    closings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Era:
    """The months, as YYYYMM, in which papers of a field went to a category."""

    since: int
    until: int
    categories: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The words of one field, and the categories its papers go to."""

    manner: Manner
    eras: tuple[Era, ...]
    cross: tuple[str, ...]
    objects: tuple[str, ...]
    settings: tuple[str, ...]
    methods: tuple[str, ...]
    quantities: tuple[str, ...]
    facts: tuple[str, ...]


ALWAYS = 999912

PROOF = Manner(
    titles=(
        "@quantity of @object @setting",
        "@object @setting",
        "On the @quantity of @object",
        "@object and @method",
        "A note on @object @setting",
        "@method for @object",
        "@object @setting: a proof by @method",
        "How large is the @quantity of @object?",
        "Remarks on the @quantity of @object @setting, with an appendix on @method",
    ),
    openings=(
        "We study the @quantity of @object @setting.",
        "We prove a sharp bound on the @quantity of @object @setting.",
        "The @quantity of @object is known only in small cases; here we determine it @setting.",
        "This note is about @object @setting.",
        "Using @method, we classify @object @setting.",
    ),
    middles=(
        "The proof rests on @method, and needs no computer.",
        r"We show that the @quantity is at most $n^{@n/@m}$, and that the exponent is sharp.",
        "Our argument combines @method with a counting lemma that may be of use elsewhere.",
        r"As a corollary, for every $n \geq @n$ we obtain examples of unbounded @quantity.",
        "The case $n=@n$ was open; we settle it by @method.",
        r"If $n < @m$ this is classical; for larger $n$ it is new \emph{and} best possible.",
    ),
    closings=(
        "We end with a list of open problems.",
        "Several examples are worked out in full.",
        r"Tables for $n \leq @n$ are given.",
        "The paper is self-contained.",
        "This answers a question that was left open in earlier work.",
    ),
)

THEORY = Manner(
    titles=(
        "@quantity of @object @setting",
        "@object @setting",
        "@method for @object @setting",
        "@quantity and @method in the theory of @object",
        "Comments on the @quantity of @object",
        "@object @setting from @method",
        "Which @quantity for @object?",
    ),
    openings=(
        "We compute the @quantity of @object @setting.",
        "@object are studied @setting by means of @method.",
        "It is well known that @object have a rich structure @setting.",
        "We revisit @object @setting, with emphasis on their @quantity.",
        "A new approach to @object, based on @method, is proposed.",
    ),
    middles=(
        "To leading order the @quantity vanishes; the next order is finite and positive.",
        "Using @method we find that the @quantity depends on one parameter only.",
        r"The result holds for all couplings $g < @n$, and in the limit $g \to \infty$ as well.",
        "Numerical results obtained with @method agree with ours to within @p%.",
        "A phase transition is found at @n times the critical value.",
        "We argue that the usual treatment, which begins with @method, misses this term.",
    ),
    closings=(
        "Possible experimental tests are discussed.",
        "We comment on the extension to higher dimensions.",
        "Our results correct a factor of 2 in the literature.",
        "Some implications are pointed out.",
        "The relation to earlier work is clarified.",
    ),
)

MEASUREMENT = Manner(
    titles=(
        "@quantity of @object @setting",
        "@object @setting: first results",
        "@method of @object",
        "The @quantity of @object from @method",
        "Search for @object @setting",
        "Evidence for a varying @quantity in @object",
        "@method of @object @setting: II. The @quantity",
    ),
    openings=(
        "We present @method of @object @setting.",
        "We report on the @quantity of @object @setting, from @n nights of data.",
        "The @quantity of @object is still poorly known.",
        "We have searched for @object @setting.",
        "@object are among the least understood things seen @setting.",
    ),
    middles=(
        r"The @quantity is found to be $@n.@m \pm 0.@n$, where the error is statistical only.",
        "After the background is taken away, a signal of @n sigma is left.",
        r"Fewer than @p\% of the sample differ from the mean by more than a factor of two.",
        "The data follow a power law with index -1.@n, although a broken one cannot be excluded.",
        "For half of the sample (0.@n < z < @m) the @quantity is given here for the first time.",
        "We combine @method with archival data of ~@p hours & find no change within the errors.",
    ),
    closings=(
        "More data will be needed to decide between the two explanations.",
        "All data are made public with this paper.",
        "We discuss what this means for models.",
        "A simple model explains most of what is seen.",
        "This is the largest sample of its kind so far.",
    ),
)

COMPUTING = Manner(
    titles=(
        "@method for @object",
        "@object @setting",
        "Faster handling of @object @setting by @method",
        "@quantity of @object @setting: a study with @method",
        "Learning from @object by @method",
        "@method meets @object",
        "Do @object need @method? An experiment @setting",
    ),
    openings=(
        "We consider the problem of handling @object @setting.",
        "@method is the method of choice for @object, but it does not scale.",
        "We propose @method for @object @setting.",
        "Much of the recent progress on @object is due to @method.",
        "How good is @method, really? We look at @object @setting.",
    ),
    middles=(
        "Our approach improves the @quantity by @p% over the best one known.",
        r"It runs in time $O(n^{1+1/@n} \log n)$, where the best bound known was $O(n^@m)$.",
        "The key idea is to trade @quantity for memory.",
        "On @n out of @p benchmarks it is the fastest; on the others it comes second.",
        "An ablation shows that @method accounts for most of the gain in @quantity.",
        "We prove that the @quantity cannot be improved by more than a constant factor.",
    ),
    closings=(
        "Code is available from the authors.",
        "We close with a discussion of limitations.",
        "Experiments confirm the analysis.",
        "The method has been in daily use for @n months.",
        "No assumption on the distribution of the input is made.",
    ),
)

FIELDS = (
    Field(
        manner=PROOF,
        eras=(Era(199801, ALWAYS, "math.CO"), Era(200701, ALWAYS, "cs.DM")),
        cross=("math.CO", "cs.DM", "math.PR", "math.NT", "cs.CC", "math.GR"),
        objects=(
            "triangle-free graphs",
            "two-coloured tournaments",
            "lattice paths with marked corners",
            "sparse hypergraphs",
            "cap sets",
            "plane partitions with holes",
        ),
        settings=(
            "of bounded degree",
            "on the torus",
            "with a forbidden subgraph",
            "in the random setting",
            r"over $\mathbb{F}_q$",
        ),
        methods=(
            "flag counting",
            "the container method",
            "a random greedy process",
            "entropy compression",
            "transfer matrices",
        ),
        quantities=("chromatic number", "generating function", "Ramsey number", "stability gap"),
        facts=(
            r"In particular, every graph on $n$ vertices with more than $n^2/@m$ edges has one.",
            r"For $k=@n$ the extremal examples are unique up to relabelling.",
            r"The counting sequence begins 1, 2, @n, @p, and satisfies a recurrence of order @m.",
        ),
    ),
    Field(
        manner=PROOF,
        eras=(Era(199801, ALWAYS, "math.NT"),),
        cross=("math.AG", "math.CO", "math.RT", "cs.CR", "math.CA"),
        objects=(
            "primes in sparse sequences",
            "Thue equations of odd degree",
            "sums of three palindromes",
            "quadratic twists",
            "continued fractions with bounded digits",
        ),
        settings=(
            "over function fields",
            "in short intervals",
            "of small height",
            r"over $\mathbb{Q}(\sqrt{-@m})$",
            "on average",
        ),
        methods=(
            "the circle method",
            "a sieve with weights",
            "linear forms in logarithms",
            "exponential sums",
        ),
        quantities=("error term", "mean value", "rank", "discrepancy"),
        facts=(
            r"Among the first $10^@n$ integers there are exactly @p exceptions.",
            r"The result is conditional on a hypothesis on zeros with $\Re(s) > 1/2 + 1/@p$.",
            r"This gives $\sum_{p \leq x} 1/p = \log\log x + O(1/\log^@m x)$ along the sequence.",
        ),
    ),
    Field(
        manner=PROOF,
        eras=(
            Era(199202, 199712, "alg-geom math.AG"),
            Era(199406, 199712, "dg-ga math.DG"),
            Era(199801, ALWAYS, "math.AG"),
            Era(199801, ALWAYS, "math.DG"),
        ),
        cross=("math.AG", "math.DG", "hep-th", "math.SG", "math.CV", "math.GT"),
        objects=(
            "rational curves",
            "stable sheaves",
            "minimal surfaces with one end",
            "nodal quartics",
            "toric degenerations",
            "flat connections",
        ),
        settings=(
            "on K3 surfaces",
            "in positive characteristic",
            "on manifolds with corners",
            r"on compact K\"ahler threefolds",
            r"in ${\bf P}^@m$",
        ),
        methods=(
            "degeneration to the normal cone",
            "spectral sequences",
            "a gluing construction",
            "wall crossing",
        ),
        quantities=("moduli space", "Picard rank", "second fundamental form", "Euler number"),
        facts=(
            r"The moduli space has exactly @n components, each of dimension $2g-@m$.",
            r"When $K_X^2 = @n$ the surface is unique, and its automorphism group has order @p.",
            "No assumption on the curvature is made.",
        ),
    ),
    Field(
        manner=PROOF,
        eras=(
            Era(199204, 199712, "funct-an math.FA"),
            Era(199412, 199712, "q-alg math.QA"),
            Era(199801, ALWAYS, "math.AP"),
            Era(199801, ALWAYS, "math.PR"),
        ),
        cross=("math.FA", "math.PR", "math-ph", "math.SP", "math.DS", "math.NA"),
        objects=(
            "random walks with memory",
            "Toeplitz operators",
            "travelling waves",
            "quantum groups of low rank",
            "weak solutions of a thin-film equation",
            "branching processes",
        ),
        settings=(
            r"in $\mathbb{R}^n$",
            "on exterior domains",
            "in a random environment",
            "with rough boundary data",
            "at the critical exponent",
        ),
        methods=(
            "concentration compactness",
            "a Carleman estimate",
            "martingale methods",
            "interpolation",
        ),
        quantities=("decay rate", "spectral gap", "blow-up time", "hitting probability"),
        facts=(
            r"The solution satisfies $\|u(t)\|_{L^@m} \leq C t^{-1/@n}$ for all $t > 0$.",
            r"Uniqueness fails for every $p < 1 + 1/@n$, as an example of H\"older type shows.",
            "The limit law is not Gaussian, which came as a surprise.",
        ),
    ),
    Field(
        manner=THEORY,
        eras=(Era(199108, ALWAYS, "hep-th"), Era(199207, ALWAYS, "gr-qc")),
        cross=("hep-th", "gr-qc", "math-ph", "hep-ph", "quant-ph", "cond-mat.stat-mech"),
        objects=(
            "charged black holes",
            "open strings",
            "topological defects",
            "W-algebras",
            "cosmological bounces",
            "higher-spin fields",
        ),
        settings=(
            "in anti-de Sitter space",
            "in two dimensions",
            "on orbifolds",
            "at one loop",
            "with a positive cosmological constant",
        ),
        methods=(
            "the large-$N$ expansion",
            "a duality transformation",
            "BRST quantisation",
            "the conformal bootstrap",
            "lattice regularisation",
        ),
        quantities=("entropy", "central charge", "partition function", "effective potential"),
        facts=(
            r"The central charge is $c = @n - @m/k$, in agreement with a free-field count.",
            r"There are @n such solutions with $SO(@m)$ symmetry; only one of them is stable.",
            "Supersymmetry is broken, though softly so.",
        ),
    ),
    Field(
        manner=THEORY,
        eras=(
            Era(199203, ALWAYS, "hep-ph"),
            Era(199210, ALWAYS, "nucl-th"),
            Era(199112, ALWAYS, "hep-lat"),
        ),
        cross=("hep-ex", "hep-ph", "nucl-th", "astro-ph.CO", "hep-th", "nucl-ex"),
        objects=(
            "heavy quarkonia",
            "sterile neutrinos",
            "light scalar mesons",
            "halo nuclei",
            "axion-like particles",
        ),
        settings=(
            "at finite density",
            "in the MSSM",
            "near threshold",
            "with two flavours of quarks",
            "at next-to-leading order",
        ),
        methods=(
            "QCD sum rules",
            "chiral perturbation theory",
            "staggered fermions",
            "the renormalisation group",
        ),
        quantities=("decay constant", "mass splitting", "CP asymmetry", "cross section"),
        facts=(
            r"We obtain $m = (@n@m0 \pm @p)$ MeV.",
            r"The branching ratio may reach $@n \times 10^{-@m}$, within reach of experiment.",
            r"The rate is enhanced by a factor $1/\alpha_s \sim @n$ near threshold.",
        ),
    ),
    Field(
        manner=MEASUREMENT,
        eras=(
            Era(199204, 200812, "astro-ph"),
            Era(200901, ALWAYS, "astro-ph.GA"),
            Era(200901, ALWAYS, "astro-ph.SR"),
            Era(200901, ALWAYS, "astro-ph.HE"),
            Era(200901, ALWAYS, "astro-ph.EP"),
        ),
        cross=("gr-qc", "hep-ph", "astro-ph.IM", "astro-ph.CO", "physics.space-ph"),
        objects=(
            "dwarf galaxies",
            "magnetic white dwarfs",
            "blazars",
            "warm Neptunes",
            "globular clusters with two populations",
            "fast transients",
        ),
        settings=(
            "in the Virgo cluster",
            "beyond redshift 2",
            "in the Galactic halo",
            "at 1.4 GHz",
            "behind the Galactic plane",
        ),
        methods=(
            "near-infrared photometry",
            "deep spectroscopy",
            "VLBI observations",
            "timing observations",
            "narrow-band imaging",
        ),
        quantities=("metallicity", "luminosity function", "rotation curve", "variability"),
        facts=(
            r"The mean metallicity is [Fe/H] = -1.@n, with a scatter of 0.@m dex.",
            r"Of @p candidates @n are confirmed; their masses are below $10^@m M_{\odot}$.",
            "Two of the sources have faded since 1995.",
        ),
    ),
    Field(
        manner=THEORY,
        eras=(
            Era(199204, 199712, "cond-mat"),
            Era(199411, 199612, "supr-con cond-mat.supr-con"),
            Era(199801, ALWAYS, "cond-mat.stat-mech"),
            Era(199801, ALWAYS, "cond-mat.soft"),
            Era(199801, ALWAYS, "cond-mat.str-el"),
        ),
        cross=("cond-mat.stat-mech", "quant-ph", "cond-mat.mes-hall", "physics.comp-ph", "hep-th"),
        objects=(
            "frustrated magnets",
            "polymer brushes",
            "spin ladders",
            "vortex lattices",
            "granular chains",
            "active nematics",
        ),
        settings=(
            "in a staggered field",
            "near the jamming point",
            "with quenched disorder",
            "at half filling",
            "on the kagome lattice",
        ),
        methods=(
            "Monte Carlo simulation",
            "mean-field theory",
            "density-matrix renormalisation",
            "a scaling argument",
        ),
        quantities=(
            "order parameter",
            "critical exponent",
            "thermal conductivity",
            "shear modulus",
        ),
        facts=(
            r"The exponent is $\nu = 0.@n@m(@m)$, which rules out the Ising class.",
            r"Below $T_c \approx 0.@n J$ the order is destroyed by a field of only @m\%.",
            "Finite-size effects are large, and are dealt with in an appendix.",
        ),
    ),
    Field(
        manner=THEORY,
        eras=(Era(199412, ALWAYS, "quant-ph"),),
        cross=("cs.CC", "math-ph", "cond-mat.stat-mech", "physics.optics", "cs.IT", "hep-th"),
        objects=(
            "entangled pairs",
            "stabiliser codes",
            "noisy teleportation channels",
            "quantum walks",
            "weak measurements",
        ),
        settings=(
            "with limited memory",
            "of three qubits",
            "under dephasing",
            "in continuous variables",
            "without shared reference frames",
        ),
        methods=(
            "semidefinite programming",
            "a master equation",
            "randomised benchmarking",
            "convex duality",
        ),
        quantities=("fidelity", "concurrence", "channel capacity", "key rate"),
        facts=(
            r"The fidelity is $F = @n/@p$ at best, whatever the number $N > @m$ of copies.",
            r"The state $|\psi\rangle$ is separable if and only if $p < 1/@n$.",
            "A circuit of depth @n is enough.",
        ),
    ),
    Field(
        manner=THEORY,
        eras=(
            Era(199304, 199912, "solv-int nlin.SI"),
            Era(199301, 199912, "chao-dyn nlin.CD"),
            Era(199303, 199912, "adap-org nlin.AO"),
            Era(200001, ALWAYS, "nlin.SI"),
            Era(200001, ALWAYS, "nlin.CD"),
        ),
        cross=("math-ph", "hep-th", "math.DS", "physics.class-ph", "cond-mat.stat-mech"),
        objects=(
            r"discrete Painlev\'e equations",
            "coupled logistic maps",
            "billiards with moving walls",
            "Toda chains",
            "multi-soliton solutions",
        ),
        settings=(
            "with open ends",
            "on a quad graph",
            "in the weakly dissipative regime",
            "of genus two",
            "at resonance",
        ),
        methods=(
            "the inverse scattering transform",
            "Lax pairs",
            "symbolic dynamics",
            "a normal form",
        ),
        quantities=("Lyapunov spectrum", "tau function", "recurrence time", "integrability"),
        facts=(
            r"The Lax pair has size $2N \times 2N$, and its spectral curve has genus @m.",
            "Chaos sets in by period doubling, at parameter 3.@n@m.",
            r"The sine-Gordon and Schr\"odinger cases appear as special limits.",
        ),
    ),
    Field(
        manner=COMPUTING,
        eras=(
            Era(200001, ALWAYS, "cs.LG"),
            Era(200704, ALWAYS, "stat.ML"),
            Era(201201, ALWAYS, "cs.CV"),
        ),
        cross=("cs.LG", "stat.ML", "cs.AI", "cs.CV", "math.OC", "cs.DC", "q-bio.QM"),
        objects=(
            "imbalanced data sets",
            "deep networks with few labels",
            "decision forests",
            "streams of sensor readings",
            "graph embeddings",
            "overhead images",
        ),
        settings=(
            "under distribution shift",
            "with noisy labels",
            "on small devices",
            "in the online setting",
            "with many classes",
        ),
        methods=(
            "kernel averaging",
            "self-distillation",
            "stochastic mirror descent",
            "active sampling",
            "variational inference",
        ),
        quantities=("accuracy", "calibration error", "training time", "regret"),
        facts=(
            r"The regret is $O(\sqrt{@n T \log T})$, without knowledge of $T$.",
            "With 1% of the labels it reaches @p% of the accuracy of full supervision.",
            "Training takes @n hours on one machine instead of @p.",
        ),
    ),
    Field(
        manner=COMPUTING,
        eras=(Era(199404, 199809, "cmp-lg cs.CL"), Era(199810, ALWAYS, "cs.CL")),
        cross=("cs.AI", "cs.LG", "cs.IR", "cs.HC", "cs.SD"),
        objects=(
            "long compounds",
            "spoken dialogues",
            "unknown words",
            "bilingual dictionaries",
            "garden-path sentences",
        ),
        settings=(
            "in languages with free word order",
            "in parliamentary records",
            "with little training text",
            "in letters of the 19th century",
            "across domains",
        ),
        methods=(
            "chart parsing",
            "weighted transduction",
            "sentence alignment",
            "a back-off model",
            "instruction tuning",
        ),
        quantities=("recall", "perplexity", "parsing time", "agreement between annotators"),
        facts=(
            'Typical errors have to do with "that", which accounts for @p% of them.',
            "The corpus has @p,@n00 sentences, and was checked by hand.",
            "Precision rises from 0.7@n to 0.8@m.",
        ),
    ),
    Field(
        manner=COMPUTING,
        eras=(Era(199901, ALWAYS, "cs.DS"), Era(199901, ALWAYS, "cs.CC")),
        cross=("cs.DM", "math.CO", "cs.DS", "cs.CG", "quant-ph", "cs.DC", "cs.LO"),
        objects=(
            "dynamic trees",
            "bin packing instances",
            "low-depth circuits",
            "suffix structures",
            "scheduling problems with setup times",
        ),
        settings=(
            "in external memory",
            "on planar graphs",
            "against an adaptive adversary",
            "with two processors",
            "in the streaming model",
        ),
        methods=(
            "colour coding",
            "primal-dual rounding",
            "kernelisation",
            "fractional cascading",
            "sketching",
        ),
        quantities=("running time", "approximation ratio", "space", "number of cache misses"),
        facts=(
            r"The ratio is $1+1/@n$ on trees, and $\Omega(\log n)$ in general unless P=NP.",
            r"A lower bound of $\Omega(n \log n / @m)$ holds in the comparison model.",
            "Deletions cost no more than insertions.",
        ),
    ),
    Field(
        manner=COMPUTING,
        eras=(Era(200401, ALWAYS, "cs.IT"), Era(201709, ALWAYS, "eess.SP")),
        cross=("cs.NI", "eess.SP", "cs.IT", "math.CO", "cs.CR", "eess.SY"),
        objects=(
            "polar codes of short length",
            "relay channels",
            "sparse signals",
            "antenna arrays with gaps",
            "index codes",
        ),
        settings=(
            "with delayed feedback",
            "over erasure channels",
            "in the finite-length regime",
            "with one-bit quantisation",
            "under jamming",
        ),
        methods=(
            "list decoding",
            "interference alignment",
            "message passing",
            "random binning",
        ),
        quantities=("block error rate", "sum rate", "latency", "outage probability"),
        facts=(
            r"At a rate of 1/@m the gap to capacity is 0.@n dB.",
            r"With $m = O(k \log(n/k))$ measurements, exact recovery holds for all $k < @p$.",
            "Feedback does not help, except in the last @n uses of the channel.",
        ),
    ),
    Field(
        manner=MEASUREMENT,
        eras=(
            Era(199610, ALWAYS, "physics.bio-ph"),
            Era(200309, ALWAYS, "q-bio.PE"),
            Era(200309, ALWAYS, "q-bio.NC"),
        ),
        cross=("physics.soc-ph", "q-bio.QM", "cond-mat.soft", "nlin.AO", "stat.AP"),
        objects=(
            "swarming locusts",
            "bursting neurons",
            "invasive mussels",
            "beating cilia",
            "gene networks with feedback",
        ),
        settings=(
            "in fluctuating environments",
            "during development",
            "on small islands",
            "at low temperature",
            "in a shallow lake",
        ),
        methods=(
            "high-speed imaging",
            "field counts",
            "patch-clamp recordings",
            "single-cell tracking",
        ),
        quantities=("growth rate", "synchrony", "firing rate", "persistence time"),
        facts=(
            "Among @p animals only @n behaved otherwise.",
            r"The time constant is $\tau = @n.@m$ ms, and does not depend on temperature.",
            "The effect is lost when neighbours are more than @n body lengths apart.",
        ),
    ),
    Field(
        manner=COMPUTING,
        eras=(
            Era(200812, ALWAYS, "q-fin.ST"),
            Era(200812, ALWAYS, "q-fin.PR"),
            Era(201709, ALWAYS, "econ.TH"),
        ),
        cross=("q-fin.RM", "math.PR", "stat.AP", "physics.soc-ph", "cs.GT", "econ.EM"),
        objects=(
            "limit order books",
            "barrier options",
            "second-price auctions with entry fees",
            "household surveys",
            "overnight returns",
        ),
        settings=(
            "under rough volatility",
            "with transaction costs",
            "in thin markets",
            "with ambiguous priors",
            "after a shock",
        ),
        methods=(
            "tree regression",
            "backward induction",
            "moment matching",
            "a copula model",
        ),
        quantities=("bid-ask spread", "welfare loss", "pricing error", "tail index"),
        facts=(
            "The tail index is @m.@n for gains, and smaller for losses.",
            r"Prices are fair if and only if $\beta < 1/@m$.",
            "About @p% of the volume is traded in the last @n minutes of the day.",
        ),
    ),
    Field(
        manner=MEASUREMENT,
        eras=(
            Era(199411, 199609, "chem-ph physics.chem-ph"),
            Era(199610, ALWAYS, "physics.flu-dyn"),
            Era(199610, ALWAYS, "physics.optics"),
            Era(199610, ALWAYS, "physics.atom-ph"),
        ),
        cross=("physics.ins-det", "nlin.PS", "cond-mat.soft", "quant-ph", "physics.plasm-ph"),
        objects=(
            "falling ribbons",
            "slow light pulses",
            "bouncing droplets",
            "cold molecules",
            "whispering-gallery resonators",
        ),
        settings=(
            "in a rotating tank",
            "at grazing incidence",
            "below one kelvin",
            "near a free surface",
            "in hollow fibres",
        ),
        methods=(
            "particle tracking",
            "interferometric measurements",
            "two-colour spectroscopy",
            "pump-probe measurements",
        ),
        quantities=("drag coefficient", "linewidth", "polarisability", "quality factor"),
        facts=(
            r"At Re = @n@p the wake becomes unstable, earlier than expected.",
            r"The quality factor exceeds $10^@n$, @m times the best value so far.",
            "The shift is (@n.@m +- 0.@n) kHz, in agreement with theory.",
        ),
    ),
)

# Before that month the category, or the group it belongs to, did not exist.
FOUNDED = {
    "astro-ph.": 200901,
    "cond-mat.": 199801,
    "cs.": 199901,
    "cs.IT": 200401,
    "econ.": 201709,
    "eess.": 201709,
    "hep-ex": 199404,
    "hep-ph": 199203,
    "gr-qc": 199207,
    "math.": 199801,
    "math-ph": 199809,
    "nlin.": 200001,
    "nucl-ex": 199412,
    "nucl-th": 199210,
    "physics.": 199610,
    "q-bio.": 200309,
    "q-fin.": 200812,
    "quant-ph": 199412,
    "stat.": 200704,
}

# Categories with two names; arXiv lists both, one after the other.
TWINS = {
    "cs.IT": "math.IT",
    "math-ph": "math.MP",
    "math.NA": "cs.NA",
    "eess.SY": "cs.SY",
}

FIRST_NAMES = (
    "Adelheid",
    "Bram",
    "Calista",
    "Dov",
    "Edvige",
    "Folke",
    "Gwendal",
    "Hisae",
    "Isolde",
    "Jarmo",
    "Kwabena",
    "Lorcan",
    "Marisol",
    "Nerys",
    "Omid",
    "Paloma",
    "Quirin",
    "Rukmini",
    "Svante",
    "Tamsin",
    "Ulrika",
    "Vasco",
    "Wen-Li",
    "Yevgen",
    r"Zo\"e",
    r"Andr\'e",
    r"Bj\o rn",
    r"St\'ephane",
)
LAST_NAMES = (
    "Abercrane",
    "Birkenau-Stoll",
    "Castelmonte",
    "Dvorzhak",
    "Eastlake",
    "Fujimori-Wray",
    "Gantelius",
    "Hallorsen",
    "Inglenook",
    "Jaszbereny",
    "Kurrimbala",
    "Lindenthorpe",
    "Mavrogiorgos",
    "Nakasawara",
    "Oyelowaran",
    "Pettibrook",
    "Quintreau",
    "Rasmunder",
    "Silvermere",
    "Tchavdarova",
    "Umberleigh",
    "Vishwakumar",
    "Wolstenhaus",
    "Xanthopulo",
    "Yilmazer",
    "Zwartebroek",
    r"Gr\"unwaldt",
    r"Ho\v{r}anek",
    r"L\'opezdura",
    r"N\'emethvary",
    r"\AA kerlind",
    r"Ma{\l}kiewski",
    "van Oosterhagen",
    "de Montferrat",
)
INSTITUTES = ("Univ. of Northmere", "Institut Valdor", r"Universit\"at Falkenau", "Sample Lab")
JOURNALS = (
    "J.Hypoth.Phys.@volume:@page,@year",
    "Acta Fict. Math. @volume (@year), no. @number, @page--@last",
    "Lett. Spec. Astron. @volume, @page (@year)",
    "Trans. Sample Soc. @volume (@year) @page-@last",
    "Proceedings of the @number. Workshop on Imaginary Systems, pages @page-@last, @year",
)


class Draw:
    """Random choices made of `random()` alone, so that no version of Python changes them."""

    def __init__(self, seed: int) -> None:
        # A sample must be the same each time; nothing here is secret.
        self._random = random.Random(seed)  # noqa: S311

    def below(self, limit: int) -> int:
        """Return an integer from 0 to `limit` - 1."""
        return int(self._random.random() * limit)

    def between(self, first: int, last: int) -> int:
        """Return an integer from `first` to `last`, both included."""
        return first + self.below(last - first + 1)

    def happens(self, percent: int) -> bool:
        """Return true in `percent` of a hundred cases."""
        return self.below(100) < percent

    def one(self, choices: Sequence[T]) -> T:
        """Return one of `choices`."""
        return choices[self.below(len(choices))]

    def some(self, choices: Sequence[T], number: int) -> list[T]:
        """Return `number` of `choices`, or all of them, none twice."""
        left = list(choices)
        return [left.pop(self.below(len(left))) for _ in range(min(number, len(left)))]


# ---------------------------------------------------------------------------------------------
# Drawing a paper.


def drawn_papers(draw: Draw) -> list[Paper]:
    """Return the papers drawn from the grammar, spread evenly over the years."""
    taken_ids: set[str] = set()
    taken_titles: set[str] = set()
    papers = []
    for year, month in _months():
        paper = _drawn_paper(draw, year, month)
        while paper.arxiv_id in taken_ids or paper.title in taken_titles:
            paper = _drawn_paper(draw, year, month)
        taken_ids.add(paper.arxiv_id)
        taken_titles.add(paper.title)
        papers.append(paper)
    return papers


def _months() -> list[tuple[int, int]]:
    first = FIRST_MONTH[0] * 12 + FIRST_MONTH[1] - 1
    last = LAST_MONTH[0] * 12 + LAST_MONTH[1] - 1
    spread = [first + index * (last - first) // (DRAWN - 1) for index in range(DRAWN)]
    return [(month // 12, month % 12 + 1) for month in spread]


def _drawn_paper(draw: Draw, year: int, month: int) -> Paper:
    field, era = draw.one(
        [
            (field, eras)
            for field in FIELDS
            if (eras := [era for era in field.eras if era.since <= year * 100 + month <= era.until])
        ],
    )
    categories = _drawn_categories(draw, field, draw.one(era).categories, year * 100 + month)
    title, abstract = _drawn_text(draw, field)
    names = _drawn_names(draw)
    versions = _drawn_versions(draw, year, month)
    newest = versions[-1]
    published = draw.happens(40)
    return Paper(
        arxiv_id=_drawn_id(draw, categories[0], year, month),
        submitter=None if year < 1998 and draw.happens(20) else plain_name(names[0]),
        authors=_drawn_authors(draw, names),
        title=title,
        comments=_drawn_comments(draw, len(versions), year),
        journal_ref=_drawn_journal(draw, newest.year) if published else None,
        doi=_drawn_doi(draw, newest.year) if published and newest.year > 1998 else None,
        report_no=_drawn_report(draw, year) if draw.happens(12) else None,
        categories=" ".join(categories),
        licence=draw.one(next(some for since, some in LICENCES if year >= since)),
        abstract=abstract,
        versions=tuple(version.isoformat() for version in versions),
        updated_on=(newest + timedelta(days=draw.one((0, 0, 1, 3)))).date().isoformat(),
    )


def _drawn_categories(draw: Draw, field: Field, first: str, month: int) -> list[str]:
    """Return the primary category, its other name if it has one, and up to three cross-lists."""
    categories = first.split()
    there = [name for name in field.cross if _founded(name) <= month and name not in categories]
    chosen = [*categories, *sorted(draw.some(there, draw.one((0, 0, 0, 1, 1, 2, 2, 3, 3))))]
    named: list[str] = []
    for name in chosen:
        named += [name, TWINS[name]] if name in TWINS else [name]
    return list(dict.fromkeys(named))


def _founded(category: str) -> int:
    group = category.partition(".")[0] + "."
    return FOUNDED.get(category, FOUNDED.get(group, 0))


def _drawn_id(draw: Draw, primary: str, year: int, month: int) -> str:
    """Return an identifier in the form of its month, with a number that arXiv did not reach."""
    yymm = f"{year % 100:02}{month:02}"
    if (year, month) < (2007, 4):
        return f"{primary.partition('.')[0]}/{yymm}{draw.between(970, 999)}"
    if year < 2015:
        return f"{yymm}.{draw.between(9700, 9999)}"
    return f"{yymm}.{draw.between(90000, 99999)}"


def _drawn_versions(draw: Draw, year: int, month: int) -> list[datetime]:
    start = datetime(year, month, draw.between(1, 28), tzinfo=UTC)
    versions = [start + timedelta(seconds=draw.below(86400))]
    for _ in range(draw.one((0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 5))):
        later = versions[-1] + timedelta(seconds=draw.between(3600, 300 * 86400))
        if later < NO_LATER:
            versions.append(later)
    return versions


def _drawn_names(draw: Draw) -> list[str]:
    initials = draw.happens(40)
    names = []
    for last in draw.some(LAST_NAMES, draw.one((1, 1, 2, 2, 2, 3, 3, 4, 5, 12))):
        first = draw.one(FIRST_NAMES)
        if initials:
            first = " ".join(
                draw.one("ABCDEFGHJKLMNPRSTVW") + "." for _ in range(draw.between(1, 2))
            )
        names.append(f"{first} {last}")
    return names


def _drawn_authors(draw: Draw, names: list[str]) -> str:
    if draw.happens(12):
        names = [f"{name} ({draw.one(INSTITUTES)})" for name in names]
    if len(names) == 1:
        return names[0]
    last = ", " if len(names) > 2 and draw.happens(50) else draw.one((" and ", " and ", ", and "))
    if len(names) == 2 and last == ", and ":
        last = " and "
    return ", ".join(names[:-1]) + last + names[-1]


def _drawn_comments(draw: Draw, versions: int, year: int) -> str | None:
    if draw.happens(25):
        return None
    parts = [f"{draw.between(4, 60)} pages"]
    if draw.happens(50):
        parts.append(f"{draw.between(2, 15)} figures")
    if year < 2002:
        parts.append(draw.one(("LaTeX", "RevTeX", "plain TeX", "AmS-LaTeX")))
    comments = ", ".join(parts)
    if versions > 1:
        comments += draw.one(
            (
                f"; v{versions}: minor changes",
                ". Revised version, with a new section & one more table",
                "; typos corrected, references added, to appear in the proceedings of a conference",
            ),
        )
    return comments


def _drawn_journal(draw: Draw, year: int) -> str:
    page = draw.between(1, 900)
    known = {
        "volume": str(draw.between(2, 190)),
        "number": str(draw.between(4, 12)),
        "page": str(page),
        "last": str(page + draw.between(6, 40)),
        "year": str(year),
    }
    return re.sub(r"@([a-z]+)", lambda found: known[found[1]], draw.one(JOURNALS))


def _drawn_doi(draw: Draw, year: int) -> str:
    return f"10.5555/sample.{year}.{draw.between(1000, 99999)}"


def _drawn_report(draw: Draw, year: int) -> str:
    form = draw.one(("FICT-TH-{0:02}-{1:02}", "VALDOR-{0:02}/{1}", "NMO preprint {1}"))
    return form.format(year % 100, draw.between(1, 60))


def _drawn_text(draw: Draw, field: Field) -> tuple[str, str]:
    """Return a title and an abstract that speak of the same things."""
    method, other = draw.some(field.methods, 2)
    words = {
        "object": draw.one(field.objects),
        "setting": draw.one(field.settings),
        "method": method,
        "quantity": draw.one(field.quantities),
    }
    manner = field.manner
    title = _filled(draw, draw.one(manner.titles), words)
    sentences = [
        _filled(draw, draw.one(manner.openings), words),
        *(
            _filled(draw, middle, words | {"method": other})
            for middle in draw.some(manner.middles, draw.between(1, 6))
        ),
        *(_filled(draw, fact, words) for fact in draw.some(field.facts, draw.between(0, 3))),
        _filled(draw, draw.one(manner.closings), words),
    ]
    if len(sentences) > 4 and draw.happens(20):
        return title, " ".join(sentences[:3]) + "\n" + " ".join(sentences[3:])
    return title, " ".join(sentences)


def _filled(draw: Draw, pattern: str, words: dict[str, str]) -> str:
    """Fill in `pattern`, and begin it with a capital."""
    text = re.sub(r"@([a-z]+)", lambda found: words.get(found[1], found[0]), pattern)
    numbers = {"n": (3, 9), "m": (4, 8), "p": (11, 94)}
    text = re.sub(r"@([nmp])", lambda found: str(draw.between(*numbers[found[1]])), text)
    return text[0].upper() + text[1:]


# ---------------------------------------------------------------------------------------------


def sample() -> list[Paper]:
    """Return all papers in the snapshot's order, which is that of their identifiers as text."""
    papers = [REAL, *WRITTEN, *drawn_papers(Draw(SEED))]
    return sorted(papers, key=lambda paper: paper.arxiv_id)


def main() -> None:
    """Write the sample to the path given, or beside this program."""
    beside = Path(__file__).with_name("papers.jsonl")
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("output", nargs="?", type=Path, default=beside, help="the file to write")
    output: Path = parser.parse_args().output
    text = "".join(paper.line() for paper in sample())
    output.write_text(text, encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
