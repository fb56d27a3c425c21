"""A coin and its perpetual as one position: past funding, both legs, payments."""

from decimal import Decimal

from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import Bound
from runtime.events import FactObserved, FundingPayment
from runtime.instrument import Market

ZERO = Decimal(0)
EIGHT_HOURS_MS = 8 * 3_600_000


@says("funding of {symbol:Symbol} was settled at {rate:Percent} {times:Times}")
def _(scene: Scene, symbol: str, rate: Decimal, times: int) -> None:
    """So many settlements before the scenario, eight hours apart, the last one now; comes after all that is given."""
    now_ms = scene.world.now_ms
    moments = [now_ms - EIGHT_HOURS_MS * place for place in reversed(range(times))]
    scene.world.tell(FactObserved(at_ms, "funding.rate", rate, symbol) for at_ms in moments)


@says("both legs of {symbol:Symbol}[ of {book:Book}] are {bound:Bound}{quantity:Number} {coin:Coin}")
def _(scene: Scene, symbol: str, book: str | None, bound: Bound, quantity: Decimal, coin: str) -> None:
    """As much of the coin is held as is sold short; what the exchange kept of the coin as its fee is not counted."""
    coins, short = _legs(scene, symbol, book)
    assert symbol == f"{coin}USDT", f"The legs of {symbol} are told in {symbol.removesuffix('USDT')}."
    assert bound.holds(-short, quantity), f"The short is {-short} {coin}, and {coins} {coin} are held."
    assert abs(coins + short) <= -short / 500, f"{coins} {coin} are held against a short of {-short} {coin}."


@says("there is no leg of {symbol:Symbol}[ of {book:Book}]")
def _(scene: Scene, symbol: str, book: str | None) -> None:
    """Neither the coin, but for what no order is small enough for, nor its perpetual is held."""
    coins, short = _legs(scene, symbol, book)
    instrument = scene.world.engine.world.instruments[Market.SPOT, symbol]
    assert not short, f"The short is {short}."
    assert coins < instrument.quantity_step, f"{coins} are held."


@says("the two orders of {symbol:Symbol} are for the same quantity")
def _(scene: Scene, symbol: str) -> None:
    """The last order on each market, which both have left together."""
    scene.world.open()
    orders = [one for one in scene.world.journal.orders() if one.request.symbol == symbol]
    last = {one.request.market: one for one in orders}
    assert len(last) == 2, f"There are orders on {list(last)}."
    quantities = {one.request.quantity for one in last.values()}
    assert len(quantities) == 1, f"They are for {quantities}."
    assert len({one.at_ms for one in last.values()}) == 1, "They did not leave together."


@says("no order of {book:Book} has a stop")
def _(scene: Scene, book: str) -> None:
    """The legs protect each other."""
    account = scene.world.account(book)
    orders = [one.request for one in scene.world.journal.orders() if one.request.account == account]
    assert orders, "No order was placed."
    assert all(order.stop_loss is None for order in orders), f"These were placed: {orders}"


@says("the last funding payment is told again")
def _(scene: Scene) -> None:
    """The exchange tells of a settlement a second time, as it does when a connection is made anew."""
    payments = scene.world.journal.payments()
    assert payments, "There was no funding payment."
    scene.world.tell([payments[-1]])


@says("{bound:Bound}{amount:Number} USDT of funding (was|were) booked[ for {symbol:Symbol}] by {book:Book}")
def _(scene: Scene, bound: Bound, amount: Decimal, symbol: str | None, book: str) -> None:
    """What the portfolio counts as funding received, each settlement once; less what was paid."""
    account = scene.world.account(book)
    booked = {
        step.event.settlement_id: step.event.amount
        for step in scene.world.journal.steps
        if isinstance(step.event, FundingPayment)
        and step.event.account == account
        and symbol in (None, step.event.symbol)
    }
    portfolio, trades = scene.world.engine.portfolio, scene.world.engine.trades.all
    held = sum((one.funding for one in portfolio.positions(account) if symbol in (None, one.symbol)), ZERO)
    closed = sum((one.funding for one in trades if one.account == account and symbol in (None, one.symbol)), ZERO)
    assert abs(held + closed - sum(booked.values(), ZERO)) < Decimal("1e-9"), f"{held + closed} USDT were booked."
    assert bound.holds(held + closed, amount), f"{held + closed} USDT were booked."


@says("the exit is labelled {label:State}[ for {symbol:Symbol}]")
def _(scene: Scene, label: str, symbol: str | None) -> None:
    """Why the pair was closed last, in the machine's own memory."""
    scene.world.open()
    memory = scene.world.snapshot(scene.book(None), scene.symbol(symbol)).memory
    assert memory.label == label, f"It is labelled {memory.label or 'nothing'}."


@says("{count:Whole} order[s] (is|are) still open on {market:Market}")
def _(scene: Scene, count: int, market: Market) -> None:
    """So many orders wait on one market, asked without letting another candle open."""
    orders = [ticket.request for ticket in scene.world.engine.trader.desk.live()]
    there = [order for order in orders if order.market is market]
    assert len(there) == count, f"There are {there}."


def _legs(scene: Scene, symbol: str, book: str | None) -> tuple[Decimal, Decimal]:
    scene.world.open()
    portfolio, account = scene.world.engine.portfolio, scene.world.account(scene.book(book))
    coins = portfolio.position(account, Market.SPOT, symbol).quantity
    return coins, portfolio.position(account, Market.LINEAR, symbol).quantity
