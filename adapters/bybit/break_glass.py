"""Brings one account to nothing without the engine and its store: only keys are needed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from adapters.bybit.account_news import is_positions_stop
from adapters.bybit.client import NOT_ANSWERED, NoAnswerError, RefusedError
from adapters.bybit.fields import MalformedError, decimal, row, rows
from adapters.bybit.line import Line
from adapters.bybit.looks import SETTLED_IN, order_of, position_of
from adapters.bybit.savings import Loan, coming_home, loans
from adapters.bybit.wallet import coins, unified
from adapters.bybit.wire import loan, placement
from adapters.clock import Stopwatch
from runtime.decimals import readable
from runtime.events import SeenOrder, SeenPosition
from runtime.instrument import Market
from runtime.ports import Clock
from runtime.requests import EarnOrder, EarnSide, OrderType, PlaceOrder, Side, TimeInForce

ZERO = Decimal(0)
PAUSE_S = 0.5
QUESTION = "get_instruments_info"
STEP = {Market.SPOT: "basePrecision", Market.LINEAR: "qtyStep"}
MOST = {Market.SPOT: "maxMarketOrderQty", Market.LINEAR: "maxMktOrderQty"}


@dataclass(frozen=True, slots=True)
class Lot:
    """In which quantities, in base coin, market orders of a symbol are taken."""

    step: Decimal
    least: Decimal
    most: Decimal

    def fit(self, quantity: Decimal) -> Decimal:
        """The largest quantity for one order that is not over this; zero where it is too small for any."""
        whole = (min(quantity, self.most) / self.step).to_integral_value(ROUND_DOWN) * self.step
        return whole if whole >= self.least else ZERO


@dataclass(frozen=True, slots=True)
class Left:
    """What is in an account: open orders, perpetual positions that are not flat, and coins that can be sold.

    `dust` are coins of which nothing can be sold: too little, or no market against USDT. `loans` are coins at Earn,
    `coming` those that were called back from there.
    """

    orders: tuple[SeenOrder, ...] = ()
    positions: tuple[SeenPosition, ...] = ()
    sales: Mapping[str, Decimal] = field(default_factory=dict)
    dust: Mapping[str, Decimal] = field(default_factory=dict)
    loans: tuple[Loan, ...] = ()
    coming: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        """Whether nothing is left that can be closed."""
        return not (self.orders or self.positions or self.sales or self.loans or self.coming)


class BreakGlass:
    """Cancels orders, closes positions by reduce-only market orders, and sells all coins, lent or not, where asked for.

    Stops that stand with a position stay until it is flat; other orders that only reduce go last. No order of these can
    open anything, so each may be sent again when nobody knows what became of it.
    """

    def __init__(
        self, line: Line, clock: Clock, say: Callable[[str], None], pause: Callable[[float], object], *, spot: bool
    ) -> None:
        self._line, self._clock, self._say, self._pause, self._spot = line, clock, say, pause, spot
        self._lots: dict[tuple[Market, str], Lot | None] = {}
        self._touched: set[str] = set()
        self._sent = 0

    def look(self) -> Left:
        """Say what there is; raises RefusedError, NoAnswerError or MalformedError where it can't be known."""
        orders, positions = tuple(self._orders()), tuple(self._positions())
        self._touched |= {position.symbol for position in positions}
        self._touched |= {order.symbol for order in orders if order.market is Market.LINEAR}
        held = {
            coin: amount for coin, amount in coins(unified(self._line)).items() if coin != SETTLED_IN and amount > 0
        }
        sales = {coin: fit for coin, amount in held.items() if (fit := self._saleable(coin, amount))}
        dust = {coin: amount for coin, amount in held.items() if coin not in sales}
        if not self._spot:
            return Left(orders, positions)
        lent, coming = self._lent()
        return Left(orders, positions, sales, dust, lent, coming)

    def flatten(self, patience_s: float) -> Left | None:
        """Close everything, and return what is left when nothing is or the time is over; None: nobody knows.

        That a position is closed is believed only when the exchange says so in a row with a quantity of zero.
        """
        watch, left = Stopwatch(), None
        while True:
            try:
                left = self.look()
                if left.nothing:
                    return left
                self._round(left)
            except NOT_ANSWERED as problem:
                left = None
                self._say(f"{problem} Looking again.")
            if watch.elapsed_s() > patience_s:
                return left
            self._pause(PAUSE_S)

    def _lent(self) -> tuple[tuple[Loan, ...], Mapping[str, Decimal]]:
        """What is at Earn, and what is on its way back; nothing where the key may not look or there is no Earn."""
        try:
            return tuple(loans(self._line)), coming_home(self._line)
        except RefusedError:
            return (), {}

    # ── what there is ───────────────────────────────────────────────────────────────────────────────────────────────

    def _orders(self) -> Iterator[SeenOrder]:
        for market in Market:
            scope = {"settleCoin": SETTLED_IN} if market is Market.LINEAR else {}
            for page in self._line.pages("get_open_orders", category=market.value, limit=50, **scope):
                yield from (order_of(entry, market) for entry in page if not is_positions_stop(entry))

    def _positions(self) -> Iterator[SeenPosition]:
        linear = {"category": Market.LINEAR.value, "limit": 200}
        seen: dict[str, SeenPosition] = {}
        for page in self._line.pages("get_positions", **linear, settleCoin=SETTLED_IN):
            seen |= {position.symbol: position for position in map(position_of, page)}
        for symbol in sorted(self._touched - set(seen)):
            found = rows(self._line.ask("get_positions", **linear, symbol=symbol).result, "list")
            mine = [position for position in map(position_of, found) if position.symbol == symbol]
            if not mine:
                raise MalformedError(f"list: expected a position of {symbol}, even an empty one, found none.")
            seen[symbol] = mine[0]
        yield from (seen[symbol] for symbol in sorted(seen) if seen[symbol].quantity)

    def _saleable(self, coin: str, amount: Decimal) -> Decimal:
        lot = self._lot(Market.SPOT, f"{coin}{SETTLED_IN}")
        return ZERO if lot is None else lot.fit(amount)

    def _lot(self, market: Market, symbol: str) -> Lot | None:
        key = (market, symbol)
        if key not in self._lots:
            try:
                found = rows(self._line.ask(QUESTION, category=market.value, symbol=symbol).result, "list")
            except RefusedError:
                found = ()
            sizes = row(found[0].get("lotSizeFilter"), "lotSizeFilter") if found else None
            names = (STEP[market], "minOrderQty", MOST[market])
            self._lots[key] = None if sizes is None else Lot(*(decimal(sizes, name) for name in names))
        return self._lots[key]

    # ── what is done about it ───────────────────────────────────────────────────────────────────────────────────────

    def _round(self, left: Left) -> None:
        """Cancel what could open something, close and sell; what only reduces is cancelled when all is closed."""
        for order in left.orders:
            if not (order.reduce_only and left.positions):
                self._cancel(order)
        for position in left.positions:
            self._close(position)
        for one in left.loans:
            self._call_home(one)
        for coin, quantity in left.sales.items():
            self._place(Market.SPOT, f"{coin}{SETTLED_IN}", Side.SELL, quantity)

    def _cancel(self, order: SeenOrder) -> None:
        named = {"category": order.market.value, "symbol": order.symbol, "orderId": order.exchange_id}
        self._ask(f"cancel {told_order(order)}", "cancel_order", named)

    def _close(self, position: SeenPosition) -> None:
        lot = self._lot(Market.LINEAR, position.symbol)
        size = abs(position.quantity)
        side = Side.SELL if position.quantity > 0 else Side.BUY
        self._place(Market.LINEAR, position.symbol, side, size if lot is None else min(size, lot.most))

    def _call_home(self, one: Loan) -> None:
        order = EarnOrder(self._name(), "", one.coin, one.amount, EarnSide.REDEEM)
        self._ask(f"take {readable(one.amount)} {one.coin} back from Earn", "stake_or_redeem", loan(order, one.product))

    def _name(self) -> str:
        self._sent += 1
        return f"break-glass-{self._clock.now_ms()}-{self._sent}"

    def _place(self, market: Market, symbol: str, side: Side, quantity: Decimal) -> None:
        order = PlaceOrder(
            self._name(),
            "",
            market,
            symbol,
            side,
            OrderType.MARKET,
            TimeInForce.IOC,
            quantity,
            reduce_only=market is Market.LINEAR,
        )
        self._ask(f"{side} {readable(quantity)} {symbol} ({market})", "place_order", placement(order))

    def _ask(self, words: str, method: str, fields: Mapping[str, object]) -> None:
        """Ask for one thing; whatever is answered, the next look tells what became of it."""
        try:
            self._line.ask(method, **fields)
            self._say(words)
        except (RefusedError, NoAnswerError) as problem:
            self._say(f"{words}: {problem}")


def told_order(order: SeenOrder) -> str:
    """An order in words."""
    price = "" if order.price is None else f" at {readable(order.price)}"
    kind = ", only reduces" if order.reduce_only else ""
    rest = readable(order.quantity - order.filled)
    return (
        f"order {order.order_id or order.exchange_id}: {order.side} {rest} {order.symbol}{price} ({order.market}{kind})"
    )


def told_position(position: SeenPosition) -> str:
    """A position in words, with the stop that stands on the exchange."""
    way = "long" if position.quantity > 0 else "short"
    stop = "without a stop" if position.stop is None else f"stop {readable(position.stop)}"
    return f"{way} {readable(abs(position.quantity))} {position.symbol}, {stop}"
