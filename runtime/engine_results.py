"""What a back-test says of each engine, as the gates between phases ask for it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from rules.language.evaluate import Value
from rules.language.phases import EngineOfBooks, Phases, ResultOf
from rules.language.rulebook import Rulebook
from runtime.book_curve import own_curve
from runtime.metrics import performance
from runtime.phases import judged_by_backtest
from runtime.round_trips import coin_of, together
from runtime.run import RunResult
from runtime.trades import Trade

_ZERO = Decimal(0)
_DIGITS = 12
_WITHOUT_LOSS = Decimal("Infinity")


def with_gates(result: RunResult, rulebook: Rulebook) -> RunResult:
    """Give the run with what it says of the engines, and with the gates that this decides."""
    phases = rulebook.phases
    if phases is None:
        return result
    facts = backtest_facts(result, phases, rulebook.alternatives)
    return replace(result, phase_facts=facts, gates=judged_by_backtest(phases, facts))


def backtest_facts(result: RunResult, phases: Phases, alternatives: Iterable[Collection[str]] = ()) -> dict[str, Value]:
    """Give the facts of every engine whose books all ran; of alternatives, one stands for the others."""
    facts: dict[str, Value] = {}
    groups, ran = tuple(alternatives), result.settings.books
    for engine in phases.engines.values():
        if all(_ran(book, ran, groups) for book in engine.books):
            facts |= {f"backtest.{engine.name}.{name}": value for name, value in _figures(result, engine)}
    return facts


def _ran(book: str, ran: Collection[str], alternatives: Iterable[Collection[str]]) -> bool:
    return book in ran or any(book in group and any(other in ran for other in group) for group in alternatives)


def _figures(result: RunResult, engine: EngineOfBooks) -> Iterator[tuple[str, Value]]:
    nets = results([trade for trade in result.trades if trade.book in engine.books], engine.result)
    curve = own_curve(result.equity, engine.books, result.settings.from_ms)
    if nets:
        yield "win_rate", Decimal(sum(net > 0 for net in nets)) / len(nets)
        yield "profit_factor", profit_factor(nets)
    if len(curve.at_ms) > 1:
        figures = performance(curve)
        yield "drawdown", _figure(figures.largest_drawdown)
        yield "sharpe", None if figures.sharpe is None else _figure(figures.sharpe)


def _figure(value: float) -> Decimal:
    """Without the last digits, in which a float is never exact: a drawdown of 30 % has to be one at a gate too."""
    return Decimal(f"{value:.{_DIGITS}g}")


def profit_factor(nets: Iterable[Decimal]) -> Decimal | None:
    """Give what the winners earned ÷ what the losers lost; without a loss endless, and None without a result at all."""
    known = list(nets)
    won, lost = sum((net for net in known if net > 0), _ZERO), -sum((net for net in known if net < 0), _ZERO)
    if lost:
        return won / lost
    return _WITHOUT_LOSS if won else None


def results(trades: Sequence[Trade], of: ResultOf) -> list[Decimal]:
    """Give the profit after costs of each result, in quote coin; see `ResultOf`."""
    if of is ResultOf.TRADE:
        return [trade.net for trade in trades]
    groups: dict[tuple[str, str], list[Trade]] = {}
    for trade in trades:
        coin = coin_of(trade) if of is ResultOf.COIN else ""
        groups.setdefault((trade.book, coin), []).append(trade)
    held = (legs for group in groups.values() for legs in together(group))
    return [sum((leg.net for leg in legs), _ZERO) for legs in held]
