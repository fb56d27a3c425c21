"""A real engine in a real loop, watched, with time and the outside in the hands of the test."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.metrics.observation import Observation
from adapters.simulated.instruments import load_instruments
from machines.catalogue import MACHINES
from rules.language.rulebook import load
from runtime.capital import portfolio_of
from runtime.engine import Engine
from runtime.events import AccountSeen, Candle, CandleClose, Event, Fill, FillKind, OrderAccepted, StopPlaced
from runtime.facts import vocabulary_for
from runtime.inbox import EventInbox
from runtime.instrument import Market
from runtime.loop import Loop
from runtime.ports import JournalAwayError
from runtime.requests import PlaceOrder, Request
from runtime.step import Step

HOUR_MS = 3_600_000
START_MS = 480_000 * HOUR_MS
BOOK = """
book: trial
about: In above 50,000, out below.
machine: trend
account: TRIAL
market: linear
symbols: [BTCUSDT]
timeframe: 1h
directional: yes
exits:
  out: {in: [IN_POSITION, TRAILING_STOP], when: close < 50000 USDT/BTC, then: leave()}
triggers:
  again: {in: [NO_TRADE, STOPPED_OUT], when: known(close), then: look_again()}
entries:
  long: {in: SCANNING, when: close > 50000 USDT/BTC, then: "signal(side=long, risk=1%, stop_distance=9000 USDT/BTC)"}
"""
BREAKERS = (Path(__file__).parents[3] / "rules" / "governance" / "breakers.yaml").read_text(encoding="utf-8")


@dataclass
class Outside:
    """Journal, venue and clocks of a test; `seconds` is the clock that measures."""

    now: int = START_MS
    away: bool = False
    passed_s: float = 100.0
    sent: list[Request] = field(default_factory=list)

    def append(self, step: Step) -> None:
        if self.away:
            raise JournalAwayError

    def send(self, request: Request) -> None:
        self.sent.append(request)

    def now_ms(self) -> int:
        return self.now

    def seconds(self) -> float:
        return self.passed_s


class Trial:
    """A watched loop around the trial book, and what happens to it."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.outside, self.inbox = engine, Outside(), EventInbox()
        outside = self.outside
        self.loop = Loop(engine, outside, outside, self.inbox, outside)
        self.seen = Observation(engine, outside, lambda: self.loop.unwritten, outside.seconds, "1.2.3")
        self.loop.watch, self.loop.beat = self.seen.see, self.seen.beat
        self.executions = 0

    def number(self, name: str, **labels: str) -> float | None:
        return self.seen.meters.show.registry.get_sample_value(f"eternal_{name}", labels)

    def reconcile(self) -> "Trial":
        self.loop.start()
        for name in self.engine.portfolio.accounts:
            wallet = tuple(self.engine.portfolio.wallets(name).items())
            self.hear(AccountSeen(self.outside.now, name, wallet, (), (), complete=True))
        return self

    def hear(self, *events: Event) -> None:
        for event in events:
            self.inbox.put(event)
        while self.loop.turn(0):
            pass

    def hour(self, close: float) -> None:
        self.outside.now += HOUR_MS
        at_ms = self.outside.now
        bar = Candle(Market.LINEAR, "BTCUSDT", "1h", at_ms - HOUR_MS, at_ms, close, close, close, close, 1_000.0)
        self.hear(CandleClose(at_ms, (bar,)))

    def order(self) -> PlaceOrder:
        return [request for request in self.outside.sent if isinstance(request, PlaceOrder)][-1]

    def accept_and_fill(self, price: int) -> None:
        order = self.order()
        self.executions += 1
        assert order.quantity is not None
        self.hear(
            OrderAccepted(self.outside.now, order.order_id),
            Fill(
                at_ms=self.outside.now,
                execution_id=f"execution-{self.executions}",
                order_id=order.order_id,
                account="TRIAL",
                market=Market.LINEAR,
                symbol="BTCUSDT",
                side=order.side,
                quantity=order.quantity,
                price=Decimal(price),
                fee=Decimal(0),
                fee_coin="USDT",
                maker=False,
                kind=FillKind.TRADE,
                done=True,
            ),
        )
        if order.stop_loss is not None:
            self.hear(StopPlaced(self.outside.now, "TRIAL", "BTCUSDT", order.stop_loss))


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A loop that has not been started."""
    (tmp_path / "trial.yaml").write_text(BOOK)
    (tmp_path / "breakers.yaml").write_text(BREAKERS)
    (tmp_path / "shares.yaml").write_text("book: shares\nabout: All.\nshares:\n  trial: 100%\n")
    rulebook, findings = load(sorted(tmp_path.glob("*.yaml")), MACHINES, vocabulary_for)
    assert rulebook is not None, findings
    instruments = load_instruments()
    portfolio = portfolio_of(rulebook, {"trial": Decimal(1)}, Decimal(100_000), instruments)
    return Trial(Engine(rulebook, ("trial",), portfolio, instruments))
