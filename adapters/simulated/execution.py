"""One execution as the exchange remembers it: what changed hands, and what it did to the position."""

from dataclasses import dataclass
from decimal import Decimal

from adapters.simulated.order_record import OrderRecord
from runtime.events import Fill


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill with its order.

    `left` is what the order still wanted after it, `closed` how much of a position it closed, both in base coin;
    `realised` is the profit that this made, in quote coin, fees not considered. `number` counts all entries.
    """

    fill: Fill
    order: OrderRecord
    left: Decimal
    closed: Decimal
    realised: Decimal
    number: int
