"""A lake in a few tables, as Markdown for people: the figures of `pith report`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from flows.reports import markdown_table
from pith_builder.core.overview import Overview

ROWS_SHOWN = 30
"""Rows of a table: Prefect keeps each artifact whole in its database."""


def overview_markdown(lake: Overview) -> str:
    """Return what the lake holds: papers by year and category, builds, coverage, signatures."""
    return "\n".join(_lines(lake)) + "\n"


def _lines(lake: Overview) -> Iterator[str]:
    yield f"# The lake as of manifest {lake.sequence}"
    yield (
        f"\n{lake.papers} papers, {lake.withdrawn} of them withdrawn; {lake.rows['records']} "
        f"records; {lake.gap_days} days missing"
    )
    gaps = [
        (stretch.set_spec or "all of arXiv", stretch.status, stretch.from_on, stretch.until_on)
        for stretch in lake.stretches
        if stretch.status != "read"
    ]
    yield from markdown_table("Days missing", ("Set", "Status", "From", "Until"), gaps[:ROWS_SHOWN])
    builds = [
        (build.build_id, build.operation, build.minted, build.unchanged, build.rejected)
        for build in reversed(lake.builds[-ROWS_SHOWN:])
    ]
    heads = ("Build", "What ran", "Minted", "Unchanged", "Rejected")
    yield from markdown_table("The last builds", heads, builds)
    years: Counter[int] = Counter()
    for entry in lake.years:
        years[entry.year] += entry.papers
    by_year = sorted(years.items(), reverse=True)[:ROWS_SHOWN]
    yield from markdown_table("Papers by year", ("Year", "Papers"), by_year)
    largest = lake.categories[:ROWS_SHOWN]
    yield from markdown_table("Largest categories", ("Category", "Papers", "Withdrawn"), largest)
    signed = [(line.key_id, line.signed_what, line.signatures) for line in lake.signed]
    yield from markdown_table("Signatures", ("Key", "Signed", "Signatures"), signed)
