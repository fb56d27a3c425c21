"""Bybit's names for the lengths of candles."""

from runtime.timeframe import timeframe_ms

TIMEFRAMES = {
    "1": "1m",
    "3": "3m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "120": "2h",
    "240": "4h",
    "360": "6h",
    "720": "12h",
    "D": "1d",
    "W": "1w",
}
INTERVALS = {timeframe: interval for interval, timeframe in TIMEFRAMES.items()}


def interval_ms(interval: str) -> int:
    """Return the length of an interval in milliseconds; raises KeyError for one that there is not."""
    return timeframe_ms(TIMEFRAMES[interval])
