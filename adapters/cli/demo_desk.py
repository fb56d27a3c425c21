"""The working folder of the demonstration: a made-up market, the shipped rules, and wallets."""

from collections.abc import Set
from pathlib import Path

from adapters.cli.configuration import CONFIGURATION
from adapters.cli.failure import ExitCode, Failure
from adapters.cli.made_up import SYMBOLS, draw
from adapters.cli.places import packaged_rules
from adapters.cli.plan import DEFAULT_CAPITAL
from adapters.cli.rulebook import in_force
from adapters.cli.saved import copy_rules
from adapters.cli.wallets import HANDED_OUT, WALLETS, write_wallets
from runtime.capital import RESERVE

START = "2021-06-01"
BOOKS = ("core-hodl", "trend-1", "trend-2", "funding", "tactical")
PLAYED = "4h"
ENGINES = {
    "CORE-HODL": ("core-hodl",),
    "TREND": ("trend-1", "trend-2"),
    "FUNDING": ("funding",),
    "TACTICAL": ("tactical",),
}
MARKET, STORE, RULES = "market", "store", "rules"
# Here a minute lasts less than a thousandth of a second: what the shipped rules do by the minute is done by the day.
CHANGES = {
    "engines/funding.yaml": ("timeframe: 1h", f"timeframe: {PLAYED}"),
    "governance/lifecycle.yaml": ("look_every: 1m", "look_every: 1d"),
}


def prepare(folder: Path) -> None:
    """Write everything that the exchange and the engine need; fails where an earlier demonstration is in the way."""
    if (folder / STORE).exists():
        raise Failure(
            f"Expected a folder without a demonstration, found one in {folder}. Choose another folder.", ExitCode.USAGE
        )
    draw(folder / MARKET)
    _write_rules(folder / RULES)
    write_wallets(folder / WALLETS, in_force(packaged_rules()), BOOKS, DEFAULT_CAPITAL)


def _write_rules(rules: Path) -> None:
    copy_rules(packaged_rules(), rules)
    for name, (shipped, here) in CHANGES.items():
        file = rules / name
        file.write_text(file.read_text(encoding="utf-8").replace(shipped, here), encoding="utf-8")


def write_configuration(folder: Path, address: str) -> None:
    """Write the engine's configuration for the exchange at an address."""
    lines = [
        "mode: local",
        f"exchange: {address}",
        f"books: [{', '.join(BOOKS)}]",
        f"rules: {RULES}",
        f"store: {STORE}",
        f"keys: {HANDED_OUT}",
        f"main: {RESERVE}",
        "",
    ]
    (folder / CONFIGURATION).write_text("\n".join(lines), encoding="utf-8")


def exchange_words(folder: Path) -> list[str]:
    """Give the command that serves the market, held until somebody lets it go on."""
    symbols = [word for symbol in SYMBOLS for word in ("--symbol", symbol)]
    played = ["--data", str(folder / MARKET), "--from", START, "--timeframe", PLAYED, *symbols, "--step"]
    accounts = ["--accounts", str(folder / WALLETS), "--keys", str(folder / HANDED_OUT), "--no-limits"]
    return ["exchange", *played, *accounts]


def all_traded(accounts: Set[str]) -> bool:
    """Whether each engine has had a fill in one of its accounts."""
    return all(any(book.upper() in accounts for book in books) for books in ENGINES.values())
