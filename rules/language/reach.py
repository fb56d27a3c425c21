"""How many candles an expression looks back on: its declared warm-up."""

from collections.abc import Iterator, Mapping

from rules.language.indicators import INDICATORS
from rules.language.typed import Column, IndicatorCall, Offset, Series, Typed, Window
from rules.language.vocabulary import TIMEFRAMES_MS

Choice = tuple[str, str]
"""A symbol, empty for that of whoever asks, and a timeframe."""

ENDLESS = frozenset({"ath", "drawdown"})
CROSSINGS = frozenset({"crosses_above", "crosses_below"})
STEPS = frozenset({"rising", "falling", "change", "volatility", "correlation"})
"""Functions of steps from bar to bar, which need one bar more than they count."""


def reach(expression: Typed, timeframe: str) -> Mapping[Choice, int | None]:
    """Count, for each series of candles, those that a value depends on, the last one included.

    `timeframe` is that of whoever asks. None: on all since the first. What does not look at candles is not there.
    """
    found: dict[Choice, int | None] = {}
    for choice, bars in _reached(expression, ("", timeframe), 1):
        known = found.get(choice, 0)
        found[choice] = None if bars is None or known is None else max(bars, known)
    return found


def _reached(node: Typed, home: Choice, bars: int | None) -> Iterator[tuple[Choice, int | None]]:
    chosen = home
    if isinstance(node, Series):
        chosen = (node.symbol or home[0], node.timeframe or home[1])
        bars = _counted_in(chosen[1], home[1], bars)
    if isinstance(node, Column):
        yield chosen, bars
    more = _looks_back(node)
    for child in node.children:
        yield from _reached(child, chosen, None if bars is None or more is None else bars + more)


def _counted_in(timeframe: str, of: str, bars: int | None) -> int | None:
    """Say how many candles of another length were the last one at some time in so many bars."""
    if bars is None or timeframe == of:
        return bars
    return -(-bars * TIMEFRAMES_MS[of] // TIMEFRAMES_MS[timeframe]) + 1


def _looks_back(node: Typed) -> int | None:
    """Say how many bars before its own a part looks at; None for all of them."""
    if isinstance(node, IndicatorCall):
        parameters = {name: value for name, value in node.parameters if not isinstance(value, str)}
        rows = INDICATORS[node.name].memory(parameters)
        return None if rows is None else rows - 1
    if isinstance(node, Offset):
        return node.bars
    if not isinstance(node, Window):
        return 0
    if node.function in ENDLESS:
        return None
    if node.function in CROSSINGS:
        return 1
    return node.bars if node.function in STEPS else node.bars - 1
