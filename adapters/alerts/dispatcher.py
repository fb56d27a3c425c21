"""Takes alerts from the outbox to people: decides by the routes what goes where and when, and never waits for it."""

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from adapters.alerts.channel import Answer
from adapters.alerts.message import Message, message_of
from rules.language.routes import Route, Routes
from runtime.outbox import Alert, Delivery, Outbox, OutboxAwayError
from runtime.ports import Clock

LOG = logging.getLogger(__name__)
PAUSE_S = 1.0
FIRST_BACK_OFF_MS, LONGEST_BACK_OFF_MS = 30_000, 600_000
FAILURES_TOLD = 3
AWAY_TOLD_MS = 30_000


class Sender(Protocol):
    """A channel: takes a message, and says later, from any thread, whether it has arrived."""

    def put(self, message: Message, answer: Answer) -> None:
        """Send a message; never waits."""


@dataclass(frozen=True, slots=True)
class _Result:
    channel: str
    deliveries: Sequence[Delivery]
    arrived: bool


@dataclass(slots=True)
class _Line:
    """How a channel is doing: whether it has a message in hand, and how often in a row it has failed."""

    sender: Sender
    busy: bool = False
    failures: int = 0
    resume_ms: int = 0


class Dispatcher:
    """One turn after the other in a thread of its own; what it must not forget is in the outbox."""

    def __init__(self, routes: Routes, outbox: Outbox, clock: Clock, senders: Mapping[str, Sender]) -> None:
        self._routes = routes
        self._by_name = {route.name: route for route in routes.routes}
        self._outbox = outbox
        self._clock = clock
        self._lines = {name: _Line(sender) for name, sender in senders.items()}
        self._answers: SimpleQueue[_Result | None] = SimpleQueue()
        self._results: deque[_Result] = deque()
        self._told: deque[tuple[int, str, str, str]] = deque()
        self._away_ms: int | None = None
        self._away_told = False
        self._stopping = False
        self._thread = Thread(target=self._run, name="alerts", daemon=True)

    @property
    def busy(self) -> bool:
        """Whether a message is under way."""
        return any(line.busy for line in self._lines.values())

    def tell(self, severity: str, text: str, book: str = "") -> None:
        """Alert from around the engine; safe from any thread, never waits."""
        self._told.append((self._clock.now_ms(), severity, book, text))

    def start(self) -> None:
        """Begin in a thread."""
        self._thread.start()

    def stop(self, wait_s: float) -> None:
        """End after the turn at hand; what is still under way is sent again by the next process."""
        self._stopping = True
        self._answers.put(None)
        self._thread.join(wait_s)

    def _run(self) -> None:
        while not self._stopping:
            try:
                self.turn(PAUSE_S)
            # Whatever is wrong with one alert, those after it have to be told; what wasn't marked is tried again.
            except Exception:
                LOG.exception("alerts could not be sent")

    def turn(self, wait_s: float = 0.0) -> None:
        """Hear what has arrived, for so long at most, then send what is due."""
        self._hear(wait_s)
        try:
            self._write_down()
            self._outbox.end_acknowledged()
            for alert in self._outbox.unrouted():
                self._outbox.route(alert, list(self._ways(alert)))
            for name, line in self._lines.items():
                self._serve(name, line)
        except OutboxAwayError as error:
            self._stay_audible(str(error))
        else:
            self._away_ms, self._away_told = None, False

    # ── what was heard ──────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self, wait_s: float) -> None:
        with suppress(Empty):
            self._note(self._answers.get(timeout=wait_s) if wait_s else self._answers.get_nowait())
            while True:
                self._note(self._answers.get_nowait())

    def _note(self, result: _Result | None) -> None:
        if result is None:
            return
        line = self._lines[result.channel]
        line.busy = False
        self._results.append(result)
        if result.arrived:
            if line.failures >= FAILURES_TOLD:
                self.tell("P2", f"The channel {result.channel} takes messages again.")
            line.failures, line.resume_ms = 0, 0
            return
        line.failures += 1
        pause_ms = min(FIRST_BACK_OFF_MS * 2 ** (line.failures - 1), LONGEST_BACK_OFF_MS)
        line.resume_ms = self._clock.now_ms() + pause_ms
        if line.failures == FAILURES_TOLD:
            self.tell("P1", f"The channel {result.channel} takes no messages; what is meant for it is kept.")

    def _write_down(self) -> None:
        """Put results and own alerts where they last; each is forgotten only when that has worked."""
        while self._results:
            self._keep(self._results[0])
            self._results.popleft()
        while self._told:
            self._outbox.tell(*self._told[0])
            self._told.popleft()

    def _keep(self, result: _Result) -> None:
        if not result.deliveries:
            return
        if not result.arrived:
            self._outbox.failed(result.deliveries)
            return
        now_ms = self._clock.now_ms()
        route = self._by_name.get(result.deliveries[0].route)
        every_ms = None if route is None else route.repeat_every_ms
        self._outbox.delivered(result.deliveries, now_ms, None if every_ms is None else now_ms + every_ms)

    # ── where it goes ───────────────────────────────────────────────────────────────────────────────────────────────

    def _ways(self, alert: Alert) -> Iterator[Delivery]:
        """The channels of an alert's route that are in use; where none is, it waits for all of them."""
        route = self._routes.route(alert.severity, alert.book, alert.text)
        names = () if route is None else route.to
        for name in [name for name in names if name in self._lines] or names:
            assert route is not None
            yield Delivery(alert, name, route.name, self._due_ms(alert, name, route))

    def _due_ms(self, alert: Alert, channel: str, route: Route) -> int:
        """When it may be sent: after others had time to join it, and not soon after the same sentence."""
        due_ms = alert.at_ms + route.group_for_ms
        earlier_ms = self._outbox.last_sent_ms(alert, channel, self._clock.now_ms() - route.same_again_after_ms)
        return due_ms if earlier_ms is None else max(due_ms, earlier_ms + route.same_again_after_ms)

    # ── what is sent ────────────────────────────────────────────────────────────────────────────────────────────────

    def _serve(self, name: str, line: _Line) -> None:
        """Give a channel its next message: the most urgent route that has something due and isn't over its limit."""
        now_ms = self._clock.now_ms()
        if line.busy or now_ms < line.resume_ms:
            return
        by_route: dict[str, list[Delivery]] = {}
        for one in self._outbox.waiting(name):
            by_route.setdefault(one.route, []).append(one)
        for _, waiting in sorted(by_route.items(), key=lambda item: min(one.alert.severity for one in item[1])):
            ready = self._ready(name, waiting, now_ms)
            if ready:
                self._hand_over(name, line, message_of(ready), ready)
                return

    def _ready(self, channel: str, waiting: Sequence[Delivery], now_ms: int) -> Sequence[Delivery]:
        """What goes out now: everything due, and with it whatever waits only for company."""
        due = [one for one in waiting if one.due_ms <= now_ms]
        route = self._by_name.get(waiting[0].route)
        if not due or route is None:
            return due
        if route.at_most is not None:
            sent = self._outbox.sent_since(channel, route.name, now_ms - route.at_most.per_ms)
            if len(sent) >= route.at_most.messages:
                return ()
        repeated = any(one.sent_ms is not None for one in due)
        return [one for one in waiting if one in due or _joins(one, route, repeated)]

    def _hand_over(self, name: str, line: _Line, message: Message, deliveries: Sequence[Delivery]) -> None:
        """Give a message to a channel; one that can't even take it has failed like one that can't send it."""
        line.busy = True

        def answer(arrived: bool) -> None:
            self._answers.put(_Result(name, deliveries, arrived))

        try:
            line.sender.put(message, answer)
        except Exception:
            LOG.exception("the channel %s is broken", name)
            answer(False)

    # ── without the outbox ──────────────────────────────────────────────────────────────────────────────────────────

    def _stay_audible(self, reason: str) -> None:
        """Say once, to whoever is woken up, that what happens can't be told until the outbox is back."""
        now_ms = self._clock.now_ms()
        self._away_ms = now_ms if self._away_ms is None else self._away_ms
        if self._away_told or now_ms - self._away_ms < AWAY_TOLD_MS:
            return
        self._away_told = True
        alert = Alert(0, 0, now_ms, "P0", "", f"{reason} What happens meanwhile is told when they can be read again.")
        route = self._routes.route(alert.severity, alert.book, alert.text)
        for name in () if route is None else route.to:
            line = self._lines.get(name)
            if line is not None and not line.busy:
                self._hand_over(name, line, message_of([Delivery(alert, name, "", alert.at_ms)]), ())


def _joins(one: Delivery, route: Route, repeated: bool) -> bool:
    """Whether an alert that isn't due goes along: it waits for company only, or is repeated as others are."""
    if one.sent_ms is not None:
        return repeated
    return one.due_ms <= one.alert.at_ms + route.group_for_ms
