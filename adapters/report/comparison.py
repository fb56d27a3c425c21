"""Two or more kept runs beside each other: their figures, what they were asked for, and their curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adapters.report.chart import Line, chart
from adapters.report.page import Page, section
from adapters.report.scale import value_axis
from adapters.report.sheet import Sheet
from adapters.report.words import NOTHING, counted, day, days, money, number, percent
from runtime.metrics import Curve

Document = Mapping[str, Any]
START = 100.0
STYLES = ("own", "held", "wet", "caution", "emergency", "warning")
_FIGURES = (
    ("total return", "portfolio", "total_return", percent),
    ("annual return", "portfolio", "annual_return", percent),
    ("volatility, annual", "portfolio", "volatility", percent),
    ("Sharpe", "portfolio", "sharpe", number),
    ("Sortino", "portfolio", "sortino", number),
    ("Calmar", "portfolio", "calmar", number),
    ("largest drawdown", "portfolio", "largest_drawdown", percent),
    ("longest drawdown", "portfolio", "longest_drawdown_days", days),
    ("closed trades", "record", "trades", lambda count: f"{count:,}"),
    ("win rate", "record", "win_rate", percent),
    ("profit factor", "record", "profit_factor", number),
)
_COSTS = (("fees paid, USDT", "fees"), ("slippage paid, USDT", "slippage"), ("funding received, USDT", "funding"))


@dataclass(frozen=True)
class Compared:
    """A kept run by its name, with its document."""

    name: str
    document: Document


def sheets_of(runs: Sequence[Compared]) -> list[Sheet]:
    """Return the figures of the runs, then their books' returns, then what each was asked for."""
    return [_figures(runs), _books(runs), _terms(runs)]


def warnings(runs: Sequence[Compared]) -> list[str]:
    """Say where runs are not like for like; figures of unlike runs say little about their rules."""
    named = (("span", "from_ms", "to_ms"), ("capital", "capital"), ("data", "data"), ("slippage", "slippage", "costs"))
    told = []
    for what, *fields in named:
        if len({tuple(str(one.document["settings"].get(name)) for name in fields) for one in runs}) > 1:
            told.append(f"The runs differ in {what}, so their figures are not like for like.")
    return told


def to_html(runs: Sequence[Compared]) -> str:
    """Return the comparison as one web page; every curve begins at 100."""
    curves = [_indexed(one) for one in runs]
    lines = [
        Line(one.name, STYLES[index % len(STYLES)], curve)
        for index, (one, curve) in enumerate(zip(runs, curves, strict=True))
        if len(curve.at_ms) > 1
    ]
    drawn = ""
    if lines:
        lowest = min(float(line.curve.values.min()) for line in lines)
        highest = max(float(line.curve.values.max()) for line in lines)
        drawn = chart("Equity, each from 100", lines, value_axis(lowest, highest, lambda value: f"{value:,.0f}"))
    page = Page(
        title="Runs compared",
        verdict=f"{counted(len(runs), 'run')} compared: {', '.join(one.name for one in runs)}.",
        head=warnings(runs),
        charts=drawn,
        sections=[section(sheet) for sheet in sheets_of(runs)],
    )
    return page.html()


def _indexed(one: Compared) -> Curve:
    points = one.document["equity"]
    at_ms = np.array([point["at_ms"] for point in points], dtype=np.int64)
    values = np.array([float(point["total"]) for point in points])
    return Curve(at_ms, values / values[0] * START if len(values) and values[0] > 0 else values)


def _columns(runs: Sequence[Compared]) -> tuple[str, ...]:
    return ("", *(one.name for one in runs))


def _figures(runs: Sequence[Compared]) -> Sheet:
    figures = [
        (name, *(_write(one.document[part].get(field), write) for one in runs)) for name, part, field, write in _FIGURES
    ]
    costs = [(name, *(money(float(one.document["costs"][field])) for one in runs)) for name, field in _COSTS]
    exposure = ("exposure, mean of equity", *(percent(one.document["exposure"]) for one in runs))
    return Sheet("Key figures", _columns(runs), (*figures, exposure, *costs))


def _write(value: Any, write: Any) -> str:
    return NOTHING if value is None else str(write(value))


def _books(runs: Sequence[Compared]) -> Sheet:
    found = [{one["book"]: one["performance"] for one in run.document["engines"]} for run in runs]
    names = sorted({name for engines in found for name in engines})
    rows = tuple((name, *(percent(engines.get(name, {}).get("total_return")) for engines in found)) for name in names)
    return Sheet("Return of each book", _columns(runs), rows)


def _terms(runs: Sequence[Compared]) -> Sheet:
    settings = [run.document["settings"] for run in runs]
    rows = (
        ("from", *(day(one["from_ms"]) for one in settings)),
        ("to", *(day(one["to_ms"]) for one in settings)),
        ("capital, USDT", *(money(float(one["capital"])) for one in settings)),
        ("slippage", *(percent(float(one["slippage"]), 3) for one in settings)),
        ("costs, times", *(number(float(one["costs"])) for one in settings)),
        ("rules", *(str(one["rules_version"]) for one in settings)),
    )
    return Sheet("Terms", _columns(runs), rows)
