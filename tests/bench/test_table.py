import io

import pytest
from rich.console import Console

from tests.bench.scale import exponent
from tests.bench.table import Row, at_least, at_most, rendered


def row(figure, bound, **changes):
    return Row(what="speed", figure=figure, unit="papers/s", bound=bound, **changes)


@pytest.mark.parametrize(
    ("figure", "bound", "held"),
    [
        (40, at_least(0.40), True),
        (39, at_least(0.40), False),
        (5, at_most(0.05), True),
        (6, at_most(0.05), False),
        (39, at_least(39, "papers/s"), True),
        (38, at_least(39, "papers/s"), False),
        (38, None, None),
        (None, at_least(0.40), None),
    ],
)
def test_a_bound_is_of_the_ratio_unless_it_has_a_unit(figure, bound, held):
    assert row(figure, bound, yardstick="bound", against=100).held is held


def test_without_a_yardstick_a_bound_is_of_the_figure():
    assert row(1.04, at_most(1.05)).held
    assert not row(1.06, at_most(1.05)).held


def test_a_yardstick_that_could_not_be_measured_holds_nothing():
    missing = row(40, at_least(1.2), yardstick="rival", note="it is not installed")

    assert missing.ratio is None
    assert missing.held is None


def test_the_table_shows_figures_yardsticks_ratios_and_verdicts():
    out = io.StringIO()
    held = row(4_000, at_least(0.40, stretch=0.55), yardstick="bound", against=8_000)
    failed = row(300, at_least(0.40), yardstick="bound", against=1_000, note="alone")
    Console(file=out, width=150).print(rendered("a title", [[held], [failed]]))
    cells = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in out.getvalue().splitlines()
        if "speed" in line
    ]

    assert "a title" in out.getvalue()
    assert cells == [
        [
            "speed",
            "4,000 papers/s",
            "bound: 8,000 papers/s",
            "0.5",
            "≥ 0.4 (aim: 0.55)",
            "held",
            "",
        ],
        ["speed", "300 papers/s", "bound: 1,000 papers/s", "0.3", "≥ 0.4", "NOT HELD", "alone"],
    ]


@pytest.mark.parametrize("power", [0.5, 1.0, 1.3])
def test_the_exponent_is_the_power_that_figures_grow_by(power):
    figures = {size: 3 * size**power for size in (50, 100, 200, 400)}

    assert exponent(figures) == pytest.approx(power)
