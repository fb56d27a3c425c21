"""`eternal run`: the engine on an exchange."""

import signal
from pathlib import Path
from typing import Annotated

import typer

MODES = "local, paper, demo, testnet or live"


def run(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The working folder with eternal.yaml.")] = Path(),
    mode: Annotated[str | None, typer.Option(metavar="MODE", help=f"{MODES}; else that of the configuration.")] = None,
    yes_real_money: Annotated[
        bool, typer.Option("--yes-real-money", help="Without this nothing trades in mode live.")
    ] = False,
) -> None:
    """Trade on an exchange until it is stopped with Ctrl+C or SIGTERM; the next start goes on from there.

    Nothing is decided before every account is reconciled. A second process on the same store, or in the same
    accounts on this machine, is refused.
    """
    from adapters.cli.account_lock import accounts_held
    from adapters.cli.configuration import working_folder
    from adapters.cli.failure import ExitCode, Failure
    from adapters.cli.run_mode import RunMode
    from adapters.cli.screen import say
    from adapters.cli.writer import refuse_a_second, server_of

    if mode is not None and mode not in list(RunMode):
        raise Failure(f'Expected the mode {MODES}, found "{mode}".', ExitCode.USAGE)
    opened = working_folder(folder, None if mode is None else RunMode(mode))
    if opened.configuration.mode is RunMode.LIVE and not yes_real_money:
        raise Failure("Mode live trades with real money. Say so with --yes-real-money.", ExitCode.USAGE)
    # Until trading begins a signal ends the start, and gives back what it has taken.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with server_of(opened):
            refuse_a_second(opened)
            from adapters.cli.own_exchange import exchange_of

            with exchange_of(opened, say) as complete, accounts_held(complete):
                from adapters.cli.process import run_process

                run_process(complete, say)
    finally:
        signal.signal(signal.SIGTERM, before)
