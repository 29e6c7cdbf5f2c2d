"""Pictures of an overview as SVG that takes its colours from the page. The home of matplotlib."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from pith_builder.core.overview import BuildCounts, Stretch

SERIES = 7
"""Colours that tell series apart: `--series-1` to `--series-7` of the page."""

_WIDTH = 8.4
_COLOURS = {
    "#010101": "var(--ink)",
    "#020202": "var(--soft)",
    "#030303": "var(--line)",
    "#040404": "var(--gap)",
    "#050505": "var(--read)",
    **{f"#1010{number:02x}": f"var(--series-{number})" for number in range(1, SERIES + 1)},
}
"""What is drawn with each of these is shown in a colour of the page, light or dark."""

_OF_PAGE = {value[6:-1]: key for key, value in _COLOURS.items()}
_STYLE: Any = {
    "axes.edgecolor": _OF_PAGE["line"],
    "axes.labelcolor": _OF_PAGE["soft"],
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 10.5,
    "grid.color": _OF_PAGE["line"],
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.labelcolor": _OF_PAGE["ink"],
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name may hold a dollar
    "text.color": _OF_PAGE["ink"],
    "xtick.color": _OF_PAGE["line"],
    "xtick.labelcolor": _OF_PAGE["soft"],
    "ytick.color": _OF_PAGE["line"],
    "ytick.labelcolor": _OF_PAGE["soft"],
    "ytick.left": False,
}
_KINDS = {"minted": "series-1", "unchanged": "series-3", "rejected": "gap"}
_WHOLE = FuncFormatter(lambda value, _: f"{value:,.0f}")
_PERCENT = FuncFormatter(lambda value, _: f"{value:g} %")


def stacked_years(years: Sequence[int], series: Sequence[tuple[str, Sequence[int]]]) -> str:
    """Draw bars for years, each made of series from below: a name and a number for each year."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(3.6)
        below = [0] * len(years)
        for number, (name, values) in enumerate(series, 1):
            axes.bar(years, values, 0.82, below, label=name, color=_OF_PAGE[f"series-{number}"])
            below = [under + value for under, value in zip(below, values, strict=True)]
        _counted(axes)
        _yearly(axes, years)
        handles, names = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], names[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5))
        return _svg(figure, "years")


def bars(name: str, rows: Sequence[tuple[str, int]]) -> str:
    """Draw a bar for each row from the top: a label and a number, which is written beside it."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(0.35 + 0.27 * len(rows))
        places = range(len(rows))
        most = max((count for _, count in rows), default=0) or 1
        axes.barh(places, [count for _, count in rows], 0.72, color=_OF_PAGE["series-1"])
        for place, (_, count) in zip(places, rows, strict=True):
            axes.text(count + most * 0.008, place, f"{count:,}", va="center", fontsize=9.5)
        axes.set_yticks(places, [label for label, _ in rows])
        axes.tick_params(axis="y", labelcolor=_OF_PAGE["ink"])
        axes.set_xlim(0, most * 1.1)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        return _svg(figure, name)


def columns(name: str, rows: Sequence[tuple[str, int]], label: str) -> str:
    """Draw a column for each row from the left: a label and a number, which is written above."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(2.6)
        drawn = axes.bar(
            [row[0] for row in rows], [row[1] for row in rows], 0.7, color=_OF_PAGE["series-1"]
        )
        axes.bar_label(drawn, fmt=lambda value: f"{value:,.0f}", padding=3, fontsize=9.5)
        axes.set_xlabel(label)
        axes.set_xlim(-0.6, max(len(rows), 8) - 0.4)
        axes.yaxis.set_visible(False)
        axes.margins(y=0.15)
        return _svg(figure, name)


def shares(years: Sequence[int], percents: Sequence[float]) -> str:
    """Draw a share in per cent for each year."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(2.4)
        axes.bar(years, percents, 0.82, color=_OF_PAGE["series-2"])
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.yaxis.set_major_formatter(_PERCENT)
        axes.set_ylim(0, max([0.1, *percents]) * 1.12)
        _yearly(axes, years)
        return _svg(figure, "withdrawn")


def build_history(builds: Sequence[BuildCounts]) -> str:
    """Draw what each build minted, left unchanged and rejected, on scales that show small ones.

    What none of them did is left out.
    """
    with mpl.rc_context(_STYLE):
        totals = {kind: sum(getattr(build, kind) for build in builds) for kind in _KINDS}
        kinds = [kind for kind, total in totals.items() if total] or ["minted"]
        figure = Figure((_WIDTH, 0.6 + 1.4 * len(kinds)), layout="constrained")
        rows = figure.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
        for axes, kind in zip(rows, kinds, strict=True):
            counts = [getattr(build, kind) for build in builds]
            axes.bar(range(len(builds)), counts, 0.8, color=_OF_PAGE[_KINDS[kind]])
            title = f"{kind}: {totals[kind]:,}"
            axes.set_title(title, loc="left", fontsize=10.5, color=_OF_PAGE["ink"])
            _in_powers(axes, max([10, *counts]))
            axes.tick_params(axis="x", length=0, pad=8)
        step = max(1, -(-len(builds) // 8))
        shown = range(0, len(builds), step)
        rows[-1].set_xticks(shown, [f"{builds[index].started_at:%Y-%m-%d}" for index in shown])
        rows[-1].set_xlim(-0.8, max(len(builds), 8) - 0.2)
        return _svg(figure, "builds")


def _in_powers(axes: Axes, most: int) -> None:
    """Scale by powers of ten from 0, so that one shows beside a million."""
    powers = range(1, len(str(most)))
    axes.set_yscale("symlog", linthresh=1)
    axes.set_yticks([0, *(10**power for power in powers[:: 1 + len(powers) // 4])])
    axes.set_ylim(0, most * 2.5)
    axes.yaxis.set_minor_locator(NullLocator())
    _counted(axes)


def calendar(name: str, stretches: Sequence[Stretch]) -> str:
    """Draw the days of a set, a line for each year: those read, and those not, in red."""
    first, last = stretches[0].from_on.year, stretches[-1].until_on.year
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(0.5 + 0.24 * (last - first + 1))
        for stretch in stretches:
            colour = _OF_PAGE["read" if stretch.status == "read" else "gap"]
            for year in range(stretch.from_on.year, stretch.until_on.year + 1):
                start = max(stretch.from_on, date(year, 1, 1)).timetuple().tm_yday - 1
                end = min(stretch.until_on, date(year, 12, 31)).timetuple().tm_yday
                axes.barh(year, end - start, 0.8, start, color=colour)
        starts = [date(2025, month, 1).timetuple().tm_yday - 1 for month in range(1, 13)]
        axes.set_xticks(starts, [f"{date(2025, month, 1):%b}" for month in range(1, 13)], ha="left")
        axes.set_xlim(0, 366)
        axes.set_ylim(last + 0.55, first - 0.55)
        axes.set_yticks(range(first, last + 1, 1 + (last - first) // 24))
        axes.xaxis.tick_top()
        axes.spines["bottom"].set_visible(False)
        return _svg(figure, name)


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure((_WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def _yearly(axes: Axes, years: Sequence[int]) -> None:
    axes.set_xlim(years[0] - 0.7, years[-1] + 0.7)
    axes.set_xticks(range(years[0], years[-1] + 1, 1 + (years[-1] - years[0]) // 12))


def _counted(axes: Axes) -> None:
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.yaxis.set_major_formatter(_WHOLE)


def _svg(figure: Figure, name: str) -> str:
    """Return a figure as SVG for a page: no header, no size, colours and fonts of the page.

    Names inside it bear the figure's, so that several stand in one page.
    """
    out = io.StringIO()
    # The same numbers make the same picture.
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(
            out,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r"<svg \1>", text, count=1)
    text = re.sub(r" font-family: [^;]*;", "", text)
    text = re.sub("|".join(_COLOURS), lambda found: _COLOURS[found[0]], text)
    return re.sub(r"\n\s*", "\n", text)
