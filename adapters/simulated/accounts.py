"""All accounts of the exchange, and who holds what."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from adapters.simulated.account import Account
from adapters.simulated.position import Position


class Accounts:
    """Accounts by name. It knows the holders of each symbol, so that an idle symbol costs nothing."""

    def __init__(self, accounts: Iterable[Account] = ()) -> None:
        self._accounts = {account.name: account for account in accounts}
        self._holders: dict[str, dict[str, None]] = {}
        for account in self._accounts.values():
            for symbol in account.positions:
                self._holders.setdefault(symbol, {})[account.name] = None

    @classmethod
    def opened(cls, coins: Mapping[str, Mapping[str, Decimal]]) -> "Accounts":
        """Open accounts with these coins."""
        return cls(Account(name, dict(amounts)) for name, amounts in coins.items())

    def find(self, name: str) -> Account | None:
        """Give an account, or None where there is none of this name."""
        return self._accounts.get(name)

    def named(self, name: str) -> Account:
        """Give an account; raises KeyError with a sentence where there is none of this name."""
        if name not in self._accounts:
            raise KeyError(
                f"Expected one of the accounts {sorted(self._accounts)}, found {name!r}; open it with a deposit."
            )
        return self._accounts[name]

    def opened_by(self, name: str) -> Account:
        """Give an account, opening it where there is none of this name."""
        return self._accounts.setdefault(name, Account(name))

    @property
    def any_held(self) -> bool:
        """Whether any account has any position."""
        return bool(self._holders)

    def held(self, symbol: str) -> bool:
        """Whether any account has a position in a symbol."""
        return symbol in self._holders

    def holders(self, symbols: Iterable[str]) -> tuple[Account, ...]:
        """Give the accounts with a position in one of these symbols, each once, in the order in which they entered."""
        names = {name: None for symbol in symbols for name in self._holders.get(symbol, ())}
        return tuple(self._accounts[name] for name in names)

    def put(self, account: Account, symbol: str, position: Position) -> None:
        """Replace a position; a flat one is forgotten."""
        account.hold(symbol, position)
        if position.quantity:
            self._holders.setdefault(symbol, {})[account.name] = None
            return
        holders = self._holders.get(symbol, {})
        holders.pop(account.name, None)
        if not holders:
            self._holders.pop(symbol, None)

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def to_plain(self) -> dict[str, Any]:
        """Give them as JSON-able values."""
        return {
            "accounts": [account.to_plain() for account in self],
            "holders": {symbol: list(names) for symbol, names in self._holders.items()},
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Accounts":
        """Build them from what to_plain gave, in the same order."""
        accounts = cls(Account.from_plain(account) for account in plain["accounts"])
        accounts._holders = {symbol: dict.fromkeys(names) for symbol, names in plain["holders"].items()}
        return accounts
