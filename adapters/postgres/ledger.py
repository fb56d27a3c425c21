"""The money side of the journal: positions, trades and equity as they followed from each event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.postgres.openings import Instruments, Opening
from runtime.decimals import ZERO
from runtime.events import (
    CandleClose,
    CashFlow,
    EarnMoved,
    Event,
    Fill,
    FundingPayment,
    InterestPaid,
    LeverageSet,
    StopPlaced,
)
from runtime.instrument import Market
from runtime.portfolio import Portfolio
from runtime.position import Position
from runtime.trades import Trade, Trades

Owner = Callable[[Fill], tuple[str, str] | None]
"""The book and the rule whose fill it is; None where that is nobody's."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A trade as a fill left it: its number from 0, whether the fill began it, and what the fill earned."""

    number: int
    trade: Trade
    first: bool
    gained: Decimal


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event did: whether it counted, which positions it touched, what it closed."""

    counted: bool
    touched: tuple[tuple[str, Position], ...] = ()
    closed: Closed | None = None


NOTHING = Effect(False)


class Ledger:
    """A portfolio and its trades, moved by journaled events only; it begins as the engine of an opening did."""

    def __init__(self, opening: Opening) -> None:
        self.portfolio = Portfolio.from_plain(opening.instruments, opening.state["portfolio"])
        self.trades = Trades()
        self.trades.restore(opening.state["trades"])

    def take(self, event: Event, owner: Owner) -> Effect:
        """Let an event have its effect."""
        if isinstance(event, Fill):
            return self._fill(event, owner)
        if isinstance(event, FundingPayment):
            return Effect(self.portfolio.apply_funding(event), (self._at(event.account, Market.LINEAR, event.symbol),))
        if isinstance(event, CashFlow):
            return self._grown(event.account, self.portfolio.apply_cash_flow(event))
        if isinstance(event, EarnMoved | InterestPaid):
            return self._earn(event)
        if isinstance(event, StopPlaced):
            self.portfolio.apply_stop(event)
            return Effect(True, (self._at(event.account, Market.LINEAR, event.symbol),))
        if isinstance(event, LeverageSet):
            self.portfolio.apply_leverage(event)
        if isinstance(event, CandleClose):
            for candle in event.candles:
                self.portfolio.mark_candle(candle.market, candle.symbol, candle.close)
        return NOTHING

    def _earn(self, event: EarnMoved | InterestPaid) -> Effect:
        if isinstance(event, EarnMoved):
            return Effect(self.portfolio.apply_earn(event))
        return self._grown(event.account, self.portfolio.apply_interest(event))

    def _grown(self, account: str, counted: bool) -> Effect:
        return Effect(counted, self.positions(account) if counted else ())

    def positions(self, account: str) -> tuple[tuple[str, Position], ...]:
        """Give the positions of an account, with its name."""
        return tuple((account, position) for position in self.portfolio.positions(account))

    def stop(self, account: str, position: Position) -> Decimal | None:
        """Give the price of a position's protective stop."""
        return None if position.market is Market.SPOT else self.portfolio.stop(account, position.symbol)

    def worth(self, coin: str, amount: Decimal) -> Decimal:
        """Give what an amount of a coin is worth in money; nothing while it has no price."""
        return amount * (self.portfolio.price_of(coin) or ZERO)

    def equity(self, account: str) -> Decimal | None:
        """Give what an account is worth, or None while nobody can say."""
        return self.portfolio.equity(account)

    def to_plain(self) -> dict[str, Any]:
        """Give everything as JSON-able data."""
        return {"portfolio": self.portfolio.to_plain(), "trades": self.trades.to_plain()}

    @classmethod
    def from_plain(cls, instruments: Instruments, plain: Mapping[str, Any]) -> "Ledger":
        """Read what `to_plain` wrote, or the state of an engine."""
        return cls(Opening(0, "", (), instruments, plain, {}))

    def _at(self, account: str, market: Market, symbol: str) -> tuple[str, Position]:
        return account, self.portfolio.position(account, market, symbol)

    def _fill(self, fill: Fill, owner: Owner) -> Effect:
        applied = self.portfolio.apply(fill)
        if applied is None:
            return NOTHING
        touched = (self._at(fill.account, fill.market, fill.symbol),)
        known, before = owner(fill), self.trades.all
        trade = None if known is None else self.trades.record(applied, *known)
        if trade is None:
            return Effect(True, touched)
        number = max(index for index, other in enumerate(self.trades.all) if other is trade)
        earlier = before[number].net if number < len(before) else ZERO
        return Effect(True, touched, Closed(number, trade, number == len(before), trade.net - earlier))
