"""The leverages that were asked for and not answered: an order that was decided with one must not go without it."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from runtime.decimals import plain
from runtime.requests import Request, SetLeverage

NAMED = "leverage:"
"""How the name of a refusal begins, before account and symbol."""


class Leverages:
    """Remembers each leverage from the request to its answer; asking a second time changes nothing."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], Decimal] = {}

    def note(self, requests: Iterable[Request]) -> None:
        """Remember what is asked for."""
        for request in requests:
            if isinstance(request, SetLeverage):
                self._asked[request.account, request.symbol] = request.leverage

    def answered(self, account: str, symbol: str) -> None:
        """The exchange has set it, or has said no."""
        self._asked.pop((account, symbol), None)

    def refused(self, name: str) -> None:
        """The exchange has refused `leverage:ACCOUNT:SYMBOL`."""
        _, account, symbol = name.split(":", 2)
        self.answered(account, symbol)

    def unanswered(self) -> Iterator[SetLeverage]:
        """Ask again for what may never have left."""
        return (SetLeverage(*key, leverage) for key, leverage in self._asked.items())

    def to_plain(self) -> list[list[str]]:
        """What waits for an answer as plain data."""
        return [[*key, plain(leverage)] for key, leverage in self._asked.items()]

    def restore(self, rows: Iterable[list[str]]) -> None:
        """Take back what `to_plain` gave."""
        self._asked = {(account, symbol): Decimal(leverage) for account, symbol, leverage in rows}
