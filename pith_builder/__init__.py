"""Pith Builder: mint, keep and verify content-addressed records of arXiv papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["connect"]


def connect(lake: str | Path) -> DuckDBPyConnection:
    """Return a DuckDB connection to a lake, for reading: see `pith_builder.lake.query`.

    Raises:
        UsageError: There is no lake.
        VerificationError: The lake is damaged.
    """
    # DuckDB is imported when it is asked for: most of the package does without.
    from pith_builder.lake.query import connect as connect_to_lake  # noqa: PLC0415

    return connect_to_lake(lake)
