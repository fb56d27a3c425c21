"""`eternal demo`: all engines over a made-up market, one order explained, one mistake refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from adapters.cli.wiring import Prepared
    from runtime.run import RunResult

SEED = 7
FIRST_DAY = "2020-01-01"
YEARS = 5
FROM, TO = "2023-01-01", "2024-12-29"
RUNS = (("core-hodl", "trend-1", "trend-2", "tactical", "funding"), ("core-hodl-ten", "trend-1", "trend-2"))
SPOILED, RIGHT, WRONG = "engines/trend-1.yaml", "strong: 25", "strong: 30%"


def demo(
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the made-up market, the runs and the rules in this folder.")
    ] = None,
) -> None:
    """Show everything on a made-up market: no network, no data, no account.

    All shipped engines are back-tested, one order is explained, and a mistake in a rule file is refused.
    """
    with _folder(keep) as folder:
        _tell_first()
        data = _make_market(folder)
        finished = [_run(folder, data, books) for books in RUNS]
        _explain(folder, *finished[0])
        _spoil(folder)
        _tell_last(folder, kept=keep is not None)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with TemporaryDirectory(prefix="eternal-demo-") as folder:
        yield Path(folder)


def _tell_first() -> None:
    _head("A demonstration on a SYNTHETIC market")
    _say(
        "Every price below was drawn by a seeded random generator. The results show how the engine works; they say "
        "nothing about real markets."
    )


def _make_market(folder: Path) -> Path:
    from adapters.cli.options import moment
    from adapters.synthetic.market import SYMBOLS, write_market

    data = folder / "market"
    files = write_market(data, SEED, moment(FIRST_DAY), YEARS)
    _say(f"{YEARS} synthetic years of {len(SYMBOLS)} coins: {len(files)} files in {data}.")
    return data


def _run(folder: Path, data: Path, books: tuple[str, ...]) -> tuple["Prepared", "RunResult"]:
    from adapters.cli.backtest import play
    from adapters.cli.options import moment
    from adapters.cli.places import packaged_rules
    from adapters.cli.plan import Plan
    from adapters.cli.saved import keep
    from adapters.cli.screen import screen
    from adapters.cli.wiring import prepare
    from adapters.report.terminal import show

    _head(f"SYNTHETIC back-test of {', '.join(books)}")
    options = " ".join(f"--book {book}" for book in books)
    _command(f"eternal backtest --data {data} --from {FROM} --to {TO} {options}")
    prepared = prepare(Plan(packaged_rules(), data, books, from_ms=moment(FROM), to_ms=moment(TO)))
    result, _ = play(prepared)
    show(result, screen(), last=5)
    keep(prepared, result, folder / "runs")
    return prepared, result


def _explain(folder: Path, prepared: "Prepared", result: "RunResult") -> None:
    from adapters.cli.saved import find
    from adapters.cli.screen import screen
    from adapters.cli.story import story_of
    from adapters.cli.telling import tree_of

    order = _order_of_best_trade(result)
    if order is None:
        return
    _head("Why was there this order? (SYNTHETIC)")
    runs = folder / "runs"
    _command(f"eternal explain {prepared.run_id} {order} --runs {runs}")
    screen().print(tree_of(story_of(find(prepared.run_id, runs), order)))


def _order_of_best_trade(result: "RunResult") -> str | None:
    """The order that opened the perpetual position which earned most."""
    trades = [trade for trade in result.trades if trade.book.startswith("trend")]
    best = max(trades, key=lambda trade: trade.net, default=None)
    for order in result.orders if best is not None else ():
        if best and (order.book, order.symbol, order.ended_ms) == (best.book, best.symbol, best.entry_ms):
            return order.order_id
    return None


def _spoil(folder: Path) -> None:
    """Copy the rules, make a mistake in one file, and let the check find it."""
    from adapters.cli.marking import show
    from adapters.cli.places import packaged_rules
    from adapters.cli.rulebook import files_of, findings_in
    from adapters.cli.saved import copy_rules

    rules = folder / "rules"
    copy_rules(packaged_rules(), rules)
    file = rules / SPOILED
    content = file.read_text(encoding="utf-8")
    file.write_text(content.replace(RIGHT, WRONG), encoding="utf-8")
    _head("A mistake in a rule file is refused")
    _say(f"In a copy of the rules, {SPOILED} now says `{WRONG}` where `{RIGHT}` stood.")
    _command(f"eternal check {rules}")
    show(findings_in(files_of([rules])))
    _say("With such a file no back-test starts, and a running engine would keep the rules that it has.")


def _tell_last(folder: Path, *, kept: bool) -> None:
    _say()
    if kept:
        _say(f"Everything is in {folder}: the market, the runs, the rules with the mistake. All of it is synthetic.")
    else:
        _say("Nothing of it is left; `eternal demo --keep DIR` keeps the market, the runs and the rules in a folder.")


def _head(title: str) -> None:
    from rich.rule import Rule

    from adapters.cli.screen import screen

    _say()
    screen().print(Rule(title, style="bold", align="left"))


def _command(line: str) -> None:
    from rich.text import Text

    from adapters.cli.screen import screen

    screen().print(Text(f"$ {line}\n", style="dim"), soft_wrap=True)


def _say(text: str = "") -> None:
    from adapters.cli.screen import say

    say(text)
