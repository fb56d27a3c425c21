"""What a search found, from the trials that it left."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from adapters.search.search import Asked, Leg
from runtime.deflated_sharpe import deflated_sharpe
from runtime.metrics import DAYS_PER_YEAR, Curve, Performance, performance
from runtime.plateau import Plateau, plateau_of
from runtime.trial import Purpose, Tried, ranked
from runtime.walk_forward import joined

START = 1.0


@dataclass(frozen=True, slots=True)
class LegResult:
    """One leg: its trials from the best to the worst, the book without changes, and how both did after it."""

    leg: Leg
    tried: tuple[Tried, ...]
    ranked: tuple[Tried, ...]
    unchanged: Tried | None
    proof: Tried | None = None
    proof_unchanged: Tried | None = None

    @property
    def best(self) -> Tried | None:
        """The best trial; None where none has a score."""
        return self.ranked[0] if self.ranked else None


@dataclass(frozen=True, slots=True)
class Result:
    """All legs; what is said of the best is about that of the last one.

    `deflated` is the probability that its Sharpe ratio is better than luck. `proven` and `proven_unchanged` are the
    figures of the times after the windows, joined.
    """

    legs: tuple[LegResult, ...]
    deflated: float | None
    plateau: Plateau | None
    proven: Performance | None
    proven_unchanged: Performance | None

    @property
    def last(self) -> LegResult:
        """The last leg."""
        return self.legs[-1]


def result_of(asked: Asked, tried: Sequence[Tried]) -> Result:
    """Work out what a search has found so far."""
    legs = tuple(_leg(asked, leg, tried) for leg in asked.legs)
    last = legs[-1]
    return Result(
        legs,
        _deflated(last),
        _plateau(asked, last, tried),
        _joined([leg.proof for leg in legs]),
        _joined([leg.proof_unchanged for leg in legs]),
    )


def _leg(asked: Asked, leg: Leg, tried: Sequence[Tried]) -> LegResult:
    inside = [one for one in tried if one.key[:2] == (leg.from_ms, leg.to_ms)]
    searched = sorted((one for one in inside if one.trial.purpose is Purpose.SEARCH), key=lambda one: one.trial.number)
    unchanged = next((one for one in inside if one.trial.purpose is Purpose.UNCHANGED), None)
    after = {
        one.trial.choice: one
        for one in tried
        if one.trial.purpose is Purpose.OUTSIDE and one.key[:2] == (leg.to_ms, leg.proof_ms)
    }
    order = tuple(ranked(searched, asked.aim))
    proof = after.get(order[0].trial.choice) if order else None
    return LegResult(leg, tuple(searched), order, unchanged, proof, after.get(()))


def _deflated(leg: LegResult) -> float | None:
    """Deflate the Sharpe ratio of the best by those of all trials, each of a day and not of a year."""
    best = None if leg.best is None else leg.best.figures
    if best is None or best.sharpe is None:
        return None
    year = sqrt(DAYS_PER_YEAR)
    figures = [one.figures for one in leg.ranked if one.figures is not None]
    others = [each.sharpe / year for each in figures if each.sharpe is not None]
    return deflated_sharpe(best.sharpe / year, others, best.returns, best.skewness, best.kurtosis)


def _plateau(asked: Asked, leg: LegResult, tried: Sequence[Tried]) -> Plateau | None:
    best = leg.best
    score = None if best is None else best.score(asked.aim)
    if best is None or score is None:
        return None
    known = {one.key: one.score(asked.aim) for one in tried}
    span = (leg.leg.from_ms, leg.leg.to_ms)
    near = [(*span, choice) for choice in asked.space.neighbours(best.trial.choice)]
    return plateau_of(score, [known[key] for key in near if key in known])


def _joined(proofs: Sequence[Tried | None]) -> Performance | None:
    curves = [Curve.of(one.curve) for one in proofs if one is not None and one.curve]
    return performance(joined(curves, START)) if curves else None
