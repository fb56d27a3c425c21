"""`eternal store`, `backup`, `restore`, `replay`, `journal`: what the engine has kept."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli import options
from adapters.cli.failure import Commands, ExitCode, Failure, near

if TYPE_CHECKING:
    from adapters.postgres.chain import Entry
    from adapters.postgres.connection import Connection
    from adapters.postgres.replay import Difference
    from adapters.postgres.search import Wanted
    from adapters.postgres.status import Status
    from runtime.step import Record

FOLDER = Path("store")
URL = "DATABASE_URL"
EVERY_S, MOST_AT_ONCE = 0.5, 100_000
StoreFolder = Annotated[
    Path,
    typer.Option(
        "--store", metavar="FOLDER", help=f"The folder of the private database, where {URL} names no other one."
    ),
]

store = typer.Typer(cls=Commands, no_args_is_help=True, help="Look after the store: its state, its tables, its chain.")


def add_to(app: typer.Typer) -> None:
    """Add all commands about the store."""
    app.add_typer(store, name="store")
    for command in (backup, restore, replay, journal):
        app.command()(command)


def named_url() -> str | None:
    """Give the URL that the environment names, or the `.env` of the working folder in which one stands."""
    from adapters.cli.configuration import SECRETS, written_in

    return os.environ.get(URL) or written_in(Path(SECRETS)).get(URL)


@contextmanager
def store_url(folder: Path) -> Iterator[str]:
    """Give the URL of the database; a private server that nobody else uses is stopped afterwards.

    What is wrong with the store ends the command with its sentence.
    """
    import psycopg

    from adapters.postgres.failure import BrokenJournalError, StoreError
    from adapters.postgres.server import PrivateServer
    from runtime.codec import CodecError

    url = named_url()
    server = None if url else PrivateServer(folder)
    try:
        yield url if url else server.start()  # type: ignore[union-attr]
    except BrokenJournalError as error:
        raise Failure(str(error), ExitCode.FINDINGS) from None
    except (StoreError, CodecError, psycopg.Error) as error:
        raise Failure(str(error).strip()) from None
    finally:
        if server is not None:
            server.stop()


@contextmanager
def opened(folder: Path) -> Iterator["Connection"]:
    """Give a connection to a store whose tables are up to date; fails where there is none."""
    from adapters.postgres.connection import connect
    from adapters.postgres.migrations import migrate

    if not named_url() and not (folder / "PG_VERSION").exists():
        raise Failure(
            f"Expected a store in {folder}, found none. Name its folder with --store, or its database with {URL}.",
            ExitCode.USAGE,
        )
    with store_url(folder) as url, connect(url, patient=True) as connection:
        migrate(connection)
        yield connection


# ── eternal store … ────────────────────────────────────────────────────────────────────────────────────────────────


@store.command("status")
def tell_status(
    folder: StoreFolder = FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a machine.")] = False,
) -> None:
    """Tell what is kept, up to when, and which process writes it."""
    from adapters.cli.screen import say, say_json
    from adapters.postgres.status import status

    with opened(folder) as connection:
        found = status(connection)
    if as_json:
        say_json(_status_plain(found))
        return
    for line in _status_lines(found):
        say(line)


@store.command("rebuild")
def rebuild_tables(folder: StoreFolder = FOLDER) -> None:
    """Build the tables of orders, positions, trades and money anew from the journal."""
    from adapters.cli.screen import say
    from adapters.postgres.projections import rebuild

    with opened(folder) as connection:
        found = rebuild(connection)
    say(f"The tables are built anew from the journal, up to entry {found}.")


@store.command("verify")
def verify(folder: StoreFolder = FOLDER) -> None:
    """Check that nothing in the journal was changed, removed or put between."""
    from adapters.cli.screen import say
    from adapters.postgres.chain import checked
    from adapters.postgres.journal import entries

    with opened(folder) as connection:
        found = sum(1 for _ in checked(entries(connection)))
    say(f"The journal is sound: {found} entries, each as it was written.")


# ── eternal backup, restore ────────────────────────────────────────────────────────────────────────────────────────


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the backup.")],
    folder: StoreFolder = FOLDER,
) -> None:
    """Write the whole store into a file; the engine may go on meanwhile."""
    from adapters.cli.screen import say
    from adapters.postgres.backup import backup as write

    with opened(folder), store_url(folder) as url:
        write(url, file)
    say(f"The store is kept in {file}, {file.stat().st_size / 1_000_000:.1f} MB.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    folder: StoreFolder = FOLDER,
) -> None:
    """Read a backup into an empty database, and check all of it."""
    from adapters.cli.screen import say
    from adapters.postgres.backup import restore as read

    with store_url(folder) as url:
        found = read(url, file)
    say(f"The store is back: {found} entries, each as it was written. The engine reconciles with the exchange first.")


# ── eternal replay, journal ────────────────────────────────────────────────────────────────────────────────────────


def replay(folder: StoreFolder = FOLDER) -> None:
    """Take every decision of the journal once more, and compare it byte for byte with the one that was taken."""
    from adapters.cli.kept_rules import KeptRules
    from adapters.cli.screen import say
    from adapters.postgres.replay import replay as play

    with opened(folder) as connection:
        library = KeptRules(connection).library
        played = play(connection, lambda opening: opening.engine(library.rulebook(opening.rules), library))
    if played.difference is not None:
        raise Failure(_told(played.difference), ExitCode.FINDINGS)
    say(f"{played.entries} entries with {played.decisions} decisions came out the same, byte for byte.")


def journal(
    *,
    kind: Annotated[str | None, typer.Option(help="Only this kind of event, such as Fill.")] = None,
    book: Annotated[str | None, typer.Option(help="Only what concerns this book.")] = None,
    start: Annotated[int | None, typer.Option("--from", parser=options.moment, metavar="TIME", help="UTC.")] = None,
    end: Annotated[int | None, typer.Option("--to", parser=options.moment, metavar="TIME", help="UTC.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest entries.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print them for a machine, one a line.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl+C.")] = False,
    folder: StoreFolder = FOLDER,
) -> None:
    """Show what happened and what followed from it."""
    from adapters.postgres.search import Wanted, kinds, search

    wanted = Wanted(last, kind, book, start, end)
    with opened(folder) as connection:
        found = search(connection, wanted)
        known = [] if found or follow else kinds(connection)
        if kind is not None and known and kind not in known:
            raise Failure(
                f'Expected a kind of event in the journal, found "{kind}". {near(kind, known)}', ExitCode.USAGE
            )
        _show(found, as_json=as_json)
        if follow:
            _follow(connection, wanted, found, as_json=as_json)


def _follow(connection: "Connection", wanted: "Wanted", found: "Sequence[Entry]", *, as_json: bool) -> None:
    """Show what comes, until the person has seen enough."""
    from adapters.postgres.search import search

    pause = Event()
    try:
        while True:
            wanted = replace(wanted, after=found[-1].seq, most=MOST_AT_ONCE) if found else wanted
            pause.wait(EVERY_S)
            found = search(connection, wanted)
            _show(found, as_json=as_json)
    except KeyboardInterrupt:
        return


def _show(found: "Sequence[Entry]", *, as_json: bool) -> None:
    from adapters.cli.screen import say

    for entry in found:
        if as_json:
            typer.echo(entry.body)
        else:
            for line in _lines(entry):
                say(line)


def _told(difference: "Difference") -> str:
    from adapters.report.words import minute

    return (
        f"The replay differs at entry {difference.seq}, {difference.kind} of {minute(difference.at_ms)}, in "
        f"{difference.where}:\n  journal: {difference.journaled}\n  replay:  {difference.replayed}\n"
        "Everything before came out the same. Replay with the version of the program that wrote the journal."
    )


def _status_plain(status: "Status") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(status)


def _status_lines(status: "Status") -> Iterator[str]:
    from adapters.report.words import minute

    yield f"PostgreSQL {status.server}, schema version {status.schema}, {status.size / 1_000_000:.1f} MB"
    yield f"journal    {status.entries} entries, the last of {minute(status.last_ms)}"
    yield f"tables     up to entry {status.projected}"
    yield f"snapshot   {'none' if status.snapshot is None else f'of entry {status.snapshot}'}"
    yield f"alerts     {status.undelivered} to be delivered"
    if status.holder is None or not status.holder.alive:
        yield "writer     none"
    else:
        yield f"writer     {status.holder.name}, epoch {status.holder.epoch}"


def _lines(entry: "Entry") -> Iterator[str]:
    """An entry in words: its event, and below it what followed."""
    from adapters.report.words import minute
    from runtime.outcome_words import told

    step = entry.step
    yield f"{entry.seq:>8}  {minute(entry.at_ms)}  {entry.kind}  {_fields(step.event)}".rstrip()
    followed = [_followed(record) for record in step.records]
    asked = [("asked:", told(request) or type(request).__name__) for request in step.requests]
    for words in (*followed, *asked):
        yield " " * 10 + " ".join(filter(None, words))


def _followed(record: "Record") -> tuple[str, ...]:
    from runtime.step import Decision, LevelMove, Notice, Transition

    if isinstance(record, Notice):
        return record.severity, record.book, record.text
    if isinstance(record, LevelMove):
        return "breaker:", f"{record.before} to {record.after}"
    if isinstance(record, Transition):
        return record.book, record.symbol, f"{record.trigger}:", f"{record.before} to {record.after}"
    if isinstance(record, Decision):
        return record.book, record.symbol, f"{record.rule}:", f"{record.before} to {record.after}"
    return type(record).__name__, _fields(record)


def _fields(message: object) -> str:
    slots: tuple[str, ...] = type(message).__slots__  # type: ignore[attr-defined]
    return " ".join(f"{name}={_short(getattr(message, name))}" for name in slots if name != "at_ms")


def _short(value: object) -> str:
    return f"{len(value)} of them" if isinstance(value, tuple) else str(value)
