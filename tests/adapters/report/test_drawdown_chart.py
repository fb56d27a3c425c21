from collections.abc import Callable
from decimal import Decimal

import pytest

from adapters.report.drawdown_chart import LEFT, LEGEND, drawdown_chart
from adapters.report.summary import summarise
from runtime.run import RunResult

pytestmark = pytest.mark.spec("BT-05")
WIDTH = LEFT + 70 + 18


def lines_of(result: RunResult) -> list[str]:
    return [line.ljust(WIDTH) for line in drawdown_chart(summarise(result), WIDTH)]


def test_a_day_is_as_deep_as_the_breaker_measured(result: RunResult) -> None:
    """Seventy days on seventy columns: 8 % from the 21st to the 49th, EMERGENCY at 25 % far below."""
    rows = lines_of(result)[:-3]
    depth = 0.25 * 1.02 / len(rows)
    filled = [sum(row[LEFT + day] == "█" for row in rows) for day in range(70)]
    assert filled[24] == filled[44] == round(0.08 / depth)
    assert filled[5] == filled[65] == 0


def test_the_levels_stand_where_they_begin_and_when_they_held(result: RunResult) -> None:
    *rows, levels, dates, legend = lines_of(result)
    assert [row.split()[-3] for row in rows if "CAUTION" in row or "EMERGENCY" in row] == ["CAUTION", "EMERGENCY"]
    assert rows[-1].rstrip().endswith("EMERGENCY 25 %")
    marks = levels[LEFT:].strip()
    assert marks.count("C") == pytest.approx(29, abs=1)
    assert marks.strip("·") == "C" * marks.count("C")
    assert dates.split() == ["2024-01-01", "2024-03-11"]
    assert legend.rstrip() == LEGEND


def test_a_fall_that_the_breaker_has_forgotten_is_drawn_lighter(changed: Callable[..., RunResult]) -> None:
    """After an acknowledgement the breaker measures anew; the money is gone all the same."""
    result = changed(thresholds={"CAUTION": Decimal("0.05")})
    rows = lines_of(result)[:-3]
    after = [row[LEFT + 54] for row in rows]
    assert "░" in after
    assert "█" not in after


def test_nothing_is_drawn_of_nothing(nothing: RunResult) -> None:
    assert lines_of(nothing) == []
