"""The exchange in memory behind a bad connection: requests and messages get lost, late, doubled and out of order."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from heapq import heappop, heappush

from adapters.simulated.exchange import SimulatedExchange
from runtime.events import (
    Candle,
    ExchangeEvent,
    Fill,
    LookedUp,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderUnknown,
)
from runtime.ports import Clock, Inbox
from runtime.requests import (
    CancelOrder,
    ChangeStop,
    EarnOrder,
    Look,
    LookAtAccount,
    LookUpEarn,
    LookUpOrder,
    MoveMoney,
    PlaceOrder,
    Request,
    SetLeverage,
)

ANSWER_MS = 50
TIMEOUT_MS = 500
LATE_MS = 2_500
RESET_MS = 2_000
BUSY = (10006, "Too many visits!")


class Fault(StrEnum):
    """What goes wrong with one request."""

    LOST = "it never arrives"
    UNANSWERED = "it is carried out, and its answer is lost"
    LATE = "it is carried out after its sender has given up"
    SILENT = "it is carried out, and nobody ever says anything"
    BUSY = "it is refused for now"


Delays = Callable[[ExchangeEvent], Iterable[int]]
Faults = Callable[[Request], Fault | None]


def at_once(_event: ExchangeEvent) -> Iterable[int]:
    """Deliver a message once, without delay."""
    return (0,)


class UnreliableVenue:
    """Takes requests as a live venue does, and lets `faults` and `delays` say what becomes of them.

    `delays` gives a delay in milliseconds for every copy of a message that is delivered: none loses it, two double it,
    and a longer one than its neighbour's lets it be overtaken. `posts` counts how often each order id was sent. Nothing
    happens by itself: `pump` brings it to the clock's time.
    """

    def __init__(
        self,
        exchange: SimulatedExchange,
        inbox: Inbox,
        clock: Clock,
        faults: Faults = lambda _request: None,
        delays: Delays = at_once,
    ) -> None:
        self.exchange = exchange
        self.inbox = inbox
        self.faults = faults
        self.delays = delays
        self.posts: dict[str, int] = {}
        self.accepted: list[str] = []
        self._clock = clock
        self._past: dict[str, list[ExchangeEvent]] = {}
        self._waiting: list[tuple[int, int, Request | ExchangeEvent]] = []
        self._count = 0

    def send(self, request: Request) -> None:
        """Take a request; what becomes of it depends on its fault."""
        now_ms, fault = self._clock.now_ms(), self.faults(request)
        if isinstance(request, PlaceOrder):
            self.posts[request.order_id] = self.posts.get(request.order_id, 0) + 1
        if isinstance(request, LookUpOrder | LookUpEarn | LookAtAccount):
            self._look(request, now_ms, fault)
            return
        if fault is Fault.BUSY:
            refusal = OrderRejected(now_ms + ANSWER_MS, name_of(request), *BUSY, now_ms + RESET_MS)
            self._put(now_ms + ANSWER_MS, refusal)
            return
        if fault in (Fault.LOST, Fault.UNANSWERED, Fault.LATE):
            self._put(now_ms + TIMEOUT_MS, OrderUnknown(now_ms + TIMEOUT_MS, name_of(request), "no answer in time"))
        if fault is Fault.LATE:
            self._put(now_ms + LATE_MS, request)
        elif fault is not Fault.LOST:
            self._carry_out(request, now_ms, answered=fault is None)

    def trade(self, candles: Iterable[Candle]) -> None:
        """Let the market stand at the first price of these candles, so that waiting orders are filled."""
        self.publish(self.exchange.open(list(candles)))

    def publish(self, events: Iterable[ExchangeEvent], hushed: bool = False) -> None:
        """Remember what has happened, and tell of it as far as the connection allows."""
        for event in events:
            if isinstance(event, OrderAccepted):
                self.accepted.append(event.order_id)
            if isinstance(event, OrderAccepted | OrderCancelled | Fill):
                self._past.setdefault(event.order_id, []).append(event)
            if not hushed:
                for delay_ms in self.delays(event):
                    self._put(self._clock.now_ms() + ANSWER_MS + delay_ms, event)

    def pump(self) -> None:
        """Deliver everything that is due by now, late requests included."""
        now_ms = self._clock.now_ms()
        while self._waiting and self._waiting[0][0] <= now_ms:
            at_ms, _, due = heappop(self._waiting)
            if isinstance(due, PlaceOrder | CancelOrder | ChangeStop | SetLeverage | MoveMoney | EarnOrder):
                self._carry_out(due, at_ms, answered=False)
            elif not isinstance(due, LookUpOrder | LookUpEarn | LookAtAccount):
                self.inbox.put(due)

    def forget_messages(self) -> None:
        """Lose every message that is still on its way, as when the process that waits for them dies."""
        requests = [one for one in self._waiting if isinstance(one[2], PlaceOrder | CancelOrder | ChangeStop)]
        self._waiting = sorted(requests)

    def _look(self, look: Look, now_ms: int, fault: Fault | None) -> None:
        if fault is not None:
            if not isinstance(look, LookAtAccount):
                self._put(now_ms + TIMEOUT_MS, LookedUp(now_ms + TIMEOUT_MS, look.order_id, False, False))
            return
        if not isinstance(look, LookUpOrder):
            for seen in self.exchange.submit(look, now_ms):
                self._put(now_ms + ANSWER_MS, seen)
            return
        past = self._past.get(look.order_id, [])
        for event in (*past, LookedUp(now_ms + ANSWER_MS, look.order_id, bool(past), True)):
            self._put(now_ms + ANSWER_MS, event)

    def _carry_out(self, request: Request, at_ms: int, answered: bool) -> None:
        self.publish(self.exchange.submit(request, at_ms), hushed=not answered)

    def _put(self, at_ms: int, what: Request | ExchangeEvent) -> None:
        self._count += 1
        heappush(self._waiting, (at_ms, self._count, what))


def name_of(request: Request) -> str:
    """What a refusal of a request is about: its order or transfer, or `stop:` or `leverage:` and account and symbol."""
    match request:
        case MoveMoney():
            return request.transfer_id
        case ChangeStop():
            return f"stop:{request.account}:{request.symbol}"
        case SetLeverage():
            return f"leverage:{request.account}:{request.symbol}"
        case LookAtAccount():
            return request.account
        case _:
            return request.order_id
