"""The real process of `eternal run`, beside an exchange that a test holds and releases."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from adapters.cli.exchange import market_of
from adapters.cli.options import moment
from adapters.cli.places import packaged_rules
from adapters.cli.saved import copy_rules
from adapters.clock import Stopwatch
from adapters.postgres.connection import connect
from adapters.postgres.journal import entries
from adapters.served.exchange import Setting
from adapters.served.serving import Served, serve
from adapters.simulated.instruments import load_instruments
from runtime.events import (
    AccountSeen,
    CandleClose,
    CashFlow,
    Fill,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    StopPlaced,
)
from runtime.requests import MoveMoney, PlaceOrder
from runtime.step import Notice, Step

ROOT = packaged_rules().parent
BOOKS = {"core-hodl": "CORE-HODL", "trend-1": "TREND-1", "tactical": "TACTICAL"}
CAPITAL = {"CORE-HODL": 60_000, "TREND-1": 15_000, "TACTICAL": 5_000}
ANSWERS = (OrderAccepted, OrderRejected, OrderCancelled, Fill)
DEADLINE_S = 90


@contextmanager
def exchange(market: Path, start: str, timeframe: str = "1d", speed: float | None = None) -> Iterator[Served]:
    """Hold an exchange still over a folder of market data; with a speed its clock goes between two moments."""
    data, span = market_of(market, moment(start), ("BTCUSDT", "ETHUSDT"), timeframe)
    held = {name: {"USDT": Decimal(amount)} for name, amount in ({"RESERVE": 20_000} | CAPITAL).items()}
    with serve(Setting(load_instruments(), data, span, held, speed=speed, limits=False)) as served:
        yield served


def working_folder(folder: Path, served: Served, store: str, books: Sequence[str] = tuple(BOOKS)) -> Path:
    """Write the configuration and the keys for an exchange."""
    names = {name: name.replace("-", "_") for name in ("RESERVE", *(BOOKS[book] for book in books))}
    accounts = "\n".join(
        f"  {name}: {{key: {word}_KEY, secret: {word}_SECRET, uid: '{served.member(name).uid}'}}"
        for name, word in names.items()
    )
    (folder / "eternal.yaml").write_text(
        f"mode: local\nexchange: {served.http}\nbooks: [{', '.join(books)}]\nrules: {packaged_rules()}\n"
        f"main: RESERVE\nlease_s: 1.5\naccounts:\n{accounts}\n"
    )
    keys = [
        f"{word}_KEY={served.member(name).key}\n{word}_SECRET={served.member(name).secret}"
        for name, word in names.items()
    ]
    (folder / ".env").write_text("\n".join([*keys, f"DATABASE_URL={store}", ""]))
    return folder


def folder_with_rules(folder: Path, served: Served, store: str, more: str = "") -> Path:
    """Write a working folder with rules of its own, and more lines of configuration."""
    working_folder(folder, served, store)
    copy_rules(packaged_rules(), folder / "rules")
    configuration = folder / "eternal.yaml"
    text = configuration.read_text().replace(f"rules: {packaged_rules()}", "rules: rules")
    configuration.write_text(text + more)
    return folder


def counting(served: Served) -> "Counter[str]":
    """Count from now on how often each order comes to the exchange, whatever it answers."""
    counted: Counter[str] = Counter()
    live = served.application.exchange.live
    place = live.place

    def count(order: PlaceOrder, *rest: Any) -> Any:
        counted[order.order_id] += 1
        return place(order, *rest)

    live.place = count  # type: ignore[method-assign]
    return counted


@dataclass
class Running:
    """A process and what it has said so far."""

    process: "subprocess.Popen[str]"
    lines: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=_read, args=(self.process, self.lines), daemon=True)

    def until(self, words: str) -> str:
        """Wait for a line with these words."""
        watch = Stopwatch()
        while watch.elapsed_s() < DEADLINE_S:
            try:
                line = self.lines.get(timeout=0.2)
            except queue.Empty:
                assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.said}"
                continue
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"expected it to say {words!r} in {DEADLINE_S} s, found {self.said}")

    def has_said(self, words: str) -> bool:
        """Whether a line with these words has come by now."""
        while not self.lines.empty():
            self.said.append(self.lines.get())
        return any(words in line for line in self.said)

    def until_either(self, words: str, end: str) -> bool:
        """Wait for a line with these words, or for the end with others; say whether it was the first."""
        try:
            self.until(words)
        except AssertionError:
            assert self.process.poll() is not None
            assert any(end in line for line in self.rest()), self.said
            return False
        return True

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE_S) == 0, self.rest()

    def kill(self) -> None:
        """End it at once, as a power failure would."""
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self.reader.join(DEADLINE_S)

    def rest(self) -> list[str]:
        self.reader.join(DEADLINE_S)
        while not self.lines.empty():
            self.said.append(self.lines.get())
        return self.said


def started(folder: Path, *words: str) -> Running:
    """Start `eternal run` in a process of its own."""
    command = [sys.executable, "-c", "from adapters.cli.main import app; app()", "run", str(folder), *words]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment | {"PYTHONPATH": str(ROOT)},
        cwd=folder,
    )
    running = Running(process)
    running.reader.start()
    return running


def _read(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str]") -> None:
    assert process.stdout is not None
    with process.stdout as said:
        for line in said:
            lines.put(line.rstrip())


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Wait for something that the process brings about."""
    watch = Stopwatch()
    while not (found := condition()):
        assert watch.elapsed_s() < DEADLINE_S, f"{what} did not come true in {DEADLINE_S} s"
        threading.Event().wait(0.02)
    return found


def wait_until(condition: Callable[[], Any], seconds: float) -> bool:
    """Wait for something that need not happen; say whether it did."""
    watch = Stopwatch()
    while not (found := bool(condition())) and watch.elapsed_s() < seconds:
        threading.Event().wait(0.005)
    return found


class Journal:
    """What the journal says, followed entry by entry."""

    def __init__(self, url: str) -> None:
        self._connection = connect(url, patient=True)
        self._seq = 0
        self.steps: list[Step] = []

    def follow(self) -> "Journal":
        """Read what is new; a store without tables has nothing."""
        with suppress(psycopg.errors.UndefinedTable):
            for entry in entries(self._connection, self._seq):
                self._seq = entry.seq
                self.steps.append(entry.step)
        return self

    def events(self, kind: type) -> list[Any]:
        """Give all events of a kind."""
        return [step.event for step in self.steps if isinstance(step.event, kind)]

    def requests(self, kind: type) -> list[Any]:
        """Give all requests of a kind."""
        return [request for step in self.steps for request in step.requests if isinstance(request, kind)]

    def told(self, *severities: str) -> list[str]:
        """Give the sentences of these severities."""
        records = [record for step in self.steps for record in step.records if isinstance(record, Notice)]
        return [record.text for record in records if record.severity in severities]

    def ask(self, question: str) -> Any:
        """Ask for one value."""
        row = self._connection.execute(question.encode()).fetchone()
        return None if row is None else row[0]

    def answered(self) -> bool:
        """Whether everything that left has had its answer, and every transfer has arrived."""
        self.follow()
        # The same flow may be told again; the engine counts it once.
        flows = Counter(transfer for transfer, _ in {(one.transfer_id, one.flow_id) for one in self.events(CashFlow)})
        refused = {event.order_id for event in self.events(OrderRejected)}
        moved = all(flows[one.transfer_id] == 2 or one.transfer_id in refused for one in self.requests(MoveMoney))
        return moved and not self.unanswered()

    def unanswered(self) -> set[str]:
        """The orders of which nobody knows yet what became of them."""
        answers = {event.order_id for kind in ANSWERS for event in self.events(kind)}
        asked = {request.order_id for request in self.requests(PlaceOrder)} - answers
        never_placed = [text for text in self.told("P1") if "was never placed" in text] if asked else []
        return {name for name in asked if not any(name in text for text in never_placed)}

    def complete(self, served: Served) -> bool:
        """Whether every fill of the exchange is here, and every stop that stands there."""
        self.follow()
        model = served.application.exchange.live.model
        fills = {event.execution_id for event in self.events(Fill)}
        stops = {(event.account, event.symbol, event.price) for event in self.events(StopPlaced)}
        # What was placed while nobody listened is learned from a look.
        looks = self.events(AccountSeen)
        stops |= {(look.account, held.symbol, held.stop) for look in looks for held in look.positions}
        wanted = {
            (name, symbol, stop)
            for name in CAPITAL
            for symbol in ("BTCUSDT", "ETHUSDT")
            if (stop := model.position(name, symbol).stop) is not None
        }
        return len(fills) == model.executions and wanted <= stops

    def close(self) -> None:
        self._connection.close()


def pass_moments(served: Served, journal: Journal, number: int) -> None:
    """Let moments pass as a back-test does: candles close, all that follows arrives, the next ones open."""
    for _ in range(number):
        closed = len(journal.follow().events(CandleClose))
        served.advance(1)
        wait_for(lambda closed=closed: len(journal.follow().events(CandleClose)) > closed, "the next candle")
        wait_for(lambda: journal.complete(served) and journal.answered(), "the answers to what left")
        served.advance(1, until="open")
        wait_for(lambda: journal.complete(served) and journal.answered(), "what happened at the first price")
