"""Other readers take a table as a list of Parquet files."""

import pandas as pd
import polars as pl
import pytest

import pith_builder
from pith_builder.errors import UsageError
from pith_builder.lake.tables import TABLES

COUNTS = "select count(*) from "


@pytest.mark.parametrize("table", TABLES)
def test_polars_and_pandas_read_what_duckdb_reads(lake_of_two, table):
    paths = pith_builder.parts(lake_of_two, table)
    count = pith_builder.connect(lake_of_two).execute(COUNTS + table).fetchone()[0]

    if not paths:
        assert count == 0
        return
    assert len(pl.scan_parquet(paths).collect()) == count
    assert len(pd.concat(pd.read_parquet(path) for path in paths)) == count


def test_polars_finds_a_paper_by_a_path_list(lake_of_two):
    records = pl.scan_parquet(pith_builder.parts(lake_of_two, "records"))
    found = records.filter(pl.col("categories").list.contains("math.GT")).select("arxiv_id")

    assert found.collect()["arxiv_id"].to_list() == ["0704.0003"]


def test_the_parts_of_the_past_are_those_of_then(lake_of_two):
    now = pith_builder.parts(lake_of_two, "records")

    assert pith_builder.parts(str(lake_of_two), "records", as_of=1) == now[:1]
    assert len(now) == 2


def test_a_table_that_is_none_is_told_with_those_there_are(lake_of_two):
    with pytest.raises(UsageError, match="wanted one of records, events"):
        pith_builder.parts(lake_of_two, "papers")
