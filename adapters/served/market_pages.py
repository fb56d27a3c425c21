"""Public questions about the market."""

from adapters.served.answer import Answer
from adapters.served.bar import Bar
from adapters.served.call import PARAMETER_ERROR, Call, refused
from adapters.served.exchange import ServedExchange
from adapters.served.figure import figure, price_figure
from adapters.served.instrument_row import instrument_row, risk_row
from adapters.served.interval import TIMEFRAMES, interval_ms
from adapters.served.page import Page, Path
from adapters.served.paging import part
from adapters.simulated.precision import exact
from runtime.instrument import Instrument, Market

NANOSECONDS = 1_000_000
OPEN_INTEREST_MS = {"5min": 300_000, "15min": 900_000, "30min": 1_800_000, "1h": 3_600_000, "4h": 14_400_000}
OPEN_INTEREST_MS |= {"1d": 86_400_000}
INSURANCE = {"USDT": "472565175.36148953", "BTC": "47533.89021999", "ETH": "981392.36669191"}


def server_time(exchange: ServedExchange, _call: Call) -> Answer:
    """Tell the time."""
    now_ms = exchange.now_ms
    return Answer({"timeSecond": str(now_ms // 1000), "timeNano": str(now_ms * NANOSECONDS)})


def candles(exchange: ServedExchange, call: Call) -> Answer:
    """Give candles with their volume, the newest first; the first may be under way."""
    rows = [[*_prices(bar), price_figure(bar.volume), _turnover(bar)] for bar in _bars(exchange, call)]
    return _series(call, rows)


def price_candles(exchange: ServedExchange, call: Call) -> Answer:
    """Give mark or index candles: the model has one price for all."""
    return _series(call, [_prices(bar) for bar in _bars(exchange, call)])


def premium_candles(exchange: ServedExchange, call: Call) -> Answer:
    """Give the premium of perpetuals over their index: none, since both have one price."""
    return _series(call, [[str(bar.open_ms), "0", "0", "0", "0"] for bar in _bars(exchange, call)])


def _bars(exchange: ServedExchange, call: Call) -> list[Bar]:
    market, symbol, interval = call.market, call.required("symbol"), call.required("interval")
    exchange.instrument(market, symbol)
    if interval not in TIMEFRAMES:
        raise refused(PARAMETER_ERROR, "params error: interval invalid.")
    limit = call.whole("limit", 200, 1000)
    length_ms, reached_ms = interval_ms(interval), exchange.chart.reached_ms
    start, end = call.text("start"), call.whole("end", reached_ms)
    # With a start alone the oldest part of what follows is given, with an end the newest of what is before it.
    first_ms = int(start) if start.isdecimal() else end - end % length_ms - (limit + 1) * length_ms
    if start and not call.text("end"):
        end = min(end, first_ms + limit * length_ms - 1)
    bars = exchange.chart.bars(market, symbol, TIMEFRAMES[interval], max(first_ms, 0), min(end, reached_ms))
    return bars[::-1][:limit]


def _prices(bar: Bar) -> list[str]:
    return [str(bar.open_ms), *(price_figure(price) for price in (bar.open, bar.high, bar.low, bar.close))]


def _turnover(bar: Bar) -> str:
    return figure(exact(bar.volume) * exact(bar.close))


def _series(call: Call, rows: list[list[str]]) -> Answer:
    return Answer({"symbol": call.required("symbol"), "category": call.market.value, "list": rows})


def tickers(exchange: ServedExchange, call: Call) -> Answer:
    """Give where prices stand, of one symbol, one coin or all."""
    chosen = [exchange.ticker(one.market, one.symbol) for one in _chosen(exchange, call)]
    return Answer({"category": call.market.value, "list": [one.row() for one in chosen if one is not None]})


def instruments(exchange: ServedExchange, call: Call) -> Answer:
    """Give what is traded; spot comes in one piece."""
    rows = [instrument_row(one, number) for number, one in enumerate(_chosen(exchange, call), 1)]
    if call.market is Market.SPOT:
        return Answer({"category": "spot", "list": rows})
    rows, cursor = part(call, rows, 500, 1000)
    return Answer({"category": call.market.value, "list": rows, "nextPageCursor": cursor})


def _chosen(exchange: ServedExchange, call: Call) -> list[Instrument]:
    market, symbol, coin = call.market, call.text("symbol"), call.text("baseCoin")
    if symbol:
        return [exchange.instrument(market, symbol)]
    offered = [one for one in exchange.instruments.values() if one.market is market]
    return [one for one in offered if coin in ("", one.base)]


def order_book(exchange: ServedExchange, call: Call) -> Answer:
    """Give bids and asks, each the best first."""
    market, symbol = call.market, call.required("symbol")
    exchange.instrument(market, symbol)
    limit = max(call.whole("limit", 1 if market is Market.SPOT else 25, 1000), 1)
    quotes, now_ms = exchange.quotes(market, symbol), exchange.now_ms
    bids = [[figure(price), figure(size)] for price, size in quotes.bids[:limit]] if quotes else []
    asks = [[figure(price), figure(size)] for price, size in quotes.asks[:limit]] if quotes else []
    number = exchange.live.ledger.entries
    return Answer({"s": symbol, "b": bids, "a": asks, "ts": now_ms, "u": number + 1, "seq": number + 1, "cts": now_ms})


def recent_trades(exchange: ServedExchange, call: Call) -> Answer:
    """Give the last trades of the market: one at each of the last candles' ends."""
    market, symbol = call.market, call.required("symbol")
    instrument = exchange.instrument(market, symbol)
    bars = exchange.chart.last(market, symbol, "1h", call.whole("limit", 60, 60 if market is Market.SPOT else 1000))
    rows = [
        {
            "execId": f"trade-{symbol}-{bar.open_ms}",
            "symbol": symbol,
            "price": price_figure(bar.close),
            "size": figure(instrument.minimum_quantity),
            "side": "Buy" if bar.close >= bar.open else "Sell",
            "time": str(min(bar.open_ms + OPEN_INTEREST_MS["1h"] - 1, exchange.chart.reached_ms)),
            "isBlockTrade": False,
            "isRPITrade": False,
            "seq": str(bar.open_ms),
        }
        for bar in reversed(bars)
    ]
    return Answer({"category": market.value, "list": rows})


def funding_history(exchange: ServedExchange, call: Call) -> Answer:
    """Give settled funding rates, the newest first."""
    symbol = call.required("symbol")
    exchange.instrument(Market.LINEAR, symbol)
    if call.text("startTime") and not call.text("endTime"):
        raise refused(PARAMETER_ERROR, "params error: startTime without endTime.")
    start_ms, end_ms = call.whole("startTime", 0), call.whole("endTime", exchange.chart.reached_ms)
    rates = [(at_ms, rate) for at_ms, rate in exchange.funding.get(symbol, []) if start_ms <= at_ms <= end_ms]
    rows = [
        {"symbol": symbol, "fundingRate": figure(rate), "fundingRateTimestamp": str(at_ms)}
        for at_ms, rate in reversed(rates[-call.whole("limit", 200, 200) :])
    ]
    return Answer({"category": "linear", "list": rows})


def open_interest(exchange: ServedExchange, call: Call) -> Answer:
    """Give a made-up open interest: what was traded in the hour before."""
    symbol, interval = call.required("symbol"), call.required("intervalTime")
    exchange.instrument(Market.LINEAR, symbol)
    if interval not in OPEN_INTEREST_MS:
        raise refused(PARAMETER_ERROR, "params error: intervalTime invalid.")
    step_ms, reached_ms = OPEN_INTEREST_MS[interval], exchange.chart.reached_ms
    start_ms, end_ms = call.whole("startTime", 0), min(call.whole("endTime", reached_ms), reached_ms)
    times = range(end_ms - end_ms % step_ms, max(start_ms - 1, end_ms - 1000 * step_ms), -step_ms)
    shown, cursor = part(call, times, 50, 200)
    rows = [{"openInterest": _volume_before(exchange, symbol, at_ms), "timestamp": str(at_ms)} for at_ms in shown]
    return Answer({"category": "linear", "symbol": symbol, "list": rows, "nextPageCursor": cursor})


def _volume_before(exchange: ServedExchange, symbol: str, at_ms: int) -> str:
    hour_ms = OPEN_INTEREST_MS["1h"]
    bars = exchange.chart.bars(Market.LINEAR, symbol, "1h", at_ms - 2 * hour_ms, at_ms - 1)
    return price_figure(bars[-1].volume) if bars else "0"


def insurance(exchange: ServedExchange, call: Call) -> Answer:
    """Give the insurance pool, which the model never draws on."""
    coin = call.text("coin")
    rows = [
        {"coin": name, "symbols": "", "balance": balance, "value": balance}
        for name, balance in INSURANCE.items()
        if coin in ("", name)
    ]
    return Answer({"updatedTime": str(exchange.now_ms), "list": rows})


def risk_limits(exchange: ServedExchange, call: Call) -> Answer:
    """Give the tiers of risk: one for each perpetual."""
    rows, cursor = part(call, [risk_row(one) for one in _chosen(exchange, call)], 15, 15)
    return Answer({"category": "linear", "list": rows, "nextPageCursor": cursor})


PAGES: dict[Path, Page] = {
    ("GET", f"/v5/market/{name}"): Page(handler)
    for name, handler in {
        "time": server_time,
        "kline": candles,
        "mark-price-kline": price_candles,
        "index-price-kline": price_candles,
        "premium-index-price-kline": premium_candles,
        "tickers": tickers,
        "instruments-info": instruments,
        "orderbook": order_book,
        "recent-trade": recent_trades,
        "funding/history": funding_history,
        "open-interest": open_interest,
        "insurance": insurance,
        "risk-limit": risk_limits,
    }.items()
}
