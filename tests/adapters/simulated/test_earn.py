"""Flexible savings: what leaves the wallet, what it earns to the digit, and how it comes back."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adapters.simulated.earn import next_payday
from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.events import Candle, EarnMoved, ExchangeEvent, InterestPaid, LookedUp, OrderAccepted, OrderRejected
from runtime.instrument import Market
from runtime.requests import (
    EarnOrder,
    EarnSide,
    LookAtAccount,
    LookUpEarn,
    OrderType,
    PlaceOrder,
    Side,
    TimeInForce,
)

pytestmark = pytest.mark.spec("CORE-14")
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MONDAY_MS = 19_723 * DAY_MS
ETH = Decimal(10)


class Bank:
    """An exchange on which one account has ten Ether, which earn 3.65 % a year."""

    def __init__(self, **settings: Any) -> None:
        self.settings = ExchangeSettings(**{"earn_rates": {"ETH": Decimal("0.0365")}, **settings})
        self.exchange = SimulatedExchange(load_instruments(), self.settings, {"main": {"ETH": ETH}})
        self.now_ms, self.orders = MONDAY_MS, 0

    def order(self, amount: str, side: EarnSide, name: str = "", coin: str = "ETH") -> EarnOrder:
        self.orders += 1
        return EarnOrder(name or f"loan-{self.orders}", "main", coin, Decimal(amount), side)

    def stake(self, amount: str = "10", **fields: Any) -> list[ExchangeEvent]:
        return self.exchange.submit(self.order(amount, EarnSide.STAKE, **fields), self.now_ms)

    def redeem(self, amount: str = "10", **fields: Any) -> list[ExchangeEvent]:
        return self.exchange.submit(self.order(amount, EarnSide.REDEEM, **fields), self.now_ms)

    def hours(self, count: int) -> list[ExchangeEvent]:
        """Let hours pass, candle by candle."""
        events: list[ExchangeEvent] = []
        for _ in range(count):
            end_ms = self.now_ms + HOUR_MS
            candle = Candle(Market.SPOT, "ETHUSDT", "1h", self.now_ms, end_ms, 2500.0, 2500.0, 2500.0, 2500.0, 100.0)
            events += [*self.exchange.open([candle]), *self.exchange.range([candle])]
            self.now_ms = end_ms
        return events

    def reborn(self) -> None:
        """Go on with what was written down."""
        plain = json.loads(json.dumps(self.exchange.to_plain()))
        self.exchange = SimulatedExchange.from_plain(plain, load_instruments(), self.settings)


@pytest.fixture
def bank() -> Bank:
    return Bank()


def test_what_is_lent_leaves_the_wallet_at_once_and_is_still_owned(bank: Bank) -> None:
    accepted, moved = bank.stake("4")
    assert accepted == OrderAccepted(MONDAY_MS, "loan-1")
    assert moved == EarnMoved(MONDAY_MS, "loan-1", "main", "ETH", Decimal(4))
    assert (bank.exchange.wallet("main"), bank.exchange.owned("main")) == ({"ETH": Decimal(6)}, {"ETH": ETH})
    assert bank.exchange.free("main", "ETH") == 6
    bank.hours(1)
    # Half an hour's interest came along.
    assert bank.exchange.equity("main") == Decimal("25000.020825")


def test_interest_is_paid_once_a_day_half_an_hour_after_midnight(bank: Bank) -> None:
    bank.stake()
    events = bank.hours(48)
    assert [type(event) for event in events] == [InterestPaid, InterestPaid]
    assert [event.at_ms - MONDAY_MS for event in events] == [HOUR_MS // 2, DAY_MS + HOUR_MS // 2]
    # Ten Ether at 3.65 % a year are 0.001 Ether a day; the first payment is for half an hour.
    assert [event.amount for event in events if isinstance(event, InterestPaid)] == [
        Decimal("0.00002083"),
        Decimal("0.00100000"),
    ]
    assert bank.exchange.wallet("main") == {"ETH": Decimal("0.00102083")}


def test_coins_come_back_after_a_while_with_what_they_have_earned_since(bank: Bank) -> None:
    bank.stake()
    bank.hours(13)
    (accepted,) = bank.redeem()
    assert accepted == OrderAccepted(bank.now_ms, "loan-2")
    assert bank.exchange.wallet("main") == {"ETH": Decimal("0.00002083")}
    assert bank.exchange.earn.on_way("main") == {"ETH": ETH}
    back, interest = bank.hours(1)
    assert back == EarnMoved(MONDAY_MS + 13 * HOUR_MS + 60_000, "loan-2", "main", "ETH", -ETH)
    assert isinstance(interest, InterestPaid)
    assert interest.amount == Decimal("0.00052083")
    assert bank.exchange.earn.idle
    assert bank.hours(48) == []


def test_a_part_that_comes_back_leaves_the_rest_earning(bank: Bank) -> None:
    bank.stake()
    bank.redeem("6")
    bank.hours(24)
    assert bank.exchange.earn.lent("main") == {"ETH": Decimal(4)}
    (paid,) = bank.hours(24)
    assert isinstance(paid, InterestPaid)
    assert paid.amount == Decimal("0.00040000")


def test_another_rate_counts_from_its_moment_on(bank: Bank) -> None:
    bank.stake()
    bank.hours(12)
    bank.exchange.offer(Decimal("0.073"), bank.now_ms)
    bank.hours(12)
    (paid,) = bank.hours(1)
    assert isinstance(paid, InterestPaid)
    # Eleven and a half hours at the old rate, twelve and a half at the new one; what was rounded off comes along.
    assert paid.amount == Decimal("0.00152083")


REFUSED = {
    "more than there is": (lambda b: b.stake("10.1"), 180016),
    "a coin without a product": (lambda b: b.stake("1", coin="BTC"), 180008),
    "nothing": (lambda b: b.stake("0"), 180012),
    "too fine": (lambda b: b.stake("1.000000001"), 180012),
    "back before it was out": (lambda b: b.redeem("1"), 180020),
    "more back than is out": (lambda b: (b.stake("1"), b.redeem("2"))[1], 180014),
    "the same name again": (lambda b: (b.stake("1", name="one"), b.stake("1", name="one"))[1], 180025),
}


@pytest.mark.parametrize(("ask", "code"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_is_refused_and_changes_nothing(bank: Bank, ask: Any, code: int) -> None:
    (refusal,) = ask(bank)
    assert isinstance(refusal, OrderRejected)
    assert refusal.code == code
    assert bank.exchange.owned("main") == {"ETH": ETH}


def test_coins_that_an_order_speaks_for_can_not_be_lent(bank: Bank) -> None:
    bank.hours(1)
    sale = ("sale", "main", Market.SPOT, "ETHUSDT", Side.SELL, OrderType.LIMIT, TimeInForce.GTC)
    bank.exchange.submit(PlaceOrder(*sale, quantity=Decimal(9), price=Decimal(3000)), bank.now_ms)
    (refusal,) = bank.stake("2")
    assert isinstance(refusal, OrderRejected)
    assert refusal.code == 180016


def test_a_look_tells_how_an_order_stands(bank: Bank) -> None:
    def look(name: str) -> list[ExchangeEvent]:
        return bank.exchange.submit(LookUpEarn(name, "main", "ETH"), bank.now_ms)

    assert look("loan-1") == [LookedUp(MONDAY_MS, "loan-1", found=False, complete=True)]
    bank.stake()
    assert look("loan-1")[0] == EarnMoved(MONDAY_MS, "loan-1", "main", "ETH", ETH)
    bank.redeem()
    assert look("loan-2")[0] == OrderAccepted(MONDAY_MS, "loan-2")
    bank.hours(1)
    assert look("loan-2")[0] == EarnMoved(MONDAY_MS + 60_000, "loan-2", "main", "ETH", -ETH)
    (seen,) = bank.exchange.submit(LookAtAccount("main"), bank.now_ms)
    assert getattr(seen, "lent", None) == ()


def test_nothing_is_leapt_over_while_coins_are_out(bank: Bank) -> None:
    assert bank.exchange.idle
    bank.stake()
    assert not bank.exchange.idle
    bank.redeem()
    assert not bank.exchange.idle
    bank.hours(1)
    assert bank.exchange.idle


@given(some.integers(min_value=0, max_value=10**13))
def test_the_next_payday_is_within_a_day_and_half_past_midnight(after_ms: int) -> None:
    payday_ms = next_payday(after_ms)
    assert 0 < payday_ms - after_ms <= DAY_MS
    assert payday_ms % DAY_MS == HOUR_MS // 2


MOVES = some.lists(
    some.tuples(some.sampled_from(["stake", "redeem", "hours", "reborn"]), some.integers(min_value=1, max_value=30)),
    max_size=25,
)


@given(MOVES)
def test_coins_are_only_ever_in_one_place_and_grow_by_interest_alone(moves: list[tuple[str, int]]) -> None:
    bank, paid = Bank(), Decimal(0)
    for name, number in moves:
        if name == "reborn":
            bank.reborn()
            continue
        amount = number if name == "hours" else str(Decimal(number) / 3).ljust(10, "0")[:10]
        events = getattr(bank, name)(amount)
        paid += sum((event.amount for event in events if isinstance(event, InterestPaid)), Decimal(0))
        assert bank.exchange.owned("main")["ETH"] == ETH + paid
        assert min(bank.exchange.wallet("main").values()) >= 0
