"""One account: coins, positions and leverage; nothing in it is shared with another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapters.simulated.position import FLAT, Position
from adapters.simulated.precision import EXACT, ZERO
from runtime.instrument import Instrument

STARTING_LEVERAGE = Decimal(10)


@dataclass(slots=True)
class Account:
    """Coins by name, open positions and chosen leverage by symbol.

    `changes` counts what was done to any of them; where stops stand doesn't matter to it.
    """

    name: str
    coins: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    leverages: dict[str, Decimal] = field(default_factory=dict)
    changes: int = field(default=0, compare=False)

    def balance(self, coin: str) -> Decimal:
        """Say how much of a coin it has, reserved or not."""
        return self.coins.get(coin, ZERO)

    def change(self, coin: str, amount: Decimal) -> None:
        """Add to a coin, or take from it when negative."""
        self.coins[coin] = EXACT.add(self.balance(coin), amount)
        self.changes += 1

    def lever(self, symbol: str, leverage: Decimal) -> None:
        """Choose the leverage of a symbol."""
        self.leverages[symbol] = leverage
        self.changes += 1

    def hold(self, symbol: str, position: Position) -> None:
        """Have a position in place of the one before; a flat one is forgotten."""
        before = self.position(symbol)
        if position.quantity != before.quantity or position.cost != before.cost:
            self.changes += 1
        if position.quantity:
            self.positions[symbol] = position
        else:
            self.positions.pop(symbol, None)

    def position(self, symbol: str) -> Position:
        """Give the position in a symbol; a flat one where there is none."""
        return self.positions.get(symbol, FLAT)

    def leverage(self, instrument: Instrument) -> Decimal:
        """Say the leverage of a symbol; before it is chosen, ten or the most that the instrument allows."""
        chosen = self.leverages.get(instrument.symbol)
        return min(STARTING_LEVERAGE, instrument.maximum_leverage) if chosen is None else chosen

    def to_plain(self) -> dict[str, Any]:
        """Give it as JSON-able values."""
        return {
            "name": self.name,
            "coins": {coin: str(amount) for coin, amount in self.coins.items()},
            "positions": {symbol: position.to_plain() for symbol, position in self.positions.items()},
            "leverages": {symbol: str(leverage) for symbol, leverage in self.leverages.items()},
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Account":
        """Build it from what to_plain gave."""
        return cls(
            plain["name"],
            {coin: Decimal(amount) for coin, amount in plain["coins"].items()},
            {symbol: Position.from_plain(position) for symbol, position in plain["positions"].items()},
            {symbol: Decimal(leverage) for symbol, leverage in plain["leverages"].items()},
        )
