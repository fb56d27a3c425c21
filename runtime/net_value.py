"""The portfolio's value per unit, so that deposits and withdrawals are neither profit nor loss."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from runtime.decimals import EXACT, ONE, ZERO, plain

DAY_MS = 86_400_000
# Day 0 of the epoch was a Thursday; three days earlier was a Monday.
_THURSDAY = 3
_RATIO_STEP = Decimal("1E-24")


class NetValue:
    """Units are issued and taken back at the value of the moment; losses and drawdown are ratios of values per unit.

    A day begins after 00:00 UTC, a week after Monday 00:00 UTC, each with the last value seen until then.
    """

    def __init__(self) -> None:
        self.units = ZERO
        self.value = ONE
        self.highest = ONE
        self.day_start = ONE
        self.week_start = ONE
        self._day: int | None = None
        self._keep_value = False

    def observe(self, at_ms: int, equity: Decimal) -> None:
        """Take the equity of a moment; one that comes late counts for the day that has begun."""
        before = self.value
        if self._keep_value or not self.units:
            self._issue_all(equity)
        else:
            self.value = EXACT.divide(equity, self.units)
        self.highest = max(self.highest, self.value)
        self._start_day(at_ms, before)

    @property
    def steady(self) -> bool:
        """Whether an observation changes the value alone, and not the number of units."""
        return bool(self.units) and not self._keep_value

    def flow(self, amount: Decimal, equity_before: Decimal) -> None:
        """Issue units for money that came, or take them back for money that left, at the value just before."""
        if self._keep_value or not self.units or equity_before <= 0:
            self._issue_all(EXACT.add(equity_before, amount))
            return
        self.value = EXACT.divide(equity_before, self.units)
        self.highest = max(self.highest, self.value)
        self.units = EXACT.add(self.units, EXACT.divide(EXACT.multiply(amount, self.units), equity_before))

    def flow_of_unknown_worth(self) -> None:
        """Keep the value until the next observation, because nobody can say what came or left is worth."""
        self._keep_value = True

    def measure_from_here(self) -> None:
        """Forget the highest value: from now on the drawdown is the one from this moment's value."""
        self.highest = self.value

    @property
    def drawdown(self) -> Decimal:
        """Give how far the value is below its highest, as a ratio."""
        return _loss(self.highest, self.value)

    @property
    def high_water(self) -> Decimal:
        """Give the equity at which today's units would be at their highest value, in quote coin."""
        return EXACT.multiply(self.highest, self.units)

    @property
    def loss_today(self) -> Decimal:
        """Give the loss since 00:00 UTC as a ratio; nothing when it is a profit."""
        return _loss(self.day_start, self.value)

    @property
    def loss_this_week(self) -> Decimal:
        """Give the loss since Monday 00:00 UTC as a ratio; nothing when it is a profit."""
        return _loss(self.week_start, self.value)

    def to_plain(self) -> dict[str, Any]:
        """Give everything as JSON-able data."""
        return {
            "units": plain(self.units),
            "value": plain(self.value),
            "highest": plain(self.highest),
            "day_start": plain(self.day_start),
            "week_start": plain(self.week_start),
            "day": self._day,
            "keep_value": self._keep_value,
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "NetValue":
        """Read what `to_plain` wrote."""
        net_value = cls()
        net_value.units = Decimal(data["units"])
        net_value.value = Decimal(data["value"])
        net_value.highest = Decimal(data["highest"])
        net_value.day_start = Decimal(data["day_start"])
        net_value.week_start = Decimal(data["week_start"])
        net_value._day = data["day"]
        net_value._keep_value = data["keep_value"]
        return net_value

    def _issue_all(self, equity: Decimal) -> None:
        """Without units, or with nothing behind them, the value stays and the units follow the equity."""
        if self.value > 0 and equity >= 0:
            self.units = EXACT.divide(equity, self.value)
            self._keep_value = False

    def _start_day(self, at_ms: int, before: Decimal) -> None:
        """Midnight is the last moment of the day that ends: a decision at a daily close sees the loss of that day."""
        day = (at_ms - 1) // DAY_MS
        if self._day is not None and day <= self._day:
            return
        start = self.value if self._day is None else before
        if self._day is None or _week(day) != _week(self._day):
            self.week_start = start
        self.day_start, self._day = start, day


def _week(day: int) -> int:
    return (day + _THURSDAY) // 7


def _loss(start: Decimal, value: Decimal) -> Decimal:
    """Rounding at the far end of 60 digits keeps ten percent exactly ten percent after units were split."""
    if value >= start:
        return ZERO
    lost = EXACT.divide(EXACT.subtract(start, value), start)
    return EXACT.quantize(lost, _RATIO_STEP).normalize()
