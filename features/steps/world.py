"""One scenario as it runs: the engine and the exchange of a back-test, fed with candles that the scenario tells."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from features.steps.candles import DAY, HOUR, Candles, Moves, split
from features.steps.course import Course
from features.steps.editions import Editions
from features.steps.journal import Journal
from features.steps.words import DAY_MS, HOUR_MS, Series
from machines.table import Snapshot
from rules.language.rulebook import Rulebook
from runtime.backtest import Backtest
from runtime.capital import RESERVE
from runtime.engine import Engine
from runtime.events import Event, OperatorCommand, RulesReloaded, Timer
from runtime.feed import Turn
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.market_data import MarketData
from runtime.observations import Observation
from runtime.portfolio import Portfolio
from runtime.ports import CandleExchange
from runtime.step import Step
from runtime.versions import Reloads

__all__ = ["RESERVE", "Beginning", "Past", "World"]

Past = dict[Series, list[Course]]
Wallets = Mapping[str, Mapping[str, Decimal]]
INSTRUMENTS = load_instruments()
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Beginning:
    """Everything that is there before the first candle."""

    rulebook: Rulebook
    books: tuple[str, ...]
    wallets: Wallets
    past: Past
    markets: tuple[Market, ...]
    start_ms: int
    slippage: Decimal


class World:
    """Plays candles through engine and exchange as a back-test does, and remembers every step."""

    def __init__(self, beginning: Beginning) -> None:
        self.journal = Journal()
        self.rulebook = beginning.rulebook
        self.books = beginning.books
        self.candles = _remembered(beginning)
        self.down = False
        self.unnoticed = False
        self._opened = False
        self._missed: list[Event] = []
        self._commands: list[OperatorCommand] = []
        self.fragile = False
        portfolio = Portfolio(INSTRUMENTS, beginning.wallets)
        self.editions = Editions(self.rulebook)
        reloads = Reloads(self.editions.library)
        engine = Engine(self.rulebook, self.books, portfolio, INSTRUMENTS, reloads)
        self._warm_up(engine)
        self.editions.begins(engine, self.candles.frames(), self.now_ms)
        settings = ExchangeSettings(slippage=beginning.slippage)
        self.exchange = SimulatedExchange(INSTRUMENTS, settings, beginning.wallets)
        self._backtest = Backtest(engine, self.exchange, MarketData({}), (0, 0), self._watch)
        self._backtest.play(self.candles.present())

    @property
    def engine(self) -> Engine:
        """The engine that runs now."""
        return self._backtest.engine

    @property
    def now_ms(self) -> int:
        """The moment up to which everything has happened."""
        return self.candles.now_ms

    # ── time and prices ─────────────────────────────────────────────────────────────────────────────────────────────

    def pass_time(self, span_ms: int, moves: Moves | None = None) -> None:
        """Let time pass with still prices; what moves, moves in the last piece of it."""
        pieces = self.candles.pieces(span_ms)
        self._play([(piece, moves or {} if place == len(pieces) - 1 else {}) for place, piece in enumerate(pieces)])

    def pass_candles(self, moves: Sequence[Moves], span_ms: int = DAY_MS) -> None:
        """Let candles of one length follow each other; where somebody looks at hours, each day is cut into them."""
        played: list[tuple[int, Moves]] = []
        for course_of in moves:
            pieces = self.candles.pieces(span_ms)
            if span_ms == DAY_MS and len(pieces) > 1:
                parts = {key: split(course, len(pieces)) for key, course in course_of.items()}
                played += [(piece, {key: cut[at] for key, cut in parts.items()}) for at, piece in enumerate(pieces)]
            else:
                played.append((span_ms, course_of))
        self._play(played)

    def open(self) -> None:
        """Let the next candles open, so that orders that wait for it are filled; once, however often it is asked."""
        if not self._opened and not self.down:
            self._opened = True
            self._backtest.play(self.candles.opening())

    def open_at(self, prices: Mapping[str, float]) -> None:
        """Let the next candles open elsewhere than where the last ones closed."""
        assert not self._opened, "The next candle has opened already: say where it opens before asking anything."
        self.candles.jump(prices)
        self.open()

    def _play(self, pieces: Sequence[tuple[int, Moves]]) -> None:
        turns = [self.candles.pass_piece(span_ms, moves) for span_ms, moves in pieces]
        if not self.down:
            self.engine.world.histories.preload(self.candles.frames())
        for opening, closing in turns:
            if not self._opened:
                self._turn(opening)
            self._turn(closing)
            self._opened = False

    def _turn(self, turn: Turn) -> None:
        if self.down:
            self._missed += self.exchange.range(turn.finest_closed) if turn.finest_closed else ()
            self._missed += self.exchange.open(turn.finest_opened) if turn.finest_opened else ()
            return
        self._backtest.play(turn)
        if turn.finest_closed and not turn.closed:
            self.tell([Timer(turn.at_ms)])

    # ── what else happens ───────────────────────────────────────────────────────────────────────────────────────────

    def tell(self, events: Iterable[Event]) -> None:
        """Let the engine take in events."""
        self._backtest.pass_on(events)

    def trade_through(self, exchange: CandleExchange) -> None:
        """Let another face stand before the exchange."""
        self._backtest.exchange = exchange

    def settle_funding(self, symbol: str, rate: Decimal) -> None:
        """Let the exchange settle funding, and the engine see the rate."""
        self.open()
        turn = Turn(self.now_ms, (), (), ())
        self._backtest.play(turn, [Observation(self.now_ms, "funding.rate", symbol, rate)])

    def wait(self, span_ms: int) -> None:
        """Let the clock go on while nothing else happens; a piece a second would see the same as one a minute."""
        self.open()
        for past_ms in range(MINUTE_MS, span_ms + 1, MINUTE_MS):
            self.tell([Timer(self.now_ms + past_ms)])

    def command(self, name: str, book: str = "", reason: str | None = None, confirmed: bool = False) -> None:
        """Let the operator ask for something."""
        self.open()
        reason, number = reason or "the scenario says so", f"command-{len(self._commands) + 1}"
        command = OperatorCommand(self.now_ms, name, "operator", reason, book, "scenario", number, confirmed)
        self._commands.append(command)
        self.tell([command])

    def repeat_command(self) -> None:
        """Let the last command arrive once more, with the id that it had."""
        self.tell([replace(self._commands[-1], at_ms=self.now_ms)])

    def reload(self, rulebook: Rulebook | None, problems: Sequence[str] = (), at_start: bool = False) -> None:
        """Let the engine hear of rule files that were read again; None where they have problems."""
        name = "" if rulebook is None else self.editions.add(rulebook)
        books = self.books if at_start else ()
        event = RulesReloaded(self.now_ms, name, tuple(problems), books, at_start=at_start, reason="a file was changed")
        self.tell([event])
        self.rulebook = self.engine.rulebook

    def move_money(self, account: str, coin: str, amount: Decimal, noticed: bool = True) -> None:
        """Bring coins in or take them out; what isn't noticed, only the exchange knows of."""
        self.open()
        flows = self.exchange.deposit(account, coin, amount, self.now_ms)
        if noticed:
            self.tell(flows)
        else:
            self.unnoticed = True

    def restart(self) -> None:
        """Go on with an engine that has only read what this one has written down."""
        self._reborn()
        self.down = False
        missed, self._missed = self._missed, []
        self.tell(missed)

    def _watch(self, step: Step) -> None:
        self.journal.watch(step)
        if self.fragile:
            self._reborn()

    def _reborn(self) -> None:
        """Write down what the engine remembers, forget the engine, and make one that has only read this."""
        plain = json.loads(json.dumps(self.engine.to_plain()))
        rulebook, library = self.editions.named(self.engine.versions.name), self.editions.library
        engine = Engine.from_plain(rulebook, tuple(self.engine.books), INSTRUMENTS, plain, library)
        again = json.loads(json.dumps(engine.to_plain()))
        assert again == plain, f"An engine that has read this remembers something else: {_differences(plain, again)}"
        self._warm_up(engine)
        self._backtest.engine = engine

    def _warm_up(self, engine: Engine) -> None:
        histories = engine.world.histories
        for key, frame in self.candles.frames().items():
            history = histories.history(*key)
            history.preload(frame)
            history.advance_to(self.now_ms)

    # ── what there is to see ────────────────────────────────────────────────────────────────────────────────────────

    def account(self, book: str) -> str:
        """The sub-account of a book; of the reserve, its own."""
        return RESERVE if book == RESERVE else self.rulebook.books[book].account

    def market(self, book: str) -> Market:
        """The market that a book trades on."""
        return Market(self.rulebook.books[book].market)

    def instance(self, book: str, symbol: str) -> Instance:
        """The machine of a book, or of one of its symbols."""
        instances = self.engine.instances
        return instances[book, ""] if (book, "") in instances else instances[book, symbol]

    def snapshot(self, book: str, symbol: str) -> Snapshot:
        """State and memory of a machine."""
        return self.instance(book, symbol).snapshot

    def audit(self) -> None:
        """Compare the engine's books with the exchange's: every coin, every position, every open order."""
        if self.down or self.unnoticed:
            return
        portfolio = self.engine.portfolio
        for account in portfolio.accounts:
            ours = {coin: amount for coin, amount in portfolio.wallets(account).items() if amount}
            theirs = {coin: amount for coin, amount in self.exchange.owned(account).items() if amount}
            assert ours == theirs, f"{account} has {ours} in the engine's books and {theirs} on the exchange."
            moving = self.engine.trader.earn.unsettled(account)
            lent = {coin: amount for coin, amount in portfolio.all_lent(account).items() if coin not in moving}
            out = {coin: amount for coin, amount in self.exchange.earn.lent(account).items() if coin not in moving}
            assert lent == out, f"{account} has lent {lent} in the engine's books and {out} on the exchange."
            perpetuals = [position for position in portfolio.positions(account) if position.market is Market.LINEAR]
            held = {position.symbol: position.quantity for position in perpetuals if position.quantity}
            positions = {symbol: p.quantity for symbol, p in self.exchange.positions(account).items() if p.quantity}
            assert held == positions, f"{account} holds {held} in the engine's books and {positions} on the exchange."
            for symbol in held:
                stop, there = portfolio.stop(account, symbol), self.exchange.stop(account, symbol)
                assert stop == there, f"The stop of {symbol} is {stop} in the engine's books, {there} on the exchange."
        live = {ticket.request.order_id for ticket in self.engine.trader.desk.live()}
        waiting = {order.request.order_id for name in portfolio.accounts for order in self.exchange.open_orders(name)}
        assert live == waiting, f"The engine waits for the orders {live}, the exchange has {waiting}."


def _remembered(beginning: Beginning) -> Candles:
    timeframes = [beginning.rulebook.books[name].timeframe for name in beginning.books]
    hourly = HOUR in timeframes or any(of.timeframe == HOUR for of in beginning.past)
    candles = Candles(timeframes, beginning.start_ms, hourly)
    told = sorted(beginning.past.items(), key=lambda entry: entry[0].market is not None)
    for of, courses in told:
        for market in beginning.markets if of.market is None else (of.market,):
            candles.remember((market, of.symbol, of.timeframe), courses)
            if of.timeframe == HOUR and replace(of, timeframe=DAY) not in beginning.past:
                candles.remember((market, of.symbol, DAY), _days(courses))
    return candles


def _days(hours: Sequence[Course]) -> list[Course]:
    """Put the hours of whole days together, the last one ending with the last hour."""
    per_day = DAY_MS // HOUR_MS
    start = len(hours) % per_day
    days = [hours[place : place + per_day] for place in range(start, len(hours), per_day)]
    return [
        Course(
            day[0].open,
            max(hour.high for hour in day),
            min(hour.low for hour in day),
            day[-1].close,
            sum(hour.volume for hour in day),
        )
        for day in days
    ]


def _differences(one: Any, other: Any, path: str = "") -> str:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
        return "; ".join(_differences(one.get(name), other.get(name), f"{path}.{name}") for name in names)
    return f"{path}: {one!r} became {other!r}"
