"""Indicators as columns: by the `ta` library, or by a kernel that is shown equal to it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rules.language.indicators import INDICATORS, Number
from runtime.kernels import KERNELS

Column = NDArray[np.float64]
Frame = Mapping[str, Column]
"""Columns of equal length by the name of an input: open, high, low, close, volume or x; NaN is unknown."""


def compute(name: str, parameters: Mapping[str, Number], frame: Frame) -> Column:
    """Give the indicator's value at each row, from that row and those before it; NaN where it is unknown.

    The warm-up starts at the first row where every input is known; a row with an unknown input is itself unknown.
    Raises ValueError with a sentence for parameters that the indicator doesn't have.
    """
    indicator = INDICATORS[name]
    numbers, warmup = indicator.complete(parameters), indicator.warmup(parameters)
    inputs = {each: frame[each] for each in indicator.inputs}
    known = np.logical_and.reduce([np.isfinite(column) for column in inputs.values()])
    result = np.full(len(known), np.nan)
    start = int(known.argmax()) if known.any() else len(known)
    if len(known) - start <= warmup:
        return result
    held = {each: np.where(known, column, np.nan)[start:] for each, column in inputs.items()}
    with np.errstate(all="ignore"):  # a division by zero is an unknown value, not a mistake
        values = _values(name, numbers, held)
    trusted = known[start:] & np.isfinite(values)
    trusted[:warmup] = False
    result[start:] = np.where(trusted, values, np.nan)
    return result


def _values(name: str, numbers: Mapping[str, int | float], held: Frame) -> Column:
    if name in KERNELS:
        return KERNELS[name](list(held.values()), numbers)
    from runtime.ta_indicators import by_library  # noqa: PLC0415 - it takes long to load, and is seldom needed

    return by_library(name, numbers, held)
