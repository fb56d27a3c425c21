"""What everybody can see: candles, order books and tickers of one market."""

from collections.abc import Sequence

from adapters.bybit.candles import CandleCollector, Series
from adapters.bybit.fields import MalformedError, Row, milliseconds, rows, shown
from adapters.bybit.klines import TIMEFRAMES, interval_of, streamed
from adapters.bybit.offset import ExchangeClock
from adapters.bybit.quotes import Quotes
from runtime.instrument import Market

DEPTH = 200


class PublicListener:
    """Reads one market's public messages."""

    def __init__(
        self,
        market: Market,
        series: Sequence[Series],
        collector: CandleCollector,
        quotes: Quotes,
        clock: ExchangeClock,
    ) -> None:
        self._market, self._collector, self._quotes, self._clock = market, collector, quotes, clock
        symbols = sorted({symbol for _, symbol, _ in series})
        candles = [f"kline.{interval_of(timeframe)}.{symbol}" for _, symbol, timeframe in sorted(series)]
        books = [f"orderbook.{DEPTH}.{symbol}" for symbol in symbols]
        tickers = [f"tickers.{symbol}" for symbol in symbols if market is Market.LINEAR]
        self.topics = (*candles, *books, *tickers)
        self.last_heard_ms = 0

    def connected(self) -> None:
        """The collector asks for candles that were missed; the books wait for their snapshots."""
        self._quotes.forget(self._market)

    def disconnected(self) -> None:
        """Nothing can be said of the order books any more."""
        self._quotes.forget(self._market)

    def tick(self) -> None:
        """Pass candles on."""
        self._collector.tick(self._clock.now_ms())

    def read(self, message: Row, topic: str) -> None:
        """Take in one message; raises MalformedError."""
        kind, _, rest = topic.partition(".")
        at_ms = milliseconds(message, "ts")
        self._clock.heard(at_ms)
        if kind == "kline":
            self._candles(message, rest, at_ms)
        elif kind == "orderbook":
            self._quotes.order_book(self._market, rest.partition(".")[2], message)
        elif kind == "tickers":
            self._quotes.ticker(self._market, rest, message)
        else:
            raise MalformedError(f"topic: expected one that was asked for, found {shown(topic)}.")

    def _candles(self, message: Row, name: str, at_ms: int) -> None:
        interval, _, symbol = name.partition(".")
        if interval not in TIMEFRAMES:
            raise MalformedError(f"topic: expected a candle's interval, found {shown(interval)}.")
        for data in rows(message, "data"):
            candle = streamed(data, self._market, symbol, TIMEFRAMES[interval])
            if candle is not None:
                self._collector.see(candle, at_ms)
