"""What everything is worth as a function of prices: between two fills it is a constant and so much of each price."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from runtime.account import Account
from runtime.instrument import Market
from runtime.marks import Key, Marks


@dataclass(slots=True)
class LinearValue:
    """Equity in `money` is `constant` plus, of each instrument, `quantities` times its price; floats, for searching.

    `gross` adds up without signs what doesn't depend on prices: beside it a sum near zero has lost its last digits.
    """

    constant: float = 0.0
    gross: float = 0.0
    quantities: dict[Key, float] = field(default_factory=dict)

    def add(self, key: Key, quantity: Decimal) -> None:
        """Hold more of an instrument, or less."""
        self.quantities[key] = self.quantities.get(key, 0.0) + float(quantity)

    def pay(self, amount: Decimal) -> None:
        """Have more money, or less."""
        self.constant += float(amount)
        self.gross += abs(float(amount))


def linear_value(accounts: Iterable[Account], marks: Marks) -> LinearValue | None:
    """Give what accounts are worth; None while anything held has no price."""
    value = LinearValue()
    for account in accounts:
        if not (_coins(account, marks, value) and _perpetuals(account, marks, value)):
            return None
    return value


def _coins(account: Account, marks: Marks, value: LinearValue) -> bool:
    for coin, amount in account.wallet.items():
        if coin == marks.money:
            value.pay(amount)
        elif amount and marks.can_price(coin):
            key = marks.source(coin)
            if key is None:
                return False
            value.add(key, amount)
    return True


def _perpetuals(account: Account, marks: Marks, value: LinearValue) -> bool:
    for key, position in account.positions.items():
        if key[0] is Market.LINEAR:
            if marks.price(key) is None:
                return False
            value.add(key, position.quantity - position.unpriced)
            value.pay(-position.cost)
    return True
