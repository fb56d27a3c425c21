"""`eternal lookahead`: other futures, and a proof that nothing before them has changed."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import history_options as asked
from adapters.cli.rules import Environment, RulesFolder

if TYPE_CHECKING:
    from adapters.cli.plan import Plan
    from adapters.cli.wiring import Prepared
    from adapters.report.sheet import Sheet
    from adapters.synthetic.futures import Future
    from runtime.lookahead import Peek, Track

MOMENTS = 3
COLUMN_MOMENTS_EACH = 4
MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Checked:
    """What was compared, and what was found to differ, the innermost part first."""

    books: tuple[str, ...]
    facts: int
    rules: int
    values: int
    moments_ms: tuple[int, ...]
    column_moments_ms: tuple[int, ...]
    peeks: tuple["Peek", ...]


def lookahead(
    books: asked.Books = None,
    *,
    data: asked.Data = None,
    start: asked.From = None,
    end: asked.To = None,
    candles: asked.Candles = None,
    symbol: asked.Symbol = None,
    market: asked.MarketName = None,
    timeframe: asked.Timeframe = None,
    moments: Annotated[
        int, typer.Option(min=1, help="After how many moments, spread over the span, the future is exchanged.")
    ] = MOMENTS,
    folder: RulesFolder = None,
    environment: Environment = "",
    as_json: asked.AsJson = False,
) -> None:
    """Prove that nothing looks ahead.

    The future after several moments is cut off, shuffled and replaced, and the books are played again up to it: every
    decision, every condition and every fact before it, whether it led to a signal or not, has to be the same to the
    last digit. What isn't is named with its file and line.
    """
    from adapters.cli.failure import ExitCode
    from adapters.cli.screen import say, say_json, screen
    from adapters.report.terminal import table

    source = asked.Source(data, candles, symbol, market, timeframe)
    checked = check(asked.plan_of(books, source, (start, end), folder, environment), moments)
    if as_json:
        say_json(plain(checked))
    else:
        if checked.peeks:
            screen().print(table(sheet(checked)))
        say(verdict(checked))
    if checked.peeks:
        raise typer.Exit(ExitCode.FINDINGS)


def check(plan: "Plan", moments: int) -> Checked:
    """Play a plan with its recorded future and with others, and compare everything before them."""
    from adapters.cli.wiring import prepare
    from runtime.lookahead import Track
    from runtime.readings import columns_of, live_rules

    prepared = prepare(plan)
    span = (prepared.settings.from_ms, prepared.settings.to_ms)
    edges, finer = spread(span, moments), spread(span, moments * COLUMN_MOMENTS_EACH)
    columns = columns_of(prepared.rulebook, prepared.engine.books.values())
    found = list(_in_columns(prepared, finer))
    whole = Track.of(prepared.engine)
    _play(prepared, whole, edges[-1], "with the recorded future")
    found += _in_runs(prepared, whole, edges)
    facts = {(c.seen.book, c.seen.what) for c in columns if c.seen.rank < 3} | _facts(whole)
    return Checked(
        books=tuple(prepared.engine.books),
        facts=len(facts),
        rules=sum(len(live_rules(book)) for book in prepared.engine.books.values()),
        values=whole.count,
        moments_ms=edges,
        column_moments_ms=finer,
        peeks=tuple(firsts(found)),
    )


def spread(span: tuple[int, int], count: int) -> tuple[int, ...]:
    """Return so many midnights between the ends of a span."""
    from adapters.cli.plan import DAY_MS

    from_ms, to_ms = span
    inside = (from_ms + (to_ms - from_ms) * number // (count + 1) for number in range(1, count + 1))
    return tuple(dict.fromkeys(max(at_ms // DAY_MS * DAY_MS, from_ms) for at_ms in inside))


def _in_columns(prepared: "Prepared", edges: Sequence[int]) -> "Iterable[Peek]":
    """Everything that follows from candles alone, over the whole history."""
    from adapters.cli.progress import through
    from adapters.cli.wanted import looked_at, needed
    from adapters.synthetic.futures import Future, candles_with_future
    from runtime.history import Histories
    from runtime.lookahead import peeks_in_columns
    from runtime.readings import columns_of

    columns = columns_of(prepared.rulebook, prepared.engine.books.values())
    books = list(prepared.engine.books.values())
    keys = {*needed(prepared.rulebook, books), *looked_at(prepared.rulebook, books)}
    candles = {key: rows for key, rows in prepared.data.candles.items() if key in keys}
    whole = Histories()
    whole.preload(candles)
    with through("facts under other futures", 0, len(edges)) as reach:
        for number, edge_ms in enumerate(edges, 1):
            for future in Future:
                other = Histories()
                other.preload(candles_with_future(candles, edge_ms, future))
                yield from peeks_in_columns(columns, whole, other, edge_ms, future.value)
            reach(number)


def _in_runs(prepared: "Prepared", whole: "Track", edges: Sequence[int]) -> "Iterable[Peek]":
    from adapters.synthetic.futures import Future
    from runtime.lookahead import peeks_in_tracks

    for edge_ms, future in product(edges, Future):
        other = _played(prepared, edge_ms, future)
        yield from peeks_in_tracks(whole, other, edge_ms, future.value)


def _played(prepared: "Prepared", edge_ms: int, future: "Future") -> "Track":
    from adapters.cli.wiring import prepare
    from adapters.report.words import day
    from adapters.synthetic.futures import with_future
    from runtime.column_shelf import ColumnShelf
    from runtime.lookahead import Track

    supplies = replace(prepared.supplies, data=with_future(prepared.data, edge_ms, future), shelf=ColumnShelf())
    again = prepare(prepared.plan, prepared.rulebook, supplies)
    track = Track.of(again.engine)
    _play(again, track, edge_ms, f"{future.value} after {day(edge_ms)}")
    return track


def _play(prepared: "Prepared", track: "Track", until_ms: int, about: str) -> None:
    """Step through every candle: what is skipped because nothing can happen there has to be looked at as well."""
    from adapters.cli.progress import through
    from runtime.backtest import Backtest

    settings = prepared.settings
    span = (settings.from_ms, settings.to_ms)
    plain_run = Backtest(
        prepared.engine, prepared.exchange, prepared.data, span, track.watch, settings.acknowledge_after_ms
    )
    with through(about, settings.from_ms, until_ms) as reach:
        plain_run.run(reach, until_ms)


def _facts(track: "Track") -> set[tuple[str, str]]:
    seen = (reading.seen for readings in track.readings.values() for reading in readings)
    return {(one.book, one.what) for one in seen if one.rank < 3}


def firsts(peeks: "Iterable[Peek]") -> "list[Peek]":
    """Return each thing once, where it differed first, what others are made of before what is made of it."""
    known: dict[tuple[str, str, str], Peek] = {}
    for peek in peeks:
        key = (peek.book, peek.symbol, peek.what)
        if key not in known or peek.at_ms < known[key].at_ms:
            known[key] = peek
    return sorted(known.values(), key=lambda peek: (peek.rank, peek.at_ms, peek.book, peek.what, peek.symbol))


# ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def verdict(checked: Checked) -> str:
    """Write the result in one sentence."""
    from adapters.report.words import counted

    moments = counted(len(checked.moments_ms), "moment")
    compared = (
        f"{counted(checked.facts, 'fact')} with their indicators and {counted(checked.rules, 'rule')} of "
        f"{', '.join(checked.books)}: "
        f"{checked.values:,} values at candles, and every decision, before {moments}, "
        f"and all columns before {len(checked.column_moments_ms)}"
    )
    if not checked.peeks:
        return f"Nothing looks ahead. Compared: {compared}, with the future cut off, shuffled and replaced."
    first = checked.peeks[0]
    more = f" and {len(checked.peeks) - 1} more" if len(checked.peeks) > 1 else ""
    return (
        f"{first.place}: {first.what} ({_whose(first)}) looks ahead{more}. "
        f"What stands first is what the others are made of; put it right first. Compared: {compared}."
    )


def sheet(checked: Checked) -> "Sheet":
    """Return what looks ahead as a table."""
    from adapters.report.sheet import Sheet
    from adapters.report.words import counted, minute

    rows = tuple(
        (
            peek.place,
            peek.what,
            _whose(peek),
            peek.future,
            minute(peek.moment_ms),
            minute(peek.at_ms),
            peek.before,
            peek.after,
        )
        for peek in checked.peeks[:MOST_SHOWN]
    )
    columns = ("where", "what", "of", "future", "exchanged after", "differs at", "was", "became")
    hidden = len(checked.peeks) - len(rows)
    about = f"The first {len(rows)}; {counted(hidden, 'row')} more with --json." if hidden else ""
    return Sheet("What looks ahead", columns, rows, text=len(columns), about=about)


def _whose(peek: "Peek") -> str:
    return f"{peek.book} {peek.symbol}".strip()


def plain(checked: Checked) -> dict[str, object]:
    """Return the result for a machine; moments in milliseconds UTC."""
    return {**asdict(checked), "looks_ahead": bool(checked.peeks)}
