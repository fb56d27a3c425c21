from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.language.findings import SyntaxProblem
from rules.language.literals import parse_literal
from rules.language.sentences import written
from rules.language.source import in_one_line
from rules.language.units import Unit


@pytest.mark.spec("RULE-04")
@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("25", Decimal(25), Unit.COUNT),
        ("0.5", Decimal("0.5"), Unit.NUMBER),
        ("-3", Decimal(-3), Unit.NUMBER),
        ("2%", Decimal("0.02"), Unit.RATIO),
        ("-0.05%", Decimal("-0.0005"), Unit.RATIO),
        ("5bps", Decimal("0.0005"), Unit.RATIO),
        ("500 USDT", Decimal(500), Unit.MONEY),
        ("60000.5 USDT/BTC", Decimal("60000.5"), Unit.PRICE),
        ("0.5 BTC", Decimal("0.5"), Unit.QUANTITY),
        ("30s", 30_000, Unit.DURATION),
        ("5m", 300_000, Unit.DURATION),
        ("1.5h", 5_400_000, Unit.DURATION),
        ("14d", 1_209_600_000, Unit.DURATION),
        ("2w", 1_209_600_000, Unit.DURATION),
        ("08:00", 28_800_000, Unit.TIME_OF_DAY),
        ("yes", True, Unit.BOOL),
        ("false", False, Unit.BOOL),
        ("patient", "patient", Unit.TEXT),
        ("core-hodl-10", "core-hodl-10", Unit.TEXT),
        ('"two words"', "two words", Unit.TEXT),
        ("2/3", Fraction(2, 3), Unit.NUMBER),
    ],
)
def test_values_are_read_exactly(text: str, value: Any, unit: Unit) -> None:
    literal = parse_literal(in_one_line(text))
    assert (literal.value, literal.kind.unit, literal.text) == (value, unit, text)
    assert type(literal.value) is type(value)


@pytest.mark.spec("CORE-01")
def test_thirds_add_up_to_one_exactly() -> None:
    parts = [parse_literal(in_one_line(text)).value for text in ("2/3", "1/3")]
    assert Fraction(str(parts[0])) + Fraction(str(parts[1])) == 1


def test_a_list_keeps_its_items() -> None:
    literal = parse_literal(in_one_line("[BTC, ETH]"))
    assert isinstance(literal.value, tuple)
    assert [(item.value, item.place.column) for item in literal.value] == [("BTC", 2), ("ETH", 7)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("close > 3", "R168"),
        ("1 + 2", "R168"),
        ("sma(50)", "R168"),
        ("2% / 3", "R168"),
        ("1 / 0", "R126"),
        ("-yes", "R168"),
        ("[1, 2%]", "R127"),
        ("0.0001ms", "R163"),
        ("0.0001s", "R163"),
        ("inf", "R165"),
        ("NaN", "R165"),
    ],
)
def test_what_is_no_plain_value_is_refused(text: str, code: str) -> None:
    with pytest.raises(SyntaxProblem) as problem:
        parse_literal(in_one_line(text))
    assert problem.value.finding.code == code


@given(st.decimals(0, 10**9, places=4), st.sampled_from([Unit.RATIO, Unit.MONEY, Unit.PRICE]))
def test_what_is_written_is_read_back(value: Decimal, unit: Unit) -> None:
    literal = parse_literal(in_one_line(written(value, unit)))
    assert (literal.value, literal.kind.unit) == (value, unit)
