"""What makes the result of a back-test doubtful: its figures, asked by the conditions of a rule file."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from rules.language.doubts import Doubt, DoubtOf
from rules.language.evaluate import Value
from rules.language.explain import explain
from rules.language.prose import prose
from rules.language.rulebook import Rulebook
from runtime.book_curve import own_curve
from runtime.doubt import HeldDoubt
from runtime.events import FillKind
from runtime.found import Found
from runtime.metrics import Curve, performance, yearly_returns
from runtime.phases import GivenFacts, facts_in
from runtime.result_facts import RESULT_FACTS
from runtime.run import RunResult
from runtime.trades import Trade

DAY_MS = 86_400_000
TWENTIETH = 20
_ZERO = Decimal(0)
_DIGITS = 12


def with_doubts(result: RunResult, rulebook: Rulebook) -> RunResult:
    """Give the run with the doubts about it; without a book of doubts there are none to tell of."""
    if rulebook.doubts is None:
        return result
    whole = result_facts(result)
    held = list(held_doubts(rulebook.doubts, DoubtOf.PORTFOLIO, "", whole))
    for book in result.settings.books:
        facts = result_facts(result, book)
        held += held_doubts(rulebook.doubts, DoubtOf.BOOK, book, facts)
        if rulebook.books[book].directional:
            held += held_doubts(rulebook.doubts, DoubtOf.DIRECTIONAL, book, facts)
    order = [doubt.name for doubt in rulebook.doubts]
    return replace(result, doubts=tuple(sorted(held, key=lambda one: order.index(one.doubt))))


def held_doubts(doubts: Sequence[Doubt], of: DoubtOf, book: str, facts: Mapping[str, Value]) -> Iterator[HeldDoubt]:
    """Yield the doubts about the portfolio, or about one book, that its figures give reason for."""
    for doubt in doubts:
        if doubt.of is of and explain(doubt.condition, GivenFacts(facts)).value is True:
            place = f"{doubt.place.file}:{doubt.place.line}"
            yield HeldDoubt(doubt.name, book, doubt.says, doubt.condition.text, _measured(doubt, facts), place)


def _measured(doubt: Doubt, facts: Mapping[str, Value]) -> str:
    names = facts_in(doubt.condition)
    told = [prose(facts.get(name), RESULT_FACTS[name].kind.unit) for name in names]
    return ", ".join(f"{name.partition('.')[2]} {value}" for name, value in zip(names, told, strict=True))


# ── the figures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def result_facts(result: RunResult, book: str = "") -> dict[str, Value]:
    """Give what doubts can ask, of the whole portfolio or of one book; None where it is not known."""
    settings = result.settings
    trades = [trade for trade in result.trades if book in ("", trade.book)]
    figures = {
        "span": settings.to_ms - settings.from_ms,
        "trades": Decimal(len(trades)),
        "stopped": Decimal(sum(trade.exit_rule == FillKind.STOP for trade in trades)),
        "win_rate": Decimal(sum(trade.net > 0 for trade in trades)) / len(trades) if trades else None,
        "in_market": None if book else _in_market(result),
        **_of_search(result.found.get(book)),
        **_parts(trades),
        **_of_curve(_curve(result, book)),
    }
    return {f"result.{name}": value for name, value in figures.items()}


def _of_search(found: Found | None) -> dict[str, Value]:
    """How far the search can be trusted that chose the values of a book."""
    if found is None:
        return {"deflated_sharpe": None, "plateau": None}
    return {
        "deflated_sharpe": None if found.deflated is None else _figure(found.deflated),
        "plateau": None if found.plateau is None else _figure(found.plateau),
    }


def _parts(trades: Sequence[Trade]) -> dict[str, Value]:
    """What few trades and one coin did, as parts of what all trades earned."""
    nets = sorted((trade.net for trade in trades), reverse=True)
    total = sum(nets, _ZERO)
    if total <= 0:
        return {"best_trade": None, "best_twentieth": None, "best_symbol": None}
    by_symbol: dict[str, Decimal] = {}
    for trade in trades:
        by_symbol[trade.symbol] = by_symbol.get(trade.symbol, _ZERO) + trade.net
    return {
        "best_trade": nets[0] / total,
        "best_twentieth": sum(nets[: max(1, len(nets) // TWENTIETH)], _ZERO) / total,
        "best_symbol": max(by_symbol.values()) / total if len(by_symbol) > 1 else None,
    }


def _of_curve(curve: Curve) -> dict[str, Value]:
    if len(curve.at_ms) < 2:
        return {"best_year": None, "without_high": None, "sharpe": None}
    figures = performance(curve)
    return {
        "best_year": _best_year(curve),
        "without_high": round(figures.longest_drawdown_days * DAY_MS),
        "sharpe": None if figures.sharpe is None else _figure(figures.sharpe),
    }


def _best_year(curve: Curve) -> Decimal | None:
    years = [one for one in yearly_returns(curve).values() if one > -1]
    growth = sum(math.log1p(one) for one in years)
    if len(years) < 2 or growth <= 0:
        return None
    return _figure(max(math.log1p(one) for one in years) / growth)


def _figure(value: float) -> Decimal:
    return Decimal(f"{value:.{_DIGITS}g}")


def _in_market(result: RunResult) -> Decimal | None:
    points = result.equity
    return Decimal(sum(point.exposure > 0 for point in points)) / len(points) if points else None


def _curve(result: RunResult, book: str) -> Curve:
    settings = result.settings
    if book:
        return own_curve(result.equity, (book,), settings.from_ms)
    points = [(point.at_ms, float(point.total)) for point in result.equity]
    return Curve.of([(settings.from_ms, float(settings.capital)), *points])
