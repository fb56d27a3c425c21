"""The exchange as a whole: laws that hold whatever is asked of it."""

import json
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.refusal import ABOUT_THE_REQUEST_ONLY
from adapters.simulated.settings import ExchangeSettings
from runtime.events import (
    Candle,
    CashFlow,
    Fill,
    FillKind,
    FundingPayment,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
)
from runtime.instrument import Market
from runtime.requests import CancelOrder, ChangeStop, MoveMoney, OrderType, PlaceOrder, SetLeverage, Side, TimeInForce

HOUR_MS = 3_600_000
INSTRUMENTS = load_instruments()
SYMBOLS = ["BTCUSDT", "ETHUSDT"]
ACCOUNTS = {"one": {"USDT": Decimal(5000)}, "two": {"USDT": Decimal(300), "BTC": Decimal("0.02")}}

accounts = st.sampled_from(sorted(ACCOUNTS))
markets = st.sampled_from(Market)
symbols = st.sampled_from(SYMBOLS)
near = st.integers(-40, 40).map(lambda tenths: Decimal(1000 + tenths) / 1000)


@st.composite
def orders(draw, prices):
    market, symbol, side = draw(markets), draw(symbols), draw(st.sampled_from(Side))
    instrument, last = INSTRUMENTS[market, symbol], Decimal(prices[symbol])
    is_limit = draw(st.booleans())
    by_amount = not is_limit and market is Market.SPOT and side is Side.BUY and draw(st.booleans())
    amount = Decimal(draw(st.integers(4, 20000 if market is Market.LINEAR else 2000)))
    stop = market is Market.LINEAR and draw(st.integers(0, 2)) == 0
    behind = Decimal("0.98") if side is Side.BUY else Decimal("1.02")
    return PlaceOrder(
        order_id=f"o{draw(st.integers(0, 60))}",
        account=draw(accounts),
        market=market,
        symbol=symbol,
        side=side,
        order_type=OrderType.LIMIT if is_limit else OrderType.MARKET,
        time_in_force=draw(st.sampled_from(TimeInForce)) if is_limit else TimeInForce.IOC,
        quantity=None if by_amount else instrument.quantity_down(amount / last),
        quote_amount=amount if by_amount else None,
        price=instrument.price_down(last * draw(near)) if is_limit else None,
        reduce_only=market is Market.LINEAR and not stop and draw(st.integers(0, 3)) == 0,
        stop_loss=instrument.price_down(last * behind) if stop else None,
        slippage_cap=None if is_limit else draw(st.sampled_from([None, Decimal("0.005")])),
    )


@st.composite
def requests(draw, prices):
    kind = draw(st.sampled_from("OOOOOOCSLT"))
    if kind == "O":
        return draw(orders(prices))
    account, symbol = draw(accounts), draw(symbols)
    if kind == "T":
        coin, amount = draw(st.sampled_from(["USDT", "BTC"])), Decimal(draw(st.integers(0, 4000))) / 100
        return MoveMoney(f"t{draw(st.integers(0, 9))}", account, draw(accounts), coin, amount)
    if kind == "C":
        return CancelOrder(f"o{draw(st.integers(0, 60))}", account, draw(markets), symbol)
    if kind == "S":
        step = INSTRUMENTS[Market.LINEAR, symbol]
        return ChangeStop(account, symbol, step.price_down(Decimal(prices[symbol]) * draw(near)))
    return SetLeverage(account, symbol, Decimal(draw(st.integers(1, 60))))


@st.composite
def candles(draw, hour, prices):
    made = []
    for symbol in SYMBOLS:
        first, close = (round(prices[symbol] * draw(st.floats(0.93, 1.07)), 2) for _ in range(2))
        low = round(min(first, close) * draw(st.floats(0.75, 1)), 2)
        high = round(max(first, close) * draw(st.floats(1, 1.3)), 2)
        volume = draw(st.sampled_from([0.0, 0.37, 5.0, 1000.0]))
        start_ms = hour * HOUR_MS
        made += [
            Candle(market, symbol, "1h", start_ms, start_ms + HOUR_MS, first, high, low, close, volume)
            for market in Market
        ]
        prices[symbol] = close
    return made


@st.composite
def histories(draw):
    """Draw what is asked before each hour, and the hour."""
    prices = {"BTCUSDT": 60000.0, "ETHUSDT": 3000.0}
    hours = []
    for hour in range(1, draw(st.integers(2, 8))):
        asked = draw(st.lists(requests(dict(prices)), max_size=5))
        hours.append((asked, draw(candles(hour, prices)), draw(st.integers(-30, 30))))
    return hours


def started() -> SimulatedExchange:
    exchange = SimulatedExchange(INSTRUMENTS, ExchangeSettings(depth=Decimal("0.003")), ACCOUNTS)
    for symbol, price in (("BTCUSDT", 60000.0), ("ETHUSDT", 3000.0)):
        flat = [Candle(market, symbol, "1h", 0, HOUR_MS, price, price, price, price, 9.0) for market in Market]
        exchange.open(flat)
        exchange.range(flat)
    return exchange


def one_hour(exchange, hour):
    asked, made, rate = hour
    at_ms = made[0].open_ms
    events = [event for request in asked for event in exchange.submit(request, at_ms)]
    events += exchange.open(made)
    events += exchange.settle("BTCUSDT", Decimal(rate) / 100_000, at_ms)
    return events + exchange.range(made)


def lived(exchange, hours):
    return [event for hour in hours for event in one_hour(exchange, hour)]


def signed(fill: Fill) -> Fraction:
    return Fraction(fill.quantity) * (1 if fill.side is Side.BUY else -1)


@pytest.mark.spec("BT-03", "EXEC-06", "REL-01", "ORCH-04")
@settings(max_examples=80, deadline=None)
@given(histories())
def test_money_and_coins_are_conserved_to_the_last_digit(hours) -> None:
    exchange = started()
    expected = {
        name: Counter({coin: Fraction(amount) for coin, amount in coins.items()}) for name, coins in ACCOUNTS.items()
    }
    open_quantity = {name: Counter() for name in ACCOUNTS}
    for event in lived(exchange, hours):
        if isinstance(event, FundingPayment):
            expected[event.account]["USDT"] += Fraction(event.amount)
        if isinstance(event, CashFlow):
            expected[event.account][event.coin] += Fraction(event.amount)
        if isinstance(event, Fill):
            coins = expected[event.account]
            coins["USDT"] -= signed(event) * Fraction(event.price)
            coins[event.fee_coin] -= Fraction(event.fee)
            if event.market is Market.SPOT:
                coins[event.symbol.removesuffix("USDT")] += signed(event)
            else:
                open_quantity[event.account][event.symbol] += signed(event)
    for name in ACCOUNTS:
        positions = exchange.positions(name)
        # What was traded into positions that are still open has not reached the wallet yet.
        expected[name]["USDT"] += sum(Fraction(position.cost) for position in positions.values())
        assert {coin: Fraction(amount) for coin, amount in exchange.wallet(name).items() if amount} == {
            coin: amount for coin, amount in expected[name].items() if amount
        }
        assert {symbol: Fraction(position.quantity) for symbol, position in positions.items()} == {
            symbol: quantity for symbol, quantity in open_quantity[name].items() if quantity
        }


@settings(max_examples=80, deadline=None)
@given(histories())
def test_every_accepted_order_is_open_or_has_ended_once_and_is_never_overfilled(hours) -> None:
    exchange = started()
    # Ids are told apart by account in front of them, since events of ends carry no account.
    renamed = [([own_id(request) for request in asked], made, rate) for asked, made, rate in hours]
    accepted: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    quantities: dict[str, Decimal] = {}
    requests_by_id: dict[str, PlaceOrder] = {}
    for hour in renamed:
        for request in hour[0]:
            for event in exchange.submit(request, hour[1][0].open_ms):
                count(event, accepted, ended, quantities)
                if isinstance(event, OrderAccepted):
                    requests_by_id[event.order_id] = request
        for event in [*exchange.open(hour[1]), *exchange.range(hour[1])]:
            count(event, accepted, ended, quantities)
    still_open = Counter(order.request.order_id for name in ACCOUNTS for order in exchange.open_orders(name))
    assert accepted == ended + still_open
    for order_id, quantity in quantities.items():
        request = requests_by_id[order_id]
        if request.quantity is not None:
            assert quantity <= request.quantity


def own_id(request):
    if not isinstance(request, PlaceOrder | CancelOrder):
        return request
    fields = {name: getattr(request, name) for name in request.__slots__}
    return type(request)(**{**fields, "order_id": f"{request.account}-{request.order_id}"})


def count(event, accepted, ended, quantities) -> None:
    if isinstance(event, OrderAccepted):
        accepted[event.order_id] += 1
    if isinstance(event, OrderCancelled):
        ended[event.order_id] += 1
    if isinstance(event, OrderRejected) and event.code not in ABOUT_THE_REQUEST_ONLY:
        assert not accepted[event.order_id]
    if isinstance(event, Fill) and event.kind is FillKind.TRADE:
        quantities[event.order_id] = quantities.get(event.order_id, Decimal(0)) + event.quantity
        ended[event.order_id] += event.done


@settings(max_examples=60, deadline=None)
@given(histories())
def test_no_coin_is_borrowed_and_no_execution_is_told_twice(hours) -> None:
    exchange = started()
    seen: set[str] = set()
    for hour in hours:
        for event in one_hour(exchange, hour):
            if isinstance(event, Fill):
                assert event.execution_id not in seen
                assert event.quantity > 0
                assert event.price > 0
                seen.add(event.execution_id)
        for name in ACCOUNTS:
            wallet = exchange.wallet(name)
            assert all(amount >= 0 for coin, amount in wallet.items() if coin != "USDT")


@pytest.mark.spec("STATE-04")
@settings(max_examples=40, deadline=None)
@given(histories(), st.integers(0, 8))
def test_a_saved_exchange_goes_on_as_if_nothing_had_happened(hours, saved_after) -> None:
    whole, first = started(), started()
    events = lived(whole, hours)
    before = lived(first, hours[:saved_after])
    plain = json.loads(json.dumps(first.to_plain()))
    second = SimulatedExchange.from_plain(plain, INSTRUMENTS, ExchangeSettings(depth=Decimal("0.003")))
    assert second.to_plain() == plain
    assert before + lived(second, hours[saved_after:]) == events
    assert second.to_plain() == whole.to_plain()


def test_deposits_open_accounts_and_only_free_coins_leave(trading) -> None:
    exchange = trading.exchange
    assert exchange.deposit("new", "USDT", Decimal(100), 5) == [CashFlow(5, "flow-1", "new", "USDT", Decimal(100))]
    trading.place(Market.SPOT, Side.BUY, quote_amount="9000")
    with pytest.raises(ValueError, match="Expected at most 1000 USDT to leave account 'main', found 1001"):
        exchange.deposit("main", "USDT", Decimal(-1001), 6)
    exchange.deposit("main", "USDT", Decimal(-1000), 6)
    assert exchange.wallet("main") == {"USDT": Decimal(9000)}


def test_equity_values_coins_and_positions_at_the_price_asked_for(trading) -> None:
    exchange = trading.exchange
    exchange.deposit("main", "BTC", Decimal("0.5"), 0)
    assert exchange.equity("main") == Decimal(40000)
    trading.place(Market.LINEAR, Side.SELL, "0.1")
    trading.linear()
    in_wallet = trading.usdt()
    assert exchange.equity("main", {"BTCUSDT": Decimal(50000)}) == in_wallet + Decimal(25000) + Decimal(997)


def test_a_coin_without_a_price_has_no_value_to_add(trading) -> None:
    trading.exchange.deposit("main", "SOL", Decimal(1), 0)
    with pytest.raises(LookupError, match="Expected a price of SOLUSDT"):
        trading.exchange.equity("main")


def test_an_unknown_account_is_named(trading) -> None:
    with pytest.raises(KeyError, match=r"found 'nobody'; open it with a deposit"):
        trading.exchange.wallet("nobody")
