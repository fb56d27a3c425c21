"""Expressions whose names, units and candles are known: the one source of meaning."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from rules.language.source import Place
from rules.language.units import NUMERIC, Kind, Unit
from rules.language.vocabulary import TIMEFRAMES_MS

Constants = Decimal | int | bool | str
YEAR_MS = 365 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A checked expression.

    `key` says what is computed, in canonical words, and is the same for two expressions that mean the same; `text` is
    how the author wrote it; `size` and `depth` count the parts after named facts were put in.
    """

    kind: Kind
    place: Place
    text: str
    key: str = field(init=False)
    size: int = field(init=False)
    depth: int = field(init=False)
    constant: bool = field(init=False)

    def __post_init__(self) -> None:
        children = self.children
        object.__setattr__(self, "key", self.canonical())
        object.__setattr__(self, "size", 1 + sum(child.size for child in children))
        object.__setattr__(self, "depth", 1 + max((child.depth for child in children), default=0))
        object.__setattr__(self, "constant", self.is_constant())

    @property
    def children(self) -> tuple["Typed", ...]:
        """The parts this is computed from."""
        return ()

    def canonical(self) -> str:
        """Write what is computed, from the keys of the children."""
        raise NotImplementedError(f"{type(self).__name__} has no canonical form")

    def is_constant(self) -> bool:
        """Say whether only literals and params are in it."""
        return bool(self.children) and all(child.constant for child in self.children)

    def rebuilt(self, change: Callable[["Typed"], "Typed"]) -> "Typed":
        """Give the same expression with each child changed."""
        return self if not self.children else self._with(tuple(change(child) for child in self.children))

    def _with(self, children: tuple["Typed", ...]) -> "Typed":
        raise NotImplementedError(f"{type(self).__name__} has no children")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong(Typed):
    """Stands where a mistake was found, so that the rest can still be checked."""

    def canonical(self) -> str:
        """Say that nothing can be computed."""
        return "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Typed):
    """A literal or a param; `declared` is the place of the param, `quotient` marks a/b, which may serve as a ratio."""

    value: Constants
    declared: Place | None = None
    quotient: bool = False

    def canonical(self) -> str:
        """Write the value with its unit."""
        if isinstance(self.value, Decimal):
            return f"{self.kind.unit}:{self.value.normalize():f}"
        return f"{self.kind.unit}:{self.value!r}"

    def is_constant(self) -> bool:
        """A literal is constant."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Series(Typed):
    """Something computed from candles of a symbol and timeframe; empty means those of whoever asks."""

    symbol: str = ""
    timeframe: str = ""

    def canonical(self) -> str:
        """Write what is computed, and for which candles."""
        chosen = ".".join(part for part in (self.symbol, self.timeframe) if part)
        return f"{self.computed()}@{chosen}" if chosen else self.computed()

    def computed(self) -> str:
        """Write what is computed, whatever the candles."""
        raise NotImplementedError(f"{type(self).__name__} has no canonical form")

    def is_constant(self) -> bool:
        """What comes from candles is never constant."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Series):
    """A column of the candles: open, high, low, close, volume."""

    name: str

    def computed(self) -> str:
        """Write the column's name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Series):
    """A fact of the runtime; one whose kind is a series is asked for like a candle column, the others by name."""

    name: str

    def computed(self) -> str:
        """Write the fact's name."""
        return f"fact:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorCall(Series):
    """An indicator over its inputs; parameters are Decimal or int, in the order of its declaration.

    `spans_ms` holds the duration of each parameter that was given as one (0 for the others).
    """

    name: str
    inputs: tuple[Typed, ...]
    parameters: tuple[tuple[str, Constants], ...]
    spans_ms: tuple[int, ...] = ()

    @property
    def children(self) -> tuple[Typed, ...]:
        """The inputs."""
        return self.inputs

    def computed(self) -> str:
        """Write the call with every parameter."""
        inputs = ",".join(each.key for each in self.inputs)
        parameters = ",".join(f"{name}={value}" for name, value in self.parameters)
        return f"{self.name}({inputs};{parameters})"

    def _with(self, children: tuple[Typed, ...]) -> "IndicatorCall":
        return replace(self, inputs=children)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Series):
    """A function over the last `bars` bars; `span_ms` is its duration when it was given as one.

    `timeframe_ms` is the length of the bars, for functions that count per year.
    """

    function: str
    operands: tuple[Typed, ...]
    bars: int
    span_ms: int = 0
    timeframe_ms: int = 0

    @property
    def children(self) -> tuple[Typed, ...]:
        """What is looked at in each bar."""
        return self.operands

    @property
    def bars_a_year(self) -> float:
        """How many bars a year of 365 days has."""
        return YEAR_MS / self.timeframe_ms

    def computed(self) -> str:
        """Write the call with its number of bars."""
        length = f";{self.timeframe_ms}ms" if self.function == "volatility" else ""
        return f"{self.function}({','.join(each.key for each in self.operands)};{self.bars}{length})"

    def _with(self, children: tuple[Typed, ...]) -> "Window":
        return replace(self, operands=children)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset(Series):
    """A value some bars ago."""

    operand: Typed
    bars: int

    @property
    def children(self) -> tuple[Typed, ...]:
        """What is looked at."""
        return (self.operand,)

    def computed(self) -> str:
        """Write the operand and how long ago."""
        return f"({self.operand.key})[{self.bars}]"

    def _with(self, children: tuple[Typed, ...]) -> "Offset":
        return replace(self, operand=children[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceEntry(Typed):
    """A function over the bars since the position was opened; only a running engine knows it."""

    function: str
    operand: Typed

    @property
    def children(self) -> tuple[Typed, ...]:
        """What is looked at in each bar."""
        return (self.operand,)

    def canonical(self) -> str:
        """Write the call."""
        return f"{self.function}({self.operand.key};since_entry)"

    def is_constant(self) -> bool:
        """The position decides."""
        return False

    def _with(self, children: tuple[Typed, ...]) -> "SinceEntry":
        return replace(self, operand=children[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Age(Typed):
    """How long ago a fact was seen or the moment it names was; in hours when `in_hours`, else as a duration."""

    name: str
    symbol: str = ""
    in_hours: bool = False

    def canonical(self) -> str:
        """Write the call."""
        name = f"{self.symbol}.{self.name}" if self.symbol else self.name
        return f"{'hours_since' if self.in_hours else 'age'}({name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar(Typed):
    """Something read from the clock of the events, in UTC: weekday, hour, month, …"""

    name: str

    def canonical(self) -> str:
        """Write its name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative(Typed):
    """`-x`."""

    operand: Typed

    @property
    def children(self) -> tuple[Typed, ...]:
        """The operand."""
        return (self.operand,)

    def canonical(self) -> str:
        """Write it."""
        return f"-({self.operand.key})"

    def _with(self, children: tuple[Typed, ...]) -> "Negative":
        return replace(self, operand=children[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Typed):
    """`+ - * /` of two values."""

    operator: str
    left: Typed
    right: Typed

    @property
    def children(self) -> tuple[Typed, ...]:
        """Both sides."""
        return (self.left, self.right)

    def canonical(self) -> str:
        """Write it."""
        return f"({self.left.key} {self.operator} {self.right.key})"

    def _with(self, children: tuple[Typed, ...]) -> "Arithmetic":
        return replace(self, left=children[0], right=children[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Typed):
    """`== != < <= > >=` of two values."""

    operator: str
    left: Typed
    right: Typed

    @property
    def children(self) -> tuple[Typed, ...]:
        """Both sides."""
        return (self.left, self.right)

    def canonical(self) -> str:
        """Write it."""
        return f"({self.left.key} {self.operator} {self.right.key})"

    def _with(self, children: tuple[Typed, ...]) -> "Comparison":
        return replace(self, left=children[0], right=children[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Typed):
    """`x in [a, b]`, or not in it when `negated`."""

    operand: Typed
    options: tuple[Typed, ...]
    negated: bool = False

    @property
    def children(self) -> tuple[Typed, ...]:
        """The operand, then the options."""
        return (self.operand, *self.options)

    def canonical(self) -> str:
        """Write it."""
        options = ",".join(option.key for option in self.options)
        return f"({self.operand.key} {'not in' if self.negated else 'in'} [{options}])"

    def _with(self, children: tuple[Typed, ...]) -> "Membership":
        return replace(self, operand=children[0], options=children[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Junction(Typed):
    """Conditions joined by `and` or by `or`."""

    operator: str
    operands: tuple[Typed, ...]

    @property
    def children(self) -> tuple[Typed, ...]:
        """The conditions."""
        return self.operands

    def canonical(self) -> str:
        """Write it."""
        return "(" + f" {self.operator} ".join(each.key for each in self.operands) + ")"

    def _with(self, children: tuple[Typed, ...]) -> "Junction":
        return replace(self, operands=children)


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Typed):
    """`not x`."""

    operand: Typed

    @property
    def children(self) -> tuple[Typed, ...]:
        """The condition."""
        return (self.operand,)

    def canonical(self) -> str:
        """Write it."""
        return f"not({self.operand.key})"

    def _with(self, children: tuple[Typed, ...]) -> "Not":
        return replace(self, operand=children[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Typed):
    """Whether a value is known; itself never unknown."""

    operand: Typed

    @property
    def children(self) -> tuple[Typed, ...]:
        """The value asked about."""
        return (self.operand,)

    def canonical(self) -> str:
        """Write it."""
        return f"known({self.operand.key})"

    def _with(self, children: tuple[Typed, ...]) -> "Known":
        return replace(self, operand=children[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Typed):
    """`then if condition else otherwise`."""

    condition: Typed
    then: Typed
    otherwise: Typed

    @property
    def children(self) -> tuple[Typed, ...]:
        """The condition, then both values."""
        return (self.condition, self.then, self.otherwise)

    def canonical(self) -> str:
        """Write it."""
        return f"({self.then.key} if {self.condition.key} else {self.otherwise.key})"

    def _with(self, children: tuple[Typed, ...]) -> "Choice":
        return replace(self, condition=children[0], then=children[1], otherwise=children[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointwise(Typed):
    """A function of values of the same moment: abs, min, max, sqrt, log, round, floor, ceil."""

    function: str
    operands: tuple[Typed, ...]

    @property
    def children(self) -> tuple[Typed, ...]:
        """The arguments."""
        return self.operands

    def canonical(self) -> str:
        """Write the call."""
        return f"{self.function}({','.join(each.key for each in self.operands)})"

    def _with(self, children: tuple[Typed, ...]) -> "Pointwise":
        return replace(self, operands=children)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverSymbols(Typed):
    """Something asked for every symbol of the book: any_symbol, every_symbol, largest, smallest, total."""

    function: str
    operand: Typed

    @property
    def children(self) -> tuple[Typed, ...]:
        """What is asked for each symbol."""
        return (self.operand,)

    def canonical(self) -> str:
        """Write the call."""
        return f"{self.function}({self.operand.key})"

    def is_constant(self) -> bool:
        """The symbols decide."""
        return False

    def _with(self, children: tuple[Typed, ...]) -> "OverSymbols":
        return replace(self, operand=children[0])


def kind_of(unit: Unit, parts: Sequence[Typed], members: tuple[str, ...] = ()) -> Kind:
    """Give the kind of something computed from parts; a number that varies with candles is never exact."""
    series = all(part.kind.series for part in parts)
    if unit not in NUMERIC:
        return Kind(unit, members, series=series)
    constant = all(part.constant for part in parts)
    exact = all(part.kind.exact for part in parts if part.kind.unit in NUMERIC)
    return Kind(unit, members, exact=exact and (constant or not series), series=series)


def is_leaf(node: Typed) -> bool:
    """Say whether a running engine asks for this as one series value: candles, indicators, windows, offsets."""
    return isinstance(node, Series) and node.kind.series


def unselected(leaf: Typed) -> Typed:
    """Give the leaf as seen by the candles it was selected for."""
    return replace(leaf, symbol="", timeframe="") if isinstance(leaf, Series) else leaf


def selections(node: Typed) -> frozenset[tuple[str, str]]:
    """Collect the (symbol, timeframe) of every outermost series part."""
    if isinstance(node, Series):
        return frozenset({(node.symbol, node.timeframe)})
    return frozenset().union(*(selections(child) for child in node.children))


def select(node: Typed, symbol: str, timeframe: str) -> Typed:
    """Move every outermost series part to another symbol or timeframe, where it has none of its own."""
    if not isinstance(node, Series):
        return node.rebuilt(lambda child: select(child, symbol, timeframe))
    if timeframe and not node.timeframe:
        node = replace(retimed(node, timeframe), timeframe=timeframe)
    return replace(node, symbol=node.symbol or symbol)


def stripped(node: Typed, symbol: bool, timeframe: bool) -> Typed:
    """Take the symbol or the timeframe off every outermost series part, for a parent that takes it on."""
    if not isinstance(node, Series):
        return node.rebuilt(lambda child: stripped(child, symbol, timeframe))
    return replace(node, symbol="" if symbol else node.symbol, timeframe="" if timeframe else node.timeframe)


def retimed(node: Series, timeframe: str) -> Series:
    """Count every window that was given as a duration in bars of another timeframe."""
    length = TIMEFRAMES_MS[timeframe]

    def inner(child: Typed) -> Typed:
        if isinstance(child, Series):
            return child if child.timeframe else retimed(child, timeframe)
        return child.rebuilt(inner)

    changed = node.rebuilt(inner)
    if isinstance(changed, Window):
        bars = changed.span_ms // length if changed.span_ms else changed.bars
        return replace(changed, bars=bars, timeframe_ms=length)
    if isinstance(changed, IndicatorCall):
        pairs = zip(changed.parameters, changed.spans_ms, strict=False)
        resolved = tuple((name, span // length if span else value) for (name, value), span in pairs)
        return replace(changed, parameters=resolved or changed.parameters)
    assert isinstance(changed, Series)
    return changed


def uneven_spans(node: Typed, timeframe: str) -> list[int]:
    """List the durations in a series that aren't a whole number of bars of a timeframe."""
    length = TIMEFRAMES_MS[timeframe]
    spans: list[int] = []
    if isinstance(node, Series) and node.timeframe:
        return []
    if isinstance(node, Window):
        spans = [node.span_ms]
    if isinstance(node, IndicatorCall):
        spans = list(node.spans_ms)
    inner = [span for child in node.children for span in uneven_spans(child, timeframe)]
    return [span for span in spans if span % length] + inner
