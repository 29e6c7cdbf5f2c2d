"""Listing records for people: a mirror's index, and a page or more for each month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pith_builder.core.graph import shown_title
from pith_builder.core.instants import format_seconds
from pith_builder.core.mirror import INDEX_PATH
from pith_builder.core.registry import Registry
from pith_builder.core.schemas import KINDS
from pith_builder.lake.query import Connection, fetch
from pith_builder.lake.store import Lake
from pith_builder.operations.mirror import committed_at, registry_key
from pith_builder.pages.render import Page, rendered

BROWSE = "browse"
RECORDS_ON_A_PAGE = 500
LATEST_ON_INDEX = 20
_AUTHORS_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records of a lake a mirror shows: all, those of a category, or those named.

    Attributes:
        category: A category, primary or not, or None for all.
        numbers: Pith Numbers, or None for all.
    """

    category: str | None = None
    numbers: frozenset[str] | None = None

    def make_view(self, connection: Connection) -> None:
        """Make the view `selected` of `records`, temporary in this connection.

        Raises:
            VerificationError: A part of the lake is damaged.
        """
        fetch(connection, "set variable selected_category = $name", {"name": self.category})
        numbers = None if self.numbers is None else sorted(self.numbers)
        fetch(connection, "set variable selected_numbers = $numbers", {"numbers": numbers})
        fetch(connection, _SELECTED)


_SELECTED = """
    create or replace temp view selected as
    select *
    from records
    where (getvariable('selected_category') is null
           or list_contains(categories, getvariable('selected_category')))
      and (getvariable('selected_numbers') is null
           or pith_number in (select unnest(getvariable('selected_numbers')::varchar[])))
"""
_COLUMNS = "pith_number, arxiv_id, arxiv_version, primary_cat, title, authors"


@dataclass(frozen=True, slots=True)
class Month:
    """A month of first submissions: its name, YYYY-MM, and how many records it has."""

    name: str
    records: int

    def pages(self) -> list[str]:
        """Return the names of its pages, the first `YYYY-MM.html`."""
        count = -(-self.records // RECORDS_ON_A_PAGE)
        return [_page_name(self.name, number) for number in range(1, count + 1)]


def months(connection: Connection) -> list[Month]:
    """Return the months of the selected records, the latest first."""
    query = """
        select strftime(submitted_at, '%Y-%m') as month, count(*)
        from selected
        group by month
        order by month desc
    """
    return [Month(*row) for row in fetch(connection, query)]


def index_page(
    lake: Lake, connection: Connection, registry: Registry, *, can_resolve: bool
) -> bytes:
    """Return the index of the selected records; a server that can look names up offers to."""
    papers, records = fetch(connection, "select count(distinct arxiv_id), count(*) from selected")[
        0
    ]
    query = """
        select primary_cat, count(*) as records
        from selected
        group by primary_cat
        order by records desc, primary_cat
    """
    latest = f"""
        select {_COLUMNS}
        from selected
        order by submitted_at desc, pith_number
        limit $count
    """  # noqa: S608 - the columns are ours
    years = groupby(months(connection), key=lambda month: month.name[:4])
    shown = {
        "records": records,
        "papers": papers,
        "categories": fetch(connection, query),
        "latest": _records(fetch(connection, latest, {"count": LATEST_ON_INDEX})),
        "years": [(year, list(of_year)[::-1]) for year, of_year in years],
        "schemas": [(kind.title, kind.path) for kind in KINDS],
        "key": registry_key(lake, connection).to_json_object(),
        "generated_at": format_seconds(committed_at(lake)),
        "sequence": lake.manifest.sequence,
        "can_resolve": can_resolve,
    }
    return rendered("index.html", Page(registry.name, ""), shown)


def month_records(connection: Connection, month: Month) -> list[dict[str, str]]:
    """Return the selected records of a month, as a page lists them, by the time of submission."""
    query = f"""
        select {_COLUMNS}
        from selected
        where submitted_at >= make_timestamptz($year, $month, 1, 0, 0, 0, 'UTC')
          and submitted_at < make_timestamptz($year, $month, 1, 0, 0, 0, 'UTC') + interval 1 month
        order by submitted_at, pith_number
    """  # noqa: S608 - the columns are ours
    wanted = {"year": int(month.name[:4]), "month": int(month.name[5:])}
    return _records(fetch(connection, query, wanted))


def month_page(
    registry: Registry, month: Month, records: Sequence[dict[str, str]], number: int
) -> bytes:
    """Return one page of a month's records, counted from 1."""
    names = month.pages()
    shown = {
        "month": month.name,
        "page": number,
        "pages": len(names),
        "names": names,
        "records": records[RECORDS_ON_A_PAGE * (number - 1) : RECORDS_ON_A_PAGE * number],
    }
    return rendered("month.html", Page(registry.name, "../"), shown)


def listing_pages(
    lake: Lake, connection: Connection, registry: Registry
) -> Iterator[tuple[str, bytes]]:
    """Yield every page that lists selected records, each with its path."""
    for month in months(connection):
        records = month_records(connection, month)
        for number, name in enumerate(month.pages(), 1):
            yield f"{BROWSE}/{name}", month_page(registry, month, records, number)
    yield INDEX_PATH, index_page(lake, connection, registry, can_resolve=False)


def _page_name(month: str, number: int) -> str:
    return f"{month}.html" if number == 1 else f"{month}-{number}.html"


def _records(rows: Sequence[tuple[Any, ...]]) -> list[dict[str, str]]:
    return [
        {
            "number": number,
            "suffix": number.rpartition(":")[2],
            "arxiv_name": f"{arxiv_id}v{version}",
            "primary_cat": category,
            "title": shown_title(title or number),
            "authors": _shortened(" ".join((authors or "").split())),
        }
        for number, arxiv_id, version, category, title, authors in rows
    ]


def _shortened(text: str) -> str:
    """Return a list of authors cut where it is longer than a few lines."""
    if len(text) <= _AUTHORS_CHARACTERS:
        return text
    return text[:_AUTHORS_CHARACTERS].rpartition(" ")[0] + " …"
