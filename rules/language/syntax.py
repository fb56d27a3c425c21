"""From tokens to syntax, by operator precedence."""

from collections.abc import Sequence
from typing import Any, TypeVar

from rules.language.findings import SyntaxProblem, error
from rules.language.nodes import (
    Ago,
    Argument,
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
from rules.language.numerals import Literal, read_number, read_time_of_day, with_coins
from rules.language.source import Place, Text
from rules.language.tokens import Token, TokenKind, tokenise
from rules.language.units import Kind, Unit

__all__ = [
    "Ago",
    "Argument",
    "Calculation",
    "Call",
    "Chain",
    "Conditional",
    "Joined",
    "Listing",
    "Member",
    "Minus",
    "Name",
    "Negation",
    "Node",
    "Range",
    "Selection",
    "Value",
    "parse",
]

MOST_NODES = 400
DEEPEST = 50
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})

FOREIGN_WORDS = {
    "AND": "Write `and`.",
    "OR": "Write `or`.",
    "NOT": "Write `not`.",
    "is": "Write `==`.",
    "xor": "Write `!=` between two conditions.",
    "lambda": "Functions can't be made here; name an expression under `facts:`.",
    "def": "Functions can't be made here; name an expression under `facts:`.",
    "import": "Only the names of the catalogue can be used.",
    "for": "Loops don't exist; use for_bars, count_last, any_symbol or every_symbol.",
    "while": "Loops don't exist; use for_bars or count_last.",
    "None": "Ask for a missing value with `known(x)`.",
    "null": "Ask for a missing value with `known(x)`.",
    "nan": "Ask for a missing value with `known(x)`.",
    "NaN": "Ask for a missing value with `known(x)`.",
    "inf": "Numbers are finite.",
    "True": "Write `true`.",
    "False": "Write `false`.",
}
_Made = TypeVar("_Made", bound=Node)


def parse(source: Text) -> Node:
    """Read one expression.

    Raises:
        SyntaxProblem: with the first mistake that keeps the expression from being read.
    """
    parser = _Parser(source)
    if parser.now.kind is TokenKind.END:
        raise SyntaxProblem(error("R161", source.at(0, len(source.text)), "An expression is needed here."))
    node = parser.expression()
    parser.nothing_left()
    return node


class _Parser:
    def __init__(self, source: Text) -> None:
        self.source = source
        self.tokens = tokenise(source)
        self.at = 0
        self.nodes = 0
        self.nesting = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    @property
    def next(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def place(self, start: int, end: int | None = None) -> Place:
        return self.source.at(start, self.tokens[self.at - 1].end if end is None else end)

    def advance(self) -> Token:
        token = self.now
        self.at += 1
        return token

    def skip(self, text: str) -> bool:
        if self.now.text == text and self.now.kind in (TokenKind.SIGN, TokenKind.KEYWORD):
            self.at += 1
            return True
        return False

    def expect(self, text: str, why: str) -> Token:
        if self.now.text != text or self.now.kind is TokenKind.STRING:
            raise self.unexpected(f"`{text}` was expected {why}")
        return self.advance()

    def make(self, form: type[_Made], start: int, inner: Sequence[Node] = (), **fields: Any) -> _Made:
        end = self.tokens[self.at - 1].end
        depth = 1 + max((node.depth for node in inner), default=0)
        self.nodes += 1
        if self.nodes > MOST_NODES or depth > DEEPEST:
            raise self.too_large(start)
        return form(place=self.source.at(start, end), text=self.source.text[start:end], depth=depth, **fields)

    def too_large(self, start: int) -> SyntaxProblem:
        sentence = f"The expression is too large: at most {MOST_NODES} parts and {DEEPEST} levels are allowed."
        return SyntaxProblem(error("R167", self.source.at(start, start + 1), sentence, "Name parts under `facts:`."))

    def unexpected(self, sentence: str, suggestion: str = "") -> SyntaxProblem:
        token = self.now
        found = f"`{_shortened(token.text)}`" if token.text else "the end"
        place = self.source.at(token.start, max(token.end, token.start + 1))
        return SyntaxProblem(error("R164", place, f"{sentence}, but here is {found}.", suggestion))

    def nothing_left(self) -> None:
        token = self.now
        if token.kind is TokenKind.END:
            return
        if token.text == "=":
            raise self.foreign(token, "Two values are compared with `==`.")
        if token.text in FOREIGN_WORDS:
            raise self.foreign(token, FOREIGN_WORDS[token.text])
        if token.text in (")", "]"):
            raise self.unexpected("Nothing is open that could be closed")
        raise self.unexpected("An operator (`and`, `or`, `>`, `+`, …) was expected")

    def foreign(self, token: Token, suggestion: str) -> SyntaxProblem:
        sentence = f"`{token.text}` is not part of the language here."
        return SyntaxProblem(error("R165", self.place(token.start, token.end), sentence, suggestion))

    # Each level below binds more tightly than the one above it.

    def expression(self) -> Node:
        start = self.now.start
        self.nesting += 1
        if self.nesting > DEEPEST:
            raise self.too_large(start)
        then = self.joined("or")
        if self.skip("if"):
            condition = self.joined("or")
            self.expect("else", "after `a if condition`")
            otherwise = self.expression()
            parts = (condition, then, otherwise)
            then = self.make(Conditional, start, parts, condition=condition, then=then, otherwise=otherwise)
        self.nesting -= 1
        return then

    def joined(self, operator: str) -> Node:
        start = self.now.start
        operands = [self.joined("and") if operator == "or" else self.negation()]
        while self.skip(operator):
            operands.append(self.joined("and") if operator == "or" else self.negation())
        if len(operands) == 1:
            return operands[0]
        return self.make(Joined, start, operands, operator=operator, operands=tuple(operands))

    def negation(self) -> Node:
        start = self.now.start
        signs = 0
        while self.skip("not"):
            signs += 1
        node = self.comparison()
        for _ in range(signs):
            node = self.make(Negation, start, (node,), operand=node)
        return node

    def comparison(self) -> Node:
        start = self.now.start
        first = self.sum()
        if self.now.kind is TokenKind.KEYWORD and self.now.text in ("between", "in", "not"):
            return self.range_or_member(start, first)
        operands, operators = [first], []
        while self.now.kind is TokenKind.SIGN and self.now.text in COMPARISONS:
            operators.append(self.advance().text)
            operands.append(self.sum())
        if self.now.text == "=" and self.now.kind is TokenKind.SIGN:
            raise self.foreign(self.now, "Two values are compared with `==`.")
        if not operators:
            return first
        return self.make(Chain, start, operands, operands=tuple(operands), operators=tuple(operators))

    def range_or_member(self, start: int, operand: Node) -> Node:
        if self.skip("between"):
            low = self.sum()
            self.expect("and", "between the two bounds")
            high = self.sum()
            return self.make(Range, start, (operand, low, high), operand=operand, low=low, high=high)
        negated = self.skip("not")
        self.expect("in", "before a list")
        options = self.sum()
        return self.make(Member, start, (operand, options), operand=operand, options=options, negated=negated)

    def sum(self) -> Node:
        return self.calculation(("+", "-"), self.product)

    def product(self) -> Node:
        return self.calculation(("*", "/"), self.minus)

    def calculation(self, operators: tuple[str, str], operand: Any) -> Node:
        start = self.now.start
        left: Node = operand()
        while self.now.kind is TokenKind.SIGN and self.now.text in operators:
            operator = self.advance().text
            right: Node = operand()
            left = self.make(Calculation, start, (left, right), operator=operator, left=left, right=right)
        return left

    def minus(self) -> Node:
        start = self.now.start
        signs: list[int] = []
        while self.now.kind is TokenKind.SIGN and self.now.text in ("-", "+"):
            if self.now.text == "+":
                raise self.unexpected("A value was expected", "Leave the sign out.")
            signs.append(self.advance().start)
        node = self.selected()
        for sign in reversed(signs):
            node = self.make(Minus, sign if signs[0] != sign else start, (node,), operand=node)
        return node

    def selected(self) -> Node:
        start = self.now.start
        node = self.value()
        while self.now.kind is TokenKind.SIGN and self.now.text in ("[", "@", "(", "."):
            if self.skip("["):
                bars = self.expression()
                self.expect("]", "after the number of bars")
                node = self.make(Ago, start, (node, bars), operand=node, bars=bars)
            elif self.skip("@"):
                node = self.selection(start, node)
            else:
                raise self.not_a_thing(node)
        return node

    def not_a_thing(self, node: Node) -> SyntaxProblem:
        token = self.now
        if token.text == "(":
            return self.foreign(token, "Only functions of the catalogue can be called, by their name.")
        hint = "Another symbol or timeframe is chosen with `@`: `adx(14)@BTCUSDT.1d`."
        if isinstance(node, Value):
            hint = "Write the number with digits after the point."
        return self.foreign(token, hint)

    def selection(self, start: int, operand: Node) -> Node:
        chosen_start = self.now.start
        symbol, timeframe = "", ""
        if self.now.kind is TokenKind.NAME:
            symbol = self.advance().text
            if self.skip("."):
                timeframe = self.timeframe()
        else:
            timeframe = self.timeframe()
        chosen = self.place(chosen_start)
        fields = {"operand": operand, "symbol": symbol, "timeframe": timeframe, "chosen_place": chosen}
        return self.make(Selection, start, (operand,), **fields)

    def timeframe(self) -> str:
        if self.now.kind is not TokenKind.NUMBER:
            raise self.unexpected("A timeframe such as `1h` or a symbol was expected after `@`")
        return self.advance().text

    def value(self) -> Node:
        token = self.now
        if token.kind is TokenKind.NUMBER:
            return self.number()
        if token.kind is TokenKind.NAME:
            return self.name()
        if token.kind is TokenKind.STRING:
            self.advance()
            literal = Literal(token.text[1:-1], Kind(Unit.TEXT, series=True), self.place(token.start), token.text)
            return self.make(Value, token.start, literal=literal)
        if token.kind is TokenKind.TIME_OF_DAY:
            self.advance()
            return self.make(Value, token.start, literal=read_time_of_day(self.source, token.start, token.end))
        return self.grouped()

    def grouped(self) -> Node:
        start = self.now.start
        if self.skip("("):
            node = self.expression()
            self.expect(")", "to close the parenthesis")
            return node
        if self.skip("["):
            items = self.items("]")
            return self.make(Listing, start, items, items=tuple(items))
        if self.now.text == ".":
            raise self.unexpected("A value was expected", "Write a digit before the point, for example 0.5.")
        if self.now.text == "=":
            raise self.foreign(self.now, "Two values are compared with `==`.")
        raise self.unexpected("A value was expected")

    def items(self, closing: str) -> list[Node]:
        items: list[Node] = []
        while self.now.text != closing or self.now.kind is not TokenKind.SIGN:
            items.append(self.expression())
            if not self.skip(","):
                break
        self.expect(closing, "to close the list")
        return items

    def number(self) -> Node:
        token = self.advance()
        literal = read_number(self.source, token.start, token.end)
        if self.now.kind is TokenKind.NAME and literal.kind.unit in (Unit.COUNT, Unit.NUMBER):
            literal = self.coins(token, literal)
        return self.make(Value, token.start, literal=literal)

    def coins(self, number: Token, literal: Literal) -> Literal:
        coin = self.now
        if not coin.text.isupper():
            raise self.not_a_coin(literal, coin)
        if coin.text in FOREIGN_WORDS:
            raise self.foreign(coin, FOREIGN_WORDS[coin.text])
        self.advance()
        per = ""
        if self.now.text == "/" and self.next.kind is TokenKind.NAME and self.next.text.isupper():
            self.advance()
            per = self.advance().text
        text = self.source.text[number.start : self.tokens[self.at - 1].end]
        return with_coins(literal, coin.text, per, self.place(number.start), text)

    def not_a_coin(self, literal: Literal, coin: Token) -> SyntaxProblem:
        if coin.text in FOREIGN_WORDS:
            return self.foreign(coin, FOREIGN_WORDS[coin.text])
        hints = {"percent": f"Write `{literal.text}%`.", "pct": f"Write `{literal.text}%`."}
        for word, suffix in (("second", "s"), ("minute", "m"), ("hour", "h"), ("day", "d"), ("week", "w")):
            hints |= {word: f"Write `{literal.text}{suffix}`.", word + "s": f"Write `{literal.text}{suffix}`."}
        if coin.text in ("usdt", "btc", "eth"):
            hints[coin.text] = f"Coins are written in capitals: `{literal.text} {coin.text.upper()}`."
        return self.unexpected("An operator or the unit of the number was expected", hints.get(coin.text, ""))

    def name(self) -> Node:
        token = self.advance()
        if token.text in FOREIGN_WORDS:
            raise self.foreign(token, FOREIGN_WORDS[token.text])
        path = [token.text]
        while self.now.text == "." and self.next.kind in (TokenKind.NAME, TokenKind.KEYWORD):
            self.advance()
            path.append(self.advance().text)
        if self.now.text == "(" and self.now.kind is TokenKind.SIGN:
            return self.call(token, path)
        return self.make(Name, token.start, path=tuple(path))

    def call(self, token: Token, path: list[str]) -> Node:
        name_place = self.place(token.start)
        if len(path) > 1:
            hint = f"Write `{path[-1]}(…)@{path[0]}` to compute it for another symbol."
            sentence = f"`{'.'.join(path)}` can't be called: functions have one plain name."
            raise SyntaxProblem(error("R165", name_place, sentence, hint))
        self.advance()
        arguments: list[Argument] = []
        while self.now.text != ")" or self.now.kind is not TokenKind.SIGN:
            arguments.append(self.argument())
            if not self.skip(","):
                break
        self.expect(")", f"to close the arguments of `{path[0]}`")
        values = [argument.value for argument in arguments]
        fields = {"function": path[0], "arguments": tuple(arguments), "name_place": name_place}
        return self.make(Call, token.start, values, **fields)

    def argument(self) -> Argument:
        start = self.now.start
        name = ""
        if self.now.kind is TokenKind.NAME and self.next.text == "=":
            name = self.advance().text
            self.advance()
        value = self.expression()
        return Argument(name, value, self.place(start))


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
