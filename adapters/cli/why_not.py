"""`eternal why-not`: which condition keeps an entry from happening, and by how much."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import options
from adapters.cli.places import RUNS
from adapters.cli.store import FOLDER, StoreFolder

if TYPE_CHECKING:
    from adapters.cli.plan import Plan
    from adapters.cli.saved import SavedRun
    from adapters.cli.wiring import Prepared
    from runtime.engine import Engine
    from runtime.why_not import WhyNot

LIVE = "live"


def why_not(
    run: Annotated[str, typer.Argument(help="A run: its id, its path, or `last`; `live`: the engine.")],
    symbol: Annotated[str, typer.Argument(help="A symbol that its books trade, such as BTCUSDT.")],
    *,
    at: Annotated[
        int | None, typer.Option(parser=options.moment, metavar="TIME", help="The moment, UTC; else the run's end.")
    ] = None,
    book: Annotated[list[str] | None, typer.Option(help="Ask only this book; repeat it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a machine.")] = False,
    runs: Annotated[Path, typer.Option(help="The folder of runs.")] = RUNS,
    folder: StoreFolder = FOLDER,
) -> None:
    """Tell for each entry rule which condition does not hold and by how much, and what would refuse its order.

    The run is played again up to the moment, with the rules that it used; the live engine up to its last entry.
    """
    if run == LIVE:
        _live(symbol, at, book or [], folder, as_json=as_json)
        return
    from adapters.cli.saved import find
    from runtime.why_not import why_not as ask

    saved = find(run, runs)
    at_ms = _moment(saved, at)
    prepared = again(saved)
    _check(prepared.engine, symbol, book or [])
    _play(prepared, at_ms)
    _print(saved.id, ask(prepared.engine, symbol, at_ms, book or ()), as_json=as_json)


def _live(symbol: str, at: int | None, books: list[str], folder: Path, *, as_json: bool) -> None:
    """Ask an engine that stands where the journal ends; the one that runs is not disturbed."""
    from adapters.cli.failure import ExitCode, Failure
    from adapters.cli.kept_rules import KeptRules
    from adapters.cli.store import opened
    from adapters.postgres.resume import resume
    from runtime.why_not import why_not as ask

    if at is not None:
        raise Failure("Expected no --at with the live engine: it is asked about now.", ExitCode.USAGE)
    with opened(folder) as connection:
        resumed = resume(connection, KeptRules(connection).library)
        if resumed is None:
            raise Failure("Expected a journal in the store, found none: no engine has ever run on it.")
        engine = resumed.engine
        _check(engine, symbol, books)
        answers = ask(engine, symbol, engine.world.board.moment.now_ms, books)
    _print(LIVE, answers, as_json=as_json)


def _print(run: str, answers: "Sequence[WhyNot]", *, as_json: bool) -> None:
    from adapters.cli.missing import plain, tree_of
    from adapters.cli.screen import say_json, screen

    if as_json:
        say_json({"run": run, "answers": [plain(answer) for answer in answers]})
        return
    for answer in answers:
        screen().print(tree_of(answer))


def again(saved: "SavedRun") -> "Prepared":
    """Prepare a run once more, from the same settings and the same rules."""
    from adapters.cli.screen import complain
    from adapters.cli.wiring import prepare

    settings = saved.document["settings"]
    plan = replace(saved.plan, from_ms=settings["from_ms"], to_ms=settings["to_ms"])
    if not _unchanged(plan, settings["rules_version"]):
        complain(
            f"The rules in {plan.rules} have changed since; these are the ones that the run used, in {saved.rules}."
        )
        plan = replace(plan, rules=saved.rules)
    prepared = prepare(plan)
    if prepared.run_id != saved.id:
        complain("The market data or the program have changed since the run; the answer is about what they are now.")
    return prepared


def _unchanged(plan: "Plan", version: str) -> bool:
    from adapters.cli.failure import Failure
    from adapters.cli.rulebook import in_force

    try:
        return plan.rules.is_dir() and in_force(plan.rules, plan.environment).version == version
    except Failure:
        return False


def _moment(saved: "SavedRun", at_ms: int | None) -> int:
    from adapters.cli.failure import ExitCode, Failure
    from adapters.report.words import minute

    from_ms, to_ms = (int(saved.document["settings"][name]) for name in ("from_ms", "to_ms"))
    if at_ms is None:
        return to_ms
    if not from_ms <= at_ms <= to_ms:
        raise Failure(
            f"Expected a moment of the run, from {minute(from_ms)} to {minute(to_ms)}, found {minute(at_ms)}.",
            ExitCode.USAGE,
        )
    return at_ms


def _check(engine: "Engine", symbol: str, books: list[str]) -> None:
    from adapters.cli.failure import ExitCode, Failure, near

    running = engine.books
    for name in books:
        if name not in running:
            raise Failure(f'Expected a book of the run, found "{name}". {near(name, running)}', ExitCode.USAGE)
    traded = {one for name in books or running for one in running[name].symbols}
    if symbol not in traded:
        raise Failure(
            f'Expected a symbol that {", ".join(books or running)} trade, found "{symbol}". {near(symbol, traded)}',
            ExitCode.USAGE,
        )


def _play(prepared: "Prepared", until_ms: int) -> None:
    from adapters.cli.progress import through

    with through("playing the run again", prepared.settings.from_ms, until_ms) as reach:
        prepared.run(reach, until_ms)
