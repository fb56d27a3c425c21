"""A loop with a real journal in virtual time, which dies between any two things it does and lives again."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.cli.exchange import market_of
from adapters.cli.kept_rules import rule_files_of
from adapters.cli.kept_store import remember
from adapters.cli.options import moment
from adapters.cli.places import packaged_rules
from adapters.cli.rulebook import in_force
from adapters.cli.spared_rules import read_rules
from adapters.cli.wiring import warm_up
from adapters.postgres.connection import Connection, connect
from adapters.postgres.journal import PostgresJournal, entries
from adapters.postgres.lease import Lease
from adapters.postgres.migrations import migrate
from adapters.postgres.openings import write_opening
from adapters.postgres.resume import resume
from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from adapters.simulated.unreliable import ANSWER_MS, UnreliableVenue
from runtime.backtest import within
from runtime.engine import Engine
from runtime.events import CandleClose, CashFlow, Fill, FundingPayment
from runtime.feed import Turn, turns
from runtime.inbox import EventInbox
from runtime.library import Library
from runtime.loop import Loop
from runtime.observations import observations_of
from runtime.portfolio import Portfolio
from runtime.requests import LookAtAccount, PlaceOrder, Request
from runtime.step import Step
from tests.adapters.cli import running
from tests.adapters.postgres.running import opening_of

SYMBOLS = ("BTCUSDT", "ETHUSDT")
BOOKS = tuple(running.BOOKS)
HELD = {name: {"USDT": Decimal(amount)} for name, amount in (running.CAPITAL | {"RESERVE": 20_000}).items()}
DAY_MS, SECOND_MS = 86_400_000, 1_000
MOST_SECONDS = 180
Told = Fill | FundingPayment | CashFlow
"""What an account's history shows for ever."""
DOWN_MS = 3_000
"""So long it takes until a process that died is back."""


class Death(BaseException):
    """The process dies here."""


@dataclass(frozen=True)
class Boundary:
    """A place between two things that a process does, and the world and the journal's last entry as they are there."""

    kind: str
    step: Step
    seq: int
    world: "World"


class World:
    """What goes on whether or not the process lives: time, the market, and the exchange with all it remembers."""

    def __init__(self, market: Path, start: str) -> None:
        self.data, self.span = market_of(market, moment(start), SYMBOLS, "1d")
        self.instruments = {key: one for key, one in load_instruments().items() if key[1] in SYMBOLS}
        self.turns: list[Turn] = list(turns(within(self.data.candles, *self.span)))
        self.funding = [one for one in observations_of(self.data, *self.span) if one.name == "funding.rate"]
        self.at_ms, self.day, self.has_ended = self.span[0], 0, False
        self.told: list[Told] = []
        self.posts: Counter[str] = Counter()
        self.venue = Venue(self, SimulatedExchange(self.instruments, ExchangeSettings(), HELD))

    def now_ms(self) -> int:
        return self.at_ms

    @property
    def exchange(self) -> SimulatedExchange:
        return self.venue.exchange

    @property
    def turn(self) -> Turn:
        """The moment at which a day ends and the next one begins."""
        return self.turns[self.day]

    def copy(self) -> "World":
        """The same world once more, without a process; what never changes is shared."""
        shared = (self.data, self.instruments, self.turns, self.funding)
        inbox, self.venue.inbox = self.venue.inbox, Deaf()
        copied = deepcopy(self, {id(one): one for one in shared})
        self.venue.inbox = inbox
        copied.venue.forget_messages()
        return copied

    def end_the_day(self) -> None:
        """Let the day's candles run to their end, and its funding be settled."""
        before, self.at_ms, self.has_ended = self.at_ms, self.turn.at_ms, True
        self.venue.publish(self.exchange.range(self.turn.finest_closed))
        for seen in self.funding:
            if before < seen.at_ms <= self.at_ms:
                self.venue.publish(self.exchange.settle(seen.symbol, seen.value, seen.at_ms))
        self.at_ms += 2 * ANSWER_MS

    def pass_a_second(self) -> None:
        """Let a second pass at the first prices of the new day."""
        self.at_ms += SECOND_MS
        self.venue.trade(self.turn.finest_opened)

    def state(self) -> dict[str, Any]:
        """How every account stands, and everything that was ever filled in it."""
        return {name: self._account(name) for name in HELD}

    def _account(self, name: str) -> dict[str, Any]:
        exchange = self.exchange
        fills = [one for one in self.told if isinstance(one, Fill) and one.account == name]
        orders = [one.request for one in exchange.open_orders(name)]
        return {
            "wallet": {coin: amount for coin, amount in exchange.wallet(name).items() if amount},
            "positions": {symbol: lasting(one) for symbol, one in exchange.positions(name).items()},
            "orders": sorted(str((one.symbol, one.side, one.quantity, one.price)) for one in orders),
            "leverage": [exchange.leverage(name, symbol) for symbol in SYMBOLS],
            "fills": sorted(str((one.symbol, one.side, one.quantity, one.price, one.fee, one.kind)) for one in fills),
        }


class Venue(UnreliableVenue):
    """The exchange behind a good connection, which dies with the process."""

    def __init__(self, world: World, exchange: SimulatedExchange) -> None:
        super().__init__(exchange, Deaf(), world)
        self._world = world

    def publish(self, events: Any, hushed: bool = False) -> None:
        """Remember what an account's history shows."""
        events = list(events)
        self._world.told += [one for one in events if isinstance(one, Fill | FundingPayment | CashFlow)]
        super().publish(events, hushed)

    @property
    def waits(self) -> bool:
        """Whether news is still under way."""
        return bool(self._waiting)

    def send(self, request: Request) -> None:
        """Count how often each order and each transfer comes."""
        if isinstance(request, PlaceOrder):
            self._world.posts[request.order_id] += 1
        super().send(request)


class Deaf:
    """The inbox of a process that is dead."""

    def put(self, event: Any) -> None:
        """Lose an event."""

    def take(self, timeout_s: float) -> None:
        """Have nothing."""


class Store:
    """The database of all lives."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connection: Connection = connect(url, patient=True)
        migrate(self.connection)
        self.rulebook = in_force(packaged_rules())

    def open(self, world: World) -> None:
        """Keep the opening of an engine that has never run."""
        engine = Engine(self.rulebook, BOOKS, Portfolio(world.instruments, HELD), world.instruments)
        warm_up(engine.world.histories, world.data, world.span[0])
        candles = {key: frame.filter(frame["close_ms"] <= world.span[0]) for key, frame in world.data.candles.items()}
        files = rule_files_of(read_rules(packaged_rules(), "").whole())
        write_opening(self.connection, opening_of(engine, candles, world.instruments), files)

    def engine(self) -> Engine:
        """Make the engine that stands where the journal ends."""
        resumed = resume(self.connection, Library(lambda _name: self.rulebook))
        assert resumed is not None
        return resumed.engine

    def journal(self) -> PostgresJournal:
        """Open the journal for the next process; nobody waits for the lease of the dead one."""
        self.connection.execute(b"UPDATE lease SET deadline = '-infinity'")
        lease = Lease.acquire(self.connection, "a life", ttl_s=600)
        return PostgresJournal(lambda: self.url, lease, self.rulebook.version)

    def forget_after(self, seq: int) -> None:
        """Go back to where an entry was the last."""
        self.connection.execute(b"SET session_replication_role = replica")
        for table in ("snapshots", "outbox", "journal"):
            self.connection.execute(f"DELETE FROM {table} WHERE seq > {seq}".encode())
        self.connection.execute(b"SET session_replication_role = DEFAULT")

    def close(self) -> None:
        self.connection.close()

    def steps(self) -> list[Step]:
        return [entry.step for entry in entries(self.connection)]


Reach = Callable[[str, Step, "Life"], None]


class Life:
    """A process from its start to its death; `reach` hears of every boundary, and may let it die there."""

    def __init__(self, store: Store, world: World, reach: Reach = lambda *_: None) -> None:
        self.store, self.world, self._reach = store, world, reach
        self.inbox = world.venue.inbox = EventInbox()
        self.engine, self.journal = store.engine(), store.journal()
        self.loop = Loop(self.engine, self, self, self.inbox, world)
        self.ends: dict[int, dict[str, Any]] = {}
        self._step: Step | None = None

    # The journal and the venue of the loop.

    def append(self, step: Step) -> None:
        """Keep a step in the journal."""
        self._step = step
        self._reach("before a commit", step, self)
        self.journal.append(step)
        self._reach("after a commit", step, self)

    def send(self, request: Request) -> None:
        """Send a request of the step that was kept last."""
        assert self._step is not None
        self._reach("before a request is sent", self._step, self)
        self.world.venue.send(request)
        self._reach("before its answer", self._step, self)

    # Its course.

    def live(self, days: int) -> None:
        """Begin, wherever the world stands, and trade until so many days have begun."""
        self._begin()
        self._drain()
        if self.world.has_ended:
            self._trade()
        while self.world.day < days:
            self.world.end_the_day()
            self.world.venue.pump()
            if self.world.turn.closed:
                self.inbox.put(CandleClose(self.world.turn.at_ms, self.world.turn.closed))
            self._drain()
            self._trade()

    def _begin(self) -> None:
        """Hear what the adapter tells first: an account's history, a look at it, and the candles that were missed."""
        steps = self.store.steps()
        self.loop.start()
        for event in self.world.told:
            if event.at_ms >= max((step.at_ms for step in steps), default=0) - DAY_MS:
                self.inbox.put(event)
        for name in HELD:
            for seen in self.world.exchange.submit(LookAtAccount(name), self.world.at_ms):
                self.inbox.put(seen)
        seen_ms = max((step.at_ms for step in steps if isinstance(step.event, CandleClose)), default=0)
        turn = self.world.turn
        if turn.closed and seen_ms < turn.at_ms <= self.world.at_ms:
            self.inbox.put(CandleClose(turn.at_ms, turn.closed))

    def _trade(self) -> None:
        """Let the day go on until nothing is under way any more, and then be over."""
        for second in range(MOST_SECONDS):
            self.world.pass_a_second()
            self._drain()
            if second > 1 and not self._busy:
                break
        remember(self.journal, self.engine)
        self.ends[self.world.day] = self._state()
        self.world.day, self.world.has_ended = self.world.day + 1, False

    def _drain(self) -> None:
        self.world.venue.pump()
        while self.loop.turn(0):
            self.world.venue.pump()

    @property
    def _busy(self) -> bool:
        trading = next(self.engine.world.desk.live(), None) is not None
        return trading or self.world.venue.waits or not self.engine.ready

    def end(self) -> None:
        """Give the journal back."""
        self.journal.close()

    def _state(self) -> dict[str, Any]:
        """How the exchange, the machines and the books stand, whoever was away for a moment."""
        portfolio, instances = self.engine.portfolio, self.engine.instances
        return {
            "exchange": self.world.state(),
            "machines": {key: (one.snapshot.state, lasting(one.snapshot.memory)) for key, one in instances.items()},
            "wallets": {name: dict(portfolio.wallets(name)) for name in HELD},
            "held": {name: [lasting(one) for one in portfolio.positions(name)] for name in HELD},
            "stops": {name: [portfolio.stop(name, symbol) for symbol in SYMBOLS] for name in HELD},
        }


def lasting(remembered: Any) -> dict[str, Any]:
    """Everything but moments, and the names of orders: one that never left has left again under another."""
    names = [one.name for one in fields(remembered) if not one.name.endswith(("_ms", "order_id"))]
    return {name: getattr(remembered, name) for name in names}
