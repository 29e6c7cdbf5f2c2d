"""An unsorted copy of a lake's tables: random order, as pyarrow writes by default."""

from contextlib import contextmanager

import duckdb
import pyarrow.parquet as pq

TABLES = {"records": "pith_number", "aliases": "alias_value"}
"""What look-ups ask, and the column whose hash gives the order."""

BUCKET_ROWS = 200_000
"""So many rows are held at once, and make a row group."""


def write_unsorted(connection, folder):
    """Write the tables of a lake to a folder, a bucket of random rows at a time."""
    folder.mkdir()
    for table, column in TABLES.items():
        buckets = -(-row_count(connection, table) // BUCKET_ROWS)
        writer = None
        for bucket in range(buckets):
            query = f"from {table} where hash({column}) % $n = $k order by hash({column}, 1)"
            asked = connection.sql(query, params={"n": buckets, "k": bucket})
            rows = asked.to_arrow_table()
            writer = writer or pq.ParquetWriter(folder / f"{table}.parquet", rows.schema)
            writer.write_table(rows)
        writer.close()


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
