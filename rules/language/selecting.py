"""Other symbols and timeframes: `close@1h`, `adx(14)@BTCUSDT.1d`."""

from collections.abc import Iterator
from dataclasses import replace

from rules.language.findings import Finding, did_you_mean, error, listed
from rules.language.nodes import Selection
from rules.language.sentences import describe, duration
from rules.language.typed import IndicatorCall, Series, Typed, Window, retimed, select, selections, stripped
from rules.language.units import Unit
from rules.language.vocabulary import TIMEFRAMES_MS, Scope

MOST_BARS = 10_000


def select_candles(typed: Typed, node: Selection, scope: Scope, findings: list[Finding]) -> Typed | None:
    """Compute a series for another symbol or timeframe; None after reporting why not."""
    if typed.kind.unit is Unit.WRONG:
        return None
    problems = list(_problems(typed, node, scope))
    findings.extend(problems)
    if problems:
        return None
    return replace(select(typed, node.symbol, node.timeframe), place=node.place, text=node.text)


def _problems(typed: Typed, node: Selection, scope: Scope) -> Iterator[Finding]:
    symbols, place = scope.vocabulary.symbols, node.chosen_place
    if node.symbol and node.symbol not in symbols:
        yield error("R104", place, f"The symbol `{node.symbol}` is not known.", did_you_mean(node.symbol, symbols))
    if node.timeframe and node.timeframe not in TIMEFRAMES_MS:
        sentence = f"`{node.timeframe}` is not a timeframe; they are {listed(TIMEFRAMES_MS, most=20)}."
        yield error("R105", place, sentence)
    chosen = selections(typed)
    if not typed.kind.series or not chosen:
        sentence = f"{describe(typed)}; only what is computed from candles can be asked for elsewhere with `@`."
        yield error("R145", node.place, sentence)
    elif any((node.symbol and symbol) or (node.timeframe and frame) for symbol, frame in chosen):
        yield error("R145", node.place, f"`{node.operand.text}` already has its own symbol or timeframe.")


def hoisted(node: Series) -> Typed:
    """Give a window, offset or indicator the symbol and timeframe that all it looks at share."""
    chosen = [each for child in node.children for each in selections(child)]
    symbols, frames = {symbol for symbol, _ in chosen}, {frame for _, frame in chosen}
    symbol = symbols.pop() if len(symbols) == 1 else ""
    frame = frames.pop() if len(frames) == 1 else ""
    if not symbol and not frame:
        return node
    bare = node.rebuilt(lambda child: stripped(child, bool(symbol), bool(frame)))
    assert isinstance(bare, Series)
    if frame:
        bare = retimed(bare, frame)
    return replace(bare, symbol=symbol, timeframe=frame)


def report_candles(typed: Typed, scope: Scope, findings: list[Finding]) -> None:
    """Report candle data without a symbol or timeframe, and durations that aren't whole numbers of bars."""
    findings.extend(_candle_problems(typed, scope, scope.timeframe, scope.own_symbol))


def _candle_problems(typed: Typed, scope: Scope, timeframe: str, has_symbol: bool) -> Iterator[Finding]:
    if isinstance(typed, Series) and typed.kind.series:
        timeframe = typed.timeframe or timeframe
        has_symbol = bool(typed.symbol) or has_symbol
        missing = _missing(typed, timeframe, has_symbol)
        if missing is not None:
            yield missing
            return
        yield from (_uneven(typed, span, timeframe) for span in _spans(typed) if _is_uneven(span, timeframe))
    for child in typed.children:
        yield from _candle_problems(child, scope, timeframe, has_symbol)


def _missing(typed: Series, timeframe: str, has_symbol: bool) -> Finding | None:
    if typed.children and all(symbol and frame for child in typed.children for symbol, frame in selections(child)):
        return None
    if not timeframe:
        return error("R105", typed.place, f"`{typed.text}` needs a timeframe here.", f"Write `{typed.text}@1d`.")
    if not has_symbol and not typed.children:
        hint = f"Write for example `BTCUSDT.{typed.text}`."
        return error("R147", typed.place, f"`{typed.text}` needs a symbol here.", hint)
    return None


def _spans(typed: Series) -> tuple[int, ...]:
    if isinstance(typed, Window):
        return (typed.span_ms,) if typed.span_ms else ()
    return tuple(span for span in typed.spans_ms if span) if isinstance(typed, IndicatorCall) else ()


def _is_uneven(span_ms: int, timeframe: str) -> bool:
    length = TIMEFRAMES_MS.get(timeframe, 1)
    return span_ms % length != 0 or span_ms // length > MOST_BARS


def _uneven(typed: Series, span_ms: int, timeframe: str) -> Finding:
    bars = span_ms / TIMEFRAMES_MS[timeframe]
    sentence = (
        f"{duration(span_ms)} is {bars:g} candles of {timeframe}; a whole number from 1 to {MOST_BARS} is needed."
    )
    return error("R144", typed.place, sentence, "Write a number of bars, or choose another timeframe with `@`.")
