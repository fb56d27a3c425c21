"""An order's end waits for its fills, in whatever order the exchange tells them."""

from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal

from runtime.events import OrderCancelled

REMEMBERED = 1_000
"""So many orders of an account: the fills of one that is forgotten are asked for again, and count once."""


@dataclass(slots=True)
class Filled:
    """What has been told of one order's fills."""

    quantity: Decimal
    executions: set[str]


class Endings:
    """The fills of each order of one account, by the exchange's order id, and the ends that came before them."""

    def __init__(self) -> None:
        self._filled: OrderedDict[str, Filled] = OrderedDict()
        self._waiting: dict[str, tuple[Decimal, OrderCancelled]] = {}

    def __len__(self) -> int:
        """How many orders are remembered."""
        return len(self._filled)

    def fill(self, exchange_id: str, execution_id: str, quantity: Decimal) -> OrderCancelled | None:
        """Count a fill once; gives the end of the order if it has waited for this fill."""
        known = self._filled.setdefault(exchange_id, Filled(Decimal(0), set()))
        if execution_id not in known.executions:
            known.executions.add(execution_id)
            known.quantity += quantity
        while len(self._filled) > REMEMBERED:
            self._filled.popitem(last=False)
        needed, end = self._waiting.get(exchange_id, (None, None))
        if needed is None or known.quantity < needed:
            return None
        del self._waiting[exchange_id]
        return end

    def end(self, exchange_id: str, filled: Decimal, end: OrderCancelled) -> OrderCancelled | None:
        """Give the end back if all of the order's fills have been told; otherwise it waits for them."""
        if self.missing(exchange_id, filled):
            self._waiting[exchange_id] = (filled, end)
            return None
        return end

    def missing(self, exchange_id: str, filled: Decimal) -> bool:
        """Tell whether the exchange has filled more of an order than was told."""
        known = self._filled.get(exchange_id)
        return filled > (known.quantity if known else Decimal(0))
