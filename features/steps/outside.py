"""What comes from outside: observations, funding, money in and out, the operator, and a restart."""

from decimal import Decimal

from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import ratio
from features.steps.world import RESERVE
from runtime.events import FactObserved
from runtime.requests import SetLeverage

COMMANDS = {
    "acknowledges": "acknowledge",
    "pauses": "pause",
    "resumes": "resume",
    "flattens": "flatten",
}


@says("the exchange reports trouble")
def _(scene: Scene) -> None:
    """The exchange says that something is wrong with it."""
    _observe(scene, "exchange.trouble", True)


@says("the exchange reports that all is well")
def _(scene: Scene) -> None:
    """The exchange says that nothing is wrong, and that withdrawals are possible."""
    _observe(scene, "exchange.trouble", False)
    _observe(scene, "exchange.withdrawals", True)


@says("withdrawals are stopped")
def _(scene: Scene) -> None:
    """The exchange lets nobody take money out."""
    _observe(scene, "exchange.withdrawals", False)


@says("{name:Name}[ of {symbol:Symbol}] is observed as {value:Literal}")
def _(scene: Scene, name: str, symbol: str | None, value: str) -> None:
    """Any outside fact has this value from now on: earn.yield as 3%, fear_greed as 12, exchange.trouble as yes."""
    _observe(scene, name, _value(value), symbol or "")


@says("funding of {symbol:Symbol} is settled at {rate:Percent}")
def _(scene: Scene, symbol: str, rate: Decimal) -> None:
    """The exchange settles funding now; at a positive rate longs pay shorts."""
    scene.world.settle_funding(symbol, rate)


@says("{amount:Number} {coin:Coin} (is|are) deposited to {book:Book}")
def _(scene: Scene, amount: Decimal, coin: str, book: str) -> None:
    """Coins come to the book's sub-account from outside."""
    scene.world.move_money(scene.world.account(book), coin, amount)


@says("{amount:Number} {coin:Coin} (is|are) withdrawn from {book:Book}")
def _(scene: Scene, amount: Decimal, coin: str, book: str) -> None:
    """Coins leave the book's sub-account."""
    scene.world.move_money(scene.world.account(book), coin, -amount)


@says("{amount:Number} {coin:Coin} (is|are) deposited to the reserve")
def _(scene: Scene, amount: Decimal, coin: str) -> None:
    """Coins come to the part of the portfolio that no book trades with."""
    scene.world.move_money(RESERVE, coin, amount)


@says("{amount:Number} {coin:Coin} (is|are) withdrawn from the reserve")
def _(scene: Scene, amount: Decimal, coin: str) -> None:
    """Coins leave the part of the portfolio that no book trades with."""
    scene.world.move_money(RESERVE, coin, -amount)


@says("{amount:Number} {coin:Coin} (leaves|leave) {book:Book} without notice")
def _(scene: Scene, amount: Decimal, coin: str, book: str) -> None:
    """Only the exchange knows that the coins are gone, so that it will refuse what the engine believes it can pay."""
    scene.world.move_money(scene.world.account(book), coin, -amount, noticed=False)


@says("the leverage of {symbol:Symbol} is already {leverage:Number} on the exchange")
def _(scene: Scene, symbol: str, leverage: Decimal) -> None:
    """The exchange has this leverage, and the engine does not know it."""
    world = scene.world
    world.exchange.submit(SetLeverage(world.account(scene.book(None)), symbol, leverage), world.now_ms)


@says("the operator acknowledges[ the emergency]")
def _(scene: Scene) -> None:
    """A person has looked at an emergency and lets trading go on."""
    scene.world.command("acknowledge")


@says("the operator {command:Command} {book:Book}")
def _(scene: Scene, command: str, book: str) -> None:
    """A person asks for something that concerns one book: pauses, resumes, flattens."""
    scene.world.command(COMMANDS[command], book)


@says("the operator {command:Command} everything")
def _(scene: Scene, command: str) -> None:
    """A person asks for something that concerns all books."""
    scene.world.command(COMMANDS[command])


@says("the engine restarts")
def _(scene: Scene) -> None:
    """The engine is stopped, and another one goes on with nothing but what the first has written down."""
    scene.world.restart()


@says("the engine is down for {span:Span}")
def _(scene: Scene, span: int) -> None:
    """Nobody decides while prices stand still; then the engine restarts and is told what happened to its orders."""
    scene.world.down = True
    scene.world.pass_time(span)
    scene.world.restart()


def _observe(scene: Scene, name: str, value: Decimal | bool | str, symbol: str = "") -> None:
    if name == "earn.yield" and isinstance(value, Decimal):
        scene.world.exchange.offer(value, scene.world.now_ms)
    scene.world.tell([FactObserved(scene.world.now_ms, name, value, symbol)])


def _value(text: str) -> Decimal | bool | str:
    if text in ("yes", "no", "true", "false"):
        return text in ("yes", "true")
    return ratio(text) if text.endswith("%") else Decimal(text.split(maxsplit=1)[0].replace(",", ""))
