"""How long a candle lasts, and where on the clock it starts."""

import re

_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_FORM = re.compile(r"([1-9]\d{0,3})([mhdw])", re.ASCII)
# 1970-01-01 was a Thursday; weeks start on Monday.
_FIRST_MONDAY_MS = 4 * 86_400_000


def timeframe_ms(timeframe: str) -> int:
    """Return the length of a timeframe such as `15m`, `1h`, `1d` or `1w` in milliseconds.

    Raises ValueError with a sentence for anything else.
    """
    form = _FORM.fullmatch(timeframe)
    if form is None:
        raise ValueError(f'Expected a timeframe such as 15m, 1h, 4h, 1d or 1w, found "{timeframe}".')
    return int(form[1]) * _UNITS_MS[form[2]]


def grid_start_ms(timeframe: str) -> int:
    """Return a moment at which a candle of this timeframe opens; all others are whole candles away from it."""
    return _FIRST_MONDAY_MS if timeframe.endswith("w") else 0
