"""A process dies before and after each commit, each send and each answer: what comes of it is as if it had lived.

SPAN_DAYS=14 lets it die at every boundary of fourteen days, and once more while it recovers (`make chaos`).
"""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from runtime.events import CashFlow, Fill, OrderAccepted, OrderCancelled, OrderRejected, StopPlaced
from runtime.requests import LookAtAccount
from runtime.step import Difference, Step
from tests.adapters.cli import lives
from tests.adapters.cli.lives import Boundary, Death, Life, Store, World

EVERY = int(os.environ.get("SPAN_DAYS", "0"))
DAYS = EVERY or 9
START = "2021-03-01"
NEWS = (CashFlow, Fill, OrderAccepted, OrderCancelled, OrderRejected, StopPlaced)
AGAIN_AT = 7
"""At its seventh boundary a process that recovers has heard of the fills that it missed."""


@pytest.fixture
def kept(store: str) -> Iterator[Store]:
    one = Store(store)
    yield one
    one.close()


def matters(step: Step) -> bool:
    """Whether a step asks for more than a look, or brings news of an order or of money."""
    return isinstance(step.event, NEWS) or any(not isinstance(one, LookAtAccount) for one in step.requests)


def whole_life(store: Store, world: World) -> tuple[Life, list[Boundary]]:
    """Trade without a death, and remember every boundary that was crossed."""
    crossed: list[Boundary] = []

    def remember(kind: str, step: Step, life: Life) -> None:
        if EVERY or matters(step):
            crossed.append(Boundary(kind, step, life.journal.seq, life.world.copy()))

    life = Life(store, world, remember)
    life.live(DAYS)
    return life, crossed


def dies_at(number: int) -> lives.Reach:
    """Let a process die at its boundary of this number."""
    numbers = count(1)

    def reach(*_: Any) -> None:
        if next(numbers) == number:
            raise Death

    return reach


def lived_on(store: Store, boundary: Boundary, dies_again: bool) -> Life:
    """Go back to a boundary, and let the next process live from there to the end of the day."""
    store.forget_after(boundary.seq)
    world = boundary.world.copy()
    if dies_again:
        again = next_life(store, world, dies_at(AGAIN_AT))
        with pytest.raises(Death):
            again.live(world.day + 1)
        again.journal.connection.close()
        world = world.copy()
    life = next_life(store, world)
    life.live(world.day + 1)
    return life


def next_life(store: Store, world: World, reach: lives.Reach = lambda *_: None) -> Life:
    world.at_ms += lives.DOWN_MS
    return Life(store, world, reach)


@pytest.mark.spec("STATE-03", "EXEC-02", "EXEC-08", "LIFE-04", "REL-02")
def test_wherever_it_dies_the_day_ends_as_if_it_had_lived(market: Path, kept: Store) -> None:
    world = World(market, START)
    kept.open(world)
    whole, crossed = whole_life(kept, world)
    whole.end()
    assert {type(step.event) for step in kept.steps()} >= {Fill, CashFlow}
    for number, boundary in reversed(list(enumerate(crossed))):
        for dies_again in (False, True) if EVERY else (number % 4 == 0,):
            life = lived_on(kept, boundary, dies_again)
            where = f"{boundary.kind} of step {boundary.step.sequence}, a {type(boundary.step.event).__name__}"
            assert life.ends[boundary.world.day] == whole.ends[boundary.world.day], where
            assert set(life.world.posts.values()) <= {1}, where
            assert [one for step in kept.steps() for one in step.records if isinstance(one, Difference)] == [], where
            life.end()
    print(f"{len(crossed)} boundaries of {DAYS} days")
