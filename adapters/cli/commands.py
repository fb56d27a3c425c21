"""What the running engine is told: `eternal pause`, `resume`, `flatten`, `halt`, `ack`, `purchase`, `reload`, …"""

import getpass
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.store import FOLDER, StoreFolder, opened

if TYPE_CHECKING:
    from adapters.postgres.commands import Answer
    from adapters.postgres.connection import Connection

SOURCE = "terminal"
PATIENCE_S, RELOAD_S = 15.0, 300.0
RELOAD = "reload"
Book = Annotated[str, typer.Argument(metavar="[BOOK]", help="Only this book; without it, all of them.")]
OneBook = Annotated[str, typer.Argument(metavar="BOOK", help="The book.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; kept in the journal. Asked for where missing.")]
Queue = Annotated[bool, typer.Option("--queue", help="Leave it for the next start where no engine is running.")]
Patience = Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for an answer.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer for a machine.")]
Buy = Annotated[bool, typer.Option("--confirm", help="Buy; without this it is only told what would be bought.")]
Leave = Annotated[bool, typer.Option("--confirm", help="Also while the halt is not complete: what is left stays.")]

OF_ANY_BOOK = {
    "pause": "Open nothing more and take back what is on its way; exits and stops go on.",
    "resume": "Let entries pass again.",
    "flatten": "Close what is held; pause it as well, or its rules may buy again.",
    "adopt": "Take what the exchange has and no book knows of into the books.",
    "close_orphan": "Close what the exchange has and no book knows of.",
}
OF_ONE_BOOK = {
    "unfence": "Let a book or an account that was fenced off trade again.",
    "retire": "Close what a book holds and give it no share any more.",
    "reinstate": "Take a retired book back.",
}


@dataclass(frozen=True, slots=True)
class Way:
    """How a command goes to the engine and its answer comes back; `wait_s` is how long that may take."""

    store: Path
    queue: bool
    wait_s: float
    as_json: bool


def add_to(app: typer.Typer) -> None:
    """Add all commands to the engine."""
    for name, words in OF_ANY_BOOK.items():
        app.command(name.replace("_", "-"), help=words)(_of_any_book(name))
    for name, words in OF_ONE_BOOK.items():
        app.command(name, help=words)(_of_one_book(name))
    app.command()(halt)
    app.command("ack")(acknowledge)
    app.command()(purchase)
    app.command()(reload)


def _of_any_book(name: str) -> Callable[..., None]:
    def command(
        book: Book = "",
        reason: Reason = None,
        queue: Queue = False,
        wait: Patience = PATIENCE_S,
        as_json: AsJson = False,
        folder: StoreFolder = FOLDER,
    ) -> None:
        tell(name, reason, Way(folder, queue, wait, as_json), book)

    return command


def _of_one_book(name: str) -> Callable[..., None]:
    def command(
        book: OneBook,
        reason: Reason = None,
        queue: Queue = False,
        wait: Patience = PATIENCE_S,
        as_json: AsJson = False,
        folder: StoreFolder = FOLDER,
    ) -> None:
        tell(name, reason, Way(folder, queue, wait, as_json), book)

    return command


def halt(
    reason: Reason = None,
    queue: Queue = False,
    wait: Patience = PATIENCE_S,
    as_json: AsJson = False,
    folder: StoreFolder = FOLDER,
) -> None:
    """Begin an emergency halt: close everything and trade no more until it is acknowledged."""
    tell("halt", reason, Way(folder, queue, wait, as_json))


def acknowledge(
    *,
    confirm: Leave = False,
    reason: Reason = None,
    queue: Queue = False,
    wait: Patience = PATIENCE_S,
    as_json: AsJson = False,
    folder: StoreFolder = FOLDER,
) -> None:
    """Leave an emergency halt, and trade again with small sizes at first."""
    tell("acknowledge", reason, Way(folder, queue, wait, as_json), confirmed=confirm)


def purchase(
    book: Annotated[str, typer.Argument(metavar="[BOOK]", help="The book, where several buy on a schedule.")] = "",
    *,
    confirm: Buy = False,
    reason: Reason = None,
    queue: Queue = False,
    wait: Patience = PATIENCE_S,
    as_json: AsJson = False,
    folder: StoreFolder = FOLDER,
) -> None:
    """Make up for a scheduled purchase that was missed."""
    tell("purchase", reason, Way(folder, queue, wait, as_json), book, confirmed=confirm)


def reload(
    reason: Reason = None,
    wait: Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long it may take.")] = RELOAD_S,
    as_json: AsJson = False,
    folder: StoreFolder = FOLDER,
) -> None:
    """Let the running engine read its rule files again: checked, proved and tested first, and taken only when good.

    What holds something keeps the version that it has until it is flat, unless its book says `adopt`.
    """
    from adapters.cli.reload_answer import print_answer

    way = Way(folder, False, wait, as_json)
    command_id, answer = asked(RELOAD, reason, way)
    print_answer(command_id, answer, way)


# ── there and back ─────────────────────────────────────────────────────────────────────────────────────────────────


def tell(name: str, reason: str | None, way: Way, book: str = "", *, confirmed: bool = False) -> None:
    """Ask the running engine for something and print what it answers; fails where it is refused or nobody answers."""
    _print(*asked(name, reason, way, book, confirmed=confirmed), way)


def asked(
    name: str, reason: str | None, way: Way, book: str = "", *, confirmed: bool = False
) -> "tuple[str, Answer | None]":
    """Ask the running engine for something and give the command's id with the answer; None where it only waits."""
    from adapters.postgres.commands import Asked, ask
    from adapters.postgres.lease import holder_of

    wanted = Asked(name, book, whoever_asks(), reason_or_ask(reason), SOURCE, confirmed)
    with opened(way.store) as connection:
        holder = holder_of(connection)
        running = holder is not None and holder.alive
        if not running and not way.queue:
            raise Failure(NOT_RUNNING)
        command_id = ask(connection, wanted)
        return command_id, _answer(connection, command_id, way) if running else None


NOT_RUNNING = (
    "No engine is running on this store, so nobody was told. Start it with `eternal run`, or leave the command for its "
    "next start with --queue. To close positions without the engine: eternal break-glass."
)


def _answer(connection: "Connection", command_id: str, way: Way) -> "Answer | None":
    """Wait for the answer; whoever stops waiting takes back what the engine has not taken."""
    from adapters.postgres.commands import answer_to, withdraw

    try:
        answer = answer_to(connection, command_id, way.wait_s)
    except KeyboardInterrupt:
        withdraw(connection, command_id)
        raise
    if answer is not None or way.queue:
        return answer
    if withdraw(connection, command_id):
        raise Failure(
            f"The engine has not taken the command within {way.wait_s:g} s, and it was taken back: nothing is done. "
            "Look whether the engine is well (eternal status), or leave the command for it with --queue."
        )
    raise Failure(
        f"The engine has taken the command but not answered within {way.wait_s:g} s. It will be carried out unless the "
        "engine refuses it; the answer is going to stand in the journal: eternal journal --kind OperatorCommand"
    )


def _print(command_id: str, answer: "Answer | None", way: Way) -> None:
    from adapters.cli.screen import say, say_json

    if way.as_json:
        said = None if answer is None else asdict(answer)
        say_json({"command": command_id, "queued": answer is None, "answer": said})
    elif answer is None:
        say("It waits for the engine, which takes it when it runs.")
    elif answer.carried_out:
        for sentence in answer.sentences:
            say(sentence)
    if answer is not None and not answer.carried_out:
        raise Failure(" ".join(answer.sentences), ExitCode.FINDINGS)


def whoever_asks() -> str:
    """Name the person as user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def reason_or_ask(reason: str | None) -> str:
    """Return the reason; a person at a terminal is asked for one that is missing, and a program is refused."""
    if reason is None and sys.stdin.isatty():
        reason = typer.prompt("Why", err=True)
    if reason is None or not reason.strip():
        raise Failure('Expected a reason, found none. Say why, such as --reason "maintenance".', ExitCode.USAGE)
    return reason.strip()
