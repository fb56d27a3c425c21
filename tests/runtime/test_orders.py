"""Laws of sizes and prices over random instruments and accounts, and the cases that people ask about."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from machines.intents import Buy, CancelOpen, Direction, Enter, Leave, MoveStop, Sell, Urgency
from runtime.decimals import plain
from runtime.instrument import Instrument, Market
from runtime.order_id import order_id
from runtime.orders import UNCHECKED, Checked, Naming, Plannable, Planned, Unplannable, plan, wanted_notional
from runtime.position import Position
from runtime.requests import CancelOrder, ChangeStop, OrderType, PlaceOrder, SetLeverage, Side, TimeInForce
from runtime.reservations import Reservation
from runtime.sizing import AccountView

NAMING = Naming("entries.long", "2026-02-20")
PERPETUAL = Instrument(
    Market.LINEAR,
    "BTCUSDT",
    "BTC",
    "USDT",
    Decimal("0.1"),
    Decimal("0.001"),
    Decimal("0.001"),
    Decimal(5),
    Decimal("0.0002"),
    Decimal("0.00055"),
    maximum_leverage=Decimal(100),
)
SPOT = Instrument(
    Market.SPOT,
    "BTCUSDT",
    "BTC",
    "USDT",
    Decimal("0.01"),
    Decimal("0.000001"),
    Decimal("0.000011"),
    Decimal(5),
    Decimal("0.001"),
    Decimal("0.001"),
)
PRICE = Decimal(50_000)
LONG = Enter("BTCUSDT", Direction.LONG, Decimal("0.01"), Decimal(2000), Decimal("0.5"), Decimal(2))


def account(instrument: Instrument = PERPETUAL, held: str = "0", **changes: object) -> AccountView:
    position = Position(instrument.market, instrument.symbol, Decimal(held), Decimal(held) * PRICE)
    money = Decimal(10_000)
    view = AccountView("TREND-1", money, money, Decimal(held), abs(Decimal(held)) * PRICE, position)
    return replace(view, **changes)  # type: ignore[arg-type]


def planned(intent: Plannable, instrument: Instrument, view: AccountView, checked: Checked = UNCHECKED) -> Planned:
    result = plan(intent, instrument, PRICE, view, NAMING, checked)
    assert isinstance(result, Planned), result
    return result


def refused(intent: Plannable, instrument: Instrument, view: AccountView, checked: Checked = UNCHECKED) -> str:
    result = plan(intent, instrument, PRICE, view, NAMING, checked)
    assert isinstance(result, Unplannable), result
    return result.reason


def order(result: Planned) -> PlaceOrder:
    (request,) = [request for request in result.requests if isinstance(request, PlaceOrder)]
    return request


# Random instruments, accounts and prices.

ratios = st.decimals("0.001", "1", places=4)
amounts = st.one_of(st.decimals("300", "200000", places=8), st.decimals("0", "30", places=8))
plenty = st.one_of(st.decimals("3000", "200000", places=8), amounts)
directions = st.sampled_from(list(Direction))
urgencies = st.sampled_from(list(Urgency))
scales = st.one_of(st.just(Decimal(1)), st.decimals("0.05", "1", places=4), st.just(Decimal(2)))
checks = st.builds(Checked, scales, st.one_of(st.none(), plenty))


@st.composite
def markets(draw: st.DrawFn, market: Market) -> tuple[Instrument, Decimal]:
    """Give an instrument and a price that suit each other, from 0.0001 to 100,000."""
    size = draw(st.integers(-4, 5))
    price = draw(st.decimals("1", "9.99999", places=5)).scaleb(size)
    step = draw(st.sampled_from([Decimal(1), Decimal(5)])).scaleb(draw(st.integers(-4, -1)) - size)
    instrument = Instrument(
        market,
        "XUSDT",
        "X",
        "USDT",
        price_step=draw(st.sampled_from([Decimal(1), Decimal(5)])).scaleb(draw(st.integers(-5, -2)) + size),
        quantity_step=step,
        minimum_quantity=step * draw(st.integers(1, 10)),
        minimum_notional=draw(st.sampled_from([Decimal(1), Decimal(5), Decimal(10)])),
        maker_fee=Decimal("0.0002"),
        taker_fee=Decimal("0.00055"),
        maximum_leverage=draw(st.sampled_from([Decimal(1), Decimal("12.5"), Decimal(100)])),
    )
    return instrument, price


@st.composite
def views(draw: st.DrawFn, instrument: Instrument, price: Decimal) -> AccountView:
    quantity = instrument.quantity_step * draw(st.integers(0, 50))
    sign = draw(st.sampled_from([1, -1])) if instrument.market is Market.LINEAR else 1
    return AccountView(
        account="A",
        equity=draw(plenty),
        available=draw(plenty),
        free=draw(plenty) / price,
        notional=quantity * price + draw(st.sampled_from([Decimal(0), Decimal(700)])),
        position=Position(instrument.market, "XUSDT", quantity * sign, quantity * sign * price),
        leverage=draw(st.sampled_from([None, Decimal(1), Decimal(2)])),
        stop=draw(st.one_of(st.none(), ratios.map(lambda ratio: price * 2 * ratio))),
        bid=draw(st.sampled_from([None, price * Decimal("0.9999")])),
        ask=draw(st.sampled_from([None, price * Decimal("1.0001")])),
    )


def is_multiple(value: Decimal, step: Decimal) -> bool:
    return value % step == 0


def is_well_formed(request: PlaceOrder, instrument: Instrument) -> bool:
    """Every number is a multiple of its step, above zero, and can be written without an exponent."""
    numbers = [
        (request.quantity, instrument.quantity_step),
        (request.quote_amount, instrument.quote_step),
        (request.price, instrument.price_step),
        (request.stop_loss, instrument.price_step),
    ]
    given = [(number, step) for number, step in numbers if number is not None]
    written = all("E" not in plain(number) and number.as_tuple().exponent <= 0 for number, _ in given)
    return written and all(number > 0 and is_multiple(number, step) for number, step in given)


def notional(request: PlaceOrder, price: Decimal) -> Decimal:
    if request.quote_amount is not None:
        return request.quote_amount
    assert request.quantity is not None
    return request.quantity * (price if request.price is None else request.price)


@st.composite
def entries(draw: st.DrawFn) -> tuple[Enter, Instrument, Decimal, AccountView]:
    instrument, price = draw(markets(Market.LINEAR))
    view = draw(views(instrument, price))
    direction = view.position.direction or draw(directions)
    leverage = draw(st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(2), Decimal(20)]))
    return (
        Enter("XUSDT", direction, draw(ratios), price * draw(ratios), draw(ratios), leverage),
        instrument,
        price,
        view,
    )


@pytest.mark.spec("TREND-07", "EXEC-07")
@given(entries(), checks)
def test_an_entry_keeps_every_limit(case: tuple[Enter, Instrument, Decimal, AccountView], checked: Checked) -> None:
    intent, instrument, price, view = case
    result = plan(intent, instrument, price, view, NAMING, checked)
    assume(isinstance(result, Planned))
    request, equity = order(result), view.equity
    quantity, stop = request.quantity, request.stop_loss
    assert is_well_formed(request, instrument)
    assert quantity >= instrument.minimum_quantity
    value = quantity * price
    assert value >= instrument.minimum_notional
    assert view.position.notional(price) + value <= intent.largest * equity
    assert view.notional + value <= intent.leverage * equity
    assert checked.cap is None or value <= checked.cap
    assert result.reservation.amount <= view.available
    assert value <= wanted_notional(intent, instrument, price, view) * min(checked.scale, Decimal(1))
    assert (stop < price) is (intent.direction is Direction.LONG)
    assert abs(price - stop) <= intent.stop_distance
    assert quantity * abs(price - stop) <= intent.risk * equity


@pytest.mark.spec("TREND-07", "EXEC-07")
@given(entries(), checks)
def test_an_entry_is_never_a_step_smaller_than_its_limits_ask(
    case: tuple[Enter, Instrument, Decimal, AccountView], checked: Checked
) -> None:
    """One step more would break the risk, a bound, a check or the margin: nothing is lost on the way."""
    intent, instrument, price, view = case
    result = plan(intent, instrument, price, view, NAMING, checked)
    assume(isinstance(result, Planned))
    more = order(result).quantity + instrument.quantity_step
    leverage = max(Decimal(1), min(intent.leverage, instrument.maximum_leverage))
    margin = more * price * Decimal("1.005") * (1 / leverage + 2 * instrument.taker_fee)
    room = [
        wanted_notional(intent, instrument, price, view) * min(checked.scale, Decimal(1)),
        *([] if checked.cap is None else [checked.cap]),
    ]
    assert any(more * price > most for most in room) or margin > view.available


@pytest.mark.spec("TREND-07")
@given(entries(), checks)
def test_a_limit_is_on_record_with_its_numbers(
    case: tuple[Enter, Instrument, Decimal, AccountView], checked: Checked
) -> None:
    """Every record makes the size smaller, in a chain that ends at or above what is ordered."""
    intent, instrument, price, view = case
    result = plan(intent, instrument, price, view, NAMING, checked)
    before = [limit.before for limit in result.limits]
    assert all(limit.after < limit.before for limit in result.limits)
    assert before == sorted(before, reverse=True)
    if isinstance(result, Planned):
        assert all(order(result).quantity * price <= limit.after for limit in result.limits)
    else:
        assert result.reason.startswith("A XUSDT: ")
        assert result.reason.rstrip(")").endswith((".", "leverage", "USDT"))


@pytest.mark.spec("CORE-04", "EXEC-07")
@given(markets(Market.SPOT), plenty, urgencies, checks, st.data())
def test_a_purchase_keeps_every_limit(
    case: tuple[Instrument, Decimal], amount: Decimal, urgency: Urgency, checked: Checked, data: st.DataObject
) -> None:
    instrument, price = case
    view = data.draw(views(instrument, price))
    result = plan(Buy("XUSDT", amount, urgency), instrument, price, view, NAMING, checked)
    assume(isinstance(result, Planned))
    request = order(result)
    value = notional(request, price)
    assert is_well_formed(request, instrument)
    assert instrument.minimum_notional <= value <= min(amount, view.available)
    assert value <= amount * min(checked.scale, Decimal(1))
    assert checked.cap is None or value <= checked.cap
    assert result.reservation == Reservation(request.order_id, "A", "USDT", value)
    assert (request.price is not None) is (urgency is Urgency.PATIENT)
    assert request.price is None or request.price <= (price if view.bid is None else view.bid)


@pytest.mark.spec("EXEC-07")
@given(markets(Market.SPOT), st.one_of(st.none(), plenty), urgencies, st.data())
def test_a_sale_never_sells_more_than_there_is(
    case: tuple[Instrument, Decimal], amount: Decimal | None, urgency: Urgency, data: st.DataObject
) -> None:
    instrument, price = case
    view = data.draw(views(instrument, price))
    result = plan(Sell("XUSDT", amount, urgency), instrument, price, view, NAMING)
    assume(isinstance(result, Planned))
    request = order(result)
    assert is_well_formed(request, instrument)
    assert instrument.minimum_quantity <= request.quantity <= view.free
    assert notional(request, price) >= instrument.minimum_notional
    assert amount is not None or request.quantity > view.free - instrument.quantity_step
    assert amount is None or notional(request, price) <= amount
    assert request.price is None or request.price >= (price if view.ask is None else view.ask)
    assert result.reservation == Reservation(request.order_id, "A", "X", request.quantity)


@pytest.mark.spec("TREND-05", "EXEC-07")
@given(markets(Market.LINEAR), ratios, ratios, st.data())
def test_a_stop_only_ever_tightens(
    case: tuple[Instrument, Decimal], best: Decimal, distance: Decimal, data: st.DataObject
) -> None:
    instrument, price = case
    view = data.draw(views(instrument, price))
    assume(not view.position.is_flat)
    result = plan(MoveStop("XUSDT", price * 2 * best, price * distance), instrument, price, view, NAMING)
    assert isinstance(result, Planned)
    for request in result.requests:
        assert isinstance(request, ChangeStop)
        assert request.price > 0
        assert is_multiple(request.price, instrument.price_step)
        if view.position.direction is Direction.LONG:
            assert request.price < price
            assert view.stop is None or request.price > view.stop
        else:
            assert request.price > price
            assert view.stop is None or request.price < view.stop


# Entries.


@pytest.mark.spec("TREND-07", "TREND-04", "TREND-11", "EXEC-05")
def test_one_percent_of_the_account_is_lost_at_the_stop() -> None:
    result = planned(LONG, PERPETUAL, account())
    assert result.requests == (
        SetLeverage("TREND-1", "BTCUSDT", Decimal(2)),
        PlaceOrder(
            order_id=order_id("TREND-1", "entries.long", "2026-02-20", "BTCUSDT", 1),
            account="TREND-1",
            market=Market.LINEAR,
            symbol="BTCUSDT",
            side=Side.BUY,
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=Decimal("0.05"),
            stop_loss=Decimal(48_000),
            slippage_cap=Decimal("0.005"),
        ),
    )
    assert result.limits == ()


@pytest.mark.spec("TREND-02", "TREND-04")
def test_a_short_has_its_stop_above() -> None:
    request = order(
        planned(replace(LONG, direction=Direction.SHORT, stop_distance=Decimal("2000.07")), PERPETUAL, account())
    )
    assert (request.side, request.stop_loss) == (Side.SELL, Decimal("52000.0"))


@pytest.mark.spec("TREND-11")
def test_leverage_is_set_only_where_it_is_another() -> None:
    assert len(planned(LONG, PERPETUAL, account(leverage=Decimal(2))).requests) == 1
    assert len(planned(LONG, PERPETUAL, account(leverage=Decimal(3))).requests) == 2


@pytest.mark.spec("TREND-11")
def test_leverage_stays_inside_what_the_exchange_takes() -> None:
    for asked, wanted in (("0.5", 1), ("500", 100)):
        result = planned(replace(LONG, leverage=Decimal(asked)), PERPETUAL, account())
        assert result.requests[0] == SetLeverage("TREND-1", "BTCUSDT", Decimal(wanted))


@pytest.mark.spec("TREND-07")
def test_a_near_stop_does_not_make_the_position_larger_than_half_of_the_account() -> None:
    result = planned(replace(LONG, stop_distance=Decimal(100)), PERPETUAL, account())
    assert order(result).quantity == Decimal("0.1")
    (limit,) = result.limits
    assert (limit.name, limit.before, limit.after) == ("largest", 50_000, 5_000)
    assert limit.text == (
        "largest: 50000 USDT becomes 5000 USDT, because one symbol may have 50 % of the account's equity of 10000 USDT "
        "and has 0 USDT"
    )


@pytest.mark.spec("TREND-07")
def test_other_positions_leave_less_leverage() -> None:
    result = planned(LONG, PERPETUAL, account(notional=Decimal(19_000)))
    assert order(result).quantity == Decimal("0.02")
    assert [limit.name for limit in result.limits] == ["leverage"]


@pytest.mark.spec("RISK-03")
def test_adding_to_a_position_counts_what_it_has() -> None:
    assert order(planned(LONG, PERPETUAL, account(held="0.08"))).quantity == Decimal("0.02")


def test_the_margin_there_is_bounds_the_size() -> None:
    result = planned(LONG, PERPETUAL, account(available=Decimal(1005)))
    assert order(result).quantity == Decimal("0.039")
    assert [limit.name for limit in result.limits] == ["margin"]


@pytest.mark.spec("TREND-09", "BRK-01")
def test_half_a_size_is_half_even_where_a_limit_holds_already() -> None:
    near = replace(LONG, stop_distance=Decimal(100))
    assert order(planned(near, PERPETUAL, account(), Checked(Decimal("0.5")))).quantity == Decimal("0.05")
    assert order(planned(near, PERPETUAL, account(), Checked(cap=Decimal(2500)))).quantity == Decimal("0.05")


@pytest.mark.spec("TREND-07")
def test_an_account_too_small_for_the_minimum_does_not_trade_and_says_why() -> None:
    poor = account(equity=Decimal(100), available=Decimal(100))
    assert refused(LONG, PERPETUAL, poor) == "TREND-1 BTCUSDT: 0.000 BTC is under the minimum order of 0.001 BTC."


@pytest.mark.spec("EXEC-07")
def test_a_value_under_the_minimum_is_not_sent() -> None:
    small = replace(PERPETUAL, minimum_notional=Decimal(100))
    reason = refused(LONG, small, account(), Checked(cap=Decimal(60)))
    assert reason == "TREND-1 BTCUSDT: 50 USDT is under the minimum of 100 USDT."


@pytest.mark.spec("EXEC-07")
def test_a_quantity_under_the_minimum_is_not_sent() -> None:
    large = replace(PERPETUAL, minimum_quantity=Decimal("0.06"))
    reason = refused(LONG, large, account())
    assert reason == "TREND-1 BTCUSDT: 0.05 BTC is under the minimum order of 0.06 BTC."


def test_the_reason_names_the_limit_that_left_too_little() -> None:
    reason = refused(LONG, PERPETUAL, account(notional=Decimal(19_990)))
    assert reason == (
        "TREND-1 BTCUSDT: 0.000 BTC is under the minimum order of 0.001 BTC. (leverage: 2500 USDT becomes 10 USDT, "
        "because all positions may be 2 × the account's equity of 10000 USDT and are 19990 USDT)"
    )


@pytest.mark.parametrize(
    ("intent", "view", "words"),
    [
        (LONG, account(equity=None), "equity is unknown because something it holds has no price"),
        (LONG, account(equity=Decimal(-5)), "equity of -5 USDT leaves nothing to risk"),
        (LONG, account(held="-0.1"), "a long can't be opened over the position held the other way"),
        (replace(LONG, stop_distance=Decimal(0)), account(), "a stop at 0 from 50000 USDT would stand at 50000"),
        (replace(LONG, stop_distance=Decimal(60_000)), account(), "would stand at -10000, where it protects nothing"),
    ],
)
def test_what_cannot_be_sized_is_refused_in_a_sentence(intent: Enter, view: AccountView, words: str) -> None:
    assert words in refused(intent, PERPETUAL, view)
    assert wanted_notional(intent, PERPETUAL, PRICE, view) == 0


def test_every_intent_has_its_market() -> None:
    assert "an entry with a stop is for perpetuals" in refused(LONG, SPOT, account(SPOT))
    assert "a purchase is for spot" in refused(Buy("BTCUSDT", Decimal(9), Urgency.NORMAL), PERPETUAL, account())
    assert "a sale is for spot" in refused(Sell("BTCUSDT", None, Urgency.NORMAL), PERPETUAL, account())


def test_nothing_is_planned_at_a_price_of_nothing() -> None:
    result = plan(LONG, PERPETUAL, Decimal(0), account(), NAMING)
    assert isinstance(result, Unplannable)
    assert result.reason == "TREND-1 BTCUSDT: a price of 0 is no price to trade at."


# Purchases and sales.


@pytest.mark.spec("CORE-04")
def test_a_purchase_is_sized_in_quote_coin() -> None:
    request = order(planned(Buy("BTCUSDT", Decimal("123.45678901"), Urgency.NORMAL), SPOT, account(SPOT)))
    assert (request.order_type, request.quantity, request.quote_amount) == (
        OrderType.MARKET,
        None,
        Decimal("123.4567890"),
    )


@pytest.mark.spec("EXEC-05")
def test_a_patient_purchase_waits_at_the_bid() -> None:
    view = account(SPOT, bid=Decimal("49999.999"))
    request = order(planned(Buy("BTCUSDT", Decimal(500), Urgency.PATIENT), SPOT, view))
    assert (request.order_type, request.time_in_force) == (OrderType.LIMIT, TimeInForce.POST_ONLY)
    assert (request.price, request.quantity) == (Decimal("49999.99"), Decimal("0.010000"))


@pytest.mark.spec("ORCH-07")
def test_a_purchase_spends_no_more_than_there_is() -> None:
    result = planned(Buy("BTCUSDT", Decimal(500), Urgency.NORMAL), SPOT, account(SPOT, available=Decimal(300)))
    assert order(result).quote_amount == 300
    assert result.limits[0].text == (
        "cash: 500 USDT becomes 300 USDT, because 300 USDT of the account is not spoken for"
    )
    reason = refused(Buy("BTCUSDT", Decimal(500), Urgency.NORMAL), SPOT, account(SPOT, available=Decimal(3)))
    assert reason.startswith("TREND-1 BTCUSDT: 3 USDT is under the minimum of 5 USDT. (cash: 500 USDT becomes 3 USDT")


@pytest.mark.spec("CORE-10", "EXEC-05")
def test_a_patient_sale_waits_at_the_ask() -> None:
    view = account(SPOT, held="0.5", ask=Decimal("50000.001"))
    request = order(planned(Sell("BTCUSDT", Decimal(1000), Urgency.PATIENT), SPOT, view))
    assert (request.side, request.price, request.quantity) == (Side.SELL, Decimal("50000.01"), Decimal("0.019999"))


def test_a_sale_of_more_than_there_is_sells_what_there_is_and_says_so() -> None:
    result = planned(Sell("BTCUSDT", Decimal(9000), Urgency.NORMAL), SPOT, account(SPOT, held="0.1"))
    assert order(result).quantity == Decimal("0.1")
    assert result.limits[0].text == (
        "free: 9000 USDT becomes 5000 USDT, because 0.1 BTC of the account is not spoken for"
    )


def test_selling_everything_leaves_only_what_is_under_a_step() -> None:
    view = account(SPOT, held="0.99999999999999999999999999999999")
    for intent in (Sell("BTCUSDT", None, Urgency.NORMAL), Leave("BTCUSDT", Urgency.NORMAL, "")):
        assert order(planned(intent, SPOT, view)).quantity == Decimal("0.999999")


# Leaving, stops and open orders.


@pytest.mark.spec("BRK-07")
@pytest.mark.parametrize(("held", "side"), [("0.25", Side.SELL), ("-0.25", Side.BUY)])
def test_leaving_closes_everything_and_can_only_reduce(held: str, side: Side) -> None:
    broke = account(held=held, equity=None, available=Decimal(0))
    request = order(planned(Leave("BTCUSDT", Urgency.NORMAL, ""), PERPETUAL, broke, Checked(Decimal(0), Decimal(0))))
    assert (request.side, request.quantity, request.reduce_only) == (side, Decimal("0.25"), True)
    assert request.stop_loss is None


@pytest.mark.spec("EXEC-05")
@pytest.mark.parametrize(
    ("urgency", "attempt", "cap"),
    [
        (Urgency.NORMAL, 1, "0.005"),
        (Urgency.NORMAL, 3, "0.005"),
        (Urgency.URGENT, 1, "0.005"),
        (Urgency.URGENT, 2, "0.010"),
        (Urgency.URGENT, 9, "0.05"),
    ],
)
def test_urgent_attempts_accept_a_worse_price_each_time(urgency: Urgency, attempt: int, cap: str) -> None:
    result = plan(Leave("BTCUSDT", urgency, ""), PERPETUAL, PRICE, account(held="0.1"), Naming("r", "s", attempt))
    assert isinstance(result, Planned)
    assert order(result).slippage_cap == Decimal(cap)


@pytest.mark.spec("EXEC-05")
def test_the_envelope_says_how_much_worse_a_market_order_may_fill() -> None:
    view = replace(account(held="0.1"), slippage_cap=Decimal("0.002"))
    assert order(planned(Leave("BTCUSDT", Urgency.NORMAL, ""), PERPETUAL, view)).slippage_cap == Decimal("0.002")


@pytest.mark.spec("EXEC-05")
def test_a_patient_leave_waits_as_a_maker() -> None:
    view = account(held="-0.1", bid=Decimal("49999.97"))
    request = order(planned(Leave("BTCUSDT", Urgency.PATIENT, ""), PERPETUAL, view))
    assert (request.side, request.price, request.reduce_only) == (Side.BUY, Decimal("49999.9"), True)


def test_there_is_nothing_to_leave_and_no_stop_to_move_without_a_position() -> None:
    assert "nothing is held, so there is nothing to leave" in refused(
        Leave("B", Urgency.URGENT, ""), PERPETUAL, account()
    )
    assert "no stop to move" in refused(MoveStop("B", PRICE, Decimal(1)), PERPETUAL, account())


@pytest.mark.spec("TREND-05")
@pytest.mark.parametrize(
    ("held", "behind", "now", "wanted"),
    [
        ("0.1", "50000.01", "48000", "49000.1"),
        ("0.1", "50000.01", "49000.1", None),
        ("0.1", "50000.01", "49500", None),
        ("0.1", "50000.01", None, "49000.1"),
        ("-0.1", "50000.09", "52000", "51000"),
        ("-0.1", "50000.09", "50900", None),
    ],
)
def test_a_stop_moves_in_place_and_toward_the_price(
    held: str, behind: str, now: str | None, wanted: str | None
) -> None:
    view = account(held=held, stop=None if now is None else Decimal(now))
    result = planned(MoveStop("BTCUSDT", Decimal(behind), Decimal(1000)), PERPETUAL, view)
    expected = () if wanted is None else (ChangeStop("TREND-1", "BTCUSDT", Decimal(wanted)),)
    assert result.requests == expected


@pytest.mark.spec("TREND-04")
@pytest.mark.parametrize(("behind", "wanted"), [("49500", "48500"), ("50500", "49500"), ("50000", None)])
def test_a_stop_is_anchored_at_the_fill_on_whichever_side_of_the_guess_that_is(behind: str, wanted: str | None) -> None:
    view = account(held="0.1", stop=Decimal(49_000))
    result = planned(MoveStop("BTCUSDT", Decimal(behind), Decimal(1000), anchor=True), PERPETUAL, view)
    assert result.requests == (() if wanted is None else (ChangeStop("TREND-1", "BTCUSDT", Decimal(wanted)),))


@pytest.mark.spec("TREND-05")
def test_a_stop_that_the_price_has_passed_stands_one_tick_short_of_it() -> None:
    view = account(held="0.1", stop=Decimal(48_000))
    result = planned(MoveStop("BTCUSDT", Decimal(52_000), Decimal(1000)), PERPETUAL, view)
    assert result.requests == (ChangeStop("TREND-1", "BTCUSDT", Decimal("49999.9")),)
    assert result.limits[0].text == "stop: 51000 becomes 49999.9, because the price is already 50000"


def test_every_open_order_is_taken_back() -> None:
    result = planned(CancelOpen("BTCUSDT"), PERPETUAL, account(open_orders=("a", "b")))
    assert result.requests == tuple(CancelOrder(name, "TREND-1", Market.LINEAR, "BTCUSDT") for name in "ab")
