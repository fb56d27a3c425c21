"""Calls of the catalogue's functions and of indicators: arguments bound, checked, typed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rules.language.catalogue import FUNCTIONS, WITHOUT_WINDOW, Form, Function, FunctionArgument, Gives, Wants
from rules.language.findings import did_you_mean, listed
from rules.language.indicators import Indicator, Parameter
from rules.language.nodes import Argument, Call, Name, Node, Value
from rules.language.selecting import hoisted
from rules.language.sentences import describe
from rules.language.source import Place
from rules.language.typed import (
    Age,
    Arithmetic,
    Calendar,
    Column,
    Constant,
    Constants,
    Fact,
    IndicatorCall,
    Known,
    OverSymbols,
    Pointwise,
    SinceEntry,
    Typed,
    Window,
    kind_of,
)
from rules.language.units import BARE, NUMERIC, Kind, Unit, comparable
from rules.language.vocabulary import CALENDAR, COLUMNS, SCOPES_WITH_SYMBOL, TIMEFRAMES_MS

if TYPE_CHECKING:
    from rules.language.checking import Checker

SINCE_ENTRY = "since_entry"
_UNITS = {Gives.BOOL: Unit.BOOL, Gives.COUNT: Unit.COUNT, Gives.NUMBER: Unit.NUMBER, Gives.RATIO: Unit.RATIO}
_WHOLE = frozenset({"round", "floor", "ceil"})


class Calls:
    """Checks the calls of one expression for its checker."""

    def __init__(self, checker: "Checker") -> None:
        self.checker = checker

    def signature(self, name: str) -> str:
        """Say how a function or an indicator is called."""
        if name in FUNCTIONS:
            return FUNCTIONS[name].signature
        indicator = self.checker.scope.indicators[name]
        parts = [f"{each.name}={each.default}" for each in indicator.parameters]
        return f"{name}({', '.join(['x=close', *parts] if indicator.inputs == ('x',) else parts)})"

    def check(self, node: Call) -> Typed:
        """Give the typed form of a call."""
        name, indicators = node.function, self.checker.scope.indicators
        if name in FUNCTIONS:
            return self.function(node, FUNCTIONS[name])
        if name in indicators:
            return self.indicator(node, indicators[name])
        for argument in node.arguments:
            self.checker.check(argument.value)
        hint = did_you_mean(name, [*FUNCTIONS, *indicators])
        if name in CALENDAR or name in COLUMNS:
            hint = f"`{name}` is a value: write it without parentheses."
        self.checker.report("R102", node.name_place, f"There is no function `{name}`.", hint)
        return self.checker.wrong(node)

    def bind(self, node: Call, names: Sequence[str], optional: frozenset[str]) -> dict[str, Argument] | None:
        """Give each argument its name; None after reporting missing, unknown or repeated ones."""
        bound: dict[str, Argument] = {}
        problems = 0
        for at, argument in enumerate(node.arguments):
            name = argument.name or (names[at] if at < len(names) else "")
            if name in names and name not in bound:
                bound[name] = argument
                continue
            problems += 1
            self.surplus(node, argument, name, names)
        missing = [name for name in names if name not in bound and name not in optional]
        if missing:
            sentence = f"`{node.function}` needs {listed(missing, 'and')}."
            self.checker.report("R141", node.place, sentence, f"Write `{self.signature(node.function)}`.")
        return None if problems or missing else bound

    def surplus(self, node: Call, argument: Argument, name: str, names: Sequence[str]) -> None:
        """Report an argument that has no place."""
        if name in names:
            sentence = f"`{name}` is given twice."
        elif argument.name:
            sentence = f"`{node.function}` has no argument `{argument.name}`."
        else:
            sentence = f"`{node.function}` takes {len(names) or 'no'} argument{'s' if len(names) != 1 else ''}."
        hint = did_you_mean(argument.name, names) if argument.name else ""
        hint = hint or f"Write `{self.signature(node.function)}`."
        self.checker.report("R142", argument.place, sentence, hint)

    def function(self, node: Call, function: Function) -> Typed:
        """A call of the catalogue."""
        if function.many:
            return self.many(node, function)
        names = [argument.name for argument in function.arguments]
        optional = frozenset(argument.name for argument in function.arguments if argument.default)
        bound = self.bind(node, names, optional)
        if bound is None:
            return self.checker.wrong(node)
        if function.form is Form.AGE:
            return self.age(node, bound["fact"].value)
        if function.form is Form.WINDOW:
            return self.window(node, function, bound)
        operand = self.operand(bound[names[0]].value, function.arguments[0], node)
        if operand.kind.unit is Unit.WRONG:
            return self.checker.wrong(node)
        return self.of_one(node, function, operand)

    def of_one(self, node: Call, function: Function, operand: Typed) -> Typed:
        """A function of one value."""
        where = {"place": node.place, "text": node.text}
        unit = self.result_unit(function, (operand,))
        kind = kind_of(unit, (operand,))
        if function.form is Form.KNOWN:
            return Known(kind=kind, operand=operand, **where)  # type: ignore[arg-type]
        if function.form is Form.SYMBOLS:
            plain = Kind(unit, exact=operand.kind.exact, series=False)
            return OverSymbols(kind=plain, function=function.name, operand=operand, **where)  # type: ignore[arg-type]
        return Pointwise(kind=kind, function=function.name, operands=(operand,), **where)  # type: ignore[arg-type]

    def result_unit(self, function: Function, operands: Sequence[Typed]) -> Unit:
        """Give the unit of the result."""
        unit = _UNITS.get(function.gives, operands[0].kind.unit)
        if function.name in _WHOLE and unit in BARE:
            return Unit.COUNT
        if unit is Unit.COUNT and function.gives is Gives.SAME and function.name in ("mean", "change"):
            return Unit.NUMBER
        return unit

    def many(self, node: Call, function: Function) -> Typed:
        """Min and max, of any number of values."""
        if not node.arguments or any(argument.name for argument in node.arguments):
            self.checker.report("R141", node.place, f"`{function.name}` needs values, separated by commas.")
            return self.checker.wrong(node)
        wants = function.arguments[0]
        operands = [self.operand(argument.value, wants, node) for argument in node.arguments]
        if any(operand.kind.unit is Unit.WRONG for operand in operands):
            return self.checker.wrong(node)
        ratio = next((each for each in operands if each.kind.unit is Unit.RATIO), operands[0])
        operands = [self.checker.adapted(ratio, each)[1] for each in operands]
        for operand in operands[1:]:
            if not comparable(operands[0].kind.unit, operand.kind.unit):
                self.checker.mismatch("R121", node, operands[0], operand, "can't be compared")
                return self.checker.wrong(node)
        units = {operand.kind.unit for operand in operands}
        kind = kind_of(units.pop() if len(units) == 1 else Unit.NUMBER, operands)
        fields = {"function": function.name, "operands": tuple(operands)}
        return Pointwise(kind=kind, place=node.place, text=node.text, **fields)  # type: ignore[arg-type]

    def operand(self, node: Node, argument: FunctionArgument, call: Call) -> Typed:
        """Check one argument for what it has to be."""
        checker, why = self.checker, f"`{call.function}`"
        symbol = node.dotted if isinstance(node, Name) and argument.wants is Wants.RETURNS else ""
        if symbol in checker.scope.vocabulary.symbols:
            return checker.datum("close", node, symbol)
        typed = checker.check(node)
        if typed.kind.unit is Unit.WRONG or argument.wants is Wants.ANY:
            return typed
        if argument.wants is Wants.CONDITION:
            return checker.wanting(typed, Kind(Unit.BOOL), why)
        allowed = BARE if argument.wants is Wants.BARE else NUMERIC
        if typed.kind.unit in allowed:
            return typed
        needed = "a plain number" if argument.wants is Wants.BARE else "a value that can be measured"
        checker.report("R124", typed.place, f"{describe(typed)}, but {why} needs {needed}.")
        return checker.wrong(typed)

    # ── windows ──

    def window(self, node: Call, function: Function, bound: Mapping[str, Argument]) -> Typed:
        """A function over the last bars."""
        operands = self.window_operands(node, function, bound)
        if any(operand.kind.unit is Unit.WRONG for operand in operands):
            self.length(function, bound)
            return self.checker.wrong(node)
        varying = [operand for operand in operands if not operand.constant]
        past = [operand for operand in operands if not operand.kind.series]
        if past or not varying:
            sentence = (
                f"`{(past or operands)[0].text}` is not computed from candles; `{function.name}` looks back over them."
            )
            self.checker.report("R143", (past or operands)[0].place, sentence)
            return self.checker.wrong(node)
        if len(operands) == 2 and not self.alike(node, function, operands):
            return self.checker.wrong(node)
        return self.windowed(node, function, operands, bound)

    def window_operands(self, node: Call, function: Function, bound: Mapping[str, Argument]) -> list[Typed]:
        """Check what a window function looks at; columns stand in for what isn't given."""
        operands = []
        for argument in function.arguments:
            if argument.wants is Wants.WINDOW:
                continue
            if argument.name in bound:
                operands.append(self.operand(bound[argument.name].value, argument, node))
            else:
                operands.append(_column(argument.default, node))
        return operands

    def alike(self, node: Call, function: Function, operands: Sequence[Typed]) -> bool:
        """Report two series that can't be compared; correlations need no common unit."""
        if function.name == "correlation" or comparable(operands[0].kind.unit, operands[1].kind.unit):
            return True
        self.checker.mismatch("R121", node, operands[0], operands[1], "can't be compared")
        return False

    def windowed(
        self, node: Call, function: Function, operands: Sequence[Typed], bound: Mapping[str, Argument]
    ) -> Typed:
        """Make the window once its operands are known to be right."""
        unit = self.result_unit(function, operands)
        if function.since_entry and self.is_since_entry(bound):
            kind = Kind(unit, exact=False)
            fields = {"function": function.name, "operand": operands[0]}
            return SinceEntry(kind=kind, place=node.place, text=node.text, **fields)  # type: ignore[arg-type]
        length = self.length(function, bound)
        if length is None:
            return self.checker.wrong(node)
        kind = Kind(unit, exact=unit not in NUMERIC, series=True)
        frame_ms = TIMEFRAMES_MS.get(self.checker.scope.timeframe, 0)
        bars, span_ms = length
        fields = {"function": function.name, "operands": tuple(operands), "bars": bars, "span_ms": span_ms}
        window = Window(kind=kind, place=node.place, text=node.text, timeframe_ms=frame_ms, **fields)  # type: ignore[arg-type]
        return hoisted(window)

    def is_since_entry(self, bound: Mapping[str, Argument]) -> bool:
        """Say whether the window is the word since_entry."""
        return "n" in bound and isinstance(bound["n"].value, Name) and bound["n"].value.dotted == SINCE_ENTRY

    def length(self, function: Function, bound: Mapping[str, Argument]) -> tuple[int, int] | None:
        """Give the bars and the duration of a window (0 when it isn't one); None after reporting."""
        if function.name in WITHOUT_WINDOW:
            return 1, 0
        if "n" not in bound:
            return 1, 0
        least = 2 if function.name in ("volatility", "correlation") else 1
        if self.is_since_entry(bound):
            if not function.since_entry:
                sentence = f"`{function.name}` can't look back to the entry; it needs a number of bars or a duration."
                self.checker.report("R144", bound["n"].place, sentence)
            return None
        return self.span(self.checker.check(bound["n"].value), bound["n"].place, least)

    def span(self, typed: Typed, place: Place, least: int = 1) -> tuple[int, int] | None:
        """Give the bars and the duration that a value stands for; None after reporting."""
        if typed.kind.unit is Unit.WRONG:
            return None
        if isinstance(typed, Constant) and typed.kind.unit is Unit.DURATION and isinstance(typed.value, int):
            frame_ms = TIMEFRAMES_MS.get(self.checker.scope.timeframe, 0)
            if typed.value > 0:
                return (typed.value // frame_ms if frame_ms else 0), typed.value
        bars = self.checker.bars(typed, place, least)
        return (bars, 0) if bars else None

    # ── ages ──

    def age(self, node: Call, operand: Node) -> Typed:
        """`age(position)`, `hours_since(purchase)`."""
        in_hours = node.function == "hours_since"
        symbol, name = self.aged(operand)
        declaration = self.checker.scope.vocabulary.facts.get(name)
        unit = Unit.NUMBER if in_hours else Unit.DURATION
        where = {"place": node.place, "text": node.text}
        if declaration is not None and declaration.has_age:
            if symbol and declaration.scope not in SCOPES_WITH_SYMBOL:
                self.checker.report("R145", operand.place, f"`{name}` is not kept per symbol.", f"Write `{name}`.")
                return self.checker.wrong(node)
            return Age(kind=Kind(unit), name=name, symbol=symbol, in_hours=in_hours, **where)  # type: ignore[arg-type]
        typed = self.checker.check(operand)
        if typed.kind.unit is Unit.WRONG:
            return self.checker.wrong(node)
        if typed.kind.unit is Unit.TIMESTAMP:
            return _since(typed, node, in_hours)
        aged = [each.name for each in self.checker.scope.vocabulary.facts.values() if each.has_age]
        hint = f"These have: {listed(aged)}." if aged else ""
        self.checker.report("R146", operand.place, f"`{operand.text}` has no age.", hint)
        return self.checker.wrong(node)

    def aged(self, operand: Node) -> tuple[str, str]:
        """Give the symbol and the fact that a name speaks of, empty when it is something else."""
        if not isinstance(operand, Name):
            return "", ""
        named = self.checker.scope.facts.get(operand.dotted)
        if isinstance(named, Fact):
            return named.symbol, named.name
        vocabulary = self.checker.scope.vocabulary
        if operand.path[0] in vocabulary.symbols and operand.dotted not in vocabulary.facts:
            return operand.path[0], ".".join(operand.path[1:])
        return "", operand.dotted

    # ── indicators ──

    def indicator(self, node: Call, indicator: Indicator) -> Typed:
        """`sma(close, 50)`, `adx(14)`."""
        names = [parameter.name for parameter in indicator.parameters]
        free = indicator.inputs == ("x",)
        with_x = free and self.gives_x(node, names)
        if not free and node.arguments and self.is_series(node.arguments[0]):
            sentence = f"`{node.function}` reads {listed(indicator.inputs, 'and')} of the candles by itself."
            self.checker.report("R142", node.arguments[0].place, sentence, f"Write `{self.signature(node.function)}`.")
            return self.checker.wrong(node)
        bound = self.bind(node, ["x", *names] if with_x else names, frozenset(["x", *names]))
        if bound is None:
            return self.checker.wrong(node)
        inputs = self.inputs(node, indicator, bound)
        parameters = [self.parameter(each, bound.get(each.name)) for each in indicator.parameters]
        if inputs is None or any(each is None for each in parameters):
            return self.checker.wrong(node)
        values = [each for each in parameters if each is not None]
        return self.indicated(node, indicator, inputs, values)

    def indicated(
        self, node: Call, indicator: Indicator, inputs: tuple[Typed, ...], values: Sequence[tuple[Constants, int]]
    ) -> Typed:
        """Make the indicator once its arguments are known to be right."""
        unit = inputs[0].kind.unit if indicator.result == "same" else Unit(indicator.result)
        unit = Unit.NUMBER if unit is Unit.COUNT else unit
        named = zip(indicator.parameters, values, strict=True)
        fields = {
            "name": indicator.name,
            "inputs": inputs,
            "parameters": tuple((parameter.name, value) for parameter, (value, _) in named),
            "spans_ms": tuple(span for _, span in values),
        }
        kind = Kind(unit, exact=False, series=True)
        return hoisted(IndicatorCall(kind=kind, place=node.place, text=node.text, **fields))  # type: ignore[arg-type]

    def gives_x(self, node: Call, names: Sequence[str]) -> bool:
        """Say whether a call gives the series itself, before the parameters."""
        if any(argument.name == "x" for argument in node.arguments):
            return True
        positional = [argument for argument in node.arguments if not argument.name]
        if not positional:
            return False
        return len(positional) > len(names) or not self.is_plain(positional[0].value)

    def is_plain(self, node: Node) -> bool:
        """Say whether an argument is a literal or a param."""
        return isinstance(node, Value) or (isinstance(node, Name) and node.dotted in self.checker.scope.params)

    def is_series(self, argument: Argument) -> bool:
        """Say whether an argument is computed from candles."""
        return not argument.name and isinstance(argument.value, Name) and argument.value.dotted in COLUMNS

    def inputs(self, node: Call, indicator: Indicator, bound: Mapping[str, Argument]) -> tuple[Typed, ...] | None:
        """Give the series an indicator reads."""
        if "x" not in bound:
            names = ("close",) if indicator.inputs == ("x",) else indicator.inputs
            return tuple(_column(name, node) for name in names)
        operand = self.operand(bound["x"].value, FunctionArgument("x", Wants.SERIES), node)
        if operand.kind.unit is Unit.WRONG:
            return None
        if not operand.kind.series or operand.constant:
            sentence = f"`{operand.text}` is not computed from candles; `{node.function}` looks back over them."
            self.checker.report("R143", operand.place, sentence, f"Write `{self.signature(node.function)}`.")
            return None
        return (operand,)

    def parameter(self, parameter: Parameter, argument: Argument | None) -> tuple[Constants, int] | None:
        """Give a parameter's value and its duration (0 when it isn't one); None after reporting."""
        if argument is None:
            default = parameter.default
            return (int(default), 0) if parameter.is_window else (Decimal(default), 0)
        typed = self.checker.check(argument.value)
        if parameter.is_window:
            return self.span(typed, argument.place)
        if typed.kind.unit is Unit.WRONG:
            return None
        if isinstance(typed, Constant) and typed.kind.unit in BARE:
            return typed.value, 0
        sentence = f"{describe(typed)}, but the parameter `{parameter.name}` needs a plain number or a param."
        self.checker.report("R124", argument.place, sentence)
        return None


def _column(name: str, node: Node) -> Column:
    return Column(kind=COLUMNS[name], place=node.place, text=name, name=name)


def _since(moment: Typed, node: Call, in_hours: bool) -> Typed:
    where = {"place": node.place, "text": node.text}
    now = Calendar(kind=CALENDAR["now"], place=node.place, text="now", name="now")
    fields = {"operator": "-", "left": now, "right": moment}
    passed = Arithmetic(kind=Kind(Unit.DURATION), **where, **fields)  # type: ignore[arg-type]
    if not in_hours:
        return passed
    hour = Constant(kind=Kind(Unit.DURATION, series=True), place=node.place, text="1h", value=3_600_000)
    fields = {"operator": "/", "left": passed, "right": hour}
    return Arithmetic(kind=Kind(Unit.NUMBER), **where, **fields)  # type: ignore[arg-type]
