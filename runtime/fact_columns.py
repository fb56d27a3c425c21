"""Facts that follow from prices while nothing is bought, sold or paid: bounds of each, turn by turn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from runtime.course import Course, Key
from runtime.foretold import Foretold
from runtime.funding_facts import APART_MS
from runtime.instrument import Market
from runtime.intervals import ANYTHING, SLACK, Interval, floats, largest, number_of, total
from runtime.liquidation import maintenance
from runtime.position import Position
from runtime.quote_columns import QuoteColumns
from runtime.view import View

Turns = NDArray[np.int64]
Held = tuple[Key, Decimal]
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
        wallet, held = self.view.portfolio.wallets(self.view.book.account), self._perpetuals()
        amounts = [(self._source(coin), amount) for coin, amount in wallet.items() if amount and coin != self._money]
        coins = [(key, amount) for key, amount in amounts if key is not None]
        if len(coins) < len(amounts):
            return ANYTHING
        return self._linear(wallet.get(self._money, ZERO) - _cost(held), [*coins, *map(_priced, held)], turns)

    def _source(self, coin: str) -> Key | None:
        """The instrument that prices a coin; None where that isn't certain."""
        view = self.view
        own = (symbol for symbol in view.book.symbols if view.instrument(symbol).base == coin)
        key = (Market.SPOT, next(own, ""))
        certain = view.market is Market.SPOT and key[1] and view.instrument(key[1]).quote == self._money
        return key if certain and not view.portfolio.better_sources(key) else None

    def cash(self, _symbol: str, turns: Turns) -> Interval:
        """Money that no order and no position has spoken for."""
        portfolio, account = self.view.portfolio, self.view.book.account
        free = portfolio.wallet(account, self._money) - portfolio.reserved(account, self._money)
        free -= portfolio.lent(account, self._money)
        bound = total([self._bound(one, turns) for one in self._perpetuals()])
        return largest((number_of(free) - bound, NOTHING))

    def _bound(self, position: Position, turns: Turns) -> Interval:
        """The margin of a position, and what it loses."""
        key, quantity = _priced(position)
        leverage = self.view.portfolio.leverage_set(self.view.book.account, position.symbol) or ONE
        margin = abs(position.quantity) / leverage
        without, loss = [(key, margin)], [(key, margin - quantity)]
        return largest((self._linear(ZERO, without, turns), self._linear(position.cost, loss, turns)))

    def distance(self, symbol: str, turns: Turns) -> Interval:
        """How far all shorts may rise together before they are closed; anything where the exchange tells a price."""
        if not self.view.short(symbol).quantity:
            return UNKNOWN
        if self.outlook.foretold.ever("liquidation.price", symbol):
            return ANYTHING
        held = self._perpetuals()
        needed = sum((self._maintenance(one) for one in held), _cost(held))
        left = self.view.portfolio.wallet(self.view.book.account, self._money) - needed
        value = self._linear(ZERO, [((one.market, one.symbol), -one.quantity) for one in held], turns)
        room = self._linear(left, [_priced(one) for one in held], turns) / value
        return Interval(room.low, room.high, room.known & (value.high > 0), room.unknown | (value.low <= 0))

    def _maintenance(self, position: Position) -> Decimal:
        leverage = self.view.portfolio.leverage_set(self.view.book.account, position.symbol)
        return maintenance(position, self.view.perpetual(position.symbol), leverage)

    @property
    def _money(self) -> str:
        return self.view.portfolio.money

    def _perpetuals(self) -> list[Position]:
        held = self.view.portfolio.positions(self.view.book.account)
        return [position for position in held if position.market is Market.LINEAR]

    def _linear(self, constant: Decimal, quantities: Sequence[Held], turns: Turns) -> Interval:
        """An amount and quantities times their last prices; anything before the run has seen one of these."""
        worth = np.full(1, float(constant))
        size = np.abs(worth)
        for key, quantity in quantities:
            part = float(quantity) * self.outlook.course.marks(key)[turns]
            worth, size = worth + part, size + np.abs(part)
        seen, width = np.isfinite(worth), SLACK * size
        low, high = np.where(seen, worth - width, -np.inf), np.where(seen, worth + width, np.inf)
        return Interval(low, high, np.ones_like(seen), ~seen)


def _priced(position: Position) -> Held:
    """What of a position has a known cost."""
    return (position.market, position.symbol), position.quantity - position.unpriced


def _cost(positions: Sequence[Position]) -> Decimal:
    return sum((position.cost for position in positions), ZERO)


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
