"""Books, money and holdings: who trades with what."""

from decimal import Decimal

from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.world import RESERVE
from runtime.instrument import Market


@says("the book {book:Book} with a sub-account of {amount:Number} USDT")
def _(scene: Scene, book: str, amount: Decimal) -> None:
    """A book runs, with this much money of its own; several books may run in one scenario."""
    scene.before()
    scene.accounts[book] = amount


@says("the book {book:Book} with its share of the portfolio")
def _(scene: Scene, book: str) -> None:
    """A book runs, with the part of the portfolio that shares.yaml gives it."""
    scene.before()
    scene.accounts[book] = None


@says("a portfolio of {amount:Number} USDT")
def _(scene: Scene, amount: Decimal) -> None:
    """The whole portfolio is this large; what no book has lies in the reserve."""
    scene.before()
    scene.portfolio = amount


@says("{book:Book} already holds {amount:Number} {coin:Coin}")
def _(scene: Scene, book: str, amount: Decimal, coin: str) -> None:
    """The book's sub-account has coins, besides its money, that the engine has not bought."""
    scene.before()
    scene.holdings.append((book, coin, amount))


@says("the reserve already holds {amount:Number} {coin:Coin}")
def _(scene: Scene, amount: Decimal, coin: str) -> None:
    """Coins that belong to the portfolio and that no book trades with."""
    scene.before()
    scene.holdings.append((RESERVE, coin, amount))


@says("the date is {date:Date}")
def _(scene: Scene, date: int) -> None:
    """The moment at which the given candles end; 2024-01-01, a Monday, where it isn't told."""
    scene.before()
    scene.start_ms = date


@says("market orders fill {ratio:Percent} worse than the price")
def _(scene: Scene, ratio: Decimal) -> None:
    """The slippage of market orders and stops; none where it isn't told."""
    scene.before()
    scene.slippage = ratio


@says("the {market:Market} market is watched as well")
def _(scene: Scene, market: Market) -> None:
    """Candles are seen on this market too, though no book of the scenario trades there."""
    scene.before()
    scene.watched.add(market)
