"""The exchange as one who trades on it sees it: it answers at once, remembers everything and tells of every change."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.simulated.change import Change, Executed, OrderChanged, PositionChanged, WalletChanged
from adapters.simulated.conditional import Condition, against_another, reached, waiting
from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.ledger import Ledger
from adapters.simulated.order_record import OrderRecord, OrderState, Origin
from adapters.simulated.order_records import OrderRecords
from adapters.simulated.precision import ZERO
from adapters.simulated.refusal import (
    BAD_ORDER_ID,
    DUPLICATE,
    LEVERAGE_UNCHANGED,
    NO_SUCH_ORDER,
    STOP_UNCHANGED,
    STOP_WITHOUT_POSITION,
    Ending,
    Refusal,
    RequestRefusedError,
)
from adapters.simulated.settings import ExchangeSettings
from runtime.events import (
    Candle,
    CashFlow,
    EarnMoved,
    ExchangeEvent,
    Fill,
    FillKind,
    FundingPayment,
    InterestPaid,
    LeverageSet,
    OrderCancelled,
    OrderRejected,
    StopPlaced,
)
from runtime.instrument import Instrument, Market
from runtime.requests import (
    CancelOrder,
    ChangeStop,
    EarnOrder,
    MoveMoney,
    OrderType,
    PlaceOrder,
    SetLeverage,
    TimeInForce,
)

_LINK_ID = re.compile(r"[A-Za-z0-9_-]{0,36}")
_ORIGINS = {FillKind.STOP: Origin.STOP, FillKind.LIQUIDATION: Origin.LIQUIDATION}


class LiveExchange:
    """The simulated exchange between its candles.

    While a candle is under way an order that takes liquidity is served at once, at the candle's first price; in the gap
    between two candles it waits for the next first price, as in a back-test. Requests raise RequestRefusedError. `tell`
    hears of every change, after the answer to the request is settled.
    """

    def __init__(
        self,
        instruments: Mapping[tuple[Market, str], Instrument],
        settings: ExchangeSettings,
        coins: Mapping[str, Mapping[str, Decimal]],
        tell: Callable[[Change], None],
    ) -> None:
        self.instruments = instruments
        self.model = SimulatedExchange(instruments, settings, coins)
        self.orders = OrderRecords()
        self.ledger = Ledger(instruments, coins)
        self._tell = tell
        self._under_way: dict[tuple[Market, str], Candle] = {}
        self._waiting: dict[str, OrderRecord] = {}

    def to_plain(self) -> dict[str, Any]:
        """Give all that it remembers as JSON-able values; candles under way are not among them."""
        return {
            "model": self.model.to_plain(),
            "orders": self.orders.to_plain(),
            "ledger": self.ledger.to_plain(),
        }

    def restore(self, plain: Mapping[str, Any], settings: ExchangeSettings) -> None:
        """Stand where the exchange stood that gave this; raises ValueError, KeyError or TypeError for other values."""
        self.model = SimulatedExchange.from_plain(plain["model"], self.instruments, settings)
        self.orders = OrderRecords.from_plain(plain["orders"])
        self._waiting = waiting(self.orders)
        self.ledger = Ledger.from_plain(plain["ledger"], self.instruments, self.orders)

    # --- the market -------------------------------------------------------------------------------------------------

    def open(self, candles: Sequence[Candle], at_ms: int) -> None:
        """Let candles begin."""
        self._under_way |= {(candle.market, candle.symbol): candle for candle in candles}
        self._take(self.model.open(candles), at_ms)
        self._trigger(candles, at_ms, inside=False)

    def close(self, candles: Sequence[Candle], at_ms: int) -> None:
        """Let candles run to their end; until the next ones begin, takers wait."""
        for candle in candles:
            self._under_way.pop((candle.market, candle.symbol), None)
        self._take(self.model.range(candles), at_ms)
        self._trigger(candles, at_ms, inside=True)

    def settle(self, symbol: str, rate: Decimal, at_ms: int) -> None:
        """Settle the funding of a perpetual."""
        self._take(self.model.settle(symbol, rate, at_ms), at_ms)

    # --- requests ---------------------------------------------------------------------------------------------------

    def place(self, place: PlaceOrder, at_ms: int, most: Decimal | None = None) -> OrderRecord:
        """Take an order whose `order_id` is the client's own, or empty; `most` caps what it gets of each candle."""
        self._check_name(place)
        exchange_id = self.orders.next_id(place.market)
        request = replace(place, order_id=exchange_id)
        events = _unless_refused(self.model.submit(request, at_ms))
        reference = self.model.last(place.market, place.symbol) or ZERO
        record = OrderRecord(exchange_id, place.order_id, request, Origin.USER, OrderState.NEW, at_ms, at_ms, reference)
        self.orders.add(record)
        if most is not None:
            self.model.cap(place.account, exchange_id, most)
        self._tell(OrderChanged(at_ms, place.account, record))
        self._take([*events, *self._serve(record, at_ms)], at_ms, record)
        return record

    def hold(self, place: PlaceOrder, condition: Condition, at_ms: int) -> OrderRecord:
        """Take an order that waits for a price; until then it binds nothing."""
        self._check_name(place)
        last = self.model.last(place.market, place.symbol)
        refusal = condition.refusal(last) or against_another(self._waiting.values(), place)
        if refusal is not None:
            raise RequestRefusedError(refusal)
        exchange_id, state = self.orders.next_id(place.market), OrderState.UNTRIGGERED
        request = replace(place, order_id=exchange_id)
        record = OrderRecord(exchange_id, place.order_id, request, Origin.USER, state, at_ms, at_ms, last or ZERO)
        record.trigger, record.rises = condition.price, condition.rises
        self.orders.add(record)
        self._waiting[exchange_id] = record
        self._tell(OrderChanged(at_ms, place.account, record))
        return record

    def _check_name(self, place: PlaceOrder) -> None:
        if not _LINK_ID.fullmatch(place.order_id):
            raise RequestRefusedError(BAD_ORDER_ID)
        if place.order_id and self.orders.find(place.account, "", place.order_id):
            raise RequestRefusedError(DUPLICATE[place.market])

    def _trigger(self, candles: Sequence[Candle], at_ms: int, *, inside: bool) -> None:
        """Let orders in whose price was reached; one that is refused then has ended."""
        for record in [one for one in self._waiting.values() if reached(one, candles, inside=inside)]:
            del self._waiting[record.exchange_id]
            record.state, record.updated_ms = OrderState.TRIGGERED, at_ms
            self._tell(OrderChanged(at_ms, record.request.account, record))
            self._let_in(record, at_ms)

    def _let_in(self, record: OrderRecord, at_ms: int) -> None:
        account, events = record.request.account, self.model.submit(record.request, at_ms)
        refused = next((event for event in events if isinstance(event, OrderRejected)), None)
        record.state = OrderState.NEW if refused is None else OrderState.REJECTED
        record.reason = "" if refused is None else refused.reason
        self._tell(OrderChanged(at_ms, account, record))
        if refused is None:
            self._take([*events, *self._serve(record, at_ms)], at_ms, record)

    def cancel(self, account: str, market: Market, exchange_id: str, link_id: str, at_ms: int) -> OrderRecord:
        """Take an order back; of a stop, take it from its position."""
        record = self._open_order(account, market, exchange_id, link_id)
        symbol = record.request.symbol
        if record.origin is Origin.STOP:
            self._remove_stop(account, symbol, Ending.BY_USER, at_ms)
            return record
        if record.state is OrderState.UNTRIGGERED:
            del self._waiting[record.exchange_id]
            record.end(Ending.BY_USER.value, at_ms)
            self._tell(OrderChanged(at_ms, account, record))
            return record
        request = CancelOrder(record.exchange_id, account, market, symbol)
        self._take(_unless_refused(self.model.submit(request, at_ms)), at_ms, record)
        return record

    def amend(self, record: OrderRecord, quantity: Decimal | None, price: Decimal | None, at_ms: int) -> OrderRecord:
        """Change size or price of an open order; None leaves what it was."""
        account = record.request.account
        events = self.model.amend(account, record.exchange_id, quantity, price, at_ms)
        _unless_refused(events)
        request = record.request
        quantity, price = quantity or request.quantity, price or request.price
        record.request, record.updated_ms = replace(request, quantity=quantity, price=price), at_ms
        self._tell(OrderChanged(at_ms, account, record))
        self._take(self._serve(record, at_ms), at_ms, record)
        return record

    def amend_waiting(
        self, record: OrderRecord, quantity: Decimal | None, price: Decimal | None, trigger: Decimal | None, at_ms: int
    ) -> OrderRecord:
        """Change an order that still waits for its price; None leaves what it was."""
        trigger = trigger or record.trigger
        assert trigger is not None
        refusal = Condition(trigger, record.rises).refusal(
            self.model.last(record.request.market, record.request.symbol)
        )
        if refusal is not None:
            raise RequestRefusedError(refusal)
        request = record.request
        record.request = replace(request, quantity=quantity or request.quantity, price=price or request.price)
        record.trigger, record.updated_ms = trigger, at_ms
        self._tell(OrderChanged(at_ms, request.account, record))
        return record

    def find_open(self, account: str, market: Market, exchange_id: str, link_id: str) -> OrderRecord:
        """Give an order that may be cancelled or changed."""
        return self._open_order(account, market, exchange_id, link_id)

    def change_stop(self, account: str, symbol: str, price: Decimal, at_ms: int) -> None:
        """Move the stop of a position in place; at a price of zero take it away."""
        position = self.model.position(account, symbol)
        if not position.quantity:
            raise RequestRefusedError(STOP_WITHOUT_POSITION)
        if price == (position.stop or ZERO):
            raise RequestRefusedError(STOP_UNCHANGED)
        if not price:
            self._remove_stop(account, symbol, Ending.BY_USER, at_ms)
            return
        self._take(_unless_refused(self.model.submit(ChangeStop(account, symbol, price), at_ms)), at_ms)

    def set_leverage(self, account: str, symbol: str, leverage: Decimal, at_ms: int) -> None:
        """Set the leverage of a perpetual; refuses where it is so already."""
        for event in _unless_refused(self.model.submit(SetLeverage(account, symbol, leverage), at_ms)):
            if isinstance(event, LeverageSet) and not event.changed:
                raise RequestRefusedError(LEVERAGE_UNCHANGED)
        self._tell(PositionChanged(at_ms, account, symbol))

    def transfer(self, move: MoveMoney, at_ms: int) -> None:
        """Move money between accounts."""
        self._take(_unless_refused(self.model.submit(move, at_ms)), at_ms)

    def lend(self, order: EarnOrder, at_ms: int) -> None:
        """Lend coins out at Earn, or take them back."""
        self._take(_unless_refused(self.model.submit(order, at_ms)), at_ms)

    def deposit(self, account: str, coin: str, amount: Decimal, at_ms: int) -> None:
        """Bring money in from outside, or take it out when negative; raises ValueError for more than is free."""
        self._take(self.model.deposit(account, coin, amount, at_ms), at_ms)

    def liquidate(self, account: str, coin: str, at_ms: int) -> None:
        """Liquidate an account by force."""
        self._take(self.model.liquidate(account, coin, at_ms), at_ms)

    # --- what events do ---------------------------------------------------------------------------------------------

    def _open_order(self, account: str, market: Market, exchange_id: str, link_id: str) -> OrderRecord:
        record = self.orders.find(account, exchange_id, link_id)
        if record is None or not record.is_open or record.request.market is not market:
            raise RequestRefusedError(NO_SUCH_ORDER[market])
        return record

    def _serve(self, record: OrderRecord, at_ms: int) -> list[ExchangeEvent]:
        request = record.request
        candle = self._under_way.get((request.market, request.symbol))
        if candle is None:
            return []
        return self.model.serve(request.account, record.exchange_id, replace(candle, open_ms=at_ms))

    def _take(self, events: Iterable[ExchangeEvent], at_ms: int, own: OrderRecord | None = None) -> None:
        wallets: dict[str, None] = {}
        positions: dict[tuple[str, str], None] = {}
        for event in events:
            match event:
                case Fill():
                    self._fill(event)
                    wallets[event.account] = None
                    if event.market is Market.LINEAR:
                        positions[event.account, event.symbol] = None
                case OrderCancelled():
                    record = self.orders.named(event.order_id)
                    record.end(event.reason, event.at_ms)
                    self._tell(OrderChanged(event.at_ms, record.request.account, record))
                    wallets[record.request.account] = None
                case FundingPayment():
                    self.ledger.settle(event)
                    self._tell(Executed(event.at_ms, event.account, event))
                    wallets[event.account] = None
                    positions[event.account, event.symbol] = None
                case CashFlow() | EarnMoved() | InterestPaid():
                    self.ledger.move(event)
                    wallets[event.account] = None
                case StopPlaced():
                    self._place_stop(event)
                    positions[event.account, event.symbol] = None
        if own is not None:
            wallets[own.request.account] = None
        for account, symbol in positions:
            self._tell(PositionChanged(at_ms, account, symbol))
        for account in wallets:
            self._tell(WalletChanged(at_ms, account))

    def _fill(self, fill: Fill) -> None:
        record = self._order_of(fill)
        record.fill(fill, Ending.NOT_ALL_AT_ONCE.value)
        before = self.ledger.position(fill.account, fill.symbol)
        execution = self.ledger.trade(fill, record)
        self._tell(Executed(fill.at_ms, fill.account, execution))
        self._tell(OrderChanged(fill.at_ms, fill.account, record))
        after = self.ledger.position(fill.account, fill.symbol)
        if fill.market is Market.LINEAR and before.quantity * after.quantity <= ZERO and before.quantity:
            self._end_stop(fill.account, fill.symbol, Ending.POSITION_CLOSED, fill.at_ms)

    def _order_of(self, fill: Fill) -> OrderRecord:
        """Give the order that a fill belongs to; a stop and a liquidation have one of their own."""
        if fill.kind is FillKind.TRADE:
            return self.orders.named(fill.order_id)
        stop = self.orders.forget_stop(fill.account, fill.symbol) if fill.kind is FillKind.STOP else None
        if stop is not None:
            stop.request = replace(stop.request, quantity=fill.quantity)
            return stop
        record = self._made_here(fill.account, fill.symbol, _ORIGINS[fill.kind], fill.at_ms)
        record.request = replace(record.request, side=fill.side, quantity=fill.quantity)
        self.orders.add(record)
        return record

    def _place_stop(self, placed: StopPlaced) -> None:
        record = self.orders.stop(placed.account, placed.symbol)
        if record is None:
            record = self._made_here(placed.account, placed.symbol, Origin.STOP, placed.at_ms)
            self.orders.put_stop(record)
        record.trigger, record.updated_ms = placed.price, placed.at_ms
        self._tell(OrderChanged(placed.at_ms, placed.account, record))

    def _made_here(self, account: str, symbol: str, origin: Origin, at_ms: int) -> OrderRecord:
        position = self.ledger.position(account, symbol)
        exchange_id = self.orders.next_id(Market.LINEAR)
        request = PlaceOrder(
            order_id=exchange_id,
            account=account,
            market=Market.LINEAR,
            symbol=symbol,
            side=position.closing_side,
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=position.size,
            reduce_only=True,
        )
        state = OrderState.UNTRIGGERED if origin is Origin.STOP else OrderState.NEW
        reference = self.model.last(Market.LINEAR, symbol) or ZERO
        return OrderRecord(exchange_id, "", request, origin, state, at_ms, at_ms, reference)

    def _remove_stop(self, account: str, symbol: str, ending: Ending, at_ms: int) -> None:
        self.model.remove_stop(account, symbol)
        self._end_stop(account, symbol, ending, at_ms)
        self._tell(PositionChanged(at_ms, account, symbol))

    def _end_stop(self, account: str, symbol: str, ending: Ending, at_ms: int) -> None:
        record = self.orders.forget_stop(account, symbol)
        if record is not None:
            record.end(ending.value, at_ms)
            self._tell(OrderChanged(at_ms, account, record))


def _unless_refused(events: list[ExchangeEvent]) -> list[ExchangeEvent]:
    for event in events:
        if isinstance(event, OrderRejected):
            raise RequestRefusedError(Refusal(event.code, event.reason))
    return events
