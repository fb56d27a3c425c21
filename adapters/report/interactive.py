"""The charts of the web page that answer to a pointer: what they show, and the script that draws them."""

import json
from decimal import Decimal
from importlib.resources import files
from typing import Any

import numpy as np

from adapters.report.summary import Summary, equity_curve
from runtime.metrics import DAY_MS, Curve, rolling_sharpe, under_water
from runtime.run import Day, OrderRecord

SHARPE_DAYS = 90
_DIGITS = 7
_LIBRARY = "vendor/lightweight-charts.js"
_SCRIPT = "charts.js"
Points = list[tuple[int, float]]


def scripts(summary: Summary) -> str:
    """Return the data of a run and the scripts that draw it; nothing is fetched from anywhere."""
    data = _harmless(json.dumps(_data(summary), separators=(",", ":"), allow_nan=False))
    folder = files("adapters.report")
    code = "".join(
        f"<script>{folder.joinpath(name).read_text(encoding='utf-8')}</script>" for name in (_LIBRARY, _SCRIPT)
    )
    return f'<script type="application/json" id="run">{data}</script>{code}'


def _harmless(data: str) -> str:
    """Text that others wrote can't end the element that it stands in."""
    return data.replace("<", "\\u003c")


def _data(summary: Summary) -> dict[str, Any]:
    curve, result = summary.curve.daily(), summary.result
    exposure = Curve.of([(point.at_ms, _ratio(point.exposure, point.total)) for point in result.equity])
    return {
        "equity": _points(curve),
        "held": _points(summary.benchmark_curve.daily()) if summary.benchmark is not None else [],
        "weekly": _points(summary.weekly_curve.daily()) if summary.weekly is not None else [],
        "books": {book: _points(equity_curve(result, book).daily()) for book in result.settings.books},
        "drawdown": _points(Curve(curve.at_ms, -under_water(curve))),
        "exposure": _points(exposure),
        "sharpe": _points(rolling_sharpe(curve, SHARPE_DAYS)),
        "levels": [[change.at_ms // 1000, change.after] for change in result.levels],
        "thresholds": {level: -float(at) for level, at in result.thresholds.items()},
        "candles": {symbol: [_candle(day) for day in days] for symbol, days in result.days.items()},
        "orders": [_order(order) for order in result.orders if order.filled and order.average_price is not None],
    }


def _ratio(part: Decimal, whole: Decimal) -> float:
    return float(part / whole) if whole > 0 else 0.0


def _points(curve: Curve) -> Points:
    """Seconds and values, one for each second; what is not finite is left out."""
    rounded = [float(f"{value:.{_DIGITS}g}") for value in curve.values]
    known = zip((curve.at_ms // 1000).tolist(), rounded, strict=True)
    return list({at: value for at, value in known if np.isfinite(value)}.items())


def _candle(day: Day) -> tuple[int, float, float, float, float]:
    """A candle stands where it opened."""
    return (day.close_ms - DAY_MS) // 1000, day.open, day.high, day.low, day.close


def _order(order: OrderRecord) -> list[Any]:
    price = float(order.average_price or 0)
    at_ms = order.ended_ms or order.at_ms
    return [at_ms // 1000, order.symbol, order.side, float(order.filled), price, order.book, order.rule, order.order_id]
