"""Categories as sets of OAI-PMH."""

import pytest

from pith_builder.errors import UsageError
from pith_builder.sources.oai_page import read_page
from pith_builder.sources.sets import checked_set_spec, other_name, set_spec
from tests.arxiv_server.taxonomy import SET_SPECS
from tests.makers import SHARED, needs_shared


@pytest.mark.parametrize(
    ("category", "spec"),
    [
        ("cs.LG", "cs:cs:LG"),
        ("hep-th", "physics:hep-th"),
        ("math.NA", "math:math:NA"),
        ("math-ph", "physics:math-ph"),
        ("math.MP", "math:math:MP"),
        ("physics.optics", "physics:physics:optics"),
        ("cond-mat.str-el", "physics:cond-mat:str-el"),
        ("astro-ph", "physics:astro-ph"),
        ("q-bio.PE", "q-bio:q-bio:PE"),
        ("cs", "cs:cs"),
        ("chao-dyn", "physics:nlin:CD"),
        ("cs:cs:LG", "cs:cs:LG"),
        ("physics:nlin", "physics:nlin"),
    ],
)
def test_a_category_is_a_set(category, spec):
    assert checked_set_spec(category, SET_SPECS) == spec


@needs_shared
def test_every_real_set_is_made_of_its_category():
    listed = read_page((SHARED / "arxiv" / "oai" / "list_sets.xml").read_bytes()).set_specs
    for spec in listed:
        _, _, category = spec.partition(":")
        if category:
            assert set_spec(category.replace(":", ".")) == spec
    assert set(listed) == SET_SPECS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("math-ph", "math.MP"),
        ("cs.IT", "math.IT"),
        ("cs.NA", "math.NA"),
        ("cs.SY", "eess.SY"),
        ("stat.TH", "math.ST"),
        ("econ.GN", "q-fin.EC"),
    ],
)
def test_a_set_may_stand_under_the_categorys_other_name(one, other):
    assert other_name(one) == other
    assert other_name(other) == one
    assert checked_set_spec(one, SET_SPECS - {set_spec(one)}) == set_spec(other)


@pytest.mark.parametrize("category", ["", "cs.XX", "CS.LG", "cs:LG", "biology", ":", "cs.LG.x"])
def test_what_is_no_set(category):
    with pytest.raises(UsageError, match="no set"):
        checked_set_spec(category, SET_SPECS)
