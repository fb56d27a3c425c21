"""The open orders of all accounts."""

from collections.abc import Iterable, Mapping
from typing import Any

from adapters.simulated.order import Order
from runtime.instrument import Market


class OrderBook:
    """Open orders by account and id, and by market and symbol; each in the order in which they came."""

    def __init__(self, orders: Iterable[Order] = (), known: Iterable[tuple[str, str]] = ()) -> None:
        self._orders: dict[tuple[str, str], Order] = {}
        self._by_symbol: dict[tuple[Market, str], dict[tuple[str, str], Order]] = {}
        self._known = dict.fromkeys(known)
        for order in orders:
            self.add(order)

    def add(self, order: Order) -> None:
        """Take an order in; its id is used up for ever."""
        self._known[order.key] = None
        self._orders[order.key] = order
        self._by_symbol.setdefault(order.symbol_key, {})[order.key] = order

    def remove(self, order: Order) -> None:
        """Forget an order that has ended; its id stays used."""
        del self._orders[order.key]
        orders = self._by_symbol[order.symbol_key]
        del orders[order.key]
        if not orders:
            del self._by_symbol[order.symbol_key]

    def knows(self, account: str, order_id: str) -> bool:
        """Whether an account has ever used this id."""
        return (account, order_id) in self._known

    def find(self, account: str, order_id: str) -> Order | None:
        """Give an open order, or None."""
        return self._orders.get((account, order_id))

    def holds(self, order: Order) -> bool:
        """Whether an order is still open."""
        return order.key in self._orders

    @property
    def empty(self) -> bool:
        """Whether no order is open at all."""
        return not self._orders

    def waits(self, key: tuple[Market, str]) -> bool:
        """Whether any order is open on a market and symbol."""
        return key in self._by_symbol

    def on(self, key: tuple[Market, str]) -> tuple[Order, ...]:
        """Give the open orders on a market and symbol, oldest first."""
        return tuple(self._by_symbol.get(key, {}).values())

    def of(self, account: str) -> tuple[Order, ...]:
        """Give the open orders of an account, oldest first."""
        return tuple(order for order in self._orders.values() if order.request.account == account)

    def to_plain(self) -> dict[str, Any]:
        """Give it as JSON-able values."""
        return {
            "orders": [order.to_plain() for order in self._orders.values()],
            "known": [list(key) for key in self._known],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "OrderBook":
        """Build it from what to_plain gave."""
        return cls(
            map(Order.from_plain, plain["orders"]), ((account, order_id) for account, order_id in plain["known"])
        )
