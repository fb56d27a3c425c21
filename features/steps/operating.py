"""Commands and outages, the life of the whole engine, and the stages of a halt."""

from features.steps.scene import Scene
from features.steps.sentence import says
from machines.lifecycle import Stage
from runtime.events import ExchangeBack, ExchangeLost
from runtime.gate import Purpose, purpose_of

STAGES = tuple(Stage)


@says("the operator halts everything[ because {words:Quoted}]")
def _(scene: Scene, words: str | None) -> None:
    """A person stops trading, whatever the breaker says: what is open is taken back, what is held is closed."""
    scene.world.command("halt", reason=words)


@says("the operator confirms the acknowledgement")
def _(scene: Scene) -> None:
    """A person leaves a halt although it is not complete."""
    scene.world.command("acknowledge", confirmed=True)


@says("the operator asks what a purchase of {book:Book} would buy")
def _(scene: Scene, book: str) -> None:
    """A person wants to make up for a purchase and looks at it first."""
    scene.world.command("purchase", book)


@says("the operator confirms the purchase of {book:Book}")
def _(scene: Scene, book: str) -> None:
    """A person makes up for a purchase."""
    scene.world.command("purchase", book, confirmed=True)


@says("the operator asks for {command:Quoted}[ of {book:Quoted}]")
def _(scene: Scene, command: str, book: str | None) -> None:
    """A person types a command, rightly or wrongly."""
    scene.world.command(command, book or "")


@says("the last command arrives once more")
def _(scene: Scene) -> None:
    """The same command comes again, as when a message is delivered twice."""
    scene.world.repeat_command()


@says("the exchange can't be reached")
def _(scene: Scene) -> None:
    """Neither data nor answers come from the exchange."""
    scene.world.open()
    scene.world.tell([ExchangeLost(scene.world.now_ms, "no data for 30 s")])


@says("the exchange can be reached again")
def _(scene: Scene) -> None:
    """The exchange answers, and what it has was compared with what the engine believes."""
    scene.world.tell([ExchangeBack(scene.world.now_ms)])


@says("{span:Span} of silence pass[es]")
def _(scene: Scene, span: int) -> None:
    """The clock goes on, and nothing else happens: no candle comes and no order is filled."""
    scene.world.wait(span)


@says("from here on the engine restarts after every event")
def _(scene: Scene) -> None:
    """Whatever happens is followed by a crash; the next engine knows what was written down, and no more."""
    scene.world.fragile = True


@says("the engine is {state:State}")
def _(scene: Scene, state: str) -> None:
    """What the engine as a whole is doing."""
    life = _opened(scene).world.engine.life
    assert life.state == state, f"The engine is {life.state}."


@says("the engine went from {before:State} to {after:State}")
def _(scene: Scene, before: str, after: str) -> None:
    """The engine as a whole has made this move."""
    moves = [(one.before, one.after) for one in _opened(scene).world.journal.transitions() if not one.book]
    assert (before, after) in moves, f"The engine has made the moves {moves}."


@says("the halt is at its stage {stage:Name}")
def _(scene: Scene, stage: str) -> None:
    """What of a halt is being done: freeze, close or tell."""
    memory = _opened(scene).world.engine.life.memory
    assert memory.stage == stage, f"The halt is at {memory.stage}."


@says("the halt is complete")
def _(scene: Scene) -> None:
    """Each stage of the halt was done, once and in its order, and is in the journal."""
    world = _opened(scene).world
    assert world.engine.life.memory.stage is Stage.DONE, f"The halt is at {world.engine.life.memory.stage}."
    done = world.journal.halt_stages()
    assert [one.stage for one in done] == list(STAGES[:-1]), f"These stages were completed: {done}"


@says("nothing that opens risk was sent")
def _(scene: Scene) -> None:
    """Orders that close and stops that protect may have been sent, but none that buys a coin or opens a position."""
    orders = [placed.request for placed in _opened(scene).world.journal.orders()]
    opening = [one for one in orders if purpose_of(one) is Purpose.ENTRY]
    assert not opening, f"These were sent: {opening}"


def _opened(scene: Scene) -> Scene:
    scene.world.open()
    return scene
