"""Positions: what is held, its leverage and its stop."""

from adapters.served.answer import Answer
from adapters.served.call import PARAMETER_ERROR, Call, refused
from adapters.served.exchange import ServedExchange
from adapters.served.figure import figure
from adapters.served.order_row import SIDES, TYPES
from adapters.served.page import Page, Path
from adapters.served.paging import part
from adapters.served.position_row import position_row
from adapters.simulated.execution import Execution
from adapters.simulated.precision import ZERO
from runtime.instrument import Market
from runtime.requests import Side

ONE_WAY = 0
NOT_MODIFIED = (110025, "Position mode is not modified")


def positions(exchange: ServedExchange, call: Call) -> Answer:
    """Give open positions; of a symbol that is named, its flat position too."""
    if call.market is Market.SPOT:
        raise refused(PARAMETER_ERROR, "params error: category invalid.")
    symbol = call.text("symbol")
    if not symbol and not call.text("settleCoin") and not call.text("baseCoin"):
        raise refused(PARAMETER_ERROR, "params error: symbol or settleCoin is required.")
    symbols = [exchange.instrument(Market.LINEAR, symbol).symbol] if symbol else _held(exchange, call)
    shown, cursor = part(call, symbols, 20, 200)
    rows = [position_row(exchange.live, call.account, one, exchange.now_ms) for one in shown]
    return Answer({"category": "linear", "list": rows, "nextPageCursor": cursor})


def _held(exchange: ServedExchange, call: Call) -> list[str]:
    coin = call.text("settleCoin")
    held = sorted(exchange.live.model.positions(call.account))
    return [symbol for symbol in held if coin in ("", exchange.instruments[Market.LINEAR, symbol].quote)]


def set_leverage(exchange: ServedExchange, call: Call) -> Answer:
    """Set the leverage of a perpetual, the same for both sides."""
    symbol = exchange.instrument(Market.LINEAR, call.required("symbol")).symbol
    buy, sell = call.decimal("buyLeverage"), call.decimal("sellLeverage")
    if buy is None or buy != sell:
        raise refused(PARAMETER_ERROR, "params error: buyLeverage and sellLeverage must be equal.")
    exchange.live.set_leverage(call.account, symbol, buy, exchange.now_ms)
    return Answer()


def switch_mode(_exchange: ServedExchange, call: Call) -> Answer:
    """Refuse to change the mode: positions are one-way here."""
    if call.whole("mode", ONE_WAY) == ONE_WAY:
        raise refused(*NOT_MODIFIED)
    raise refused(PARAMETER_ERROR, "params error: hedge mode is not offered by this exchange.")


def trading_stop(exchange: ServedExchange, call: Call) -> Answer:
    """Put, move or (at zero) take away the stop of a position."""
    symbol = exchange.instrument(Market.LINEAR, call.required("symbol")).symbol
    for name in ("takeProfit", "trailingStop"):
        if call.text(name) not in ("", "0"):
            raise refused(PARAMETER_ERROR, f"params error: {name} is not offered by this exchange.")
    stop = call.decimal("stopLoss")
    if stop is None:
        raise refused(PARAMETER_ERROR, "params error: stopLoss is required.")
    exchange.live.change_stop(call.account, symbol, stop, exchange.now_ms)
    return Answer()


def closed_profits(exchange: ServedExchange, call: Call) -> Answer:
    """Give what closing executions have realised, the newest first."""
    symbol = call.text("symbol")
    booked = exchange.live.ledger.booked(call.account)
    closing = (one for one in booked if isinstance(one, Execution) and one.closed > ZERO)
    shown, cursor = part(call, (one for one in closing if symbol in ("", one.fill.symbol)), 50, 100)
    rows = [_closed_row(exchange, one) for one in shown]
    return Answer({"category": "linear", "list": rows, "nextPageCursor": cursor})


def _closed_row(exchange: ServedExchange, one: Execution) -> dict[str, str]:
    fill, order = one.fill, one.order
    left = one.closed * fill.price
    entered = left - one.realised if fill.side is Side.SELL else left + one.realised
    return {
        "symbol": fill.symbol,
        "orderId": order.exchange_id,
        "side": SIDES[fill.side],
        "qty": figure(order.wanted),
        "orderPrice": figure(order.request.price) or "0",
        "orderType": TYPES[order.request.order_type],
        "execType": "Trade",
        "closedSize": figure(one.closed),
        "cumEntryValue": figure(entered),
        "avgEntryPrice": figure(entered / one.closed),
        "cumExitValue": figure(left),
        "avgExitPrice": figure(fill.price),
        "closedPnl": figure(one.realised - fill.fee),
        "fillCount": "1",
        "leverage": figure(exchange.live.model.leverage(fill.account, fill.symbol)),
        "createdTime": str(fill.at_ms),
        "updatedTime": str(fill.at_ms),
    }


PAGES: dict[Path, Page] = {
    ("GET", "/v5/position/list"): Page(positions, 50),
    ("GET", "/v5/position/closed-pnl"): Page(closed_profits, 50),
    ("POST", "/v5/position/set-leverage"): Page(set_leverage, 10),
    ("POST", "/v5/position/switch-mode"): Page(switch_mode, 10),
    ("POST", "/v5/position/trading-stop"): Page(trading_stop, 10),
}
