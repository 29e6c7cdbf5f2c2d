"""Pith Builder: mint, keep and verify content-addressed records of arXiv papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from pith_builder.lake.history import Moment

__all__ = ["connect", "parts"]


def connect(lake: str | Path, as_of: Moment | None = None) -> DuckDBPyConnection:
    """Return a DuckDB connection to a lake, for reading, as it is or as of a moment.

    See `pith_builder.lake.query.connect`. A moment is a day or an instant (as text, `date` or
    `datetime`), a build, or a manifest's number.

    Raises:
        UsageError: There is no lake, or there was none then.
        VerificationError: The lake is damaged.
    """
    # DuckDB is imported when it is asked for: most of the package does without.
    from pith_builder.lake.query import connect as connect_to_lake  # noqa: PLC0415

    return connect_to_lake(lake, as_of)


def parts(lake: str | Path, table: str, as_of: Moment | None = None) -> list[Path]:
    """Return the Parquet files that hold a table of a lake, as it is or as of a moment.

    For readers other than DuckDB: `polars.scan_parquet(pith_builder.parts(lake, "records"))`.

    Raises:
        UsageError: There is no lake, there was none then, or it has no such table.
        VerificationError: The lake is damaged.
    """
    from pith_builder.lake.query import parts as parts_of_lake  # noqa: PLC0415

    return parts_of_lake(lake, table, as_of)
