"""What an expression is made of, before anything is known about its names."""

from dataclasses import dataclass

from rules.language.numerals import Literal
from rules.language.source import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of an expression; `text` is the source slice, `depth` how many levels it contains."""

    place: Place
    text: str
    depth: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Node):
    """A literal such as `25`, `2%` or `500 USDT`."""

    literal: Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A name, possibly dotted: `close`, `position.side`, `ETHUSDT.close`."""

    path: tuple[str, ...]

    @property
    def dotted(self) -> str:
        """The name as written, without spaces."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Node):
    """A list: `[a, b]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Minus(Node):
    """A sign change: `-x`."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation(Node):
    """`not x`."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation(Node):
    """`a + b`, `a - b`, `a * b`, `a / b`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(Node):
    """A comparison of two or more: `a < b <= c`."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Node):
    """`x between low and high`, both included."""

    operand: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Node):
    """`x in [a, b]` or `x not in [a, b]`."""

    operand: Node
    options: Node
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Node):
    """Conditions joined by one of `and`, `or`."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Node):
    """`then if condition else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `name` is empty when it is given by position."""

    name: str
    value: Node
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """`function(a, b, c=d)`; `name_place` is where the function's name stands."""

    function: str
    arguments: tuple[Argument, ...]
    name_place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Ago(Node):
    """A value some bars ago: `close[1]`."""

    operand: Node
    bars: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection(Node):
    """Another symbol or timeframe: `close@1h`, `adx(14)@BTCUSDT.1d`; empty parts are the book's own."""

    operand: Node
    symbol: str
    timeframe: str
    chosen_place: Place
