"""From syntax to typed expressions: every name resolved, every unit checked, every mistake reported."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from rules.language.calls import Calls
from rules.language.catalogue import FUNCTIONS
from rules.language.findings import Finding, did_you_mean, error, listed
from rules.language.literals import TRUTHS, Literal, word_of
from rules.language.nodes import (
    Ago,
    Calculation,
    Call,
    Chain,
    Conditional,
    Joined,
    Listing,
    Member,
    Minus,
    Name,
    Negation,
    Node,
    Range,
    Selection,
    Value,
)
from rules.language.numerals import MONEY_COIN
from rules.language.selecting import hoisted, report_candles, select_candles
from rules.language.sentences import describe, repair, rewrite
from rules.language.source import Place
from rules.language.typed import (
    Arithmetic,
    Calendar,
    Choice,
    Column,
    Comparison,
    Constant,
    Fact,
    Junction,
    Membership,
    Negative,
    Not,
    Offset,
    Typed,
    Wrong,
    kind_of,
    select,
)
from rules.language.units import (
    BARE,
    NAMES,
    NUMERIC,
    ORDERED,
    PLURALS,
    WORDS,
    Kind,
    Unit,
    comparable,
    fits,
    product_of,
    quotient_of,
    sum_of,
)
from rules.language.vocabulary import CALENDAR, COLUMNS, PERPETUAL, SCOPES_WITH_SYMBOL, Scope

LARGEST = 1_000
DEEPEST = 64
MOST_BARS = 10_000
_CONDITION = Kind(Unit.BOOL)
_VERBS = {"+": "added", "-": "subtracted", "*": "multiplied", "/": "divided"}


def check_types(node: Node, scope: Scope, findings: list[Finding], expected: Kind | None = None) -> Typed:
    """Give the typed expression, or a Wrong one after adding every mistake to `findings`.

    `expected` is what the place wants: its unit is checked, its words can be written without quotes.
    """
    before = len(findings)
    checker = Checker(scope, findings)
    typed = checker.check(node, expected)
    if expected is not None:
        typed = checker.wanting(typed, expected)
    if len(findings) == before:
        report_candles(typed, scope, findings)
        checker.bound(typed)
    return typed if len(findings) == before and not _has_wrong(typed) else checker.wrong(node)


def _has_wrong(typed: Typed) -> bool:
    return isinstance(typed, Wrong) or any(_has_wrong(child) for child in typed.children)


class Checker:
    """Checks one expression; `check` is called for each part."""

    def __init__(self, scope: Scope, findings: list[Finding]) -> None:
        self.scope = scope
        self.findings = findings
        self.size = 0
        self.calls = Calls(self)

    def report(
        self, code: str, place: Place, sentence: str, suggestion: str = "", also: tuple[Place, ...] = ()
    ) -> None:
        """Add a mistake."""
        self.findings.append(error(code, place, sentence, suggestion, also))

    def wrong(self, node: Node | Typed) -> Wrong:
        """Stand in for something that has been reported."""
        return Wrong(kind=Kind(Unit.WRONG, series=True), place=node.place, text=node.text)

    def bound(self, typed: Typed) -> None:
        """Refuse what becomes too large or too deep once the named facts are put in."""
        if typed.size > LARGEST or typed.depth > DEEPEST:
            sentence = f"With its facts written out this has over {LARGEST} parts or {DEEPEST} levels."
            self.report("R167", typed.place, sentence, "Make the facts it uses simpler.")

    def check(self, node: Node, wanted: Kind | None = None) -> Typed:  # noqa: PLR0911, PLR0912 - one line a form
        """Give the typed form of one part; `wanted` says which words may stand here."""
        match node:
            case Value():
                return self.value(node, wanted)
            case Name():
                return self.name(node, wanted)
            case Minus():
                return self.minus(node)
            case Negation():
                return self.negation(node)
            case Calculation():
                return self.calculation(node, wanted)
            case Chain():
                return self.chain(node)
            case Range():
                return self.range(node)
            case Member():
                return self.member(node)
            case Joined():
                return self.joined(node)
            case Conditional():
                return self.conditional(node, wanted)
            case Call():
                return self.calls.check(node)
            case Ago():
                return self.ago(node)
            case Selection():
                return select_candles(self.check(node.operand), node, self.scope, self.findings) or self.wrong(node)
        self.report("R127", node.place, "A list can only stand after `in`.")
        return self.wrong(node)

    # ── values and names ──

    def value(self, node: Value, wanted: Kind | None) -> Typed:
        """A literal."""
        literal = node.literal
        if literal.kind.unit in (Unit.MONEY, Unit.PRICE, Unit.QUANTITY):
            self.coins(literal)
        if literal.kind.unit is Unit.TEXT and wanted is not None:
            return self.word(node, str(literal.value), wanted)
        return self.constant(literal, node)

    def coins(self, literal: Literal) -> None:
        """Report coins that don't exist."""
        known = {*self.scope.vocabulary.assets, MONEY_COIN}
        if not self.scope.vocabulary.assets:
            return
        for coin in re.findall(r"[A-Z][A-Z0-9]*", literal.text):
            if coin not in known:
                self.report("R106", literal.place, f"The coin `{coin}` is not known.", did_you_mean(coin, known))

    def constant(self, literal: Literal, node: Node, declared: Place | None = None) -> Typed:
        """A literal or the value of a param."""
        value = literal.value
        quotient = isinstance(value, Fraction)
        if isinstance(value, tuple):
            self.report("R127", node.place, f"`{node.text}` is a list; it can only stand after `in`.")
            return self.wrong(node)
        if isinstance(value, Fraction):
            value = Decimal(value.numerator) / Decimal(value.denominator)
        fields = {"place": node.place, "text": node.text, "declared": declared, "quotient": quotient}
        return Constant(kind=replace(literal.kind, exact=True, series=True), value=value, **fields)  # type: ignore[arg-type]

    def word(self, node: Node, word: str, wanted: Kind) -> Typed:
        """A word of an enumeration, or a text."""
        if wanted.unit is Unit.ENUM and word not in wanted.members:
            sentence = f"`{word}` is not one of the words allowed here: {listed(wanted.members)}."
            self.report("R103", node.place, sentence, did_you_mean(word, wanted.members))
            return self.wrong(node)
        kind = replace(wanted, exact=True, series=True) if wanted.unit in WORDS else Kind(Unit.TEXT, series=True)
        return Constant(kind=kind, place=node.place, text=node.text, value=word)

    def name(self, node: Name, wanted: Kind | None) -> Typed:
        """A param, a named fact, a fact, a column, a word."""
        found = self.resolve(node)
        if found is not None:
            return found
        word = node.dotted
        if wanted is not None and wanted.unit is Unit.ENUM:
            return self.word(node, word, wanted)
        if word in TRUTHS:
            kind = Kind(Unit.BOOL, series=True)
            return Constant(kind=kind, place=node.place, text=node.text, value=TRUTHS[word])
        if wanted is not None and wanted.unit is Unit.TEXT:
            self.report("R103", node.place, f"`{word}` is not a name.", f'A text is written in quotes: "{word}".')
            return self.wrong(node)
        return self.unknown(node)

    def resolve(self, node: Name) -> Typed | None:
        """Give what a name stands for, None when it is no name."""
        name, scope = node.dotted, self.scope
        if name in scope.params:
            return self.constant(scope.params[name], node, scope.params[name].place)
        if name in scope.facts:
            return self.named(scope.facts[name], node)
        if name in scope.vocabulary.facts or name in COLUMNS:
            return self.datum(name, node, "")
        if name in CALENDAR:
            return Calendar(kind=CALENDAR[name], place=node.place, text=node.text, name=name)
        if len(node.path) > 1 and node.path[0] in scope.vocabulary.symbols:
            return self.of_symbol(node)
        return None

    def named(self, fact: Typed, node: Node) -> Typed:
        """A named fact is its expression, shown by its name."""
        self.size += fact.size
        if self.size > LARGEST:
            if self.size - fact.size <= LARGEST:
                sentence = f"With its facts written out this has over {LARGEST} parts."
                self.report("R167", node.place, sentence, "Make the facts it uses simpler.")
            return self.wrong(node)
        return replace(fact, place=node.place, text=node.text)

    def datum(self, name: str, node: Node, symbol: str) -> Typed:
        """A column of the candles or a fact of the runtime."""
        if name in self.scope.vocabulary.facts:
            kind = self.scope.vocabulary.facts[name].kind
            return Fact(kind=kind, place=node.place, text=node.text, name=name, symbol=symbol)
        return Column(kind=COLUMNS[name], place=node.place, text=node.text, name=name, symbol=symbol)

    def of_symbol(self, node: Name) -> Typed:
        """`ETHUSDT.close`, `ETHUSDT.funding.rate`, or a named fact computed for another symbol."""
        symbol, name = node.path[0], ".".join(node.path[1:])
        declaration = self.scope.vocabulary.facts.get(name)
        if declaration is not None and (declaration.scope not in SCOPES_WITH_SYMBOL or symbol == PERPETUAL):
            kept = "per symbol" if symbol != PERPETUAL else "for the perpetual by itself"
            self.report("R145", node.place, f"`{name}` is not kept {kept}.", f"Write `{name}`.")
            return self.wrong(node)
        if declaration is not None or name in COLUMNS:
            return self.datum(name, node, symbol)
        fact = self.scope.facts.get(name)
        if fact is not None and fact.kind.series:
            return select(self.named(fact, node), symbol, "")
        names = [*COLUMNS, *self.scope.vocabulary.facts, *self.scope.facts]
        self.report("R101", node.place, f"`{symbol}` has nothing named `{name}`.", did_you_mean(name, names))
        return self.wrong(node)

    def unknown(self, node: Name) -> Typed:
        """Report a name that means nothing."""
        name, first, scope = node.dotted, node.path[0], self.scope
        symbols = scope.vocabulary.symbols
        if name in symbols:
            self.report("R101", node.place, f"`{name}` is a symbol, not a value.", f"Write for example `{name}.close`.")
        elif name in FUNCTIONS or name in scope.indicators:
            self.report("R101", node.place, f"`{name}` is a function.", f"Write `{self.calls.signature(name)}`.")
        elif len(node.path) > 1 and first in scope.names():
            sentence = f"`{first}` has no parts, so `{name}` means nothing."
            self.report("R101", node.place, sentence, did_you_mean(name, scope.names()))
        elif len(node.path) > 1 and first.isupper():
            self.report("R104", node.place, f"The symbol `{first}` is not known.", did_you_mean(first, symbols))
        else:
            known = [*scope.names(), *FUNCTIONS, *scope.indicators, *(symbols if first.isupper() else ())]
            self.report("R101", node.place, f"The name `{name}` is not known.", did_you_mean(name, known))
        return self.wrong(node)

    # ── arithmetic ──

    def minus(self, node: Minus) -> Typed:
        """`-x`."""
        operand = self.check(node.operand)
        unit = Unit.NUMBER if operand.kind.unit is Unit.COUNT else operand.kind.unit
        if unit is Unit.WRONG:
            return self.wrong(node)
        if unit not in NUMERIC:
            self.report("R122", node.place, f"{describe(operand)}; it has no sign to change.")
            return self.wrong(node)
        if isinstance(operand, Constant) and isinstance(operand.value, Decimal | int):
            kind = replace(operand.kind, unit=unit)
            return replace(operand, kind=kind, place=node.place, text=node.text, value=-operand.value)
        return Negative(kind=kind_of(unit, (operand,)), place=node.place, text=node.text, operand=operand)

    def calculation(self, node: Calculation, wanted: Kind | None) -> Typed:
        """`a + b` and its like."""
        word = word_of(node)
        if word and wanted is not None and wanted.unit in WORDS:
            return self.word(node, word, wanted)
        left, right = self.check(node.left), self.check(node.right)
        if Unit.WRONG in (left.kind.unit, right.kind.unit):
            return self.wrong(node)
        if node.operator in ("+", "-"):
            left, right = self.adapted(left, right)
        unit = self.unit_of(node.operator, left, right)
        if unit is None:
            self.mismatch("R122", node, left, right, f"can't be {_VERBS[node.operator]}")
            return self.wrong(node)
        if node.operator == "/" and isinstance(right, Constant) and right.value == 0:
            also = (right.declared,) if right.declared else ()
            self.report("R126", right.place, f"`{right.text}` is zero; nothing can be divided by it.", "", also)
            return self.wrong(node)
        kind = kind_of(unit, (left, right))
        fields = {"operator": node.operator, "left": left, "right": right}
        return Arithmetic(kind=kind, place=node.place, text=node.text, **fields)  # type: ignore[arg-type]

    def unit_of(self, operator: str, left: Typed, right: Typed) -> Unit | None:
        """Give the unit of a calculation, None when there is none."""
        if operator in ("+", "-"):
            return sum_of(left.kind.unit, right.kind.unit, operator)
        return (product_of if operator == "*" else quotient_of)(left.kind.unit, right.kind.unit)

    def adapted(self, left: Typed, right: Typed) -> tuple[Typed, Typed]:
        """Let a quotient of plain numbers (1/3) be a ratio beside a ratio."""
        if left.kind.unit is Unit.RATIO:
            return left, self.as_ratio(right)
        return (self.as_ratio(left), right) if right.kind.unit is Unit.RATIO else (left, right)

    def as_ratio(self, typed: Typed) -> Typed:
        """Let a quotient of plain numbers be a ratio."""
        quotient = isinstance(typed, Constant) and typed.quotient
        if isinstance(typed, Arithmetic) and typed.operator == "/":
            quotient = isinstance(typed.left, Constant) and isinstance(typed.right, Constant)
        if quotient and typed.kind.unit in BARE:
            return replace(typed, kind=replace(typed.kind, unit=Unit.RATIO))
        return typed

    def mismatch(self, code: str, node: Node, left: Typed, right: Typed, verdict: str) -> None:
        """Report two units that don't go together."""
        both = (left, right)
        also = tuple(each.declared for each in both if isinstance(each, Constant) and each.declared is not None)
        sentence = f"{describe(left)} and {describe(right)}; they {verdict}."
        self.report(code, node.place, sentence, repair(left, right), also)

    def wanting(self, typed: Typed, wanted: Kind, why: str = "") -> Typed:
        """Report a value of another unit than the place needs."""
        if Unit.WRONG in (typed.kind.unit, wanted.unit):
            return typed
        if wanted.unit is Unit.RATIO:
            typed = self.as_ratio(typed)
        if fits(typed.kind.unit, wanted.unit) and not self.foreign_words(typed, wanted):
            return typed
        code = "R123" if wanted.unit is Unit.BOOL else "R124"
        need = "a condition (true or false)" if wanted.unit is Unit.BOOL else NAMES[wanted.unit]
        if wanted.unit is Unit.ENUM:
            need = f"one of {listed(wanted.members)}"
        also = (typed.declared,) if isinstance(typed, Constant) and typed.declared is not None else ()
        sentence = f"{describe(typed)}, but {why or 'this place'} needs {need}."
        self.report(code, typed.place, sentence, rewrite(typed, wanted.unit), also)
        return self.wrong(typed)

    def foreign_words(self, typed: Typed, wanted: Kind) -> bool:
        """Say whether a word can't be one of those wanted."""
        if wanted.unit is not Unit.ENUM:
            return False
        given = {str(typed.value)} if isinstance(typed, Constant) else set(typed.kind.members)
        return bool(given) and not given <= set(wanted.members)

    # ── conditions ──

    def chain(self, node: Chain) -> Typed:
        """`a < b` or `a < b <= c`."""
        operands = self.comparable_operands(node.operands)
        pairs = zip(node.operators, operands, operands[1:], strict=False)
        if len(operands) == 2:
            return self.compared(node.operators[0], operands[0], operands[1], node)
        parts = [self.compared(operator, left, right, None) for operator, left, right in pairs]
        return self.junction("and", parts, node)

    def comparable_operands(self, nodes: Sequence[Node]) -> list[Typed]:
        """Check operands, those that are bare words last, when it is known which words are meant."""
        bare = [bool(word_of(each)) and not self.is_name(each) for each in nodes]
        typed: list[Typed | None] = [None if word else self.check(each) for each, word in zip(nodes, bare, strict=True)]
        wanted = next((each.kind for each in typed if each and each.kind.unit in WORDS and not each.constant), None)
        wrong = any(isinstance(each, Wrong) for each in typed)
        for at, each in enumerate(nodes):
            if typed[at] is None:
                typed[at] = self.wrong(each) if wrong and wanted is None else self.check(each, wanted)
        return [each for each in typed if each is not None]

    def is_name(self, node: Node) -> bool:
        """Say whether a bare word stands for a value."""
        if not isinstance(node, Name):
            return False
        name, scope = node.dotted, self.scope
        return (
            name in scope.params
            or name in scope.facts
            or name in scope.vocabulary.facts
            or (name in COLUMNS or name in CALENDAR)
        )

    def compared(self, operator: str, left: Typed, right: Typed, node: Node | None) -> Typed:
        """One comparison; without a node its text is put together from both sides."""
        text = node.text if node else f"{left.text} {operator} {right.text}"
        place = node.place if node else left.place
        if Unit.WRONG in (left.kind.unit, right.kind.unit):
            return Wrong(kind=Kind(Unit.WRONG, series=True), place=place, text=text)
        left, right = self.adapted(left, right)
        problem = self.incomparable(operator, left, right)
        if problem:
            self.mismatch(problem[0], node or right_node(place, text), left, right, problem[1])
            return Wrong(kind=Kind(Unit.WRONG, series=True), place=place, text=text)
        fields = {"operator": operator, "left": left, "right": right}
        return Comparison(kind=kind_of(Unit.BOOL, (left, right)), place=place, text=text, **fields)  # type: ignore[arg-type]

    def incomparable(self, operator: str, left: Typed, right: Typed) -> tuple[str, str] | None:
        """Say why two values can't be compared: a code and the end of a sentence."""
        units = left.kind.unit, right.kind.unit
        if not comparable(*units):
            return "R121", "can't be compared"
        if operator not in ("==", "!=") and units[0] not in ORDERED:
            return "R125", f"have no order; {PLURALS[units[0]]} are compared with `==` or `!=`"
        if units[0] in WORDS and self.never_equal(left, right):
            return "R103", "have no word in common"
        return None

    def never_equal(self, left: Typed, right: Typed) -> bool:
        """Say whether two words can't be the same one."""
        sets = [{str(side.value)} if isinstance(side, Constant) else set(side.kind.members) for side in (left, right)]
        both_constant = isinstance(left, Constant) and isinstance(right, Constant)
        return all(sets) and not both_constant and not sets[0] & sets[1]

    def range(self, node: Range) -> Typed:
        """`x between low and high` is two comparisons."""
        operand, low, high = self.comparable_operands((node.operand, node.low, node.high))
        parts = [self.compared(">=", operand, low, None), self.compared("<=", operand, high, None)]
        return self.junction("and", parts, node)

    def member(self, node: Member) -> Typed:
        """`x in [a, b]`."""
        nodes = self.listed_nodes(node.options)
        if not nodes:
            self.check(node.operand)
            self.report("R127", node.options.place, "A list such as `[a, b]` is needed after `in`.")
            return self.wrong(node)
        operand, *options = self.comparable_operands((node.operand, *nodes))
        parts = [self.compared("==", operand, option, None) for option in options]
        if any(isinstance(part, Wrong) for part in parts):
            return self.wrong(node)
        sides = [part for part in parts if isinstance(part, Comparison)]
        fields = {"operand": sides[0].left, "options": tuple(side.right for side in sides), "negated": node.negated}
        kind = kind_of(Unit.BOOL, (operand, *options))
        return Membership(kind=kind, place=node.place, text=node.text, **fields)  # type: ignore[arg-type]

    def listed_nodes(self, node: Node) -> tuple[Node, ...]:
        """Give the items of a list, or of a param that is one."""
        if isinstance(node, Listing):
            return node.items
        literal = self.scope.params.get(node.dotted) if isinstance(node, Name) else None
        if literal is None or not isinstance(literal.value, tuple):
            return ()
        return tuple(Value(place=node.place, text=item.text, literal=item) for item in literal.value)

    def joined(self, node: Joined) -> Typed:
        """`a and b`, `a or b`."""
        parts = [self.condition(each, f"`{node.operator}`") for each in node.operands]
        return self.junction(node.operator, parts, node)

    def junction(self, operator: str, parts: Sequence[Typed], node: Node) -> Typed:
        """Conditions joined."""
        if any(part.kind.unit is Unit.WRONG for part in parts):
            return self.wrong(node)
        kind = kind_of(Unit.BOOL, parts)
        return Junction(kind=kind, place=node.place, text=node.text, operator=operator, operands=tuple(parts))

    def condition(self, node: Node, why: str) -> Typed:
        """Something that is true or false."""
        return self.wanting(self.check(node), _CONDITION, why)

    def negation(self, node: Negation) -> Typed:
        """`not x`."""
        operand = self.condition(node.operand, "`not`")
        if operand.kind.unit is Unit.WRONG:
            return self.wrong(node)
        return Not(kind=kind_of(Unit.BOOL, (operand,)), place=node.place, text=node.text, operand=operand)

    def conditional(self, node: Conditional, wanted: Kind | None) -> Typed:
        """`a if condition else b`."""
        condition = self.condition(node.condition, "`if`")
        then, otherwise = self.adapted(self.check(node.then, wanted), self.check(node.otherwise, wanted))
        units = then.kind.unit, otherwise.kind.unit
        if Unit.WRONG in (*units, condition.kind.unit):
            return self.wrong(node)
        if not comparable(*units):
            self.mismatch("R121", node, then, otherwise, "can't be the two values of one choice")
            return self.wrong(node)
        unit = units[0] if units[0] is units[1] else Unit.NUMBER if units[0] in BARE else Unit.TEXT
        members = tuple(dict.fromkeys(word for each in (then, otherwise) for word in self.words_of(each)))
        kind = kind_of(unit, (condition, then, otherwise), members)
        fields = {"condition": condition, "then": then, "otherwise": otherwise}
        return Choice(kind=kind, place=node.place, text=node.text, **fields)

    def words_of(self, typed: Typed) -> tuple[str, ...]:
        """List the words a value can be."""
        if isinstance(typed, Constant):
            return (str(typed.value),) if typed.kind.unit in WORDS else ()
        return typed.kind.members

    # ── candles ──

    def ago(self, node: Ago) -> Typed:
        """`close[1]`."""
        operand, bars = self.check(node.operand), self.check(node.bars)
        if Unit.WRONG in (operand.kind.unit, bars.kind.unit):
            return self.wrong(node)
        if not operand.kind.series or operand.constant:
            sentence = f"{describe(operand)}; only values computed from candles have a value some bars ago."
            self.report("R143", node.place, sentence)
            return self.wrong(node)
        count = self.bars(bars, node.bars.place)
        if count == 0:
            return self.wrong(node)
        fields = {"operand": operand, "bars": count}
        kind = replace(operand.kind, exact=operand.kind.unit not in NUMERIC)
        return hoisted(Offset(kind=kind, place=node.place, text=node.text, **fields))  # type: ignore[arg-type]

    def bars(self, typed: Typed, place: Place, least: int = 1) -> int:
        """Give a whole number of bars, 0 after reporting that it isn't one."""
        value = typed.value if isinstance(typed, Constant) else None
        if typed.kind.unit is Unit.COUNT and isinstance(value, Decimal | int) and least <= value <= MOST_BARS:
            return int(value)
        sentence = f"`{typed.text}` is not a whole number of bars from {least} to {MOST_BARS}."
        hint = "It has to be a plain number or a param, known before the engine runs." if value is None else ""
        self.report("R144", place, sentence, hint)
        return 0


def right_node(place: Place, text: str) -> Node:
    """Stand in for the syntax of a comparison that was put together."""
    return Node(place=place, text=text)
