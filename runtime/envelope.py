"""The hard limits around everything: read when the engine starts, and in no rule's reach."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import takewhile
from typing import Any

from rules.language.governance import Envelope
from runtime.decimals import EXACT, percent, readable
from runtime.instrument import Market
from runtime.portfolio import Portfolio
from runtime.requests import PlaceOrder, Request

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ZERO = Decimal(0)
ONE = Decimal(1)
WORDS: Mapping[str, Callable[[Decimal], str]] = {
    "largest_order": percent,
    "leverage": readable,
    "orders_per_hour": readable,
    "turnover_per_day": percent,
    "slippage_cap": percent,
    "patience_ms": lambda ms: f"{readable(ms / 1000)} s",
}
"""Every limit, with the words for its value; the smaller one is the tighter one."""


class EnvelopeWatch:
    """Counts orders and turnover, and refuses what goes beyond the limits; closing is never in question.

    Both are counted as orders come and grow old: at a hundred orders a second the day is too long to be added up anew.
    """

    def __init__(self, limits: Envelope, portfolio: Portfolio) -> None:
        self._limits = limits
        self._portfolio = portfolio
        self._orders: deque[tuple[int, Decimal]] = deque()
        self._within_hour: deque[int] = deque()
        self._turnover = ZERO

    @property
    def patience_ms(self) -> int:
        """How long a maker order may wait."""
        return self._limits.patience_ms

    @property
    def slippage_cap(self) -> Decimal:
        """How much worse than the last price a market order may fill, as a ratio."""
        return self._limits.slippage_cap

    def refuses(self, requests: Sequence[Request], price: Decimal, now_ms: int) -> str | None:
        """Say which limit an order would break, with the numbers, or None."""
        equity = self._portfolio.equity()
        if equity is None or equity <= 0:
            return "The value of the portfolio is unknown, so no limit can be checked."
        for order in requests:
            if isinstance(order, PlaceOrder):
                reason = self._broken(order, notional_of(order, price), equity, now_ms)
                if reason is not None:
                    return reason
        return None

    def _broken(self, order: PlaceOrder, notional: Decimal, equity: Decimal, now_ms: int) -> str | None:
        limits = self._limits
        if notional > limits.largest_order * equity:
            largest = percent(limits.largest_order)
            return f"{readable(notional)} USDT is more than the largest order of {largest} of the portfolio."
        last_hour = self._sent_within_hour(now_ms)
        if last_hour >= limits.orders_per_hour:
            return f"{last_hour} orders were sent within the hour; {limits.orders_per_hour} are allowed."
        turnover = self._turned_over(now_ms) + notional
        if turnover > limits.turnover_per_day * equity:
            return (
                f"{readable(turnover)} USDT in a day is more than {percent(limits.turnover_per_day)} of the portfolio."
            )
        held, owned = self._portfolio.notional(order.account) or ZERO, self._portfolio.equity(order.account) or ZERO
        if opens_perpetual(order) and held + notional > limits.leverage * owned:
            most = readable(limits.leverage)
            return f"{readable(held + notional)} USDT of positions are more than {most} × the account."
        return None

    def _sent_within_hour(self, now_ms: int) -> int:
        older = takewhile(lambda at_ms: at_ms <= now_ms - HOUR_MS, self._within_hour)
        return len(self._within_hour) - sum(1 for _ in older)

    def _turned_over(self, now_ms: int) -> Decimal:
        older = takewhile(lambda order: order[0] <= now_ms - DAY_MS, self._orders)
        return EXACT.subtract(self._turnover, sum((amount for _, amount in older), ZERO))

    def count(self, order: PlaceOrder, price: Decimal, now_ms: int) -> None:
        """Remember an order that is sent, and forget those of more than a day ago."""
        self._forget(now_ms)
        self._remember(now_ms, notional_of(order, price))

    def _remember(self, at_ms: int, amount: Decimal) -> None:
        self._orders.append((at_ms, amount))
        self._within_hour.append(at_ms)
        self._turnover = EXACT.add(self._turnover, amount)

    def _forget(self, now_ms: int) -> None:
        while self._within_hour and self._within_hour[0] <= now_ms - HOUR_MS:
            self._within_hour.popleft()
        while self._orders and self._orders[0][0] <= now_ms - DAY_MS:
            self._turnover = EXACT.subtract(self._turnover, self._orders.popleft()[1])

    def to_plain(self) -> list[list[Any]]:
        """The orders of the last day as plain data."""
        return [[at_ms, str(amount)] for at_ms, amount in self._orders]

    def restore(self, plain: Sequence[Sequence[Any]]) -> None:
        """Take back what `to_plain` gave."""
        self._orders, self._within_hour, self._turnover = deque(), deque(), ZERO
        for at_ms, amount in plain:
            self._remember(at_ms, Decimal(amount))


def notional_of(order: PlaceOrder, price: Decimal) -> Decimal:
    """What an order is worth at a price, in quote coin."""
    return order.quote_amount if order.quote_amount is not None else (order.quantity or ZERO) * price


def opens_perpetual(order: PlaceOrder) -> bool:
    """Whether an order may open a perpetual position; one that hedges a coin has no stop to tell it by."""
    return order.market is Market.LINEAR and not order.reduce_only


def tighter(now: Envelope, new: Envelope) -> Envelope:
    """Give the smaller one of each limit."""
    return replace(new, **{name: min(getattr(now, name), getattr(new, name)) for name in WORDS})


def kept_limits(now: Envelope, new: Envelope) -> Iterator[str]:
    """Say which limits were to be widened, and stay."""
    for name, words in WORDS.items():
        if getattr(new, name) > getattr(now, name):
            kept = words(Decimal(getattr(now, name)))
            what = name.removesuffix("_ms")
            yield f"{new.file}: {what} stays {kept}, because no reload widens the envelope; the next start takes it."
