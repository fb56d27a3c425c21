"""Loans at Earn: asked for once, followed to their end, and never in the way of a sale."""

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.simulated.instruments import load_instruments
from machines.intents import Leave, Lend, Sell, TakeBack, Urgency
from runtime.draft import Draft
from runtime.earn import AGAIN_MS, SLOW_MS, TRIES, Earn
from runtime.events import EarnMoved, InterestPaid, LookedUp, OrderRejected, OrderUnknown
from runtime.instrument import Market
from runtime.portfolio import Portfolio
from runtime.requests import EarnOrder, EarnSide, LookUpEarn
from runtime.step import Approved, Notice, Refused

pytestmark = pytest.mark.spec("CORE-14")
INSTRUMENTS = load_instruments()
PRICE = Decimal(2500)
DAY_MS = 86_400_000


class Bank:
    """One sub-account with ten Ether, of which its book may lend all."""

    def __init__(self) -> None:
        self.portfolio = Portfolio(INSTRUMENTS, {"CORE": {"ETH": Decimal(10), "USDT": Decimal(100)}})
        self.portfolio.mark(Market.SPOT, "ETHUSDT", PRICE)
        self.portfolio.observe(1)
        self.earn = Earn(self.portfolio)
        self.now_ms = 1_000
        self.draft = Draft(self.now_ms)
        instrument = INSTRUMENTS[Market.SPOT, "ETHUSDT"]
        view = SimpleNamespace(instrument=lambda _: instrument, price=lambda _: PRICE)
        book = SimpleNamespace(name="core", account="CORE", lends=("ETHUSDT",), timeframe="1d")
        self.instance: Any = SimpleNamespace(book=book, key=("core", ""), view=view)

    def at(self, now_ms: int) -> "Bank":
        """Go on at a moment, with an empty page."""
        self.now_ms, self.draft = now_ms, Draft(now_ms)
        return self

    def lend(self, worth: int = 25_000, symbol: str = "ETHUSDT") -> Any:
        return self.earn.consider(self.instance, "triggers.earn", Lend(symbol, Decimal(worth)), self.draft)

    def call_home(self) -> Any:
        return self.earn.consider(self.instance, "triggers.stop", TakeBack("ETHUSDT"), self.draft)

    def sell(self, worth: int | None, urgency: Urgency = Urgency.PATIENT) -> Any:
        amount = None if worth is None else Decimal(worth)
        return self.earn.before_sale(self.instance, "exits.sell", Sell("ETHUSDT", amount, urgency), self.draft)

    def orders(self) -> list[EarnOrder]:
        return [one for one in self.draft.requests if isinstance(one, EarnOrder)]

    def looks(self) -> list[str]:
        return [one.order_id for one in self.draft.requests if isinstance(one, LookUpEarn)]

    def told(self) -> list[str]:
        return [f"{one.severity} {one.text}" for one in self.draft.records if isinstance(one, Notice)]

    def done(self, order: EarnOrder) -> None:
        signed = order.amount if order.side is EarnSide.STAKE else -order.amount
        self.earn.moved(EarnMoved(self.now_ms, order.order_id, "CORE", order.coin, signed), self.draft)

    def lent(self, worth: int = 25_000) -> "Bank":
        """Have so much out."""
        self.lend(worth)
        self.done(self.orders()[0])
        return self.at(self.now_ms + 1)

    def free(self) -> Decimal:
        return self.portfolio.available("CORE", "ETH")

    def no(self, order: EarnOrder, code: int) -> None:
        self.earn.rejected(OrderRejected(self.now_ms, order.order_id, code, "no"), self.draft)

    def looked(self, order: EarnOrder, found: bool) -> None:
        self.earn.looked_up(LookedUp(self.now_ms, order.order_id, found, complete=True), self.draft)

    def due(self) -> list[Any]:
        return [sale.intent for _, sale in self.earn.sales_due("CORE", "ETH", self.now_ms)]


def test_what_is_to_be_lent_is_spoken_for_until_it_is_out() -> None:
    bank = Bank()
    answer = bank.lend(10_000)
    (order,) = bank.orders()
    assert answer == Approved(Lend("ETHUSDT", Decimal(10_000)), (order,), ())
    assert (order.amount, order.side, order.coin, len(order.order_id) <= 36) == (4, EarnSide.STAKE, "ETH", True)
    assert (bank.free(), bank.portfolio.lent("CORE", "ETH")) == (6, 0)
    bank.done(order)
    assert (bank.free(), bank.portfolio.lent("CORE", "ETH"), bank.portfolio.wallet("CORE", "ETH")) == (6, 4, 10)
    assert not bank.earn.knows(order.order_id)


def test_the_same_decision_has_the_same_name_and_the_news_of_it_count_once() -> None:
    bank, other = Bank(), Bank()
    bank.lend(), other.lend()
    (order,) = bank.orders()
    assert bank.orders() == other.orders()
    bank.done(order)
    bank.done(order)
    assert bank.portfolio.lent("CORE", "ETH") == 10


def test_only_named_coins_are_lent_one_order_at_a_time_and_never_more_than_is_free() -> None:
    bank = Bank()
    refused = bank.lend(symbol="BTCUSDT")
    assert isinstance(refused, Refused)
    assert "does not name BTCUSDT" in refused.reason
    bank.lend(1_000_000)
    assert bank.orders()[0].amount == 10
    assert isinstance(bank.lend(), Refused)
    bank.done(bank.orders()[0])
    assert "too little" in bank.lend().reason


def test_what_was_refused_stays_and_is_free_again() -> None:
    bank = Bank()
    bank.lend()
    bank.no(bank.orders()[0], 180016)
    assert bank.free() == 10
    assert bank.told() == ["P2 Earn did not take 10 ETH of CORE: no (180016)."]


def test_what_does_not_come_home_is_asked_for_again_under_another_name_and_then_somebody_is_woken() -> None:
    bank = Bank().lent()
    bank.call_home()
    (order,) = bank.orders()
    for attempt in range(2, TRIES + 1):
        bank.no(order, 180007)
        bank.at(bank.now_ms + AGAIN_MS - 1).earn.tick(bank.draft)
        assert bank.orders() == []
        assert bank.earn.due(bank.now_ms + 1)
        bank.at(bank.now_ms + 1).earn.tick(bank.draft)
        ((again),) = bank.orders()
        assert again.order_id.endswith(f"-{attempt}")
        assert again.amount == 10
        order = again
    bank.no(order, 180007)
    assert [text[:2] for text in bank.told()] == ["P0"]
    assert bank.earn.unsettled("CORE") == frozenset()


def test_a_lost_answer_is_looked_for_and_never_sent_again() -> None:
    bank = Bank()
    bank.lend()
    (order,) = bank.orders()
    bank.earn.unknown(OrderUnknown(bank.now_ms, order.order_id, "lost"), bank.draft)
    bank.at(2_000).earn.tick(bank.draft)
    assert (bank.looks(), bank.orders()) == ([order.order_id], [])
    bank.looked(order, found=False)
    bank.at(16_000).earn.tick(bank.draft)
    bank.looked(order, found=False)
    assert not bank.earn.knows(order.order_id)
    assert bank.free() == 10
    assert "never came to Earn" in bank.told()[0]


def test_a_call_that_never_arrived_leaves_again_under_its_next_name() -> None:
    bank = Bank().lent()
    bank.call_home()
    (order,) = bank.orders()
    bank.earn.unknown(OrderUnknown(bank.now_ms, order.order_id, "lost"), bank.draft)
    for now_ms in (3_000, 17_000):
        bank.at(now_ms).earn.tick(bank.draft)
        bank.looked(order, found=False)
    bank.at(17_000).earn.tick(bank.draft)
    (again,) = bank.orders()
    assert (again.order_id, again.amount) == (f"{order.order_id[:-1]}2", order.amount)


def test_an_order_that_was_taken_is_looked_at_until_it_is_done_however_long_it_takes() -> None:
    bank = Bank().lent()
    bank.call_home()
    (order,) = bank.orders()
    bank.earn.accepted(order.order_id, bank.now_ms)
    start_ms, looks = bank.now_ms, 0
    for second in range(0, 2 * SLOW_MS // 1000, 10):
        bank.at(start_ms + second * 1000).earn.tick(bank.draft)
        looks += len(bank.looks())
        for _ in bank.looks():
            bank.looked(order, found=second % 20 == 0)
        assert bank.orders() == []
        told = bank.told()
        assert told == [] or (second * 1000 >= SLOW_MS and "still on its way back" in told[0])
    assert 100 < looks < 140
    bank.done(order)
    assert (bank.free(), bank.earn.due(bank.now_ms + DAY_MS)) == (10, False)


def test_nobody_knows_for_long_wakes_somebody() -> None:
    bank = Bank()
    bank.lend()
    (order,) = bank.orders()
    bank.at(31_000).earn.tick(bank.draft)
    texts: list[str] = []
    for second in range(32, 80):
        bank.at(second * 1000).earn.tick(bank.draft)
        texts += bank.told()
    assert [text[:2] for text in texts] == ["P0"]
    assert bank.earn.knows(order.order_id)


# ── sales ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sale_of_what_is_there_does_not_wait() -> None:
    bank = Bank().lent(20_000)
    assert bank.sell(5_000) is None
    assert bank.orders() == []


def test_a_sale_calls_home_what_it_lacks_in_whole_steps_and_waits_for_it() -> None:
    bank = Bank().lent()
    answer = bank.sell(2_500)
    (order,) = bank.orders()
    assert isinstance(answer, Approved)
    assert (order.side, order.amount) == (EarnSide.REDEEM, 1)
    assert bank.due() == []
    bank.done(order)
    assert bank.due() == [Sell("ETHUSDT", Decimal(2_500), Urgency.PATIENT)]
    assert bank.due() == []
    assert bank.free() == 1


def test_a_sale_that_asks_again_meanwhile_calls_nothing_twice() -> None:
    bank = Bank().lent()
    bank.sell(2_500)
    bank.at(2 * DAY_MS)
    again = bank.sell(2_600)
    assert isinstance(again, Approved)
    assert [order.amount for order in bank.orders()] == [Decimal("0.04")]
    assert "on its way back" in bank.sell(2_600).reason


def test_a_sale_of_a_rule_is_forgotten_when_the_rule_has_decided_anew_an_urgent_one_is_not() -> None:
    for urgency, left in ((Urgency.PATIENT, 0), (Urgency.URGENT, 1)):
        bank = Bank().lent()
        bank.sell(None, urgency)
        orders = bank.orders()
        bank.at(bank.now_ms + DAY_MS + 1)
        bank.done(orders[0])
        assert len(bank.due()) == left


def test_an_urgent_sale_sells_what_is_there_at_once_and_the_rest_later() -> None:
    bank = Bank().lent(20_000)
    assert bank.sell(15_000, Urgency.URGENT) is None
    (order,) = bank.orders()
    assert order.amount == 4
    bank.done(order)
    assert bank.due() == [Sell("ETHUSDT", Decimal(10_000), Urgency.URGENT)]


def test_leaving_calls_everything_home_and_leaves_again_when_it_is_there() -> None:
    bank = Bank().lent(20_000)
    leave = Leave("ETHUSDT", Urgency.URGENT, "halt")
    assert bank.earn.before_sale(bank.instance, "halt", leave, bank.draft) is None
    (order,) = bank.orders()
    assert order.amount == 8
    bank.done(order)
    assert bank.due() == [leave]


def test_a_sale_that_is_taken_back_is_not_sold_later() -> None:
    bank = Bank().lent()
    bank.sell(2_500)
    (order,) = bank.orders()
    bank.earn.forget_sale(("core", ""), "ETHUSDT")
    bank.done(order)
    assert bank.due() == []


def test_an_emergency_calls_everything_home_once() -> None:
    bank = Bank().lent()
    for _ in range(3):
        bank.earn.call_home("breaker", bank.draft)
    assert [order.amount for order in bank.orders()] == [10]


# ── what stays ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_restart_forgets_nothing_and_looks_for_what_may_have_left() -> None:
    bank = Bank().lent()
    bank.sell(2_500)
    (order,) = bank.orders()
    plain = json.loads(json.dumps(bank.earn.to_plain()))
    other = Bank()
    other.portfolio = Portfolio.from_plain(INSTRUMENTS, json.loads(json.dumps(bank.portfolio.to_plain())))
    other.earn = Earn(other.portfolio)
    other.earn.restore(plain)
    assert other.earn.to_plain() == plain
    other.at(50_000).earn.restarted(50_000)
    other.at(51_000).earn.tick(other.draft)
    assert other.looks() == [order.order_id]
    other.done(order)
    assert other.due() == [Sell("ETHUSDT", Decimal(2_500), Urgency.PATIENT)]
    assert other.portfolio.lent("CORE", "ETH") == 9


def test_interest_is_profit_of_the_position_at_the_price_of_its_moment() -> None:
    bank = Bank()
    paid = InterestPaid(5, "i-1", "CORE", "ETH", Decimal("0.01"))
    before = bank.portfolio.net_value.units
    assert bank.portfolio.apply_interest(paid)
    assert not bank.portfolio.apply_interest(paid)
    position = bank.portfolio.position("CORE", Market.SPOT, "ETHUSDT")
    assert (position.quantity, position.funding, position.average_price) == (Decimal("10.01"), 25, PRICE)
    assert bank.portfolio.wallet("CORE", "ETH") == Decimal("10.01")
    bank.portfolio.observe(6)
    assert bank.portfolio.net_value.units == before
    assert bank.portfolio.net_value.value > 1
