"""An unsorted copy of a lake's tables: random order, as pyarrow writes by default."""

from contextlib import contextmanager

import duckdb
import pyarrow.parquet as pq

TABLES = {"records": "pith_number", "aliases": "alias_value"}
"""What look-ups ask, and the column whose hash gives the order."""

GROUP_ROWS = 200_000
"""So many rows make a row group."""


def write_unsorted(connection, folder):
    """Write the tables of a lake to a folder in random order; DuckDB sorts beyond memory."""
    folder.mkdir()
    for table, column in TABLES.items():
        rows = connection.sql(f"from {table} order by hash({column})").to_arrow_reader(GROUP_ROWS)
        with pq.ParquetWriter(folder / f"{table}.parquet", rows.schema) as writer:
            for batch in rows:
                writer.write_batch(batch)


@contextmanager
def connected(folder):
    """Give a connection to an unsorted copy, to be asked as a lake is."""
    with duckdb.connect() as connection:
        connection.execute("set parquet_metadata_cache = true")
        connection.execute("set TimeZone = 'UTC'")
        for table in TABLES:
            place = folder / f"{table}.parquet"
            connection.execute(f"create view {table} as from read_parquet('{place}')")
            whole = f"[{{'path': '{place}', 'first': '', 'last': '~'}}]"
            connection.execute(f"set variable pith_parts_of_{table} = {whole}")
        yield connection


def row_count(connection, table):
    """Return how many rows a table has."""
    return connection.table(table).count("*").fetchall()[0][0]
