"""Puts the parts of a run together: rules, market, exchange, portfolio, engine, recorder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from hashlib import sha256
from itertools import product

from adapters.cli.default_books import books_of
from adapters.cli.failure import ExitCode, Failure, near
from adapters.cli.inside import inside_note
from adapters.cli.market import Span, digest, market_of
from adapters.cli.plan import CandleFile, Inside, Plan
from adapters.cli.rulebook import books_named, in_force
from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.late import LateExchange
from adapters.simulated.settings import ExchangeSettings
from rules.language.book import Book
from rules.language.rulebook import Rulebook
from runtime.backtest import Backtest
from runtime.capital import portfolio_of, shares_of, wallets_of
from runtime.column_shelf import ColumnShelf
from runtime.engine import Engine
from runtime.history import Histories
from runtime.instrument import Instrument, Market
from runtime.leap import Leaper
from runtime.market_data import MarketData
from runtime.ports import CandleExchange
from runtime.recorder import Recorder
from runtime.run import RunSettings
from runtime.timeframe import timeframe_ms

ID_LENGTH = 10
Instruments = Mapping[tuple[Market, str], Instrument]


@dataclass(frozen=True, slots=True)
class Supplies:
    """What runs over the same market have in common: what can be traded, the data with their span, their columns."""

    instruments: Instruments
    data: MarketData
    span: Span
    shelf: ColumnShelf


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything of a run, warmed up and standing before its first candle."""

    plan: Plan
    rulebook: Rulebook
    engine: Engine
    exchange: SimulatedExchange
    supplies: Supplies
    recorder: Recorder
    backtest: Backtest

    @property
    def data(self) -> MarketData:
        """The market it runs over."""
        return self.supplies.data

    @property
    def settings(self) -> RunSettings:
        """What the run is on."""
        return self.recorder.settings

    @property
    def run_id(self) -> str:
        """A name that only the same settings, rules and data give again."""
        plan = self.plan
        terms = (*((plan.late_bars,) if plan.late_bars else ()), *(plan.inside,) * (plan.inside is Inside.BEST))
        content = repr((replace(self.settings, data=""), self.plan.stand_ins, digest(self.data), *terms))
        return sha256(content.encode()).hexdigest()[:ID_LENGTH]

    def run(
        self,
        progress: Callable[[int], None] = lambda _at_ms: None,
        until_ms: int | None = None,
        *,
        leaping: bool = True,
    ) -> Leaper | None:
        """Play the span, or up to a moment in it; leaping and stepping end alike.

        Returns who leapt, None where every turn was stepped through; what can't be leapt over stands in the notes.
        Orders that arrive late are stepped through.
        """
        if not leaping or self.plan.late_bars:
            self.backtest.run(progress, until_ms)
            return None
        leaper = Leaper(self.engine, self.exchange, self.recorder)
        self.recorder.data_notes += leaper.obstacles()
        self.backtest.run(progress, until_ms, leaper)
        return leaper


def supplies_of(plan: Plan, rules: Rulebook, books: tuple[Book, ...]) -> Supplies:
    """Read what a plan trades on; raises as `prepare` does."""
    return Supplies(_instruments(books), *market_of(plan, rules, books), ColumnShelf())


def prepare(plan: Plan, rulebook: Rulebook | None = None, supplies: Supplies | None = None) -> Prepared:
    """Build a run from its plan; supplies of an earlier run over the same market need not be read again.

    Raises Failure, CapitalError or MarketDataError with a sentence for what can't be used.
    """
    rules = in_force(plan.rules, plan.environment) if rulebook is None else rulebook
    plan = replace(plan, books=books_of(plan, rules))
    books = books_named(rules, plan.books)
    shares = shares_of(rules, plan.books, _known(plan.shares, plan))
    if plan.shares:
        rules = replace(rules, sharing=None)
    supplied = supplies_of(plan, rules, books) if supplies is None else supplies
    data, (from_ms, to_ms) = supplied.data, supplied.span
    instruments = costing(supplied.instruments, plan.costs)
    settings = _settings(plan, rules, shares, from_ms, to_ms)
    exchange = SimulatedExchange(instruments, _exchange_settings(plan), wallets_of(rules, shares, plan.capital))
    portfolio = portfolio_of(rules, shares, plan.capital, instruments)
    engine = Engine(rules, plan.books, portfolio, instruments, fast=True)
    warm_up(engine.world.histories, data, from_ms, supplied.shelf)
    inside = inside_note(data, books, (from_ms, to_ms), plan.inside)
    recorder = Recorder(engine, settings, (*_notes(rules, plan), inside, *data.notes))
    backtest = Backtest(engine, _reached(exchange, plan, books), data, (from_ms, to_ms), recorder.watch, plan.wait_ms)
    return Prepared(plan, rules, engine, exchange, supplied, recorder, backtest)


def _reached(exchange: SimulatedExchange, plan: Plan, books: Sequence[Book]) -> CandleExchange:
    """The exchange as orders reach it; both legs of a pair have seconds, so those are never late."""
    if not plan.late_bars:
        return exchange
    single = [book for book in books if len(book.markets) == 1]
    return LateExchange(exchange, {book.account: plan.late_bars * timeframe_ms(book.timeframe) for book in single})


def _notes(rules: Rulebook, plan: Plan) -> tuple[str, ...]:
    environment = f"The rules have the values of the environment {rules.environment}." if rules.environment else ""
    shares = "Shares were given, so no money moves between engines." if plan.shares else ""
    late = f"Entries reach the market {plan.late_bars} candles of their book late." if plan.late_bars else ""
    return tuple(note for note in (environment, shares, late) if note)


def warm_up(histories: Histories, data: MarketData, from_ms: int, shelf: ColumnShelf | None = None) -> None:
    """Hand over all candles, and let those that close by the start be seen."""
    shelf = shelf or ColumnShelf()
    for key, frame in data.candles.items():
        history = histories.history(*key)
        history.take(shelf.get(key, partial(history.rows_of, frame)))
        history.advance_to(from_ms)
    histories.shelf = shelf


def costing(instruments: Instruments, costs: Decimal) -> Instruments:
    """Return the instruments with their fees multiplied."""
    return {
        key: replace(one, maker_fee=one.maker_fee * costs, taker_fee=one.taker_fee * costs)
        for key, one in instruments.items()
    }


def _instruments(books: tuple[Book, ...]) -> Instruments:
    instruments = load_instruments()
    for book in books:
        for own, symbol in product(book.markets, book.symbols):
            if (Market(own), symbol) not in instruments:
                known = [name for market, name in instruments if market == own]
                raise Failure(
                    f"Expected {own} symbols that the simulated exchange has, found {symbol} in {book.file}. "
                    f"{near(symbol, known)}"
                )
    return instruments


def _known(shares: Mapping[str, Decimal], plan: Plan) -> Mapping[str, Decimal]:
    for name in shares:
        if name not in plan.books:
            raise Failure(
                f'Expected shares of the books that run, found one for "{name}". {near(name, plan.books)}',
                ExitCode.USAGE,
            )
    return shares


def _exchange_settings(plan: Plan) -> ExchangeSettings:
    try:
        return ExchangeSettings(
            slippage=plan.slippage * plan.costs, volume_share=plan.volume_share, best_first=plan.inside is Inside.BEST
        )
    except ValueError as error:
        raise Failure(str(error), ExitCode.USAGE) from None


def _settings(plan: Plan, rules: Rulebook, shares: Mapping[str, Decimal], from_ms: int, to_ms: int) -> RunSettings:
    source = plan.source
    return RunSettings(
        books=plan.books,
        shares=shares,
        capital=plan.capital,
        from_ms=from_ms,
        to_ms=to_ms,
        rules_version=rules.version,
        data=str(source.path if isinstance(source, CandleFile) else source),
        slippage=plan.slippage,
        volume_share=_exchange_settings(plan).volume_share,
        acknowledge_after_ms=plan.wait_ms,
        costs=plan.costs,
    )
