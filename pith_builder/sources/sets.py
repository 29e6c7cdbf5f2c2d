"""Categories as OAI-PMH sets: `cs.LG` is `cs:cs:LG`, `hep-th` is `physics:hep-th`."""

from __future__ import annotations

from collections.abc import Collection

from pith_builder.errors import UsageError

_PHYSICS = frozenset(
    (
        "astro-ph",
        "cond-mat",
        "gr-qc",
        "hep-ex",
        "hep-lat",
        "hep-ph",
        "hep-th",
        "math-ph",
        "nlin",
        "nucl-ex",
        "nucl-th",
        "physics",
        "quant-ph",
    )
)

_ALIASES = {  # arXiv gives each paper of the one the other as well (its category taxonomy)
    "math.MP": "math-ph",
    "math.IT": "cs.IT",
    "cs.NA": "math.NA",
    "q-fin.EC": "econ.GN",
    "math.ST": "stat.TH",
    "cs.SY": "eess.SY",
}
_OTHER_NAME = _ALIASES | {right: left for left, right in _ALIASES.items()}

_RETIRED = {  # archives that became categories; they have no set of their own
    "acc-phys": "physics.acc-ph",
    "adap-org": "nlin.AO",
    "alg-geom": "math.AG",
    "ao-sci": "physics.ao-ph",
    "atom-ph": "physics.atom-ph",
    "bayes-an": "physics.data-an",
    "chao-dyn": "nlin.CD",
    "chem-ph": "physics.chem-ph",
    "cmp-lg": "cs.CL",
    "comp-gas": "nlin.CG",
    "dg-ga": "math.DG",
    "funct-an": "math.FA",
    "mtrl-th": "cond-mat.mtrl-sci",
    "patt-sol": "nlin.PS",
    "plasm-ph": "physics.plasm-ph",
    "q-alg": "math.QA",
    "solv-int": "nlin.SI",
    "supr-con": "cond-mat.supr-con",
}


def other_name(category: str) -> str | None:
    """Return the category that holds the same papers under another name, if there is one.

    >>> other_name("math-ph")
    'math.MP'
    """
    return _OTHER_NAME.get(category)


def set_spec(category: str) -> str:
    """Write a category or an archive as a set; a retired archive as the category it became.

    >>> set_spec("cs.LG"), set_spec("hep-th"), set_spec("math.NA"), set_spec("alg-geom")
    ('cs:cs:LG', 'physics:hep-th', 'math:math:NA', 'math:math:AG')
    """
    archive, _, subject = _RETIRED.get(category, category).partition(".")
    group = "physics" if archive in _PHYSICS else archive
    return f"{group}:{archive}:{subject}" if subject else f"{group}:{archive}"


def checked_set_spec(category: str, listed: Collection[str]) -> str:
    """Return a category's set, once ListSets is shown to have it, or its other name's.

    A set may also be named as such (`cs:cs:LG`, or the group `cs:cs`).

    Raises:
        UsageError: The repository has no such set.
    """
    names = (category, other_name(category))
    for spec in (category if ":" in category else "", *(set_spec(name) for name in names if name)):
        if spec in listed:
            return spec
    raise UsageError(
        f"arXiv has no set for {category!r} (wanted: a category such as cs.LG or hep-th)"
    )
