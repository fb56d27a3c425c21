from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from rules.language.evaluate import compile_live
from rules.language.typed import Typed

Value = Callable[..., Any]
Check = Callable[..., Typed]

DAY_MS = 86_400_000
FRIDAY_2024_03_29 = 19_811 * DAY_MS


@pytest.mark.spec("RULE-02", "RULE-04")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 + 3 * 4", Decimal(14)),
        ("10% + 5bps", Decimal("0.1005")),
        ("0.1 + 0.2 == 0.3", True),
        ("7 / 2", Decimal("3.5")),
        ("30d / 12h", Decimal(60)),
        ("-fast", Decimal(-50)),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("2 between 2 and 3", True),
        ("2 in [1, 2]", True),
        ("2 not in [1, 2]", False),
        ("min(3, 1, 2)", Decimal(1)),
        ("max(1%, third)", Decimal(1) / Decimal(3)),
        ("abs(-2%)", Decimal("0.02")),
        ("sqrt(9)", Decimal(3)),
        ("round(2.5)", Decimal(2)),
        ("floor(-2.5)", Decimal(-3)),
        ("ceil(2.1)", Decimal(3)),
        ("1 if 2 > 1 else 4", Decimal(1)),
        ("08:00 < 09:30", True),
        ("sqrt(-1)", None),
        ("log(0)", None),
        ("1 / (fast - 50)", None),
        ("known(1 / (fast - 50))", False),
    ],
)
def test_plain_values_are_computed_exactly(value_of: Value, text: str, expected: Any) -> None:
    assert value_of(text) == expected


@pytest.mark.spec("RULE-15")
def test_and_or_and_not_weigh_the_unknown(value_of: Value) -> None:
    values = (True, False, None)
    for one, other in product(values, values):
        seen = {"order__opens": one, "position": other}
        both = False if False in (one, other) else None if None in (one, other) else True
        either = True if True in (one, other) else None if None in (one, other) else False
        assert value_of("order.opens and position", **seen) is both
        assert value_of("order.opens and position and true", **seen) is both
        assert value_of("order.opens or position", **seen) is either
        assert value_of("not order.opens", **seen) is (None if one is None else not one)


@pytest.mark.spec("RULE-15")
@pytest.mark.parametrize(
    "text",
    [
        "close + 1 USDT/BTC",
        "1 USDT/BTC - close",
        "-close",
        "close > open",
        "open > close",
        "close > 5 USDT/BTC",
        "close in [1 USDT/BTC, 2 USDT/BTC]",
        "max(open, close)",
        "abs(close)",
        "total(close)",
        "largest(close)",
        "1 if close > open else 2",
        "position.side == long",
        "portfolio.drawdown > 5%",
        "age(position) > 1d",
        "hours_since(position)",
        "now - next_halving",
        "highest(close, since_entry)",
    ],
)
def test_what_is_computed_from_the_unknown_is_unknown(value_of: Value, text: str) -> None:
    assert value_of(text, open=3.0) is None
    assert value_of(f"known({text})", open=3.0) is False


@pytest.mark.spec("RULE-15")
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("close / (close - open)", {"close": 2.0, "open": 2.0}),
        ("close * 10000", {"close": 1e308}),
        ("close + close", {"close": 1e308}),
        ("close / 0.0001", {"close": 1e308}),
        ("sqrt(strength)", {"strength": -1.0}),
        ("log(strength)", {"strength": 0.0}),
        ("portfolio.equity / (portfolio.equity - portfolio.equity)", {"portfolio.equity": Decimal(5)}),
        ("portfolio.equity * 100000000", {"portfolio.equity": Decimal("9e999999")}),
    ],
)
def test_what_has_no_finite_result_is_unknown(typed: Check, board: Any, text: str, values: dict[str, Any]) -> None:
    assert compile_live(typed(text), board(values))() is None


def test_decimals_meet_floats_as_floats(value_of: Value) -> None:
    assert value_of("close * 10%", close=3.0) == 3.0 * 0.1
    assert value_of("position.profit > 10%", position__profit=0.1) is False
    assert value_of("position.profit >= 10%", position__profit=0.1) is True
    assert value_of("portfolio.drawdown >= 10%", portfolio__drawdown="0.1") is True
    assert isinstance(value_of("position.profit if order.opens else 10%", order__opens=False), float)


def test_money_stays_decimal(value_of: Value) -> None:
    assert (
        value_of("portfolio.equity * third * 3 / 100%", portfolio__equity="0.3")
        == Decimal("0.3") * (Decimal(1) / 3) * 3
    )


def test_words_and_texts_are_compared(value_of: Value) -> None:
    assert value_of("position.side == long", position__side="long") is True
    assert value_of("order.asset not in coins", order__asset="SOL") is True
    assert value_of("engine == core-hodl", engine="core-hodl") is True
    assert value_of('book != "trend"', book="trend") is False


@pytest.mark.spec("RULE-02")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("weekday", "Friday"),
        ("weekday in [Saturday, Sunday]", False),
        ("hour", 13),
        ("day_of_month", 29),
        ("month", 3),
        ("time_of_day >= 13:30", True),
        ("time_of_day > 13:30", False),
        ("quarter_end", False),
    ],
)
def test_the_calendar_is_that_of_the_event_in_utc(value_of: Value, text: str, expected: Any) -> None:
    half_past_one_pm = FRIDAY_2024_03_29 + 13 * 3_600_000 + 30 * 60_000
    assert value_of(text, now_ms=half_past_one_pm) == expected


def test_a_quarter_ends_on_its_last_day(value_of: Value) -> None:
    ends = [value_of("quarter_end", now_ms=FRIDAY_2024_03_29 + day * DAY_MS) for day in range(-30, 4)]
    assert [day for day, end in enumerate(ends, -30) if end] == [2]


def test_ages_and_moments(value_of: Value) -> None:
    values = {"age:position": 36 * 3_600_000, "next_halving": 10 * DAY_MS}
    assert value_of("age(position) > 1d", **values) is True
    assert value_of("hours_since(position)", **values) == Decimal(36)
    assert value_of("next_halving - now < 3d", now_ms=8 * DAY_MS, **values) is True
    assert value_of("age(next_halving)", now_ms=12 * DAY_MS, **values) == 2 * DAY_MS
    assert value_of("hours_since(next_halving)", now_ms=12 * DAY_MS, **values) == 48


def test_facts_of_a_symbol(value_of: Value) -> None:
    values = {"BTCUSDT.funding.rate": Decimal("0.01"), "ETHUSDT.funding.rate": Decimal("0.02")}
    assert value_of("funding.rate < ETHUSDT.funding.rate", **values) is True
    assert value_of("total(funding.rate)", **values) == Decimal("0.03")
    assert value_of("largest(funding.rate)", **values) == Decimal("0.02")
    assert value_of("smallest(funding.rate)", **values) == Decimal("0.01")
    assert value_of("any_symbol(funding.rate > 1.5%)", **values) is True
    assert value_of("every_symbol(funding.rate > 1.5%)", **values) is False


@pytest.mark.spec("RULE-15")
def test_over_symbols_the_unknown_is_weighed_too(value_of: Value) -> None:
    one = {"BTCUSDT.funding.rate": Decimal("0.01")}
    assert value_of("any_symbol(funding.rate > 0%)", **one) is True
    assert value_of("any_symbol(funding.rate > 5%)", **one) is None
    assert value_of("every_symbol(funding.rate > 5%)", **one) is False
    assert value_of("every_symbol(funding.rate > 0%)", **one) is None
    assert value_of("total(funding.rate)", **one) is None


def test_a_choice_looks_only_at_the_chosen_side(value_of: Value) -> None:
    assert value_of("close if order.opens else open", order__opens=True, close=1.0) == 1.0
    assert value_of("close if order.opens else open", order__opens=False, close=1.0) is None
