"""What everybody may hear of the market."""

from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING, Any

from adapters.served.bar import Bar
from adapters.served.connection import Connection
from adapters.served.figure import figure, price_figure
from adapters.served.interval import TIMEFRAMES, interval_ms
from adapters.served.quotes import Level
from adapters.simulated.precision import exact
from runtime.events import Candle
from runtime.instrument import Market

if TYPE_CHECKING:
    from adapters.served.exchange import ServedExchange

DEPTHS = ("1", "50", "200", "500", "1000")
Sides = dict[str, list[list[str]]]
Topic = tuple[Market, str]


class PublicBoard:
    """Tickers, candles, order books and trades by topic, for each market's listeners."""

    def __init__(self, exchange: "ServedExchange") -> None:
        self._exchange = exchange
        self._listeners: dict[Topic, list[Connection]] = {}
        self._rows: dict[Topic, dict[str, Any]] = {}
        self._books: dict[Topic, Sides] = {}
        self._updates: dict[Topic, count[int]] = {}
        self._numbers = count(1)

    def knows(self, market: Market, topic: str) -> bool:
        """Whether there is such a topic."""
        kind, _, rest = topic.partition(".")
        detail, _, symbol = rest.rpartition(".")
        details = {"tickers": ("",), "publicTrade": ("",), "kline": tuple(TIMEFRAMES), "orderbook": DEPTHS}
        return detail in details.get(kind, ()) and (market, symbol) in self._exchange.instruments

    def listen(self, market: Market, topic: str, connection: Connection) -> None:
        """Tell a connection of a topic from now on, beginning with how it stands."""
        listeners = self._listeners.setdefault((market, topic), [])
        if connection not in listeners:
            listeners.append(connection)
        first = self._snapshot(market, topic)
        if first is not None:
            connection.push(topic, first)

    @property
    def heard(self) -> frozenset[tuple[Market, str]]:
        """The topics that anybody listens to."""
        return frozenset(topic for topic, listeners in tuple(self._listeners.items()) if listeners)

    def leave(self, connection: Connection, topic: str | None = None) -> None:
        """Tell a connection no more of a topic, or of anything."""
        for (_, name), listeners in self._listeners.items():
            if topic in (None, name) and connection in listeners:
                listeners.remove(connection)

    def opened(self, candles: Iterable[Candle]) -> None:
        """Tell of first prices."""
        for candle in candles:
            self._trade(candle, candle.open)
            self._prices(candle.market, candle.symbol)
        self._bars(ended=False)

    def closed(self, candles: Iterable[Candle]) -> None:
        """Tell of last prices and of the candles that have ended."""
        for candle in candles:
            self._trade(candle, candle.close)
            self._prices(candle.market, candle.symbol)
        self._bars(ended=True)

    def corrected(self) -> None:
        """Tell once more of the candles that have ended."""
        self._bars(ended=True)

    def _prices(self, market: Market, symbol: str) -> None:
        if (market, f"tickers.{symbol}") in self._listeners:
            self._tell(market, f"tickers.{symbol}", self._ticker(market, symbol, whole=market is Market.SPOT))
        for depth in DEPTHS:
            if (market, f"orderbook.{depth}.{symbol}") in self._listeners:
                topic = f"orderbook.{depth}.{symbol}"
                self._tell(market, topic, self._book(market, topic, whole=depth == "1"))

    def _bars(self, *, ended: bool) -> None:
        for market, topic in list(self._listeners):
            if topic.startswith("kline."):
                message = self._kline(market, topic, ended=ended)
                if message is not None:
                    self._tell(market, topic, message)

    def _trade(self, candle: Candle, price: float) -> None:
        topic = f"publicTrade.{candle.symbol}"
        if (candle.market, topic) not in self._listeners:
            return
        instrument, now_ms = self._exchange.instruments[candle.market, candle.symbol], self._exchange.now_ms
        number = next(self._numbers)
        trade = {
            "T": now_ms,
            "s": candle.symbol,
            "S": "Buy" if candle.close >= candle.open else "Sell",
            "v": figure(instrument.minimum_quantity),
            "p": price_figure(price),
            "L": "ZeroPlusTick",
            "i": f"trade-{number}",
            "BT": False,
            "RPI": False,
            "seq": number,
        }
        self._tell(candle.market, topic, _frame(topic, "snapshot", [trade], now_ms))

    def _tell(self, market: Market, topic: str, message: dict[str, Any]) -> None:
        for connection in tuple(self._listeners.get((market, topic), ())):
            connection.push(topic, message)

    def _snapshot(self, market: Market, topic: str) -> dict[str, Any] | None:
        symbol = topic.rpartition(".")[2]
        if self._exchange.ticker(market, symbol) is None or topic.startswith("publicTrade."):
            return None
        if topic.startswith("tickers."):
            return self._ticker(market, symbol, whole=True)
        if topic.startswith("orderbook."):
            return self._book(market, topic, whole=True)
        return self._kline(market, topic, ended=False)

    def _ticker(self, market: Market, symbol: str, *, whole: bool) -> dict[str, Any]:
        topic, ticker = f"tickers.{symbol}", self._exchange.ticker(market, symbol)
        assert ticker is not None
        row = ticker.spot_row() if market is Market.SPOT else ticker.row()
        before = self._rows.get((market, topic), {})
        self._rows[market, topic] = row
        changed = {name: value for name, value in row.items() if whole or before.get(name) != value}
        data = changed | {"symbol": symbol}
        frame = _frame(topic, "snapshot" if whole else "delta", data, self._exchange.now_ms)
        return frame | {"cs": next(self._numbers)}

    def _book(self, market: Market, topic: str, *, whole: bool) -> dict[str, Any]:
        _, depth, symbol = topic.split(".")
        quotes = self._exchange.quotes(market, symbol)
        assert quotes is not None
        sides = {"b": _levels(quotes.bids, int(depth)), "a": _levels(quotes.asks, int(depth))}
        before = self._books.get((market, topic), {"b": [], "a": []})
        self._books[market, topic] = sides
        shown = sides if whole else {side: _difference(before[side], sides[side]) for side in sides}
        update = next(self._updates.setdefault((market, topic), count(1)))
        data = {"s": symbol, **shown, "u": update, "seq": next(self._numbers)}
        now_ms = self._exchange.now_ms
        return _frame(topic, "snapshot" if whole else "delta", data, now_ms) | {"cts": now_ms}

    def _kline(self, market: Market, topic: str, *, ended: bool) -> dict[str, Any] | None:
        _, interval, symbol = topic.split(".")
        chart, timeframe = self._exchange.chart, TIMEFRAMES[interval]
        if ended:
            bar = chart.ended(market, symbol, timeframe)
        else:
            last = chart.last(market, symbol, timeframe, 1)
            bar = last[0] if last and last[0].open_ms + interval_ms(interval) > chart.reached_ms else None
        if bar is None:
            return None
        data = _bar_row(bar, interval, self._exchange.now_ms, confirm=ended)
        return _frame(topic, "snapshot", [data], self._exchange.now_ms)


def _frame(topic: str, kind: str, data: Any, at_ms: int) -> dict[str, Any]:
    return {"topic": topic, "type": kind, "data": data, "ts": at_ms}


def _bar_row(bar: Bar, interval: str, at_ms: int, *, confirm: bool) -> dict[str, Any]:
    return {
        "start": bar.open_ms,
        "end": bar.open_ms + interval_ms(interval) - 1,
        "interval": interval,
        "open": price_figure(bar.open),
        "close": price_figure(bar.close),
        "high": price_figure(bar.high),
        "low": price_figure(bar.low),
        "volume": price_figure(bar.volume),
        "turnover": figure(exact(bar.volume) * exact(bar.close)),
        "confirm": confirm,
        "timestamp": at_ms,
    }


def _levels(levels: Iterable[Level], depth: int) -> list[list[str]]:
    return [[figure(price), figure(size)] for price, size in levels][:depth]


def _difference(before: list[list[str]], after: list[list[str]]) -> list[list[str]]:
    prices = {price for price, _ in after}
    gone = [[price, "0"] for price, _ in before if price not in prices]
    return gone + [level for level in after if level not in before]
