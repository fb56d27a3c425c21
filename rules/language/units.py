"""Units are types: which values can be added, multiplied and compared."""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a value counts; WRONG marks an expression that already has a finding."""

    RATIO = "ratio"
    MONEY = "money"
    PRICE = "price"
    QUANTITY = "quantity"
    DURATION = "duration"
    COUNT = "count"
    NUMBER = "number"
    BOOL = "bool"
    ENUM = "enum"
    TEXT = "text"
    TIME_OF_DAY = "time_of_day"
    TIMESTAMP = "timestamp"
    WRONG = "wrong"


BARE = frozenset({Unit.COUNT, Unit.NUMBER})
MEASURED = frozenset({Unit.RATIO, Unit.MONEY, Unit.PRICE, Unit.QUANTITY, Unit.DURATION})
NUMERIC = BARE | MEASURED
ORDERED = NUMERIC | {Unit.TIME_OF_DAY, Unit.TIMESTAMP}
WORDS = frozenset({Unit.ENUM, Unit.TEXT})

NAMES = {
    Unit.RATIO: "a ratio",
    Unit.MONEY: "an amount of money",
    Unit.PRICE: "a price",
    Unit.QUANTITY: "a quantity of coins",
    Unit.DURATION: "a duration",
    Unit.COUNT: "a whole number",
    Unit.NUMBER: "a number",
    Unit.BOOL: "true or false",
    Unit.ENUM: "a word",
    Unit.TEXT: "a text",
    Unit.TIME_OF_DAY: "a time of day",
    Unit.TIMESTAMP: "a moment",
    Unit.WRONG: "a mistake",
}
PLURALS = {
    Unit.RATIO: "ratios",
    Unit.MONEY: "amounts of money",
    Unit.PRICE: "prices",
    Unit.QUANTITY: "quantities of coins",
    Unit.DURATION: "durations",
    Unit.COUNT: "whole numbers",
    Unit.NUMBER: "numbers",
    Unit.BOOL: "conditions",
    Unit.ENUM: "words",
    Unit.TEXT: "texts",
    Unit.TIME_OF_DAY: "times of day",
    Unit.TIMESTAMP: "moments",
    Unit.WRONG: "mistakes",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value: its unit, the words of an enumeration, decimal or float, computable as a column or not."""

    unit: Unit
    members: tuple[str, ...] = ()
    exact: bool = True
    series: bool = False


def sum_of(left: Unit, right: Unit, operator: str) -> Unit | None:
    """Give the unit of `left + right` or `left - right`, None when there is none."""
    if left in BARE and right in BARE:
        return Unit.COUNT if left is right is Unit.COUNT else Unit.NUMBER
    if left is right and left in MEASURED:
        return left
    if left is Unit.TIMESTAMP and right is Unit.DURATION:
        return Unit.TIMESTAMP
    if left is right is Unit.TIMESTAMP and operator == "-":
        return Unit.DURATION
    if left is Unit.DURATION and right is Unit.TIMESTAMP and operator == "+":
        return Unit.TIMESTAMP
    return None


def product_of(left: Unit, right: Unit) -> Unit | None:
    """Give the unit of `left * right`, None when there is none."""
    if left in BARE and right in BARE:
        return Unit.COUNT if left is right is Unit.COUNT else Unit.NUMBER
    if {left, right} == {Unit.PRICE, Unit.QUANTITY}:
        return Unit.MONEY
    for scale, scaled in ((left, right), (right, left)):
        if scale in BARE and scaled in MEASURED:
            return scaled
    for scale, scaled in ((left, right), (right, left)):
        if scale is Unit.RATIO and scaled in MEASURED:
            return scaled
    return None


def quotient_of(left: Unit, right: Unit) -> Unit | None:
    """Give the unit of `left / right`, None when there is none."""
    if left in BARE and right in BARE:
        return Unit.NUMBER
    if left is right and left in MEASURED:
        return Unit.NUMBER if left is Unit.RATIO else Unit.RATIO
    if right in BARE and left in MEASURED:
        return left
    if right is Unit.RATIO and left in NUMERIC:
        return Unit.NUMBER if left in BARE else left
    return {(Unit.MONEY, Unit.PRICE): Unit.QUANTITY, (Unit.MONEY, Unit.QUANTITY): Unit.PRICE}.get((left, right))


def comparable(left: Unit, right: Unit) -> bool:
    """Say whether two units may be compared."""
    if left in BARE and right in BARE:
        return True
    if left in WORDS and right in WORDS:
        return True
    return left is right


def fits(given: Unit, wanted: Unit) -> bool:
    """Say whether a value of one unit may stand where another is wanted."""
    if wanted is Unit.NUMBER:
        return given in BARE
    if wanted in WORDS:
        return given in WORDS
    return given is wanted
