"""What happens in one account, read from the exchange's rows, whether a stream or a look-up brought them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from threading import RLock

from adapters.bybit.endings import REMEMBERED, Endings
from adapters.bybit.executions import FUNDING, fill_of, funding_of, kind_of
from adapters.bybit.fields import (
    MalformedError,
    Row,
    decimal,
    milliseconds,
    optional_decimal,
    optional_text,
    positive,
    price_or_none,
    shown,
    text,
)
from runtime.events import Event, FillKind, OrderAccepted, OrderCancelled, OrderRejected, StopGone, StopPlaced
from runtime.instrument import Instrument, Market
from runtime.requests import PlaceOrder

OPEN = frozenset({"New", "PartiallyFilled", "Untriggered"})
ENDED = frozenset({"Cancelled", "PartiallyFilledCanceled", "Deactivated"})
SAYS_NOTHING = frozenset({"Triggered", "Filled", "Created", "Active"})
SECOND_WITH_OUR_NAME = "EC_DuplicatedClOrdID"
CODES = {"EC_PostOnlyWillTakeLiquidity": 170218}
BAD_ORDER = 10001

Put = Callable[[Event], None]
Instruments = Mapping[tuple[Market, str], Instrument]


class AccountNews:
    """Turns rows into events of one account, each put in while no other is; for any thread.

    `missing` is called with market, symbol and exchange id of an order of which fills have not been told.
    """

    def __init__(
        self, account: str, instruments: Instruments, put: Put, missing: Callable[[Market, str, str], None]
    ) -> None:
        self.account = account
        self._instruments, self._put, self._missing = instruments, put, missing
        self._endings = Endings()
        self._accepted: dict[str, None] = {}
        self._carriers: dict[str, str] = {}
        self._stops: dict[str, Decimal] = {}
        self._sequences: dict[str, int] = {}
        self._lock = RLock()
        self.latest_execution_ms = 0

    # ── orders ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def sent(self, order: PlaceOrder) -> None:
        """Remember which order carries the stop of a position: the stop's own fills don't say it."""
        if order.market is Market.LINEAR and not order.reduce_only:
            self.carried_by(order.symbol, order.order_id)

    def carried_by(self, symbol: str, order_id: str) -> None:
        """Remember the order that opened a position."""
        with self._lock:
            self._carriers[symbol] = order_id

    def carrier(self, symbol: str) -> str | None:
        """Give the order that opened a position, if it is known."""
        return self._carriers.get(symbol)

    def accepted(self, order_id: str, at_ms: int, again: bool = False) -> None:
        """Tell that an order is taken: once, unless somebody asks again."""
        with self._lock:
            if again or order_id not in self._accepted:
                self._put(OrderAccepted(at_ms, order_id))
            self._accepted[order_id] = None
            while len(self._accepted) > REMEMBERED:
                del self._accepted[next(iter(self._accepted))]

    def order(self, data: Row, market: Market, again: bool = False) -> None:
        """Tell what an order's row says, `again` also where it was said before; raises MalformedError."""
        with self._lock:
            status, name = text(data, "orderStatus"), optional_text(data, "orderLinkId")
            if status == "Filled" or status in ENDED:
                self._seek_fills(data, market)
            if not name:
                self._attached(data, status)
            elif status in OPEN:
                self.accepted(name, _moment(data), again)
            elif status in ENDED:
                self._ended(data, name)
            elif status == "Rejected":
                self._rejected(data, name)
            elif status not in SAYS_NOTHING:
                raise MalformedError(f"orderStatus: expected one that is documented, found {shown(status)}.")

    def _attached(self, data: Row, status: str) -> None:
        """An order without our name: the stop that stands with a position, or somebody else's, which the look shows."""
        if status == "Untriggered" and "StopLoss" in optional_text(data, "stopOrderType"):
            self._stop_seen(text(data, "symbol"), positive(data, "triggerPrice"), _moment(data))

    def _ended(self, data: Row, name: str) -> None:
        reason = _reason(data)
        filled = optional_decimal(data, "cumExecQty") or Decimal(0)
        end = self._endings.end(text(data, "orderId"), filled, OrderCancelled(_moment(data), name, reason))
        if end is not None:
            self._put(end)

    def _rejected(self, data: Row, name: str) -> None:
        reason = _reason(data)
        # The first order of this name lives on; it is the second one that was refused.
        if reason != SECOND_WITH_OUR_NAME:
            self._put(OrderRejected(_moment(data), name, CODES.get(reason, BAD_ORDER), reason))

    def _seek_fills(self, data: Row, market: Market) -> None:
        filled = optional_decimal(data, "cumExecQty") or Decimal(0)
        exchange_id = text(data, "orderId")
        if self._endings.missing(exchange_id, filled):
            self._missing(market, text(data, "symbol"), exchange_id)

    # ── executions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def execution(self, data: Row, market: Market) -> None:
        """Tell what an execution's row says; raises MalformedError."""
        with self._lock:
            if data.get("execType") == FUNDING:
                self._put(funding_of(data, self.account))
                return
            symbol, exchange_id = text(data, "symbol"), text(data, "orderId")
            own = optional_text(data, "orderLinkId")
            # A stop or a liquidation has no name of its own; it speaks for the order that opened the position.
            name = own or (exchange_id if kind_of(data) is FillKind.TRADE else self._carriers.get(symbol, exchange_id))
            fill = fill_of(data, self.account, market, name, self._instruments.get((market, symbol)))
            self.latest_execution_ms = max(self.latest_execution_ms, fill.at_ms)
            end = self._endings.fill(exchange_id, fill.execution_id, fill.quantity)
            if fill.kind is not FillKind.TRADE:
                self._stops.pop(symbol, None)
            self._put(fill)
            if end is not None:
                self._put(end)

    # ── positions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def position(self, data: Row) -> None:
        """Tell of a stop that stands, or no longer does; raises MalformedError."""
        with self._lock:
            symbol, size = text(data, "symbol"), decimal(data, "size")
            stop, sequence = price_or_none(data, "stopLoss"), data.get("seq")
            if isinstance(sequence, int) and not isinstance(sequence, bool):
                if sequence < self._sequences.get(symbol, 0):
                    return
                self._sequences[symbol] = sequence
            at_ms = milliseconds(data, "updatedTime")
            if not size:
                self._stops.pop(symbol, None)
            elif stop is not None:
                self._stop_seen(symbol, stop, at_ms)
            elif self._stops.pop(symbol, None) is not None:
                self._put(StopGone(at_ms, self.account, symbol))

    def stop_stands(self, symbol: str, price: Decimal, at_ms: int) -> None:
        """Tell that the exchange has taken a stop at this price."""
        with self._lock:
            self._stops[symbol] = price
            self._put(StopPlaced(at_ms, self.account, symbol, price))

    def _stop_seen(self, symbol: str, price: Decimal, at_ms: int) -> None:
        if self._stops.get(symbol) != price:
            self.stop_stands(symbol, price, at_ms)


def is_positions_stop(data: Row) -> bool:
    """Tell whether an open order is the stop or target that stands with a position."""
    kind = optional_text(data, "stopOrderType")
    return not optional_text(data, "orderLinkId") and kind in POSITIONS_OWN


POSITIONS_OWN = frozenset({"StopLoss", "TakeProfit", "TrailingStop", "PartialStopLoss", "PartialTakeProfit"})


def _moment(data: Row) -> int:
    return milliseconds(data, "updatedTime")


def _reason(data: Row) -> str:
    reason = optional_text(data, "rejectReason")
    return optional_text(data, "cancelType") or "EC_NoError" if reason in ("", "EC_NoError") else reason
