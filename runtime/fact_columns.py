"""Facts that follow from prices while nothing is bought, sold or paid: bounds of each, turn by turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from runtime.course import Course, Key
from runtime.foretold import Foretold
from runtime.funding_facts import APART_MS
from runtime.instrument import Market
from runtime.intervals import ANYTHING, Interval, absolute, floats, largest, number_of, smallest, total
from runtime.liquidation import maintenance
from runtime.position import Position
from runtime.quote_columns import QuoteColumns
from runtime.view import View

Turns = NDArray[np.int64]
ZERO = Decimal(0)
ONE = Decimal(1)
NOTHING = number_of(ZERO)
UNKNOWN = number_of(None)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known beforehand of prices and observations."""

    course: Course
    quotes: QuoteColumns
    foretold: Foretold


@dataclass(frozen=True, slots=True)
class FactColumns:
    """The facts of one book; what an account has, owes and has spoken for stays as it is."""

    view: View
    outlook: Outlook

    def column(self, name: str, symbol: str, turns: Turns) -> Interval:
        """Give bounds of a fact; anything where none are known."""
        return COLUMNS[name](self, symbol, turns) if symbol or name in OF_ACCOUNT else ANYTHING

    # ── prices ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def price(self, symbol: str, turns: Turns) -> Interval:
        """The latest price on the book's own market."""
        return floats(self.outlook.quotes.prices((self.view.market, symbol), turns))

    def perpetual_price(self, symbol: str, turns: Turns) -> Interval:
        """The latest price of the perpetual."""
        return floats(self.outlook.quotes.prices((Market.LINEAR, symbol), turns))

    def basis(self, symbol: str, turns: Turns) -> Interval:
        """How far the perpetual is above the coin; unknown when the two prices are too far apart in time."""
        quotes, spot, perpetual = self.outlook.quotes, (Market.SPOT, symbol), (Market.LINEAR, symbol)
        apart_ms = np.abs(quotes.seen_ms(spot, turns) - quotes.seen_ms(perpetual, turns))
        coin, future = quotes.prices(spot, turns), quotes.prices(perpetual, turns)
        together = np.where(apart_ms > APART_MS, np.nan, future)
        return floats(together) / floats(coin) - number_of(ONE)

    def smallest_order(self, symbol: str, turns: Turns) -> Interval:
        """The least that both markets take, rounded up to the coarser step."""
        price, legs = self.price(symbol, turns), (self.view.instrument(symbol), self.view.perpetual(symbol))
        step = number_of(max(leg.quantity_step for leg in legs))
        leasts = [
            one for leg in legs for one in (number_of(leg.minimum_quantity), number_of(leg.minimum_notional) / price)
        ]
        steps = largest(leasts) / step
        whole = Interval(np.ceil(steps.low), np.ceil(steps.high), steps.known, steps.unknown)
        return whole * step * price

    # ── positions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def value(self, symbol: str, turns: Turns) -> Interval:
        """The position at the latest price."""
        quantity = abs(self.view.position(symbol).quantity)
        return number_of(quantity) * self.price(symbol, turns) if quantity else NOTHING

    def short_value(self, symbol: str, turns: Turns) -> Interval:
        """The short at the latest price."""
        quantity = abs(self.view.short(symbol).quantity)
        return number_of(quantity) * self.perpetual_price(symbol, turns) if quantity else NOTHING

    def profit(self, symbol: str, turns: Turns) -> Interval:
        """Profit per coin held; unknown when nothing is."""
        position = self.view.position(symbol)
        if not position.quantity or position.average_price is None:
            return UNKNOWN
        gain = self.price(symbol, turns) - number_of(position.average_price)
        return gain if position.quantity > 0 else -gain

    # ── the account ─────────────────────────────────────────────────────────────────────────────────────────────────

    def equity(self, _symbol: str, turns: Turns) -> Interval:
        """Cash, coins and unrealised profit of the account; anything where it has coins that the book doesn't trade."""
        view, account = self.view, self.view.book.account
        coins = [self._coin(coin, amount, turns) for coin, amount in view.portfolio.wallets(account).items() if amount]
        return total([*coins, *(self._unrealised(one, turns) for one in self._perpetuals())])

    def _coin(self, coin: str, amount: Decimal, turns: Turns) -> Interval:
        portfolio, book = self.view.portfolio, self.view.book
        if coin == portfolio.money:
            return number_of(amount)
        own = ((symbol, self.view.instrument(symbol)) for symbol in book.symbols)
        priced = (symbol for symbol, one in own if (one.base, one.quote) == (coin, portfolio.money))
        key = (Market.SPOT, next(priced, ""))
        if self.view.market is not Market.SPOT or not key[1] or portfolio.better_sources(key):
            return ANYTHING
        return number_of(amount) * self._mark(key, turns)

    def cash(self, _symbol: str, turns: Turns) -> Interval:
        """Money that no order and no position has spoken for."""
        portfolio, account = self.view.portfolio, self.view.book.account
        free = portfolio.wallet(account, portfolio.money) - portfolio.reserved(account, portfolio.money)
        free -= portfolio.lent(account, portfolio.money)
        bound = total([self._bound(one, turns) for one in self._perpetuals()])
        return largest((number_of(free) - bound, NOTHING))

    def _bound(self, position: Position, turns: Turns) -> Interval:
        """The margin of a position, and what it loses."""
        leverage = self.view.portfolio.leverage_set(self.view.book.account, position.symbol) or ONE
        return self._notional(position, turns) / number_of(leverage) - smallest(
            (self._unrealised(position, turns), NOTHING)
        )

    def distance(self, symbol: str, turns: Turns) -> Interval:
        """How far all shorts may rise together before they are closed; anything where the exchange tells a price."""
        if not self.view.short(symbol).quantity:
            return UNKNOWN
        portfolio, account = self.view.portfolio, self.view.book.account
        held = self._perpetuals()
        if self.outlook.foretold.ever("liquidation.price", symbol):
            return ANYTHING
        needed = sum((self._maintenance(one) for one in held), ZERO)
        balance = number_of(portfolio.wallet(account, portfolio.money) - needed)
        profit = total([self._unrealised(one, turns) for one in held])
        value = total([number_of(-one.quantity) * self._mark((one.market, one.symbol), turns) for one in held])
        room = (balance + profit) / value
        return Interval(room.low, room.high, room.known & (value.high > 0), room.unknown | (value.low <= 0))

    def _maintenance(self, position: Position) -> Decimal:
        leverage = self.view.portfolio.leverage_set(self.view.book.account, position.symbol)
        return maintenance(position, self.view.perpetual(position.symbol), leverage)

    def _perpetuals(self) -> list[Position]:
        held = self.view.portfolio.positions(self.view.book.account)
        return [position for position in held if position.market is Market.LINEAR]

    def _notional(self, position: Position, turns: Turns) -> Interval:
        return absolute(number_of(position.quantity) * self._mark((position.market, position.symbol), turns))

    def _unrealised(self, position: Position, turns: Turns) -> Interval:
        priced = number_of(position.quantity - position.unpriced)
        return priced * self._mark((position.market, position.symbol), turns) - number_of(position.cost)

    def _mark(self, key: Key, turns: Turns) -> Interval:
        """The last price of an instrument; anything before the run has seen one."""
        marks = self.outlook.course.marks(key)[turns]
        seen = np.isfinite(marks)
        return Interval(np.where(seen, marks, -np.inf), np.where(seen, marks, np.inf), np.ones_like(seen), ~seen)


Column = Callable[[FactColumns, str, Turns], Interval]
GIVEN: Mapping[str, Column] = {
    "basis": FactColumns.basis,
    "legs.smallest": FactColumns.smallest_order,
    "perp.price": FactColumns.perpetual_price,
    "price": FactColumns.price,
}
"""Facts that follow from prices alone."""
OF_ACCOUNT: Mapping[str, Column] = {"account.cash": FactColumns.cash, "account.equity": FactColumns.equity}
COLUMNS: Mapping[str, Column] = {
    **GIVEN,
    **OF_ACCOUNT,
    "liquidation.distance": FactColumns.distance,
    "perp.position.value": FactColumns.short_value,
    "position.profit": FactColumns.profit,
    "position.value": FactColumns.value,
}
"""All facts that have bounds here."""
