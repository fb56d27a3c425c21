"""Money that open orders have spoken for."""

from dataclasses import dataclass, replace
from decimal import Decimal

from runtime.decimals import EXACT, ZERO, plain


@dataclass(frozen=True, slots=True)
class Reservation:
    """An amount of a coin that one order may still spend."""

    order_id: str
    account: str
    coin: str
    amount: Decimal


class Reservations:
    """All reservations, at most one per order."""

    def __init__(self) -> None:
        self._by_order: dict[str, Reservation] = {}
        self._by_coin: dict[tuple[str, str], dict[str, Reservation]] = {}

    def put(self, reservation: Reservation) -> None:
        """Set what an order may spend; account and coin of an order never change."""
        self._by_order[reservation.order_id] = reservation
        self._by_coin.setdefault((reservation.account, reservation.coin), {})[reservation.order_id] = reservation

    def release(self, order_id: str) -> None:
        """Give back what an order has not spent; an order without a reservation is fine."""
        self._take(order_id)

    def _take(self, order_id: str) -> Reservation | None:
        held = self._by_order.pop(order_id, None)
        if held is not None:
            del self._by_coin[held.account, held.coin][order_id]
        return held

    def hand_over(self, order_id: str, successor: str) -> None:
        """Let another order speak for what one has spoken for."""
        held = self._take(order_id)
        if held is not None:
            self.put(replace(held, order_id=successor))

    def spend(self, order_id: str, amount: Decimal) -> None:
        """Take what a fill has spent off the order's reservation."""
        held = self._by_order.get(order_id)
        if held is not None:
            self.put(replace(held, amount=max(ZERO, EXACT.subtract(held.amount, amount))))

    def total(self, account: str, coin: str) -> Decimal:
        """Give the amount of a coin that the open orders of an account have spoken for."""
        total = ZERO
        for held in self._by_coin.get((account, coin), {}).values():
            total = EXACT.add(total, held.amount)
        return total

    def to_plain(self) -> list[list[str]]:
        """Give the reservations as JSON-able data."""
        return [[held.order_id, held.account, held.coin, plain(held.amount)] for held in self._by_order.values()]

    def restore(self, rows: list[list[str]]) -> None:
        """Take back what `to_plain` gave."""
        held = (Reservation(order_id, account, coin, Decimal(amount)) for order_id, account, coin, amount in rows)
        self._by_order, self._by_coin = {}, {}
        for reservation in held:
            self.put(reservation)
