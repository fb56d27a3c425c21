"""The one thread in which the engine lives: take an event, decide, write it down, and only then let anything leave."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from runtime.answers import NOT_SENT
from runtime.engine import Engine
from runtime.events import CandleClose, Event, FactObserved, OrderRejected, Started, Timer
from runtime.ports import Clock, Inbox, Journal, JournalAwayError, Venue
from runtime.requests import ChangeStop, EarnOrder, MoveMoney, PlaceOrder, Request, SetLeverage
from runtime.step import Step

SECOND_MS, MINUTE_MS = 1_000, 60_000
LONGEST_WAIT_S = 0.05
UNWRITTEN = "the journal can't be written, and nothing that adds risk leaves before it is"


class Loop:
    """Runs an engine against the world until it is stopped.

    While the journal is away, steps wait in memory and are written in order when it is back; what protects leaves
    meanwhile, everything else is refused to the machine that wanted it. An exception ends the loop: a crash is the
    way out of a state that nobody has thought of, and the restart is the way in. `watch` is told of every step, after
    what follows from it has left; `beat` hears at each turn by how many milliseconds it is late. `is_held` says right
    before a request leaves whether this process still is the writer: time may have passed since the commit.
    """

    def __init__(self, engine: Engine, journal: Journal, venue: Venue, inbox: Inbox, clock: Clock) -> None:
        self.engine = engine
        self.watch: Callable[[Step], None] | None = None
        self.beat: Callable[[int], None] | None = None
        self.is_held: Callable[[], bool] = lambda: True
        self._journal = journal
        self._venue = venue
        self._inbox = inbox
        self._clock = clock
        self._latest_ms = 0
        self._ticked_ms = 0
        self._meant_ms = 0
        self._unwritten: deque[Step] = deque()
        self._refused: deque[Event] = deque()
        self._stopping = False

    @property
    def unwritten(self) -> int:
        """How many steps wait for the journal to come back."""
        return len(self._unwritten)

    def start(self) -> None:
        """Begin: reconcile before anything else, and look up what may have left before the last process died."""
        self._pass_on(Started(self._clock.now_ms()))

    def stop(self) -> None:
        """End after the event at hand; safe to call from a signal handler or another thread."""
        self._stopping = True

    def run(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Start, and go on until stopped; `meanwhile` is called again and again.

        Raises LeaseLostError as soon as another process writes the journal.
        """
        self.start()
        while not self._stopping:
            self.turn(LONGEST_WAIT_S)
            meanwhile()
        self._write()

    def turn(self, timeout_s: float) -> bool:
        """Do what is due, then take one event; False when none came in time."""
        self._write()
        now_ms = self._clock.now_ms()
        self._show(now_ms, timeout_s)
        # Each tick is kept for good, so there are few of them while nothing waits for one.
        length_ms = SECOND_MS if self.engine.restless(now_ms) else MINUTE_MS
        if now_ms // length_ms > self._ticked_ms // length_ms:
            self._ticked_ms = now_ms
            self._pass_on(Timer(now_ms))
        event = self._refused.popleft() if self._refused else self._inbox.take(timeout_s)
        if event is None:
            return False
        self._pass_on(event)
        return True

    def _show(self, now_ms: int, timeout_s: float) -> None:
        if self.beat is not None:
            self.beat(max(0, now_ms - self._meant_ms) if self._meant_ms else 0)
        self._meant_ms = now_ms + round(timeout_s * SECOND_MS)

    def _pass_on(self, event: Event) -> None:
        step = self.engine.step(self._in_order(event))
        self._unwritten.append(step)
        written = self._write()
        for request in step.requests:
            self._send(request, step.at_ms, written)
        if self.watch is not None:
            self.watch(step)

    def _in_order(self, event: Event) -> Event:
        """Time never goes back, but for a candle: the decision belongs to its close, whenever the news of it came.

        A fact keeps the time at which it was true: several of the past may come at once.
        """
        if isinstance(event, CandleClose | FactObserved):
            return event
        self._latest_ms = max(self._latest_ms, event.at_ms)
        return event if event.at_ms == self._latest_ms else replace(event, at_ms=self._latest_ms)

    def _write(self) -> bool:
        """Write every step that waits; False when the journal is away."""
        try:
            while self._unwritten:
                self._journal.append(self._unwritten[0])
                self._unwritten.popleft()
        except JournalAwayError:
            return False
        return True

    def _send(self, request: Request, at_ms: int, written: bool) -> None:
        is_certain = written and self.is_held()
        reason = self.engine.may_send(request) if is_certain or request.protective else UNWRITTEN
        if reason is None:
            self._venue.send(request)
        else:
            self._refused.extend(refusals(request, reason, at_ms))


def refusals(request: Request, reason: str, at_ms: int) -> Iterable[Event]:
    """What the engine hears of a request that was kept back: nothing of it is anywhere, and nothing will come."""
    match request:
        case PlaceOrder() | EarnOrder():
            yield OrderRejected(at_ms, request.order_id, NOT_SENT, reason)
        case MoveMoney():
            yield OrderRejected(at_ms, request.transfer_id, NOT_SENT, reason)
        case ChangeStop():
            yield OrderRejected(at_ms, f"stop:{request.account}:{request.symbol}", NOT_SENT, reason)
        case SetLeverage():
            yield OrderRejected(at_ms, f"leverage:{request.account}:{request.symbol}", NOT_SENT, reason)
        case _:
            return
