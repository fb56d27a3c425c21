"""One account: its wallet, its positions, and the events it has already counted."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from runtime.counted import Counted
from runtime.decimals import EXACT, ZERO, plain
from runtime.events import CashFlow, EarnMoved, Fill, FundingPayment, InterestPaid
from runtime.instrument import Instrument, Market
from runtime.marks import Key
from runtime.position import Applied, Position, book
from runtime.requests import Side


class Account:
    """Wallet and positions, moved only by fills, funding payments and cash flows, each of which counts once.

    Coins that are lent out are still in the wallet; `lent` says how many of them can't be spent.
    """

    def __init__(self, name: str, wallet: Mapping[str, Decimal]) -> None:
        self.name = name
        self.wallet: dict[str, Decimal] = dict(wallet)
        self.positions: dict[Key, Position] = {}
        self.leverages: dict[str, Decimal] = {}
        self.stops: dict[str, Decimal] = {}
        self.lent: dict[str, Decimal] = {}
        self._flat: dict[Key, Position] = {}
        self._executions = Counted()
        self._settlements = Counted()
        self._flows = Counted()

    def apply(self, fill: Fill, instrument: Instrument, fee: Decimal, dust: Decimal) -> Applied | None:
        """Count a fill once; `fee` is its fee in quote coin. None when it was counted before."""
        if not self._executions.first(fill.execution_id, fill.at_ms):
            return None
        before = self.position((fill.market, fill.symbol))
        applied = book(before, fill, _change(fill, instrument), fee, dust)
        self._keep(applied.after)
        if applied.ended and fill.market is Market.LINEAR:
            self.stops.pop(fill.symbol, None)
        self._pay(fill, instrument, applied)
        return applied

    def apply_funding(self, payment: FundingPayment, quote: str) -> bool:
        """Count a funding payment once, by its settlement id; False when it was counted before."""
        if not self._settlements.first(payment.settlement_id, payment.at_ms):
            return False
        self._add(quote, payment.amount)
        position = self.position((Market.LINEAR, payment.symbol))
        if not position.is_flat:
            self._keep(position.funded(payment.amount))
        return True

    def apply_cash_flow(self, flow: CashFlow, symbol: str | None) -> bool:
        """Count a cash flow once, by its flow id; `symbol` is the spot symbol that trades the coin, if any."""
        if not self._flows.first(flow.flow_id, flow.at_ms):
            return False
        self._add(flow.coin, flow.amount)
        if symbol is not None:
            self.move_in(symbol, flow.amount, flow.at_ms)
        return True

    def apply_earn(self, moved: EarnMoved) -> bool:
        """Count coins as lent out or back once, by the order's id; False when it was counted before."""
        if not self._flows.first(f"earn:{moved.order_id}", moved.at_ms):
            return False
        self.lend(moved.coin, EXACT.add(self.lent.get(moved.coin, ZERO), moved.amount))
        return True

    def apply_interest(self, paid: InterestPaid, symbol: str | None, price: Decimal | None) -> bool:
        """Count interest once, by its payment id; `symbol` trades the coin on spot, if any, at `price` if known."""
        if not self._flows.first(f"interest:{paid.payment_id}", paid.at_ms):
            return False
        self._add(paid.coin, paid.amount)
        if symbol is not None:
            self._keep(self.position((Market.SPOT, symbol)).grown(paid.amount, price, paid.at_ms))
        return True

    def lend(self, coin: str, amount: Decimal) -> None:
        """Count this much of a coin as lent out."""
        self.lent[coin] = amount
        if not amount:
            del self.lent[coin]

    def move_in(self, symbol: str, amount: Decimal, at_ms: int | None) -> None:
        """Count coins as held that were not bought here; the wallet has them already."""
        self._keep(self.position((Market.SPOT, symbol)).moved_in(amount, at_ms))

    def take_over(self, position: Position) -> None:
        """Put a position where the one before was, without a trade."""
        self._keep(position)
        if position.is_flat:
            self.stops.pop(position.symbol, None)

    def counted_flow(self, flow_id: str) -> bool:
        """Say whether a cash flow was counted before."""
        return flow_id in self._flows

    def position(self, key: Key) -> Position:
        """Give the position of an instrument, flat when there is none."""
        return self.positions.get(key) or self._flat.get(key) or self._flat.setdefault(key, Position(*key))

    def track(self, key: Key, high: Decimal, low: Decimal) -> None:
        """Take a price range into the best and worst price of a position that is open."""
        position = self.positions.get(key)
        if position is not None:
            self.positions[key] = position.seen(high, low)

    def to_plain(self) -> dict[str, Any]:
        """Give the account as JSON-able data."""
        return {
            "wallet": {coin: plain(amount) for coin, amount in self.wallet.items()},
            "positions": [position.to_plain() for position in self.positions.values()],
            "leverages": {symbol: plain(leverage) for symbol, leverage in self.leverages.items()},
            "stops": {symbol: plain(price) for symbol, price in self.stops.items()},
            "lent": {coin: plain(amount) for coin, amount in self.lent.items()},
            "executions": self._executions.to_plain(),
            "settlements": self._settlements.to_plain(),
            "flows": self._flows.to_plain(),
        }

    @classmethod
    def from_plain(cls, name: str, data: Mapping[str, Any]) -> "Account":
        """Read what `to_plain` wrote."""
        account = cls(name, _decimals(data["wallet"]))
        for position in map(Position.from_plain, data["positions"]):
            account._keep(position)
        account.leverages = _decimals(data["leverages"])
        account.stops = _decimals(data["stops"])
        # A snapshot of an older version has none.
        account.lent = _decimals(data.get("lent", {}))
        account._executions = Counted.from_plain(data["executions"])
        account._settlements = Counted.from_plain(data["settlements"])
        account._flows = Counted.from_plain(data["flows"])
        return account

    def _pay(self, fill: Fill, instrument: Instrument, applied: Applied) -> None:
        if fill.market is Market.SPOT:
            bought = _signed(fill)
            self._add(instrument.base, bought)
            self._add(instrument.quote, -EXACT.multiply(bought, fill.price))
        else:
            self._add(instrument.quote, applied.taken_off.gross)
        self._add(fill.fee_coin, -fill.fee)

    def _add(self, coin: str, amount: Decimal) -> None:
        self.wallet[coin] = EXACT.add(self.wallet.get(coin, ZERO), amount)

    def _keep(self, position: Position) -> None:
        key = (position.market, position.symbol)
        if position.is_flat:
            self.positions.pop(key, None)
        else:
            self.positions[key] = position


def _signed(fill: Fill) -> Decimal:
    return fill.quantity if fill.side is Side.BUY else -fill.quantity


def _change(fill: Fill, instrument: Instrument) -> Decimal:
    """What comes into a spot holding is less than what was bought when the fee is taken in the coin itself."""
    if fill.market is Market.SPOT and fill.fee_coin == instrument.base:
        return EXACT.subtract(_signed(fill), fill.fee)
    return _signed(fill)


def _decimals(texts: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(text) for name, text in texts.items()}
