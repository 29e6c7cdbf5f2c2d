"""The reference is what the code says."""

import re

from pith_builder.settings import VARIABLES
from tests import reference
from tests.lakes import ROOT


def test_the_committed_reference_is_made_of_the_code():
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == reference.page()


def test_every_variable_that_the_code_goes_by_is_described_and_used():
    places = [
        ROOT / "prefect.yaml",
        *ROOT.glob("flows/**/*.py"),
        *ROOT.glob("pith_builder/**/*.py"),
    ]
    code = "".join(place.read_text(encoding="utf-8") for place in places)
    used = set(
        re.findall(r"(?<![A-Z_])PITH_[A-Z_]+", re.sub(r"Variable\(\s*\"PITH_[A-Z_]+\"", "", code))
    )

    assert {each.name for each in VARIABLES} == used


def test_no_table_of_the_reference_has_an_empty_sentence():
    rows = [line for line in reference.page().splitlines() if line.startswith("| `")]

    assert rows
    assert [row for row in rows if row.endswith("|  |")] == []
