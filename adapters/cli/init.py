"""`eternal init`: a working folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.plan import DEFAULT_BOOKS, DEFAULT_CAPITAL
from adapters.cli.wallets import HANDED_OUT, WALLETS

if TYPE_CHECKING:
    from adapters.cli.run_mode import RunMode

PORT, SPEED = 8080, 60
LOCAL_EXCHANGE = f"http://127.0.0.1:{PORT}"
README = """Check the keys and everything around them with `eternal doctor`; the keys belong into `.env`.
Trade with `eternal run`, stop with Ctrl+C; the next start goes on from there.
The rules are in `rules`, and `eternal check` finds mistakes in them.
"""


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    mode: Annotated[str | None, typer.Option(metavar="MODE", help="local, paper, demo, testnet or live.")] = None,
    book: Annotated[list[str] | None, typer.Option(help="A book to trade; repeat it.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing, and take what is usual.")] = False,
) -> None:
    """Make a working folder: the rules, the configuration, a place for the keys; ready for demo keys."""
    from adapters.cli.configuration import CONFIGURATION, SECRETS
    from adapters.cli.failure import ExitCode, Failure
    from adapters.cli.places import packaged_rules
    from adapters.cli.rulebook import books_named, in_force
    from adapters.cli.run_mode import RunMode
    from adapters.cli.saved import copy_rules
    from adapters.cli.screen import say
    from adapters.cli.wallets import write_wallets

    taken = next((name for name in (CONFIGURATION, SECRETS, "rules", "README.md") if (folder / name).exists()), None)
    if taken is not None:
        raise Failure(f"Expected a new folder, found {taken} in {folder} already. Choose another one.", ExitCode.USAGE)
    asked = mode or ("demo" if yes else typer.prompt("Where to trade (local, paper, demo, testnet, live)", "demo"))
    if asked not in list(RunMode):
        raise Failure(f'Expected the mode local, paper, demo, testnet or live, found "{asked}".', ExitCode.USAGE)
    usual = " ".join(DEFAULT_BOOKS)
    names = tuple(book or (usual if yes else typer.prompt("Which books", usual)).replace(",", " ").split())
    rulebook = in_force(packaged_rules())
    books = books_named(rulebook, names)
    accounts = tuple(dict.fromkeys(one.account for one in books))
    folder.mkdir(parents=True, exist_ok=True)
    copy_rules(packaged_rules(), folder / "rules")
    (folder / CONFIGURATION).write_text(configuration_of(RunMode(asked), names, accounts), encoding="utf-8")
    (folder / "README.md").write_text(README, encoding="utf-8")
    say(f"{folder} is ready for {asked} trading of {', '.join(names)}.")
    if asked == RunMode.LOCAL:
        write_wallets(folder / WALLETS, rulebook, names, DEFAULT_CAPITAL)
        say(f"Start an exchange for it: eternal exchange --generated --port {PORT} --speed {SPEED} \\")
        say(f"  --accounts {folder / WALLETS} --keys {folder / HANDED_OUT}")
    elif asked == RunMode.PAPER:
        write_wallets(folder / WALLETS, rulebook, names, DEFAULT_CAPITAL)
        say(f"Its made-up accounts begin with what {folder / WALLETS} says, at Bybit's prices; no keys are needed.")
    else:
        _write_secrets(folder / SECRETS, accounts)
        say(f"Write the keys of {', '.join(accounts)} into {folder / SECRETS}.")
    say(f"Then run: eternal doctor {folder}")


def configuration_of(mode: "RunMode", books: Sequence[str], accounts: Sequence[str]) -> str:
    """Write a configuration with comments."""
    lines = [
        f"mode: {mode}                      # local, paper, demo, testnet or live",
        *([f"exchange: {LOCAL_EXCHANGE}   # where `eternal exchange` is"] if mode == "local" else []),
        f"books: [{', '.join(books)}]",
        "rules: rules",
        *(["environment: live"] if mode == "live" else []),
        "",
    ]
    if mode == "paper":
        return "\n".join(lines)
    if mode == "local":
        return "\n".join([*lines[:-1], f"keys: {HANDED_OUT}", "main: RESERVE                   # moves money", ""])
    lines += [
        "accounts:                       # each book has a sub-account of its own; these variables hold its keys",
        *(f"  {name}: {{ key: {variable(name)}_KEY, secret: {variable(name)}_SECRET }}" for name in accounts),
    ]
    return "\n".join([*lines, ""])


def _write_secrets(file: Path, accounts: Sequence[str]) -> None:
    """Nobody else may read the keys, not even before they are written."""
    file.touch(mode=0o600)
    lines = [f"{variable(name)}_KEY=\n{variable(name)}_SECRET=\n" for name in accounts]
    about = "# One key for each sub-account: allowed to trade, not to withdraw, bound to this machine's address.\n"
    file.write_text(about + "".join(lines), encoding="utf-8")


def variable(account: str) -> str:
    """Name an account as variables of the environment are named."""
    return account.replace("-", "_").upper()
