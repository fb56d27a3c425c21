"""Values that stand alone, as in `params:`: the same grammar as in expressions, nothing computed but `a/b`."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from rules.language.findings import SyntaxProblem, error
from rules.language.numerals import Literal, LiteralValue, Scalar
from rules.language.source import Text
from rules.language.syntax import Calculation, Listing, Minus, Name, Node, Value, parse
from rules.language.units import BARE, NUMERIC, Kind, Unit

__all__ = ["TRUTHS", "Literal", "LiteralValue", "Scalar", "literal_of", "parse_literal", "word_of"]

TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def parse_literal(text: Text) -> Literal:
    """Read one value: `25`, `2%`, `500 USDT`, `14d`, `08:00`, `1/3`, `yes`, `patient`, `"two words"`, `[a, b]`.

    Raises:
        SyntaxProblem: when it can't be read, or has to be computed.
    """
    return literal_of(parse(text))


def literal_of(node: Node) -> Literal:
    """Give the value of syntax that is a literal.

    Raises:
        SyntaxProblem: when it has to be computed.
    """
    if isinstance(node, Value):
        return node.literal
    if isinstance(node, Listing):
        return _list(node)
    if isinstance(node, Minus):
        return _negative(node)
    word = word_of(node)
    if word in TRUTHS:
        return Literal(TRUTHS[word], Kind(Unit.BOOL, series=True), node.place, node.text)
    if word:
        return Literal(word, Kind(Unit.TEXT, series=True), node.place, node.text)
    if isinstance(node, Calculation) and node.operator == "/":
        return _quotient(node)
    raise _not_a_literal(node)


def word_of(node: Node) -> str:
    """Give a bare word, also one with hyphens such as `core-hodl`, or an empty text when it is something else."""
    if isinstance(node, Name):
        return node.dotted if len(node.path) == 1 else ""
    if isinstance(node, Calculation) and node.operator == "-" and " " not in node.text:
        left, right = word_of(node.left), _word_part(node.right)
        return f"{left}-{right}" if left and right else ""
    return ""


def _word_part(node: Node) -> str:
    if isinstance(node, Value) and node.literal.kind.unit is Unit.COUNT:
        return node.text
    return word_of(node)


def _list(node: Listing) -> Literal:
    items = tuple(literal_of(item) for item in node.items)
    unit = items[0].kind.unit if items else Unit.TEXT
    for item in items:
        if item.kind.unit is not unit and not {item.kind.unit, unit} <= BARE:
            sentence = f"A list holds values of one kind; `{item.text}` differs from `{items[0].text}`."
            raise SyntaxProblem(error("R127", item.place, sentence))
    return Literal(items, Kind(unit, series=True), node.place, node.text)


def _negative(node: Minus) -> Literal:
    literal = literal_of(node.operand)
    value = literal.value
    if literal.kind.unit not in NUMERIC or not isinstance(value, Decimal | Fraction | int):
        raise SyntaxProblem(error("R168", node.place, f"`{literal.text}` can't be negative."))
    unit = Unit.NUMBER if literal.kind.unit is Unit.COUNT else literal.kind.unit
    return Literal(-value, replace(literal.kind, unit=unit), node.place, node.text)


def _quotient(node: Calculation) -> Literal:
    above, below = literal_of(node.left), literal_of(node.right)
    if not {above.kind.unit, below.kind.unit} <= BARE:
        raise _not_a_literal(node)
    divisor = Fraction(str(below.value))
    if divisor == 0:
        raise SyntaxProblem(error("R126", below.place, "Nothing can be divided by zero."))
    return Literal(Fraction(str(above.value)) / divisor, Kind(Unit.NUMBER, series=True), node.place, node.text)


def _not_a_literal(node: Node) -> SyntaxProblem:
    sentence = f"`{node.text}` has to be computed; a plain value is needed here."
    return SyntaxProblem(error("R168", node.place, sentence, "Write the value, or name the expression under `facts:`."))
