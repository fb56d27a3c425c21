from decimal import Decimal

import pytest

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.late import TAKEN_BACK, LateExchange
from adapters.simulated.settings import ExchangeSettings
from runtime.events import Candle, Fill, LookedUp, OrderAccepted, OrderCancelled
from runtime.instrument import Market
from runtime.requests import CancelOrder, LookUpOrder, OrderType, PlaceOrder, Side, TimeInForce

HOUR_MS = 3_600_000
ACCOUNT, SYMBOL = "TREND-1", "BTCUSDT"
LATE_MS = 3 * HOUR_MS


def hour(number: int, price: float) -> Candle:
    open_ms = number * HOUR_MS
    return Candle(Market.LINEAR, SYMBOL, "1h", open_ms, open_ms + HOUR_MS, price, price + 5, price - 5, price, 1_000.0)


def order(name: str, side: Side = Side.BUY, reduce_only: bool = False, stop: str | None = None) -> PlaceOrder:
    return PlaceOrder(
        order_id=name,
        account=ACCOUNT,
        market=Market.LINEAR,
        symbol=SYMBOL,
        side=side,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        quantity=Decimal("0.1"),
        reduce_only=reduce_only,
        stop_loss=None if stop is None else Decimal(stop),
    )


@pytest.fixture
def late() -> LateExchange:
    exchange = SimulatedExchange(load_instruments(), ExchangeSettings(), {ACCOUNT: {"USDT": Decimal(100_000)}})
    late = LateExchange(exchange, {ACCOUNT: LATE_MS})
    late.open([hour(0, 20_000)])
    late.range([hour(0, 20_000)])
    return late


def fills(late: LateExchange, numbers: range) -> dict[int, list[Fill]]:
    found = {}
    for number in numbers:
        events = [*late.open([hour(number, 20_000 + 100 * number)]), *late.range([hour(number, 20_000 + 100 * number)])]
        found[number] = [event for event in events if isinstance(event, Fill)]
    return found


@pytest.mark.spec("BT-07")
def test_an_entry_is_filled_at_the_first_price_after_the_delay(late: LateExchange) -> None:
    assert late.submit(order("entry"), HOUR_MS) == [OrderAccepted(HOUR_MS, "entry")]
    by_hour = fills(late, range(1, 6))
    assert {number: len(found) for number, found in by_hour.items()} == {1: 0, 2: 0, 3: 0, 4: 1, 5: 0}
    fill = by_hour[4][0]
    assert (fill.order_id, fill.at_ms) == ("entry", HOUR_MS + LATE_MS)
    assert fill.price == pytest.approx(Decimal(20_400) * Decimal("1.0005"))


@pytest.mark.spec("BT-07")
def test_what_takes_risk_away_is_never_late(late: LateExchange) -> None:
    late.submit(order("entry"), HOUR_MS)
    fills(late, range(1, 5))
    late.submit(order("exit", Side.SELL, reduce_only=True), 5 * HOUR_MS)
    assert [fill.order_id for fill in fills(late, range(5, 6))[5]] == ["exit"]


def test_an_order_that_is_taken_back_on_its_way_never_arrives(late: LateExchange) -> None:
    late.submit(order("entry"), HOUR_MS)
    found = late.submit(LookUpOrder("entry", ACCOUNT, Market.LINEAR, SYMBOL), HOUR_MS)
    assert isinstance(found[-1], LookedUp)
    assert found[-1].found
    ended = late.submit(CancelOrder("entry", ACCOUNT, Market.LINEAR, SYMBOL), 2 * HOUR_MS)
    assert ended == [OrderCancelled(2 * HOUR_MS, "entry", TAKEN_BACK)]
    assert not any(fills(late, range(2, 8)).values())


@pytest.mark.spec("BT-07")
def test_an_entry_whose_stop_the_market_has_passed_meanwhile_is_cancelled(late: LateExchange) -> None:
    late.submit(order("entry", Side.SELL, stop="20100"), HOUR_MS)
    fills(late, range(1, 4))
    events = late.open([hour(4, 20_400)])
    assert [type(event) for event in events] == [OrderCancelled]
