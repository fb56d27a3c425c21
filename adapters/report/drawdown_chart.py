"""The drawdown as a chart of characters, with the levels of the breaker across it and below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from adapters.report.summary import Summary
from adapters.report.words import day, percent
from runtime.ladder import NORMAL
from runtime.metrics import under_water
from runtime.run import LevelChange

ROWS = 12
LEFT = 8
RIGHT = 18
FEWEST, MOST = 20, 120
WATCHED, WHOLE, LINE, CALM = "█", "░", "╌", "·"
LEGEND = (
    f"{WATCHED} as the breaker measures it, {WHOLE} below the highest equity ever; the last row is the breaker's level"
)


@dataclass(frozen=True, slots=True)
class _Column:
    """The worst of one stretch of time: both drawdowns as ratios, and the highest level of the breaker."""

    watched: float
    whole: float
    level: str


def drawdown_chart(summary: Summary, width: int) -> list[str]:
    """Return the lines of the chart, as wide as the screen; none where there is nothing to draw."""
    points = summary.result.equity
    if len(points) < 2:
        return []
    columns = _columns(summary, min(MOST, max(FEWEST, width - LEFT - RIGHT)))
    thresholds = {name: float(at) for name, at in summary.result.thresholds.items()}
    lowest = max(*(column.whole for column in columns), *(column.watched for column in columns), *thresholds.values())
    if not lowest:
        return []
    step = lowest * 1.02 / ROWS
    drawn = [_row(row, step, columns, thresholds) for row in range(ROWS)]
    letters = "".join(CALM if column.level == NORMAL else column.level[0] for column in columns)
    return [*drawn, f"{'level':>{LEFT - 1}} {letters}", f"{'':{LEFT}}{_dates(summary, len(columns))}", LEGEND]


def _columns(summary: Summary, count: int) -> list[_Column]:
    """Cut the run into so many stretches; each is as bad as its worst moment."""
    result, curve = summary.result, summary.curve
    begin, end = result.settings.from_ms, result.settings.to_ms
    edges = [begin + (end - begin) * number // count for number in range(count + 1)]
    watched = [(point.at_ms, float(point.drawdown)) for point in result.equity]
    whole = list(zip((int(at) for at in curve.at_ms), (float(below) for below in under_water(curve)), strict=True))
    order = [NORMAL, *result.thresholds]
    return [
        _Column(_worst(watched, low, high), _worst(whole, low, high), _level(result.levels, order, low, high))
        for low, high in pairwise(edges)
    ]


def _worst(points: Sequence[tuple[int, float]], low: int, high: int) -> float:
    """Give the largest value in a stretch; without a point in it, the last one known before."""
    inside = [value for at_ms, value in points if low < at_ms <= high]
    return max(inside) if inside else next((value for at_ms, value in reversed(points) if at_ms <= low), 0.0)


def _level(changes: Sequence[LevelChange], order: Sequence[str], low: int, high: int) -> str:
    standing = next((change.after for change in reversed(changes) if change.at_ms <= low), NORMAL)
    met = [standing, *(change.after for change in changes if low < change.at_ms <= high)]
    return max(met, key=lambda level: order.index(level) if level in order else len(order))


def _row(row: int, step: float, columns: Sequence[_Column], thresholds: Mapping[str, float]) -> str:
    """One row of depths: filled where the drawdown reaches its middle, with the thresholds that lie in it."""
    middle = (row + 0.5) * step
    named = [f"{name} {percent(at, 0)}" for name, at in thresholds.items() if row * step <= at < (row + 1) * step]
    empty = LINE if named else " "
    cells = [WATCHED if column.watched >= middle else WHOLE if column.whole >= middle else empty for column in columns]
    return f"{percent(-row * step):>{LEFT - 1}} {''.join(cells)} {', '.join(named)}".rstrip()


def _dates(summary: Summary, width: int) -> str:
    settings = summary.result.settings
    return f"{day(settings.from_ms)}{day(settings.to_ms):>{width - 10}}"
