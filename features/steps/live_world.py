"""One scenario of the real process: the exchange on loopback, PostgreSQL, the process between them, and its journal."""

import shlex
from contextlib import AbstractContextManager, ExitStack, chdir, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from typer.testing import CliRunner

from adapters.cli.configuration import CONFIGURATION, SECRETS
from adapters.cli.main import app
from adapters.clock import now_ms
from adapters.postgres.connection import Connection, connect
from adapters.postgres.failure import StoreError
from adapters.postgres.journal import entries
from adapters.postgres.live_status import live_status
from features.steps.journal import Journal
from features.steps.live_clock import SharedSpan
from features.steps.live_exchange import LocalExchange, market, opened
from features.steps.live_process import LiveProcess, wait_for
from features.steps.scene import Scene
from features.steps.words import DAY_MS
from runtime.events import CandleClose
from runtime.instrument import Market
from runtime.requests import Request

LEASE_S = 1.5
MIDNIGHT_MS = 300_000
NO_SHEET: dict[str, Any] = {"positions": [], "orders": [], "engines": [], "life": {}}
EventKind = TypeVar("EventKind")
Kept = TypeVar("Kept")
RequestKind = TypeVar("RequestKind", bound=Request)


class Live:
    """Begins when an engine is to run: until then books, money and past candles are given as in any scenario."""

    def __init__(self, scene: Scene, folder: Path, store: str) -> None:
        self.folder = folder
        self._store = store
        self.ahead: dict[str, float] = {}
        self.configuration: dict[str, str] = {}
        self.journal = Journal()
        self.processes: list[LiveProcess] = []
        self.days = 0
        self.printed = ""
        self._scene = scene
        self._rest = ExitStack()
        self._exchange: LocalExchange | None = None
        self._passed = SharedSpan(folder / "clocks")
        self._connection: Connection | None = None
        self._seq = 0

    @property
    def store(self) -> str:
        """The URL of the database; another one has another journal."""
        return self._store

    @store.setter
    def store(self, url: str) -> None:
        self._hang_up()
        self._store, self._seq, self.journal = url, 0, Journal()

    # ── who takes part ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def accounts(self) -> dict[str, str]:
        """The sub-account of each book."""
        books = self._scene.files.rulebook().books
        return {name: books[name].account for name in self._scene.accounts}

    def account(self, book: str | None = None) -> str:
        """The sub-account of a book, or of the only one."""
        return self.accounts[self._scene.book(book)]

    @property
    def exchange(self) -> LocalExchange:
        """The exchange, which opens when it is first spoken of."""
        if self._exchange is None:
            books = [self._scene.files.rulebook().books[name] for name in self._scene.accounts]
            assert books, 'Give a book first: Given the book "trend-1" with a sub-account of 15,000 USDT.'
            traded = [Market(one) for one in dict.fromkeys(name for book in books for name in book.markets)]
            data = market(self._scene.past, self.ahead, traded, self._scene.start_ms)
            serving = opened(data, self._scene.start_ms, self._held(), self._scene.slippage)
            self._exchange = self._rest.enter_context(serving)
        return self._exchange

    def keep(self, context: AbstractContextManager[Kept]) -> Kept:
        """Enter a context that ends after every process."""
        return self._rest.enter_context(context)

    def _held(self) -> dict[str, dict[str, Decimal]]:
        money = self._scene.accounts
        lacking = [name for name, amount in money.items() if amount is None]
        assert not lacking, f"Say how much {lacking[0]} has: a process that runs has no portfolio to share."
        held = {self.accounts[name]: {"USDT": amount} for name, amount in money.items() if amount is not None}
        for name, coin, amount in self._scene.holdings:
            held[self.accounts[name]][coin] = amount
        return held

    @property
    def process(self) -> LiveProcess:
        """The process that was started last."""
        assert self.processes, "No engine was started."
        return self.processes[-1]

    def start(self, store: str | None = None) -> LiveProcess:
        """Start the program in the working folder."""
        self._write_folder(self.store if store is None else store)
        self.processes.append(LiveProcess(self.folder, self.folder / "clocks"))
        return self.processes[-1]

    def start_trading(self) -> None:
        """Start the program until it trades; one that was killed keeps its lease for a moment."""
        while not self.start().begun():
            self.processes.pop()
        wait_for(lambda: self._hears_candles, "a process that listens to candles", self.process.last_words)

    @property
    def _hears_candles(self) -> bool:
        heard = self.exchange.served.application.exchange.public.heard
        return any(topic.startswith("kline.") for _, topic in heard)

    def _write_folder(self, store: str) -> None:
        members = {name: self.exchange.served.member(name) for name in self.accounts.values()}
        words = {name: name.replace("-", "_") for name in members}
        accounts = [
            f"  {name}: {{key: {words[name]}_KEY, secret: {words[name]}_SECRET, uid: '{member.uid}'}}"
            for name, member in members.items()
        ]
        settings = {
            "mode": "local",
            "exchange": self.exchange.served.http,
            "books": f"[{', '.join(self.accounts)}]",
            "rules": str(self._scene.files.write()),
            "lease_s": str(LEASE_S),
            **self.configuration,
        }
        lines = [*(f"{name}: {value}" for name, value in settings.items()), "accounts:", *accounts, ""]
        (self.folder / CONFIGURATION).write_text("\n".join(lines), encoding="utf-8")
        keys = [f"{words[name]}_KEY={one.key}\n{words[name]}_SECRET={one.secret}" for name, one in members.items()]
        (self.folder / SECRETS).write_text("\n".join([*keys, f"DATABASE_URL={store}", ""]), encoding="utf-8")

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def live_today(self) -> None:
        """Let the exchange open at midnight, and come to the present at once."""
        at_ms = now_ms()
        self._scene.start_ms = at_ms - at_ms % DAY_MS
        if DAY_MS - at_ms % DAY_MS < MIDNIGHT_MS:
            pytest.skip("It is almost midnight: the candle of today would close during this scenario.")
        self.exchange.served.pull("skip", ms=now_ms() - self._scene.start_ms)

    def close_candles(self) -> None:
        """Let the candles of a day end."""
        self.exchange.served.advance(1)
        self.days += 1

    def open_candles(self) -> None:
        """Let those of the next day begin."""
        self.exchange.served.advance(1, until="open")

    def pass_time(self, span_ms: int) -> None:
        """Let time pass at once, for the process and for the exchange, inside a candle."""
        self._passed.add(span_ms)
        self.exchange.served.pull("skip", ms=span_ms)

    @property
    def now_ms(self) -> int:
        """The time of the exchange."""
        return int(self.exchange.served.pull("state")["now_ms"])

    @property
    def candle_ms(self) -> int:
        """The moment at which the last candle has closed."""
        return self._scene.start_ms + self.days * DAY_MS

    # ── what is known of it ─────────────────────────────────────────────────────────────────────────────────────────

    def follow(self) -> Journal:
        """Read what the journal has by now; a database that is away has nothing new."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = connect(self.store, patient=True)
            for entry in entries(self._connection, self._seq):
                self._seq = entry.seq
                self.journal.watch(entry.step)
        except psycopg.errors.UndefinedTable:
            pass
        except (psycopg.Error, StoreError):
            self._hang_up()
        return self.journal

    def _hang_up(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def events(self, kind: type[EventKind]) -> list[EventKind]:
        """All events of a kind in the journal."""
        return [step.event for step in self.follow().steps if isinstance(step.event, kind)]

    def requests(self, kind: type[RequestKind]) -> list[RequestKind]:
        """All requests of a kind in the journal."""
        return [one for step in self.follow().steps for one in step.requests if isinstance(one, kind)]

    def candles_seen(self) -> list[int]:
        """The moments of all candles in the journal."""
        return [event.at_ms for event in self.events(CandleClose)]

    def sheet(self) -> dict[str, Any]:
        """What the process said of itself last; a sheet of nothing before it did."""
        with connect(self.store) as connection:
            status = live_status(connection)
        return NO_SHEET if status is None else dict(status.sheet)

    def enter(self, words: str) -> None:
        """Enter a command at a terminal in the working folder; `printed` is then everything that it says."""
        variables = {"DATABASE_URL": self.store, "COLUMNS": "200"}
        with chdir(self.folder):
            self.printed = CliRunner().invoke(app, shlex.split(words), env=variables).output

    def expect(self, found: Any, what: str) -> Any:
        """Wait until something is there; fails with what was said in the meantime."""
        return wait_for(found, what, self.told)

    def told(self) -> str:
        """What the operator and the terminal have heard."""
        # What is told again and again would hide the rest.
        notices = list(dict.fromkeys(f"{one.severity} {one.text}" for one in self.follow().notices()))
        orders = [f"{one.side} {one.quantity} {one.symbol} {one.order_id}" for one in self.exchange.received]
        terminal = self.processes[-1].last_words() if self.processes else "No engine was started."
        heard = f"The operator was told {' / '.join(notices[-8:]) or 'nothing'}. {terminal}"
        return f"{heard} The exchange was sent {', '.join(orders) or 'no order'}."

    def close(self) -> None:
        """End what is left."""
        for process in self.processes:
            if process.runs:
                process.kill()
        self._hang_up()
        self._rest.close()
