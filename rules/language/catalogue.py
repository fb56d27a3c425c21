"""The functions an expression may call, besides the indicators."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Form(StrEnum):
    """How a function is computed."""

    POINTWISE = "pointwise"
    WINDOW = "window"
    AGE = "age"
    KNOWN = "known"
    SYMBOLS = "symbols"


class Wants(StrEnum):
    """What an argument has to be."""

    SERIES = "series"
    CONDITION = "condition"
    WINDOW = "window"
    NUMERIC = "numeric"
    BARE = "bare"
    ANY = "any"
    FACT = "fact"
    RETURNS = "returns"


class Gives(StrEnum):
    """What unit the result has."""

    SAME = "same"
    BOOL = "bool"
    COUNT = "count"
    NUMBER = "number"
    RATIO = "ratio"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class FunctionArgument:
    """One argument; `default` is how it would be written, empty when it has to be given."""

    name: str
    wants: Wants
    default: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """One function; `many` allows any number of the last argument; `since_entry` allows that word as window."""

    name: str
    form: Form
    arguments: tuple[FunctionArgument, ...]
    gives: Gives
    about: str
    many: bool = False
    since_entry: bool = False

    @property
    def signature(self) -> str:
        """How it is called, as in `highest(x, n)`."""
        parts = [f"{each.name}={each.default}" if each.default else each.name for each in self.arguments]
        return f"{self.name}({', '.join(parts)}{', …' if self.many else ''})"


_X = FunctionArgument("x", Wants.SERIES)
_N = FunctionArgument("n", Wants.WINDOW)
_ONE = FunctionArgument("n", Wants.WINDOW, "1")
_CONDITION = FunctionArgument("condition", Wants.CONDITION)
_VALUE = FunctionArgument("x", Wants.NUMERIC)


def _window(
    name: str, arguments: tuple[FunctionArgument, ...], gives: Gives, about: str, *, since_entry: bool = False
) -> Function:
    return Function(name, Form.WINDOW, arguments, gives, about, since_entry=since_entry)


def _pointwise(name: str, gives: Gives, about: str, wants: Wants = Wants.NUMERIC) -> Function:
    return Function(name, Form.POINTWISE, (FunctionArgument("x", wants),), gives, about)


_CROSSED = (FunctionArgument("a", Wants.SERIES), FunctionArgument("b", Wants.SERIES))

_ALL = (
    _window("highest", (_X, _N), Gives.SAME, "The highest of the last n bars, this one included.", since_entry=True),
    _window("lowest", (_X, _N), Gives.SAME, "The lowest of the last n bars, this one included.", since_entry=True),
    _window("mean", (_X, _N), Gives.SAME, "The mean of the last n bars.", since_entry=True),
    _window("sum_last", (_X, _N), Gives.SAME, "The sum of the last n bars.", since_entry=True),
    _window("count_last", (_CONDITION, _N), Gives.COUNT, "How often it held in the last n bars.", since_entry=True),
    _window("for_bars", (_CONDITION, _N), Gives.BOOL, "Whether it held in each of the last n bars."),
    _window("rising", (_X, _ONE), Gives.BOOL, "Whether each of the last n bars is above the one before it."),
    _window("falling", (_X, _ONE), Gives.BOOL, "Whether each of the last n bars is below the one before it."),
    _window("change", (_X, _ONE), Gives.SAME, "The difference to the value n bars ago."),
    _window("crosses_above", _CROSSED, Gives.BOOL, "Whether a is above b now and was not one bar ago."),
    _window("crosses_below", _CROSSED, Gives.BOOL, "Whether a is below b now and was not one bar ago."),
    _window(
        "ath", (FunctionArgument("x", Wants.SERIES, "high"),), Gives.SAME, "The highest of all bars known, up to now."
    ),
    _window(
        "drawdown",
        (FunctionArgument("x", Wants.SERIES, "close"),),
        Gives.RATIO,
        "How far x is below its own highest so far, as a ratio of that.",
    ),
    _window(
        "volatility",
        (_X, _N),
        Gives.RATIO,
        "The standard deviation of the last n logarithmic changes, as a ratio for a year of 365 days.",
    ),
    _window(
        "correlation",
        (FunctionArgument("a", Wants.RETURNS), FunctionArgument("b", Wants.RETURNS), _N),
        Gives.NUMBER,
        "The correlation of the last n relative changes of two symbols or series, from -1 to 1.",
    ),
    _pointwise("abs", Gives.SAME, "The value without its sign."),
    Function("min", Form.POINTWISE, (_VALUE,), Gives.SAME, "The smallest of the values given.", many=True),
    Function("max", Form.POINTWISE, (_VALUE,), Gives.SAME, "The largest of the values given.", many=True),
    _pointwise("sqrt", Gives.NUMBER, "The square root; unknown below zero.", Wants.BARE),
    _pointwise("log", Gives.NUMBER, "The natural logarithm; unknown at zero and below.", Wants.BARE),
    _pointwise("round", Gives.SAME, "The nearest whole number; halves go to the even one."),
    _pointwise("floor", Gives.SAME, "The whole number at or below."),
    _pointwise("ceil", Gives.SAME, "The whole number at or above."),
    Function(
        "age",
        Form.AGE,
        (FunctionArgument("fact", Wants.FACT),),
        Gives.DURATION,
        "How long ago a fact was last seen, or the moment it names was.",
    ),
    Function(
        "hours_since", Form.AGE, (FunctionArgument("fact", Wants.FACT),), Gives.NUMBER, "The age of a fact in hours."
    ),
    Function(
        "known",
        Form.KNOWN,
        (FunctionArgument("x", Wants.ANY),),
        Gives.BOOL,
        "Whether a value is known; never itself unknown.",
    ),
    Function("any_symbol", Form.SYMBOLS, (_CONDITION,), Gives.BOOL, "Whether it holds for a symbol of the book."),
    Function("every_symbol", Form.SYMBOLS, (_CONDITION,), Gives.BOOL, "Whether it holds for all symbols of the book."),
    Function("largest", Form.SYMBOLS, (_VALUE,), Gives.SAME, "The largest over the book's symbols."),
    Function("smallest", Form.SYMBOLS, (_VALUE,), Gives.SAME, "The smallest over the book's symbols."),
    Function("total", Form.SYMBOLS, (_VALUE,), Gives.SAME, "The sum over the book's symbols."),
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({function.name: function for function in _ALL})

WITHOUT_WINDOW = frozenset({"crosses_above", "crosses_below", "ath", "drawdown"})
"""Window functions that take no number of bars."""
