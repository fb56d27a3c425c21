"""A search from its first trial to its last: ask, hand out, keep, tell."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace

from adapters.search.choosers import AHEAD, Method, chooser_of
from adapters.search.crew import Crew
from adapters.search.missing import SearchError
from runtime.aim import Aim
from runtime.search_space import Choice, Space
from runtime.trial import Key, Purpose, Trial, Tried, ranked

Keep = Callable[[Tried], None]


@dataclass(frozen=True, slots=True)
class Leg:
    """One search over one span, in milliseconds; with `proof_ms` the time from its end to there is the proof of it.

    `window` counts from 1 in a walk forward and is 0 where there is only one search.
    """

    window: int
    from_ms: int
    to_ms: int
    proof_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search is asked for: at most so many trials on each leg."""

    space: Space
    method: Method
    aim: Aim
    seed: int
    most: int
    legs: tuple[Leg, ...]


class Search:
    """Carries out what is asked for; what is known already, by span and combination, is not run again."""

    def __init__(self, asked: Asked, crew: Crew, known: Iterable[Tried], keep: Keep) -> None:
        self._asked = asked
        self._crew = crew
        self._keep = keep
        self._known: dict[Key, Tried] = {}
        self._kept: dict[tuple[Purpose, Key], Tried] = {}
        self._waiting: dict[Future[Tried], Trial] = {}
        for tried in known:
            self._take(tried)

    def run(self) -> None:
        """Search on every leg, and look at what lies around the best of the last one."""
        for leg in self._asked.legs:
            self._hand_out(self._trial(leg, Purpose.UNCHANGED, ()))
            self._explore(leg)
            best = self._best(leg)
            if best is not None and leg.proof_ms is not None:
                for choice in (best.trial.choice, ()):
                    self._hand_out(self._trial(leg, Purpose.OUTSIDE, choice))
            if best is not None and leg is self._asked.legs[-1]:
                for choice in self._asked.space.neighbours(best.trial.choice):
                    self._hand_out(self._trial(leg, Purpose.NEIGHBOUR, choice))
            while self._waiting:
                self._collect()

    def _explore(self, leg: Leg) -> None:
        """Ask for trials and hand them out; tell in the order of asking, whatever order they end in."""
        chooser = chooser_of(self._asked.method, self._asked.space, self._asked.seed)
        asked: list[Trial] = []
        for number in range(self._asked.most):
            if chooser.learns and number >= AHEAD:
                chooser.tell(number - AHEAD, self._awaited(asked[number - AHEAD]).score(self._asked.aim))
            choice = chooser.ask()
            if choice is None:
                break
            asked.append(self._trial(leg, Purpose.SEARCH, choice, number))
            self._hand_out(asked[-1])
        for trial in asked:
            self._awaited(trial)

    def _best(self, leg: Leg) -> Tried | None:
        found = (
            tried
            for (purpose, key), tried in self._kept.items()
            if purpose is Purpose.SEARCH and key[:2] == (leg.from_ms, leg.to_ms)
        )
        return next(iter(ranked(found, self._asked.aim)), None)

    def _trial(self, leg: Leg, purpose: Purpose, choice: Choice, number: int = 0) -> Trial:
        if purpose is Purpose.OUTSIDE:
            return Trial(purpose, number, leg.window, choice, leg.to_ms, leg.proof_ms)
        return Trial(purpose, number, leg.window, choice, leg.from_ms, leg.to_ms)

    def _hand_out(self, trial: Trial) -> None:
        """Let a trial be run, unless one like it was or is; never so many that the crew could not begin them soon."""
        if trial.key in self._known:
            self._take_again(trial)
        elif all(trial.key != other.key for other in self._waiting.values()):
            while len(self._waiting) >= 2 * self._crew.size:
                self._collect()
            with self._nobody_lost():
                self._waiting[self._crew.submit(trial)] = trial

    def _take_again(self, trial: Trial) -> None:
        """Keep a trial that is like an earlier one for another purpose."""
        if (trial.purpose, trial.key) not in self._kept:
            tried = replace(self._known[trial.key], trial=trial)
            self._take(tried)
            self._keep(tried)

    def _awaited(self, trial: Trial) -> Tried:
        while trial.key not in self._known:
            self._collect()
        return self._known[trial.key]

    def _collect(self) -> None:
        """Wait until something ended, and keep it."""
        done, _ = wait(self._waiting, return_when=FIRST_COMPLETED)
        for future in done:
            del self._waiting[future]
            with self._nobody_lost():
                tried = future.result()
            self._take(tried)
            self._keep(tried)

    def _take(self, tried: Tried) -> None:
        self._known.setdefault(tried.key, tried)
        self._kept.setdefault((tried.trial.purpose, tried.key), tried)

    @contextmanager
    def _nobody_lost(self) -> Iterator[None]:
        try:
            yield
        except self._crew.lost:
            raise SearchError(
                "A worker ended without a word: it was killed, or there was not enough memory. What was tried is "
                "kept; go on with --resume, perhaps with fewer --workers."
            ) from None
