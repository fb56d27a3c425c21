"""Whatever comes over the line, only the message that can't be read is lost, and nothing ends."""

import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bybit.account_news import AccountNews
from adapters.bybit.fields import MalformedError, decimal_of, milliseconds_of, parse
from adapters.bybit.history import ORDINARY_FEES, instrument_of
from adapters.bybit.klines import listed, streamed
from adapters.bybit.looks import order_of, position_of
from adapters.bybit.quotes import Quotes
from runtime.events import Event, Fill, FundingPayment
from runtime.instrument import Market

NOW = "1750000000000"
ORDER = {
    "orderId": "1",
    "orderLinkId": "a-1",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "orderStatus": "Cancelled",
    "qty": "1",
    "price": "",
    "cumExecQty": "0",
    "rejectReason": "EC_NoError",
    "cancelType": "CancelByUser",
    "stopOrderType": "",
    "reduceOnly": False,
    "updatedTime": NOW,
    "category": "linear",
}
EXECUTION = {
    "symbol": "BTCUSDT",
    "orderId": "1",
    "orderLinkId": "a-1",
    "side": "Sell",
    "execId": "e1",
    "execQty": "0.5",
    "execPrice": "100",
    "execFee": "-0.01",
    "execType": "Trade",
    "execTime": NOW,
    "leavesQty": "0",
    "feeRate": "0.0001",
    "isMaker": True,
}
POSITION = {
    "symbol": "BTCUSDT",
    "side": "Buy",
    "size": "1",
    "avgPrice": "100",
    "stopLoss": "90",
    "leverage": "3",
    "liqPrice": "",
    "seq": 4,
    "updatedTime": NOW,
}
KLINE = {
    "start": 1_750_000_000_000,
    "open": "10",
    "high": "12",
    "low": "9",
    "close": "11",
    "volume": "5",
    "confirm": True,
}
TICKER = {"type": "delta", "ts": 5, "data": {"fundingRate": "0.0001", "markPrice": "10", "nextFundingTime": NOW}}
BOOK = {"type": "snapshot", "ts": 5, "data": {"b": [["10", "1"]], "a": [["11", "2"]], "u": 7}}
INSTRUMENT = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "lotSizeFilter": {"qtyStep": "0.001", "minOrderQty": "0.001", "minNotionalValue": "5"},
    "priceFilter": {"tickSize": "0.1"},
    "leverageFilter": {"maxLeverage": "100"},
    "fundingInterval": 480,
}


def news(put: Callable[[Event], None] = lambda _: None) -> AccountNews:
    return AccountNews("TREND", {}, put, lambda *_: None)


READERS: dict[str, tuple[dict[str, Any], Callable[[Any], object]]] = {
    "order": (ORDER, lambda row: news().order(row, Market.LINEAR)),
    "execution": (EXECUTION, lambda row: news().execution(row, Market.LINEAR)),
    "funding": (EXECUTION | {"execType": "Funding"}, lambda row: news().execution(row, Market.LINEAR)),
    "position": (POSITION, lambda row: news().position(row)),
    "seen position": (POSITION, position_of),
    "seen order": (ORDER, lambda row: order_of(row, Market.LINEAR)),
    "candle": (KLINE, lambda row: streamed(row, Market.SPOT, "BTCUSDT", "1h")),
    "ticker": (TICKER, lambda row: Quotes([], lambda _: None).ticker(Market.LINEAR, "BTCUSDT", row)),
    "book": (BOOK, lambda row: Quotes([], lambda _: None).order_book(Market.SPOT, "BTCUSDT", row)),
    "instrument": (
        INSTRUMENT,
        lambda row: instrument_of(row, Market.LINEAR, ORDINARY_FEES[Market.LINEAR], Decimal("0.005")),
    ),
}
WORDS = [
    "",
    "NaN",
    "Infinity",
    "-1",
    "0",
    "1e9999999",
    "1e9999",
    "1e-9999",
    "1" * 400,
    "Nope",
    "\u0412\u0422\u0421",
    "\x00",
    "1_000",
    "٣",
    "0x10",
    "-0",
    " 1",
]
VALUES = st.one_of(
    st.sampled_from(WORDS),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.lists(st.sampled_from(WORDS), max_size=3),
    st.just({}),
    st.text(max_size=8),
)


@pytest.mark.parametrize("name", READERS)
def test_an_ordinary_message_is_read(name: str) -> None:
    message, read = READERS[name]
    read(message)


@st.composite
def damaged(draw: st.DrawFn, message: dict[str, Any]) -> dict[str, Any]:
    """Take a good message and spoil some of its fields, also those inside."""
    spoiled = json.loads(json.dumps(message))
    for _ in range(draw(st.integers(1, 3))):
        place = spoiled
        field = draw(st.sampled_from(sorted(message)))
        if isinstance(place.get(field), dict) and place[field] and draw(st.booleans()):
            place = place[field]
            field = draw(st.sampled_from(sorted(place)))
        if draw(st.booleans()):
            place[field] = draw(VALUES)
        else:
            place.pop(field, None)
    return spoiled


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_a_damaged_message_is_read_or_refused_with_a_sentence(name: str, data: st.DataObject) -> None:
    message, read = READERS[name]
    sentence = "expected nothing else"
    spoiled = data.draw(damaged(message))
    try:
        read(spoiled)
    except MalformedError as problem:
        sentence = str(problem)
    assert "expected" in sentence
    assert len(sentence) < 400


TEXTS = {
    "no JSON": "<html>",
    "half": '{"topic":"order","da',
    "a list": "[]",
    "a number": "7",
    "not a number": '{"price":NaN}',
    "infinite": '{"price":Infinity}',
    "thousands of digits": '{"price":' + "9" * 5000 + "}",
    "nested": "[" * 100_000,
    "an abyss": '{"a":' * 50_000,
    "endless": '{"a":"' + "x" * 5_000_000 + '"}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_that_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as problem:
        parse(text)
    assert len(str(problem.value)) < 300


@given(st.text() | st.binary())
def test_any_text_is_a_message_or_refused(text: str | bytes) -> None:
    with suppress(MalformedError):
        assert isinstance(parse(text), dict)


@given(VALUES | st.decimals().map(str))
def test_a_number_is_finite_and_of_this_world(value: object) -> None:
    try:
        number = decimal_of(value, "price")
    except MalformedError:
        return
    assert number.is_finite()
    assert len(format(number, "f")) < 100


@given(VALUES)
def test_a_moment_is_within_the_calendar(value: object) -> None:
    with suppress(MalformedError):
        assert 0 < milliseconds_of(value, "ts") < 32_503_680_000_000


CANDLES = {
    "a low above the high": ["1", "10", "9", "12", "10", "5", "1"],
    "a close above the high": ["1", "10", "12", "9", "13", "5", "1"],
    "a price of zero": ["1", "10", "12", "0", "10", "5", "1"],
    "a volume below zero": ["1", "10", "12", "9", "10", "-5", "1"],
    "too few values": ["1", "10", "12"],
    "no list": "1,10,12,9,10,5,1",
}


@pytest.mark.parametrize("entry", CANDLES.values(), ids=CANDLES)
def test_a_candle_that_cant_be_true_is_refused(entry: object) -> None:
    with pytest.raises(MalformedError):
        listed(entry, Market.SPOT, "BTCUSDT", "1h")


def test_a_payment_of_funding_is_no_fill() -> None:
    told: list[Event] = []
    news(told.append).execution(EXECUTION | {"execType": "Funding", "execFee": "-0.02"}, Market.LINEAR)
    (payment,) = told
    assert isinstance(payment, FundingPayment)
    assert (payment.quantity, payment.amount, payment.rate) == (Decimal("-0.5"), Decimal("0.02"), Decimal("0.0001"))


def test_an_order_of_somebody_else_does_not_speak_for_ours() -> None:
    told: list[Event] = []
    account = news(told.append)
    account.carried_by("BTCUSDT", "trend-a-1")
    account.execution(EXECUTION | {"orderLinkId": "", "orderId": "by-hand"}, Market.LINEAR)
    account.execution(EXECUTION | {"orderLinkId": "", "orderId": "x", "execType": "BustTrade"}, Market.LINEAR)
    assert [event.order_id for event in told if isinstance(event, Fill)] == ["by-hand", "trend-a-1"]
