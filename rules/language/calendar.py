"""What the clock of the events says, in UTC."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from rules.language.vocabulary import WEEKDAYS

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _date(now_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=now_ms)


def _weekday(now_ms: int) -> str:
    return WEEKDAYS[(now_ms // DAY_MS + 3) % 7]


def _quarter_end(now_ms: int) -> bool:
    tomorrow = _date(now_ms + DAY_MS)
    return tomorrow.day == 1 and tomorrow.month in (1, 4, 7, 10)


READINGS: Mapping[str, Callable[[int], int | bool | str]] = MappingProxyType(
    {
        "weekday": _weekday,
        "hour": lambda now_ms: now_ms % DAY_MS // HOUR_MS,
        "day_of_month": lambda now_ms: _date(now_ms).day,
        "month": lambda now_ms: _date(now_ms).month,
        "time_of_day": lambda now_ms: now_ms % DAY_MS,
        "quarter_end": _quarter_end,
        "now": lambda now_ms: now_ms,
    }
)
"""For each name of the calendar, its value at a moment in milliseconds since 1970."""
