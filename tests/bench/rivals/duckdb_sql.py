"""DuckDB alone: hashes of canonical text and record, to one Parquet file, on all cores.

Its text functions differ from Python's on rare text, so that its hashes are near, not right.
"""

from pathlib import Path

import duckdb

QUERY = Path(__file__).with_suffix(".sql")


def ready(source, folder):
    """Return the work: one query."""
    connection = duckdb.connect()
    connection.execute("set variable source = ?", [str(source)])
    target = str(folder / "records.parquet").replace("'", "''")
    query = QUERY.read_text("utf-8")

    def work():
        return connection.execute(
            f"copy ({query}) to '{target}' (format parquet, compression zstd)"
        ).fetchone()[0]

    return work
