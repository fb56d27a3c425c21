"""What a search found, in tables and sentences."""

from collections.abc import Iterator, Sequence
from typing import Any

from adapters.cli.search_folder import KeptSearch
from adapters.report.sheet import Sheet
from adapters.report.words import NOTHING, counted, day, minute, number, percent
from adapters.search.result import LegResult, Result, result_of
from runtime.aim import Aim
from runtime.metrics import Performance
from runtime.trial import Tried

AS_IS = "as is"
LUCK = 0.95


def head(kept: KeptSearch, result: Result) -> str:
    """Say what was searched."""
    asked, leg = kept.asked, result.last.leg
    tried = sum(len(each.tried) for each in result.legs)
    windows = f" in {counted(len(asked.legs), 'window')}" if leg.window else ""
    return (
        f"Search {kept.id} over {kept.order.base}: {counted(tried, 'trial')}{windows} of {asked.space.size:,} "
        f"combinations, {asked.method}, seed {asked.seed}, for the best {_words(asked.aim)}, "
        f"{day(asked.legs[0].from_ms)} to {day(leg.proof_ms or leg.to_ms)}."
    )


def sheets(kept: KeptSearch, result: Result, shown: int) -> list[Sheet]:
    """Give the best trials and, of a walk forward, its windows."""
    found = [_best(kept, result.last, shown)]
    return [_windows(kept, result), *found] if result.last.leg.window else found


def verdicts(result: Result) -> Iterator[str]:
    """Say how far the best can be trusted."""
    best = result.last.best
    if best is None:
        yield "No trial has a score: nothing was bought or sold, or every value was refused."
        return
    if result.deflated is not None:
        yield (
            f"Deflated Sharpe ratio {result.deflated:.2f}: after {counted(len(result.last.ranked), 'trial')} the "
            f"chance is {percent(result.deflated, 0)} that the best has found more than luck"
            + ("." if result.deflated >= LUCK else f". That is less than {percent(LUCK, 0)}, so it may well be luck.")
        )
    if result.plateau is not None:
        yield result.plateau.told()
    if result.proven is not None:
        yield f"On the times after the windows, which no search has seen: {_told(result.proven)}."
    if result.proven_unchanged is not None:
        yield f"The book without changes, over the same times: {_told(result.proven_unchanged)}."
    refused = [one for one in result.last.tried if one.problem]
    if refused:
        yield f"{counted(len(refused), 'trial')} could not run: {refused[0].problem}"


def plain(kept: KeptSearch) -> dict[str, Any]:
    """Give a search as JSON-able data."""
    result = result_of(kept.asked, kept.tried)
    plateau = result.plateau
    return {
        "id": kept.id,
        "book": kept.order.base,
        "name": kept.order.name,
        "method": kept.asked.method,
        "aim": kept.asked.aim,
        "seed": kept.asked.seed,
        "combinations": kept.asked.space.size,
        "legs": [_leg_plain(leg) for leg in result.legs],
        "deflated_sharpe": result.deflated,
        "plateau": None if plateau is None else {"middle": plateau.middle, "alone": plateau.alone},
        "proven": None if result.proven is None else _performance_plain(result.proven),
        "proven_unchanged": None if result.proven_unchanged is None else _performance_plain(result.proven_unchanged),
    }


def _best(kept: KeptSearch, leg: LegResult, shown: int) -> Sheet:
    names = tuple(kept.asked.space.values)
    columns = _columns(kept.asked.aim)
    best = list(enumerate(leg.ranked[:shown], 1))
    rows = [(str(place), *(value for _, value in one.trial.choice), *_row(one, columns)) for place, one in best]
    if leg.unchanged is not None:
        rows.append((AS_IS, *(NOTHING for _ in names), *_row(leg.unchanged, columns)))
    span = f", {day(leg.leg.from_ms)} to {day(leg.leg.to_ms)}" if leg.leg.window else ""
    return Sheet(f"Best trials{span}", ("", *names, *columns), tuple(rows), 1, empty="No trial has ended.")


def _columns(aim: Aim) -> tuple[str, ...]:
    """The figures to show, so few that a table of several params fits a terminal."""
    own = (str(aim),) if aim in (Aim.SORTINO, Aim.CALMAR) else ()
    return (*own, "sharpe", "return", "drawdown", "trades")


def _row(one: Tried, columns: tuple[str, ...]) -> tuple[str, ...]:
    found = one.figures
    if found is None:
        return tuple(NOTHING for _ in columns)
    written = {
        "sharpe": number(found.sharpe),
        "sortino": number(found.sortino),
        "calmar": number(found.calmar),
        "return": percent(found.total_return, signed=True),
        "drawdown": percent(found.drawdown),
        "trades": f"{found.trades:,}",
    }
    return tuple(written[name] for name in columns)


def _windows(kept: KeptSearch, result: Result) -> Sheet:
    aim = kept.asked.aim
    rows = tuple(
        (
            f"{leg.leg.window}",
            f"{day(leg.leg.from_ms)} to {day(leg.leg.to_ms)}",
            f"to {day(leg.leg.proof_ms)}",
            _score(leg.best, aim),
            _score(leg.proof, aim),
            _score(leg.proof_unchanged, aim),
            ", ".join(f"{name} {value}" for name, value in leg.best.trial.choice) if leg.best else NOTHING,
        )
        for leg in result.legs
    )
    columns = ("window", "searched", "proven", f"{aim} inside", f"{aim} after", "unchanged after", "best")
    return Sheet("Walk forward", columns, rows, 3)


def _score(one: Tried | None, aim: Aim) -> str:
    score = None if one is None else one.score(aim)
    return percent(score) if aim in (Aim.RETURN, Aim.DRAWDOWN) else number(score)


def score_words(score: float, aim: Aim) -> str:
    """Write a score as what it stands for."""
    if aim is Aim.DRAWDOWN:
        return f"drawdown {percent(-score)}"
    return f"return {percent(score, signed=True)}" if aim is Aim.RETURN else f"{_words(aim)} {score:.2f}"


def _words(aim: Aim) -> str:
    names = {Aim.SHARPE: "Sharpe ratio", Aim.SORTINO: "Sortino ratio", Aim.CALMAR: "Calmar ratio"}
    return names.get(aim, str(aim))


def _told(found: Performance) -> str:
    return (
        f"return {percent(found.total_return, signed=True)}, {percent(found.annual_return, signed=True)} a year, "
        f"Sharpe ratio {number(found.sharpe)}, largest drawdown {percent(found.largest_drawdown)}"
    )


def _leg_plain(leg: LegResult) -> dict[str, Any]:
    proof, unchanged = leg.proof, leg.proof_unchanged
    return {
        "window": leg.leg.window,
        "from_ms": leg.leg.from_ms,
        "to_ms": leg.leg.to_ms,
        "proof_ms": leg.leg.proof_ms,
        "trials": [_tried_plain(one) for one in leg.ranked],
        "without_score": len(leg.tried) - len(leg.ranked),
        "unchanged": None if leg.unchanged is None else _tried_plain(leg.unchanged),
        "proof": None if proof is None else _tried_plain(proof),
        "proof_unchanged": None if unchanged is None else _tried_plain(unchanged),
    }


def _tried_plain(one: Tried) -> dict[str, Any]:
    kept = one.to_plain()
    return {"number": one.trial.number, "choice": kept["trial"]["choice"], "figures": kept["figures"]}


def _performance_plain(found: Performance) -> dict[str, Any]:
    return {
        "total_return": found.total_return,
        "annual_return": found.annual_return,
        "sharpe": found.sharpe,
        "largest_drawdown": found.largest_drawdown,
    }


def list_sheet(kept: Sequence[KeptSearch]) -> Sheet:
    """List searches, the newest last."""
    columns = ("search", "begun", "book", "method", "aim", "trials", "best")
    return Sheet("Searches", columns, tuple(_listed(one) for one in kept), 5, empty="There are none.")


def _listed(kept: KeptSearch) -> tuple[str, ...]:
    result, asked = result_of(kept.asked, kept.tried), kept.asked
    tried = sum(len(leg.tried) for leg in result.legs)
    wanted = min(asked.most, asked.space.size) * len(asked.legs)
    return (
        kept.id,
        minute(kept.begun_ms),
        kept.order.base,
        asked.method + (f", {counted(len(asked.legs), 'window')}" if result.last.leg.window else ""),
        str(asked.aim),
        f"{tried:,} of {wanted:,}",
        _score(result.last.best, asked.aim),
    )
