"""Doubts about a back-test: what came out of it, and which doubts that raises."""

from dataclasses import dataclass, field
from fractions import Fraction

import pytest

from features.steps.scene import Scene
from features.steps.sentence import says
from rules.language.doubts import Doubt
from rules.language.evaluate import Value
from rules.language.literals import parse_literal
from rules.language.source import in_one_line
from runtime.doubts import held_doubts
from runtime.result_facts import RESULT_FACTS


@dataclass(slots=True)
class Outcome:
    """The figures of a back-test; what is not told is unknown."""

    scene: Scene
    figures: dict[str, Value] = field(default_factory=dict)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """The doubts of the scenario's rule files."""
        doubts = self.scene.files.rulebook().doubts
        assert doubts is not None, "There is no book of doubts among the rule files."
        return doubts

    def held(self) -> set[str]:
        """The doubts that hold."""
        each = (held_doubts([doubt], doubt.of, "", self.figures) for doubt in self.doubts)
        return {one.doubt for found in each for one in found}


@pytest.fixture
def outcome(scene: Scene) -> Outcome:
    """A back-test of which no figure is known yet."""
    return Outcome(scene)


@says("a back-test came to {figure:Name} {value:Literal}")
def _(outcome: Outcome, figure: str, value: str) -> None:
    """A figure of its result, written as in rule files: a back-test came to result.win_rate 55%."""
    known = [name.partition(".")[2] for name in RESULT_FACTS]
    assert figure in RESULT_FACTS, f"A back-test has no {figure}; it has result. and one of {', '.join(known)}."
    told = parse_literal(in_one_line(value)).value
    assert not isinstance(told, tuple | Fraction), f"{value} is not a figure; write it as 30, 2% or 365d."
    outcome.figures[figure] = told


@says("the doubt {name:Name} holds")
def _(outcome: Outcome, name: str) -> None:
    """Reports of the back-test tell of this doubt."""
    assert name in _known(outcome, name), f"{name} does not hold; what holds is {sorted(outcome.held()) or 'nothing'}."


@says("the doubt {name:Name} does not hold")
def _(outcome: Outcome, name: str) -> None:
    """Reports of the back-test say nothing of this doubt."""
    assert name not in _known(outcome, name), f"{name} holds."


def _known(outcome: Outcome, name: str) -> set[str]:
    names = [doubt.name for doubt in outcome.doubts]
    assert name in names, f"There is no doubt {name}; there are {', '.join(names)}."
    return outcome.held()
