"""The command `eternal`."""

from importlib.metadata import version
from typing import Annotated

import typer

from adapters.cli.alerts import alerts
from adapters.cli.backtest import backtest
from adapters.cli.break_glass import break_glass
from adapters.cli.check import check
from adapters.cli.child import hold_on
from adapters.cli.commands import add_to as add_commands_to
from adapters.cli.compare import compare
from adapters.cli.data import data
from adapters.cli.demo import demo
from adapters.cli.diagram import diagram
from adapters.cli.doctor import doctor
from adapters.cli.exchange import exchange
from adapters.cli.explain import explain
from adapters.cli.failure import Commands
from adapters.cli.init import init
from adapters.cli.lookahead import lookahead
from adapters.cli.phase import phase
from adapters.cli.rules import rules
from adapters.cli.run import run
from adapters.cli.search import search
from adapters.cli.status import status
from adapters.cli.store import add_to
from adapters.cli.stress import stress
from adapters.cli.warmup import warmup
from adapters.cli.why_not import why_not

HELP = """Trade by rules that you can read, check, test and explain.

Exit codes: 0 fine; 1 something was found or refused; 2 the command was not understood; 3 data or a run can't be used.
"""

app = typer.Typer(
    name="eternal",
    cls=Commands,
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"eternal {version('eternal-engine')}")
        raise typer.Exit


@app.callback()
def main(
    _wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Stand in front of all commands."""
    hold_on()


app.command()(check)
app.add_typer(rules, name="rules")
app.command()(diagram)
app.command()(backtest)
app.command()(compare)
app.command()(lookahead)
app.command()(warmup)
app.command()(stress)
app.add_typer(search, name="search")
app.command()(explain)
app.command()(why_not)
app.command()(phase)
app.command()(demo)
app.command()(init)
app.command()(doctor)
app.command()(run)
app.command()(exchange)
app.command()(status)
app.add_typer(data, name="data")
app.add_typer(alerts, name="alerts")
app.command()(break_glass)
add_to(app)
add_commands_to(app)
