"""Stops and liquidation, the worst case first."""

from decimal import Decimal

import pytest

from adapters.simulated.position import FLAT
from runtime.events import Fill, FillKind, OrderCancelled, StopPlaced
from runtime.instrument import Market
from runtime.requests import Side, TimeInForce

LINEAR, BUY, SELL = Market.LINEAR, Side.BUY, Side.SELL


@pytest.mark.spec("BT-03", "EXEC-12")
def test_a_stop_that_is_jumped_over_is_filled_at_the_first_price(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", stop_loss="58000")
    [entry, placed], later = trading.linear(60000.0, 60500.0, 59000.0, 59500.0)
    assert (entry.price, entry.fee, entry.fee_coin) == (Decimal("60030"), Decimal("3.30165"), "USDT")
    assert placed == StopPlaced(3_600_000, "main", "BTCUSDT", Decimal("58000"))
    assert later == []
    [stop], later = trading.linear(57000.0, 57500.0, 56000.0, 57000.0)
    assert (stop.kind, stop.side, stop.quantity) == (FillKind.STOP, SELL, Decimal("0.1"))
    assert (stop.price, stop.fee, stop.at_ms) == (Decimal("56971.5"), Decimal("3.1334325"), 2 * 3_600_000)
    assert (stop.order_id, stop.done) == ("order-1", True)
    assert later == []
    assert trading.usdt() == Decimal("9687.7149175")
    assert trading.exchange.position("main", "BTCUSDT") == FLAT
    assert trading.exchange.stop("main", "BTCUSDT") is None


@pytest.mark.spec("BT-03")
def test_a_position_can_be_stopped_in_the_candle_that_opened_it(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", stop_loss="58000")
    _, [stop] = trading.linear(60000.0, 65000.0, 58000.0, 64000.0)
    assert (stop.price, stop.at_ms) == (Decimal("57971"), 2 * 3_600_000)


def test_a_position_that_opens_beyond_its_stop_is_closed_at_once(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", stop_loss="58000")
    first, _ = trading.linear(57000.0, 57500.0, 56000.0, 57000.0)
    assert [event.kind for event in first if isinstance(event, Fill)] == [FillKind.TRADE, FillKind.STOP]


def test_a_short_is_stopped_above(trading) -> None:
    trading.place(LINEAR, SELL, "0.1", stop_loss="61000")
    _, [stop] = trading.linear(60000.0, 61000.0, 55000.0, 56000.0)
    assert (stop.side, stop.price) == (BUY, Decimal("61030.5"))


def test_the_stop_comes_before_the_profit_that_the_same_candle_would_have_given(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", stop_loss="58000")
    trading.linear()
    trading.place(LINEAR, SELL, "0.1", price="62000", reduce_only=True, time_in_force=TimeInForce.POST_ONLY)
    _, later = trading.linear(60000.0, 63000.0, 57000.0, 62000.0)
    assert [type(event) for event in later] == [Fill, OrderCancelled]
    assert later[0].kind is FillKind.STOP
    assert later[1].reason == "CancelByReduceOnly"


def test_what_a_resting_order_opens_can_be_stopped_in_the_same_candle(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", price="59000", stop_loss="58000")
    _, later = trading.linear(60000.0, 60000.0, 57500.0, 60000.0)
    assert [event.kind for event in later if isinstance(event, Fill)] == [FillKind.TRADE, FillKind.STOP]
    assert later[-1].price == Decimal("57971")


@pytest.mark.spec("EXEC-12")
def test_a_stop_moves_in_place_and_a_later_part_of_the_order_leaves_it_there(trading) -> None:
    trading.place(LINEAR, BUY, "0.15", stop_loss="58000")
    trading.linear(volume=1.0)
    assert trading.change_stop("59000") == [StopPlaced(2 * 3_600_000, "main", "BTCUSDT", Decimal("59000"))]
    trading.linear(volume=1.0)
    assert trading.exchange.position("main", "BTCUSDT").quantity == Decimal("0.15")
    assert trading.exchange.stop("main", "BTCUSDT") == Decimal("59000")


def test_a_stop_that_fires_while_its_order_waits_does_not_end_the_order(trading) -> None:
    trading.place(LINEAR, BUY, "0.15", stop_loss="58000")
    _, [stop] = trading.linear(60000.0, 60000.0, 57000.0, 60000.0, volume=1.0)
    assert (stop.quantity, stop.done) == (Decimal("0.1"), False)
    assert len(trading.exchange.open_orders("main")) == 1


@pytest.mark.spec("BT-03")
def test_a_short_is_liquidated_at_its_bankruptcy_price(trading_with) -> None:
    trading = trading_with("1000", slippage=Decimal(0))
    trading.place(LINEAR, SELL, "0.1")
    trading.linear()
    assert trading.usdt() == Decimal("996.7")
    # Maintenance: 6000 × 0.5 % and 6000 × 1.1 × 0.055 % of closing fee are 33.63; all else is gone at 69,630.7.
    assert trading.linear(60000.0, 69630.6, 60000.0, 60000.0) == ([], [])
    _, [fill] = trading.linear(60000.0, 69630.7, 60000.0, 60000.0)
    assert (fill.kind, fill.side, fill.quantity) == (FillKind.LIQUIDATION, BUY, Decimal("0.1"))
    assert (fill.price, fill.fee) == (Decimal("69928.5"), Decimal("3.8460675"))
    assert trading.usdt() == Decimal("0.0039325")


def test_a_long_is_liquidated_at_the_first_price_when_that_is_too_low(trading_with) -> None:
    trading = trading_with("1000", slippage=Decimal(0))
    trading.place(LINEAR, BUY, "0.1")
    trading.linear()
    trading.place(LINEAR, SELL, "0.1", price="65000", reduce_only=True)
    [cancelled, fill], later = trading.linear(40000.0, 41000.0, 39000.0, 40000.0)
    assert cancelled == OrderCancelled(2 * 3_600_000, "order-2", "CancelAllBeforeLiq")
    assert (fill.kind, later) == (FillKind.LIQUIDATION, [])
    assert 0 <= trading.usdt() < Decimal("0.01")


@pytest.mark.parametrize(("stop", "kind"), [("65000", FillKind.STOP), ("69900", FillKind.LIQUIDATION)])
def test_what_is_nearer_comes_first(trading_with, stop, kind) -> None:
    trading = trading_with("1000", slippage=Decimal(0))
    trading.place(LINEAR, SELL, "0.1", stop_loss=stop)
    _, [fill] = trading.linear(60000.0, 80000.0, 60000.0, 70000.0)
    assert fill.kind is kind


def test_several_positions_share_one_account_and_go_together(trading_with) -> None:
    trading = trading_with("1000", slippage=Decimal(0))
    exchange = trading.exchange
    both = [trading.candle(LINEAR), _ether(trading, 3000.0, 3000.0)]
    exchange.open(both)
    exchange.range(both)
    trading.place(LINEAR, BUY, "0.05")
    trading.submit(_ether_order(trading, "1"))
    exchange.open(both)
    exchange.range(both)
    down = [trading.candle(LINEAR, (60000.0, 60000.0, 50000.0, 50000.0)), _ether(trading, 3000.0, 2500.0)]
    exchange.open(down)
    fills = exchange.range(down)
    assert [fill.kind for fill in fills] == [FillKind.LIQUIDATION] * 2
    assert not exchange.positions("main")
    assert 0 <= trading.usdt() < Decimal("0.02")


def _ether(trading, first, last):
    candle = trading.candle(LINEAR, (first, first, last, last))
    return type(candle)(LINEAR, "ETHUSDT", "1h", candle.open_ms, candle.close_ms, first, first, last, last, 1000.0)


def _ether_order(trading, quantity):
    order = trading.order(LINEAR, BUY, quantity)
    return type(order)(
        order.order_id, "main", LINEAR, "ETHUSDT", BUY, order.order_type, order.time_in_force, order.quantity
    )
