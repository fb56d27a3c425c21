"""Where orders meet candles.

A market order, and a limit order that crosses the market when it comes, take at the first price of the next candle,
with slippage. What exceeds its share of that candle's volume is taken by a market order at the first prices of the
candles that follow, while a limit order rests with it. A resting order is filled as a maker at its own price, never
better, once the market trades beyond it by a tick.
"""

from dataclasses import dataclass
from decimal import Decimal

from adapters.simulated.clearing import Clearing
from adapters.simulated.margin import Margin
from adapters.simulated.order import Order
from adapters.simulated.precision import ONE, ZERO, exact
from adapters.simulated.refusal import Ending
from adapters.simulated.slippage import slipped
from adapters.simulated.venue import Venue
from runtime.events import Candle, ExchangeEvent
from runtime.requests import OrderType, Side, TimeInForce


@dataclass(frozen=True, slots=True)
class Offer:
    """What the market gives an order at once: `wanted` by the order, `quantity` given, and the average price.

    `bounded` says that more would have been given at a price beyond the order's bound.
    """

    wanted: Decimal
    quantity: Decimal
    price: Decimal
    bounded: bool


class Matching:
    """Fills open orders from candles."""

    def __init__(self, venue: Venue, margin: Margin, clearing: Clearing) -> None:
        self._instruments = venue.instruments
        self._slippage = venue.settings.model()
        self._volume_share = venue.settings.volume_share
        self._accounts = venue.accounts
        self._book = venue.book
        self._margin = margin
        self._clearing = clearing

    def at_open(self, candle: Candle) -> list[ExchangeEvent]:
        """Serve takers, and resting orders that the market has jumped over."""
        events: list[ExchangeEvent] = []
        for order in self._book.on((candle.market, candle.symbol)):
            order.taken = ZERO
            if self._is_void(order):
                continue
            if order.taking:
                events += self._take(order, candle)
            else:
                events += self._rest(order, candle, candle.open, candle.open, candle.open_ms)
        return events

    def at_once(self, order: Order, candle: Candle) -> list[ExchangeEvent]:
        """Serve one order that came while a candle is under way, at the candle's first price."""
        return self._take(order, candle) if order.taking and not self._is_void(order) else []

    def inside(self, candle: Candle) -> list[ExchangeEvent]:
        """Serve resting orders from the candle's range."""
        events: list[ExchangeEvent] = []
        for order in self._book.on((candle.market, candle.symbol)):
            if not order.taking and not self._is_void(order):
                events += self._rest(order, candle, candle.low, candle.high, candle.close_ms)
        return events

    def _is_void(self, order: Order) -> bool:
        # An earlier fill of the same candle may have ended it, or left less for it to reduce.
        if not self._book.holds(order):
            return True
        if order.request.reduce_only:
            position = self._accounts.named(order.request.account).position(order.request.symbol)
            order.remaining = min(order.remaining, position.closable(order.request.side))
        return False

    def _take(self, order: Order, candle: Candle) -> list[ExchangeEvent]:
        offer = self._offer(order, candle)
        fill_or_kill = order.request.time_in_force is TimeInForce.FOK
        if fill_or_kill and order.request.order_type is OrderType.LIMIT and offer.quantity < offer.wanted:
            return [self._clearing.cancel(order, Ending.NOT_ENOUGH_AT_ONCE, candle.open_ms)]
        events = self._serve(order, offer.quantity, offer.price, False, candle.open_ms)
        if self._book.holds(order):
            events += self._after_taking(order, offer, candle)
        return events

    def _after_taking(self, order: Order, offer: Offer, candle: Candle) -> list[ExchangeEvent]:
        request = order.request
        if request.order_type is OrderType.LIMIT and request.time_in_force is TimeInForce.GTC:
            order.taking = False
            return []
        waits_for_volume = offer.wanted > offer.quantity and not offer.bounded
        if request.order_type is OrderType.MARKET and waits_for_volume:
            return []
        ending = Ending.NOT_ALL_AT_ONCE if order.filled else Ending.NOTHING_AT_ONCE
        return [self._clearing.cancel(order, ending, candle.open_ms)]

    def _rest(self, order: Order, candle: Candle, low: float, high: float, at_ms: int) -> list[ExchangeEvent]:
        price, tick = order.request.price, self._instruments[order.symbol_key].price_step
        assert price is not None
        is_buy = order.request.side is Side.BUY
        is_beyond = exact(low) <= price - tick if is_buy else exact(high) >= price + tick
        if not is_beyond:
            return []
        return self._serve(order, min(order.remaining, self._share(order, candle)), price, True, at_ms)

    def _serve(self, order: Order, quantity: Decimal, price: Decimal, maker: bool, at_ms: int) -> list[ExchangeEvent]:
        account = self._accounts.named(order.request.account)
        affordable = self._margin.affordable(account, order, quantity, price)
        events = self._clearing.trade(order, affordable, price, maker, at_ms) if affordable > ZERO else []
        if affordable < quantity and self._book.holds(order):
            events.append(self._clearing.cancel(order, Ending.CANNOT_AFFORD, at_ms))
        return events

    def _share(self, order: Order, candle: Candle) -> Decimal:
        """Say what is left of the order's share of this candle's volume, in base coin."""
        instrument = self._instruments[order.symbol_key]
        share = instrument.quantity_down(exact(candle.volume) * self._volume_share)
        return max((share if order.most is None else min(share, order.most)) - order.taken, ZERO)

    def _offer(self, order: Order, candle: Candle) -> Offer:
        instrument, side = self._instruments[order.symbol_key], order.request.side
        first, volume, share = exact(candle.open), exact(candle.volume), self._share(order, candle)
        about = order.remaining / first if order.in_quote else order.remaining
        price = slipped(instrument, side, first, self._slippage.ratio(min(about, share), volume))
        wanted = instrument.quantity_down(order.remaining / price) if order.in_quote else order.remaining
        most = min(wanted, share)
        bound = order.bound
        if bound is None:
            return Offer(wanted, most, price, False)
        within = self._within(order, bound, first, volume)
        if within is None or within >= most:
            return Offer(wanted, most, _no_worse(side, price, bound), False)
        price = slipped(instrument, side, first, self._slippage.ratio(within, volume))
        return Offer(wanted, within, _no_worse(side, price, bound), True)

    def _within(self, order: Order, bound: Decimal, first: Decimal, volume: Decimal) -> Decimal | None:
        """Say which quantity is served within the bound; None where any is."""
        instrument = self._instruments[order.symbol_key]
        ratio = bound / first - ONE if order.request.side is Side.BUY else ONE - bound / first
        largest = self._slippage.largest(ratio, volume)
        return None if largest is None else instrument.quantity_down(largest)


def _no_worse(side: Side, price: Decimal, bound: Decimal) -> Decimal:
    return min(price, bound) if side is Side.BUY else max(price, bound)
