import json

import pytest

from pith_builder.errors import VerificationError
from pith_builder.lake.query import connect
from pith_builder.operations.citing import CitationForm, cite
from tests.graphs import imported_into, mirrored
from tests.lakes import rows

BASE_URL = "https://mirror.example"


@pytest.mark.parametrize("form", CitationForm)
def test_each_version_is_cited_by_its_own_number(lake_of_two, form):
    connection = connect(lake_of_two)
    cited = {
        row["pith_number"]: cite(connection, row["pith_number"], form, BASE_URL)
        for row in rows(lake_of_two, "records")
        if row["arxiv_id"] == "0704.0003"
    }

    assert len(cited) == 2
    assert len({*cited.values()}) == 2
    for number, text in cited.items():
        assert number in text
        assert f"{BASE_URL}/pith/{number[-26:]}" in text


def test_a_record_that_came_without_raw_metadata_is_cited_too(lake_of_two, tmp_path):
    lake = tmp_path / "lake"
    imported_into(lake, mirrored(lake_of_two, tmp_path / "mirror", with_metadata=False))
    connection = connect(lake)

    for row in rows(lake, "records"):
        assert row["categories"] is None
        said = json.loads(cite(connection, row["pith_number"], CitationForm.DATACITE, BASE_URL))
        assert said["subjects"][0]["subject"] == row["primary_cat"]
        assert row["pith_number"] in cite(
            connection, row["pith_number"], CitationForm.BIBTEX, BASE_URL
        )


def test_what_the_lake_has_not_is_told(lake_of_two):
    with pytest.raises(VerificationError, match="no row"):
        cite(connect(lake_of_two), f"pith:2007:{'A' * 26}", CitationForm.LATEX, BASE_URL)
