"""Everything that the reports show of a run, worked out once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from adapters.report.words import percent
from runtime.benchmark import bought_weekly, buy_and_hold, combined_weights
from runtime.book_curve import own_curve
from runtime.events import Fill
from runtime.level_times import LevelTime, level_times
from runtime.metrics import (
    DAY_MS,
    Curve,
    Drawdown,
    Performance,
    drawdowns,
    monthly_returns,
    performance,
    yearly_returns,
)
from runtime.record import Record, record
from runtime.regimes import Regime, RegimeResult, regimes_by_day, results_by_regime
from runtime.round_trips import RoundTrip, round_trips
from runtime.run import EquityPoint, RunResult
from runtime.trades import Trade

REFERENCE = "BTCUSDT"
WORST_DRAWDOWNS = 5
_REFUSAL = re.compile(r"refused by (?P<check>[^:]+): (?P<reason>.*)", re.DOTALL)
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Engine:
    """One book on its share of the capital; money in USDT, without what transfers brought or took.

    `funding` is positive when received and has the interest of lent coins, `moved` is what transfers brought, `regimes`
    is what it did in each.
    """

    book: str
    share: Decimal | None
    start: Decimal
    end: Decimal
    performance: Performance
    record: Record
    fees: Decimal
    funding: Decimal
    moved: Decimal
    regimes: tuple[RegimeResult, ...]

    @property
    def profit(self) -> Decimal:
        """What it earned, after all costs."""
        return self.end - self.start

    @property
    def by_price(self) -> Decimal:
        """What prices alone earned it: the profit before fees and funding."""
        return self.profit + self.fees - self.funding


@dataclass(frozen=True, slots=True)
class RegimeRow:
    """One regime: its days, what the portfolio and buy-and-hold did on them, and the trades opened in it."""

    regime: Regime
    days: int
    portfolio: float
    benchmark: float | None
    record: Record


@dataclass(frozen=True, slots=True)
class Refusal:
    """How often one check (or rule) refused one book, with the reason of the first time."""

    book: str
    check: str
    times: int
    reason: str


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading cost, in USDT; fees and slippage are positive when paid, funding when received."""

    fees: Decimal
    slippage: Decimal
    funding: Decimal
    turnover: Decimal


@dataclass(frozen=True)
class Summary:
    """A run in figures; `benchmark` and `weekly` are None where there is nothing to buy and hold."""

    result: RunResult
    curve: Curve
    benchmark_curve: Curve
    weekly_curve: Curve
    portfolio: Performance
    benchmark: Performance | None
    weekly: Performance | None
    weights: Mapping[str, float]
    record: Record
    exposure: float
    time_in_market: float
    engines: tuple[Engine, ...]
    regimes: tuple[RegimeRow, ...]
    worst: tuple[Drawdown, ...]
    months: Mapping[tuple[int, int], float]
    years: Mapping[int, float]
    benchmark_years: Mapping[int, float]
    refusals: tuple[Refusal, ...]
    costs: Costs
    level_times: tuple[LevelTime, ...]

    @property
    def verdict(self) -> str:
        """The run in one sentence."""
        own = f"The portfolio {_told(self.portfolio)}"
        return f"{own}." if self.benchmark is None else f"{own}; buying and holding {_told(self.benchmark)}."


def summarise(result: RunResult) -> Summary:
    """Work out everything that the reports show."""
    curve = equity_curve(result)
    weights = combined_weights(result.closes, result.settings.shares, result.weights)
    benchmark_curve = buy_and_hold(result.closes, weights, float(result.settings.capital), result.settings.from_ms)
    weekly_curve = bought_weekly(result.closes, weights, float(result.settings.capital), _span(result))
    months = monthly_returns(curve)
    return Summary(
        result=result,
        curve=curve,
        benchmark_curve=benchmark_curve,
        weekly_curve=weekly_curve,
        portfolio=performance(curve),
        benchmark=performance(benchmark_curve) if len(benchmark_curve.at_ms) > 1 else None,
        weekly=performance(weekly_curve) if len(weekly_curve.at_ms) > 1 else None,
        weights=weights,
        record=record(result.trades),
        **_exposure(result),
        engines=tuple(_engine(result, book) for book in result.settings.books),
        regimes=tuple(_regimes(result, curve, benchmark_curve)),
        worst=tuple(sorted(drawdowns(curve), key=lambda fall: -fall.depth)[:WORST_DRAWDOWNS]),
        months=months,
        years=yearly_returns(curve),
        benchmark_years=yearly_returns(benchmark_curve),
        refusals=tuple(_refusals(result)),
        costs=_costs(result),
        level_times=tuple(level_times(result.levels, tuple(result.thresholds), *_span(result))),
    )


def _span(result: RunResult) -> tuple[int, int]:
    return result.settings.from_ms, result.settings.to_ms


def equity_curve(result: RunResult, book: str | None = None) -> Curve:
    """Return the equity of the portfolio, or of one book without what transfers brought, from the start on."""
    settings = result.settings
    if book is None:
        points = [(point.at_ms, float(point.total)) for point in result.equity]
        return Curve.of([(settings.from_ms, float(settings.capital)), *points])
    curve = own_curve(result.equity, (book,), settings.from_ms)
    share = settings.capital * settings.shares.get(book, _ZERO)
    return curve if len(curve.at_ms) else Curve.of([(settings.from_ms, float(share))])


def best_and_worst(trades: Sequence[Trade], count: int) -> tuple[list[RoundTrip], list[RoundTrip]]:
    """Return the trades and pairs that earned most and those that lost most, the most telling first."""
    ordered = sorted(round_trips(trades), key=lambda trade: trade.net)
    worst = [trade for trade in ordered[:count] if trade.net < 0]
    return [trade for trade in ordered[::-1][:count] if trade.net > 0], worst


def _told(figures: Performance) -> str:
    verb = "lost" if figures.total_return < 0 else "made"
    yearly = "" if figures.annual_return is None else f" ({percent(figures.annual_return)} a year)"
    fall = percent(figures.largest_drawdown)
    return f"{verb} {percent(abs(figures.total_return))}{yearly} with a largest drawdown of {fall}"


def _own(point: EquityPoint, book: str) -> Decimal:
    return point.by_book[book] - point.moved.get(book, _ZERO)


def _exposure(result: RunResult) -> dict[str, float]:
    totals = np.array([float(point.total) for point in result.equity])
    exposed = np.array([float(point.exposure) for point in result.equity])
    if len(totals) == 0:
        return {"exposure": 0.0, "time_in_market": 0.0}
    ratios = exposed / np.where(totals > 0, totals, np.inf)
    return {"exposure": float(np.mean(ratios)), "time_in_market": float(np.mean(exposed > 0))}


def _engine(result: RunResult, book: str) -> Engine:
    points = [point for point in result.equity if book in point.by_book]
    books = {order.order_id: order.book for order in result.orders}
    fills = [fill for fill in result.fills if books.get(fill.order_id) == book]
    accounts = {fill.account for fill in fills}
    curve = equity_curve(result, book)
    return Engine(
        book=book,
        share=result.settings.shares.get(book),
        start=_own(points[0], book) if points else _ZERO,
        end=_own(points[-1], book) if points else _ZERO,
        performance=performance(curve),
        record=record([trade for trade in result.trades if trade.book == book]),
        fees=sum((_fee(fill) for fill in fills), _ZERO),
        funding=sum((amount for account, amount in _paid(result) if account in accounts), _ZERO),
        moved=points[-1].moved.get(book, _ZERO) if points else _ZERO,
        regimes=tuple(results_by_regime(curve, _regimes_by_day(result))) if result.closes.get(REFERENCE) else (),
    )


def _paid(result: RunResult) -> Iterator[tuple[str, Decimal]]:
    """Funding and interest by account, in quote coin."""
    yield from ((payment.account, payment.amount) for payment in result.funding)
    yield from ((paid.account, paid.value) for paid in result.interest)


def _regimes_by_day(result: RunResult) -> dict[int, Regime]:
    return regimes_by_day(Curve.of(result.closes[REFERENCE]))


def _regimes(result: RunResult, curve: Curve, benchmark_curve: Curve) -> list[RegimeRow]:
    if not result.closes.get(REFERENCE):
        return []
    by_day = _regimes_by_day(result)
    held = {one.regime: one.total_return for one in results_by_regime(benchmark_curve, by_day)}
    opened: dict[Regime, list[Trade]] = {}
    for trip in round_trips(result.trades):
        opened.setdefault(by_day.get(trip.entry_ms // DAY_MS * DAY_MS, Regime.UNKNOWN), []).extend(trip.legs)
    return [
        RegimeRow(one.regime, one.days, one.total_return, held.get(one.regime), record(opened.get(one.regime, [])))
        for one in results_by_regime(curve, by_day)
    ]


def _refusals(result: RunResult) -> list[Refusal]:
    found: dict[tuple[str, str], Refusal] = {}
    for decision in result.decisions:
        for match in filter(None, map(_REFUSAL.search, decision.outcomes)):
            check, reason = match["check"], match["reason"]
            before = found.get((decision.book, check), Refusal(decision.book, check, 0, reason))
            times = before.times + 1 + decision.repeated
            found[decision.book, check] = Refusal(before.book, before.check, times, before.reason)
    return sorted(found.values(), key=lambda refusal: (-refusal.times, refusal.book, refusal.check))


def _costs(result: RunResult) -> Costs:
    return Costs(
        fees=sum((_fee(fill) for fill in result.fills), _ZERO),
        slippage=result.slippage_paid,
        funding=sum((amount for _, amount in _paid(result)), _ZERO),
        turnover=sum((fill.quantity * fill.price for fill in result.fills), _ZERO),
    )


def _fee(fill: Fill) -> Decimal:
    """In quote coin; a fee taken in the coin itself counts at the price of the fill."""
    return fill.fee if fill.symbol.endswith(fill.fee_coin) else fill.fee * fill.price
