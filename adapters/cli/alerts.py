"""`eternal alerts`: who is told, what waits to be told, and whether a channel works."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.failure import Commands, ExitCode, Failure, near
from adapters.cli.store import FOLDER, StoreFolder, opened, store_url

if TYPE_CHECKING:
    from adapters.alerts.channels import Channels
    from adapters.postgres.outbox import Listed
    from rules.language.routes import Routes

Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="FOLDER", help="The rule files; else those of this folder or shipped.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it for a machine.")]

alerts = typer.Typer(cls=Commands, no_args_is_help=True, help="Who is told what, and what waits to be told.")


@alerts.command("test")
def try_out(
    channel: Annotated[str | None, typer.Argument(metavar="[CHANNEL]", help="Only this channel; else all.")] = None,
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """Send a message to the channels of the rules, and tell which of them took it."""
    from adapters.alerts.message import Message
    from adapters.cli.screen import say, say_json

    channels = _channels(rules)
    names = _chosen(channel, (*channels.used, *channels.unused))
    message = Message("Eternal Engine", "This is a test: alerts arrive here.", "P3")
    found = {name: _tried(channels, name, message) for name in names}
    channels.close()
    if as_json:
        say_json(found)
    else:
        for name, words in found.items():
            say(f"{name}: {words}")
    if any(words != TAKEN for words in found.values()):
        raise typer.Exit(ExitCode.FINDINGS)


@alerts.command("list")
def show(
    last: Annotated[int, typer.Option(min=1, help="How many of the newest alerts.")] = 50,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that nobody has got yet.")] = False,
    folder: StoreFolder = FOLDER,
    as_json: AsJson = False,
) -> None:
    """Show the newest alerts, and where each has arrived."""
    from dataclasses import asdict

    from adapters.cli.screen import say, say_json
    from adapters.postgres.outbox import listed

    with opened(folder) as connection:
        found = listed(connection, last, waiting)
    if as_json:
        say_json({"alerts": [asdict(one) for one in found]})
        return
    for one in found:
        say(_line(one))
    if not found:
        say("Nothing waits." if waiting else "Nothing has been told yet.")


@alerts.command("acknowledge")
def acknowledge(folder: StoreFolder = FOLDER) -> None:
    """Stop the repeating of alerts that have arrived; a halted engine stays halted until `eternal ack`."""
    from adapters.cli.screen import say
    from adapters.clock import now_ms
    from adapters.postgres.outbox import PostgresOutbox

    with opened(folder), store_url(folder) as url:
        outbox = PostgresOutbox(lambda: url)
        found = outbox.acknowledge(now_ms())
        outbox.close()
    say("Nothing is being repeated." if not found else f"{found} alert{'' if found == 1 else 's'} acknowledged.")


TAKEN = "took the message"


def _tried(channels: "Channels", name: str, message: Any) -> str:
    if name in channels.unused:
        return f"not in use, {channels.unused[name]}"
    return TAKEN if channels.used[name].send(message) else "did not take the message; check its URL and the network"


def _channels(rules: Path | None) -> "Channels":
    from adapters.alerts.channels import channels_of

    return channels_of(routes_of(rules), os.environ)


def routes_of(rules: Path | None) -> "Routes":
    """Return the routes of a folder of rules; fails where there are none."""
    from adapters.cli.places import rules_folder
    from adapters.cli.rulebook import in_force

    folder = rules_folder(rules)
    routes = in_force(folder).routes
    if routes is None:
        sentence = f"Expected a book with `channels` and `routes` in {folder}, found none. Without it nobody is told."
        raise Failure(sentence, ExitCode.FINDINGS)
    return routes


def _chosen(channel: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    if channel is None:
        return known
    if channel not in known:
        raise Failure(f'Expected the name of a channel, found "{channel}". {near(channel, known)}', ExitCode.USAGE)
    return (channel,)


def _line(alert: "Listed") -> str:
    from adapters.report.words import minute

    state = []
    if alert.arrived:
        state.append(f"arrived: {', '.join(alert.arrived)}")
    if alert.waiting:
        state.append(f"waits: {', '.join(alert.waiting)}")
    if alert.acknowledged:
        state.append("acknowledged")
    told = "; ".join(state) or ("dashboard only" if alert.routed else "not routed yet")
    return f"{minute(alert.at_ms)}  {alert.severity}  {alert.book or 'engine'}: {alert.text} ({told})"
