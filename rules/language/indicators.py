"""The indicators that an expression may call by name: their inputs, parameters, units, and how far back they look.

All of them are outputs of the `ta` library, with its defaults, under short names; the exception is `stddev`, the
deviation inside its Bollinger bands. Values that `ta` gives before an indicator has seen enough rows are not used, and
neither are its options that move values in time for drawing (`visual`, `offset`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

Number = int | float | Decimal
Numbers = Mapping[str, int | float]

FADING_ROWS = 28
"""After this many times the windows of a smoothing, what lies before has a weight of less than 1e-12."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; a window is a whole number of rows, at least 1."""

    name: str
    default: int | Decimal
    is_window: bool = True

    def read(self, value: Number) -> int | float:
        """Give the value as a number to compute with; raises ValueError with a sentence when it can't be."""
        if not self.is_window:
            return float(value)
        if value != int(value) or value < 1:
            raise ValueError(f"{self.name} expects a whole number of rows, at least 1; found {value}.")
        return int(value)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    `inputs` are candle columns, supplied by themselves, or `("x",)`: any series, the close where none is given.
    `result` is a unit, or "same" for that of x. `unknown_rows` and `rows_seen` take complete parameters; ask `warmup`
    and `memory` instead.
    """

    name: str
    about: str
    inputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    result: str
    unknown_rows: Callable[[Numbers], int | float]
    rows_seen: Callable[[Numbers], int | float | None]

    def complete(self, parameters: Mapping[str, Number]) -> dict[str, int | float]:
        """Add the defaults; raises ValueError with a sentence for an unknown name or a window that can't be one."""
        names = [parameter.name for parameter in self.parameters]
        for name in parameters:
            if name not in names:
                raise ValueError(f"{self.name} has no parameter {name}; it has {', '.join(names) or 'none'}.")
        return {each.name: each.read(parameters.get(each.name, each.default)) for each in self.parameters}

    def warmup(self, parameters: Mapping[str, Number]) -> int:
        """Count the rows at the start of a history whose value is unknown."""
        return int(self.unknown_rows(self.complete(parameters)))

    def memory(self, parameters: Mapping[str, Number]) -> int | None:
        """Count the rows, the present one included, that a value depends on; None when on all since the first.

        A smoothing depends on everything before, in theory; rows whose weight is below 1e-12 are not counted.
        """
        rows = self.rows_seen(self.complete(parameters))
        return None if rows is None else int(rows)


Rows = Callable[[Numbers], int | float]

X = ("x",)
BAR = ("high", "low", "close")
RANGE = ("high", "low")
BAR_AND_VOLUME = ("high", "low", "close", "volume")


def _windows(**defaults: int) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, default) for name, default in defaults.items())


def _number(name: str, default: str) -> Parameter:
    return Parameter(name, Decimal(default), is_window=False)


def _within(unknown: Rows) -> Rows:
    """Nothing before the rows of the windows matters."""
    return lambda p: unknown(p) + 1


def _fading(parameters: tuple[Parameter, ...], unknown: Rows) -> Rows:
    """What lies before matters less and less."""
    windows = [each.name for each in parameters if each.is_window]
    return lambda p: unknown(p) + FADING_ROWS * sum(p[name] for name in windows)


def _windowed(
    names: Mapping[str, str], inputs: tuple[str, ...], parameters: tuple[Parameter, ...], result: str, unknown: Rows
) -> Iterator[Indicator]:
    for name, about in names.items():
        yield Indicator(name, about, inputs, parameters, result, unknown, _within(unknown))


def _smoothed(
    names: Mapping[str, str], inputs: tuple[str, ...], parameters: tuple[Parameter, ...], result: str, unknown: Rows
) -> Iterator[Indicator]:
    for name, about in names.items():
        yield Indicator(name, about, inputs, parameters, result, unknown, _fading(parameters, unknown))


def _endless(
    names: Mapping[str, str], inputs: tuple[str, ...], parameters: tuple[Parameter, ...], result: str, unknown: Rows
) -> Iterator[Indicator]:
    for name, about in names.items():
        told = f"{about} It counts from the first candle that is held."
        yield Indicator(name, told, inputs, parameters, result, unknown, lambda _: None)


def _less_one(p: Numbers) -> int | float:
    return p["window"] - 1


def _whole(p: Numbers) -> int | float:
    return p["window"]


# ── averages ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _averages() -> Iterator[Indicator]:
    yield from _windowed({"sma": "Mean of the last rows."}, X, _windows(window=14), "same", _less_one)
    yield from _smoothed(
        {"ema": "Exponential mean: each row back weighs less by the same part."},
        X,
        _windows(window=14),
        "same",
        _less_one,
    )
    yield from _windowed({"wma": "Mean with weights that fall evenly."}, X, _windows(window=9), "same", _less_one)
    about = "Kaufman's mean: fast in a move, slow in noise. `ta` lets the last close into the first rows; corrected."
    parameters = (*_windows(window=10), _number("fast", "2"), _number("slow", "30"))
    yield Indicator("kama", about, X, parameters, "same", _whole, _kama_memory)
    yield from _windowed({"stddev": "Standard deviation (of the rows, not a sample)."}, X, _TWENTY, "same", _less_one)
    yield from _windowed({"vwap": "Mean price weighted by volume."}, BAR_AND_VOLUME, _FOURTEEN, "price", _less_one)


def _kama_memory(p: Numbers) -> int | float:
    slowest = (2 / (max(p["fast"], p["slow"]) + 1)) ** 2
    return p["window"] + 1 + FADING_ROWS / slowest


_FOURTEEN = _windows(window=14)
_TWENTY = _windows(window=20)


# ── trend ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_MACD = _windows(fast=12, slow=26, signal=9)
_ICHIMOKU = _windows(short=9, middle=26, long=52)
_KST = _windows(roc1=10, roc2=15, roc3=20, roc4=30, window1=10, window2=10, window3=10, window4=15)
_KST_SIGNAL = (*_KST, *_windows(signal=9))
_PSAR = (_number("step", "0.02"), _number("largest", "0.2"))


def _slower(p: Numbers) -> int | float:
    return max(p["fast"], p["slow"]) - 1


def _slower_signal(p: Numbers) -> int | float:
    return _slower(p) + p["signal"] - 1


def _kst_rows(p: Numbers) -> int | float:
    return max(p[f"roc{n}"] + p[f"window{n}"] - 1 for n in (1, 2, 3, 4))


def _kst_signal_rows(p: Numbers) -> int | float:
    return _kst_rows(p) + p["signal"] - 1


def _trend() -> Iterator[Indicator]:
    yield from _smoothed({"macd": "Fast minus slow exponential mean."}, X, _MACD[:2], "same", _slower)
    names = {"macd_signal": "Exponential mean of macd.", "macd_diff": "macd minus its signal."}
    yield from _smoothed(names, X, _MACD, "same", _slower_signal)
    about = "How trendy it is, 0 to 100, whatever the direction (Wilder)."
    yield from _smoothed({"adx": about}, BAR, _FOURTEEN, "number", lambda p: 2 * p["window"] - 1)
    names = {"adx_pos": "Strength of moves up, 0 to 100.", "adx_neg": "Strength of moves down, 0 to 100."}
    yield from _smoothed(names, BAR, _FOURTEEN, "number", lambda p: p["window"] + 1)
    names = {
        "aroon_up": "How recent the highest high is: 100 now, 0 a window ago.",
        "aroon_down": "How recent the lowest low is: 100 now, 0 a window ago.",
        "aroon": "aroon_up minus aroon_down.",
    }
    yield from _windowed(names, RANGE, _windows(window=25), "number", _whole)
    about = "How far the typical price is from its mean, in mean deviations × constant."
    yield from _windowed({"cci": about}, BAR, (*_TWENTY, _number("constant", "0.015")), "number", _less_one)
    about = "The value half a window ago minus the mean; nothing is taken from the future."
    yield from _windowed({"dpo": about}, X, _TWENTY, "same", lambda p: max(p["window"] - 1, p["window"] // 2 + 1))
    yield from _ichimoku()
    yield from _kst()
    about = "Sum of how much the range widens, for reversals (27 is wide)."
    yield from _smoothed({"mass_index": about}, RANGE, _windows(fast=9, slow=25), "number", _mass_rows)
    yield from _psar()
    about = "Schaff's cycle of macd, 0 to 100."
    yield from _smoothed(
        {"stc": about}, X, _windows(fast=23, slow=50, cycle=10, smooth1=3, smooth2=3), "number", _stc_rows
    )
    about = "Change of a thrice smoothed mean, in percent."
    yield from _smoothed({"trix": about}, X, _windows(window=15), "number", lambda p: 3 * p["window"] - 2)
    leak = "`ta` lets the mean of all closes into the first row; corrected."
    names = {
        "vortex_pos": f"Reach upward as part of the range. {leak}",
        "vortex_neg": f"Reach downward as part of the range. {leak}",
        "vortex_diff": f"vortex_pos minus vortex_neg. {leak}",
    }
    yield from _windowed(names, BAR, _FOURTEEN, "number", _whole)


def _mass_rows(p: Numbers) -> int | float:
    return 2 * (p["fast"] - 1) + p["slow"] - 1


def _stc_rows(p: Numbers) -> int | float:
    return _slower(p) + 2 * (p["cycle"] - 1) + p["smooth1"] - 1 + p["smooth2"] - 1


def _ichimoku() -> Iterator[Indicator]:
    about = "Middle of the short window's range."
    yield from _windowed({"ichimoku_conversion": about}, RANGE, _ICHIMOKU[:1], "price", lambda p: p["short"] - 1)
    about = "Middle of the middle window's range."
    yield from _windowed({"ichimoku_base": about}, RANGE, _ICHIMOKU[1:2], "price", lambda p: p["middle"] - 1)
    about = "Between the conversion and the base line, as of now (charts draw it ahead)."
    yield from _windowed(
        {"ichimoku_a": about}, RANGE, _ICHIMOKU[:2], "price", lambda p: max(p["short"], p["middle"]) - 1
    )
    about = "Middle of the long window's range, as of now (charts draw it ahead)."
    yield from _windowed({"ichimoku_b": about}, RANGE, _ICHIMOKU[2:], "price", lambda p: p["long"] - 1)


def _kst() -> Iterator[Indicator]:
    leak = "`ta` lets the mean of all values into the first rows; corrected."
    yield from _windowed({"kst": f"Four smoothed rates of change, weighted. {leak}"}, X, _KST, "number", _kst_rows)
    names = {"kst_signal": f"Mean of kst. {leak}", "kst_diff": f"kst minus its signal. {leak}"}
    yield from _windowed(names, X, _KST_SIGNAL, "number", _kst_signal_rows)


def _psar() -> Iterator[Indicator]:
    names = {
        "psar": "Parabolic stop and reverse.",
        "psar_up": "Parabolic stop under a rising market; unknown in a falling one.",
        "psar_down": "Parabolic stop over a falling market; unknown in a rising one.",
    }
    yield from _endless(names, BAR, _PSAR, "price", lambda _: 2)
    names = {
        "psar_turns_up": "1 where the parabolic stop turns to rising, else 0.",
        "psar_turns_down": "1 where the parabolic stop turns to falling, else 0.",
    }
    yield from _endless(names, BAR, _PSAR, "number", lambda _: 3)


# ── momentum ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_STOCHASTIC = _windows(window=14, smooth=3)
_STOCHRSI = _windows(window=14, smooth1=3, smooth2=3)
_ULTIMATE = _windows(window1=7, window2=14, window3=28)
_ULTIMATE_WEIGHTS = (_number("weight1", "4"), _number("weight2", "2"), _number("weight3", "1"))


def _stochrsi_rows(p: Numbers) -> int | float:
    return 2 * p["window"] - 1


def _stochrsi_k_rows(p: Numbers) -> int | float:
    return _stochrsi_rows(p) + p["smooth1"] - 1


def _stochrsi_d_rows(p: Numbers) -> int | float:
    return _stochrsi_k_rows(p) + p["smooth2"] - 1


def _ultimate_rows(p: Numbers) -> int | float:
    return max(p["window1"], p["window2"], p["window3"])


def _momentum() -> Iterator[Indicator]:
    about = "Relative strength, 0 to 100 (Wilder); 100 where nothing fell."
    yield from _smoothed({"rsi": about}, X, _FOURTEEN, "number", _whole)
    yield from _windowed({"roc": "Change since a window ago, in percent."}, X, _windows(window=12), "number", _whole)
    about = "Where the close is in the range of the window, 0 to 100."
    yield from _windowed({"stoch": about}, BAR, _FOURTEEN, "number", _less_one)
    yield from _windowed(
        {"stoch_signal": "Mean of stoch."}, BAR, _STOCHASTIC, "number", lambda p: p["window"] + p["smooth"] - 2
    )
    about = "Where rsi is in its own range."
    yield from _smoothed({"stochrsi": about}, X, _STOCHRSI[:1], "ratio", _stochrsi_rows)
    yield from _smoothed({"stochrsi_k": "Mean of stochrsi."}, X, _STOCHRSI[:2], "ratio", _stochrsi_k_rows)
    yield from _smoothed({"stochrsi_d": "Mean of stochrsi_k."}, X, _STOCHRSI, "ratio", _stochrsi_d_rows)
    about = "Twice smoothed change as part of its size, -100 to 100."
    yield from _smoothed({"tsi": about}, X, _windows(slow=25, fast=13), "number", lambda p: p["slow"] + p["fast"] - 1)
    about = "Buying pressure over three windows, 0 to 100."
    yield from _windowed({"ultimate": about}, BAR, (*_ULTIMATE, *_ULTIMATE_WEIGHTS), "number", _ultimate_rows)
    about = "Where the close is under the window's high, 0 down to -100."
    yield from _windowed({"williams_r": about}, BAR, _FOURTEEN, "number", _less_one)
    about = "Short minus long mean of the middle of the range."
    yield from _windowed(
        {"awesome": about}, RANGE, _windows(short=5, long=34), "price", lambda p: max(p["short"], p["long"]) - 1
    )
    for name, inputs in (("ppo", X), ("pvo", ("volume",))):
        about = f"Fast minus slow exponential mean of {inputs[0]}, in percent of the slow one."
        yield from _smoothed({name: about}, inputs, _MACD[:2], "number", _slower)
        names = {f"{name}_signal": f"Exponential mean of {name}.", f"{name}_diff": f"{name} minus its signal."}
        yield from _smoothed(names, inputs, _MACD, "number", _slower_signal)


# ── volatility ────────────────────────────────────────────────────────────────────────────────────────────────────────

_KELTNER_ATR = (*_windows(window=20, atr_window=10), _number("multiplier", "2"))
_BOLLINGER = (*_TWENTY, _number("deviations", "2"))


def _keltner_atr_rows(p: Numbers) -> int | float:
    return max(p["window"], p["atr_window"]) - 1


def _bands(name: str, what: str, *, crossed: bool = True) -> list[tuple[str, dict[str, str]]]:
    """The outputs of a channel by unit, the unit of its edges written as "edge"."""
    edges = {f"{name}_high": f"Upper edge of {what}.", f"{name}_low": f"Lower edge of {what}."}
    edges[f"{name}_middle"] = f"Middle of {what}."
    parts = {f"{name}_percent": f"Where the value is in {what}: 0% at the lower edge, 100% at the upper."}
    numbers = {f"{name}_width": f"Width of {what}, in percent of the middle."}
    if crossed:
        numbers[f"{name}_above"] = f"1 where the value is above {what}, else 0."
        numbers[f"{name}_below"] = f"1 where the value is below {what}, else 0."
    return [("edge", edges), ("ratio", parts), ("number", numbers)]


def _volatility() -> Iterator[Indicator]:
    yield from _smoothed({"atr": "Average true range (Wilder)."}, BAR, _FOURTEEN, "price", _less_one)
    for unit, names in _bands("bollinger", "the Bollinger band (mean ± deviations × standard deviation)"):
        yield from _windowed(names, X, _BOLLINGER, "same" if unit == "edge" else unit, _less_one)
    for unit, names in _bands("keltner", "Keltner's own channel (means of the typical price and the range)"):
        yield from _windowed(names, BAR, _TWENTY, "price" if unit == "edge" else unit, _less_one)
    for unit, names in _bands("keltner_atr", "the Keltner channel (exponential mean ± multiplier × ATR)"):
        yield from _smoothed(names, BAR, _KELTNER_ATR, "price" if unit == "edge" else unit, _keltner_atr_rows)
    for unit, names in _bands("donchian", "the Donchian channel (highest high to lowest low)", crossed=False):
        yield from _windowed(names, BAR, _TWENTY, "price" if unit == "edge" else unit, _less_one)
    about = "Depth and length of falls below the window's highest, in percent."
    yield from _windowed({"ulcer": about}, X, _FOURTEEN, "number", lambda p: 2 * p["window"] - 2)


# ── volume and returns ────────────────────────────────────────────────────────────────────────────────────────────────


def _volume() -> Iterator[Indicator]:
    about = "Volume added up by where in its range each candle closed."
    yield from _endless({"acc_dist": about}, BAR_AND_VOLUME, (), "quantity", lambda _: 0)
    about = "Volume added up, negative where the close fell."
    yield from _endless({"obv": about}, ("close", "volume"), (), "quantity", lambda _: 0)
    about = "Volume times relative change of the close, added up, then averaged over the smoothing."
    yield from _endless(
        {"vpt": about}, ("close", "volume"), _windows(smoothing=1), "quantity", lambda p: p["smoothing"]
    )
    about = "Price changes of quieter candles, compounded from 1000."
    yield from _endless({"nvi": about}, ("close", "volume"), (), "number", lambda _: 0)
    about = "Share of the volume that closed high in its range minus that which closed low."
    yield from _windowed({"cmf": about}, BAR_AND_VOLUME, _TWENTY, "ratio", _less_one)
    about = "Exponential mean of change times volume."
    yield from _smoothed({"force": about}, ("close", "volume"), _windows(window=13), "money", _whole)
    about = "How far the price moves for its volume, × 100 million."
    yield from _windowed({"eom": about}, ("high", "low", "volume"), (), "number", lambda _: 1)
    yield from _windowed({"eom_mean": "Mean of eom."}, ("high", "low", "volume"), _FOURTEEN, "number", _whole)
    about = "Relative strength of money flow, 0 to 100."
    yield from _windowed({"mfi": about}, BAR_AND_VOLUME, _FOURTEEN, "number", _whole)


def _returns() -> Iterator[Indicator]:
    yield from _windowed({"daily_return": "Change since the row before, in percent."}, X, (), "number", lambda _: 1)
    yield from _windowed(
        {"log_return": "Logarithmic change since the row before, × 100."}, X, (), "number", lambda _: 1
    )
    yield from _endless({"cumulative_return": "Change since the first row, in percent."}, X, (), "number", lambda _: 0)


_FAMILIES = (_averages, _trend, _momentum, _volatility, _volume, _returns)

INDICATORS: Mapping[str, Indicator] = MappingProxyType(
    {indicator.name: indicator for family in _FAMILIES for indicator in family()}
)
