"""What doubts can ask about the result of a back-test."""

from collections.abc import Mapping
from types import MappingProxyType

from rules.language.units import Kind, Unit
from rules.language.vocabulary import FactDeclaration, Vocabulary

DOUBTS = "doubts"


def _declared(name: str, unit: Unit, about: str) -> FactDeclaration:
    return FactDeclaration(f"result.{name}", Kind(unit), about, "portfolio")


_FACTS = (
    _declared("span", Unit.DURATION, "how long the back-test is"),
    _declared("trades", Unit.COUNT, "how many trades were closed"),
    _declared("stopped", Unit.COUNT, "how many of them were closed by their stop"),
    _declared("win_rate", Unit.RATIO, "the part of the trades that earned something after costs"),
    _declared("best_trade", Unit.RATIO, "what the best trade earned, as a part of what all did; unknown after a loss"),
    _declared(
        "best_twentieth",
        Unit.RATIO,
        "what the best 5 % of the trades earned, one at least, as a part of what all did; unknown after a loss",
    ),
    _declared(
        "best_symbol",
        Unit.RATIO,
        "what the trades in the best coin earned, as a part of what all did; unknown with one coin, and after a loss",
    ),
    _declared(
        "best_year",
        Unit.RATIO,
        "the logarithmic growth of the best calendar year, as a part of all; unknown in one year, and after a loss",
    ),
    _declared(
        "without_high", Unit.DURATION, "the longest time between two highs of the equity, or from one to the end"
    ),
    _declared("in_market", Unit.RATIO, "the part of the days on which anything was held; of the whole portfolio only"),
    _declared("sharpe", Unit.NUMBER, "the Sharpe ratio of the equity"),
    _declared(
        "deflated_sharpe",
        Unit.RATIO,
        "the probability that the search which chose the book's values found more than luck; unknown where no search "
        "that is kept chose them, or it saw none of these times",
    ),
    _declared(
        "plateau",
        Unit.RATIO,
        "the median score one step beside those values, as a part of theirs; unknown as above, and after a loss",
    ),
)
RESULT_FACTS: Mapping[str, FactDeclaration] = MappingProxyType({fact.name: fact for fact in _FACTS})


def result_vocabulary() -> Vocabulary:
    """Give what a doubt may name: figures of a result, and neither candles nor symbols."""
    return Vocabulary(facts=RESULT_FACTS)
