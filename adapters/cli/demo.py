"""`eternal demo`: all engines trade for a minute, on an exchange of this machine whose market makes months of it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from adapters.cli.demo_view import DemoView
    from adapters.postgres.server import PrivateServer

SECONDS = 60.0
# On a machine that is busy with other things a minute may be too short for the rarest engine.
OVERTIME_S = 120.0


def demo(
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep market, rules, store and logs in this folder.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="How long the engines trade; longer where one has not traded yet.")
    ] = SECONDS,
) -> None:
    """Show all engines at work: they trade live, on an exchange of this machine with a made-up market.

    Needs no network, no account, no key, no database. A minute is months of the market. Then it tells what happened,
    and explains one trade of each engine. Ctrl+C ends the trading early.
    """
    with _folder(keep) as folder:
        _show(folder, seconds)
        _tell_last(folder, kept=keep is not None)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    # A process that is just ending may still write into the folder.
    with TemporaryDirectory(prefix="eternal-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _show(folder: Path, seconds: float) -> None:
    from adapters.cli.demo_desk import STORE
    from adapters.cli.demo_story import tell
    from adapters.cli.demo_view import DemoView
    from adapters.postgres.connection import connect
    from adapters.postgres.failure import StoreError
    from adapters.postgres.server import PrivateServer

    _tell_first()
    server = PrivateServer(folder / STORE)
    try:
        view = DemoView(seconds)
        _trade(folder, server, view)
        with connect(server.start()) as connection:
            tell(connection)
    finally:
        with suppress(StoreError):
            server.stop()


def _trade(folder: Path, server: "PrivateServer", view: "DemoView") -> None:
    """Start everything, let the market go on for as long as it is wanted, and end the engine, which stops its store."""
    from adapters.cli.child import child
    from adapters.cli.conductor import Conductor
    from adapters.cli.demo_desk import all_traded, exchange_words, prepare, write_configuration
    from adapters.cli.own_exchange import address_of
    from adapters.postgres.connection import connect

    with ExitStack() as stack:
        view.step("drawing five years of a market")
        prepare(folder)
        view.step("starting the exchange")
        exchange = stack.enter_context(child("The exchange", exchange_words(folder), folder / "exchange.log"))
        address = address_of(exchange)
        write_configuration(folder, address)
        view.step("starting the engine and its database")
        # Its own one, whatever database the person works with; and where this process is killed, the engine stops it.
        variables = {"DATABASE_URL": ""}
        engine = stack.enter_context(child("The engine", ["run", str(folder)], folder / "engine.log", variables))
        engine.until("the engine trades")
        url = server.start()
        connection = stack.enter_context(connect(url, patient=True))

        def ended() -> None:
            for one in (engine, exchange):
                one.insist()

        conductor = Conductor(address, connection, ended)
        with view.watching(url, conductor):
            while view.left_s or (view.overtime_s < OVERTIME_S and not all_traded(conductor.traded_in)):
                if not conductor.pass_moment():
                    break


def _tell_first() -> None:
    from adapters.cli.screen import say, screen

    screen().print("The Eternal Engine, live on a SYNTHETIC market", style="bold")
    say(
        "Every price was drawn by a seeded random generator: the results show how the engine works, and say nothing "
        "about real markets."
    )


def _tell_last(folder: Path, *, kept: bool) -> None:
    from adapters.cli.screen import say

    if not kept:
        say("Nothing of it is left; `eternal demo --keep DIR` keeps market, rules, store and logs in a folder.")
        return
    store = folder / "store"
    say(f"Everything is in {folder}. Ask its store, for example:")
    say(f"  eternal explain live --store {store}")
    say(f"  eternal replay --store {store}")
