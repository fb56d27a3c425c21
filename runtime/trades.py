"""Closed round trips: what was earned, and which rules opened and closed it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from machines.intents import Direction
from runtime.decimals import EXACT, ONE, ZERO, optional_decimal, plain
from runtime.events import FillKind
from runtime.instrument import Market
from runtime.position import Applied

FEWEST_FOR_KELLY = 20


@dataclass(frozen=True, slots=True)
class Trade:
    """The closed part of a position: entry and exit at their average prices, money in quote coin.

    On a perpetual it is everything from flat to flat; on spot it is what one order sold, at average cost. `gross` is
    the profit by price; `fees` (paid, both ways) and `funding` (received) are the closed part's share. `exit_rule` is
    "stop" or "liquidation" where no rule closed it. Best and worst price are the extremes of the time it was held.
    """

    book: str
    account: str
    market: Market
    symbol: str
    direction: Direction
    quantity: Decimal
    entry_ms: int
    entry_price: Decimal
    exit_ms: int
    exit_price: Decimal
    gross: Decimal
    fees: Decimal
    funding: Decimal
    entry_rule: str
    exit_rule: str
    best_price: Decimal | None = None
    worst_price: Decimal | None = None

    @property
    def net(self) -> Decimal:
        """Give the profit after fees and funding."""
        return EXACT.add(EXACT.subtract(self.gross, self.fees), self.funding)

    @property
    def entry_value(self) -> Decimal:
        """Give what the entry was worth, in quote coin."""
        return EXACT.multiply(self.quantity, self.entry_price)

    @property
    def net_return(self) -> Decimal:
        """Give the profit after fees and funding as a ratio of the entry's value."""
        return self.net / self.entry_value

    @property
    def duration_ms(self) -> int:
        """Give how long it was held."""
        return self.exit_ms - self.entry_ms

    def to_plain(self) -> dict[str, Any]:
        """Give the trade as JSON-able data."""
        plain_fields: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return {name: plain(value) if isinstance(value, Decimal) else value for name, value in plain_fields.items()}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Trade":
        """Read what `to_plain` wrote."""
        money = ("quantity", "entry_price", "exit_price", "gross", "fees", "funding")
        return cls(
            **{
                **data,
                **{name: Decimal(data[name]) for name in money},
                "market": Market(data["market"]),
                "direction": Direction(data["direction"]),
                "best_price": optional_decimal(data["best_price"]),
                "worst_price": optional_decimal(data["worst_price"]),
            }
        )


@dataclass(slots=True)
class _Entry:
    """What is remembered from a position's opening until all of it is closed."""

    rule: str
    trade: int | None = None
    order_id: str = ""
    cost: Decimal = ZERO
    proceeds: Decimal = ZERO


class Trades:
    """Round trips in the order of their first close; a later fill of the same close makes the same trade larger."""

    def __init__(self) -> None:
        self._trades: list[Trade] = []
        self._entries: dict[tuple[str, Market, str], _Entry] = {}

    def __len__(self) -> int:
        return len(self._trades)

    @property
    def all(self) -> tuple[Trade, ...]:
        """Give every trade so far."""
        return tuple(self._trades)

    def record(self, applied: Applied, book: str, rule: str) -> Trade | None:
        """Take in a fill and the rule that asked for it; give the trade it closed or made larger, if any.

        A flip closes with the rule and opens with it. Coins whose cost is unknown make no trade.
        """
        fill = applied.fill
        key = (fill.account, fill.market, fill.symbol)
        trade = self._close(applied, book, rule) if applied.taken_off.quantity else None
        if applied.fresh or (applied.opened and key not in self._entries):
            self._entries[key] = _Entry(rule)
        return trade

    def kelly(self, book: str | None = None) -> Decimal | None:
        """Give the Kelly fraction W − (1 − W)/R of the closed trades, of one book or of all; None under 20 trades.

        W is the share of winners and R the mean gain over the mean loss, both as ratios of the entry's value. Never
        below 0: a losing record is worth no capital.
        """
        returns = [trade.net_return for trade in self._trades if book is None or trade.book == book]
        if len(returns) < FEWEST_FOR_KELLY:
            return None
        return kelly(returns)

    def to_plain(self) -> dict[str, Any]:
        """Give everything as JSON-able data."""
        return {
            "trades": [trade.to_plain() for trade in self._trades],
            "entries": [
                [account, market.value, symbol, e.rule, e.trade, e.order_id, plain(e.cost), plain(e.proceeds)]
                for (account, market, symbol), e in self._entries.items()
            ],
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self._trades = [Trade.from_plain(trade) for trade in data["trades"]]
        self._entries = {}
        for account, market, symbol, rule, trade, order_id, cost, proceeds in data["entries"]:
            entry = _Entry(rule, trade, order_id, Decimal(cost), Decimal(proceeds))
            self._entries[account, Market(market), symbol] = entry

    def _close(self, applied: Applied, book: str, rule: str) -> Trade:
        fill = applied.fill
        entry = self._entries.setdefault((fill.account, fill.market, fill.symbol), _Entry(""))
        closed_by = rule if fill.kind is FillKind.TRADE else fill.kind.value
        if entry.trade is not None and (fill.market is Market.LINEAR or entry.order_id == fill.order_id):
            trade = _larger(self._trades[entry.trade], applied, entry, closed_by)
            self._trades[entry.trade] = trade
            return trade
        trade = _first(applied, book, entry.rule, closed_by)
        entry.trade, entry.order_id = len(self._trades), fill.order_id
        entry.cost, entry.proceeds = applied.taken_off.cost, applied.taken_off.proceeds
        self._trades.append(trade)
        return trade


def kelly(returns: Iterable[Decimal]) -> Decimal:
    """Give W − (1 − W)/R of returns (ratios), at least 0; without a loss it is W."""
    known = tuple(returns)
    gains = [ratio for ratio in known if ratio > 0]
    losses = [-ratio for ratio in known if ratio <= 0]
    won = Decimal(len(gains)) / len(known)
    if not gains or not any(losses):
        return won
    odds = _mean(gains) / _mean(losses)
    return max(ZERO, won - (ONE - won) / odds)


def _mean(ratios: list[Decimal]) -> Decimal:
    return sum(ratios, ZERO) / len(ratios)


def _first(applied: Applied, book: str, entry_rule: str, exit_rule: str) -> Trade:
    fill, before, taken = applied.fill, applied.before, applied.taken_off
    held = before.seen(fill.price, fill.price)
    return Trade(
        book=book,
        account=fill.account,
        market=fill.market,
        symbol=fill.symbol,
        direction=before.direction or Direction.LONG,
        quantity=taken.quantity,
        entry_ms=fill.at_ms if before.opened_ms is None else before.opened_ms,
        entry_price=abs(taken.cost) / taken.quantity,
        exit_ms=fill.at_ms,
        exit_price=abs(taken.proceeds) / taken.quantity,
        gross=taken.gross,
        fees=taken.fees,
        funding=taken.funding,
        entry_rule=entry_rule,
        exit_rule=exit_rule,
        best_price=held.best_price,
        worst_price=held.worst_price,
    )


def _larger(trade: Trade, applied: Applied, entry: _Entry, exit_rule: str) -> Trade:
    more = applied.taken_off
    quantity = EXACT.add(trade.quantity, more.quantity)
    entry.cost = EXACT.add(entry.cost, more.cost)
    entry.proceeds = EXACT.add(entry.proceeds, more.proceeds)
    held = applied.before.seen(applied.fill.price, applied.fill.price)
    return replace(
        trade,
        quantity=quantity,
        entry_price=abs(entry.cost) / quantity,
        exit_ms=applied.fill.at_ms,
        exit_price=abs(entry.proceeds) / quantity,
        gross=EXACT.add(trade.gross, more.gross),
        fees=EXACT.add(trade.fees, more.fees),
        funding=EXACT.add(trade.funding, more.funding),
        exit_rule=exit_rule,
        best_price=held.best_price,
        worst_price=held.worst_price,
    )
