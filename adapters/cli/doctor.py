"""`eternal doctor`: whether everything around an engine is as it has to be."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from adapters.cli.configuration import WorkingFolder
    from adapters.cli.counter import Counter
    from adapters.cli.trading import Trading

LEAST_FREE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at; `good` None: it works, but should be seen to."""

    what: str
    good: bool | None
    sentence: str


def doctor(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The working folder with eternal.yaml.")] = Path(),
) -> None:
    """Look at configuration, rules, database, disk, exchange, clock, keys, symbols and phase; say what to do.

    The exit code is 0 when an engine could start, 1 when not. Nothing is traded.
    """
    from adapters.cli.failure import ExitCode
    from adapters.cli.screen import say

    bad = False
    for found in _examined(folder):
        mark = {True: "✓", False: "✗", None: "!"}[found.good]
        first, *more = found.sentence.splitlines()
        say(f"{mark} {found.what:<14}{first}")
        for line in more:
            say(f"{'':<16}{line}")
        bad = bad or found.good is False
    if bad:
        raise typer.Exit(ExitCode.FINDINGS)


def _examined(folder: Path) -> Iterator[Found]:
    """Look at one thing after the other; what rests on something that is bad isn't looked at."""
    from adapters.cli.configuration import working_folder
    from adapters.cli.failure import Failure
    from adapters.cli.own_exchange import exchange_of, is_own

    try:
        opened = working_folder(folder)
        yield Found("configuration", True, f"mode {opened.configuration.mode}")
    except Failure as failure:
        yield Found("configuration", False, str(failure))
        return
    if is_own(opened):
        yield Found("exchange", True, "none is named: one is started with the engine")
        try:
            with exchange_of(opened, lambda _: None) as complete:
                yield from _around(complete)
        except Failure as failure:
            yield Found("exchange", False, str(failure))
        return
    yield from _around(opened)


def _around(opened: "WorkingFolder") -> Iterator[Found]:
    from adapters.cli.trading import trading_of
    from adapters.cli.writer import server_of

    try:
        trading = trading_of(opened)
        yield Found("rules", True, f"version {trading.rulebook.version}, books {', '.join(trading.names)}")
    except Exception as error:
        yield Found("rules", False, str(error))
        return
    with server_of(opened):
        yield _looked("database", lambda: _database(trading))
    yield _looked("disk", lambda: _disk(trading))
    yield from _of_exchange(trading)


def _looked(what: str, look: Callable[[], str]) -> Found:
    from adapters.bybit.client import NOT_ANSWERED
    from adapters.cli.failure import Failure

    try:
        return Found(what, True, look())
    except (Failure, OSError, *NOT_ANSWERED) as problem:
        return Found(what, False, str(problem))


def _database(trading: "Trading") -> str:
    import psycopg

    from adapters.cli.failure import Failure
    from adapters.cli.writer import store_locator
    from adapters.postgres.connection import connect
    from adapters.postgres.failure import StoreError
    from adapters.postgres.migrations import migrate
    from adapters.postgres.status import status

    try:
        with connect(store_locator(trading.folder)(), patient=True) as connection:
            migrate(connection)
            found = status(connection)
    except (StoreError, psycopg.Error) as error:
        raise Failure(str(error).strip()) from None
    writer = "nobody writes it" if found.holder is None or not found.holder.alive else f"{found.holder.name} writes it"
    return f"PostgreSQL {found.server}, {found.entries} entries, {writer}"


def _disk(trading: "Trading") -> str:
    from adapters.cli.failure import Failure

    free = shutil.disk_usage(trading.folder.path).free
    if free < LEAST_FREE:
        raise Failure(f"Only {free / 1e9:.2f} GB are free on the disk of {trading.folder.path}; make room.")
    return f"{free / 1e9:.1f} GB free"


def _of_exchange(trading: "Trading") -> Iterator[Found]:
    from contextlib import closing

    from adapters.cli.counter import Counter
    from adapters.cli.failure import Failure

    try:
        counter = Counter(trading)
    except Failure as failure:
        yield Found("exchange", False, str(failure))
        return
    with closing(counter):
        yield Found("exchange", True, f"{counter.hosts.rest} answers")
        yield _clock(counter)
        yield from _keys(counter)
        yield _looked("symbols", lambda: f"{len(counter.instruments())} of the books are traded there")
        yield from _phase(trading, counter)


def _clock(counter: "Counter") -> Found:
    from adapters.bybit.client import RECEIVE_WINDOW_MS
    from adapters.bybit.hosts import Mode
    from adapters.bybit.offset import NOTICEABLE_MS

    if counter.hosts.mode is Mode.LOCAL:
        return Found("clock", True, "the exchange on this machine has a time of its own")
    offset = counter.offset
    apart = max(0, abs(offset.ahead_ms) - offset.accuracy_ms)
    told = f"this machine's clock is {abs(offset.ahead_ms)} ms {'ahead' if offset.ahead_ms > 0 else 'behind'}"
    if apart <= NOTICEABLE_MS:
        return Found("clock", True, told)
    good = False if apart > RECEIVE_WINDOW_MS else None
    return Found("clock", good, f"{told}; switch on time synchronisation (NTP).")


def _keys(counter: "Counter") -> Iterator[Found]:
    from adapters.bybit.client import NoAnswerError

    try:
        problems = counter.problems()
    except NoAnswerError as error:
        yield Found("keys", False, str(error))
        return
    for problem in problems:
        yield Found("keys", False if problem.fatal else None, problem.text)
    if not problems:
        yield Found("keys", True, "each belongs to another account, may trade, and may not withdraw")


def _phase(trading: "Trading", counter: "Counter") -> Iterator[Found]:
    from decimal import Decimal

    from adapters.cli.real_money import allowed
    from adapters.cli.run_mode import RunMode

    if trading.folder.configuration.mode is RunMode.LIVE:

        def look() -> str:
            capital = sum((counter.wallet(name).worth for name in trading.accounts), Decimal(0))
            told = allowed(trading, capital)
            return "\n".join([f"trading may start with {capital:.2f} USDT", *told])

        yield _looked("phase", look)
