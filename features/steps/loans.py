"""Coins that are lent out, what they earn, and what becomes of a sale that needs them."""

from decimal import Decimal

from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import Bound
from runtime.decimals import plain
from runtime.events import EarnMoved, InterestPaid
from runtime.requests import EarnSide

ZERO = Decimal(0)


@says("Earn takes {span:Span} to give coins back")
def _(scene: Scene, span: int) -> None:
    """So long the exchange keeps coins that are called back."""
    scene.world.exchange.earn.redeem_ms = span


@says("{amount:Number} {coin:Coin} (is|are) lent out[ by {book:Book}]")
def _(scene: Scene, amount: Decimal, coin: str, book: str | None) -> None:
    """Exactly so much of a coin is at Earn, here and on the exchange."""
    scene.world.open()
    scene.world.audit()
    account = scene.world.account(scene.book(book))
    ours, theirs = scene.world.engine.portfolio.lent(account, coin), scene.world.exchange.earn.lent(account)
    assert ours == theirs.get(coin, ZERO) == amount, f"{plain(ours)} here, {theirs} on the exchange."


@says("nothing is lent out[ by {book:Book}]")
def _(scene: Scene, book: str | None) -> None:
    """No coin is at Earn, here or on the exchange."""
    scene.world.open()
    scene.world.audit()
    account = scene.world.account(scene.book(book))
    ours, theirs = scene.world.engine.portfolio.all_lent(account), scene.world.exchange.earn.lent(account)
    assert not ours, f"{ours} here."
    assert not theirs, f"{theirs} on the exchange."


@says("{amount:Number} {coin:Coin} (is|are) on the way back[ to {book:Book}]")
def _(scene: Scene, amount: Decimal, coin: str, book: str | None) -> None:
    """So much of a coin was called back and has not arrived."""
    on_way = scene.world.exchange.earn.on_way(scene.world.account(scene.book(book)))
    assert on_way.get(coin, ZERO) == amount, f"It is {on_way}."


@says("{coin:Coin} was lent out {times:Times}")
def _(scene: Scene, coin: str, times: int) -> None:
    """So many orders to lend a coin were carried out."""
    moved = _moved(scene, coin, EarnSide.STAKE)
    assert len(moved) == times, f"It was {len(moved)} times."


@says("{coin:Coin} came back {times:Times}")
def _(scene: Scene, coin: str, times: int) -> None:
    """So often coins that were lent out have come back."""
    moved = _moved(scene, coin, EarnSide.REDEEM)
    assert len(moved) == times, f"It was {len(moved)} times."


@says("{bound:Bound}{amount:Number} {coin:Coin} of interest (was|were) paid[ to {book:Book}]")
def _(scene: Scene, bound: Bound, amount: Decimal, coin: str, book: str | None) -> None:
    """What lent coins have earned in all, in the coin."""
    account = scene.world.account(scene.book(book))
    events = [step.event for step in scene.world.journal.recent()]
    paid = [
        one.amount for one in events if isinstance(one, InterestPaid) and (one.account, one.coin) == (account, coin)
    ]
    seen = sum(paid, ZERO)
    assert bound.holds(seen, amount), f"It was {plain(seen)} {coin}."


def _moved(scene: Scene, coin: str, side: EarnSide) -> list[EarnMoved]:
    scene.world.open()
    events = (step.event for step in scene.world.journal.recent())
    moved = [one for one in events if isinstance(one, EarnMoved) and one.coin == coin]
    return [one for one in moved if (one.amount > 0) == (side is EarnSide.STAKE)]
