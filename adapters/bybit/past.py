"""The past as everybody may ask for it, without keys and with patience."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from adapters.bybit.client import Client, NoAnswerError, RefusedError
from adapters.bybit.fields import MalformedError, decimal, milliseconds
from adapters.bybit.history import Fees, History
from adapters.bybit.hosts import Hosts
from adapters.bybit.limits import AddressLimit, Limits
from adapters.bybit.line import Line
from adapters.bybit.offset import ExchangeClock, server_time_ms
from adapters.clock import monotonic_ms
from runtime.answers import Answer, classify
from runtime.events import Candle
from runtime.instrument import Instrument, Market
from runtime.market_data import MarketDataError
from runtime.timeframe import timeframe_ms

PAUSES_S = (1, 2, 4, 8, 16)
VALUES_A_PAGE = 200
EARLIEST_MS = 1_230_768_000_000
"""2009: before it there was nothing to trade."""
Found = TypeVar("Found")


class Past:
    """Asks for candles, rates and open interest; tries again while there is hope, then raises MarketDataError.

    Spans are from one moment on until before another, by the times of the rows, in milliseconds UTC.
    """

    def __init__(self, hosts: Hosts, pause: Callable[[float], object], pauses_s: Sequence[float] = PAUSES_S) -> None:
        limits = Limits(AddressLimit(), monotonic_ms)
        self._host, self._pause, self._pauses_s = hosts.rest, pause, pauses_s
        self._line = Line(Client(hosts), limits, ExchangeClock(), pause)
        self._history = History(self._line)

    def now_ms(self) -> int:
        """Tell the exchange's time."""
        return self._patiently("the time", lambda: server_time_ms(self._line.ask("get_server_time")))

    def first_ms(self, market: Market, symbol: str) -> int:
        """Tell a moment within a week before the first candle of a symbol, found with a single question."""
        now_ms = self.now_ms()
        weeks = self._patiently(symbol, lambda: self._history.candles((market, symbol, "1w"), EARLIEST_MS, now_ms)[0])
        return weeks[0].open_ms if weeks else now_ms - timeframe_ms("1w")

    def candles(self, series: tuple[Market, str, str], from_ms: int, to_ms: int) -> Sequence[Candle]:
        """Give the finished candles that open within a span, oldest first."""
        later = timeframe_ms(series[2]) - 1
        what = f"{series[2]} candles of {series[1]}"
        return self._patiently(what, lambda: self._history.candles(series, from_ms + later, to_ms + later)[0])

    def candles_so_far(self, series: tuple[Market, str, str], after_ms: int, until_ms: int) -> Sequence[Candle]:
        """Give the candles that close after one moment and open before another; the last may be under way."""
        what = f"{series[2]} candles of {series[1]}"
        return self._patiently(what, lambda: self._history.candles_so_far(series, after_ms, until_ms)[0])

    def instruments(
        self, wanted: Sequence[tuple[Market, str]], fees: Mapping[tuple[Market, str], Fees]
    ) -> Mapping[tuple[Market, str], Instrument]:
        """Give what can be traded of these, with these fees."""
        return self._patiently("the instruments", lambda: self._history.instruments(wanted, fees))

    def funding(self, symbol: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, Decimal]]:
        """Give the rates settled within a span, oldest first, as ratios."""
        what = f"funding rates of {symbol}"
        return self._patiently(what, lambda: self._history.funding(symbol, from_ms - 1, to_ms - 1))

    def open_interest(self, symbol: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, Decimal]]:
        """Give the open interest at each hour of a span, in the coin, oldest first."""
        return self._patiently(f"the open interest of {symbol}", lambda: self._open_interest(symbol, from_ms, to_ms))

    def close(self) -> None:
        """Let go of the connections."""
        self._line.close()

    def _open_interest(self, symbol: str, from_ms: int, to_ms: int) -> list[tuple[int, Decimal]]:
        asked = {"category": Market.LINEAR.value, "symbol": symbol, "intervalTime": "1h", "limit": VALUES_A_PAGE}
        pages = self._line.pages("get_open_interest", **asked, startTime=from_ms, endTime=to_ms - 1)
        found = {milliseconds(one, "timestamp"): decimal(one, "openInterest") for page in pages for one in page}
        return [(at_ms, found[at_ms]) for at_ms in sorted(found) if from_ms <= at_ms < to_ms]

    def _patiently(self, what: str, ask: Callable[[], Found]) -> Found:
        pauses = iter(self._pauses_s)
        while True:
            try:
                return ask()
            except (RefusedError, NoAnswerError, MalformedError) as problem:
                pause_s = next(pauses, None) if _may_pass(problem) else None
                if pause_s is None:
                    raise MarketDataError(f"Expected {what} from {self._host}, {_told(problem)}") from None
            self._pause(pause_s)


def _may_pass(problem: Exception) -> bool:
    if isinstance(problem, RefusedError):
        return classify(problem.code) in (Answer.TRANSIENT, Answer.UNKNOWN)
    return isinstance(problem, NoAnswerError)


def _told(problem: Exception) -> str:
    if isinstance(problem, RefusedError):
        return f"which refused: {problem}. Check the symbol and the market."
    if isinstance(problem, MalformedError):
        return f"found an answer that can't be read: {problem}"
    return (
        f"found no answer: {problem} Check the connection; what came so far is kept, and the same command goes on "
        "from there."
    )
