"""Where orders meet candles."""

from decimal import Decimal

import pytest

from runtime.events import Fill, FillKind, OrderAccepted, OrderCancelled
from runtime.instrument import Market
from runtime.requests import Side, TimeInForce

SPOT, LINEAR, BUY, SELL = Market.SPOT, Market.LINEAR, Side.BUY, Side.SELL


def only(events, kind):
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.spec("BT-03", "BT-04")
def test_a_purchase_by_amount_pays_its_fee_in_the_coin_bought(trading) -> None:
    assert trading.place(SPOT, BUY, quote_amount="1000") == [OrderAccepted(3_600_000, "order-1")]
    first, later = trading.spot()
    assert first == [
        Fill(
            at_ms=3_600_000,
            execution_id="execution-1",
            order_id="order-1",
            account="main",
            market=SPOT,
            symbol="BTCUSDT",
            side=BUY,
            quantity=Decimal("0.016658"),
            price=Decimal("60030"),
            fee=Decimal("0.000016658"),
            fee_coin="BTC",
            maker=False,
            kind=FillKind.TRADE,
            done=True,
        )
    ]
    assert later == []
    assert trading.exchange.wallet("main") == {"USDT": Decimal("9000.02026"), "BTC": Decimal("0.016641342")}
    assert trading.exchange.open_orders("main") == ()


def test_a_sale_pays_its_fee_in_quote_coin(trading) -> None:
    trading.exchange.deposit("main", "BTC", Decimal("0.5"), 0)
    trading.place(SPOT, SELL, "0.5")
    [fill], _ = trading.spot()
    assert (fill.price, fill.fee, fill.fee_coin) == (Decimal("59970"), Decimal("29.985"), "USDT")
    assert trading.exchange.wallet("main") == {"USDT": Decimal("39955.015"), "BTC": 0}


def test_an_amount_too_small_for_one_step_buys_nothing(trading) -> None:
    trading.place(SPOT, BUY, quote_amount="5")
    first, _ = trading.spot(6_000_000.0, 6_000_000.0, 6_000_000.0, 6_000_000.0)
    assert first == [OrderCancelled(3_600_000, "order-1", "EC_NoImmediateQtyToFill")]


@pytest.mark.spec("BT-03")
def test_a_market_order_takes_its_share_of_each_candle_until_it_is_done(trading_with) -> None:
    trading = trading_with("100000")
    trading.place(LINEAR, BUY, "0.25")
    fills = [fill for _ in range(4) for fill in trading.linear(volume=1.0)[0]]
    assert [(fill.quantity, fill.done) for fill in fills] == [
        (Decimal("0.1"), False),
        (Decimal("0.1"), False),
        (Decimal("0.05"), True),
    ]


def test_a_purchase_by_amount_walks_through_candles_too(trading) -> None:
    trading.place(SPOT, BUY, quote_amount="1000")
    fills = [fill for _ in range(3) for fill in trading.spot(volume=0.1)[0]]
    assert [(fill.quantity, fill.done) for fill in fills] == [(Decimal("0.01"), False), (Decimal("0.006658"), True)]


def test_nothing_is_taken_from_a_candle_without_volume(trading) -> None:
    trading.place(LINEAR, BUY, "0.1")
    assert trading.linear(volume=0.0) == ([], [])
    assert len(trading.linear()[0]) == 1


def test_slippage_by_depth_grows_with_the_part_of_the_volume_taken(trading_with) -> None:
    trading = trading_with(slippage=Decimal("0.0005"), depth=Decimal("0.01"))
    trading.place(LINEAR, BUY, "0.5")
    [fill], _ = trading.linear(volume=10.0)
    assert fill.price == Decimal("60060")  # 0.05 % and 5 % of 1 %


@pytest.mark.spec("EXEC-05")
def test_a_cap_cancels_what_would_be_served_too_far_from_the_last_price(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", slippage_cap="0.005")
    first, _ = trading.linear(60280.0, 60300.0, 60200.0, 60280.0)
    assert first == [OrderCancelled(3_600_000, "order-1", "EC_NoImmediateQtyToFill")]


def test_a_cap_lets_through_what_is_served_within_it(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", slippage_cap="0.005")
    [fill], _ = trading.linear(60200.0, 60300.0, 60200.0, 60280.0)
    assert fill.price == Decimal("60230.1")


def test_a_cap_takes_the_book_only_as_deep_as_it_allows(trading_with) -> None:
    trading = trading_with("100000", slippage=Decimal("0.001"), depth=Decimal("0.1"), volume_share=Decimal(1))
    trading.place(LINEAR, SELL, "1", slippage_cap="0.005")
    first, _ = trading.linear(volume=10.0)
    [fill] = only(first, Fill)
    assert (fill.quantity, fill.price, fill.done) == (Decimal("0.4"), Decimal("59700"), False)
    assert first[1:] == [OrderCancelled(3_600_000, "order-1", "EC_CancelForNoFullFill")]


@pytest.mark.parametrize(("low", "filled"), [(59000.0, False), (58999.95, False), (58999.9, True), (58000.0, True)])
def test_a_resting_purchase_waits_for_a_trade_one_tick_below_it(trading, low, filled) -> None:
    trading.place(LINEAR, BUY, "0.1", price="59000")
    first, later = trading.linear(60000.0, 60000.0, low, 59500.0)
    assert first == []
    assert bool(later) is filled


def test_a_resting_order_is_a_maker_at_its_own_price(trading) -> None:
    trading.place(LINEAR, SELL, "0.1", price="61000", time_in_force=TimeInForce.POST_ONLY)
    _, [fill] = trading.linear(60000.0, 62000.0, 59000.0, 61500.0)
    assert (fill.price, fill.maker, fill.fee) == (Decimal(61000), True, Decimal("1.22"))
    assert fill.at_ms == 2 * 3_600_000


def test_a_resting_order_that_is_jumped_over_is_filled_at_the_first_price_but_no_better(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", price="59000")
    [fill], later = trading.linear(58000.0, 59500.0, 57900.0, 59000.0)
    assert (fill.price, fill.at_ms) == (Decimal(59000), 3_600_000)
    assert later == []


def test_a_resting_order_gets_its_share_of_each_candle(trading) -> None:
    trading.place(LINEAR, BUY, "0.15", price="59000")
    fills = [fill for _ in range(3) for fill in trading.linear(60000.0, 60000.0, 58000.0, 60000.0, volume=1.0)[1]]
    assert [(fill.quantity, fill.done) for fill in fills] == [(Decimal("0.1"), False), (Decimal("0.05"), True)]


def test_a_candle_gives_one_share_whether_taken_or_waited_for(trading) -> None:
    trading.place(LINEAR, BUY, "0.15", price="61000")
    [taken], later = trading.linear(60000.0, 60500.0, 59000.0, 60000.0, volume=1.0)
    assert (taken.quantity, taken.maker, later) == (Decimal("0.1"), False, [])
    _, [rest] = trading.linear(62000.0, 62000.0, 60000.0, 61000.0, volume=1.0)
    assert (rest.quantity, rest.price, rest.maker, rest.done) == (Decimal("0.05"), Decimal(61000), True, True)


def test_a_crossing_limit_takes_at_the_first_price_with_slippage(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", price="61000")
    [fill], _ = trading.linear()
    assert (fill.price, fill.maker) == (Decimal("60030"), False)


@pytest.mark.parametrize(
    ("time_in_force", "quantity", "reasons"),
    [
        (TimeInForce.IOC, "0.1", []),
        (TimeInForce.IOC, "0.2", ["EC_CancelForNoFullFill"]),
        (TimeInForce.FOK, "0.1", []),
        (TimeInForce.FOK, "0.2", ["EC_NoEnoughQtyToFill"]),
    ],
)
def test_what_must_be_filled_at_once_does_not_rest(trading, time_in_force, quantity, reasons) -> None:
    trading.place(LINEAR, BUY, quantity, price="61000", time_in_force=time_in_force)
    first, later = trading.linear(volume=1.0)
    assert [event.reason for event in only(first, OrderCancelled)] == reasons
    fills = only(first, Fill)
    assert sum(fill.quantity for fill in fills) == (0 if "EC_NoEnoughQtyToFill" in reasons else Decimal("0.1"))
    assert later == []
    assert trading.exchange.open_orders("main") == ()


def test_immediate_or_cancel_away_from_the_market_gets_nothing(trading) -> None:
    trading.place(LINEAR, BUY, "0.1", price="59000", time_in_force=TimeInForce.IOC)
    first, _ = trading.linear()
    assert first == [OrderCancelled(3_600_000, "order-1", "EC_NoImmediateQtyToFill")]


@pytest.mark.spec("BT-03")
def test_what_a_jump_has_made_too_dear_is_cut_to_what_the_wallet_pays(trading) -> None:
    trading.place(SPOT, BUY, "0.16")
    first, _ = trading.spot(70000.0, 70000.0, 70000.0, 70000.0)
    [fill] = only(first, Fill)
    assert (fill.quantity, fill.done) == (Decimal("0.142785"), False)
    assert first[1:] == [OrderCancelled(3_600_000, "order-1", "CancelByCannotAffordOrderCost")]
    assert trading.usdt() == Decimal("10000") - Decimal("0.142785") * Decimal("70035")


def test_reduce_only_is_cut_to_the_position(trading) -> None:
    trading.place(LINEAR, BUY, "0.1")
    trading.linear()
    trading.place(LINEAR, SELL, "0.5", reduce_only=True)
    [fill], _ = trading.linear()
    assert (fill.quantity, fill.done) == (Decimal("0.1"), True)
    assert not trading.exchange.position("main", "BTCUSDT").quantity


def test_a_reduce_only_order_binds_no_more_than_the_position(trading) -> None:
    trading.place(LINEAR, BUY, "0.1")
    trading.linear()
    trading.place(LINEAR, SELL, "0.5", price="62000", reduce_only=True)
    [order] = trading.exchange.open_orders("main")
    assert order.remaining == Decimal("0.1")


def test_reduce_only_orders_go_when_the_position_turns(trading_with) -> None:
    trading = trading_with("100000")
    trading.place(LINEAR, BUY, "0.1")
    trading.linear()
    trading.place(LINEAR, SELL, "0.3")
    trading.place(LINEAR, SELL, "0.1", price="62000", reduce_only=True)
    first, later = trading.linear(60000.0, 63000.0, 60000.0, 60000.0)
    assert [event.reason for event in only(first, OrderCancelled)] == ["CancelByReduceOnly"]
    assert later == []


def test_reduce_only_orders_go_when_there_is_nothing_left_to_reduce(trading) -> None:
    trading.place(LINEAR, BUY, "0.1")
    trading.linear()
    trading.place(LINEAR, SELL, "0.1", price="62000", reduce_only=True)
    trading.place(LINEAR, SELL, "0.1", reduce_only=True)
    first, _ = trading.linear()
    assert [event.reason for event in only(first, OrderCancelled)] == ["CancelByReduceOnly"]
    assert len(only(first, Fill)) == 1
