"""The report: one page of an overview's pictures, each with the numbers behind it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pith_builder.core.overview import Overview, Stretch
from pith_builder.pages import figures
from pith_builder.pages.render import asset, environment

CATEGORIES_SHOWN = 25
BUILDS_SHOWN = 60
CALENDARS_SHOWN = 6
STRETCHES_SHOWN = 200
MOST_VERSIONS = 10

_LICENSE = re.compile(r"https?://creativecommons\.org/licenses/([a-z-]+)/([0-9.]+)/?")
_LICENSES = {
    "": "none given",
    "http://arxiv.org/licenses/nonexclusive-distrib/1.0/": "arXiv, non-exclusive 1.0",
    "http://creativecommons.org/publicdomain/zero/1.0/": "CC0 1.0",
    "http://creativecommons.org/licenses/publicdomain/": "CC public domain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture with a sentence that says what it shows, and its numbers.

    Attributes:
        name: Its place in the page.
        title: Its heading.
        says: What it shows, in a sentence or two, for those too who do not see it.
        svg: The picture, or "" where the numbers say it all.
        heads: What the columns of the numbers are.
        rows: The numbers.
    """

    name: str
    title: str
    says: str
    svg: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


def report_page(overview: Overview) -> str:
    """Return the report as HTML that needs nothing besides: no script, no other file."""
    made_with = environment()
    made_with.filters["shown"] = _shown
    return made_with.get_template("report.html").render(
        lake=overview,
        pictures=list(_pictures(overview)),
        style=Markup(asset("report.css").decode()),  # noqa: S704 - our own file
        # matplotlib escapes the words in a picture.
        picture=Markup,
    )


def license_name(address: str) -> str:
    """Return a licence's usual name, or its address.

    >>> license_name("http://creativecommons.org/licenses/by-nc-sa/4.0/")
    'CC BY-NC-SA 4.0'
    """
    found = _LICENSE.fullmatch(address)
    if found is not None:
        return f"CC {found[1].upper()} {found[2]}"
    return _LICENSES.get(address, address[:60])


def _shown(value: object) -> str:
    """Return a number with its thousands apart, and anything else as it is."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def _pictures(lake: Overview) -> Iterator[Picture]:
    if lake.years:
        yield _years(lake)
        yield _categories(lake)
        yield _versions(lake)
        yield _licenses(lake)
        yield _withdrawn(lake)
    if lake.builds:
        yield _builds(lake)
    if lake.rejects:
        yield _rejects(lake)
    yield from _coverage(lake.stretches)


def _years(lake: Overview) -> Picture:
    totals: Counter[str] = Counter()
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for entry in lake.years:
        totals[entry.archive] += entry.papers
        counts[entry.year][entry.archive] += entry.papers
    by_size = sorted(totals, key=lambda archive: (-totals[archive], archive))
    # The last colour is for all that have none of their own.
    named = by_size if len(by_size) <= figures.SERIES else by_size[: figures.SERIES - 1]
    years = range(min(counts), max(counts) + 1)
    series = [(archive, [counts[year][archive] for year in years]) for archive in named]
    if len(named) < len(by_size):
        rest = [
            counts[year].total() - sum(counts[year][archive] for archive in named) for year in years
        ]
        series.append(("all others", rest))
    return Picture(
        name="years",
        title="Papers by year",
        says=(
            f"Papers by the year of their first version, {years[0]} to {years[-1]}, coloured by "
            f"the archive of their first category. The largest archive is {by_size[0]} with "
            f"{totals[by_size[0]]:,} papers."
        ),
        svg=figures.stacked_years(years, series),
        heads=("Year", *(name for name, _ in series), "All"),
        rows=[
            (str(year), *(values[index] for _, values in series), counts[year].total())
            for index, year in enumerate(years)
        ],
    )


def _categories(lake: Overview) -> Picture:
    largest = lake.categories[:CATEGORIES_SHOWN]
    return Picture(
        name="categories",
        title="Largest categories",
        says=f"The {len(largest)} largest of {len(lake.categories)} primary categories, by papers.",
        svg=figures.bars("categories", [(name, papers) for name, papers, _ in largest]),
        heads=("Category", "Papers", "Withdrawn"),
        rows=lake.categories,
    )


def _versions(lake: Overview) -> Picture:
    by_number = dict(lake.versions)
    highest = max(by_number)
    rows = [
        (str(number), by_number.get(number, 0))
        for number in range(1, min(highest + 1, MOST_VERSIONS))
    ]
    if highest >= MOST_VERSIONS:
        many = sum(papers for version, papers in lake.versions if version >= MOST_VERSIONS)
        rows.append((f"{MOST_VERSIONS} or more", many))
    revised = sum(papers for version, papers in lake.versions if version > 1)
    return Picture(
        name="versions",
        title="Versions",
        says=(
            "Papers by the number of their latest version; "
            f"{_percent(revised, lake.papers)} were revised."
        ),
        svg=figures.columns("versions", rows, "latest version"),
        heads=("Latest version", "Papers"),
        rows=rows,
    )


def _licenses(lake: Overview) -> Picture:
    rows = [(license_name(address), papers) for address, papers in lake.licenses]
    open_papers = sum(papers for address, papers in lake.licenses if "creativecommons" in address)
    return Picture(
        name="licences",
        title="Licences",
        says=(
            "Papers by the licence of their latest version; "
            f"{_percent(open_papers, lake.papers)} are under Creative Commons."
        ),
        svg=figures.bars("licences", rows[:15]),
        heads=("Licence", "Papers"),
        rows=rows,
    )


def _withdrawn(lake: Overview) -> Picture:
    papers: Counter[int] = Counter()
    withdrawn: Counter[int] = Counter()
    for entry in lake.years:
        papers[entry.year] += entry.papers
        withdrawn[entry.year] += entry.withdrawn
    years = sorted(papers)
    shares = [100 * withdrawn[year] / papers[year] for year in years]
    return Picture(
        name="withdrawn",
        title="Share withdrawn",
        says=(
            f"Of all papers {_percent(lake.withdrawn, lake.papers)} are withdrawn; here by the "
            "year of the first version."
        ),
        svg=figures.shares(years, shares),
        heads=("Year", "Papers", "Withdrawn", "Share"),
        rows=[
            (str(year), papers[year], withdrawn[year], f"{share:.2f} %")
            for year, share in zip(years, shares, strict=True)
        ],
    )


def _builds(lake: Overview) -> Picture:
    shown = lake.builds[-BUILDS_SHOWN:]
    rejected = sum(build.rejected for build in lake.builds)
    which = f"the last {len(shown)} of " if len(shown) < len(lake.builds) else ""
    return Picture(
        name="builds",
        title="Builds over time",
        says=(
            f"What {which}{_number(len(lake.builds), 'build')} minted, left unchanged and "
            "rejected, in the order of their commits. Each line up is ten times as much or more. "
            + (
                f"Of all papers seen, {rejected:,} were rejected."
                if rejected
                else "None rejected any."
            )
        ),
        svg=figures.build_history(shown),
        heads=("Build", "What ran", "Seen", "Minted", "Unchanged", "Rejected"),
        rows=[
            (
                build.build_id,
                build.operation,
                build.seen,
                build.minted,
                build.unchanged,
                build.rejected,
            )
            for build in reversed(shown)
        ],
    )


def _rejects(lake: Overview) -> Picture:
    return Picture(
        name="rejects",
        title="Rejects by reason",
        says="What was observed and made no record; each is kept whole in table rejects.",
        svg=figures.bars("rejects", lake.rejects),
        heads=("Reason", "Rejects"),
        rows=lake.rejects,
    )


def _coverage(stretches: Sequence[Stretch]) -> Iterator[Picture]:
    """Yield a calendar for each set, those with the most days missing first."""
    sets: dict[tuple[str, str], list[Stretch]] = defaultdict(list)
    for stretch in stretches:
        sets[stretch.source, stretch.set_spec].append(stretch)
    ordered = sorted(sets.items(), key=lambda entry: (-_missing(entry[1]), entry[0]))
    for number, ((source, set_spec), days) in enumerate(ordered, 1):
        is_drawn = number <= CALENDARS_SHOWN
        name = f"coverage-{number}"
        missing = _missing(days)
        gaps = [stretch for stretch in days if stretch.status != "read"]
        yield Picture(
            name=name,
            title=f"Coverage of {set_spec or 'all of arXiv'}",
            says=(
                f"Days of {source}, from {days[0].from_on} to {days[-1].until_on}: "
                + (f"{missing:,} are not read, in red." if missing else "every one is read.")
            ),
            svg=figures.calendar(name, days) if is_drawn else "",
            heads=("Status", "From", "Until", "Days"),
            rows=[
                (stretch.status, stretch.from_on, stretch.until_on, stretch.days)
                for stretch in (gaps or days)[:STRETCHES_SHOWN]
            ],
        )


def _missing(stretches: Sequence[Stretch]) -> int:
    return sum(stretch.days for stretch in stretches if stretch.status != "read")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"
