"""A run as a JSON document for machines: the same run gives the same bytes."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from enum import Enum
from typing import Any

from adapters.report.summary import Summary, summarise
from runtime.metrics import Curve
from runtime.run import RunResult

SCHEMA = "eternal-backtest/1"
_DIGITS = 12


def to_json(result: RunResult) -> str:
    """Return the document as text with sorted keys: money as strings, statistics as numbers, times in milliseconds."""
    return json.dumps(document(result), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def document(result: RunResult) -> dict[str, Any]:
    """Return the document as plain data; decisions come without their explanations, which `explain` derives again."""
    summary = summarise(result)
    plain: dict[str, Any] = _plain(
        {
            "schema": SCHEMA,
            "settings": asdict(result.settings),
            "data_notes": result.data_notes,
            "candles": result.candles,
            "verdict": summary.verdict,
            **_figures(summary),
            "equity": [asdict(point) for point in result.equity],
            "benchmark_equity": _points(summary.benchmark_curve),
            "weekly_equity": _points(summary.weekly_curve),
            "trades": [_trade(trade) for trade in result.trades],
            "orders": [asdict(order) for order in result.orders],
            "fills": [asdict(fill) for fill in result.fills],
            "funding": [asdict(payment) for payment in result.funding],
            **({"interest": [asdict(paid) for paid in result.interest]} if result.interest else {}),
            "transfers": [asdict(transfer) for transfer in result.transfers],
            "decisions": [_decision(decision) for decision in result.decisions],
            "upkeep": [asdict(one) for one in result.upkeep],
            "levels": [asdict(change) for change in result.levels],
            "thresholds": result.thresholds,
            "phase_facts": result.phase_facts,
            "gates": [asdict(gate) for gate in result.gates],
            "doubts": None if result.doubts is None else [asdict(doubt) for doubt in result.doubts],
            "notes": [asdict(note) for note in result.notes],
        }
    )
    return plain


def _figures(summary: Summary) -> dict[str, Any]:
    return {
        "portfolio": asdict(summary.portfolio),
        "benchmark": None if summary.benchmark is None else asdict(summary.benchmark),
        "weekly": None if summary.weekly is None else asdict(summary.weekly),
        "benchmark_weights": summary.weights,
        "record": asdict(summary.record),
        "exposure": summary.exposure,
        "time_in_market": summary.time_in_market,
        "engines": [{**asdict(one), "profit": one.profit, "by_price": one.by_price} for one in summary.engines],
        "regimes": [asdict(row) for row in summary.regimes],
        "worst_drawdowns": [{**asdict(fall), "recovery_days": fall.recovery_days} for fall in summary.worst],
        "months": {f"{year}-{month:02}": value for (year, month), value in summary.months.items()},
        "years": summary.years,
        "benchmark_years": summary.benchmark_years,
        "refusals": [asdict(refusal) for refusal in summary.refusals],
        "costs": asdict(summary.costs),
        "level_times": [asdict(level) for level in summary.level_times],
    }


def _points(curve: Curve) -> list[tuple[int, float]]:
    return list(zip(curve.at_ms.tolist(), curve.values.tolist(), strict=True))


def _trade(trade: Any) -> dict[str, Any]:
    return {**asdict(trade), "net": trade.net, "net_return": trade.net_return}


def _decision(decision: Any) -> dict[str, Any]:
    return {name: getattr(decision, name) for name in decision.__slots__ if name != "trace"}


def _plain(value: Any) -> Any:
    """Decimals become text without exponents or trailing noughts, floats lose what differs between machines."""
    if isinstance(value, Decimal):
        return _text(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _text(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0"} else text
