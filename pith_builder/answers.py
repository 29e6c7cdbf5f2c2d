"""Answers of `pith sql` on the screen: a table for eyes, CSV, JSON and JSON lines for machines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TextIO
from uuid import UUID

from pith_builder.lake.query import Answer

_ROWS_AT_ONCE = 1_000


def write_answer(answer: Answer, form: str, out: TextIO) -> None:
    """Write an answer in one of the forms `table`, `csv`, `json`, `jsonl`."""
    if form == "table":
        _write_table(answer, out)
    elif form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(answer.columns)
        for row in answer.rows:
            writer.writerow([_cell(value) for value in row])
    elif form == "jsonl":
        out.writelines(line + "\n" for line in _json_objects(answer))
    else:
        out.write("[")
        out.writelines(
            (",\n " if index else "\n ") + line for index, line in enumerate(_json_objects(answer))
        )
        out.write("\n]\n")


def _write_table(answer: Answer, out: TextIO) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in answer.columns:
        table.add_column(Text(column), overflow="fold")
    for row in answer.rows:
        table.add_row(*(Text(_cell(value), justify=_side(value)) for value in row))
    Console(file=out, highlight=False, soft_wrap=False).print(table)


def _side(value: Any) -> Any:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return "right" if is_number else "left"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _json_objects(answer: Answer) -> Iterator[str]:
    for row in answer.rows:
        values = {name: _plain(value) for name, value in zip(answer.columns, row, strict=True)}
        yield json.dumps(values, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Return a value of DuckDB's as JSON can say it: instants as ISO 8601, bytes as hexadecimal."""
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    if isinstance(value, dict):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, Decimal | UUID | timedelta):
        return str(value)
    return value
