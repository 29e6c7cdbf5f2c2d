import pytest

from pith_builder.lake.store import open_lake
from pith_builder.operations import content_roots as module
from pith_builder.operations.content_roots import content_roots


@pytest.mark.parametrize("shared_from", [0, 1_000_000])
def test_roots_are_those_of_the_manifest_whoever_goes_through_the_rows(
    monkeypatch, lake_of_two, shared_from
):
    monkeypatch.setattr(module, "_SHARED_FROM", shared_from)
    tables = open_lake(lake_of_two).manifest.tables

    found = content_roots(lake_of_two, {name: said.parts for name, said in tables.items()}, 2)

    assert found == {name: said.content_root for name, said in tables.items()}
