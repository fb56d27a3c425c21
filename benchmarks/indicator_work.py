"""How much faster the kernels of common indicators are than `ta`, over the same candles."""

from functools import partial
from statistics import median

import numpy as np

from benchmarks.measurement import Measurement, once, seconds
from rules.language.indicators import INDICATORS
from runtime.indicators import Frame
from runtime.kernels import KERNELS
from runtime.ta_indicators import by_library

ROWS = 60_000
COMMON = (
    *("sma", "wma", "rsi", "atr", "adx", "bollinger_high", "keltner_atr_high", "donchian_high", "stoch", "williams_r"),
    *("cci", "mfi", "vwap", "aroon_up", "ichimoku_a", "psar"),
)


def indicators(rows: int = ROWS) -> list[Measurement]:
    """Each of the common ones with its defaults, by its kernel and by `ta`."""
    frame = candles(rows)
    by_kernel, ratios = 0.0, {}
    for name in COMMON:
        numbers = INDICATORS[name].complete({})
        held = {each: frame[each] for each in INDICATORS[name].inputs}
        with np.errstate(all="ignore"):
            taken = seconds(partial(KERNELS[name], list(held.values()), numbers))
            ratios[name] = once(partial(by_library, name, numbers, held)) / taken
        by_kernel += taken
    least, most = min(ratios, key=ratios.__getitem__), max(ratios, key=ratios.__getitem__)
    note = (
        f"`ta` takes {median(ratios.values()):,.0f} × as long in the median, {ratios[least]:,.1f} × for {least}, "
        f"{ratios[most]:,.0f} × for {most}"
    )
    what = f"{len(COMMON)} common indicators by their kernels, {rows:,} candles"
    return [Measurement(what, by_kernel * 1_000, "ms", "", note)]


def candles(rows: int, seed: int = 11) -> Frame:
    """A market that walks at random."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.005, rows)))
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opened, close) * (1 + 0.002 * random.random(rows))
    low = np.minimum(opened, close) * (1 - 0.002 * random.random(rows))
    return {"open": opened, "high": high, "low": low, "close": close, "volume": 1e6 * random.random(rows), "x": close}
