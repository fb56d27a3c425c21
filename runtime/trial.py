"""What came of one trial of a search, and which of several is the best."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from runtime.aim import Aim
from runtime.metrics import Curve, performance
from runtime.search_space import Choice

Key = tuple[int | None, int | None, Choice]
"""The span and the combination of a trial: two trials that have both in common end in the same way."""

FEWEST_RETURNS = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run was worth, without units; ratios are yearly, skewness and kurtosis (3 is normal) of daily returns.

    None stands where a figure has no meaning, as a Sharpe ratio has none without movement.
    """

    total_return: float
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    drawdown: float
    fills: int
    trades: int
    returns: int
    skewness: float = 0.0
    kurtosis: float = 3.0

    def score(self, aim: Aim) -> float | None:
        """Give the figure that is aimed at, so that more is better; without a fill there is nothing to score."""
        if not self.fills:
            return None
        scores = {
            Aim.SHARPE: self.sharpe,
            Aim.SORTINO: self.sortino,
            Aim.CALMAR: self.calmar,
            Aim.RETURN: self.total_return,
            Aim.DRAWDOWN: -self.drawdown,
        }
        return scores[aim]


class Purpose(StrEnum):
    """Why a trial is run: as part of the search, as the book without changes, beside the best, or after its window."""

    SEARCH = "search"
    UNCHANGED = "unchanged"
    NEIGHBOUR = "neighbour"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Trial:
    """One combination to run over a span; `window` counts from 1 in a walk forward and is 0 otherwise."""

    purpose: Purpose
    number: int
    window: int
    choice: Choice
    from_ms: int | None
    to_ms: int | None

    @property
    def key(self) -> "Key":
        """What decides how a run ends."""
        return self.from_ms, self.to_ms, self.choice


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial with what came of it: figures, or the sentence why it could not run; `curve` of trials outside only."""

    trial: Trial
    figures: Figures | None
    problem: str = ""
    curve: tuple[tuple[int, float], ...] = field(default=(), repr=False)

    @property
    def key(self) -> "Key":
        """What decides how a run ends."""
        return self.trial.key

    def score(self, aim: Aim) -> float | None:
        """Give the figure that is aimed at, so that more is better; None where there is none."""
        return None if self.figures is None else self.figures.score(aim)

    def to_plain(self) -> dict[str, Any]:
        """Give it as JSON-able data."""
        return {**asdict(self), "trial": {**asdict(self.trial), "choice": dict(self.trial.choice)}}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Tried":
        """Read what `to_plain` wrote."""
        trial, figures = plain["trial"], plain["figures"]
        return cls(
            Trial(**{**trial, "purpose": Purpose(trial["purpose"]), "choice": tuple(trial["choice"].items())}),
            None if figures is None else Figures(**figures),
            plain["problem"],
            tuple((at_ms, value) for at_ms, value in plain["curve"]),
        )


def figures_of(curve: Curve, fills: int, trades: int) -> Figures:
    """Work out the figures of a run from its curve of equity; `trades` are those that were closed."""
    whole = performance(curve)
    returns = curve.daily().returns
    skewness, kurtosis = _shape(returns)
    return Figures(
        whole.total_return,
        whole.sharpe,
        whole.sortino,
        whole.calmar,
        whole.largest_drawdown,
        fills,
        trades,
        len(returns),
        skewness,
        kurtosis,
    )


def _shape(returns: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    """Skewness and kurtosis by moments; those of a normal distribution where there is too little to tell."""
    deviation = float(np.std(returns)) if len(returns) >= FEWEST_RETURNS else 0.0
    if deviation == 0:
        return 0.0, 3.0
    normed = (returns - np.mean(returns)) / deviation
    return float(np.mean(normed**3)), float(np.mean(normed**4))


def ranked(tried: Iterable[Tried], aim: Aim) -> list[Tried]:
    """Order what has a score from the best to the worst; of equal ones the earlier comes first."""
    scored = [(score, one) for one in tried if (score := one.score(aim)) is not None]
    return [one for _, one in sorted(scored, key=lambda pair: (-pair[0], pair[1].trial.number))]
