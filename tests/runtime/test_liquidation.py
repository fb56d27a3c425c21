"""How far a short is from being closed by the exchange: our model against the exchange's."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.events import Candle, Fill, FillKind, LeverageSet
from runtime.instrument import Market
from runtime.liquidation import room_to_rise
from runtime.portfolio import Portfolio
from runtime.requests import OrderType, PlaceOrder, SetLeverage, Side, TimeInForce

INSTRUMENTS = load_instruments()
HOUR_MS = 3_600_000
FREE = ExchangeSettings(slippage=Decimal(0), volume_share=Decimal(1))


def candle(hour: int, first: float, high: float | None = None) -> Candle:
    top = first if high is None else high
    return Candle(Market.LINEAR, "BTCUSDT", "1h", hour * HOUR_MS, (hour + 1) * HOUR_MS, first, top, first, first, 1e6)


def shorted(cash: int, quantity: Decimal, leverage: int) -> tuple[SimulatedExchange, Portfolio]:
    """One short at 50,000, in the exchange and in our books."""
    wallets = {"A": {"USDT": Decimal(cash)}}
    exchange, portfolio = SimulatedExchange(INSTRUMENTS, FREE, wallets), Portfolio(INSTRUMENTS, wallets)
    events = exchange.range([candle(0, 50_000.0)])
    events += exchange.submit(SetLeverage("A", "BTCUSDT", Decimal(leverage)), HOUR_MS)
    order = PlaceOrder(
        "o-1", "A", Market.LINEAR, "BTCUSDT", Side.SELL, OrderType.MARKET, TimeInForce.IOC, quantity=quantity
    )
    events += [*exchange.submit(order, HOUR_MS), *exchange.open([candle(1, 50_000.0)])]
    for event in events:
        if isinstance(event, Fill):
            portfolio.apply(event)
        elif isinstance(event, LeverageSet):
            portfolio.apply_leverage(event)
    portfolio.mark(Market.LINEAR, "BTCUSDT", Decimal(50_000))
    return exchange, portfolio


def room(portfolio: Portfolio) -> Decimal | None:
    return room_to_rise(portfolio, "A", lambda symbol: INSTRUMENTS[Market.LINEAR, symbol])


@pytest.mark.spec("FUND-10")
@settings(max_examples=40, deadline=None)
@given(quantity=some.integers(50, 190), leverage=some.sampled_from((1, 2, 3, 10)), cash=some.integers(10_000, 20_000))
def test_the_exchange_liquidates_where_we_say_it_will(quantity: int, leverage: int, cash: int) -> None:
    exchange, portfolio = shorted(cash, Decimal(quantity) / 1000, leverage)
    distance = room(portfolio)
    if distance is None or distance <= Decimal("0.001"):
        return
    nearly, beyond = (float(50_000 * (1 + distance + off)) for off in (Decimal("-0.0005"), Decimal("0.0005")))
    assert not exchange.range([candle(1, 50_000.0, nearly)])
    fills = [event for event in exchange.range([candle(2, 50_000.0, beyond)]) if isinstance(event, Fill)]
    assert [fill.kind for fill in fills] == [FillKind.LIQUIDATION]


def test_without_a_short_nothing_can_be_liquidated() -> None:
    assert room(Portfolio(INSTRUMENTS, {"A": {"USDT": Decimal(100)}})) is None


@pytest.mark.spec("FUND-07")
def test_a_short_receives_at_a_positive_rate_and_pays_at_a_negative_one() -> None:
    exchange, portfolio = shorted(10_000, Decimal("0.1"), 2)
    paid = [exchange.settle("BTCUSDT", rate, 2 * HOUR_MS)[0] for rate in (Decimal("0.0003"), Decimal("-0.0001"))]
    assert [payment.amount for payment in paid] == [Decimal("1.5"), Decimal("-0.5")]  # type: ignore[union-attr]
    assert portfolio.apply_funding(paid[0])  # type: ignore[arg-type]
    assert not portfolio.apply_funding(paid[0])  # type: ignore[arg-type]
