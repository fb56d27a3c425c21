"""A real engine in a real loop with a real journal, on the simulated exchange at a price that a test sets."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import polars as pl

from adapters.cli.kept_rules import rule_files_of
from adapters.cli.places import packaged_rules
from adapters.cli.rulebook import in_force
from adapters.cli.spared_rules import read_rules
from adapters.clock import Stopwatch
from adapters.postgres.commands import CommandReader
from adapters.postgres.connection import connect
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.lease import Lease
from adapters.postgres.live_status import StatusRow
from adapters.postgres.openings import Instruments, Opening, write_opening
from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.capital import portfolio_of, wallets_of
from runtime.engine import Engine
from runtime.events import Candle, CandleClose
from runtime.inbox import EventInbox
from runtime.instrument import Market
from runtime.loop import Loop
from runtime.market_data import Key
from runtime.requests import Request

DAY_MS = 86_400_000
START_MS = 20_000 * DAY_MS
BOOK, ACCOUNT = "core-hodl", "CORE-HODL"
PRICES = {"BTCUSDT": 50_000.0, "ETHUSDT": 2_500.0}
DEADLINE_S = 20.0


def opening_of(engine: Engine, candles: Mapping[Key, pl.DataFrame], instruments: Instruments) -> Opening:
    """Give the opening of an engine that is about to take its next event."""
    books = tuple(engine.books)
    return Opening(engine.sequence, engine.rulebook.version, books, instruments, engine.to_plain(), candles)


class Outside:
    """Venue and clock: orders are served at once at the price of the day."""

    def __init__(self, inbox: EventInbox, wallets: Mapping[str, Mapping[str, Decimal]]) -> None:
        self.now, self._inbox = START_MS, inbox
        settings = ExchangeSettings(slippage=Decimal(0))
        self.exchange = SimulatedExchange(load_instruments(), settings, wallets)

    def now_ms(self) -> int:
        return self.now

    def send(self, request: Request) -> None:
        for event in (*self.exchange.submit(request, self.now), *self.exchange.open(self.bars())):
            self._inbox.put(event)

    def bars(self) -> tuple[Candle, ...]:
        return tuple(
            Candle(Market.SPOT, symbol, "1d", self.now - DAY_MS, self.now, price, price, price, price, 1e6)
            for symbol, price in PRICES.items()
        )

    def day(self) -> None:
        """Let a day pass."""
        self.now += DAY_MS
        self._inbox.put(CandleClose(self.now, self.bars()))


class Running:
    """An engine that runs in a thread, from a store and into it."""

    def __init__(self, url: str) -> None:
        self.url, self.inbox = url, EventInbox()
        rulebook, instruments = in_force(packaged_rules()), load_instruments()
        shares, capital = {BOOK: Decimal(1)}, Decimal(100_000)
        self.outside = Outside(self.inbox, wallets_of(rulebook, shares, capital))
        self.engine = Engine(rulebook, (BOOK,), portfolio_of(rulebook, shares, capital, instruments), instruments)
        with connect(url, patient=True) as connection:
            self.lease = Lease.acquire(connection, "the engine")
            files = rule_files_of(read_rules(packaged_rules(), "").whole())
            write_opening(connection, opening_of(self.engine, {}, instruments), files)
        self.journal = PostgresJournal(lambda: url, self.lease, rulebook.version)
        self.status, self.stopping = StatusRow(lambda: url, "local"), False
        self.loop = Loop(self.engine, self.journal, self.outside, self.inbox, self.outside)

    @contextmanager
    def trading(self) -> Iterator["Running"]:
        """Run until the end of the block; commands are read meanwhile."""
        thread = threading.Thread(target=self._trade)
        thread.start()
        try:
            with CommandReader(lambda: self.url, self.lease, self.inbox, self.outside), self.status:
                until(lambda: self.engine.ready)
                yield self
        finally:
            self.stopping = True
            thread.join(DEADLINE_S)
            self.journal.close()

    def _trade(self) -> None:
        self.loop.start()
        while not self.stopping:
            self.loop.turn(0.01)
            self.status.look(self.engine, self.outside.now)

    def day(self) -> None:
        """Let a day pass, and wait until it is over for the engine."""
        self.outside.day()
        until(lambda: len(self.inbox) == 0 and self.engine.world.board.moment.now_ms >= self.outside.now)

    def held(self) -> Decimal:
        """What is held of BTC on the exchange, but for dust that can't be sold."""
        held = self.outside.exchange.wallet(ACCOUNT).get("BTC", Decimal(0))
        return held.quantize(Decimal("0.0001"))


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that another thread brings about."""
    watch = Stopwatch()
    while not condition():
        assert watch.elapsed_s() < DEADLINE_S, "it did not come true"
        threading.Event().wait(0.01)
