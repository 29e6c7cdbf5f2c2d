from pith_builder.lake.store import open_lake
from pith_builder.operations.content_roots import content_roots


def test_roots_are_those_of_the_manifest(lake_of_two):
    tables = open_lake(lake_of_two).manifest.tables

    found = content_roots(lake_of_two, {name: said.parts for name, said in tables.items()}, 2)

    assert found == {name: said.content_root for name, said in tables.items()}
