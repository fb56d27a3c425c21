"""What funding pays, and to whom."""

from decimal import Decimal

import pytest

from runtime.events import FundingPayment
from runtime.instrument import Market
from runtime.requests import Side

LINEAR = Market.LINEAR


@pytest.mark.spec("BT-03")
@pytest.mark.parametrize(("side", "amount"), [(Side.BUY, "-0.6"), (Side.SELL, "0.6")])
def test_longs_pay_shorts_at_a_positive_rate(trading, side, amount) -> None:
    trading.place(LINEAR, side, "0.1")
    [fill], _ = trading.linear()
    before = trading.usdt()
    quantity = fill.quantity if side is Side.BUY else -fill.quantity
    assert trading.exchange.settle("BTCUSDT", Decimal("0.0001"), 7_200_000) == [
        FundingPayment(
            at_ms=7_200_000,
            settlement_id="funding-main-BTCUSDT-7200000",
            account="main",
            symbol="BTCUSDT",
            rate=Decimal("0.0001"),
            quantity=quantity,
            mark=Decimal(60000),
            amount=Decimal(amount),
        )
    ]
    assert trading.usdt() == before + Decimal(amount)


def test_without_a_position_nothing_is_settled(trading) -> None:
    assert trading.exchange.settle("BTCUSDT", Decimal("0.0001"), 7_200_000) == []


def test_a_position_adds_up_reduces_and_turns(trading_with) -> None:
    trading = trading_with("100000", slippage=Decimal(0))
    trading.place(LINEAR, Side.BUY, "0.1")
    trading.linear()
    trading.place(LINEAR, Side.BUY, "0.2")
    trading.linear(63000.0, 63000.0, 63000.0, 63000.0)
    position = trading.exchange.position("main", "BTCUSDT")
    assert (position.quantity, position.average) == (Decimal("0.3"), Decimal(62000))
    fees = (Decimal(6000) + Decimal(12600)) * Decimal("0.00055")
    trading.place(LINEAR, Side.SELL, "0.5")
    [fill], _ = trading.linear(64000.0, 64000.0, 64000.0, 64000.0)
    position = trading.exchange.position("main", "BTCUSDT")
    assert (position.quantity, position.average, position.order_id) == (Decimal("-0.2"), Decimal(64000), "order-3")
    # 0.3 closed with 2,000 each.
    assert trading.usdt() == Decimal(100600) - fees - fill.fee
