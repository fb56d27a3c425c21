"""What everything is worth."""

from decimal import Decimal

from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import Bound
from runtime.decimals import plain

CENT = Decimal("0.01")


@says("the equity[ of {book:Book}] is {bound:Bound}{amount:Number} USDT")
def _(scene: Scene, book: str | None, bound: Bound, amount: Decimal) -> None:
    """What the portfolio, or one book's sub-account, is worth at the latest prices."""
    scene.world.open()
    equity = scene.world.engine.portfolio.equity(None if book is None else scene.world.account(book))
    assert equity is not None, "Something that is held has no price."
    assert bound.holds(equity, amount), f"It is {plain(equity)} USDT."


@says("equity equals cash plus positions")
def _(scene: Scene) -> None:
    """Every sub-account is worth here what it is worth there: coins and unrealised profit at the last price."""
    scene.world.open()
    scene.world.audit()
    for account in scene.world.engine.portfolio.accounts:
        ours, theirs = scene.world.engine.portfolio.equity(account), scene.world.exchange.equity(account)
        assert ours is not None, f"Something that {account} holds has no price."
        assert abs(ours - theirs) < CENT, f"{account} is worth {ours} here and {theirs} on the exchange."


@says("the drawdown is {bound:Bound}{ratio:Percent}")
def _(scene: Scene, bound: Bound, ratio: Decimal) -> None:
    """How far the portfolio is below its highest value, deposits and withdrawals taken out."""
    scene.world.open()
    seen = scene.world.engine.portfolio.net_value.drawdown
    assert bound.holds(seen, ratio), f"It is {seen:.4%}."


@says("{bound:Bound}{amount:Number} USDT of funding (was|were) (paid)[ by {book:Book}]")
def _(scene: Scene, bound: Bound, amount: Decimal, book: str | None) -> None:
    """What funding has cost in all; negative where it was received."""
    account = None if book is None else scene.world.account(book)
    payments = [one.amount for one in scene.world.journal.payments() if account in (None, one.account)]
    seen = -sum(payments, Decimal(0))
    assert bound.holds(seen, amount), f"It was {plain(seen)} USDT."


@says("questions are about what follows")
def _(scene: Scene) -> None:
    """Counts of orders, fills, firings and alerts begin here."""
    scene.world.open()
    scene.world.journal.start_afresh()
