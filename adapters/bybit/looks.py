"""Questions that change nothing: what became of an order, and what is in an account."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from adapters.bybit.account_news import AccountNews, Put, is_positions_stop
from adapters.bybit.client import NOT_ANSWERED
from adapters.bybit.executions import side_of
from adapters.bybit.fields import MalformedError, Row, decimal, flag, optional_text, price_or_none, row, rows, text
from adapters.bybit.line import Line
from adapters.bybit.savings import Savings
from adapters.bybit.wallet import coins, unified
from runtime.events import AccountSeen, LookedUp, SeenOrder, SeenPosition
from runtime.instrument import Market
from runtime.ports import Clock
from runtime.requests import LookUpOrder, Side

SETTLED_IN = "USDT"
OVERLAP_MS = 60_000


@dataclass(slots=True)
class _Seen:
    """What a look has found so far; `complete` until a page is missing."""

    wallet: list[tuple[str, Decimal]] = field(default_factory=list)
    positions: dict[str, SeenPosition] = field(default_factory=dict)
    orders: list[SeenOrder] = field(default_factory=list)
    lent: dict[str, Decimal] | None = None
    complete: bool = True


class Looks:
    """Asks about one account; each step of a look is one request.

    `symbols` are the perpetuals whose emptiness is asked for one by one: only a row that says zero is flat.
    """

    def __init__(
        self, line: Line, news: AccountNews, put: Put, clock: Clock, symbols: Sequence[str], savings: Savings
    ) -> None:
        self._line, self._news, self._put, self._clock, self._savings = line, news, put, clock, savings
        self._symbols = tuple(symbols)

    # ── one order ───────────────────────────────────────────────────────────────────────────────────────────────────

    def order(self, request: LookUpOrder) -> Iterator[None]:
        """Look in the open orders, the history and the executions, tell what is there, and end with LookedUp."""
        named = {"category": request.market.value, "symbol": request.symbol, "orderLinkId": request.order_id}
        found, complete = [], True
        for method in ("get_open_orders", "get_order_history"):
            answered = self._first_page(method, named)
            complete = complete and answered is not None
            found += [entry for entry in answered or () if entry.get("orderLinkId") == request.order_id]
            yield
            if found:
                break
        fills = self._first_page("get_executions", {**named, "limit": 100})
        complete = complete and fills is not None
        mine = [entry for entry in fills or () if entry.get("orderLinkId") == request.order_id]
        complete = self._told(mine, found, request.market) and complete
        self._put(LookedUp(self._clock.now_ms(), request.order_id, bool(found or mine), complete))

    def executions(self, market: Market, symbol: str, exchange_id: str) -> Iterator[None]:
        """Tell the fills of one order that nobody has told."""
        named = {"category": market.value, "symbol": symbol, "orderId": exchange_id, "limit": 100}
        self._told(self._first_page("get_executions", named) or (), (), market)
        yield

    def _first_page(self, method: str, named: Mapping[str, object]) -> Sequence[Row] | None:
        try:
            return rows(self._line.ask(method, **named).result, "list")
        except NOT_ANSWERED:
            return None

    def _told(self, executions: Sequence[Row], orders: Sequence[Row], market: Market) -> bool:
        """Tell fills, oldest first, then how the orders stand; False where one of them can't be read."""
        readable = True
        tell_order = partial(self._news.order, again=True)
        for tell, entries in ((self._news.execution, reversed(executions)), (tell_order, reversed(orders))):
            for entry in entries:
                try:
                    tell(entry, market)
                except MalformedError:
                    readable = False
        return readable

    # ── what was missed ─────────────────────────────────────────────────────────────────────────────────────────────

    def since(self, start_ms: int) -> Iterator[None]:
        """Tell every execution since a moment; raises one of `NOT_ANSWERED` when some of them can't be had."""
        for market in Market:
            found: list[Row] = []
            asked = {"category": market.value, "startTime": max(1, start_ms - OVERLAP_MS), "limit": 100}
            for page in self._line.pages("get_executions", **asked):
                found += page
                yield
            if not self._told(found, (), market):
                raise MalformedError(f"An execution in {self._news.account} since {start_ms} can't be read.")

    # ── the account ─────────────────────────────────────────────────────────────────────────────────────────────────

    def account(self) -> Iterator[None]:
        """Look at coins, savings, positions and open orders, and tell them as one AccountSeen."""
        seen = _Seen()
        for look in (self._lent(seen), self._wallet(seen), self._positions(seen), self._orders(seen)):
            try:
                yield from look
            except NOT_ANSWERED:
                seen.complete = False
        positions = tuple(seen.positions[symbol] for symbol in sorted(seen.positions))
        orders = tuple(sorted(seen.orders, key=lambda order: (order.market, order.symbol, order.exchange_id)))
        wallet, now_ms = tuple(sorted(seen.wallet)), self._clock.now_ms()
        lent = None if seen.lent is None else tuple(sorted(seen.lent.items()))
        self._put(AccountSeen(now_ms, self._news.account, wallet, positions, orders, seen.complete, lent))

    def _lent(self, seen: _Seen) -> Iterator[None]:
        """Where coins may be lent: what is out, and the interest that has come in, which the wallet shows as well."""
        if self._savings.coins:
            for lent in self._savings.seen():
                seen.lent = lent
                yield

    def _wallet(self, seen: _Seen) -> Iterator[None]:
        seen.wallet += coins(unified(self._line)).items()
        yield

    def _positions(self, seen: _Seen) -> Iterator[None]:
        linear = {"category": Market.LINEAR.value, "limit": 200}
        for page in self._line.pages("get_positions", **linear, settleCoin=SETTLED_IN):
            yield from self._add(seen, page)
        for symbol in self._symbols:
            if symbol not in seen.positions:
                found = rows(self._line.ask("get_positions", **linear, symbol=symbol).result, "list")
                if not any(entry.get("symbol") == symbol for entry in found):
                    raise MalformedError(f"list: expected a position of {symbol}, even an empty one, found none.")
                yield from self._add(seen, found)

    def _add(self, seen: _Seen, found: Sequence[Row]) -> Iterator[None]:
        for entry in found:
            position = position_of(row(entry, "a position"))
            seen.positions[position.symbol] = position
            yield
            if position.quantity and self._news.carrier(position.symbol) is None:
                self._find_carrier(position)
                yield

    def _find_carrier(self, position: SeenPosition) -> None:
        """Find, after a restart, the order whose stop stands with a position."""
        side = "Buy" if position.quantity > 0 else "Sell"
        for entry in self._first_page("get_order_history", _all_of(position.symbol)) or ():
            name = entry.get("orderLinkId")
            opened = entry.get("side") == side and entry.get("reduceOnly") is False
            if isinstance(name, str) and name and opened:
                self._news.carried_by(position.symbol, name)
                return

    def _orders(self, seen: _Seen) -> Iterator[None]:
        for market in Market:
            scope = {"settleCoin": SETTLED_IN} if market is Market.LINEAR else {}
            for page in self._line.pages("get_open_orders", category=market.value, limit=50, **scope):
                seen.orders += [order_of(entry, market) for entry in page if not is_positions_stop(entry)]
                yield


def _all_of(symbol: str) -> dict[str, object]:
    return {"category": Market.LINEAR.value, "symbol": symbol, "limit": 50}


def position_of(data: Row) -> SeenPosition:
    """Read a position's row; a flat one has a quantity of zero."""
    size = decimal(data, "size")
    quantity = size if not size or side_of(data) is Side.BUY else -size
    return SeenPosition(
        market=Market.LINEAR,
        symbol=text(data, "symbol"),
        quantity=quantity,
        average_price=price_or_none(data, "avgPrice") or Decimal(0),
        stop=price_or_none(data, "stopLoss"),
        leverage=price_or_none(data, "leverage") or Decimal(1),
        liquidation_price=price_or_none(data, "liqPrice"),
    )


def order_of(data: Row, market: Market) -> SeenOrder:
    """Read an open order's row."""
    return SeenOrder(
        order_id=optional_text(data, "orderLinkId"),
        exchange_id=text(data, "orderId"),
        market=market,
        symbol=text(data, "symbol"),
        side=side_of(data),
        quantity=decimal(data, "qty"),
        filled=decimal(data, "cumExecQty"),
        price=price_or_none(data, "price"),
        reduce_only=market is Market.LINEAR and flag(data, "reduceOnly"),
    )
