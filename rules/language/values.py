"""Values of a known unit, read from the single values of a file."""

from decimal import Decimal
from fractions import Fraction

from rules.language.checking import check_types
from rules.language.document import Scalar
from rules.language.findings import Finding, SyntaxProblem, error
from rules.language.literals import Literal, parse_literal
from rules.language.nodes import Node
from rules.language.source import Text
from rules.language.syntax import parse
from rules.language.typed import Constant, Typed
from rules.language.units import NAMES, Kind, Unit
from rules.language.vocabulary import Scope

NOTHING_KNOWN = Scope()


def text_of(scalar: Scalar, findings: list[Finding]) -> Text | None:
    """Give the text of an expression; None after reporting why it can't be one."""
    if scalar.text is None and scalar.unfit:
        sentence = "An expression can't be written in this way, because what is read is not what stands here."
        findings.append(error("R010", scalar.place, sentence, scalar.unfit))
    return scalar.text


def syntax_of(scalar: Scalar, findings: list[Finding]) -> Node | None:
    """Read an expression; None after reporting why it can't be read."""
    text = text_of(scalar, findings)
    if text is None:
        return None
    try:
        return parse(text)
    except SyntaxProblem as problem:
        findings.append(problem.finding)
        return None


def literal_in(scalar: Scalar, findings: list[Finding]) -> Literal | None:
    """Read a value that stands alone; what is in quotes and is no value is a text."""
    text = None if scalar.text is None and scalar.quoted else text_of(scalar, findings)
    try:
        if text is not None:
            return parse_literal(text)
    except SyntaxProblem as problem:
        if not scalar.quoted:
            findings.append(problem.finding)
            return None
    if not scalar.quoted:
        return None
    return Literal(scalar.value, Kind(Unit.TEXT, series=True), scalar.place, scalar.value)


def typed_in(scalar: Scalar, scope: Scope, expected: Kind, findings: list[Finding]) -> Typed | None:
    """Read an expression of a known kind; None after reporting why it isn't one."""
    node = syntax_of(scalar, findings)
    if node is None:
        return None
    before = len(findings)
    typed = check_types(node, scope, findings, expected)
    return typed if len(findings) == before and typed.kind.unit is not Unit.WRONG else None


def constant_in(scalar: Scalar, unit: Unit, findings: list[Finding], scope: Scope = NOTHING_KNOWN) -> Constant | None:
    """Read a plain value of a known unit, or the name of a param that has it."""
    typed = typed_in(scalar, scope, Kind(unit), findings)
    if typed is None or isinstance(typed, Constant):
        return typed
    sentence = f"`{typed.text}` has to be computed; {NAMES[unit]} that is known beforehand is needed here."
    findings.append(error("R168", scalar.place, sentence, "Write the value itself, or the name of a param."))
    return None


def decimal_in(
    scalar: Scalar | None, unit: Unit, findings: list[Finding], scope: Scope = NOTHING_KNOWN
) -> Decimal | None:
    """Read a decimal of a known unit; None when there is none or after reporting why it isn't one."""
    constant = None if scalar is None else constant_in(scalar, unit, findings, scope)
    return None if constant is None else Decimal(constant.value)


def duration_in(scalar: Scalar | None, findings: list[Finding], scope: Scope = NOTHING_KNOWN) -> int | None:
    """Read a duration in milliseconds; None when there is none or after reporting why it isn't one."""
    value = decimal_in(scalar, Unit.DURATION, findings, scope)
    return None if value is None else int(value)


def fraction_in(scalar: Scalar, findings: list[Finding]) -> Fraction | None:
    """Read a ratio exactly, `1/3` included; None after reporting why it isn't one."""
    literal = literal_in(scalar, findings)
    if literal is None:
        return None
    if literal.kind.unit is Unit.RATIO or isinstance(literal.value, Fraction):
        return Fraction(str(literal.value))
    hint = f"Write `{literal.text}%`." if literal.kind.unit in (Unit.COUNT, Unit.NUMBER) else ""
    sentence = f"`{literal.text}` is {NAMES[literal.kind.unit]}; a ratio such as `40%` or `2/3` is needed here."
    findings.append(error("R124", literal.place, sentence, hint))
    return None


def within(
    scalar: Scalar | None, value: Decimal | None, bounds: tuple[Decimal, Decimal], words: str, findings: list[Finding]
) -> None:
    """Report a value outside its bounds, which are included; `words` name them."""
    if scalar is not None and value is not None and not bounds[0] <= value <= bounds[1]:
        findings.append(error("R053", scalar.place, f"`{scalar.value}` is out of range: {words} is needed here."))
