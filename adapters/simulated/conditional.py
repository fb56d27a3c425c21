"""Orders that wait for a price before they become orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.simulated.order_record import OrderRecord, OrderState, Origin
from adapters.simulated.order_records import OrderRecords
from adapters.simulated.precision import exact
from adapters.simulated.refusal import (
    TOO_MANY_CONDITIONAL,
    TRIGGER_NOT_ABOVE,
    TRIGGER_NOT_BELOW,
    Refusal,
)
from runtime.events import Candle
from runtime.instrument import Market
from runtime.requests import PlaceOrder

MOST = {Market.LINEAR: 10, Market.SPOT: 30}


@dataclass(frozen=True, slots=True)
class Condition:
    """The price that is waited for, and whether the market has to rise to it or to fall."""

    price: Decimal
    rises: bool

    def refusal(self, last: Decimal | None) -> Refusal | None:
        """Say why it can't be waited for: the price is there already."""
        if last is None or (last < self.price if self.rises else last > self.price):
            return None
        return TRIGGER_NOT_ABOVE if self.rises else TRIGGER_NOT_BELOW


def waiting(orders: OrderRecords) -> dict[str, OrderRecord]:
    """Give all orders that wait for a price by their ids, the oldest first."""
    mine = (record for account in orders.accounts for record in orders.of(account) if record.origin is Origin.USER)
    found = [record for record in mine if record.state is OrderState.UNTRIGGERED]
    return {record.exchange_id: record for record in sorted(found, key=lambda record: record.number)}


def against_another(others: Iterable[OrderRecord], place: PlaceOrder) -> Refusal | None:
    """Say why no more orders of an account may wait in a symbol."""
    wanted = (place.account, place.market, place.symbol)
    requests = (other.request for other in others)
    same = [one for one in requests if (one.account, one.market, one.symbol) == wanted]
    return TOO_MANY_CONDITIONAL[place.market] if len(same) >= MOST[place.market] else None


def reached(record: OrderRecord, candles: Sequence[Candle], *, inside: bool) -> bool:
    """Whether candles have reached what an order waits for: their first prices, or anything inside them."""
    assert record.trigger is not None
    for candle in candles:
        if (candle.market, candle.symbol) == (record.request.market, record.request.symbol):
            high, low = (candle.high, candle.low) if inside else (candle.open, candle.open)
            return exact(high) >= record.trigger if record.rises else exact(low) <= record.trigger
    return False
