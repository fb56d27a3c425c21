"""What the gates between phases can ask for: facts that are measured over weeks, not seen at one moment."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from machines.breaker import BREAKER
from rules.language.units import Kind, Unit
from rules.language.vocabulary import FactDeclaration, Vocabulary

PHASES = "phases"
ENGINES = ("core", "trend", "funding", "tactical")
APPROVED = "approved"
TESTED = "breaker.tested"
NORMAL = "NORMAL"
LEVELS = tuple(str(state) for state in BREAKER.states if state != NORMAL)


def _declared(name: str, unit: Unit, about: str) -> FactDeclaration:
    return FactDeclaration(name, Kind(unit), about, "portfolio")


def _of_engine(engine: str) -> Iterator[FactDeclaration]:
    results = f"of the back-test's results of {engine.upper()}"
    yield _declared(f"backtest.{engine}.win_rate", Unit.RATIO, f"the part {results} that earned something after costs")
    yield _declared(
        f"backtest.{engine}.profit_factor",
        Unit.NUMBER,
        f"what the winners {results} earned, divided by what the losers lost; without a loser, more than any number",
    )
    equity = f"of {engine.upper()}'s own equity in the back-test"
    yield _declared(f"backtest.{engine}.drawdown", Unit.RATIO, f"the deepest fall {equity}, of a former high")
    yield _declared(f"backtest.{engine}.sharpe", Unit.NUMBER, f"the Sharpe ratio {equity}")


_FACTS = (
    _declared("position.of_target", Unit.RATIO, "what CORE holds, as a part of what it shall hold"),
    _declared("errors.api", Unit.RATIO, "the part of the requests to the exchange that failed"),
    _declared("errors.order", Unit.RATIO, "the part of the orders that the exchange refused or that were lost"),
    _declared("errors.all", Unit.RATIO, "the part of all requests and orders that failed"),
    _declared("uptime", Unit.RATIO, "the part of the time in which the engine ran and was connected"),
    _declared("latency.order", Unit.DURATION, "from sending an order to the exchange's answer, 95 of 100 are faster"),
    _declared("weeks.demo", Unit.NUMBER, "how long the engine has traded on a demo account, in weeks"),
    _declared("weeks.live", Unit.NUMBER, "how long all engines have traded with real money, in weeks"),
    _declared("without_major_error", Unit.DURATION, "how long there has been no alert of severity P0 about an error"),
    _declared("without_intervention", Unit.DURATION, "how long nobody has had to step in"),
    _declared("live.drawdown", Unit.RATIO, "the deepest fall of the portfolio since this phase began"),
    _declared("live.sharpe", Unit.NUMBER, "the Sharpe ratio of the portfolio since this phase began"),
    _declared(
        "returns.against_backtest",
        Unit.RATIO,
        "how much more than in a back-test over the same time was earned, as a part of that; negative when less",
    ),
    _declared(APPROVED, Unit.BOOL, "whether the operator has approved that this phase is left"),
    *(_declared(f"{TESTED}.{level}", Unit.BOOL, f"whether the level {level} was tried out") for level in LEVELS),
    *(fact for engine in ENGINES for fact in _of_engine(engine)),
)
PHASE_FACTS: Mapping[str, FactDeclaration] = MappingProxyType({fact.name: fact for fact in _FACTS})


def phase_vocabulary() -> Vocabulary:
    """Give what a gate may name: measured facts, and neither candles nor symbols."""
    return Vocabulary(facts=PHASE_FACTS)
