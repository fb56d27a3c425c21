"""The facts by which rules read what is known about an engine as a part of the portfolio."""

from collections.abc import Callable

from rules.language.units import Kind, Unit
from runtime.board import Value
from runtime.fact import Fact, fact
from runtime.figures import Figures
from runtime.view import View


def _figure(read: Callable[[Figures], Value]) -> Callable[[View, str], Value]:
    def figure(view: View, _symbol: str) -> Value:
        figures = view.status.figures.get(view.book.name)
        return None if figures is None else read(figures)

    return figure


ENGINE_FACTS: tuple[Fact, ...] = (
    fact(
        "engine.weight",
        Kind(Unit.RATIO),
        "book",
        "the engine's part of the portfolio at the last daily look, all of its books together",
        _figure(lambda figures: figures.weight),
    ),
    fact(
        "engine.target",
        Kind(Unit.RATIO),
        "book",
        "the engine's share of the portfolio that is in force",
        _figure(lambda figures: figures.target),
    ),
    fact(
        "engine.sharpe_90d",
        Kind(Unit.NUMBER, exact=False),
        "book",
        "the engine's Sharpe ratio over 90 days, transfers and deposits taken out; unknown before and without movement",
        _figure(lambda figures: figures.sharpe),
    ),
    fact(
        "engine.paused",
        Kind(Unit.BOOL),
        "book",
        "whether one of the engine's books is paused, fenced or retired",
        _figure(lambda figures: figures.paused),
    ),
)
