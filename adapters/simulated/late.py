"""An exchange to which entries come late: by a slow connection, a slow rule, or somebody who had to be asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.simulated.exchange import SimulatedExchange
from runtime.events import (
    Candle,
    ExchangeEvent,
    LookedUp,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
)
from runtime.requests import CancelOrder, LookUpOrder, PlaceOrder, Request

TAKEN_BACK = "taken back before it reached the market"


@dataclass(frozen=True, slots=True)
class _Held:
    """An order under way, and the moment from which on it reaches the market."""

    order: PlaceOrder
    due_ms: int


class LateExchange:
    """Passes everything on at once but the orders that open risk: those reach the exchange with a delay.

    `late_ms` is the delay by account; accounts that aren't in it are never late. An order counts as taken when it is
    sent; what the exchange refuses once it gets there counts as cancelled.
    """

    def __init__(self, exchange: SimulatedExchange, late_ms: Mapping[str, int]) -> None:
        self._exchange = exchange
        self._late_ms = late_ms
        self._held: dict[tuple[str, str], _Held] = {}

    def submit(self, request: Request, at_ms: int) -> Sequence[ExchangeEvent]:
        """Take a request; hold it back where it opens risk."""
        match request:
            case PlaceOrder() if not request.protective and self._late_ms.get(request.account):
                held = _Held(request, at_ms + self._late_ms[request.account])
                self._held[request.account, request.order_id] = held
                return [OrderAccepted(at_ms, request.order_id)]
            case CancelOrder() if self._held.pop((request.account, request.order_id), None) is not None:
                return [OrderCancelled(at_ms, request.order_id, TAKEN_BACK)]
            case LookUpOrder() if (request.account, request.order_id) in self._held:
                return [OrderAccepted(at_ms, request.order_id), LookedUp(at_ms, request.order_id, True, True)]
        return self._exchange.submit(request, at_ms)

    def open(self, candles: Sequence[Candle]) -> Sequence[ExchangeEvent]:
        """Let in what has arrived by now, then trade at the first prices."""
        arrived = [event for candle in candles for event in self._arrive(candle)]
        return [*arrived, *self._exchange.open(candles)]

    def range(self, candles: Sequence[Candle]) -> Sequence[ExchangeEvent]:
        """Trade inside each candle."""
        return self._exchange.range(candles)

    def settle(self, symbol: str, rate: Decimal, at_ms: int) -> Sequence[ExchangeEvent]:
        """Settle funding."""
        return self._exchange.settle(symbol, rate, at_ms)

    def offer(self, rate: Decimal, at_ms: int) -> None:
        """Let coins that are lent out earn another rate."""
        self._exchange.offer(rate, at_ms)

    def _arrive(self, candle: Candle) -> Iterator[ExchangeEvent]:
        due = [
            key
            for key, held in self._held.items()
            if (held.order.market, held.order.symbol) == (candle.market, candle.symbol)
            and candle.open_ms >= held.due_ms
        ]
        for key in due:
            for event in self._exchange.submit(self._held.pop(key).order, candle.open_ms):
                if isinstance(event, OrderRejected):
                    yield OrderCancelled(event.at_ms, event.order_id, event.reason)
                elif not isinstance(event, OrderAccepted):
                    yield event
