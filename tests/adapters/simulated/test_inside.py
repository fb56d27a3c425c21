"""The order of prices inside one candle, worst and best."""

from decimal import Decimal

import pytest

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.events import Candle, ExchangeEvent, Fill, FillKind
from runtime.instrument import Market
from runtime.requests import OrderType, PlaceOrder, Side, TimeInForce

DAY_MS = 86_400_000
ACCOUNT, SYMBOL = "TREND-1", "BTCUSDT"


def day(number: int, low: float, high: float) -> Candle:
    open_ms = number * DAY_MS
    return Candle(Market.LINEAR, SYMBOL, "1d", open_ms, open_ms + DAY_MS, 20_000, high, low, 20_000, 1_000.0)


def order(name: str, side: Side, price: str | None = None, stop: str | None = None) -> PlaceOrder:
    return PlaceOrder(
        order_id=name,
        account=ACCOUNT,
        market=Market.LINEAR,
        symbol=SYMBOL,
        side=side,
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        time_in_force=TimeInForce.IOC if price is None else TimeInForce.GTC,
        quantity=Decimal("0.1"),
        price=None if price is None else Decimal(price),
        reduce_only=name == "target",
        stop_loss=None if stop is None else Decimal(stop),
    )


def held(best_first: bool) -> SimulatedExchange:
    """A long position at 20,000 with its stop at 19,000 and its target at 21,000, at the end of a quiet day."""
    settings = ExchangeSettings(best_first=best_first)
    exchange = SimulatedExchange(load_instruments(), settings, {ACCOUNT: {"USDT": Decimal(100_000)}})
    play(exchange, day(0, 19_900, 20_100))
    exchange.submit(order("entry", Side.BUY, stop="19000"), DAY_MS)
    play(exchange, day(1, 19_900, 20_100))
    exchange.submit(order("target", Side.SELL, "21000"), 2 * DAY_MS)
    assert exchange.position(ACCOUNT, SYMBOL).quantity == Decimal("0.1")
    return exchange


def play(exchange: SimulatedExchange, candle: Candle) -> list[Fill]:
    events: list[ExchangeEvent] = [*exchange.open([candle]), *exchange.range([candle])]
    return [event for event in events if isinstance(event, Fill)]


@pytest.mark.spec("BT-03")
@pytest.mark.parametrize(
    ("best_first", "kind", "price"), [(False, FillKind.STOP, 18_990.5), (True, FillKind.TRADE, 21_000)]
)
def test_a_candle_that_reaches_stop_and_target_reaches_one_of_them(
    best_first: bool, kind: FillKind, price: float
) -> None:
    exchange = held(best_first)
    fills = play(exchange, day(2, 18_500, 21_500))
    assert [(fill.kind, float(fill.price)) for fill in fills] == [(kind, price)]
    assert not exchange.position(ACCOUNT, SYMBOL).quantity


@pytest.mark.spec("BT-03")
@pytest.mark.parametrize("best_first", [False, True])
def test_a_candle_that_reaches_the_stop_alone_stops_either_way(best_first: bool) -> None:
    fills = play(held(best_first), day(2, 18_500, 20_500))
    assert [fill.kind for fill in fills] == [FillKind.STOP]


@pytest.mark.spec("BT-03")
@pytest.mark.parametrize(("best_first", "kinds"), [(False, ["trade", "stop"]), (True, ["trade"])])
def test_what_opens_inside_a_candle_is_stopped_inside_it_in_the_worst_case(best_first: bool, kinds: list[str]) -> None:
    settings = ExchangeSettings(best_first=best_first)
    exchange = SimulatedExchange(load_instruments(), settings, {ACCOUNT: {"USDT": Decimal(100_000)}})
    play(exchange, day(0, 19_900, 20_100))
    exchange.submit(order("dip", Side.BUY, "19500", stop="19000"), DAY_MS)
    assert [fill.kind.value for fill in play(exchange, day(1, 18_500, 20_100))] == kinds
