"""The loop: written before sent, held back while the journal is away, stopped when another writes it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pytest

from adapters.simulated.instruments import load_instruments
from machines.catalogue import MACHINES
from rules.language.rulebook import load
from runtime.capital import portfolio_of
from runtime.desk import Purpose, Ticket
from runtime.engine import Engine
from runtime.events import (
    AccountSeen,
    Candle,
    CandleClose,
    Event,
    FactObserved,
    Fill,
    FillKind,
    Noticed,
    OperatorCommand,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    SeenOrder,
    SeenPosition,
    Started,
    StopGone,
    StopPlaced,
    Timer,
)
from runtime.facts import vocabulary_for
from runtime.inbox import EventInbox
from runtime.instrument import Market
from runtime.loop import Loop
from runtime.ports import JournalAwayError, LeaseLostError
from runtime.requests import CancelOrder, ChangeStop, LookAtAccount, OrderType, PlaceOrder, Request, Side, TimeInForce
from runtime.step import Difference, Notice, Step

HOUR_MS = 3_600_000
START_MS = 480_000 * HOUR_MS
ACCOUNT, SYMBOL = "TRIAL", "BTCUSDT"
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


@dataclass
class Outside:
    """Journal, venue and clock of a test: remembers what it was given, and fails when told."""

    now: int = START_MS
    away: bool = False
    lost: bool = False
    written: list[Step] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)

    def append(self, step: Step) -> None:
        if self.lost:
            raise LeaseLostError
        if self.away:
            raise JournalAwayError
        self.written.append(step)

    def send(self, request: Request) -> None:
        self.sent.append(request)

    def now_ms(self) -> int:
        return self.now

    def of(self, kind: type) -> list[Request]:
        return [request for request in self.sent if isinstance(request, kind)]


class Trial:
    """A loop around the trial book, and what happens to it."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.outside, self.inbox = engine, Outside(), EventInbox()
        self.loop = Loop(engine, self.outside, self.outside, self.inbox, self.outside)
        self.executions = 0

    def reconciled(self) -> "Trial":
        self.loop.start()
        self.hear(*(look(name, self.engine) for name in self.engine.portfolio.accounts))
        assert self.engine.ready
        return self

    def hear(self, *events: Event) -> None:
        for event in events:
            self.inbox.put(event)
        while self.loop.turn(0):
            pass

    def hour(self, close: float) -> None:
        self.outside.now += HOUR_MS
        at_ms = self.outside.now
        bar = Candle(Market.LINEAR, SYMBOL, "1h", at_ms - HOUR_MS, at_ms, close, close, close, close, 1_000.0)
        self.hear(CandleClose(at_ms, (bar,)))

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.outside.now += 1_000
            self.hear()

    def fill(self, order: PlaceOrder, quantity: Decimal | None = None, done: bool = True) -> None:
        self.executions += 1
        self.hear(fill_of(self, order, quantity, done))

    def entered(self, stop: bool = True) -> "Trial":
        """Open the position, with its stop confirmed or not."""
        self.hour(50_100.0)
        order = self.orders()[0]
        self.hear(OrderAccepted(self.outside.now, order.order_id))
        self.fill(order)
        if stop:
            assert order.stop_loss is not None
            self.hear(StopPlaced(self.outside.now, ACCOUNT, SYMBOL, order.stop_loss))
        return self

    def orders(self) -> list[PlaceOrder]:
        return [request for request in self.outside.sent if isinstance(request, PlaceOrder)]

    def told(self, severity: str) -> list[str]:
        records = (record for step in self.outside.written for record in step.records)
        return [record.text for record in records if isinstance(record, Notice) and record.severity == severity]

    @property
    def state(self) -> str:
        return self.engine.instances["trial", SYMBOL].snapshot.state


def fill_of(trial: Trial, order: PlaceOrder, quantity: Decimal | None = None, done: bool = True) -> Fill:
    """One execution of an order: all of it where no quantity is given."""
    amount = order.quantity if quantity is None else quantity
    assert amount is not None
    return Fill(
        at_ms=trial.outside.now,
        execution_id=f"execution-{trial.executions}",
        order_id=order.order_id,
        account=ACCOUNT,
        market=Market.LINEAR,
        symbol=SYMBOL,
        side=order.side,
        quantity=amount,
        price=Decimal(50_100),
        fee=Decimal(0),
        fee_coin="USDT",
        maker=False,
        kind=FillKind.TRADE,
        done=done,
    )


def look(account: str, engine: Engine, *positions: SeenPosition, orders: tuple[SeenOrder, ...] = ()) -> AccountSeen:
    """The account as the books have it, but for these positions and orders."""
    wallet = tuple(engine.portfolio.wallets(account).items())
    return AccountSeen(START_MS, account, wallet, positions, orders, complete=True)


def seen(quantity: str, stop: str | None = "41000") -> SeenPosition:
    price = None if stop is None else Decimal(stop)
    return SeenPosition(Market.LINEAR, SYMBOL, Decimal(quantity), Decimal(50_000), price, Decimal(2), None)


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """A loop that has not been started."""
    (tmp_path / "trial.yaml").write_text(BOOK)
    (tmp_path / "shares.yaml").write_text("book: shares\nabout: All.\nshares:\n  trial: 100%\n")
    rulebook, findings = load(sorted(tmp_path.glob("*.yaml")), MACHINES, vocabulary_for)
    assert rulebook is not None, findings
    instruments = load_instruments()
    portfolio = portfolio_of(rulebook, {"trial": Decimal(1)}, Decimal(100_000), instruments)
    one = Trial(Engine(rulebook, ("trial",), portfolio, instruments))
    yield one
    again = Engine.from_plain(rulebook, ("trial",), instruments, one.engine.to_plain())
    assert again.to_plain() == one.engine.to_plain()


@pytest.mark.spec("STATE-05")
def test_while_the_journal_is_away_no_new_risk_leaves_and_what_protects_does(trial: Trial) -> None:
    trial.reconciled()
    trial.outside.away = True
    trial.hour(50_100.0)
    assert trial.orders() == []
    assert trial.state == "SCANNING"
    assert trial.loop.unwritten > 0
    trial.outside.away = False
    trial.entered()
    trial.outside.sent.clear()
    trial.outside.away = True
    trial.hear(StopGone(trial.outside.now, ACCOUNT, SYMBOL))
    assert len(trial.outside.of(ChangeStop)) == 1
    trial.hour(49_000.0)
    assert trial.orders()[-1].reduce_only
    trial.outside.away = False
    trial.wait(1)
    assert trial.loop.unwritten == 0
    assert [step.sequence for step in trial.outside.written] == list(range(1, len(trial.outside.written) + 1))


@pytest.mark.spec("STATE-03")
def test_who_has_lost_the_journal_stops_at_once_and_sends_nothing(trial: Trial) -> None:
    trial.reconciled()
    trial.outside.lost = True
    before = len(trial.outside.sent)
    with pytest.raises(LeaseLostError):
        trial.hour(50_100.0)
    assert len(trial.outside.sent) == before


@pytest.mark.spec("STATE-03", "LIFE-05")
def test_who_slept_between_commit_and_send_sends_nothing_before_it_knows_that_it_is_the_writer(trial: Trial) -> None:
    trial.reconciled()
    trial.loop.is_held = lambda: False
    trial.hour(50_100.0)
    assert trial.orders() == []
    assert trial.state == "SCANNING"

    def lost() -> bool:
        raise LeaseLostError

    trial.loop.is_held = lost
    before = len(trial.outside.sent)
    with pytest.raises(LeaseLostError):
        trial.hour(50_200.0)
    assert len(trial.outside.sent) == before


@pytest.mark.spec("STATE-05")
def test_what_protects_leaves_while_nobody_can_say_who_is_the_writer(trial: Trial) -> None:
    trial.reconciled().entered()
    trial.outside.sent.clear()
    trial.loop.is_held = lambda: False
    trial.hear(StopGone(trial.outside.now, ACCOUNT, SYMBOL))
    assert len(trial.outside.of(ChangeStop)) == 1


def test_time_never_goes_back_but_a_candle_is_decided_at_its_close(trial: Trial) -> None:
    trial.reconciled()
    trial.outside.now += HOUR_MS
    trial.hear(Timer(trial.outside.now), OrderAccepted(trial.outside.now - 900, "nobody's"))
    assert trial.outside.written[-1].at_ms == trial.outside.now
    close_ms = trial.outside.now - 500
    bar = Candle(Market.LINEAR, SYMBOL, "1h", close_ms - HOUR_MS, close_ms, 1.0, 1.0, 1.0, 1.0, 1.0)
    trial.hear(CandleClose(close_ms, (bar,)))
    assert trial.outside.written[-1].at_ms == close_ms


def test_it_stops_when_told_from_another_thread(trial: Trial) -> None:
    thread = Thread(target=trial.loop.run)
    thread.start()
    trial.loop.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(trial.outside.written[0].event, Started)


@pytest.mark.spec("EXEC-12")
def test_a_position_whose_stop_is_never_confirmed_is_asked_for_one_and_then_closed(trial: Trial) -> None:
    trial.reconciled().entered(stop=False)
    asked_for = len(trial.outside.of(ChangeStop))
    trial.wait(2)
    assert len(trial.outside.of(ChangeStop)) == asked_for + 1
    assert len(trial.orders()) == 1
    trial.wait(3)
    assert [order.reduce_only for order in trial.orders()] == [False, True]
    assert any("no confirmed stop" in text for text in trial.told("P0"))
    assert trial.state == "EXITING"


@pytest.mark.spec("EXEC-12")
def test_a_confirmed_stop_leaves_the_position_alone(trial: Trial) -> None:
    trial.reconciled().entered()
    trial.wait(30)
    assert len(trial.orders()) == 1
    assert trial.told("P0") == []


@pytest.mark.spec("EXEC-10")
@pytest.mark.parametrize("noticed", ["by the stream", "by a look"])
def test_a_stop_that_is_gone_is_placed_again_in_the_same_step(trial: Trial, noticed: str) -> None:
    trial.reconciled().entered()
    stop = trial.engine.portfolio.stop(ACCOUNT, SYMBOL)
    quantity = str(trial.engine.portfolio.position(ACCOUNT, Market.LINEAR, SYMBOL).quantity)
    gone = (
        StopGone(trial.outside.now, ACCOUNT, SYMBOL)
        if noticed == "by the stream"
        else look(ACCOUNT, trial.engine, seen(quantity, stop=None))
    )
    trial.outside.sent.clear()
    trial.hear(gone)
    assert trial.outside.sent[0] == ChangeStop(ACCOUNT, SYMBOL, stop)
    trial.hear(
        OrderRejected(trial.outside.now, f"stop:{ACCOUNT}:{SYMBOL}", 110093, "expect Falling, but trigger_price")
    )
    assert [order.reduce_only for order in trial.orders()] == [True]


@pytest.mark.spec("EXEC-01")
def test_what_cannot_happen_to_an_order_fences_its_book(trial: Trial) -> None:
    trial.reconciled()
    trial.hour(50_100.0)
    order = trial.orders()[0]
    assert order.quantity is not None
    trial.hear(OrderAccepted(trial.outside.now, order.order_id))
    trial.fill(order, order.quantity / 2, done=False)
    trial.hear(OrderRejected(trial.outside.now, order.order_id, 110007, "ab not enough for new order"))
    assert any("that can't be" in text for text in trial.told("P0"))
    assert "trial" in trial.engine.fences.fenced
    trial.hear(OperatorCommand(trial.outside.now, "unfence", "ann", "looked at it", "trial"))
    assert trial.engine.fences.fenced == {}


@pytest.mark.spec("EXEC-01", "EXEC-06")
def test_an_order_filled_with_more_than_it_asked_for_fences_its_book(trial: Trial) -> None:
    trial.reconciled()
    trial.hour(50_100.0)
    order = trial.orders()[0]
    trial.fill(order, done=False)
    trial.fill(order, Decimal("0.001"))
    assert "trial" in trial.engine.fences.fenced


@pytest.mark.spec("EXEC-08")
def test_a_fill_after_its_order_had_ended_is_counted_and_closed(trial: Trial) -> None:
    trial.reconciled()
    trial.hour(50_100.0)
    order = trial.orders()[0]
    trial.hear(OrderAccepted(trial.outside.now, order.order_id))
    trial.hear(OrderCancelled(trial.outside.now, order.order_id, "EC_NoImmediateQtyToFill"))
    assert trial.state == "SCANNING"
    trial.fill(order)
    assert trial.orders()[-1].reduce_only
    assert any("although its machine is SCANNING" in text for text in trial.told("P0"))


@pytest.mark.spec("EXEC-09")
def test_an_orphan_is_told_twice_seen_and_not_traded_until_a_person_says_so(trial: Trial) -> None:
    trial.reconciled()
    stranger = look(ACCOUNT, trial.engine, seen("0.5"))
    trial.hear(stranger)
    assert trial.told("P0") == []
    trial.hear(stranger)
    assert any("the books have 0, the exchange has 0.5" in text for text in trial.told("P0"))
    trial.hour(50_100.0)
    assert trial.orders() == []
    trial.hear(OperatorCommand(trial.outside.now, "close_orphan", "ann", "not mine", "trial"))
    assert [(one.side, one.quantity, one.reduce_only) for one in trial.orders()] == [(Side.SELL, Decimal("0.5"), True)]


@pytest.mark.spec("EXEC-09")
def test_a_trade_by_hand_is_counted_and_left_alone_and_its_symbol_is_not_entered(trial: Trial) -> None:
    trial.reconciled()
    trial.hour(49_900.0)
    by_hand = PlaceOrder("by-hand", ACCOUNT, Market.LINEAR, SYMBOL, Side.BUY, OrderType.MARKET, TimeInForce.IOC)
    trial.fill(by_hand, Decimal("0.5"))
    trial.wait(20)
    trial.hour(50_100.0)
    assert trial.outside.of(ChangeStop) == trial.orders() == []
    assert trial.engine.portfolio.position(ACCOUNT, Market.LINEAR, SYMBOL).quantity == Decimal("0.5")
    trial.hear(look(ACCOUNT, trial.engine, seen("0.5", stop=None)))
    trial.hear(OperatorCommand(trial.outside.now, "close_orphan", "ann", "not mine", "trial"))
    assert [(one.quantity, one.reduce_only) for one in trial.orders()] == [(Decimal("0.5"), True)]


@pytest.mark.spec("EXEC-09")
def test_an_orphan_that_is_adopted_is_held_and_one_without_a_stop_is_not(trial: Trial) -> None:
    trial.reconciled()
    trial.hear(*[look(ACCOUNT, trial.engine, seen("0.5", stop=None))] * 2)
    trial.hear(OperatorCommand(trial.outside.now, "adopt", "ann", "mine", "trial"))
    assert any("place one there first" in text for text in trial.told("P2"))
    assert trial.engine.portfolio.position(ACCOUNT, Market.LINEAR, SYMBOL).is_flat
    trial.hear(look(ACCOUNT, trial.engine, seen("0.5")))
    trial.hear(OperatorCommand(trial.outside.now, "adopt", "ann", "mine", "trial"))
    assert trial.engine.portfolio.position(ACCOUNT, Market.LINEAR, SYMBOL).quantity == Decimal("0.5")
    trial.wait(20)
    assert trial.orders() == []


@pytest.mark.spec("EXEC-09")
def test_an_order_of_somebody_else_is_told_and_taken_back_only_on_command(trial: Trial) -> None:
    trial.reconciled()
    order = SeenOrder("by-hand", "1", Market.LINEAR, SYMBOL, Side.BUY, Decimal(1), Decimal(0), Decimal(1), False)
    trial.hear(*[look(ACCOUNT, trial.engine, orders=(order,))] * 2)
    assert any("an order to buy 1 BTCUSDT" in text for text in trial.told("P1"))
    assert trial.outside.of(CancelOrder) == []
    trial.hear(OperatorCommand(trial.outside.now, "close_orphan", "ann", "not mine", "trial"))
    assert trial.outside.of(CancelOrder) == [CancelOrder("by-hand", ACCOUNT, Market.LINEAR, SYMBOL)]


@pytest.mark.spec("LIFE-04")
def test_each_difference_is_written_down_once_and_its_end_too(trial: Trial) -> None:
    trial.reconciled()
    event = look(ACCOUNT, trial.engine)
    short = AccountSeen(START_MS, ACCOUNT, (("USDT", Decimal(99_000)),), (), (), complete=True)
    trial.hear(short, short, short)
    records = [r for step in trial.outside.written for r in step.records if isinstance(r, Difference)]
    assert [(one.kind, one.what, one.ours, one.theirs) for one in records] == [("coin", "USDT", "100000", "99000")]
    trial.hear(event)
    assert any(text.startswith("No longer so") for text in trial.told("P2"))


@pytest.mark.spec("LIFE-03")
def test_accounts_are_looked_at_each_minute(trial: Trial) -> None:
    trial.reconciled()
    trial.outside.sent.clear()
    trial.wait(180)
    assert len(trial.outside.of(LookAtAccount)) == 3 * len(trial.engine.portfolio.accounts)


def placed(trial: Trial, number: int) -> PlaceOrder:
    """One more order under way, bought and sold by turns."""
    side, name = (Side.BUY, Side.SELL)[number % 2], f"trial-burst-{number + 1}"
    amount, kind, stays = Decimal("0.001"), OrderType.MARKET, TimeInForce.IOC
    request = PlaceOrder(name, ACCOUNT, Market.LINEAR, SYMBOL, side, kind, stays, quantity=amount)
    desk, now_ms = trial.engine.world.desk, trial.outside.now
    desk.open(Ticket(request, "trial", SYMBOL, Purpose.EXIT, "burst", now_ms, 1, desk.fresh(now_ms)))
    return request


@pytest.mark.spec("EXEC-11")
def test_a_thousand_orders_answered_at_once_are_each_booked_once(trial: Trial) -> None:
    trial.reconciled()
    trial.hear(StopPlaced(trial.outside.now, ACCOUNT, SYMBOL, Decimal(1)))
    orders = [placed(trial, number) for number in range(1_000)]
    tickets = dict(trial.engine.world.desk.tickets)
    for order in orders:
        trial.inbox.put(OrderAccepted(trial.outside.now, order.order_id))
        trial.fill(order)
        trial.inbox.put(OrderAccepted(trial.outside.now, order.order_id))
    trial.wait(1)
    assert {tickets[order.order_id].snapshot.state for order in orders} == {"FILLED"}
    assert trial.engine.portfolio.position(ACCOUNT, Market.LINEAR, SYMBOL).is_flat
    assert [step.sequence for step in trial.outside.written] == list(range(1, len(trial.outside.written) + 1))


@pytest.mark.spec("LIFE-04")
def test_one_account_that_was_not_seen_keeps_everything_waiting(trial: Trial) -> None:
    trial.loop.start()
    first, *others = trial.engine.portfolio.accounts
    trial.hear(look(first, trial.engine))
    assert not trial.engine.ready
    trial.hear(*(look(name, trial.engine) for name in others))
    assert trial.engine.ready


@pytest.mark.spec("EXEC-08")
def test_the_fill_of_a_stop_may_overtake_that_of_its_entry(trial: Trial) -> None:
    trial.reconciled()
    trial.hour(50_100.0)
    order = trial.orders()[0]
    opening = fill_of(trial, order)
    closing = replace(opening, execution_id="of the stop", side=Side.SELL, kind=FillKind.STOP)
    trial.hear(closing, opening)
    assert trial.state == "STOPPED_OUT"
    assert trial.engine.portfolio.position(ACCOUNT, Market.LINEAR, SYMBOL).is_flat
    assert trial.orders() == [order]


@pytest.mark.spec("STATE-03", "EXEC-08")
@pytest.mark.parametrize("kind", [FillKind.STOP, FillKind.LIQUIDATION])
def test_a_stop_under_a_name_of_the_exchanges_own_closes_the_trade_of_the_order_that_opened_it(
    trial: Trial, kind: FillKind
) -> None:
    trial.reconciled()
    trial.hour(50_100.0)
    opening = fill_of(trial, trial.orders()[0])
    trial.hear(opening)
    trial.hear(replace(opening, execution_id="of the stop", order_id="5151e75a", side=Side.SELL, kind=kind))
    assert trial.state == "STOPPED_OUT"
    assert [text for text in trial.told("P0") if "no order" in text] == []
    (trade,) = trial.engine.trades.all
    assert trade.exit_rule == kind


def test_time_is_told_each_minute_while_nothing_waits_for_it_and_each_second_while_something_does(trial: Trial) -> None:
    trial.reconciled()

    def ticks() -> int:
        return sum(isinstance(step.event, Timer) for step in trial.outside.written)

    trial.wait(1)
    before = ticks()
    trial.wait(180)
    assert ticks() - before == 3
    trial.hour(50_100.0)
    assert trial.orders()
    before = ticks()
    trial.wait(5)
    assert ticks() - before == 5


def test_a_fact_of_the_past_keeps_the_time_at_which_it_was_true(trial: Trial) -> None:
    trial.reconciled()
    rates = [FactObserved(START_MS - hours * HOUR_MS, "funding.rate", Decimal(hours), SYMBOL) for hours in (16, 8)]
    trial.hear(*rates)
    assert [step.event for step in trial.outside.written if isinstance(step.event, FactObserved)] == rates


def test_what_the_process_has_to_say_is_told(trial: Trial) -> None:
    trial.reconciled()
    trial.hear(Noticed(START_MS, "P2", "The key of CORE expires in 3 days."))
    assert trial.told("P2") == ["The key of CORE expires in 3 days."]
