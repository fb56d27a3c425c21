"""The tables of a report, in words, for whatever shows them."""

from collections.abc import Sequence
from decimal import Decimal

from adapters.report.doubt_sheet import doubts
from adapters.report.engine_sheets import engines_by_regime, last_transfers, profits, transfers
from adapters.report.gates import gate_sheet, tally
from adapters.report.level_sheet import levels
from adapters.report.sheet import Sheet
from adapters.report.summary import Summary, best_and_worst
from adapters.report.words import NOTHING, day, days, hours, minute, money, number, percent, price
from runtime.metrics import DAY_MS, Curve
from runtime.record import Record
from runtime.round_trips import RoundTrip, round_trips
from runtime.upkeep import Upkeep

EXTREME_TRADES = 5
HOUR_MS = 3_600_000


def sheets(summary: Summary, last: int) -> list[Sheet]:
    """Return every table of a report in reading order, with so many of the last trades, transfers and level changes."""
    return [*overview(summary), *falls(summary, last), *details(summary, last)]


def overview(summary: Summary) -> list[Sheet]:
    """Return the tables that say how the run went, as a whole, by engine and by kind of market."""
    return [
        *doubts(summary),
        figures(summary),
        gates(summary),
        engines(summary),
        profits(summary),
        weights(summary),
        regimes(summary),
        engines_by_regime(summary),
    ]


def falls(summary: Summary, last: int) -> list[Sheet]:
    """Return the tables about drawdowns and what the breaker did."""
    return [drawdowns(summary), levels(summary), breakers(summary, last)]


def details(summary: Summary, last: int) -> list[Sheet]:
    """Return the tables of single trades, refusals, transfers and costs."""
    return [
        *trades(summary, last),
        refusals(summary),
        transfers(summary),
        last_transfers(summary, last),
        costs(summary),
    ]


def gates(summary: Summary) -> Sheet:
    """Return what the run says of the gates between phases; a gate that fails is shown as failed."""
    return gate_sheet(
        summary.result.gates, "Gates between phases that a back-test decides", tally(summary.result.gates)
    )


def figures(summary: Summary) -> Sheet:
    """Return the key figures of the portfolio beside those of buy-and-hold and of weekly purchases."""
    own, others = summary.portfolio, (summary.benchmark, summary.weekly)
    compared = [
        (
            name,
            written(getattr(own, field)),
            *(NOTHING if one is None else written(getattr(one, field)) for one in others),
        )
        for name, field, written in (
            ("total return", "total_return", percent),
            ("annual return", "annual_return", percent),
            ("volatility, annual", "volatility", percent),
            ("Sharpe", "sharpe", number),
            ("Sortino", "sortino", number),
            ("Calmar", "calmar", number),
            ("largest drawdown", "largest_drawdown", percent),
            ("longest drawdown", "longest_drawdown_days", days),
        )
    ]
    held, weekly = others
    invested = NOTHING if held is None else "100.0 %"
    held_end = NOTHING if held is None else money(_last(summary.benchmark_curve))
    weekly_end = NOTHING if weekly is None else money(_last(summary.weekly_curve))
    rows = [
        ("end value, USDT", money(_last(summary.curve)), held_end, weekly_end),
        *compared,
        ("exposure, mean of equity", percent(summary.exposure), invested, NOTHING),
        ("time in the market", percent(summary.time_in_market), invested, invested),
        *((name, text, NOTHING, NOTHING) for name, text in _record_rows(summary.record)),
    ]
    coins = ", ".join(f"{symbol} {percent(weight, 0)}" for symbol, weight in summary.weights.items())
    about = (
        f"Buy and hold spends the same capital once, at the first close: {coins}. "
        "Bought weekly spends an equal part of it every week on the same coins."
    )
    columns = ("", "portfolio", "buy and hold", "bought weekly")
    return Sheet("Key figures", columns, tuple(rows), about=about if coins and held else "")


def _last(curve: Curve) -> float:
    return float(curve.values[-1])


def _record_rows(record: Record) -> list[tuple[str, str]]:
    return [
        ("closed trades", f"{record.trades:,}"),
        ("win rate", percent(record.win_rate)),
        ("profit factor", number(record.profit_factor)),
        ("average win, USDT", money(record.average_win)),
        ("average loss, USDT", money(record.average_loss)),
        ("average holding time", hours(record.average_hours)),
    ]


def engines(summary: Summary) -> Sheet:
    """Return one row per book, on its own share of the capital."""
    rows = tuple(
        (
            one.book,
            percent(one.share, 0),
            money(one.profit, signed=True),
            percent(one.performance.total_return, signed=True),
            percent(one.performance.annual_return, signed=True),
            number(one.performance.sharpe),
            percent(one.performance.largest_drawdown),
            f"{one.record.trades:,}",
            percent(one.record.win_rate, 0),
            number(one.record.profit_factor),
            money(one.fees),
        )
        for one in summary.engines
    )
    columns = ("book", "share", "profit", "return", "a year", "Sharpe", "drawdown", "trades", "won", "factor", "fees")
    about = "Both legs of a pair are one trade." if _has_pairs(summary) else ""
    return Sheet("Engines", columns, rows, signed=frozenset({2, 3, 4}), about=about)


def _has_pairs(summary: Summary) -> bool:
    return any(trip.is_pair for trip in round_trips(summary.result.trades))


def weights(summary: Summary) -> Sheet:
    """Return each coin against its target weight, the last rebalance and the staking yield of accumulating books."""
    rows = tuple(
        (one.book, held.symbol, percent(held.target), percent(held.drift, signed=True))
        for one in summary.result.upkeep
        for held in one.holdings
    )
    about = " ".join(told(one) for one in summary.result.upkeep)
    columns = ("book", "coin", "target weight", "points off")
    return Sheet("Weights at the end", columns, rows, text=2, empty="No book keeps weights.", about=about)


def told(upkeep: Upkeep) -> str:
    """Say when a book was rebalanced, when that is due again, and what staking would pay."""
    if upkeep.rebalanced_ms is None:
        rebalanced = f"{upkeep.book} was never rebalanced"
    else:
        rebalanced = f"{upkeep.book} was rebalanced on {day(upkeep.rebalanced_ms)}"
        if upkeep.due_from_ms is not None:
            rebalanced += f", the next is due from {day(upkeep.due_from_ms)} to {day(upkeep.due_to_ms)}"
    staking = "unknown" if upkeep.earn_yield is None else percent(upkeep.earn_yield)
    return f"{rebalanced}; the staking yield is {staking}, {percent(upkeep.earn_from)} is needed."


def regimes(summary: Summary) -> Sheet:
    """Return one row per kind of market."""
    rows = tuple(
        (
            row.regime.value,
            f"{row.days:,}",
            percent(row.portfolio, signed=True),
            percent(row.benchmark, signed=True),
            f"{row.record.trades:,}",
            percent(row.record.win_rate, 0),
            money(row.record.net, signed=True),
        )
        for row in summary.regimes
    )
    columns = ("market", "days", "portfolio", "buy and hold", "trades", "won", "their net")
    about = (
        "The kind of market is what Bitcoin's daily closes said when each day began; trades count where they opened."
    )
    empty = "No daily closes of BTCUSDT to tell them from."
    return Sheet("Kinds of market", columns, rows, signed=frozenset({2, 3, 6}), about=about, empty=empty)


def drawdowns(summary: Summary) -> Sheet:
    """Return the deepest falls below a former high."""
    rows = tuple(
        (
            percent(fall.depth),
            day(fall.start_ms),
            day(fall.bottom_ms),
            day(fall.recovered_ms) if fall.recovered_ms else "not yet",
            days((fall.bottom_ms - fall.start_ms) / DAY_MS),
            days(fall.recovery_days),
        )
        for fall in summary.worst
    )
    return Sheet("Worst drawdowns", ("depth", "from", "bottom", "recovered", "falling", "recovering"), rows, text=0)


_TRADE_COLUMNS = (
    *("opened", "book", "what", "opened by", "closed by"),
    *("entry", "exit", "held", "net", "return"),
)


def trades(summary: Summary, last: int) -> list[Sheet]:
    """Return the best, the worst and the last trades, each with the rules that made it."""
    everything = round_trips(summary.result.trades)
    best, worst = best_and_worst(summary.result.trades, EXTREME_TRADES)
    shown = everything[-last:] if last else ()
    title = f"Last {len(shown):,} of {len(everything):,} trades" if len(shown) < len(everything) else "All trades"
    return [
        _trade_sheet("Best trades", best),
        _trade_sheet("Worst trades", worst),
        *([_trade_sheet(title, shown)] if shown else []),
    ]


def _trade_sheet(title: str, shown: Sequence[RoundTrip]) -> Sheet:
    write = day if all(trip.entry_ms % DAY_MS == 0 for trip in shown) else minute
    rows = tuple((write(trip.entry_ms), *_traded(trip)) for trip in shown)
    return Sheet(title, _TRADE_COLUMNS, rows, text=5, signed=frozenset({8, 9}))


def _traded(trip: RoundTrip) -> tuple[str, ...]:
    """Tell a trade; of a pair, at the prices of its first leg."""
    first, last = trip.legs[0], max(trip.legs, key=lambda leg: leg.exit_ms)
    what = "pair" if trip.is_pair else first.direction.value
    return (
        first.book,
        f"{what} {first.symbol}",
        first.entry_rule or NOTHING,
        last.exit_rule or NOTHING,
        price(first.entry_price),
        price(first.exit_price),
        hours(trip.duration_ms / HOUR_MS),
        money(trip.net, signed=True),
        percent(trip.net_return, signed=True),
    )


def refusals(summary: Summary) -> Sheet:
    """Return what was refused, by book and check."""
    rows = tuple((one.book, one.check, one.reason, f"{one.times:,}") for one in summary.refusals)
    return Sheet("Refused", ("book", "check", "first reason", "times"), rows, text=3, empty="Nothing was refused.")


def breakers(summary: Summary, last: int) -> Sheet:
    """Return the last changes of the breaker's level."""
    changes = summary.result.levels
    shown = changes[-last:] if last else ()
    rows = tuple(
        (minute(change.at_ms), f"{change.before} → {change.after}", change.reason, percent(change.drawdown))
        for change in shown
    )
    title = f"Breaker, last {len(shown):,} of {len(changes):,} changes" if len(shown) < len(changes) else "Breaker"
    return Sheet(title, ("at", "level", "reason", "drawdown"), rows, text=3, empty="It never left NORMAL.")


def costs(summary: Summary) -> Sheet:
    """Return what trading cost, in USDT and as a ratio of what was traded."""
    paid = summary.costs
    rows = (
        ("fees paid", money(paid.fees), _of(paid.fees, paid.turnover)),
        ("slippage paid", money(paid.slippage), _of(paid.slippage, paid.turnover)),
        ("funding received", money(paid.funding, signed=True), NOTHING),
        ("turnover", money(paid.turnover), NOTHING),
    )
    return Sheet("Costs", ("USDT", "amount", "of turnover"), rows)


def _of(cost: Decimal, turnover: Decimal) -> str:
    return percent(cost / turnover, 3) if turnover else NOTHING
