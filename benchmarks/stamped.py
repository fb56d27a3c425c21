"""`eternal run` with clocks in three places: where events come in, behind the journal, and before the wire.

`python -m benchmarks.stamped DIR FILE` trades in the working folder DIR, and at its end writes into FILE when each
order's event came, when its decision was in the journal, when it left, and when it was answered; in seconds. With
`alone` behind it no order leaves in one request with others.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from adapters.bybit import venue
from adapters.cli import process
from adapters.cli.configuration import working_folder
from adapters.cli.screen import say
from adapters.cli.writer import server_of
from adapters.postgres.gathering import BatchJournal, Gathering
from runtime.events import CandleClose, Event
from runtime.inbox import EventInbox
from runtime.requests import PlaceOrder
from runtime.step import Step

ALONE = "alone"
CREATE, BATCH = "/v5/order/create", "/v5/order/create-batch"


class Stamps:
    """What the clocks said; `came_s` is when the event came that the engine has at hand, zero for its own."""

    def __init__(self) -> None:
        self.came_s = 0.0
        self._came_s: dict[int, float] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.others_s: list[float] = []

    def decided(self, step: Step) -> None:
        """A step follows from the event at hand."""
        self._came_s[step.sequence], self.came_s = self.came_s, 0.0

    def journaled(self, step: Step) -> None:
        """A step is in the journal."""
        now_s, came_s = perf_counter(), self._came_s.pop(step.sequence)
        for request in step.requests:
            if isinstance(request, PlaceOrder):
                self.orders[request.order_id] = {"account": request.account, "came": came_s, "journaled": now_s}
        if came_s and not isinstance(step.event, CandleClose):
            self.others_s.append(now_s - came_s)

    def write(self, file: Path) -> None:
        """Keep everything."""
        file.write_text(json.dumps({"orders": self.orders, "others": self.others_s}))


STAMPS = Stamps()
SEND = HTTPAdapter.send


class StampedInbox(EventInbox):
    """Notes when each event came."""

    def put(self, event: Event) -> None:
        """Add an event, and the time."""
        self._events.put((perf_counter(), event))  # type: ignore[arg-type]

    def take(self, timeout_s: float) -> Event | None:
        """Take the oldest event, and remember when it came."""
        found: Any = super().take(timeout_s)
        STAMPS.came_s, event = (0.0, None) if found is None else found
        return event


class StampedJournal:
    """Notes when each step was written, however many were written together."""

    def __init__(self, journal: BatchJournal) -> None:
        self._journal = journal

    def append_all(self, steps: Sequence[Step]) -> None:
        """Write steps, and note the time."""
        self._journal.append_all(steps)
        for step in steps:
            STAMPS.journaled(step)


class StampedGathering(Gathering):
    """Notes which event each step follows from."""

    def __init__(self, journal: BatchJournal, waiting: Callable[[], bool]) -> None:
        super().__init__(StampedJournal(journal), waiting)

    def append(self, step: Step) -> None:
        """Note the step, and write or hold it."""
        STAMPS.decided(step)
        super().append(step)


def send_stamped(adapter: HTTPAdapter, request: PreparedRequest, *rest: Any, **named: Any) -> Response:
    """Send a request, and note when each order in it left, and when it was answered."""
    left_s = perf_counter()
    answer = SEND(adapter, request, *rest, **named)
    if request.path_url in (CREATE, BATCH):
        assert isinstance(request.body, bytes | str)
        body = json.loads(request.body)
        for one in body.get("request", [body]):
            STAMPS.orders[one["orderLinkId"]] |= {"left": left_s, "answered": perf_counter()}
    return answer


def main(folder: Path, file: Path) -> None:
    """Trade until a signal comes."""
    vars(process).update(EventInbox=StampedInbox, Gathering=StampedGathering)
    HTTPAdapter.send = send_stamped  # type: ignore[assignment,method-assign]
    opened = working_folder(folder, None)
    with server_of(opened):
        process.run_process(opened, say)
    STAMPS.write(file)


if __name__ == "__main__":
    if ALONE in sys.argv[3:]:
        vars(venue).update(may_join=lambda _order, _mode: False)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
