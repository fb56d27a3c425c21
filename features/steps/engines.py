"""Money among engines, and engines that are fenced off."""

from decimal import Decimal

from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import Bound
from features.steps.world import RESERVE, World
from runtime.allocation import Allocation
from runtime.decimals import plain
from runtime.events import OrderRejected
from runtime.instance import Instance
from runtime.requests import CancelOrder, MoveMoney

KEY_IS_INVALID = 10003
ZERO = Decimal(0)


@says("money follows the shares")
def _(scene: Scene) -> None:
    """Money moves between books as shares.yaml says, though they were given sub-accounts of their own."""
    scene.before()
    scene.follows_shares = True


@says("the shares are those of {name:Name}")
def _(scene: Scene, name: str) -> None:
    """The condition of shares.yaml whose shares are in force; otherwise, where none is."""
    found = _allocation(scene).targets.in_force
    assert found == name, f"The shares are those of {found}."


@says("{bound:Bound}{amount:Number} USDT went (from {source:Book}|from the reserve) (to {to:Book}|to the reserve)")
def _(scene: Scene, bound: Bound, amount: Decimal, source: str | None, to: str | None) -> None:
    """What was transferred from one sub-account to another, all transfers together."""
    seen = _moved(scene.world, scene.world.account(source or RESERVE), scene.world.account(to or RESERVE))
    assert bound.holds(seen, amount), f"It was {plain(seen)} USDT."


@says("no money went from {book:Book}")
def _(scene: Scene, book: str) -> None:
    """Nothing was transferred from a book's sub-account."""
    seen = _moved(scene.world, scene.world.account(book), None)
    assert not seen, f"It was {plain(seen)} USDT."


@says("no money went to {book:Book}")
def _(scene: Scene, book: str) -> None:
    """Nothing was transferred to a book's sub-account."""
    seen = _moved(scene.world, None, scene.world.account(book))
    assert not seen, f"It was {plain(seen)} USDT."


@says("no money moved between engines")
def _(scene: Scene) -> None:
    """Nothing was transferred at all."""
    seen = _moved(scene.world, None, None)
    assert not seen, f"It was {plain(seen)} USDT."


@says("a harvest is under way")
def _(scene: Scene) -> None:
    """Coins are being sold or money is on its way because an engine has outgrown its share."""
    harvest = _allocation(scene).harvest
    assert harvest is not None, "The rule files have no harvest."
    assert harvest.cutting is not None, "There is none."


@says("no harvest is under way")
def _(scene: Scene) -> None:
    """Nothing is being sold or sent because an engine has outgrown its share."""
    harvest = _allocation(scene).harvest
    assert harvest is None or harvest.cutting is None, "There is one."


@says("the whole portfolio has the same USDT and coins as the exchange")
def _(scene: Scene) -> None:
    """Money has moved, and none has come up or gone."""
    scene.world.open()
    scene.world.audit()


@says("the review of {engine:Book} is open")
def _(scene: Scene, engine: str) -> None:
    """The performance of an engine is being looked into."""
    assert engine in _under_review(scene), f"Under review are: {_under_review(scene) or 'none'}."


@says("{engine:Book} is not under review")
def _(scene: Scene, engine: str) -> None:
    """Nobody looks into the performance of an engine."""
    assert engine not in _under_review(scene), "It is."


# ── fences ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the rules of {book:Book} are lost from memory")
def _(scene: Scene, book: str) -> None:
    """Whatever asks for a rule of this book from now on fails, as by a defect of the program."""
    for instance in _instances(scene, book):
        instance.by_state = {}


@says("the rules of {book:Book} are back in memory")
def _(scene: Scene, book: str) -> None:
    """The defect is mended."""
    for instance in _instances(scene, book):
        instance.bind(scene.world.engine.world)


@says("the exchange refuses the key of {book:Book}")
def _(scene: Scene, book: str) -> None:
    """The book's latest order comes back with the answer that a revoked key gets."""
    world = scene.world
    ticket = list(world.engine.trader.desk.live(book))[-1]
    request = ticket.request
    taken_back = CancelOrder(request.order_id, request.account, request.market, request.symbol)
    gone = world.exchange.submit(taken_back, world.now_ms)
    world.tell([OrderRejected(world.now_ms, request.order_id, KEY_IS_INVALID, "API key is invalid."), *gone])


@says("{book:Book} is fenced off[ because {words:Quoted}]")
def _(scene: Scene, book: str, words: str | None) -> None:
    """The book opens nothing until the operator lets it, or until its rule file is put right."""
    fenced = scene.world.engine.fences.reasons
    assert book in fenced, f"Fenced off are: {fenced or 'none'}."
    assert words is None or words in fenced[book], f"The reason is: {fenced[book]}."


@says("{book:Book} is not fenced off")
def _(scene: Scene, book: str) -> None:
    """Nothing keeps the book from trading."""
    fenced = scene.world.engine.fences.reasons
    assert book not in fenced, f"It is: {fenced[book]}."


@says("the operator unfences {book:Book}")
def _(scene: Scene, book: str) -> None:
    """A person lets a fenced book trade again."""
    scene.world.command("unfence", book)


@says("the operator retires {book:Book}")
def _(scene: Scene, book: str) -> None:
    """A person takes a book out for good: what it holds is sold, and it has no share any more."""
    scene.world.command("retire", book)


@says("the operator reinstates {book:Book}")
def _(scene: Scene, book: str) -> None:
    """A person takes a retired book back."""
    scene.world.command("reinstate", book)


def _instances(scene: Scene, book: str) -> list[Instance]:
    return [instance for instance in scene.world.engine.instances.values() if instance.book.name == book]


def _allocation(scene: Scene) -> Allocation:
    allocation = scene.world.engine.allocation
    assert allocation is not None, (
        "Money doesn't follow the shares here: give the books their shares, or say that it does."
    )
    return allocation


def _under_review(scene: Scene) -> set[str]:
    performance = _allocation(scene).performance
    return set() if performance is None else performance.under_review


def _moved(world: World, source: str | None, to: str | None) -> Decimal:
    world.open()
    asked = [one for step in world.journal.recent() for one in step.requests if isinstance(one, MoveMoney)]
    fitting = (one for one in asked if source in (None, one.source) and to in (None, one.destination))
    return sum((one.amount for one in fitting), ZERO)
