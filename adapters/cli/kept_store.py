"""The store of a running engine: held for writing by one process, and where its engine begins."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import psycopg

from adapters.bybit.exchange import Plan
from adapters.cli.configuration import WorkingFolder
from adapters.cli.counter import Counter, Instruments
from adapters.cli.failure import Failure
from adapters.cli.kept_rules import rule_files_of
from adapters.cli.trading import Trading
from adapters.cli.writer import store_locator
from adapters.postgres.connection import Connection, connect
from adapters.postgres.failure import StoreError
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.lease import GRACE_S, TTL_S, Lease
from adapters.postgres.migrations import migrate
from adapters.postgres.openings import Opening, keep_rules, openings, write_opening
from adapters.postgres.resume import resume
from adapters.postgres.snapshots import Snapshot, take_snapshot
from runtime.codec import CodecError
from runtime.engine import Engine
from runtime.library import Library
from runtime.portfolio import Portfolio

WRITER = "eternal run"
DAY_MS = 86_400_000
FIRST = "SELECT at_ms FROM journal ORDER BY seq LIMIT 1"
LAST = "SELECT max(at_ms) FROM journal"
LAST_CANDLES = "SELECT max(at_ms) FROM journal WHERE kind = 'CandleClose'"


@dataclass(frozen=True, slots=True)
class Store:
    """A database with up-to-date tables, which this process alone may write."""

    find: Callable[[], str]
    connection: Connection
    lease: Lease

    def journal(self, rules: str) -> PostgresJournal:
        """Open the journal under a version of the rule files."""
        return PostgresJournal(self.find, self.lease, rules)

    def moment(self, question: str) -> int | None:
        """Ask the journal for a moment in milliseconds UTC; None where it is empty."""
        row = self.connection.execute(question.encode()).fetchone()
        return None if row is None else row[0]


@contextmanager
def held(folder: WorkingFolder) -> Iterator[Store]:
    """Give the store of a working folder, and let the next process have it afterwards.

    Fails at once, with the name of the holder, where another process writes it.
    """
    find, lease_s = store_locator(folder), folder.configuration.lease_s
    try:
        with connect(find()) as connection:
            migrate(connection)
            lease = Lease.acquire(connection, WRITER, lease_s, GRACE_S * lease_s / TTL_S)
            try:
                yield Store(find, connection, lease)
            finally:
                _give_back(lease, find)
    except (StoreError, CodecError, psycopg.Error) as error:
        raise Failure(str(error).strip()) from None


def _give_back(lease: Lease, find: Callable[[], str]) -> None:
    """Release the lease; where the database is away it runs out by itself."""
    try:
        with connect(find()) as connection:
            lease.release(connection)
    except (StoreError, psycopg.Error):
        return


@dataclass(frozen=True, slots=True)
class Standing:
    """An engine that stands where its journal ends, and from when on it has to hear the news."""

    engine: Engine
    instruments: Instruments
    plan: Plan
    counts_from_ms: int


def resumed(store: Store, library: Library) -> Engine | None:
    """Give the engine where the journal ends; None where nothing was ever journaled."""
    found = resume(store.connection, library)
    return found.engine if found is not None and found.engine.sequence else None


def stand(store: Store, trading: Trading, counter: Counter, resumed: Engine | None, library: Library) -> Standing:
    """Make the engine, from the journal or for the first time, and keep how it stands at its opening."""
    if resumed is not None:
        _check_owner(resumed, trading)
    instruments = counter.instruments()
    now_ms = counter.clock.now_ms()
    seen_ms = now_ms if resumed is None else _seen_ms(store, now_ms)
    engine = _first(trading, counter, instruments) if resumed is None else resumed
    state = json.loads(json.dumps(engine.to_plain(), allow_nan=False))
    candles = counter.candles(trading.series, seen_ms)
    files = rule_files_of(trading.rules)
    name = files.name if resumed is None else resumed.versions.name
    opening = Opening(engine.sequence, name, tuple(engine.books), instruments, state, candles)
    write_opening(store.connection, opening, files)
    keep_rules(store.connection, files.name, files)
    first_ms = now_ms if resumed is None else store.moment(FIRST) or now_ms
    last_ms = now_ms if resumed is None else store.moment(LAST) or now_ms
    plan = Plan(trading.series, seen_ms, max(first_ms, last_ms - DAY_MS), counter.watch())
    return Standing(opening.engine(library.rulebook(name), library), instruments, plan, first_ms)


def _check_owner(engine: Engine, trading: Trading) -> None:
    then, now = _whose(engine), (sorted(trading.all_names), sorted(trading.accounts))
    if then != now:
        raise Failure(
            f"Expected the books {', '.join(then[0])} in the accounts {', '.join(then[1])}, which this store belongs "
            f"to, found {', '.join(now[0])} in {', '.join(now[1])}. Use another store for them."
        )


def _whose(engine: Engine) -> tuple[list[str], list[str]]:
    """The books and accounts of an engine, also of books that have never run because of their files."""
    return sorted({*engine.books, *engine.fences.faulty}), sorted(engine.portfolio.accounts)


def _first(trading: Trading, counter: Counter, instruments: Instruments) -> Engine:
    """Make an engine that has never run, with what is in its accounts."""
    wallets = {name: dict(counter.wallet(name).coins) for name in trading.accounts}
    lent = {name: counter.lent(name) for name in trading.accounts}
    for name, coins in lent.items():
        for coin, amount in coins.items():
            wallets[name][coin] = wallets[name].get(coin, Decimal(0)) + amount
    portfolio = Portfolio(instruments, wallets)
    for name, coins in lent.items():
        for coin, amount in coins.items():
            portfolio.lend(name, coin, amount)
    return Engine(trading.rulebook, trading.names, portfolio, instruments)


def _seen_ms(store: Store, now_ms: int) -> int:
    """Tell until when the engine has seen every candle."""
    opening = next(iter(deque(openings(store.connection), maxlen=1)))
    known = [int(frame.item(-1, "close_ms")) for frame in opening.candles.values() if frame.height]
    journaled = store.moment(LAST_CANDLES)
    return max([*known, *([] if journaled is None else [journaled])], default=now_ms)


def remember(journal: PostgresJournal, engine: Engine) -> None:
    """Keep what the engine remembers, so that the next start plays nothing twice."""
    snapshot = Snapshot(engine.sequence, engine.versions.name, engine.to_plain())
    take_snapshot(journal.connection, snapshot, journal.hash)
