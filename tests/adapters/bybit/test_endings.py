from decimal import Decimal

from adapters.bybit.endings import REMEMBERED, Endings
from runtime.events import OrderCancelled

ONE = Decimal(1)


def filled(orders: int) -> Endings:
    endings = Endings()
    for number in range(orders):
        endings.fill(f"order {number}", f"execution {number}", ONE)
    return endings


def test_only_the_newest_orders_are_remembered() -> None:
    endings = filled(3 * REMEMBERED)
    assert len(endings) == REMEMBERED
    assert not endings.missing(f"order {3 * REMEMBERED - 1}", ONE)


def test_the_end_of_a_forgotten_order_waits_until_its_fills_are_told_again() -> None:
    endings, end = filled(2 * REMEMBERED), OrderCancelled(1, "name", "CancelByUser")
    assert endings.missing("order 0", ONE)
    assert endings.end("order 0", ONE, end) is None
    assert endings.fill("order 0", "execution 0", ONE) == end
