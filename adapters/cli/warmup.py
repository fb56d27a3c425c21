"""`eternal warmup`: the same value from several starting points, and how many candles it takes until it is the same."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli import history_options as asked
from adapters.cli.lookahead import spread
from adapters.cli.rules import Environment, RulesFolder

if TYPE_CHECKING:
    from adapters.cli.plan import Plan
    from adapters.report.sheet import Sheet
    from runtime.warmup import Warmed

MOMENTS = 5


@dataclass(frozen=True, slots=True)
class Tried:
    """Every value that follows from candles, each with its worst symbol, and the moments at which it was tried."""

    books: tuple[str, ...]
    warmed: "tuple[Warmed, ...]"
    moments_ms: tuple[int, ...]

    @property
    def failed(self) -> "list[Warmed]":
        """Those whose declared warm-up is too little."""
        from runtime.warmup import Verdict

        return [one for one in self.warmed if one.verdict is Verdict.TOO_LITTLE]


def warmup(
    books: asked.Books = None,
    *,
    data: asked.Data = None,
    start: asked.From = None,
    end: asked.To = None,
    candles: asked.Candles = None,
    symbol: asked.Symbol = None,
    market: asked.MarketName = None,
    timeframe: asked.Timeframe = None,
    moments: Annotated[int, typer.Option(min=1, help="At how many moments, spread over the span.")] = MOMENTS,
    folder: RulesFolder = None,
    environment: Environment = "",
    as_json: asked.AsJson = False,
) -> None:
    """Show that facts are the same from wherever history starts, once they have the candles that they need.

    Each fact, indicator and condition is computed at the same moments from its declared warm-up, from twice and four
    times as much, and from the whole history; 1e-9 is the largest relative difference that passes.
    """
    from adapters.cli.failure import ExitCode
    from adapters.cli.screen import say, say_json, screen
    from adapters.report.terminal import table

    source = asked.Source(data, candles, symbol, market, timeframe)
    tried = attempt(asked.plan_of(books, source, (start, end), folder, environment), moments)
    if as_json:
        say_json(plain(tried))
    else:
        screen().print(table(sheet(tried)))
        say(verdict(tried))
    if tried.failed:
        raise typer.Exit(ExitCode.FINDINGS)


def attempt(plan: "Plan", moments: int) -> Tried:
    """Compute everything that follows from candles from several starting points."""
    from adapters.cli.progress import through
    from adapters.cli.wanted import looked_at, needed
    from adapters.cli.wiring import prepare
    from runtime.history import Histories
    from runtime.readings import columns_of
    from runtime.warmup import warmed

    prepared = prepare(plan)
    books = list(prepared.engine.books.values())
    keys = {*needed(prepared.rulebook, books), *looked_at(prepared.rulebook, books)}
    candles = {key: rows for key, rows in prepared.data.candles.items() if key in keys}
    whole = Histories()
    whole.preload(candles)
    edges = spread((prepared.settings.from_ms, prepared.settings.to_ms), moments)
    columns = columns_of(prepared.rulebook, books)
    found = []
    with through("starting points", 0, len(columns)) as reach:
        for number, column in enumerate(columns, 1):
            found.append(warmed(column, candles, whole, edges))
            reach(number)
    return Tried(tuple(prepared.engine.books), tuple(worst(found)), edges)


def worst(found: "list[Warmed]") -> "list[Warmed]":
    """Return each value once, with the symbol that differs most; what differs most stands first."""
    known: dict[tuple[str, str], Warmed] = {}
    for one in found:
        key = (one.column.seen.book, one.column.seen.what)
        if key not in known or _badness(one) > _badness(known[key]):
            known[key] = one
    return sorted(known.values(), key=_badness, reverse=True)


def _badness(one: "Warmed") -> tuple[bool, float, int]:
    from runtime.warmup import Verdict

    first = one.differences[0] if one.differences else -1.0
    return one.verdict is Verdict.TOO_LITTLE, first, one.bars or 0


# ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def sheet(tried: Tried) -> "Sheet":
    """Return one row for each value: what it declares, how far it is off, and what it would need."""
    from adapters.report.sheet import Sheet

    columns = ("where", "what", "of", "declared bars", "1 ×", "2 ×", "4 ×", "verdict")
    about = "The greatest relative difference to the whole history, from 1, 2 and 4 times the declared warm-up."
    return Sheet("Warm-up", columns, tuple(map(_row, tried.warmed)), text=3, about=about)


def _row(one: "Warmed") -> tuple[str, ...]:
    seen = one.column.seen
    told = [_difference(each) for each in one.differences] or ["–"] * 3
    bars = "all" if one.bars is None else f"{one.bars:,}"
    return f"{seen.place.file}:{seen.place.line}", seen.what, f"{seen.book} {seen.symbol}", bars, *told, _verdict(one)


def _difference(value: float) -> str:
    return "unknown" if value == float("inf") else f"{value:.1e}" if value else "0"


def _verdict(one: "Warmed") -> str:
    from runtime.warmup import Verdict

    if one.verdict is not Verdict.TOO_LITTLE:
        return one.verdict.value
    return "needs the whole history" if one.needs is None else f"needs {one.needs:,} bars"


def verdict(tried: Tried) -> str:
    """Write the result in one sentence."""
    from adapters.report.words import counted
    from runtime.warmup import TOLERANCE, Verdict

    many, failed = counted(len(tried.warmed), "value"), tried.failed
    enough = sum(one.verdict is Verdict.ENOUGH for one in tried.warmed)
    rest = {kind: sum(one.verdict is kind for one in tried.warmed) for kind in (Verdict.ENDLESS, Verdict.UNTRIED)}
    others = "".join(f"; {number} {kind.value}" for kind, number in rest.items() if number)
    told = f"{many} of {', '.join(tried.books)} at {counted(len(tried.moments_ms), 'moment')}: {enough} enough{others}"
    if not failed:
        return f"Warm-up is enough: nothing differs by more than {TOLERANCE:g}. {told}."
    worst_one = failed[0].column.seen
    return (
        f"{worst_one.place.file}:{worst_one.place.line}: {worst_one.what} differs by more than {TOLERANCE:g} after its "
        f"declared warm-up, and so do {len(failed) - 1} others: declare longer windows or say so in its memory. {told}."
    )


def plain(tried: Tried) -> dict[str, Any]:
    """Return the result for a machine; a difference is null where a value was unknown from one starting point."""
    rows = [
        {
            "place": f"{one.column.seen.place.file}:{one.column.seen.place.line}",
            "what": one.column.seen.what,
            "book": one.column.seen.book,
            "symbol": one.column.seen.symbol,
            "declared_bars": one.bars,
            "differences": [None if each == float("inf") else each for each in one.differences],
            "verdict": one.verdict.value,
            "needs_bars": one.needs,
            "moments": one.moments,
        }
        for one in tried.warmed
    ]
    return {"enough": not tried.failed, "moments_ms": list(tried.moments_ms), "values": rows}
