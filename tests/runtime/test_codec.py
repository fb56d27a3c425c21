"""Messages come back from JSON exactly as they went."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.language.explain import Explained
from runtime.codec import CodecError, canonical, from_plain, to_plain
from runtime.events import Candle, CandleClose, Event, FactObserved, OrderAccepted, StopPlaced, Timer
from runtime.instrument import Market
from runtime.requests import Request
from runtime.step import Record, Step

DEEPEST = 3
DECIMALS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from([Decimal(text) for text in ("1E+3", "-0", "0E-18", "1E-30", "Infinity", "0.10", "-12E+40")]),
)
SCALARS = {
    str: st.text(max_size=12),
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False),
    Decimal: DECIMALS,
    NoneType: st.none(),
}


def values(form: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Anything that a declared type allows, messages inside messages up to a depth."""
    origin, arguments = get_origin(form), get_args(form)
    if origin in (Union, UnionType):
        return st.one_of([values(member, depth) for member in arguments])
    if origin is tuple:
        return tuples(arguments, depth)
    if origin is Mapping:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=2)
    if not is_dataclass(form):
        return SCALARS[form] if form in SCALARS else st.sampled_from(list(form))
    hints = get_type_hints(form)
    return st.builds(form, **{field.name: values(hints[field.name], depth) for field in fields(form)})


def tuples(arguments: tuple[Any, ...], depth: int) -> st.SearchStrategy[Any]:
    if arguments[-1] is not ...:
        return st.tuples(*[values(argument, depth) for argument in arguments])
    if depth >= DEEPEST:
        return st.just(())
    return st.lists(values(arguments[0], depth + 1), max_size=2).map(tuple)


def exactly_equal(one: Any, other: Any) -> bool:
    """Equal in value, in type and in every digit: 1.0 is not 1, and 0.10 is not 0.1."""
    if is_dataclass(one):
        return type(one) is type(other) and all(
            exactly_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)
        )
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(exactly_equal, one, other))
    return type(one) is type(other) and repr(one) == repr(other) if isinstance(one, Decimal | float) else one == other


@pytest.mark.spec("STATE-02")
@pytest.mark.parametrize("message", [*get_args(Event), *get_args(Request), *get_args(Record), Explained, Step])
def test_a_message_comes_back_as_it_went(message: type) -> None:
    @settings(max_examples=40)
    @given(values(message))
    def comes_back(sent: Any) -> None:
        text = canonical(to_plain(sent))
        received = from_plain(message, json.loads(text))
        assert exactly_equal(sent, received)
        assert canonical(to_plain(received)) == text

    comes_back()


def test_a_candle_that_is_no_number_comes_back() -> None:
    numbers = (math.nan, math.inf, -math.inf, -0.0, 5.0)
    candle = Candle(Market.SPOT, "BTCUSDT", "1h", 0, 3_600_000, *numbers)
    text = canonical(to_plain(CandleClose(1, (candle,))))
    [received] = from_plain(Event, json.loads(text)).candles
    assert [repr(received.open), repr(received.high), repr(received.low)] == ["nan", "inf", "-inf"]
    assert canonical(to_plain(CandleClose(1, (received,)))) == text


def test_data_are_written_in_one_way_only() -> None:
    assert canonical({"b": [1, 2.0], "a": "é\u0000"}) == canonical({"a": "é\u0000", "b": [1, 2.0]})
    assert canonical({"b": 1, "a": "é"}) == b'{"a":"\\u00e9","b":1}'


def test_a_decimal_keeps_every_digit_and_is_plain_where_it_can_be() -> None:
    assert to_plain(FactObserved(1, "index", Decimal("0.00000010")))["value"] == {"decimal": "0.00000010"}
    placed = FactObserved(1, "tiny", Decimal("1E-12"))
    assert to_plain(placed)["value"] == {"decimal": "0.000000000001"}
    assert to_plain(StopPlaced(1, "trend", "BTCUSDT", Decimal("1E-3")))["price"] == "0.001"


def test_an_unknown_type_is_refused_by_name() -> None:
    with pytest.raises(CodecError, match=r"Expected .*Timer.* found 'Teleported'\. It may come from a newer version"):
        from_plain(Event, {"type": "Teleported", "at_ms": 1})


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([], "found \\[\\]"),
        ({"type": "Timer", "at_ms": "soon"}, "Timer.at_ms: Expected int, found 'soon'"),
        ({"type": "Timer", "at_ms": True}, "Timer.at_ms: Expected int, found True"),
        ({"type": "Timer"}, "Timer lacks its field at_ms"),
        ({"type": "Timer", "at_ms": 1, "mood": "good"}, "Timer has no field mood"),
        ({"type": "FactObserved", "at_ms": 1, "name": "x", "value": {"decimal": "much"}}, "a decimal as text"),
        ({"type": "StopPlaced", "at_ms": 1, "account": "a", "symbol": "b", "price": 1.5}, "a decimal as text"),
    ],
)
def test_data_that_are_no_message_are_refused(data: Any, sentence: str) -> None:
    with pytest.raises(CodecError, match=sentence):
        from_plain(Event, data)


def test_a_field_that_came_later_has_its_default_in_what_was_written_before() -> None:
    written = to_plain(FactObserved(1, "index", 2.0))
    del written["symbol"]
    assert from_plain(Event, written) == FactObserved(1, "index", 2.0, "")


def test_a_message_with_the_wrong_thing_in_a_field_is_not_written() -> None:
    with pytest.raises(CodecError, match=r"OrderAccepted\.order_id: Expected str, found 7"):
        to_plain(OrderAccepted(1, 7))  # type: ignore[arg-type]


class Mood(StrEnum):
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Typed:
    type: str


def test_a_message_can_not_have_a_field_that_names_it() -> None:
    with pytest.raises(TypeError, match="has a field `type`"):
        to_plain(Typed("x"))


def test_a_word_of_an_enum_in_an_open_field_is_that_word() -> None:
    received = from_plain(Event, to_plain(FactObserved(1, "mood", Mood.GOOD)))
    assert received.value == "good"
    assert type(received.value) is str


def test_something_else_than_a_message_of_the_union_is_not_read() -> None:
    assert from_plain(Timer, to_plain(Timer(3))) == Timer(3)
    with pytest.raises(CodecError, match="Expected Timer, found 'OrderAccepted'"):
        from_plain(Timer, to_plain(OrderAccepted(3, "o")))
