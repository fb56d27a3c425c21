"""Orders, fills, positions and the stops on the exchange."""

from decimal import Decimal

from features.steps.expression import evaluated
from features.steps.journal import Placed
from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import Bound
from runtime.decimals import plain
from runtime.events import CandleClose, Fill
from runtime.instrument import Market
from runtime.requests import OrderType, PlaceOrder, SetLeverage, Side, TimeInForce

ZERO = Decimal(0)


# ── orders ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("{count:Whole} order[s] (was|were|is|are) placed[ by {rule:Quoted}]")
def _(scene: Scene, count: int, rule: str | None) -> None:
    """So many orders were sent, of one rule where it is named."""
    orders = [placed for placed in _orders(scene) if rule in (None, _rule(scene, placed))]
    assert len(orders) == count, f"{len(orders)} orders were placed: {[_words(scene, one) for one in orders]}"


@says("these orders were placed:")
def _(scene: Scene, datatable: list[list[str]]) -> None:
    """Exactly these, in this order, with any of the columns book, rule, symbol, side, amount, kind, price, stop."""
    names, *rows = datatable
    orders = _orders(scene)
    shown = [{name: _words(scene, one)[name] for name in names} for one in orders]
    told = [dict(zip(names, row, strict=True)) for row in rows]
    assert shown == told, f"These were placed: {shown}"


@says("the [last ]order[ of {symbol:Symbol}] is for {bound:Bound}{amount:Number} {coin:Coin}")
def _(scene: Scene, symbol: str | None, bound: Bound, amount: Decimal, coin: str) -> None:
    """The size of the last order, in coins or, in USDT, at the price at which it was decided."""
    seen = _size(scene, _last(scene, symbol), coin)
    assert bound.holds(seen, amount), f"It is for {plain(seen)} {coin}."


@says("the [last ]order[ of {symbol:Symbol}] is scaled by check {name:Name}[ to {ratio:Percent}]")
def _(scene: Scene, symbol: str | None, name: str, ratio: Decimal | None) -> None:
    """A pre-trade check, the breaker or a limit of the entry made the last order smaller; to this part, where told."""
    limits = {limit.name: limit for limit in _last(scene, symbol).limits}
    assert name in limits, f"It was made smaller by {[limit.text for limit in limits.values()] or 'nothing'}."
    if ratio is not None:
        limit = limits[name]
        assert limit.after == limit.before * ratio, f"It went from {limit.before} to {limit.after}: {limit.text}"


@says("the [last ]order[ of {symbol:Symbol}] is not scaled by check {name:Name}")
def _(scene: Scene, symbol: str | None, name: str) -> None:
    """This check did not touch the size of the last order."""
    limits = [limit.text for limit in _last(scene, symbol).limits if limit.name == name]
    assert not limits, f"It was made smaller by {limits}."


@says("the [last ]order[ of {symbol:Symbol}] is made smaller by nothing")
def _(scene: Scene, symbol: str | None) -> None:
    """No check, breaker or limit touched the size of the last order."""
    limits = [limit.text for limit in _last(scene, symbol).limits]
    assert not limits, f"It was made smaller by {limits}."


@says("the exchange refuses {count:Whole} order[s][ because {words:Quoted}]")
def _(scene: Scene, count: int, words: str | None) -> None:
    """So many orders were refused by the exchange, with these words."""
    scene.world.open()
    refusals = [event for event in scene.world.journal.rejections() if (words or "") in event.reason]
    assert len(refusals) == count, f"The exchange has refused {scene.world.journal.rejections()}"


@says("leverage is set {times:Times}[ for {symbol:Symbol}]")
def _(scene: Scene, times: int, symbol: str | None) -> None:
    """So many requests for leverage were sent."""
    scene.world.open()
    requests = [one for one in scene.world.journal.leverages() if symbol in (None, one.symbol)]
    assert len(requests) == times, f"These were sent: {requests}"


@says("leverage is set before the first order")
def _(scene: Scene) -> None:
    """The first order was sent after the request for leverage."""
    sent = [
        type(request).__name__
        for step in scene.world.journal.recent()
        for request in step.requests
        if isinstance(request, SetLeverage | PlaceOrder)
    ]
    assert sent[:1] == ["SetLeverage"], f"These were sent, in this order: {sent}"


@says("the leverage of {symbol:Symbol} on the exchange is {leverage:Number}")
def _(scene: Scene, symbol: str, leverage: Decimal) -> None:
    """The leverage that the exchange has for the book's account."""
    scene.world.open()
    seen = scene.world.exchange.leverage(scene.world.account(scene.book(None)), symbol)
    assert seen == leverage, f"It is {seen}."


# ── fills ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("{symbol:Symbol} was (bought) {times:Times}[ by {book:Book}]")
def _(scene: Scene, symbol: str, times: int, book: str | None) -> None:
    """So many orders to buy were filled."""
    _count(scene, Side.BUY, symbol, times, book)


@says("{symbol:Symbol} was (sold) {times:Times}[ by {book:Book}]")
def _(scene: Scene, symbol: str, times: int, book: str | None) -> None:
    """So many orders to sell were filled."""
    _count(scene, Side.SELL, symbol, times, book)


@says("nothing was {deal:Dealt}[ by {book:Book}]")
def _(scene: Scene, deal: str, book: str | None) -> None:
    """No order of this side was filled."""
    _count(scene, Side(deal), None, 0, book)


@says("{amount:Number} {coin:Coin} (was|were) {deal:Dealt} for {bound:Bound}{value:Number} USDT[ by {book:Book}]")
def _(scene: Scene, amount: Decimal, coin: str, deal: str, bound: Bound, value: Decimal, book: str | None) -> None:
    """Exactly so much of a coin changed hands in all, for this much money before fees."""
    fills = _fills(scene, Side(deal), f"{coin}USDT", book)
    quantity = sum((fill.quantity for fill in fills), ZERO)
    spent = sum((fill.quantity * fill.price for fill in fills), ZERO)
    shown = f"{quantity} {coin} was {deal} for {spent} USDT."
    assert quantity == amount, shown
    assert bound.holds(spent, value), shown


@says("{bound:Bound}{value:Number} USDT of {coin:Coin} (was|were) {deal:Dealt}[ by {book:Book}]")
def _(scene: Scene, bound: Bound, value: Decimal, coin: str, deal: str, book: str | None) -> None:
    """So much money changed hands for a coin in all, before fees."""
    fills = _fills(scene, Side(deal), f"{coin}USDT", book)
    spent = sum((fill.quantity * fill.price for fill in fills), ZERO)
    assert bound.holds(spent, value), f"It was {spent} USDT, in {len(fills)} fills."


@says("the last fill is at {bound:Bound}{price:Number} USDT")
def _(scene: Scene, bound: Bound, price: Decimal) -> None:
    """The price of the last fill."""
    fills = _fills(scene, None, None, None)
    assert fills, "Nothing was filled."
    assert bound.holds(fills[-1].price, price), f"It is at {fills[-1].price}."


@says("the last order is filled in {parts:Whole} part[s]")
def _(scene: Scene, parts: int) -> None:
    """The exchange filled the last order in so many pieces."""
    placed = _last(scene, None)
    fills = [fill for fill in _fills(scene, None, None, None) if fill.order_id == placed.request.order_id]
    assert len(fills) == parts, f"It was filled in {len(fills)}: {[(fill.quantity, fill.done) for fill in fills]}"


# ── positions and stops ─────────────────────────────────────────────────────────────────────────────────────────────


@says("the position[ in {symbol:Symbol}][ of {book:Book}] is {bound:Bound}{quantity:Number} {coin:Coin}")
def _(scene: Scene, symbol: str | None, book: str | None, bound: Bound, quantity: Decimal, coin: str) -> None:
    """The size of a perpetual position, negative for a short."""
    seen = _position(scene, scene.symbol(symbol), book)
    assert bound.holds(seen, quantity), f"It is {seen} {coin}."


@says("no position[ of {book:Book}] is held[ in {symbol:Symbol}]")
def _(scene: Scene, book: str | None, symbol: str | None) -> None:
    """The book holds no perpetual position."""
    scene.world.open()
    account = scene.world.account(scene.book(book))
    held = {one: p.quantity for one, p in scene.world.exchange.positions(account).items() if symbol in (None, one)}
    assert not any(held.values()), f"The exchange has the positions {held}."


@says("{book:Book} holds {bound:Bound}{amount:Number} {coin:Coin}")
def _(scene: Scene, book: str, bound: Bound, amount: Decimal, coin: str) -> None:
    """What the book's sub-account has of a coin."""
    _holds(scene, scene.world.account(book), bound, amount, coin)


@says("the stop[ of {symbol:Symbol}] on the exchange is {bound:Bound}{price:Number} USDT")
def _(scene: Scene, symbol: str | None, bound: Bound, price: Decimal) -> None:
    """Where the exchange would close the position."""
    seen = _stop(scene, symbol)
    assert bound.holds(seen, price), f"It is at {seen}."


@says("the stop[ of {symbol:Symbol}] on the exchange is {atr:Number} ATR (below|above) the fill")
def _(scene: Scene, symbol: str | None, atr: Decimal) -> None:
    """The distance from the fill to the stop, in average true ranges of 14 candles, within one tick."""
    _atr_from(scene, symbol, _entry_price(scene, scene.symbol(symbol)), atr)


@says("the stop[ of {symbol:Symbol}] on the exchange is {atr:Number} ATR (below|above) {price:Number} USDT")
def _(scene: Scene, symbol: str | None, atr: Decimal, price: Decimal) -> None:
    """The distance from a price to the stop, in average true ranges of 14 candles, within one tick."""
    _atr_from(scene, symbol, price, atr)


@says("the stop[ of {symbol:Symbol}] on the exchange has not moved")
def _(scene: Scene, symbol: str | None) -> None:
    """No request to move the stop was sent."""
    moved = [one for one in scene.world.journal.moved_stops() if one.symbol == scene.symbol(symbol)]
    assert not moved, f"It was moved: {moved}"


@says("there is no stop[ of {symbol:Symbol}] on the exchange")
def _(scene: Scene, symbol: str | None) -> None:
    """The exchange protects no position in the symbol."""
    scene.world.open()
    stop = scene.world.exchange.stop(scene.world.account(scene.book(None)), scene.symbol(symbol))
    assert stop is None, f"It is at {stop}."


@says("the loss at the stop is {bound:Bound}{ratio:Percent} of the sub-account")
def _(scene: Scene, bound: Bound, ratio: Decimal) -> None:
    """What the position would lose at its stop, before costs, against the book's equity."""
    name, symbol = scene.book(None), scene.symbol(None)
    equity = scene.world.engine.portfolio.equity(scene.world.account(name))
    assert equity, "The sub-account is worth nothing, or nobody knows what."
    loss = abs(_entry_price(scene, symbol) - _stop(scene, symbol)) * abs(_position(scene, symbol)) / equity
    assert bound.holds(loss, ratio), f"It is {loss:.4%}."


# ── how ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _orders(scene: Scene) -> list[Placed]:
    scene.world.open()
    return scene.world.journal.orders()


def _last(scene: Scene, symbol: str | None) -> Placed:
    orders = [placed for placed in _orders(scene) if symbol in (None, placed.request.symbol)]
    journal = scene.world.journal
    assert orders, f"No order was placed. The journal says: {journal.sentences()[-10:]}"
    return orders[-1]


def _words(scene: Scene, placed: Placed) -> dict[str, str]:
    request = placed.request
    amount = (
        f"{plain(round(request.quote_amount, 2).normalize())} USDT"
        if request.quote_amount is not None
        else f"{plain(request.quantity or ZERO)} {request.symbol.removesuffix('USDT')}"
    )
    kind = "market" if request.order_type is OrderType.MARKET else "limit"
    if request.time_in_force is TimeInForce.POST_ONLY:
        kind = "post-only"
    if request.reduce_only:
        kind += " reduce-only"
    return {
        "book": _book(scene, placed),
        "rule": _rule(scene, placed),
        "symbol": request.symbol,
        "side": request.side.value,
        "amount": amount,
        "kind": kind,
        "price": "" if request.price is None else plain(request.price.normalize()),
        "stop": "" if request.stop_loss is None else plain(request.stop_loss.normalize()),
    }


def _rule(scene: Scene, placed: Placed) -> str:
    return scene.world.engine.trader.desk.tickets[placed.request.order_id].rule


def _book(scene: Scene, placed: Placed) -> str:
    return scene.world.engine.trader.desk.tickets[placed.request.order_id].book


def _size(scene: Scene, placed: Placed, coin: str) -> Decimal:
    request = placed.request
    if request.quantity is not None and coin != "USDT":
        return request.quantity
    if request.quote_amount is not None:
        assert coin == "USDT", "The order is for an amount of USDT."
        return request.quote_amount
    return (request.quantity or ZERO) * _reference(scene, placed)


def _reference(scene: Scene, placed: Placed) -> Decimal:
    """The price at which an order was decided: the close of its candle, or its own limit."""
    if placed.request.price is not None:
        return placed.request.price
    closes = [
        candle.close
        for step in scene.world.journal.steps
        if isinstance(step.event, CandleClose) and step.at_ms <= placed.at_ms
        for candle in step.event.candles
        if (candle.market, candle.symbol) == (placed.request.market, placed.request.symbol)
    ]
    return Decimal(repr(closes[-1]))


def _fills(scene: Scene, side: Side | None, symbol: str | None, book: str | None) -> list[Fill]:
    scene.world.open()
    account = None if book is None else scene.world.account(book)
    return [
        fill
        for fill in scene.world.journal.fills()
        if side in (None, fill.side) and symbol in (None, fill.symbol) and account in (None, fill.account)
    ]


def _count(scene: Scene, side: Side, symbol: str | None, times: int, book: str | None) -> None:
    fills = _fills(scene, side, symbol, book)
    orders = list(dict.fromkeys((fill.order_id, fill.kind) for fill in fills))
    shown = [(fill.symbol, str(fill.quantity), str(fill.price)) for fill in fills]
    assert len(orders) == times, f"It happened {len(orders)} times: {shown}"


def _position(scene: Scene, symbol: str, book: str | None = None) -> Decimal:
    scene.world.open()
    return scene.world.exchange.position(scene.world.account(scene.book(book)), symbol).quantity


def _holds(scene: Scene, account: str, bound: Bound, amount: Decimal, coin: str) -> None:
    scene.world.open()
    seen = scene.world.exchange.wallet(account).get(coin, ZERO)
    assert bound.holds(seen, amount), f"{account} has {plain(seen)} {coin}."


def _stop(scene: Scene, symbol: str | None) -> Decimal:
    scene.world.open()
    name = scene.symbol(symbol)
    stop = scene.world.exchange.stop(scene.world.account(scene.book(None)), name)
    assert stop is not None, f"There is no stop of {name} on the exchange."
    return stop


def _entry_price(scene: Scene, symbol: str) -> Decimal:
    scene.world.open()
    account = scene.world.account(scene.book(None))
    average = scene.world.engine.portfolio.position(account, Market.LINEAR, symbol).average_price
    assert average is not None, f"Nothing is held in {symbol}."
    return average


def _atr_from(scene: Scene, symbol: str | None, price: Decimal, atr: Decimal) -> None:
    name, stop = scene.symbol(symbol), _stop(scene, symbol)
    average, _ = evaluated(scene.world, "atr(14)", scene.book(None), name)
    assert isinstance(average, float), f"The average true range of {name} is unknown."
    distance, wanted = abs(price - stop), Decimal(repr(average)) * atr
    assert abs(distance - wanted) <= 1, f"It is at {stop}, {distance} from {price}; {atr} ATR are {wanted}."
