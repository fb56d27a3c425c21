"""A search from asking to telling: the same trials whoever works at them, and after a kill none is run twice."""

import json
import queue
import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.search.choosers import Method, chooser_of
from adapters.search.crew import Crew
from adapters.search.missing import SearchError
from adapters.search.result import result_of
from adapters.search.search import Asked, Leg, Search
from adapters.search.trial_file import TrialFile, trials_in
from runtime.aim import Aim
from runtime.search_space import Choice, Space
from runtime.trial import Figures, Purpose, Trial, Tried

pytestmark = pytest.mark.spec("BT-06")

SPACE = Space({"fast": tuple(str(n) for n in range(10)), "slow": tuple(str(n) for n in range(20))})
PEAK = (6, 13)


def hill(choice: Choice) -> float:
    """Give a score that falls in all directions from one place."""
    fast, slow = (int(value) for _, value in choice) if choice else (0, 0)
    return 3 - 0.05 * ((fast - PEAK[0]) ** 2 + (slow - PEAK[1]) ** 2)


def worth(trial: Trial) -> Tried:
    """Run a trial on a landscape that is known: a hill, with nothing traded on its far side."""
    score = hill(trial.choice)
    figures = Figures(score / 10, score, score, score, 0.1, 0 if score < -3 else 9, 4, 400)
    from_ms, to_ms = trial.from_ms or 0, trial.to_ms or 0
    curve = ((from_ms, 1.0), (to_ms, 1.0 + score / 100)) if trial.purpose is Purpose.OUTSIDE else ()
    return Tried(trial, figures, curve=curve)


@dataclass
class Alone:
    """Does each trial at once, and counts them; is gone after so many."""

    leaves_after: int = 10_000
    done: list[Trial] = field(default_factory=list)
    size: int = 1
    lost: tuple[type[Exception], ...] = (EOFError,)

    def submit(self, trial: Trial) -> "Future[Tried]":
        if len(self.done) >= self.leaves_after:
            raise EOFError
        future: Future[Tried] = Future()
        future.set_result(worth(trial))
        self.done.append(trial)
        return future

    def close(self) -> None:
        """There is nothing to close."""


def asked(method: Method, most: int, seed: int = 3, legs: tuple[Leg, ...] = (Leg(0, 0, 100),)) -> Asked:
    return Asked(SPACE, method, Aim.SHARPE, seed, most, legs)


def searched(question: Asked, crew: Crew, known: list[Tried] | None = None) -> list[Tried]:
    """Search, and give everything that is known in the end."""
    kept = list(known or [])
    Search(question, crew, tuple(kept), kept.append).run()
    return kept


def choices(tried: list[Tried]) -> list[Choice]:
    found = [one for one in tried if one.trial.purpose is Purpose.SEARCH]
    return [one.trial.choice for one in sorted(found, key=lambda one: one.trial.number)]


def test_a_grid_tries_everything_once_and_finds_the_peak() -> None:
    question = asked(Method.GRID, SPACE.size)
    tried = searched(question, Alone())
    assert choices(tried) == list(SPACE)
    best = result_of(question, tried).last.best
    assert best is not None
    assert best.trial.choice == (("fast", "6"), ("slow", "13"))


def test_a_random_search_tries_nothing_twice_and_ends_when_nothing_is_left() -> None:
    chooser = chooser_of(Method.RANDOM, SPACE, 5)
    drawn = list(iter(chooser.ask, None))
    assert sorted(drawn) == sorted(SPACE)
    assert drawn != sorted(drawn)


def test_fewer_random_trials_are_the_beginning_of_more_and_another_seed_gives_others() -> None:
    few, more, other = (
        choices(searched(asked(Method.RANDOM, most, seed), Alone())) for most, seed in ((10, 3), (20, 3), (20, 4))
    )
    assert few == more[:10]
    assert other != more


def test_a_bayesian_search_learns() -> None:
    pytest.importorskip("optuna")
    question = asked(Method.BAYESIAN, 60)
    tried = choices(searched(question, Alone()))
    early, late = tried[:16], tried[-16:]
    assert sum(map(hill, late)) / len(late) > sum(map(hill, early)) / len(early)


@pytest.mark.parametrize("method", Method)
def test_the_trials_are_the_same_whoever_ends_first(method: Method) -> None:
    if method is Method.BAYESIAN:
        pytest.importorskip("optuna")
    most = SPACE.size if method is Method.GRID else 50
    alone = searched(asked(method, most), Alone())
    for seed in range(3):
        with closing(Hurried(seed)) as crew:
            together = searched(asked(method, most), crew)
        assert choices(together) == choices(alone)
        assert result_of(asked(method, most), together) == result_of(asked(method, most), alone)


class Hurried:
    """Five at work at once, who end in any order."""

    size = 5
    lost: tuple[type[Exception], ...] = ()

    def __init__(self, seed: int) -> None:
        self.disorder = random.Random(seed)
        self.begun: queue.Queue[tuple[Future[Tried], Trial] | None] = queue.Queue()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def submit(self, trial: Trial) -> "Future[Tried]":
        future: Future[Tried] = Future()
        self.begun.put((future, trial))
        return future

    def work(self) -> None:
        while (first := self.begun.get()) is not None:
            at_hand = [first]
            while len(at_hand) < self.size and not self.begun.empty():
                at_hand += [more for more in (self.begun.get(),) if more is not None]
            self.disorder.shuffle(at_hand)
            for future, trial in at_hand:
                future.set_result(worth(trial))

    def close(self) -> None:
        self.begun.put(None)
        self.thread.join()


@pytest.mark.parametrize("method", [Method.RANDOM, Method.BAYESIAN])
def test_after_a_kill_the_search_goes_on_and_ends_as_if_nothing_had_been(method: Method, tmp_path: Path) -> None:
    if method is Method.BAYESIAN:
        pytest.importorskip("optuna")
    question, file = asked(method, 40), tmp_path / "trials.jsonl"
    whole = searched(question, Alone())
    with TrialFile(file) as opened, pytest.raises(SearchError, match="go on with --resume"):
        Search(question, Alone(leaves_after=17), (), opened.append).run()
    torn = file.read_bytes() + json.dumps(whole[0].to_plain()).encode()[:40]
    file.write_bytes(torn)
    before, crew = trials_in(file), Alone()
    assert 10 < len(before) <= 17
    with TrialFile(file) as opened:
        Search(question, crew, before, opened.append).run()
    again = trials_in(file)
    assert {trial.key for trial in crew.done}.isdisjoint({one.key for one in before})
    assert result_of(question, again) == result_of(question, whole)


def test_more_trials_go_on_where_fewer_have_ended() -> None:
    few = searched(asked(Method.RANDOM, 20), Alone())
    crew = Alone()
    more = searched(asked(Method.RANDOM, 40), crew, few)
    assert choices(more) == choices(searched(asked(Method.RANDOM, 40), Alone()))
    assert len(crew.done) < 40


def test_what_lies_around_the_best_is_looked_at_though_nobody_asked_for_it() -> None:
    question = asked(Method.RANDOM, 30)
    tried = searched(question, Alone())
    result = result_of(question, tried)
    assert result.last.best is not None
    near = SPACE.neighbours(result.last.best.trial.choice)
    assert result.plateau is not None
    assert len(result.plateau.neighbours) == len(near)
    assert len(result.last.tried) == 30


def windows() -> Iterator[Leg]:
    for number in range(3):
        yield Leg(number + 1, 100 * number, 100 * number + 200, 100 * number + 300)


def test_each_window_has_its_own_search_and_a_proof_on_the_time_after_it() -> None:
    question = asked(Method.RANDOM, 10, legs=tuple(windows()))
    result = result_of(question, searched(question, Alone()))
    assert [len(leg.tried) for leg in result.legs] == [10, 10, 10]
    for leg in result.legs:
        assert leg.best is not None
        assert leg.proof is not None
        assert leg.proof_unchanged is not None
        assert (leg.proof.trial.from_ms, leg.proof.trial.to_ms) == (leg.leg.to_ms, leg.leg.proof_ms)
        assert leg.proof.trial.choice == leg.best.trial.choice
    proven = [1 + hill(leg.best.trial.choice) / 100 for leg in result.legs if leg.best is not None]
    assert result.proven is not None
    assert result.proven.total_return == pytest.approx(proven[0] * proven[1] * proven[2] - 1)


def test_a_trial_without_a_fill_has_no_score_and_is_never_the_best() -> None:
    question = asked(Method.GRID, SPACE.size)
    result = result_of(question, searched(question, Alone()))
    idle = [one for one in result.last.tried if one.figures is not None and not one.figures.fills]
    assert idle
    assert len(result.last.ranked) == SPACE.size - len(idle)


def test_a_trial_is_read_as_it_was_written() -> None:
    for tried in searched(asked(Method.RANDOM, 3, legs=tuple(windows())), Alone()):
        assert Tried.from_plain(json.loads(json.dumps(tried.to_plain()))) == tried


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"trial": 3, "figures": null, "problem": "", "curve": []}'])
def test_a_line_that_is_no_trial_is_named(line: str, tmp_path: Path) -> None:
    file = tmp_path / "trials.jsonl"
    with TrialFile(file) as opened:
        for tried in searched(asked(Method.RANDOM, 1), Alone())[:2]:
            opened.append(tried)
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(SearchError, match=f"line 3 of {file}"):
        trials_in(file)
