"""The benchmark's table: figures beside their yardsticks, and whether bounds hold."""

from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit to a row's ratio; to its figure, where the limit has a unit or there is no ratio.

    `stretch` is a better limit, aimed at.
    """

    sign: str
    limit: float
    unit: str = ""
    stretch: float | None = None

    def __str__(self):
        stretch = "" if self.stretch is None else f" (aim: {_short(self.stretch)})"
        return f"{self.sign} {_short(self.limit)} {self.unit}".rstrip() + stretch

    def holds(self, value):
        """Tell whether a value is within the limit."""
        return value >= self.limit if self.sign == "≥" else value <= self.limit


def at_least(limit, unit="", stretch=None):
    """Bound from below."""
    return Bound("≥", limit, unit, stretch)


def at_most(limit, unit="", stretch=None):
    """Bound from above."""
    return Bound("≤", limit, unit, stretch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of the table.

    Attributes:
        what: What was measured.
        figure: Its median, or None where it could not be measured; `note` then says why.
        unit: What the figure, and its yardstick, are counted in.
        yardstick: What it is held against, in words.
        against: The yardstick's median.
        bound: What the ratio, or the figure, should be.
        note: What a reader must know to judge it.
    """

    what: str
    figure: float | None
    unit: str
    yardstick: str = ""
    against: float | None = None
    bound: Bound | None = None
    note: str = ""

    @property
    def ratio(self):
        """The figure over its yardstick, where there are both."""
        return self.figure / self.against if self.figure is not None and self.against else None

    @property
    def held(self):
        """Whether the bound held; None where there is none, or nothing to hold against it."""
        if self.bound is None:
            return None
        value = self.figure if self.bound.unit or not self.yardstick else self.ratio
        return None if value is None else self.bound.holds(value)

    def to_json_object(self):
        """Return the row for machines."""
        return {
            "what": self.what,
            "figure": self.figure,
            "unit": self.unit,
            "yardstick": self.yardstick,
            "against": self.against,
            "ratio": self.ratio,
            "bound": None if self.bound is None else str(self.bound),
            "held": self.held,
            "note": self.note,
        }


VERDICTS = {True: "held", False: "NOT HELD", None: ""}


def rendered(title, groups):
    """Return the table of some groups of rows, with a line between groups."""
    table = Table(title=title)
    for name in ("what", "figure", "yardstick", "ratio", "bound", "", "note"):
        is_number = name in {"figure", "ratio"}
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for rows in groups:
        for row in rows:
            against = f": {_figure(row.against, row.unit)}" if row.against is not None else ""
            table.add_row(
                row.what,
                _figure(row.figure, row.unit),
                row.yardstick + against,
                "" if row.ratio is None else _short(row.ratio),
                "" if row.bound is None else str(row.bound),
                VERDICTS[row.held],
                row.note,
            )
        table.add_section()
    return table


def _figure(value, unit):
    return "none" if value is None else f"{_short(value)} {unit}".rstrip()


def _short(value):
    """Return a number with three digits that count, or whole."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
