"""Coins go to Earn and come back by orders that are sent once and looked for; the rates are told with their time."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from adapters.bybit.client import Keys
from adapters.bybit.limits import AddressLimit
from adapters.bybit.venue import Account, BybitVenue, Setting
from adapters.bybit.yields import EVERY_MS, Yields
from adapters.served.exchange import Setting as ServedSetting
from adapters.served.serving import serve
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.events import (
    AccountSeen,
    EarnMoved,
    FactObserved,
    InterestPaid,
    LookedUp,
    OrderAccepted,
    OrderRejected,
    OrderUnknown,
)
from runtime.requests import EarnOrder, EarnSide, LookAtAccount, LookUpEarn

pytestmark = pytest.mark.spec("CORE-14")
PRODUCT, PLACE, ORDER = "/v5/earn/product", "/v5/earn/place-order", "/v5/earn/order"
NOW_MS = 1_750_000_000_000


def order(amount: str = "1.5", side: EarnSide = EarnSide.STAKE, name: str = "loan-1") -> EarnOrder:
    return EarnOrder(name, "core", "BTC", Decimal(amount), side)


def look(name: str = "loan-1") -> LookUpEarn:
    return LookUpEarn(name, "core", "BTC")


# ── against the served exchange ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def life(market: Any, life_at: Callable[..., Any]) -> Iterator[Any]:
    """A life in which the account `core` has two Bitcoin and may lend them at 7.3 %."""
    coins = {"main": {"USDT": Decimal(1000)}, "core": {"BTC": Decimal(2)}, "trend": {"USDT": Decimal(50_000)}}
    rates = ExchangeSettings(earn_rates={"BTC": Decimal("0.073")})
    with serve(ServedSetting(load_instruments(), *market, coins, rates, limits=False)) as served:
        one = life_at(served)
        yield one
        one.end()


def test_coins_go_out_and_home_and_interest_is_told_once(life: Any) -> None:
    bybit = life.begin(lends={"core": ("BTC",)})
    life.until_whole()
    bybit.send(order())
    life.heard.until(OrderAccepted)
    bybit.send(look())
    moved = life.heard.one(EarnMoved)
    assert (moved.order_id, moved.account, moved.coin, moved.amount) == ("loan-1", "core", "BTC", Decimal("1.5"))
    assert life.heard.one(LookedUp).found
    life.served.advance(25)
    for _ in range(2):
        bybit.send(LookAtAccount("core"))
        seen = life.heard.until(lambda event: isinstance(event, AccountSeen) and event.account == "core" and event.lent)
    assert seen[0].lent == (("BTC", Decimal("1.5")),)
    paid = [event for event in life.heard.all if isinstance(event, InterestPaid)]
    assert [(one.coin, one.account) for one in paid] == [("BTC", "core")] * 2
    assert len({one.payment_id for one in paid}) == 2
    assert dict(seen[0].wallet)["BTC"] == Decimal("0.5") + sum(one.amount for one in paid)
    bybit.send(order("1.5", EarnSide.REDEEM, "home"))
    life.heard.until(OrderAccepted)
    bybit.send(look("home"))
    assert life.heard.one(LookedUp).found
    life.served.advance(1)
    bybit.send(look("home"))
    assert life.heard.one(EarnMoved).amount == Decimal("-1.5")


@pytest.mark.parametrize(("after", "found"), [(False, False), (True, True)])
def test_a_lost_answer_is_looked_for_and_nothing_is_sent_twice(life: Any, after: bool, found: bool) -> None:
    bybit = life.begin(lends={"core": ("BTC",)})
    life.until_whole()
    life.served.pull("faults", kind="lost", endpoint=PLACE, after=after)
    bybit.send(order())
    assert life.heard.one(OrderUnknown).order_id == "loan-1"
    bybit.send(look())
    looked = life.heard.one(LookedUp)
    assert (looked.found, looked.complete) == (found, True)
    assert len([one for one in life.heard.all if isinstance(one, EarnMoved)]) == found


def test_the_rate_is_told_before_the_candles_of_a_moment(life: Any) -> None:
    life.begin(lends={"core": ("BTC",)})
    life.until_whole()
    life.served.advance(2)
    (told, *_) = life.heard.until(lambda event: isinstance(event, FactObserved) and event.name == "earn.yield")
    assert told.value == Decimal("0.073")
    assert told.at_ms % 3_600_000 == 0


def test_where_nothing_is_lent_nothing_of_earn_is_asked(life: Any) -> None:
    life.served.pull("faults", kind="refuse", endpoint="/v5/earn", code=10032, count=100)
    bybit = life.begin()
    life.until_whole()
    life.served.advance(2)
    bybit.send(LookAtAccount("core"))
    seen = life.heard.one(AccountSeen)
    assert (seen.complete, seen.lent) == (True, None)
    assert not [one for one in life.heard.all if isinstance(one, FactObserved) and one.name == "earn.yield"]
    assert not [text for _, text in life.told if "Earn" in text]


def test_an_exchange_without_earn_is_told_of_once(life: Any) -> None:
    told: list[tuple[str, str]] = []
    facts: list[FactObserved] = []
    yields = Yields(life.line(), ["BTC"], facts.append, lambda *news: told.append(news))
    life.served.pull("faults", kind="refuse", endpoint=PRODUCT, code=10032, message="not here", count=2)
    for quarter in range(3):
        yields.at(NOW_MS + quarter * EVERY_MS)
        yields.at(NOW_MS + quarter * EVERY_MS + 1)
    ((severity, text),) = told
    assert (severity, "nothing is lent" in text, "not here" in text) == ("P3", True, True)
    assert [fact.value for fact in facts] == [Decimal("0.073")]


def test_a_coin_without_a_product_is_told_of_and_of_several_the_lowest_rate_counts(life: Any) -> None:
    told: list[tuple[str, str]] = []
    facts: list[FactObserved] = []
    Yields(life.line(), ["BTC", "SOL"], facts.append, lambda *news: told.append(news)).at(NOW_MS)
    assert facts == []
    assert "no flexible savings in SOL" in told[0][1]


@pytest.mark.parametrize("path", ["/v5/earn/yield", "/v5/earn/position"])
def test_what_can_not_be_seen_at_earn_is_told_of_once_and_keeps_no_account_from_being_known(
    life: Any, path: str
) -> None:
    life.served.pull("faults", kind="refuse", endpoint=path, code=10005, message="not you", count=100)
    bybit = life.begin(lends={"core": ("BTC",)})
    life.until_whole()
    for _ in range(2):
        bybit.send(LookAtAccount("core"))
        seen = life.heard.until(lambda event: isinstance(event, AccountSeen) and event.account == "core")
        assert (seen[0].complete, seen[0].lent) == (True, None)
    assert len([text for _, text in life.told if "can't be seen" in text and "not you" in text]) == 1
    life.served.pull("lift")
    bybit.send(LookAtAccount("core"))
    life.heard.until(lambda event: isinstance(event, AccountSeen) and event.lent == ())


# ── word for word ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def venue(exchange: Any, heard: Any, told: list[tuple[str, str]]) -> Iterator[BybitVenue]:
    class Clock:
        def now_ms(self) -> int:
            return NOW_MS

    around = (exchange.hosts, {}, heard, Clock(), lambda *news: told.append(news), AddressLimit(None), 500)
    one = BybitVenue(Setting(*around, lends={"core": ("BTC",)}), [Account("core", Keys("key", "s"), "101")])
    exchange.good(PRODUCT, {"list": [product()]})
    one.start()
    yield one
    one.stop()


def product(**fields: str) -> dict[str, str]:
    return {"productId": "430", "coin": "BTC", "estimateApr": "4.25%", "status": "Available", **fields}


def row(status: str, **fields: str) -> dict[str, str]:
    usual = {"orderLinkId": "loan-1", "orderType": "Stake", "orderValue": "1.5", "coin": "BTC", "updatedAt": "17"}
    return {**usual, "status": status, **fields}


def test_an_order_names_its_product_and_the_unified_account(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.good(PLACE, {"orderId": "x", "orderLinkId": "loan-1"})
    for side in EarnSide:
        venue.send(order("1.50", side))
        heard.one(OrderAccepted)
    staked, redeemed = exchange.asked_of(PLACE)
    assert staked == {
        "category": "FlexibleSaving",
        "orderType": "Stake",
        "accountType": "UNIFIED",
        "amount": "1.50",
        "coin": "BTC",
        "productId": "430",
        "orderLinkId": "loan-1",
    }
    assert redeemed == {**staked, "orderType": "Redeem"}
    assert len(exchange.asked_of(PRODUCT)) == 1


def test_without_a_product_nothing_is_sent(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.good(PRODUCT, {"list": []})
    venue.send(order())
    assert (heard.one(OrderRejected).code, exchange.asked_of(PLACE)) == (180008, [])
    exchange.bad(PRODUCT, 10016)
    venue.send(order())
    assert (heard.one(OrderRejected).code, exchange.asked_of(PLACE)) == (-1, [])


@pytest.mark.parametrize(
    ("code", "news"), [(180016, OrderRejected), (10005, OrderRejected), (180025, OrderUnknown), (10016, OrderUnknown)]
)
def test_only_a_definite_no_is_a_refusal(venue: BybitVenue, exchange: Any, heard: Any, code: int, news: type) -> None:
    exchange.bad(PLACE, code)
    venue.send(order())
    assert heard.one(news).order_id == "loan-1"


FOUND = {
    "out": (row("Success"), EarnMoved(17, "loan-1", "core", "BTC", Decimal("1.5"))),
    "home": (row("Success", orderType="Redeem"), EarnMoved(17, "loan-1", "core", "BTC", Decimal("-1.5"))),
    "waiting": (row("Pending"), OrderAccepted(NOW_MS, "loan-1")),
    "failed": (row("Fail"), OrderRejected(NOW_MS, "loan-1", 180008, "the order has failed")),
}


@pytest.mark.parametrize(("data", "news"), FOUND.values(), ids=FOUND)
def test_a_look_reads_how_an_order_stands(
    venue: BybitVenue, exchange: Any, heard: Any, data: dict[str, str], news: Any
) -> None:
    exchange.good(ORDER, {"list": [row("Success", orderLinkId="another"), data]})
    venue.send(look())
    assert heard.one(type(news)) == news
    assert heard.one(LookedUp) == LookedUp(NOW_MS, "loan-1", found=True, complete=True)


@pytest.mark.parametrize("data", [{"status": "Maybe"}, {"orderValue": "many"}, {"updatedAt": "soon"}])
def test_a_row_that_can_not_be_read_makes_a_look_incomplete(
    venue: BybitVenue, exchange: Any, heard: Any, data: dict[str, str]
) -> None:
    exchange.good(ORDER, {"list": [row("Success") | data]})
    venue.send(look())
    assert heard.one(LookedUp) == LookedUp(NOW_MS, "loan-1", found=False, complete=False)
