"""Candles as the exchange writes them, in streams and in answers."""

from collections.abc import Mapping
from decimal import Decimal

from adapters.bybit.fields import MalformedError, Row, decimal_of, milliseconds, milliseconds_of, shown
from runtime.events import Candle
from runtime.instrument import Market
from runtime.timeframe import timeframe_ms

INTERVALS: Mapping[str, str] = {
    "1m": "1",
    "3m": "3",
    "5m": "5",
    "15m": "15",
    "30m": "30",
    "1h": "60",
    "2h": "120",
    "4h": "240",
    "6h": "360",
    "12h": "720",
    "1d": "D",
    "1w": "W",
}
TIMEFRAMES = {interval: timeframe for timeframe, interval in INTERVALS.items()}


def interval_of(timeframe: str) -> str:
    """Give the exchange's word for a timeframe; raises ValueError for one that it doesn't have."""
    if timeframe not in INTERVALS:
        raise ValueError(f'Bybit has no candles of "{timeframe}"; it has {", ".join(INTERVALS)}.')
    return INTERVALS[timeframe]


def streamed(data: Row, market: Market, symbol: str, timeframe: str) -> Candle | None:
    """Read a candle of a stream; None while it isn't finished. Raises MalformedError."""
    if data.get("confirm") is not True:
        return None
    prices = [data.get(name) for name in ("open", "high", "low", "close", "volume")]
    return _candle((market, symbol, timeframe), milliseconds(data, "start"), prices)


def listed(entry: object, market: Market, symbol: str, timeframe: str) -> Candle:
    """Read a candle of an answer: start, open, high, low, close, volume, turnover. Raises MalformedError."""
    if not isinstance(entry, list) or len(entry) < 6:
        raise MalformedError(f"list: expected a candle of seven values, found {shown(entry)}.")
    return _candle((market, symbol, timeframe), milliseconds_of(entry[0], "start"), entry[1:6])


def _candle(series: tuple[Market, str, str], open_ms: int, values: list[object]) -> Candle:
    numbers = [decimal_of(value, "kline") for value in values]
    first, high, low, close, volume = numbers
    if not (Decimal(0) < low <= min(first, close) and max(first, close) <= high and volume >= 0):
        raise MalformedError(f"kline: expected prices between low and high, found {', '.join(map(str, numbers))}.")
    open_price, highest, lowest, last, traded = (float(number) for number in numbers)
    return Candle(*series, open_ms, open_ms + timeframe_ms(series[2]), open_price, highest, lowest, last, traded)
