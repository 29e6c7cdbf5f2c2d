import pytest

from pith_builder.core.forms import CURRENT_LISTS, EVENT_TARGETS, MIRROR_HINT
from pith_builder.core.statements import RELATIONS, STATEMENTS
from pith_builder.errors import MalformedError
from tests.lakes import ROOT
from tests.statements_page import page

BY_NAME = {statement.name: statement for statement in STATEMENTS}


def test_every_type_of_event_that_is_no_registrys_can_be_stated():
    stated = {statement.event_type for statement in STATEMENTS}
    assert stated == set(CURRENT_LISTS) - {"graph_snapshot"}
    assert all(one.target == EVENT_TARGETS[one.event_type] for one in STATEMENTS)


def test_what_is_not_given_is_null():
    assert BY_NAME["citation"].payload(
        {"relation": "cites", "cited": "1412.6651", "context": None}
    ) == {
        "relation": "cites",
        "cited": "1412.6651",
        "context": None,
    }


@pytest.mark.parametrize("relation", RELATIONS)
def test_relations_are_those_of_the_format(relation):
    BY_NAME["citation"].payload({"relation": relation, "cited": "1412.6651"})


@pytest.mark.parametrize(
    "cited",
    [
        "pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST",
        "arXiv:1412.6651v2",
        "hep-th/9901001",
        "10.1000/182",
        "doi:10.1000/182",
        "https://doi.org/10.1000/182",
        "https://example.org/a-report",
    ],
)
def test_a_work_is_cited_by_a_name_that_finds_it(cited):
    said = {"relation": "cites", "cited": cited}
    assert BY_NAME["citation"].payload(said)["cited"] == cited


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        (
            "citation",
            {"relation": "likes", "cited": "1412.6651"},
            "relation: found 'likes', wanted one of",
        ),
        ("citation", {"relation": "cites"}, "cited: is missing"),
        ("citation", {"relation": "cites", "cited": "a book"}, "found 'a book', wanted a Pith"),
        ("citation", {"relation": "cites", "cited": "10.1000/1 2"}, "wanted a Pith Number, an ar"),
        ("citation", {"relation": "cites", "cited": "1412.6651", "y": 1}, "y: is no field"),
        ("author", {"author_name": "A\nB"}, "author_name: found"),
        ("author", {"author_name": "A", "orcid": "0000"}, "orcid: .* wanted an ORCID"),
        ("storage", {"storage_type": "ipfs", "location": "x", "content_sha256": "0"}, "content_s"),
        ("replication", {"outcome": "well", "report_url": "https://x.example"}, "outcome: found"),
    ],
)
def test_a_payload_in_another_form_is_refused(name, values, message):
    with pytest.raises(MalformedError, match=message):
        BY_NAME[name].payload(values)


def test_a_mirror_hint_is_stated_in_the_form_that_bundles_list():
    assert BY_NAME["mirror"].form().fields == dict(MIRROR_HINT.fields)


def test_the_manual_lists_every_field():
    assert (ROOT / "docs" / "statements.md").read_text("utf-8") == page()
