"""What each engine has made of its money: the value of one unit of it, day by day."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from runtime.metrics import DAY_MS, Curve, sharpe
from runtime.net_value import NetValue

DAYS = 90


class EngineValues:
    """Daily values per unit by engine, transfers and deposits taken out; as many as the Sharpe ratio looks back on."""

    def __init__(self, names: Iterable[str]) -> None:
        self._net_values = {name: NetValue() for name in names}
        self._days: dict[str, list[float]] = {name: [] for name in self._net_values}
        self._sharpes: dict[str, float | None] = {}

    def flow(self, name: str, amount: Decimal, equity_after: Decimal | None) -> None:
        """Money came or left: neither profit nor loss."""
        if equity_after is None:
            self._net_values[name].flow_of_unknown_worth()
        else:
            self._net_values[name].flow(amount, equity_after - amount)

    def observe(self, name: str, at_ms: int, equity: Decimal | None) -> None:
        """Take in what an engine is worth at the end of a day; a day on which nobody can tell breaks the row."""
        self._sharpes.pop(name, None)
        if equity is None:
            self._days[name].clear()
            return
        self._net_values[name].observe(at_ms, equity)
        self._days[name] = [*self._days[name], float(self._net_values[name].value)][-(DAYS + 1) :]

    def sharpe(self, name: str) -> float | None:
        """Give the Sharpe ratio of 90 days; None before there are as many, and without movement."""
        if name not in self._sharpes:
            self._sharpes[name] = self._sharpe(self._days[name])
        return self._sharpes[name]

    def _sharpe(self, values: list[float]) -> float | None:
        if len(values) <= DAYS:
            return None
        days = np.arange(len(values), dtype=np.int64) * DAY_MS
        return sharpe(Curve(days, np.array(values, dtype=np.float64)))

    def to_plain(self) -> dict[str, Any]:
        """Give everything as JSON-able data."""
        return {
            name: {"net_value": value.to_plain(), "days": self._days[name]} for name, value in self._net_values.items()
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave, for the engines that there are."""
        self._sharpes.clear()
        for name in self._net_values.keys() & plain.keys():
            self._net_values[name] = NetValue.from_plain(plain[name]["net_value"])
            self._days[name] = list(plain[name]["days"])
