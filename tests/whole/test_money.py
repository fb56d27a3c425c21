"""Money neither appears nor vanishes, whatever happens: crashes, funding, commands, deposits, restarts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.steps.course import Course, drifting
from features.steps.words import DAY_MS, HOUR_MS, Series
from features.steps.world import RESERVE, Beginning, Past, World
from rules.language.rulebook import Rulebook
from runtime.events import (
    CashFlow,
    EarnMoved,
    ExchangeBack,
    ExchangeLost,
    FactObserved,
    Fill,
    FundingPayment,
    InterestPaid,
)
from runtime.gate import Purpose, purpose_of
from runtime.instrument import Market
from runtime.requests import Side
from runtime.step import HaltStage, Step

ZERO = Decimal(0)
BOOKS = ("core-hodl", "trend-1", "trend-2", "tactical", "funding")
LENDING = ("core-hodl",)
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
MONDAY_MS = 19_723 * DAY_MS
Wallets = dict[str, dict[str, Decimal]]
Place = tuple[str, Market, str]


@dataclass(slots=True)
class Ledger:
    """Books kept beside the engine's, from nothing but the start and what the exchange has reported."""

    cash: Wallets
    lent: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: Counter[Place] = field(default_factory=Counter)
    transfers: Counter[str] = field(default_factory=Counter)

    def take(self, step: Step) -> None:
        """Book one event; a purchase on credit costs its whole value here, so that cash goes below zero."""
        event = step.event
        if isinstance(event, Fill):
            signed = event.quantity if event.side is Side.BUY else -event.quantity
            self.held[event.account, event.market, event.symbol] += signed
            self.move(event.account, "USDT", -signed * event.price)
            self.move(event.account, event.fee_coin, -event.fee)
            if event.market is Market.SPOT:
                self.move(event.account, event.symbol.removesuffix("USDT"), signed)
        elif isinstance(event, FundingPayment):
            self.move(event.account, "USDT", event.amount)
        elif isinstance(event, InterestPaid):
            self.move(event.account, event.coin, event.amount)
        elif isinstance(event, EarnMoved):
            self.lent[event.account, event.coin] += event.amount
        elif isinstance(event, CashFlow):
            self.move(event.account, event.coin, event.amount)
            if event.transfer_id:
                self.transfers[event.transfer_id] += event.amount

    def move(self, account: str, coin: str, amount: Decimal) -> None:
        """Change one balance."""
        wallet = self.cash[account]
        wallet[coin] = wallet.get(coin, ZERO) + amount

    def compare(self, world: World) -> None:
        """The engine's wallets and positions are these, to the last decimal."""
        portfolio = world.engine.portfolio
        for account in portfolio.accounts:
            perpetuals = [p for p in portfolio.positions(account) if p.market is Market.LINEAR]
            expected = dict(self.cash[account])
            expected["USDT"] += sum((position.cost for position in perpetuals), ZERO)
            assert coins(portfolio.wallets(account)) == coins(expected)
            lent = {coin: amount for (owner, coin), amount in self.lent.items() if owner == account}
            assert portfolio.all_lent(account) == coins(lent)
            # What is lent out can't be spoken for a second time.
            assert all(portfolio.available(account, coin) + amount <= expected[coin] for coin, amount in lent.items())
            for position in portfolio.positions(account):
                if position.market is Market.LINEAR:
                    assert position.quantity == self.held[account, Market.LINEAR, position.symbol]
                else:
                    assert position.quantity == self.cash[account].get(position.symbol.removesuffix("USDT"), ZERO)


def coins(wallet: dict[str, Decimal]) -> dict[str, Decimal]:
    """A wallet without the coins of which there are none."""
    return {coin: amount for coin, amount in wallet.items() if amount}


class Trial:
    """One history, played through the shipped books on the simulated exchange, and looked at after each event."""

    def __init__(self, rulebook: Rulebook, past: Past, seen: Counter[str], books: tuple[str, ...] = BOOKS) -> None:
        accounts = {rulebook.books[name].account: Decimal(50_000) for name in books}
        wallets = {name: {"USDT": amount} for name, amount in {**accounts, RESERVE: Decimal(20_000)}.items()}
        if books == LENDING:
            wallets["CORE-HODL"] |= {"BTC": Decimal(5), "ETH": Decimal(50)}
        self.world = World(Beginning(rulebook, books, wallets, past, tuple(Market), MONDAY_MS, Decimal("0.0005")))
        self.ledger = Ledger({name: dict(wallet) for name, wallet in wallets.items()})
        self.seen = seen
        # The first look at the shares has moved money already.
        for step in self.world.journal.steps:
            self.ledger.take(step)
        keep = self.world.journal.watch

        def watch(step: Step) -> None:
            keep(step)
            self.look(step)

        self.world._backtest._watch = watch

    def look(self, step: Step) -> None:
        """What holds after each event."""
        self.ledger.take(step)
        self.ledger.compare(self.world)
        for request in step.requests:
            if purpose_of(request) is not Purpose.TRANSFER:
                assert self.world.engine.may_send(request) is None, f"{request} was decided where it may not be sent"
        self.seen[type(step.event).__name__] += 1
        portfolio = self.world.engine.portfolio
        shorts = portfolio.positions("FUNDING") if "FUNDING" in portfolio.accounts else ()
        self.seen["pairs"] += any(one.quantity < 0 for one in shorts)
        self.seen["stages"] += sum(isinstance(record, HaltStage) for record in step.records)

    def settle(self) -> None:
        """What holds when everything that happened was told: the exchange has the same, and transfers are even."""
        self.world.audit()
        assert all(amount == ZERO for amount in self.ledger.transfers.values())

    def day(self, moves: list[float], volume: float) -> None:
        """Let a day pass in which each symbol moves by a ratio, with a tail to both sides."""
        self._pass(moves, volume, DAY_MS)

    def hour(self, moves: list[float], volume: float) -> None:
        """Let an hour pass."""
        self._pass(moves, volume, HOUR_MS)

    def _pass(self, moves: list[float], volume: float, span_ms: int) -> None:
        prices = {symbol: self.world.candles.prices[Market.SPOT, symbol] for symbol in SYMBOLS}
        courses = {
            (symbol, None): course(prices[symbol], move, volume) for symbol, move in zip(SYMBOLS, moves, strict=True)
        }
        self.world.pass_time(span_ms, courses)

    def funding(self, symbol: str, rate: Decimal) -> None:
        """Settle funding."""
        self.world.settle_funding(symbol, rate)

    def offer(self, rate: Decimal) -> None:
        """Let lent coins earn another rate, which the engine is told."""
        self.world.exchange.offer(rate, self.world.now_ms)
        self.world.tell([FactObserved(self.world.now_ms, "earn.yield", rate)])

    def command(self, name: str, book: str, confirmed: bool) -> None:
        """Let the operator ask for something."""
        self.world.command(name, book, confirmed=confirmed)

    def deposit(self, book: str, amount: Decimal) -> None:
        """Bring money in."""
        self.world.move_money(self.world.account(book), "USDT", amount)

    def withdraw(self, book: str, part: Decimal) -> None:
        """Take a part of what is free."""
        account = self.world.account(book)
        free = self.world.exchange.free(account, "USDT")
        if free > 0:
            self.world.move_money(account, "USDT", -(free * part).quantize(Decimal("0.01")))

    def restart(self) -> None:
        """Forget the engine, and go on with what was written down."""
        self.world.restart()

    def outage(self, reason: str) -> None:
        """Lose the exchange for an hour of silence."""
        self.world.tell([ExchangeLost(self.world.now_ms, reason)])
        self.world.wait(HOUR_MS)
        self.world.tell([ExchangeBack(self.world.now_ms)])


def course(price: float, move: float, volume: float) -> Course:
    """From the last price to one that has moved, by way of a lower and a higher one."""
    close = price * (1 + move)
    return Course(price, max(price, close) * 1.01, min(price, close) * 0.98, close, volume / price)


MOVES = st.lists(st.sampled_from([-0.4, -0.1, -0.01, 0.0, 0.0, 0.01, 0.01, 0.05]), min_size=3, max_size=3)
VOLUMES = st.sampled_from([0.0, 50_000.0, 1e9])
CANDLES = st.one_of(st.tuples(st.just("day"), MOVES, VOLUMES), st.tuples(st.just("hour"), MOVES, VOLUMES))
COMMANDS = ("pause", "resume", "flatten", "halt", "acknowledge", "purchase", "retire", "reinstate")
OTHERS = st.one_of(
    st.tuples(st.just("command"), st.sampled_from(COMMANDS), st.sampled_from(("", *BOOKS)), st.booleans()),
    st.tuples(st.just("command"), st.sampled_from(("halt", "acknowledge", "resume")), st.just(""), st.just(True)),
    st.tuples(st.just("funding"), st.sampled_from(SYMBOLS), st.decimals("-0.01", "0.01", places=6)),
    st.tuples(st.just("deposit"), st.sampled_from((*BOOKS, RESERVE)), st.decimals("0.01", "90000", places=2)),
    st.tuples(st.just("withdraw"), st.sampled_from((*BOOKS, RESERVE)), st.decimals("0.1", "0.9", places=2)),
    st.tuples(st.just("restart")),
    st.tuples(st.just("outage"), st.just("no data")),
)
TURNS = st.lists(st.tuples(CANDLES, OTHERS), min_size=4, max_size=14)


@pytest.fixture(scope="module")
def past() -> Past:
    """A rising market, so that trends are there from the first day."""
    starts = {"BTCUSDT": 20_000.0, "ETHUSDT": 1_000.0, "SOLUSDT": 20.0}
    return {Series(symbol, None, "1d"): drifting(symbol, start, None, 0.005, 260) for symbol, start in starts.items()}


@pytest.mark.spec("EXEC-06", "ORCH-04", "BRK-07", "LIFE-02", "LIFE-06")
def test_money_neither_appears_nor_vanishes(rulebook: Rulebook, past: Past) -> None:
    """Engine, exchange and a third set of books agree after every event of any history, to the last decimal."""
    seen: Counter[str] = Counter()

    @settings(max_examples=16, suppress_health_check=[HealthCheck.too_slow])
    @given(TURNS)
    def play(turns: list[tuple[tuple[object, ...], tuple[object, ...]]]) -> None:
        trial = Trial(rulebook, past, seen)
        for name, *arguments in steps_of(turns):
            getattr(trial, str(name))(*arguments)
            trial.settle()

    play()

    assert min(seen[name] for name in ("Fill", "FundingPayment", "CashFlow", "stages", "pairs")) > 10, seen
    assert seen["OrderCancelled"] > 1


def steps_of(turns: list[tuple[tuple[object, ...], tuple[object, ...]]]) -> Iterator[tuple[object, ...]]:
    """A quiet day, on which the books take their positions and pay for them, and then what is told."""
    yield ("day", [0.01, 0.01, 0.01], 1e9)
    yield ("funding", "BTCUSDT", Decimal("0.0003"))
    yield from [("hour", [0.0, 0.0, 0.0], 1e9)] * 8
    yield ("funding", "BTCUSDT", Decimal("0.0004"))
    yield ("funding", "ETHUSDT", Decimal("-0.0003"))
    yield from [("hour", [0.0, 0.0, 0.0], 1e9)] * 2
    for candle, other in turns:
        yield candle
        yield other
    yield ("hour", [0.0, 0.0, 0.0], 1e9)


RATES = st.decimals("0", "0.05", places=3)
LENDERS = st.one_of(
    st.tuples(st.just("offer"), RATES),
    st.tuples(st.just("command"), st.sampled_from(("flatten", "halt")), st.just(""), st.booleans()),
    st.tuples(st.just("command"), st.just("acknowledge"), st.just(""), st.just(True)),
    st.tuples(st.just("withdraw"), st.just("core-hodl"), st.decimals("0.1", "0.9", places=2)),
    st.tuples(st.just("restart")),
)
QUIET = st.lists(st.sampled_from([-0.02, 0.0, 0.0, 0.01, 0.7]), min_size=3, max_size=3)
LOANS = st.lists(st.tuples(st.tuples(st.just("day"), QUIET, st.just(1e9)), LENDERS), min_size=3, max_size=14)


@pytest.mark.spec("CORE-14", "EXEC-06")
def test_lent_coins_neither_appear_nor_vanish(rulebook: Rulebook, past: Past) -> None:
    """Loans, interest, sales of what is out, restarts in between: the three sets of books agree after every event."""
    seen: Counter[str] = Counter()

    @settings(max_examples=24, suppress_health_check=[HealthCheck.too_slow])
    @given(LOANS)
    def play(turns: list[tuple[tuple[object, ...], tuple[object, ...]]]) -> None:
        trial = Trial(rulebook, past, seen, LENDING)
        quiet = ("day", [0.0, 0.0, 0.0], 1e9)
        beginning = [quiet, ("offer", Decimal("0.03")), quiet, quiet]
        for name, *arguments in (*beginning, *(one for turn in turns for one in turn), quiet):
            getattr(trial, str(name))(*arguments)
            trial.settle()

    play()

    assert min(seen[name] for name in ("EarnMoved", "InterestPaid", "Fill", "stages")) > 5, seen
