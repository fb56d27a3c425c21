"""What an account may still spend, and what it must keep."""

from collections.abc import Callable
from decimal import Decimal

from adapters.simulated.account import Account
from adapters.simulated.order import Order
from adapters.simulated.position import Position
from adapters.simulated.precision import ONE, ZERO
from adapters.simulated.statement import CoinStatement
from adapters.simulated.venue import Venue
from runtime.instrument import Instrument, Market
from runtime.requests import Side

# From symbol and position to the price at which it is valued.
Marks = Callable[[str, Position], Decimal]


def closing_fee(position: Position, instrument: Instrument, leverage: Decimal) -> Decimal:
    """Estimate the fee for closing at the bankruptcy price, in quote coin."""
    part = ONE - ONE / leverage if position.is_long else ONE + ONE / leverage
    return position.value * part * instrument.taker_fee


def initial_margin(position: Position, instrument: Instrument, leverage: Decimal) -> Decimal:
    """Say what a position binds while it is open, in quote coin."""
    return position.value / leverage + closing_fee(position, instrument, leverage)


def maintenance_margin(position: Position, instrument: Instrument, leverage: Decimal) -> Decimal:
    """Say what must be left for a position, or it is liquidated; in quote coin."""
    return position.value * instrument.maintenance_margin + closing_fee(position, instrument, leverage)


class Margin:
    """Cross margin of each account: all its perpetuals stand for each other with the wallet of their quote coin.

    Coins other than the quote coin are not collateral.
    """

    def __init__(self, venue: Venue) -> None:
        self._instruments = venue.instruments
        self._book = venue.book
        self._prices = venue.prices

    def last_mark(self, symbol: str, _position: Position) -> Decimal:
        """Mark a position at the last price."""
        return self._prices.last(Market.LINEAR, symbol)

    def positions(self, account: Account, coin: str) -> list[tuple[str, Position, Instrument]]:
        """Give the positions that are settled in a coin."""
        held = account.positions.items()
        rows = [(symbol, position, self._instruments[Market.LINEAR, symbol]) for symbol, position in held]
        return [row for row in rows if row[2].quote == coin]

    def balance(self, account: Account, coin: str, mark: Marks) -> Decimal:
        """Say wallet and unrealised profit at these marks."""
        held = self.positions(account, coin)
        return account.balance(coin) + sum((one.unrealised(mark(symbol, one)) for symbol, one, _ in held), ZERO)

    def maintenance(self, account: Account, coin: str) -> Decimal:
        """Say the maintenance margin of all positions settled in a coin."""
        held = self.positions(account, coin)
        return sum((maintenance_margin(position, one, account.leverage(one)) for _, position, one in held), ZERO)

    def available(self, account: Account, coin: str, without: Order | None = None) -> Decimal:
        """Say how much margin a new order, or the order left out of the count, may bind; unrealised profit counts."""
        held = self.positions(account, coin)
        bound = sum((initial_margin(position, one, account.leverage(one)) for _, position, one in held), ZERO)
        return self.balance(account, coin, self.last_mark) - bound - self._reserved_by_orders(account, coin, without)

    def free(self, account: Account, coin: str, without: Order | None = None) -> Decimal:
        """Say how much of a coin may be spent or withdrawn; unrealised profit does not count, since it is no coin."""
        unreserved = account.balance(coin) - self._reserved_by_orders(account, coin, without)
        return min(unreserved, self.available(account, coin, without)) if self.positions(account, coin) else unreserved

    def settles_in(self, symbol: str) -> str:
        """Say in which coin a perpetual is settled."""
        return self._instruments[Market.LINEAR, symbol].quote

    def leverage(self, account: Account, symbol: str) -> Decimal:
        """Say the leverage of a perpetual."""
        return account.leverage(self._instruments[Market.LINEAR, symbol])

    def is_overdrawn(self, account: Account, symbol: str) -> bool:
        """Whether positions and orders bind more margin than there is in the coin that settles a perpetual."""
        return self.available(account, self._instruments[Market.LINEAR, symbol].quote) < ZERO

    def affordable(self, account: Account, order: Order, quantity: Decimal, price: Decimal) -> Decimal:
        """Cut a quantity to what the account can pay for at a price, rounded down to the step."""
        instrument = self._instruments[order.symbol_key]
        if instrument.market is Market.LINEAR:
            closing = account.position(instrument.symbol).closable(order.request.side)
            opening = self.available(account, instrument.quote, order) / margin_per_unit(instrument, account, price)
            most = closing + max(opening, ZERO)
        elif order.request.side is Side.SELL:
            most = self.free(account, instrument.base, order)
        else:
            most = self.free(account, instrument.quote, order) / price
        return quantity if quantity <= most else max(instrument.quantity_down(most), ZERO)

    def affords(self, account: Account, order: Order) -> bool:
        """Whether an order can be reserved in full; one that is in the book already is not counted twice."""
        instrument = self._instruments[order.symbol_key]
        coin = instrument.quote
        if instrument.market is Market.LINEAR:
            cost = self._reserved(account, order, coin)
            return cost == ZERO or cost <= self.available(account, coin, order)
        coin = instrument.base if order.request.side is Side.SELL else coin
        return self._reserved(account, order, coin) <= self.free(account, coin, order)

    def statement(self, account: Account, coin: str) -> CoinStatement:
        """Say what an account has of a coin, and what of it is bound."""
        held = self.positions(account, coin)
        orders = self._book.of(account.name)
        spot = (self._reserved(account, order, coin) for order in orders if order.request.market is Market.SPOT)
        return CoinStatement(
            coin=coin,
            balance=account.balance(coin),
            locked=sum(spot, ZERO),
            reserved=self._reserved_by_orders(account, coin, None),
            initial=sum((initial_margin(position, one, account.leverage(one)) for _, position, one in held), ZERO),
            maintenance=self.maintenance(account, coin),
            unrealised=self.balance(account, coin, self.last_mark) - account.balance(coin),
            available=self.available(account, coin),
            free=self.free(account, coin),
        )

    def liquidation_price(self, account: Account, symbol: str) -> Decimal | None:
        """Say at which mark an account would be liquidated if only this symbol moved; None where at none above zero."""
        instrument, position = self._instruments[Market.LINEAR, symbol], account.position(symbol)
        if not position.quantity:
            return None
        cushion = self.balance(account, instrument.quote, self.last_mark) - self.maintenance(account, instrument.quote)
        price = self._prices.last(Market.LINEAR, symbol) - cushion / position.quantity
        return price if price > ZERO else None

    def _reserved_by_orders(self, account: Account, coin: str, without: Order | None) -> Decimal:
        orders = (order for order in self._book.of(account.name) if order is not without)
        return sum((self._reserved(account, order, coin) for order in orders), ZERO)

    def _reserved(self, account: Account, order: Order, coin: str) -> Decimal:
        instrument = self._instruments[order.symbol_key]
        if instrument.market is Market.SPOT and order.request.side is Side.SELL:
            return order.remaining if coin == instrument.base else ZERO
        if coin != instrument.quote or order.request.reduce_only:
            return ZERO
        if instrument.market is Market.SPOT:
            return order.remaining if order.in_quote else order.remaining * order.estimate
        opening = order.remaining - account.position(instrument.symbol).closable(order.request.side)
        return max(opening, ZERO) * margin_per_unit(instrument, account, order.estimate)


def margin_per_unit(instrument: Instrument, account: Account, price: Decimal) -> Decimal:
    """Say what opening one unit of base coin binds at a price: its initial margin and the fees of going in and out."""
    return price * (ONE / account.leverage(instrument) + 2 * instrument.taker_fee)
