"""A connection on which answers get lost, and an exchange that refuses, forgets stops or was traded on by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.unreliable import Fault, name_of
from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.world import World
from runtime.events import (
    Candle,
    ExchangeBack,
    ExchangeEvent,
    ExchangeLost,
    Fill,
    LookedUp,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderUnknown,
    Started,
    StopGone,
    Timer,
)
from runtime.instrument import Market
from runtime.requests import (
    ChangeStop,
    LookAtAccount,
    LookUpOrder,
    OrderType,
    PlaceOrder,
    Request,
    Side,
    TimeInForce,
)
from runtime.step import Difference

SECOND_MS = 1_000
BUSY = (10006, "Too many visits!")
BAD_KEY = (10003, "API key is invalid.")


@dataclass
class Connection:
    """What stands between engine and exchange: faults for the next orders, and a memory of every order's events."""

    world: World
    exchange: SimulatedExchange
    faults: list[Fault] = field(default_factory=list)
    hears_orders: bool = True
    shows_accounts: bool = True
    answers_looks: bool = True
    keeps_stops: bool = True
    valid_key: bool = True
    busy_ms: int = 2 * SECOND_MS
    looks: int = 0
    posts: list[str] = field(default_factory=list)
    past: dict[str, list[ExchangeEvent]] = field(default_factory=dict)
    later_ms: int = 0

    def submit(self, request: Request, at_ms: int) -> Sequence[ExchangeEvent]:
        """Carry a request out as far as the connection and the key allow."""
        if isinstance(request, LookUpOrder):
            return self._look_up(request, at_ms)
        if isinstance(request, LookAtAccount):
            return self.exchange.submit(request, at_ms) if self.shows_accounts else []
        if not self.valid_key:
            return [OrderRejected(at_ms, name_of(request), *BAD_KEY)]
        if isinstance(request, PlaceOrder):
            return self._place(request, at_ms)
        stuck = isinstance(request, ChangeStop) and not self.keeps_stops
        return [] if stuck else self.exchange.submit(request, at_ms)

    def _place(self, request: PlaceOrder, at_ms: int) -> Sequence[ExchangeEvent]:
        self.posts.append(request.order_id)
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.BUSY:
            return [OrderRejected(at_ms, request.order_id, *BUSY, at_ms + self.busy_ms)]
        if fault is Fault.LOST:
            return [OrderUnknown(at_ms, request.order_id, "no answer in time")]
        events = self._remember(self.exchange.submit(request, at_ms))
        return [OrderUnknown(at_ms, request.order_id, "no answer in time")] if fault is Fault.UNANSWERED else events

    def open(self, candles: Sequence[Candle]) -> Sequence[ExchangeEvent]:
        """Trade at the first price of each candle."""
        self.later_ms = 0
        return self._heard(self._remember(self.exchange.open(candles)))

    def range(self, candles: Sequence[Candle]) -> Sequence[ExchangeEvent]:
        """Trade inside each candle."""
        return self._heard(self._remember(self.exchange.range(candles)))

    def settle(self, symbol: str, rate: Decimal, at_ms: int) -> Sequence[ExchangeEvent]:
        """Pay and collect funding."""
        return self.exchange.settle(symbol, rate, at_ms)

    def offer(self, rate: Decimal, at_ms: int) -> None:
        """Let coins that are lent out earn another rate."""
        self.exchange.offer(rate, at_ms)

    def pass_seconds(self, seconds: int) -> None:
        """Let the clock tick without a candle."""
        for _ in range(seconds):
            self.later_ms += SECOND_MS
            self.world.tell([Timer(self.world.now_ms + self.later_ms)])

    @property
    def now_ms(self) -> int:
        """The moment that the engine has reached."""
        return self.world.now_ms + self.later_ms

    def _look_up(self, look: LookUpOrder, at_ms: int) -> Sequence[ExchangeEvent]:
        self.looks += 1
        if not self.answers_looks:
            return [LookedUp(at_ms, look.order_id, found=False, complete=False)]
        past = self.past.get(look.order_id, [])
        return [*past, LookedUp(at_ms, look.order_id, found=bool(past), complete=True)]

    def _remember(self, events: Sequence[ExchangeEvent]) -> Sequence[ExchangeEvent]:
        for event in events:
            if isinstance(event, OrderAccepted | OrderCancelled | Fill):
                self.past.setdefault(event.order_id, []).append(event)
        return events

    def _heard(self, events: Sequence[ExchangeEvent]) -> Sequence[ExchangeEvent]:
        return [event for event in events if self.hears_orders or not isinstance(event, OrderAccepted | Fill)]


@pytest.fixture
def connections() -> dict[int, Connection]:
    """The connection of each scenario; it begins when a sentence first speaks of it."""
    return {}


def _of(scene: Scene, connections: dict[int, Connection]) -> Connection:
    if id(scene) not in connections:
        connections[id(scene)] = Connection(scene.world, scene.world.exchange)
        scene.world.trade_through(connections[id(scene)])
    return connections[id(scene)]


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────────────────────────


@says("the answer to the next order will be lost")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """The exchange takes the next order, and the engine never hears of it."""
    _of(scene, connections).faults.append(Fault.UNANSWERED)


@says("the next order will never arrive")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """The next order is lost on its way, and the engine can't know that."""
    _of(scene, connections).faults.append(Fault.LOST)


@says("the exchange will be too busy for {count:Whole} order[s][, and asks each to come again in {span:Span}]")
def _(scene: Scene, connections: dict[int, Connection], count: int, span: int | None) -> None:
    """So many of the next orders are refused for now, to be tried again 2 seconds later where nothing else is said."""
    connection = _of(scene, connections)
    connection.faults.extend([Fault.BUSY] * count)
    connection.busy_ms = 2 * SECOND_MS if span is None else span


@says("the exchange tells nothing of orders and fills by itself")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """Messages about orders are lost; look-ups show them."""
    _of(scene, connections).hears_orders = False


@says("look-ups are not answered")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """The exchange does not say what became of an order when asked."""
    _of(scene, connections).answers_looks = False


@says("look-ups are answered again")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """The exchange says what became of an order when asked."""
    _of(scene, connections).answers_looks = True


@says("the exchange does not show its accounts")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """Nobody can say what is in them."""
    _of(scene, connections).shows_accounts = False


@says("the exchange shows its accounts again")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """Whoever asks is told what is in them."""
    _of(scene, connections).shows_accounts = True


@says("the key of the exchange is not valid any more")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """From now on everything but questions is refused."""
    _of(scene, connections).valid_key = False


@says("the exchange loses the stop of {symbol:Symbol}")
def _(scene: Scene, connections: dict[int, Connection], symbol: str) -> None:
    """The stop of the position is gone, and the engine hears of it."""
    connection, account = _of(scene, connections), scene.world.account(scene.book(None))
    scene.world.exchange.remove_stop(account, symbol)
    scene.world.tell([StopGone(connection.now_ms, account, symbol)])


@says("the exchange takes no more stops")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """A request to place a stop is never answered."""
    _of(scene, connections).keeps_stops = False


@says("somebody buys {amount:Number} {symbol:Symbol} by hand in the sub-account of {book:Book}")
def _(scene: Scene, connections: dict[int, Connection], amount: Decimal, symbol: str, book: str) -> None:
    """An order that is not of this engine; nobody tells the engine of it."""
    connection, account = _of(scene, connections), scene.world.account(book)
    order = PlaceOrder(
        "by-hand", account, Market.LINEAR, symbol, Side.BUY, OrderType.MARKET, TimeInForce.IOC, quantity=amount
    )
    connection.hears_orders = False
    scene.world.exchange.submit(order, connection.now_ms)


@says("the exchange can not be reached")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """The connection is gone."""
    scene.world.tell([ExchangeLost(_of(scene, connections).now_ms, "nothing answers")])


@says("the connection to the exchange is back")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """The connection is back."""
    scene.world.tell([ExchangeBack(_of(scene, connections).now_ms)])


@says("a new process begins")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """The engine is started live: it looks at every account before it decides anything."""
    scene.world.tell([Started(_of(scene, connections).now_ms)])


@says("{count:Whole} second[s] tick[s] by")
def _(scene: Scene, connections: dict[int, Connection], count: int) -> None:
    """The clock ticks each second; no candle closes."""
    scene.world.open()
    _of(scene, connections).pass_seconds(count)


# ── what is seen of it ──────────────────────────────────────────────────────────────────────────────────────────────


@says("the order is {state:State}")
def _(scene: Scene, state: str) -> None:
    """What the engine knows of the last order: SUBMITTED, OPEN, FILLED, REJECTED, UNKNOWN."""
    tickets = list(scene.world.engine.world.desk.tickets.values())
    assert tickets[-1].snapshot.state == state, f"The last order is {tickets[-1].snapshot.state}."


@says("the exchange was asked {count:Whole} time[s] what became of it")
def _(scene: Scene, connections: dict[int, Connection], count: int) -> None:
    """How many look-ups there were."""
    looks = _of(scene, connections).looks
    assert looks == count, f"It was asked {looks} times."


@says("no order was sent twice")
def _(scene: Scene, connections: dict[int, Connection]) -> None:
    """Every order left with an id of its own."""
    posts = _of(scene, connections).posts
    assert len(posts) == len(set(posts)), f"These were sent: {posts}"


@says("{count:Whole} order[s] (has|have) left")
def _(scene: Scene, connections: dict[int, Connection], count: int) -> None:
    """How many orders have left since the connection was first spoken of."""
    posts = _of(scene, connections).posts
    assert len(posts) == count, f"These have left: {posts}"


@says("the sub-account of {book:Book} is fenced")
def _(scene: Scene, book: str) -> None:
    """Nothing but questions leaves for it."""
    fenced = scene.world.engine.fences.accounts
    assert scene.world.account(book) in fenced, f"Fenced is {fenced or 'nothing'}."


@says("the journal notes that the exchange has another position than {book:Book}")
def _(scene: Scene, book: str) -> None:
    """Two looks in a row have shown a position that the books do not have."""
    account = scene.world.account(book)
    found = [r for step in scene.world.journal.steps for r in step.records if isinstance(r, Difference)]
    assert any((one.account, one.kind) == (account, "position") for one in found), f"It notes {found or 'none'}."


@says("the operator closes the orphans of {book:Book}")
def _(scene: Scene, connections: dict[int, Connection], book: str) -> None:
    """A person wants everything closed that the books do not know of."""
    scene.world.command("close_orphan", book)


@says("the engine waits for reconciliation")
def _(scene: Scene) -> None:
    """It has begun, and has not seen every account yet."""
    assert not scene.world.engine.ready, "It is ready."


@says("the engine is ready")
def _(scene: Scene) -> None:
    """Every account was seen, and compared with the books."""
    assert scene.world.engine.ready, "It still waits for reconciliation."
