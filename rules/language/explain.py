"""Why an expression says what it says: each part with the value it saw, and the part that decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.language.evaluate import Binder, Reader, Value, compile_live
from rules.language.prose import prose
from rules.language.typed import (
    Age,
    Calendar,
    Choice,
    Comparison,
    Constant,
    Junction,
    Membership,
    Not,
    OverSymbols,
    Series,
    SinceEntry,
    Typed,
)
from rules.language.units import NUMERIC, Unit

__all__ = ["Explained", "Explainer", "explain", "prose"]

_NEEDS = {
    "==": "needs {}",
    "!=": "needs anything but {}",
    "<": "needs less than {}",
    "<=": "needs at most {}",
    ">": "needs more than {}",
    ">=": "needs at least {}",
}
_SOURCES = (Series, SinceEntry, Age, Calendar)
Readers = dict[tuple[str, str], Reader]
"""Parts of an expression by symbol and key, compiled."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One part of an expression and the value it saw.

    `decided` marks the parts that made the whole what it is; `short_by` says what is missing, empty when nothing is.
    """

    text: str
    value: Value
    unit: str
    children: tuple["Explained", ...] = ()
    decided: bool = False
    short_by: str = ""


def explain(expression: Typed, binder: Binder, symbol: str = "") -> Explained:
    """Evaluate an expression and all its parts."""
    return Explainer(expression, binder, symbol).now()


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an expression as it is asked and shown again and again."""

    node: Typed
    read: Reader
    text: str
    unit: str
    is_condition: bool
    shown: tuple["_Part", ...]


class Explainer:
    """Explains one expression again and again: its parts are compiled once."""

    def __init__(self, expression: Typed, binder: Binder, symbol: str = "") -> None:
        self._binder = binder
        self._symbol = symbol
        self._readers: Readers = {}
        self._of_symbol: dict[tuple[str, str], Explainer] = {}
        self._whole = self._part(expression)

    def now(self) -> Explained:
        """Evaluate the expression and all its parts."""
        return self._explained(self._whole, self._whole.read(), True)

    def _part(self, node: Typed) -> _Part:
        shown = () if isinstance(node, OverSymbols) else tuple(map(self._part, _parts(node)))
        read, is_condition = self._explanation().reader(node), node.kind.unit is Unit.BOOL
        return _Part(node, read, node.text, str(node.kind.unit), is_condition, shown)

    def _explanation(self) -> "_Explanation":
        return _Explanation(self._binder, self._symbol, self._readers)

    def _explained(self, part: _Part, value: Value, decided: bool) -> Explained:
        falls_short = value is None or (part.is_condition and value is False)
        short_by = self._explanation().short_by(part.node, value) if falls_short else ""
        if isinstance(part.node, OverSymbols):
            children = tuple(self._over_symbols(part, part.node.operand, value, decided))
        else:
            children = self._children(part, value, decided) if part.shown else ()
        return Explained(part.text, value, part.unit, children, decided, short_by)

    def _children(self, part: _Part, value: Value, decided: bool) -> tuple[Explained, ...]:
        values = [one.read() for one in part.shown]
        deciding = _deciding(part.node, value, [one.node for one in part.shown], values)
        rows = zip(part.shown, values, deciding, strict=True)
        return tuple([self._explained(one, seen, decided and decides) for one, seen, decides in rows])

    def _over_symbols(self, part: _Part, operand: Typed, value: Value, decided: bool) -> Iterator[Explained]:
        for symbol in self._binder.symbols():
            inner = self._of_symbol.get((operand.key, symbol)) or Explainer(operand, self._binder, symbol)
            self._of_symbol[operand.key, symbol] = inner
            seen = inner._whole.read()
            deciding = decided and (not part.is_condition or seen is value or seen == value)
            child = inner._explained(inner._whole, seen, deciding)
            yield Explained(f"{symbol}: {child.text}", seen, child.unit, child.children, deciding, child.short_by)


class _Explanation:
    def __init__(self, binder: Binder, symbol: str, readers: Readers) -> None:
        self.binder = binder
        self.symbol = symbol
        self.readers = readers
        self.seen: dict[str, Value] = {}

    def value(self, node: Typed) -> Value:
        if node.key not in self.seen:
            self.seen[node.key] = self.reader(node)()
        return self.seen[node.key]

    def reader(self, node: Typed) -> Reader:
        name = (self.symbol, node.key)
        if name not in self.readers:
            self.readers[name] = compile_live(node, self.binder, self.symbol)
        return self.readers[name]

    def short_by(self, node: Typed, value: Value) -> str:
        if value is None:
            return self.missing(node)
        if node.kind.unit is not Unit.BOOL or value is not False:
            return ""
        if isinstance(node, Comparison):
            return self.comparison(node)
        if isinstance(node, Membership):
            seen = prose(self.value(node.operand), node.operand.kind.unit)
            options = [prose(self.value(option), option.kind.unit) for option in node.options]
            return f"is {seen}, needs {'anything but ' if node.negated else ''}{' or '.join(options)}"
        if isinstance(node, Not):
            return f"{node.operand.text} holds, it must not"
        return "" if isinstance(node, Junction) else "is false, needs true"

    def comparison(self, node: Comparison) -> str:
        left, right = self.value(node.left), self.value(node.right)
        unit = node.left.kind.unit
        seen, wanted = prose(left, unit), prose(right, node.right.kind.unit)
        if seen == wanted and left != right:
            seen, wanted = str(left), str(right)
        sentence = f"is {seen}, {_NEEDS[node.operator].format(wanted)}"
        distance = self.distance(node, left, right)
        return f"{sentence} ({distance})" if distance else sentence

    def distance(self, node: Comparison, left: Value, right: Value) -> str:
        unit = node.left.kind.unit
        if unit not in NUMERIC or node.operator in ("==", "!=") or left is None or right is None:
            return ""
        both_exact = node.left.kind.exact and node.right.kind.exact
        gap = abs(left - right) if both_exact else abs(float(left) - float(right))  # type: ignore[operator]
        if gap == 0:
            return "exactly there"
        word = "short" if node.operator in (">", ">=") else "over"
        return f"{prose(gap, unit)} {word}"

    def missing(self, node: Typed) -> str:
        names = list(dict.fromkeys(self.unknown_sources(node)))
        if not names:
            return "has no defined result, as in a division by zero"
        return f"no value for {', '.join(f'`{name}`' for name in names)}"

    def unknown_sources(self, node: Typed) -> list[str]:
        if isinstance(node, OverSymbols):
            found = []
            for symbol in self.binder.symbols():
                part = _Explanation(self.binder, symbol, self.readers)
                found += [f"{symbol}: {name}" for name in part.unknown_sources(node.operand)]
            return found
        if isinstance(node, _SOURCES):
            return [node.text] if self.value(node) is None else []
        unknown = [part for part in node.children if self.value(part) is None]
        return [name for part in unknown for name in self.unknown_sources(part)]


def _parts(node: Typed) -> tuple[Typed, ...]:
    """List the parts worth showing: what candles are reduced to is one value, and literals speak for themselves."""
    if isinstance(node, _SOURCES):
        return ()
    return tuple(part for part in node.children if not (isinstance(part, Constant) and part.declared is None))


def _deciding(node: Typed, value: Value, parts: Sequence[Typed], values: Sequence[Value]) -> list[bool]:
    """Say for each part shown whether it made the whole what it is."""
    if isinstance(node, Junction):
        return [seen is value or seen == value for seen in values]
    if isinstance(node, Choice):
        seen = node.condition.value if isinstance(node.condition, Constant) else values[0]
        chosen = None if seen is None else node.then if seen else node.otherwise
        return [part is node.condition or part is chosen for part in parts]
    return [True] * len(values)
