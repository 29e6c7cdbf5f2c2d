from hypothesis import given

from pith_builder.core.alias import DOI_PREFIX, SourceAlias, alias_names, source_aliases
from pith_builder.core.arxiv_id import ArxivId
from pith_builder.core.record import CanonicalRecord
from tests.makers import canonical_records, law, paper
from tests.unit.core import reference

RECORD = CanonicalRecord.of(paper())


def test_the_six_aliases_of_a_record():
    assert alias_names(RECORD, RECORD.pith_number()) == (
        ("arxiv", "1804.01852"),
        ("arxiv_version", "1804.01852v2"),
        ("doi", "10.48550/arxiv.1804.01852"),
        ("pith_short_12", "REQM6TSZ2XBI"),
        ("pith_short_16", "REQM6TSZ2XBI5YFG"),
        ("pith_short_8", "REQM6TSZ"),
    )


def test_an_old_style_doi_keeps_its_slash():
    record = CanonicalRecord.of(paper(arxiv_id=ArxivId("hep-th/9701019")))
    names = dict(alias_names(record, record.pith_number()))
    assert names["doi"] == DOI_PREFIX + "hep-th/9701019" == "10.48550/arxiv.hep-th/9701019"


@law
@given(canonical_records())
def test_aliases_are_sorted_and_what_the_reference_says(record):
    aliases = source_aliases(record, record.pith_number(), "2026-05-18T00:01:09Z")
    assert list(aliases) == sorted(aliases)
    assert [alias.to_json_object() for alias in aliases] == reference.aliases(
        record.to_json_object(), "2026-05-18T00:01:09Z"
    )


@law
@given(canonical_records())
def test_versions_of_a_paper_share_the_alias_arxiv(record):
    later = CanonicalRecord.from_json_object(
        {**record.to_json_object(), "source": {**record.source(), "version": 100}}
    )
    ours = set(alias_names(record, record.pith_number()))
    theirs = set(alias_names(later, later.pith_number()))
    assert {kind for kind, _ in ours & theirs} == {"arxiv", "doi"}


def test_an_alias_is_a_value():
    alias = SourceAlias("arxiv", "1804.01852", "2026-05-18T00:01:09Z")
    assert SourceAlias(**alias.to_json_object()) == alias
