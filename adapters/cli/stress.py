"""`eternal stress`: the same rules with higher costs, late entries, less liquidity, in crashes, trades reordered."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import history_options as asked
from adapters.cli.places import RUNS
from adapters.cli.rules import Environment, RulesFolder

if TYPE_CHECKING:
    from adapters.cli.market import Span
    from adapters.cli.plan import Plan
    from adapters.cli.wiring import Prepared
    from adapters.report.stress_sheets import Drawing, Stressed
    from adapters.synthetic.scenarios import Crash, Scenarios
    from rules.language.book import Book
    from runtime.market_data import MarketData
    from runtime.metrics import Curve
    from runtime.run import RunResult

LAST = "last"
ENOUGH_CANDLES = 0.95
Run = Annotated[
    list[str] | None,
    typer.Argument(metavar="[RUN|BOOK]…", help="A kept run: its id, its path, or `last`; with data: books."),
]


@dataclass(frozen=True, slots=True)
class Tested:
    """A run, the same under stress, and its trades in other orders."""

    books: tuple[str, ...]
    runs: tuple["Stressed", ...]
    drawings: tuple["Drawing", ...]


def stress(
    run: Run = None,
    *,
    data: asked.Data = None,
    start: asked.From = None,
    end: asked.To = None,
    candles: asked.Candles = None,
    symbol: asked.Symbol = None,
    market: asked.MarketName = None,
    timeframe: asked.Timeframe = None,
    scenarios: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Other stress tests than those that come with the program.")
    ] = None,
    folder: RulesFolder = None,
    environment: Environment = "",
    as_json: asked.AsJson = False,
    runs: Annotated[Path, typer.Option(help="The folder of runs.")] = RUNS,
) -> None:
    """Play a back-test again under stress.

    Costs are multiplied, entries come some candles late, less of the volume can be had, crashes come, and the trades
    are put into other orders. Without data a kept run is tested, the last one where none is named.
    """
    from adapters.cli.screen import say, say_json, screen
    from adapters.report.stress_sheets import stress_sheets
    from adapters.report.terminal import table
    from adapters.synthetic.scenarios import SHIPPED, load_scenarios

    tests = load_scenarios(scenarios or SHIPPED)
    if data is None and candles is None:
        plan = _plan_of_run(run or [], runs)
    else:
        source = asked.Source(data, candles, symbol, market, timeframe)
        plan = asked.plan_of(run, source, (start, end), folder, environment)
    tested = put_under(plan, tests)
    if as_json:
        say_json({"books": tested.books, "runs": list(map(asdict, tested.runs)), "drawings": _drawings(tested)})
        return
    for sheet in stress_sheets(tested.runs, tested.drawings):
        screen().print(table(sheet))
        say()


def _drawings(tested: Tested) -> list[dict[str, object]]:
    return [asdict(drawing) for drawing in tested.drawings]


def _plan_of_run(words: Sequence[str], runs: Path) -> "Plan":
    from adapters.cli.failure import ExitCode, Failure
    from adapters.cli.saved import find
    from adapters.cli.why_not import again

    if len(words) > 1:
        raise Failure("Expected one run, found several. For books name the data too: --data FOLDER.", ExitCode.USAGE)
    prepared = again(find(words[0] if words else LAST, runs))
    return replace(prepared.plan, from_ms=prepared.settings.from_ms, to_ms=prepared.settings.to_ms)


def put_under(plan: "Plan", tests: "Scenarios") -> Tested:
    """Play a plan as it is and under every stress."""
    from adapters.cli.wiring import prepare

    prepared = prepare(plan)
    span = (prepared.settings.from_ms, prepared.settings.to_ms)
    plan = replace(prepared.plan, from_ms=span[0], to_ms=span[1])
    whole = _played(prepared, "as asked for")
    found = [told("as asked for", whole)]
    for name, changed in changes(plan, tests):
        again = prepare(changed, prepared.rulebook, prepared.supplies)
        found.append(told(name, _played(again, name)))
    found += [_in_crash(prepared, plan, crash, tests.lead_days) for crash in tests.crashes]
    return Tested(prepared.plan.books, tuple(found), tuple(drawings(whole, tests)))


def changes(plan: "Plan", tests: "Scenarios") -> "Iterator[tuple[str, Plan]]":
    """Yield the plan on harder terms, each with a name."""
    from adapters.report.words import counted
    from runtime.decimals import percent

    for factor in tests.costs:
        yield f"costs × {factor}", replace(plan, costs=plan.costs * factor)
    for bars in tests.late_bars:
        yield f"entries {counted(bars, 'bar')} late", replace(plan, late_bars=bars)
    for share in tests.volume_shares:
        yield f"{percent(share)} of volume", replace(plan, volume_share=share)


def _played(prepared: "Prepared", about: str) -> "RunResult":
    from adapters.cli.progress import through

    with through(about, prepared.settings.from_ms, prepared.settings.to_ms) as reach:
        prepared.run(reach)
    return prepared.recorder.result()


def told(name: str, result: "RunResult") -> "Stressed":
    """Return what a run came to, with what the gates say of it."""
    from adapters.report.stress_sheets import Stressed
    from adapters.report.summary import summarise

    summary = summarise(result)
    figures = summary.portfolio
    return Stressed(
        name=name,
        total_return=figures.total_return,
        annual_return=figures.annual_return,
        sharpe=figures.sharpe,
        largest_drawdown=figures.largest_drawdown,
        held_return=None if summary.benchmark is None else summary.benchmark.total_return,
        trades=len(result.trades),
        gates=result.gates,
    )


# ── trades in other orders ──────────────────────────────────────────────────────────────────────────────────────────


def drawings(result: "RunResult", tests: "Scenarios") -> "Iterator[Drawing]":
    """Yield what the closed trades come to in other orders; nothing where there is none."""
    from adapters.report.stress_sheets import Drawing
    from adapters.synthetic.trade_orders import drawn_again, shuffled

    returns = trade_returns(result)
    if not returns:
        return
    for name, draw in (("in another order", shuffled), ("drawn again, with repeats", drawn_again)):
        drawn = draw(returns, tests.draws, tests.seed)
        total, fall = drawn.total_return, drawn.largest_drawdown
        yield Drawing(
            name, drawn.trades, drawn.draws, (total.low, total.middle, total.high), (fall.low, fall.middle, fall.high)
        )


def trade_returns(result: "RunResult") -> list[float]:
    """Return what each closed trade did to the portfolio, as a ratio of what that was at the midnight before."""
    from bisect import bisect_left

    moments = [point.at_ms for point in result.equity]
    found = []
    for trade in result.trades:
        place = bisect_left(moments, trade.exit_ms) - 1
        before = result.settings.capital if place < 0 else result.equity[place].total
        found.append(float(trade.net / before) if before > 0 else 0.0)
    return found


# ── crashes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_crash(whole: "Prepared", plan: "Plan", crash: "Crash", lead_days: int) -> "Stressed":
    from adapters.cli.plan import DAY_MS

    lead_ms = lead_days * DAY_MS
    recorded = _recorded(whole, replace(plan, from_ms=crash.from_ms - lead_ms, to_ms=crash.to_ms))
    if recorded is not None:
        return _of_crash(whole, plan, recorded, crash, (crash.from_ms, crash.to_ms), "recorded candles")
    return _made_up(whole, plan, crash, lead_ms)


def _recorded(whole: "Prepared", plan: "Plan") -> "tuple[MarketData, Span] | None":
    """Return the candles of the time itself, where every book has at least one coin that was traded through it."""
    from adapters.cli.market import market_of
    from runtime.market_data import MarketDataError

    books = list(whole.engine.books.values())
    try:
        data, span = market_of(plan, whole.rulebook, books)
    except MarketDataError:
        return None
    return (data, span) if all(covered(data, book, span) for book in books) else None


def covered(data: "MarketData", book: "Book", span: "Span") -> bool:
    """Whether there are nearly all candles of a span for one of a book's symbols at least."""
    import polars as pl

    from runtime.instrument import Market
    from runtime.timeframe import timeframe_ms

    wanted = (span[1] - span[0]) / timeframe_ms(book.timeframe) * ENOUGH_CANDLES
    keys = [(Market(book.market), symbol, book.timeframe) for symbol in book.symbols]
    inside = pl.col("close_ms").is_between(span[0], span[1], closed="right")
    return any(key in data.candles and data.candles[key].filter(inside).height >= wanted for key in keys)


def _made_up(whole: "Prepared", plan: "Plan", crash: "Crash", lead_ms: int) -> "Stressed":
    """Let the crash come at the end of the data that are there."""
    from adapters.cli.plan import DAY_MS
    from adapters.report.stress_sheets import Stressed
    from adapters.synthetic.crash import with_crash

    end_ms = whole.settings.to_ms // DAY_MS * DAY_MS
    from_ms = end_ms - (crash.to_ms - crash.from_ms)
    if from_ms <= whole.settings.from_ms:
        return Stressed(crash.name, note="the span is shorter than the crash, which was not recorded in it")
    span = (max(whole.settings.from_ms, from_ms - lead_ms), end_ms)
    data = with_crash(whole.data, crash, from_ms)
    return _of_crash(whole, plan, (data, span), crash, (from_ms, end_ms), "made up: its path on the last candles")


def _of_crash(
    whole: "Prepared", plan: "Plan", market: "tuple[MarketData, Span]", crash: "Crash", window: "Span", source: str
) -> "Stressed":
    from adapters.cli.wiring import prepare
    from adapters.report.stress_sheets import Stressed
    from adapters.report.summary import summarise
    from runtime.column_shelf import ColumnShelf
    from runtime.metrics import performance

    data, (from_ms, to_ms) = market
    supplies = replace(whole.supplies, data=data, span=market[1], shelf=ColumnShelf())
    prepared = prepare(replace(plan, from_ms=from_ms, to_ms=to_ms), whole.rulebook, supplies)
    result = _played(prepared, crash.name)
    summary = summarise(result)
    inside, held = _within(summary.curve, window), _within(summary.benchmark_curve, window)
    reached = [change.after for change in result.levels if window[0] <= change.at_ms <= window[1]]
    worst = max(reached, key=_rank(result), default="")
    figures = performance(inside)
    return Stressed(
        name=crash.name,
        total_return=figures.total_return,
        largest_drawdown=figures.largest_drawdown,
        held_return=performance(held).total_return if len(held.at_ms) > 1 else None,
        trades=sum(window[0] <= trade.exit_ms <= window[1] for trade in result.trades),
        note=f"{source}{f'; the breaker reached {worst}' if worst else ''}",
    )


def _rank(result: "RunResult") -> "Callable[[str], int]":
    order = list(result.thresholds)
    return lambda level: order.index(level) if level in order else -1


def _within(curve: "Curve", window: "Span") -> "Curve":
    """Cut a curve to a span, with the value at its beginning."""
    from runtime.metrics import Curve

    points = list(zip(curve.at_ms.tolist(), curve.values.tolist(), strict=True))
    before = [value for at_ms, value in points if at_ms <= window[0]][-1:]
    inside = [(at_ms, value) for at_ms, value in points if window[0] < at_ms <= window[1]]
    return Curve.of([*((window[0], value) for value in before), *inside])
