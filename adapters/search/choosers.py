"""What a search tries next: everything in order, at random, or where earlier trials were good."""

from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Protocol

from adapters.search.missing import MissingLibrary
from runtime.search_space import Choice, Space

if TYPE_CHECKING:
    from optuna.trial import Trial

# How far asking runs ahead of what is known. It is the same for any number of workers, so that the trials are as well.
AHEAD = 16


class Method(StrEnum):
    """How a search chooses."""

    GRID = "grid"
    RANDOM = "random"
    BAYESIAN = "bayesian"


class Chooser(Protocol):
    """Says what to try; the same seed and the same scores give the same trials.

    `learns` tells that scores matter: before the trial n is asked for, exactly those up to n − AHEAD have been told.
    """

    learns: bool

    def ask(self) -> Choice | None:
        """Give the next combination; None when there is no other."""
        ...

    def tell(self, number: int, score: float | None) -> None:
        """Take in how good the trial of a number was, which counts from 0; None where it has no score."""
        ...


def chooser_of(method: Method, space: Space, seed: int) -> Chooser:
    """Make what chooses; raises MissingLibrary where its library is not installed."""
    if method is Method.GRID:
        return _Grid(space)
    return _Random(space, seed) if method is Method.RANDOM else _Bayesian(space, seed)


class _Grid:
    """Every combination, the last param changing fastest."""

    learns = False

    def __init__(self, space: Space) -> None:
        self._left = iter(space)

    def ask(self) -> Choice | None:
        return next(self._left, None)

    def tell(self, number: int, score: float | None) -> None:
        """Nothing is learned."""


class _Random:
    """Combinations drawn at random, none twice."""

    learns = False

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._random = Random(seed)
        self._drawn: set[int] = set()

    def ask(self) -> Choice | None:
        if len(self._drawn) >= self._space.size:
            return None
        while (number := self._random.randrange(self._space.size)) in self._drawn:
            pass
        self._drawn.add(number)
        return self._space.at(number)

    def tell(self, number: int, score: float | None) -> None:
        """Nothing is learned."""


class _Bayesian:
    """Combinations that look good by a model of the scores so far: Optuna's tree of Parzen estimators."""

    learns = True

    def __init__(self, space: Space, seed: int) -> None:
        try:
            import optuna  # noqa: PLC0415 - an extra that is not always there
        except ImportError:
            raise MissingLibrary("Optuna", "search", "A Bayesian search") from None
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space = space
        self._places = {
            name: optuna.distributions.IntDistribution(0, len(values) - 1) for name, values in space.values.items()
        }
        # Trials that are still running count as bad ones, so that not all workers look in the same place.
        sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._asked: list[Trial] = []

    def ask(self) -> Choice | None:
        trial = self._study.ask(dict(self._places))
        self._asked.append(trial)
        return self._space.choice(tuple(trial.params[name] for name in self._places))

    def tell(self, number: int, score: float | None) -> None:
        self._study.tell(self._asked[number], float("-inf") if score is None else score)
