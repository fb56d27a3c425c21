"""Where machines, the breaker and facts stand."""

from features.steps.expression import compared, evaluated
from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import Bound
from machines.breaker import Level


@says("the book[ {book:Book}] (is|stays) {state:State}[ {side:Side}][ in][ {symbol:Symbol}]")
def _(scene: Scene, book: str | None, state: str, side: str | None, symbol: str | None) -> None:
    """The state of a book's machine and, where it is told, the side of its position."""
    name = _opened(scene).book(book)
    at = scene.symbol(symbol)
    snapshot = scene.world.snapshot(name, at)
    told = [*scene.world.journal.sentences()[-5:]]
    assert snapshot.state == state, f"{name} {at} is {snapshot.state}. Last in the journal: {told}"
    if side is not None:
        quantity = scene.world.engine.portfolio.position(
            scene.world.account(name), scene.world.market(name), at
        ).quantity
        held = "long" if quantity > 0 else "short" if quantity < 0 else "flat"
        assert held == side, f"{name} {at} is {held} ({quantity})."


@says("{expression:Quoted} of {book:Book}[ for {symbol:Symbol}] is {bound:Bound}{value:Literal}")
def _(scene: Scene, expression: str, book: str, symbol: str | None, bound: Bound, value: str) -> None:
    """Any expression of the rule language, as a rule of this book would see it now; the value may be unknown."""
    seen = evaluated(_opened(scene).world, expression, book, scene.symbol(symbol))
    compared(seen, bound, value)


@says("the breaker is at {level:Level}")
def _(scene: Scene, level: str) -> None:
    """The level of the breaker ladder."""
    ladder = _opened(scene).world.engine.ladder
    assert ladder is not None, "There is no breaker ladder in the rule files."
    assert ladder.snapshot.state == level, f"The breaker is at {ladder.snapshot.state}."


@says("the breaker went from {before:Level} to {after:Level}")
def _(scene: Scene, before: str, after: str) -> None:
    """The breaker has made this move."""
    moves = [(move.before, move.after) for move in _opened(scene).world.journal.level_moves()]
    assert (Level(before), Level(after)) in moves, f"The breaker has made the moves {moves}."


@says("entries are allowed")
def _(scene: Scene) -> None:
    """The breaker lets risk be opened."""
    assert _opened(scene).world.engine.world.status.entries_allowed, "The breaker forbids entries."


@says("entries are forbidden")
def _(scene: Scene) -> None:
    """The breaker lets no risk be opened."""
    assert not _opened(scene).world.engine.world.status.entries_allowed, "The breaker allows entries."


@says("trading is halted")
def _(scene: Scene) -> None:
    """Nothing is decided until the operator acknowledges."""
    assert _opened(scene).world.engine.halted, "Trading is not halted."


@says("trading is not halted")
def _(scene: Scene) -> None:
    """Rules decide."""
    assert not _opened(scene).world.engine.halted, "Trading is halted."


def _opened(scene: Scene) -> Scene:
    """Whoever asks, asks about the moment after orders have had their chance."""
    scene.world.open()
    return scene
