"""The whole of Bybit on unmodified pybit, against our own exchange over real sockets."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from runtime.events import (
    AccountSeen,
    CandleClose,
    CashFlow,
    ExchangeBack,
    ExchangeLost,
    FactObserved,
    Fill,
    FillKind,
    FundingPayment,
    LeverageSet,
    LookedUp,
    OrderAccepted,
    OrderCancelled,
    OrderUnknown,
    StopPlaced,
)
from runtime.instrument import Market
from runtime.requests import (
    CancelOrder,
    ChangeStop,
    LookAtAccount,
    LookUpOrder,
    MoveMoney,
    OrderType,
    PlaceOrder,
    SetLeverage,
    Side,
    TimeInForce,
)

HOUR_MS = 3_600_000


def purchase(name: str, usdt: str = "1000") -> PlaceOrder:
    market = (Market.SPOT, "BTCUSDT", Side.BUY, OrderType.MARKET, TimeInForce.IOC)
    return PlaceOrder(name, "core", *market, quote_amount=Decimal(usdt), slippage_cap=Decimal("0.005"))


def entry(name: str, quantity: str = "0.01", stop: str = "25000") -> PlaceOrder:
    market = (Market.LINEAR, "BTCUSDT", Side.BUY, OrderType.MARKET, TimeInForce.IOC)
    return PlaceOrder(name, "trend", *market, quantity=Decimal(quantity), stop_loss=Decimal(stop))


def filled(heard: Any) -> list[Fill]:
    """Give all fills so far."""
    while heard.take(0) is not None:
        pass
    return [event for event in heard.all if isinstance(event, Fill)]


def closes(heard: Any, count: int) -> list[CandleClose]:
    return heard.until(CandleClose, count)


@pytest.mark.spec("DATA-01", "DATA-03")
def test_the_candles_of_a_moment_come_together_and_in_order(life: Any, heard: Any) -> None:
    life.begin()
    life.until_whole()
    before = life.clock.now_ms()
    life.served.advance(3)
    first, second, third = closes(heard, 3)
    assert [close.at_ms - before for close in (first, second, third)] == [HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS]
    assert [(c.market, c.symbol) for c in second.candles] == [
        (Market.LINEAR, "BTCUSDT"),
        (Market.LINEAR, "ETHUSDT"),
        (Market.SPOT, "BTCUSDT"),
    ]
    assert not [news for news in life.told if news[0] in ("P0", "P1")]


@pytest.mark.spec("DATA-01", "EXEC-08")
def test_a_purchase_is_accepted_and_filled(life: Any, heard: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.advance(1, until="open")
    bybit.send(purchase("core-a-1"))
    heard.one(OrderAccepted)
    fill = heard.one(Fill)
    assert (fill.order_id, fill.account, fill.market, fill.fee_coin) == ("core-a-1", "core", Market.SPOT, "BTC")
    assert fill.kind is FillKind.TRADE


@pytest.mark.spec("EXEC-12", "DATA-01")
def test_an_entry_has_its_leverage_first_and_its_stop_with_it_and_the_stop_speaks_for_the_entry(
    life: Any, heard: Any
) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.advance(1, until="open")
    bybit.send(SetLeverage("trend", "BTCUSDT", Decimal(3)))
    bybit.send(entry("trend-a-1", stop="28700"))
    leverage = heard.one(LeverageSet)
    assert (leverage.leverage, leverage.changed) == (Decimal(3), True)
    fill, stop = sorted(heard.until(lambda event: isinstance(event, Fill | StopPlaced), 2), key=lambda e: str(type(e)))
    assert (fill.order_id, fill.kind, fill.quantity) == ("trend-a-1", FillKind.TRADE, Decimal("0.01"))
    assert (stop.price, stop.account) == (Decimal(28700), "trend")
    bybit.send(ChangeStop("trend", "BTCUSDT", Decimal(28760)))
    assert heard.one(StopPlaced).price == Decimal(28760)
    life.served.advance(70)
    stopped = heard.one(Fill)
    assert (stopped.kind, stopped.order_id, stopped.side) == (FillKind.STOP, "trend-a-1", Side.SELL)


@pytest.mark.spec("DATA-01")
def test_funding_is_told_once_whoever_tells_it_and_before_the_candles_of_its_moment(life: Any, heard: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.advance(1, until="open")
    bybit.send(entry("trend-a-1"))
    heard.one(Fill)
    life.served.advance(9)
    paid = heard.one(FundingPayment)
    assert paid.amount < 0
    assert paid.settlement_id == f"funding-trend-BTCUSDT-{paid.at_ms}"
    heard.until(lambda event: isinstance(event, CandleClose) and event.at_ms == paid.at_ms)
    # A new connection reads executions and the ledger again.
    life.served.pull("drop", account="trend")
    heard.until(lambda event: isinstance(event, AccountSeen) and event.account == "trend")
    again = [event for event in heard.all if isinstance(event, FundingPayment)]
    assert {event.settlement_id for event in again} == {paid.settlement_id}
    assert {event.amount for event in again} == {paid.amount}


@pytest.mark.spec("DATA-01")
def test_the_settled_rate_is_known_when_its_candles_are_decided_on(life: Any, heard: Any) -> None:
    life.begin()
    life.until_whole()
    life.served.advance(9)
    closes(heard, 9)
    rates = [event for event in heard.all if isinstance(event, FactObserved) and event.name == "funding.rate"]
    settled = [event.at_ms for event in rates if event.symbol == "BTCUSDT"]
    assert settled == sorted(set(settled))
    last = max(settled)
    told, decided = (
        next(n for n, event in enumerate(heard.all) if wanted(event))
        for wanted in (
            lambda event: event in rates and event.at_ms == last,
            lambda event: isinstance(event, CandleClose) and event.at_ms == last,
        )
    )
    assert told < decided


@pytest.mark.spec("DATA-01")
def test_best_prices_and_expected_funding_are_observed(life: Any, heard: Any) -> None:
    life.begin()
    life.until_whole()
    life.served.advance(2)
    closes(heard, 2)
    names = {event.name for event in heard.all if isinstance(event, FactObserved)}
    assert {
        "quote.bid",
        "quote.ask",
        "depth",
        "perp.quote.bid",
        "perp.depth",
        "funding.expected",
        "price.mark",
    } <= names


@pytest.mark.spec("EXEC-03")
def test_an_order_whose_answer_was_lost_is_found(life: Any, heard: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.fault("lost", endpoint="/v5/order/create", after=True)
    bybit.send(purchase("core-a-1"))
    assert heard.one(OrderUnknown).order_id == "core-a-1"
    bybit.send(LookUpOrder("core-a-1", "core", Market.SPOT, "BTCUSDT"))
    found = heard.one(LookedUp)
    assert (found.found, found.complete) == (True, True)
    assert any(isinstance(event, OrderAccepted) for event in heard.all)


@pytest.mark.spec("EXEC-03")
def test_an_order_that_never_arrived_is_not_found(life: Any, heard: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.fault("lost", endpoint="/v5/order/create", after=False)
    bybit.send(purchase("core-a-1"))
    heard.one(OrderUnknown)
    bybit.send(LookUpOrder("core-a-1", "core", Market.SPOT, "BTCUSDT"))
    found = heard.one(LookedUp)
    assert (found.found, found.complete) == (False, True)


@pytest.mark.spec("EXEC-02")
def test_a_second_order_of_the_same_name_is_never_taken(life: Any, heard: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.advance(1, until="open")
    bybit.send(purchase("core-a-1"))
    heard.one(Fill)
    bybit.send(purchase("core-a-1"))
    assert heard.one(OrderUnknown).order_id == "core-a-1"
    bybit.send(LookUpOrder("core-a-1", "core", Market.SPOT, "BTCUSDT"))
    assert heard.one(LookedUp).found
    assert len({event.execution_id for event in heard.all if isinstance(event, Fill)}) == 1


def test_a_waiting_order_is_taken_back(life: Any, heard: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.advance(1, until="open")
    waiting = replace(
        entry("trend-a-1"),
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=Decimal(20000),
        stop_loss=None,
    )
    bybit.send(waiting)
    heard.one(OrderAccepted)
    bybit.send(LookAtAccount("trend"))
    seen = heard.until(lambda event: isinstance(event, AccountSeen) and event.account == "trend" and event.orders)[0]
    assert [order.order_id for order in seen.orders] == ["trend-a-1"]
    bybit.send(CancelOrder("trend-a-1", "trend", Market.LINEAR, "BTCUSDT"))
    assert heard.one(OrderCancelled).order_id == "trend-a-1"


@pytest.mark.spec("EXEC-08", "DATA-02")
def test_a_fill_while_the_line_is_down_is_told_before_the_next_decision(life: Any, heard: Any, wait: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.fault("reject_socket", endpoint="private", account="core", count=4)
    life.served.pull("drop", account="core", endpoint="private")
    wait(lambda: not bybit.whole)
    bybit.send(purchase("core-a-1"))
    heard.one(OrderAccepted)
    life.served.advance(2)
    fill = heard.one(Fill)
    assert fill.order_id == "core-a-1"
    close = heard.until(CandleClose, 2)[-1]
    assert close.at_ms > fill.at_ms
    order = [type(event) for event in heard.all if isinstance(event, Fill | CandleClose)]
    # The order went out before the first of the two candles began, so its fill stands before that one's close.
    assert order[0] is Fill


@pytest.mark.spec("EXEC-08")
def test_doubled_and_shuffled_messages_change_nothing(life: Any, heard: Any, wait: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.fault("duplicate", account="core", count=None)
    life.served.fault("reorder", account="core", count=None)
    life.served.advance(1, until="open")
    for number in range(5):
        bybit.send(purchase(f"core-{number}-1"))
    heard.until(OrderAccepted, 5)
    life.served.advance(1)
    # A message that was held back to come out of order comes when the account is asked after a break, if never else.
    life.served.pull("drop", account="core")
    wait(lambda: len({event.order_id for event in filled(heard)}) == 5)
    bybit.send(LookAtAccount("core"))
    seen = heard.until(
        lambda event: isinstance(event, AccountSeen) and event.account == "core" and len(event.wallet) == 2
    )
    bought = {event.execution_id: event for event in filled(heard)}
    assert dict(seen[0].wallet)["BTC"] == sum(fill.quantity - fill.fee for fill in bought.values())


@pytest.mark.spec("DATA-02")
@pytest.mark.parametrize("endpoint", ["public/linear", "public/spot", ""])
def test_no_candle_is_lost_or_doubled_when_the_lines_break(life: Any, heard: Any, endpoint: str) -> None:
    life.begin()
    life.until_whole()
    before = life.clock.now_ms()
    life.served.advance(2)
    life.served.pull("drop", endpoint=endpoint)
    life.served.advance(3)
    life.until_whole()
    life.served.advance(2)
    events = closes(heard, 7)
    assert [(event.at_ms - before) // HOUR_MS for event in events] == [1, 2, 3, 4, 5, 6, 7]
    assert {len(event.candles) for event in events} == {3}


@pytest.mark.spec("DATA-02")
def test_a_line_that_says_nothing_any_more_is_opened_again(life: Any, heard: Any) -> None:
    life.begin(replace(life.patient, public_ms=700))
    life.until_whole()
    before = life.clock.now_ms()
    life.served.fault("silence", endpoint="kline", count=None)
    life.served.fault("silence", endpoint="tickers", count=None)
    life.served.fault("silence", endpoint="orderbook", count=None)
    life.served.advance(3)
    # Nothing tells of these candles until a new connection does.
    life.served.pull("lift", kind="silence")
    life.served.advance(1)
    events = closes(heard, 4)
    assert [(event.at_ms - before) // HOUR_MS for event in events] == [1, 2, 3, 4]


def test_a_transfer_and_a_deposit_are_counted_once(life: Any, heard: Any, wait: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    bybit.send(MoveMoney("5b6d2cbe-9e6b-4a36-8a2c-0c9c6f0a7b11", "core", "trend", "USDT", Decimal("250.5")))
    out, into = heard.until(CashFlow, 2)
    assert (out.amount, into.amount) == (Decimal("-250.5"), Decimal("250.5"))
    life.served.pull("deposit", account="core", coin="USDT", amount="500")
    deposit = heard.until(lambda event: isinstance(event, CashFlow) and not event.transfer_id)[0]
    assert (deposit.account, deposit.amount) == ("core", Decimal(500))
    for name in ("core", "trend"):
        life.served.pull("drop", account=name)
        heard.until(lambda event, name=name: isinstance(event, AccountSeen) and event.account == name)
    names = {(event.flow_id, event.account, event.amount) for event in heard.all if isinstance(event, CashFlow)}
    assert len(names) == 3


@pytest.mark.spec("LIFE-03")
def test_an_exchange_that_does_not_answer_is_lost_and_comes_back(life: Any, heard: Any) -> None:
    life.begin()
    life.until_whole()
    life.served.fault("maintenance", count=None)
    assert "for" in heard.one(ExchangeLost).reason
    life.served.pull("lift")
    heard.one(ExchangeBack)
    life.served.advance(1)
    heard.one(CandleClose)


def test_after_a_restart_everything_since_is_told(life: Any, heard: Any) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.advance(1, until="open")
    began = life.clock.now_ms()
    bybit.send(purchase("core-a-1"))
    first = heard.one(Fill)
    bybit.stop()
    life.served.advance(3)
    life.clock.measure(life.market)
    life.begin(candles_after_ms=began - began % HOUR_MS, accounts_since_ms=began)
    assert heard.one(Fill) == first
    hour = began - began % HOUR_MS
    assert [close.at_ms - hour for close in closes(heard, 3)] == [HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS]
