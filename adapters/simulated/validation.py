"""Which orders are refused before they reach the book, with Bybit's codes."""

import re
from decimal import Decimal

from adapters.simulated.position import Position
from adapters.simulated.precision import ZERO
from adapters.simulated.refusal import (
    BAD_LEVERAGE,
    BAD_ORDER_ID,
    BAD_PRICE,
    BAD_QUANTITY,
    BAD_STOP,
    BAD_TIME_IN_FORCE,
    DUPLICATE,
    NO_SPOT_REDUCE,
    NO_SPOT_STOP,
    NO_STOP_WHEN_REDUCING,
    NOT_LIVE,
    NOTHING_TO_REDUCE,
    PRICE_OFF_STEP,
    QUANTITY_OFF_STEP,
    QUANTITY_TOO_SMALL,
    STOP_NOT_ABOVE,
    STOP_NOT_BELOW,
    STOP_WITHOUT_POSITION,
    UNKNOWN_ACCOUNT,
    UNKNOWN_SYMBOL,
    VALUE_TOO_SMALL,
    Refusal,
)
from adapters.simulated.venue import Venue
from runtime.instrument import Instrument, Market
from runtime.requests import ChangeStop, OrderType, PlaceOrder, SetLeverage, Side, TimeInForce

_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")


class Validation:
    """Checks requests against instrument, position and last price; funds are checked elsewhere."""

    def __init__(self, venue: Venue) -> None:
        self._instruments = venue.instruments
        self._accounts = venue.accounts
        self._book = venue.book
        self._prices = venue.prices

    def of_order(self, place: PlaceOrder) -> Refusal | None:
        """Say why an order is refused; None where it may go on."""
        return self._of_identity(place) or self._of_shape(place) or self._of_size(place) or self._of_intent(place)

    def of_amended(self, place: PlaceOrder) -> Refusal | None:
        """Say why an open order may not be changed into this one; None where it may."""
        return self._of_shape(place) or self._of_size(place)

    def of_stop(self, change: ChangeStop) -> Refusal | None:
        """Say why a stop may not stand at a price; None where it may."""
        refusal = self._of_perpetual(change.account, change.symbol)
        if refusal:
            return refusal
        position = self._accounts.named(change.account).position(change.symbol)
        if not position.quantity:
            return STOP_WITHOUT_POSITION
        if not _is_multiple(change.price, self._instruments[Market.LINEAR, change.symbol].price_step):
            return BAD_STOP
        return _wrong_side(position, change.price, self._prices.last(Market.LINEAR, change.symbol))

    def of_leverage(self, request: SetLeverage) -> Refusal | None:
        """Say why a leverage is refused; None where it may be set."""
        refusal = self._of_perpetual(request.account, request.symbol)
        if refusal:
            return refusal
        most = self._instruments[Market.LINEAR, request.symbol].maximum_leverage
        return None if 1 <= request.leverage <= most else BAD_LEVERAGE

    def _of_perpetual(self, account: str, symbol: str) -> Refusal | None:
        if self._accounts.find(account) is None:
            return UNKNOWN_ACCOUNT
        return None if (Market.LINEAR, symbol) in self._instruments else UNKNOWN_SYMBOL

    def _of_identity(self, place: PlaceOrder) -> Refusal | None:
        if self._accounts.find(place.account) is None:
            return UNKNOWN_ACCOUNT
        if not _ORDER_ID.fullmatch(place.order_id):
            return BAD_ORDER_ID
        if (place.market, place.symbol) not in self._instruments:
            return UNKNOWN_SYMBOL
        if self._book.knows(place.account, place.order_id):
            return DUPLICATE[place.market]
        return None if self._prices.find(place.market, place.symbol) is not None else NOT_LIVE

    def _of_shape(self, place: PlaceOrder) -> Refusal | None:
        is_limit = place.order_type is OrderType.LIMIT
        if (place.price is not None) is not is_limit:
            return BAD_PRICE
        if (place.quantity is None) is (place.quote_amount is None):
            return BAD_QUANTITY
        if place.quote_amount is not None and (is_limit or place.market is Market.LINEAR or place.side is Side.SELL):
            return BAD_QUANTITY
        if not is_limit and place.time_in_force in (TimeInForce.POST_ONLY, TimeInForce.FOK):
            return BAD_TIME_IN_FORCE
        if place.market is Market.SPOT:
            return NO_SPOT_STOP if place.stop_loss is not None else NO_SPOT_REDUCE if place.reduce_only else None
        return NO_STOP_WHEN_REDUCING if place.reduce_only and place.stop_loss is not None else None

    def _of_size(self, place: PlaceOrder) -> Refusal | None:
        instrument = self._instruments[place.market, place.symbol]
        if place.price is not None and not _is_multiple(place.price, instrument.price_step):
            return PRICE_OFF_STEP[place.market]
        if place.quote_amount is not None:
            return _of_amount(place.quote_amount, instrument)
        quantity = place.quantity or ZERO
        if quantity > ZERO and not _is_multiple(quantity, instrument.quantity_step):
            return QUANTITY_OFF_STEP[place.market]
        if quantity < instrument.minimum_quantity or quantity <= ZERO:
            return QUANTITY_TOO_SMALL[place.market]
        price = self._prices.last(place.market, place.symbol) if place.price is None else place.price
        # What closes a position is never too small: dust could not be left otherwise.
        is_small = quantity * price < instrument.minimum_notional and not place.reduce_only
        return VALUE_TOO_SMALL[place.market] if is_small else None

    def _of_intent(self, place: PlaceOrder) -> Refusal | None:
        if place.market is Market.SPOT:
            return None
        position = self._accounts.named(place.account).position(place.symbol)
        if place.reduce_only and not position.closable(place.side):
            return NOTHING_TO_REDUCE
        if place.stop_loss is None:
            return None
        instrument = self._instruments[place.market, place.symbol]
        base = self._prices.last(place.market, place.symbol) if place.price is None else place.price
        is_behind = place.stop_loss < base if place.side is Side.BUY else place.stop_loss > base
        if is_behind and _is_multiple(place.stop_loss, instrument.price_step):
            return None
        name, where = ("Buy", "lower") if place.side is Side.BUY else ("Sell", "higher")
        reason = f"StopLoss:{place.stop_loss} set for {name} position should be {where} than base_price:{base}"
        return BAD_STOP if is_behind else Refusal(BAD_STOP.code, reason)


def _of_amount(amount: Decimal, instrument: Instrument) -> Refusal | None:
    if not _is_multiple(amount, instrument.quote_step):
        return QUANTITY_OFF_STEP[instrument.market]
    return VALUE_TOO_SMALL[instrument.market] if amount < instrument.minimum_notional else None


def _wrong_side(position: Position, stop: Decimal, last: Decimal) -> Refusal | None:
    if position.is_long and stop >= last:
        return Refusal(STOP_NOT_BELOW, f"expect Falling, but trigger_price[{stop}] >= current[{last}]")
    if not position.is_long and stop <= last:
        return Refusal(STOP_NOT_ABOVE, f"expect Rising, but trigger_price[{stop}] <= current[{last}]")
    return None


def _is_multiple(value: Decimal, step: Decimal) -> bool:
    return value.is_finite() and value > ZERO and value % step == ZERO
