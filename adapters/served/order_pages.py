"""Orders: placed, changed, taken back and looked up."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from adapters.served.answer import OK, Answer
from adapters.served.call import PARAMETER_ERROR, Call, refused
from adapters.served.exchange import ServedExchange
from adapters.served.execution_row import execution_row
from adapters.served.fault import FaultKind
from adapters.served.order_form import condition_of, order_of
from adapters.served.order_row import order_row
from adapters.served.page import Page, Path
from adapters.served.paging import part
from adapters.simulated.execution import Execution
from adapters.simulated.order_record import OrderRecord, OrderState, Origin
from adapters.simulated.precision import exact
from adapters.simulated.refusal import RequestRefusedError
from runtime.instrument import Market

WEEK_MS = 7 * 86_400_000
TOO_OFTEN = (10006, "Too many visits. Exceeded the API Rate Limit.")
MOST_IN_BATCH = {Market.LINEAR: 20, Market.SPOT: 10}
MOST_RECENT = 500
CREATE, AMEND, CANCEL = "/v5/order/create", "/v5/order/amend", "/v5/order/cancel"


def create(exchange: ServedExchange, call: Call) -> Answer:
    """Take an order: that it was received is all that the answer says."""
    place = order_of(exchange, call)
    exchange.asked[place.order_id] += 1
    condition = condition_of(exchange, call)
    if condition is not None:
        return _pair(exchange.live.hold(place, condition, exchange.now_ms))
    thin = exchange.faults.strike(FaultKind.PARTIAL_FILL, call.account, CREATE)
    most = None
    if thin is not None and place.quantity is not None:
        instrument = exchange.instruments[place.market, place.symbol]
        most = instrument.quantity_down(place.quantity * exact(float(thin.share)))
    return _pair(exchange.live.place(place, exchange.now_ms, most))


def amend(exchange: ServedExchange, call: Call) -> Answer:
    """Change an open order in place."""
    record = exchange.live.find_open(call.account, call.market, call.text("orderId"), call.text("orderLinkId"))
    quantity, price = call.decimal("qty"), call.price("price")
    if record.origin is Origin.STOP:
        trigger = call.decimal("triggerPrice")
        if trigger is None:
            raise refused(PARAMETER_ERROR, "params error: triggerPrice is required.")
        exchange.live.change_stop(call.account, record.request.symbol, trigger, exchange.now_ms)
        return _pair(record)
    if record.state is OrderState.UNTRIGGERED:
        trigger = call.price("triggerPrice")
        return _pair(exchange.live.amend_waiting(record, quantity, price, trigger, exchange.now_ms))
    if quantity is None and price is None:
        raise refused(PARAMETER_ERROR, "params error: qty or price is required.")
    return _pair(exchange.live.amend(record, quantity, price, exchange.now_ms))


def cancel(exchange: ServedExchange, call: Call) -> Answer:
    """Take an order back."""
    order_id, link_id = call.text("orderId"), call.text("orderLinkId")
    if not order_id and not link_id:
        raise refused(PARAMETER_ERROR, "params error: orderId or orderLinkId is required.")
    return _pair(exchange.live.cancel(call.account, call.market, order_id, link_id, exchange.now_ms))


def cancel_all(exchange: ServedExchange, call: Call) -> Answer:
    """Take back all orders of a symbol or coin, the stops of positions among them."""
    _need_scope(call)
    stops_too = call.text("orderFilter") not in ("Order",)
    is_stop = OrderState.UNTRIGGERED
    chosen = [one for one in _orders(exchange, call) if one.is_open and (stops_too or one.state is not is_stop)]
    for order in chosen:
        exchange.live.cancel(call.account, call.market, order.exchange_id, "", exchange.now_ms)
    rows = [{"orderId": order.exchange_id, "orderLinkId": order.link_id} for order in chosen]
    return Answer({"list": rows, "success": "1"})


def realtime(exchange: ServedExchange, call: Call) -> Answer:
    """Look up open orders, or with `openOnly=1` those that ended lately; the newest first."""
    if not call.text("orderId") and not call.text("orderLinkId"):
        _need_scope(call)
    wants_ended = call.whole("openOnly", 0) != 0
    found = [one for one in _seen(exchange, call) if one.is_open is not wants_ended][:MOST_RECENT]
    return _page_of_orders(call, found)


def history(exchange: ServedExchange, call: Call) -> Answer:
    """Look up orders that have ended, the newest first."""
    start_ms, end_ms = window(exchange, call)
    found = (one for one in _seen(exchange, call) if not one.is_open and start_ms <= one.created_ms <= end_ms)
    return _page_of_orders(call, found)


def executions(exchange: ServedExchange, call: Call) -> Answer:
    """Look up executions and settlements, the newest first."""
    start_ms, end_ms = window(exchange, call)
    hidden = _hidden_after(exchange, call)
    rows = (
        _execution(exchange, booked)
        for booked in exchange.live.ledger.booked(call.account)
        if not (isinstance(booked, Execution) and hidden is not None and booked.order.number > hidden)
    )
    wanted = {name: call.text(name) for name in ("category", "symbol", "orderId", "orderLinkId", "execType")}
    fitting = (row for row in rows if all(not value or row[name] == value for name, value in wanted.items()))
    shown, cursor = part(call, (row for row in fitting if start_ms <= int(row["execTime"]) <= end_ms), 50, 100)
    return Answer({"category": call.market.value, "list": shown, "nextPageCursor": cursor})


def batch(one: Callable[[ServedExchange, Call], Answer], path: str) -> Callable[[ServedExchange, Call], Answer]:
    """Make a page that does the same for several orders; each succeeds or fails by itself."""

    def page(exchange: ServedExchange, call: Call) -> Answer:
        items = call.values.get("request")
        if not isinstance(items, list) or not 0 < len(items) <= MOST_IN_BATCH[call.market]:
            raise refused(PARAMETER_ERROR, "params error: request size invalid.")
        if not all(isinstance(item, dict) for item in items):
            raise refused(PARAMETER_ERROR, "params error: request invalid.")
        done = [_item(exchange, call, one, item, path, number) for number, item in enumerate(items)]
        return Answer({"list": [row for row, _ in done]}, {"list": [outcome for _, outcome in done]})

    return page


def _item(
    exchange: ServedExchange,
    call: Call,
    one: Callable[[ServedExchange, Call], Answer],
    item: dict[str, Any],
    path: str,
    number: int,
) -> tuple[dict[str, Any], dict[str, Any]]:
    category = call.market.value
    names = {"category": category, "symbol": item.get("symbol", ""), "createAt": str(exchange.now_ms)}
    links = {"orderId": "", "orderLinkId": item.get("orderLinkId", "")}
    limit = PAGES["POST", path].limit_of(category)
    # The first one was counted when the request came in.
    if number and not exchange.limits.ask(call.account, f"{path}:{category}", limit).is_granted:
        return names | links, {"code": TOO_OFTEN[0], "msg": TOO_OFTEN[1]}
    try:
        answer = one(exchange, Call({**item, "category": category}, call.member))
    except RequestRefusedError as refusal:
        return names | links, {"code": refusal.refusal.code, "msg": refusal.refusal.reason}
    return {**names, **dict(answer.result)}, {"code": OK, "msg": "OK"}


def window(exchange: ServedExchange, call: Call) -> tuple[int, int]:
    """Give start and end of what is looked up: at most a week, the last one by default."""
    start, end = call.text("startTime"), call.text("endTime")
    now_ms = exchange.now_ms
    end_ms = call.whole("endTime", call.whole("startTime", now_ms - WEEK_MS) + WEEK_MS if start else now_ms)
    start_ms = call.whole("startTime", end_ms - WEEK_MS if end else now_ms - WEEK_MS)
    if not 0 <= end_ms - start_ms <= WEEK_MS:
        raise refused(PARAMETER_ERROR, "The time range between startTime and endTime cannot exceed 7 days.")
    return start_ms, end_ms


def _orders(exchange: ServedExchange, call: Call) -> Iterator[OrderRecord]:
    market, symbol, coin = call.market, call.text("symbol"), call.text("settleCoin")
    for order in exchange.live.orders.of(call.account):
        request = order.request
        quote = exchange.instruments[request.market, request.symbol].quote
        if request.market is market and symbol in ("", request.symbol) and coin in ("", quote):
            yield order


def _seen(exchange: ServedExchange, call: Call) -> Iterator[OrderRecord]:
    """Yield the orders that were asked for, as far as look-ups have come."""
    hidden = _hidden_after(exchange, call)
    wanted = (call.text("orderId"), call.text("orderLinkId"))
    for order in _orders(exchange, call):
        if wanted[0] not in ("", order.exchange_id) or (not wanted[0] and wanted[1] not in ("", order.link_id)):
            continue
        if hidden is None or order.number <= hidden:
            yield order


def _hidden_after(exchange: ServedExchange, call: Call) -> int | None:
    fault = exchange.faults.strike(FaultKind.LAG, call.account)
    return None if fault is None else fault.since


def _need_scope(call: Call) -> None:
    if call.market is Market.LINEAR and not any(call.text(name) for name in ("symbol", "baseCoin", "settleCoin")):
        raise refused(PARAMETER_ERROR, "params error: symbol or settleCoin or baseCoin is required.")


def _pair(order: OrderRecord) -> Answer:
    # Spot gives a number to an order without an id of the client's.
    link = order.link_id or (order.exchange_id if order.request.market is Market.SPOT else "")
    return Answer({"orderId": order.exchange_id, "orderLinkId": link})


def _page_of_orders(call: Call, orders: Iterable[OrderRecord]) -> Answer:
    shown, cursor = part(call, orders, 20, 50)
    rows = [order_row(order) for order in shown]
    return Answer({"category": call.market.value, "list": rows, "nextPageCursor": cursor})


def _execution(exchange: ServedExchange, booked: Any) -> dict[str, Any]:
    is_trade = isinstance(booked, Execution)
    market, symbol = (booked.fill.market, booked.fill.symbol) if is_trade else (Market.LINEAR, booked.symbol)
    return execution_row(booked, exchange.instruments[market, symbol], exchange.live.model.last(market, symbol))


PAGES: dict[Path, Page] = {
    ("POST", CREATE): Page(create, 10, 20),
    ("POST", AMEND): Page(amend, 10, 10),
    ("POST", CANCEL): Page(cancel, 10, 20),
    ("POST", "/v5/order/cancel-all"): Page(cancel_all, 10, 20),
    ("POST", f"{CREATE}-batch"): Page(batch(create, f"{CREATE}-batch"), 10, 20),
    ("POST", f"{AMEND}-batch"): Page(batch(amend, f"{AMEND}-batch"), 10, 20),
    ("POST", f"{CANCEL}-batch"): Page(batch(cancel, f"{CANCEL}-batch"), 10, 20),
    ("GET", "/v5/order/realtime"): Page(realtime, 50),
    ("GET", "/v5/order/history"): Page(history, 50),
    ("GET", "/v5/execution/list"): Page(executions, 50),
}
