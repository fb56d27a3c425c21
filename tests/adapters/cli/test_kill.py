"""The real process, killed again and again while it trades: nothing twice, nothing lost, and every stop stands.

KILLS=200 kills it two hundred times (`make chaos`).
"""

import os
from collections.abc import Iterator
from enum import Enum
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.clock import Stopwatch
from adapters.postgres.commands import Asked, answer_to, ask
from adapters.postgres.connection import connect
from adapters.served.serving import Served
from adapters.synthetic.market import write_market
from runtime.events import CandleClose, Fill, OrderRejected, Started, Timer
from runtime.requests import LookUpOrder, PlaceOrder
from runtime.step import Difference
from tests.adapters.cli import running

KILLS = int(os.environ.get("KILLS", "4"))
FIRST_MS = 1_577_836_800_000  # 2020-01-01
DAYS_A_KILL = 5
SPEED = 2.0
"""So fast goes the exchange's clock, so that look-ups after 1, 5 and 15 s come soon."""
ENTRIES = 14
"""So many entries of the journal, at most, after a candle: its decisions, their orders, and the answers to them."""
MOST_DAYS = 30
"""After so many days without an order, as when the breaker forbids entries, it is killed at any moment instead."""
HALTED_DAYS = 7
"""After so many days without an order the operator acknowledges a halt, if there is one."""
HELD_MS = 1_500
STOPS_WITHIN_S = 5
SOON_S = 4
EXISTS_ALREADY = 110072
SENDING = "/v5/order/create"


class Moment(Enum):
    """When the process dies, and the fault that makes that moment last."""

    ANSWER_UNDER_WAY = "the exchange has the order, and its answer is under way"
    REQUEST_LOST = "the order was sent and never arrived"
    REQUEST_UNDER_WAY = "the order arrives when nobody waits for its answer any more"
    ANY = "at any moment of a day"


FAULTS: dict[Moment, dict[str, Any]] = {
    Moment.ANSWER_UNDER_WAY: {"kind": "latency", "after": True, "ms": HELD_MS},
    Moment.REQUEST_LOST: {"kind": "lost", "after": False},
    Moment.REQUEST_UNDER_WAY: {"kind": "latency", "after": False, "ms": HELD_MS},
}


class Drill:
    """A process on an exchange, killed at chosen moments of its trading and started again."""

    def __init__(self, folder: Path, served: Served, store: str) -> None:
        self.folder, self.served, self.store, self.random = folder, served, store, Random(20)
        self.posted = running.counting(served)
        self.in_doubt: list[set[str]] = []
        self.process = self._begun()
        self.journal = running.Journal(store)

    def _begun(self) -> running.Running:
        """Start until the lease of the one that was killed has run out."""
        while True:
            process = running.started(self.folder)
            if process.until_either("reconciled", "only one process may write"):
                return process

    def settle(self) -> None:
        """Wait until everything has been answered, and is known."""
        known = self.journal.complete
        running.wait_for(lambda: known(self.served) and self.journal.answered(), "the answers to what left")

    def close_a_day(self) -> None:
        """Let a day end, and wait for the decisions about it."""
        closed = len(self.journal.follow().events(CandleClose))
        self.served.advance(1)
        running.wait_for(lambda: len(self.journal.follow().events(CandleClose)) > closed, "the next candle")

    def open_a_day(self) -> None:
        """Let the next day begin."""
        self.served.advance(1, until="open")
        self.settle()

    def kill(self, moment: Moment) -> None:
        """Trade until the moment has come, and end the process."""
        if moment is Moment.ANY:
            killed_at = len(self.journal.follow().steps) + self.random.randint(1, ENTRIES)
            self.served.advance(1)
            running.wait_until(lambda: len(self.journal.follow().steps) >= killed_at, seconds=2)
        else:
            self._trade_until(moment)
        self.process.kill()
        self.served.pull("lift")
        self.in_doubt.append(self.journal.follow().unanswered())
        print(f"Kill {len(self.in_doubt)}: {moment.value}; {len(self.in_doubt[-1])} orders in doubt.", flush=True)

    def _trade_until(self, moment: Moment) -> None:
        """Let days pass until an order is just where the moment wants it."""
        before = self._struck()
        for day in range(MOST_DAYS):
            self.served.fault(endpoint=SENDING, count=None, **FAULTS[moment])
            self.close_a_day()
            if self._orders_were_decided():
                running.wait_for(lambda: self._struck() > before, "an order on its way")
                return
            self.served.pull("lift")
            self.settle()
            self.open_a_day()
            if day % HALTED_DAYS == HALTED_DAYS - 1:
                self._acknowledge()
        self.served.fault(endpoint=SENDING, count=None, **FAULTS[moment])
        self.close_a_day()

    def _acknowledge(self) -> None:
        asked = Asked("acknowledge", "", "operator", "Trade on.", "terminal", confirmed=False)
        with connect(self.store, patient=True) as connection:
            answer = answer_to(connection, ask(connection, asked), running.DEADLINE_S)
        assert answer is not None

    def _orders_were_decided(self) -> bool:
        decided = next(step for step in reversed(self.journal.steps) if isinstance(step.event, CandleClose))
        return any(isinstance(request, PlaceOrder) for request in decided.requests)

    def _struck(self) -> int:
        return sum(self.served.pull("state")["struck"].values())

    def begin_again(self) -> None:
        """Start it: every position has its stop in time, every order is found before the market goes on."""
        self.process, since = self._begun(), Stopwatch()
        running.wait_for(lambda: not self._unprotected(), "a stop of every position")
        assert since.elapsed_s() < STOPS_WITHIN_S
        self.settle()
        assert self.asked_for_late() == []
        self.open_a_day()
        running.wait_for(lambda: not self._unprotected(), "a stop of every new position")

    def _unprotected(self) -> list[tuple[str, str]]:
        """The perpetual positions without a stop, as the exchange has them."""
        model = self.served.application.exchange.live.model
        found = ((name, symbol) for name in running.CAPITAL for symbol in ("BTCUSDT", "ETHUSDT"))
        return [key for key in found if model.position(*key).size and model.position(*key).stop is None]

    def asked_for_late(self) -> list[str]:
        """The orders in doubt that in the first seconds of the exchange's time were neither heard of nor looked for."""
        steps = self.journal.follow().steps
        begun = max(place for place, step in enumerate(steps) if isinstance(step.event, Started))
        seconds = [place for place, step in enumerate(steps) if place > begun and isinstance(step.event, Timer)]
        early = steps[begun : seconds[SOON_S - 1] + 1] if len(seconds) >= SOON_S else steps[begun:]
        looked_for = {one.order_id for step in early for one in step.requests if isinstance(one, LookUpOrder)}
        heard_of = {step.event.order_id for step in early if isinstance(step.event, running.ANSWERS)}
        return sorted(self.in_doubt[-1] - looked_for - heard_of)


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An exchange whose clock goes, on a market that lasts for all kills."""
    folder = tmp_path_factory.mktemp("long-market")
    write_market(folder, 7, FIRST_MS, 2 + KILLS * DAYS_A_KILL // 365, ("BTCUSDT", "ETHUSDT"))
    with running.exchange(folder, "2021-03-01", speed=SPEED) as served:
        yield served


@pytest.mark.spec("STATE-03", "EXEC-02", "EXEC-03", "EXEC-05")
def test_a_kill_at_any_moment_repeats_nothing_and_loses_nothing(tmp_path: Path, served: Served, store: str) -> None:
    drill = Drill(running.working_folder(tmp_path, served, store), served, store)
    try:
        for moment in islice(cycle(Moment), KILLS):
            drill.kill(moment)
            drill.begin_again()
        drill.process.stop()
    finally:
        drill.process.kill()
        journal = drill.journal.follow()
        journal.close()
    assert any(drill.in_doubt)
    assert set(drill.posted.values()) == {1}
    assert [event for event in journal.events(OrderRejected) if event.code == EXISTS_ALREADY] == []
    executions = served.application.exchange.live.model.to_plain()["executions"]
    assert len({fill.execution_id for fill in journal.events(Fill)}) == executions > 0
    assert [record for step in journal.steps for record in step.records if isinstance(record, Difference)] == []
