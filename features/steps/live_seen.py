"""What is seen of the real process: at the exchange, in the journal, and by the operator"""

from collections import Counter
from decimal import Decimal

from features.steps.live_world import Live
from features.steps.sentence import says
from features.steps.words import Bound
from runtime.events import CandleClose, ExchangeLost, Fill, OperatorCommand, OrderRejected, OrderUnknown
from runtime.requests import LookUpOrder, PlaceOrder, TimeInForce
from runtime.step import Decision, Notice, Refused

# ── at the exchange ─────────────────────────────────────────────────────────────────────────────────────────────────


@says("{count:Whole} order[s] (has|have) reached the exchange")
def _(live: Live, count: int) -> None:
    """How many came since it opened, whatever it answered."""
    received = live.exchange.received
    if not count:
        assert not live.exchange.received, f"These have come: {[order.order_id for order in received]}."
    live.expect(lambda: len(received) >= count, f"{count} orders at the exchange")
    assert len(received) == count, f"These have come: {[order.order_id for order in received]}."


@says("no order has reached the exchange twice")
def _(live: Live) -> None:
    """Every id came once."""
    assert live.exchange.received, "No order has come at all."
    assert live.exchange.repeated == [], f"These have come again: {live.exchange.repeated}."


@says("no order of {book:Book} has reached the exchange")
def _(live: Live, book: str) -> None:
    """None came from the book's sub-account since the exchange opened."""
    account = live.account(book)
    came = [order.order_id for order in live.exchange.received if order.account == account]
    assert not came, f"These have come: {came}."


@says("the exchange holds {bound:Bound}{amount:Number} {symbol:Symbol} for {book:Book}")
def _(live: Live, bound: Bound, amount: Decimal, symbol: str, book: str) -> None:
    """The position in the book's sub-account, as the exchange has it; negative for a short."""
    account = live.account(book)

    def holds() -> bool:
        return bound.holds(live.exchange.position(account, symbol).quantity, amount)

    live.expect(holds, f"a position of {bound.words} {amount} {symbol} in {account}")


@says("every position at the exchange has its stop")
def _(live: Live) -> None:
    """A perpetual position without one would be unprotected."""
    live.expect(lambda: _held(live), "a position")
    live.expect(lambda: not _unprotected(live), "a stop for every position")


@says("the stop of {symbol:Symbol} for {book:Book} stands at {bound:Bound}{price:Number} USDT")
def _(live: Live, symbol: str, book: str, bound: Bound, price: Decimal) -> None:
    """Where the exchange would close the position."""
    account = live.account(book)

    def stands() -> bool:
        stop = live.exchange.position(account, symbol).stop
        return stop is not None and bound.holds(stop, price)

    live.expect(stands, f"a stop at {bound.words} {price} USDT")


# ── in what the process says ────────────────────────────────────────────────────────────────────────────────────────


@says("the engine refuses the order by itself, because {words:Quoted}")
def _(live: Live, words: str) -> None:
    """The log of the process tells of an order that was kept back; an order that leaves all the same fails this."""

    def refused() -> bool:
        lines = live.process.logged("refused")
        return any(words in line["reason"] and line["order_id"].startswith(tuple(live.accounts)) for line in lines)

    live.expect(lambda: live.exchange.received or refused(), f"an order that is refused because {words}")
    assert not live.exchange.received, f"An order has left: {live.told()}"


# ── in the journal ──────────────────────────────────────────────────────────────────────────────────────────────────


@says("every execution of the exchange is in the journal")
def _(live: Live) -> None:
    """Nothing is lost, and there is something to lose."""
    live.expect(lambda: len(_executions(live)) == live.exchange.executions, "every execution in the journal")
    assert live.exchange.executions, "The exchange has executed nothing."


@says("the books are what the exchange holds")
def _(live: Live) -> None:
    """The engine has the positions that the exchange has, to the last digit: every execution has counted once."""
    live.expect(lambda: _books(live) == _at_exchange(live), f"{_at_exchange(live) or 'nothing'} in the books")


@says("the (last order|book of {symbol:Symbol}) is {state:State} by its own account")
def _(live: Live, symbol: str | None, state: str) -> None:
    """What the process says of itself: the state of the machine of a book for a symbol, or of the newest order."""
    live.expect(lambda: state in _states(live, symbol), f"the state {state}")


@says("the order is looked up {bound:Bound}{count:Whole} time[s]")
def _(live: Live, bound: Bound, count: int) -> None:
    """How often the engine has asked what became of its orders; at most so often also where a stream told it before."""
    if not bound.holds(Decimal(0), Decimal(count)):
        live.expect(lambda: live.requests(LookUpOrder), "a look-up")
    asked = len(live.requests(LookUpOrder))
    assert bound.holds(Decimal(asked), Decimal(count)), f"It was asked {asked} times."


@says("{count:Whole} order[s] (has|have) left, each under a name of its own")
def _(live: Live, count: int) -> None:
    """What the engine has let go, whatever became of it on its way; one that was lost counts."""
    live.expect(lambda: len(live.requests(PlaceOrder)) >= count, f"{count} orders that have left")
    names = [order.order_id for order in live.requests(PlaceOrder)]
    assert len(names) == count, f"These have left: {names}."
    assert len(set(names)) == count, f"These have left, some of them under the same name: {names}."


@says("the second order has left at least {span:Span} after the first")
def _(live: Live, span: int) -> None:
    """By the time of the exchange, as the journal has it; while no candle is open that clock stands."""
    left_ms = [step.at_ms for step in live.follow().steps for one in step.requests if isinstance(one, PlaceOrder)]
    assert len(left_ms) > 1, f"So many have left: {len(left_ms)}."
    assert left_ms[1] - left_ms[0] >= span, f"It has left {left_ms[1] - left_ms[0]} ms after the first."


@says("the journal says that nobody knows what became of the order")
def _(live: Live) -> None:
    """The answer to the last order is missing."""
    last = live.expect(lambda: live.requests(PlaceOrder), "an order")[-1]
    live.expect(lambda: any(one.order_id == last.order_id for one in live.events(OrderUnknown)), "a lost answer")


@says("the journal has the refusal {words:Quoted}")
def _(live: Live, words: str) -> None:
    """An order was refused, by the exchange or before it left, for a reason with these words."""
    live.expect(lambda: any(words in reason for reason in _refusals(live)), f"a refusal because {words}")


@says("the journal has the candle of each day once")
def _(live: Live) -> None:
    """None is missed and none counted twice."""
    live.expect(lambda: len(live.candles_seen()) >= live.days, f"{live.days} candles")
    seen = Counter(live.candles_seen())
    assert (len(seen), set(seen.values())) == (live.days, {1}), f"The candles are {seen}, of {live.days} days."


@says("the journal has a candle of {symbol:Symbol} that closes at {price:Number} USDT")
def _(live: Live, symbol: str, price: Decimal) -> None:
    """Among those that have come, first or corrected."""

    def closes() -> list[float]:
        candles = [candle for event in live.events(CandleClose) for candle in event.candles]
        return [candle.close for candle in candles if candle.symbol == symbol]

    live.expect(lambda: float(price) in closes(), f"a close of {symbol} at {price}")


# ── by the operator ─────────────────────────────────────────────────────────────────────────────────────────────────


@says("the operator is told at {severity:Severity}[ that] {words:Quoted}")
def _(live: Live, severity: str, words: str) -> None:
    """A notice that severe has these words."""
    live.expect(lambda: any(words in text for text in _told(live, severity)), f"{severity} with {words}")


@says("the journal names the person who entered {words:Quoted}, and why")
def _(live: Live, words: str) -> None:
    """A command is an event like any other: who, from where, and for what reason."""
    (command,) = live.expect(lambda: [one for one in live.events(OperatorCommand) if one.name == words], words)
    assert "@" in command.actor, command
    assert command.source == "terminal", command
    assert command.reason, command


@says("the engine notices after at least {span:Span} of life")
def _(live: Live, span: int) -> None:
    """Real time goes by until it says that the exchange can't be reached, and for how long it could not."""
    (lost,) = live.expect(lambda: live.events(ExchangeLost), "that the exchange is lost")
    told_s = int(lost.reason.rpartition(" for ")[2].removesuffix(" s"))
    assert told_s * 1000 >= span, f"It gave up the exchange too early: {lost.reason}."


@says("every order at the exchange is capped at {cap:Percent} of slippage, or only makes")
def _(live: Live, cap: Decimal) -> None:
    """No order takes whatever price there is."""
    taking = [one for one in live.exchange.received if one.time_in_force is not TimeInForce.POST_ONLY]
    loose = [one for one in taking if one.price is None and (one.slippage_cap is None or one.slippage_cap > cap)]
    assert loose == [], f"These take any price: {loose}."


@says("the operator is told of nothing at {severity:Severity}")
def _(live: Live, severity: str) -> None:
    """No notice was that severe."""
    assert _told(live, severity) == [], live.told()


def _told(live: Live, severity: str) -> list[str]:
    records = [record for step in live.follow().steps for record in step.records if isinstance(record, Notice)]
    return [record.text for record in records if record.severity == severity]


def _held(live: Live) -> list[tuple[str, str]]:
    symbols = {order.symbol for order in live.exchange.received}
    places = [(account, symbol) for account in live.accounts.values() for symbol in sorted(symbols)]
    return [place for place in places if live.exchange.position(*place).size]


def _unprotected(live: Live) -> list[tuple[str, str]]:
    return [place for place in _held(live) if live.exchange.position(*place).stop is None]


def _executions(live: Live) -> set[str]:
    return {fill.execution_id for fill in live.events(Fill)}


def _states(live: Live, symbol: str | None) -> list[str]:
    sheet = live.sheet()
    if symbol is None:
        return [one["state"] for one in sheet["orders"][-1:]]
    return [one["state"] for one in sheet["engines"] if one["symbol"] == symbol]


def _books(live: Live) -> dict[tuple[str, str], Decimal]:
    positions = live.sheet()["positions"]
    return {(one["account"], one["symbol"]): Decimal(one["quantity"]) for one in positions if one["market"] == "linear"}


def _at_exchange(live: Live) -> dict[tuple[str, str], Decimal]:
    return {place: live.exchange.position(*place).quantity for place in _held(live)}


def _refusals(live: Live) -> list[str]:
    decisions = [one for step in live.follow().steps for one in step.records if isinstance(one, Decision)]
    refused = [outcome.reason for one in decisions for outcome in one.outcomes if isinstance(outcome, Refused)]
    return [*refused, *(event.reason for event in live.events(OrderRejected))]
