"""An exchange that is started with the engine and ends with it, for whoever has none running."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from urllib.request import urlopen

import psycopg

from adapters.cli.child import START_S, Child, child
from adapters.cli.configuration import OWN, WorkingFolder
from adapters.cli.exchange import STATE
from adapters.cli.failure import Failure
from adapters.cli.places import existing
from adapters.cli.plan import DEFAULT_CAPITAL
from adapters.cli.rulebook import books_named, in_force
from adapters.cli.run_mode import RunMode
from adapters.cli.wallets import HANDED_OUT, WALLETS, write_wallets
from adapters.cli.wanted import looked_at, needed
from adapters.cli.writer import URL, store_locator
from adapters.clock import Stopwatch
from adapters.postgres.connection import connect
from adapters.postgres.failure import StoreError
from rules.language.rulebook import Rulebook
from runtime.capital import RESERVE

LOG = "exchange.log"
MARKET = ("--generated", "--speed", "60")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
LOOK_S, ANSWER_S = 0.2, 5.0
WROTE = "SELECT seq FROM journal LIMIT 1"
Say = Callable[[str], None]


def is_own(folder: WorkingFolder) -> bool:
    """Whether a working folder names no exchange that is running."""
    return folder.configuration.mode.stays_here and folder.configuration.exchange in (None, OWN)


@contextmanager
def exchange_of(folder: WorkingFolder, say: Say) -> Iterator[WorkingFolder]:
    """Start the exchange that a working folder lacks, and give the folder with its address.

    Where the exchange ends by itself this process is asked to stop, and the end is told as a Failure.
    """
    if not is_own(folder):
        yield folder
        return
    if not _goes_on(folder):
        _refuse_an_old_store(folder)
    with child("The exchange", _words(folder), folder.place(Path(LOG))) as begun:
        address = address_of(begun)
        say(f"The exchange of this engine is at {address}; it ends with the engine.")
        own = {"exchange": address, "keys": folder.configuration.keys or Path(HANDED_OUT), "main": RESERVE}
        with _stopped_with(begun):
            yield replace(folder, configuration=folder.configuration.model_copy(update=own))


def address_of(exchange: Child) -> str:
    """Wait until an exchange that was started answers, and give its address; fails where it doesn't."""
    told = exchange.until("The exchange is at")
    found = ADDRESS.search(told)
    if found is None:
        raise Failure(f'Expected the exchange to tell an address on this machine, found "{told}".')
    watch = Stopwatch()
    while not _answers(found[0]):
        exchange.insist()
        if watch.elapsed_s() > START_S:
            raise Failure(f"Expected an answer from the exchange at {found[0]} within {START_S:g} s, found none.")
    return found[0]


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/control/state", timeout=ANSWER_S):
            return True
    except OSError:
        Event().wait(LOOK_S)
        return False


@contextmanager
def _stopped_with(exchange: Child) -> Iterator[None]:
    """Ask this process to stop when the exchange has ended, and then say so."""
    ended = Event()

    def watch() -> None:
        while not ended.wait(LOOK_S):
            if exchange.code is not None:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = Thread(target=watch, name="own exchange", daemon=True)
    thread.start()
    try:
        yield
    except (Failure, KeyboardInterrupt):
        exchange.insist()
        raise
    finally:
        ended.set()
        thread.join()
    exchange.insist()


def _words(folder: WorkingFolder) -> list[str]:
    configuration = folder.configuration
    wallets = folder.place(Path(WALLETS))
    if not wallets.exists():
        write_wallets(wallets, _rules(folder), configuration.books, DEFAULT_CAPITAL)
    market = configuration.market or MARKET
    if configuration.mode is RunMode.PAPER:
        symbols = (word for symbol in _symbols(_rules(folder), configuration.books) for word in ("--symbol", symbol))
        market = ("--paper", "--state", str(folder.place(STATE)), *symbols, *configuration.market)
    keys = folder.place(configuration.keys or Path(HANDED_OUT))
    return ["exchange", *market, "--accounts", str(wallets), "--keys", str(keys)]


def _rules(folder: WorkingFolder) -> Rulebook:
    return in_force(existing(folder.place(folder.configuration.rules)), folder.configuration.environment)


def _symbols(rulebook: Rulebook, names: tuple[str, ...]) -> tuple[str, ...]:
    """Give what the books trade and look at, each symbol once."""
    books = books_named(rulebook, names)
    return tuple(dict.fromkeys(symbol for _, symbol, _ in (*needed(rulebook, books), *looked_at(rulebook, books))))


def _goes_on(folder: WorkingFolder) -> bool:
    """Whether the exchange that is started is the one that the store knows."""
    return folder.configuration.mode is RunMode.PAPER and folder.place(STATE).exists()


def _refuse_an_old_store(folder: WorkingFolder) -> None:
    """Such an exchange begins anew each time, and knows nothing of what a store remembers of an earlier one."""
    if not folder.variables.get(URL) and not (folder.place(folder.configuration.store) / "PG_VERSION").exists():
        return
    try:
        with connect(store_locator(folder)()) as connection:
            found = connection.execute(WROTE).fetchone()
    except psycopg.errors.UndefinedTable:
        return
    except (StoreError, psycopg.Error) as error:
        raise Failure(str(error).strip()) from None
    if found is not None:
        raise Failure(
            "Expected a store without a journal, found one that belongs to an exchange which is gone: an exchange of "
            "the engine's own begins anew with each start. Name another `store:` in the configuration, or start "
            "`eternal exchange` by itself and write its address behind `exchange:`; that one outlives the engine."
        )
