from collections.abc import Callable

import pytest

from rules.language.findings import Finding, SyntaxProblem
from rules.language.source import Place, Text, in_one_line
from rules.language.syntax import Calculation, Call, Chain, Conditional, Joined, Node, parse

Findings = Callable[..., list[Finding]]


def shape(node: Node) -> str:
    """Write the syntax with every pair of parentheses."""
    match node:
        case Calculation():
            return f"({shape(node.left)} {node.operator} {shape(node.right)})"
        case Chain():
            inner = [shape(operand) for operand in node.operands]
            return (
                "(" + " ".join(x for pair in zip(inner, (*node.operators, ""), strict=True) for x in pair).strip() + ")"
            )
        case Joined():
            return "(" + f" {node.operator} ".join(shape(operand) for operand in node.operands) + ")"
        case Conditional():
            return f"({shape(node.then)} if {shape(node.condition)} else {shape(node.otherwise)})"
    children = [getattr(node, "operand", None)]
    return f"{type(node).__name__}[{shape(children[0])}]" if children[0] is not None else node.text


@pytest.mark.spec("RULE-02")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("(a + b) * c", "((a + b) * c)"),
        ("a or b and c or d", "(a or (b and c) or d)"),
        ("not a and b", "(Negation[a] and b)"),
        ("not a > b", "Negation[(a > b)]"),
        ("-a * b", "(Minus[a] * b)"),
        ("-close[1]@1h", "Minus[Selection[Ago[close]]]"),
        ("a < b <= c", "(a < b <= c)"),
        ("a + 1 between b and c and d", "(Range[(a + 1)] and d)"),
        ("x not in [a, b]", "Member[x]"),
        ("a if b else c if d else e", "(a if b else (c if d else e))"),
        ("500 USDT / 60000 USDT/BTC", "(500 USDT / 60000 USDT/BTC)"),
        ("a\n  and b", "(a and b)"),
    ],
)
def test_operators_bind_as_on_paper(text: str, expected: str) -> None:
    assert shape(parse(in_one_line(text))) == expected


def test_a_call_keeps_its_arguments_and_their_places() -> None:
    call = parse(in_one_line("signal(long, risk=2 * x)"))
    assert isinstance(call, Call)
    assert call.function == "signal"
    assert [(argument.name, argument.value.text) for argument in call.arguments] == [("", "long"), ("risk", "2 * x")]
    assert call.arguments[1].place.column == 14


@pytest.mark.spec("RULE-03")
def test_places_are_those_of_the_file_also_on_later_lines() -> None:
    text = Text("close > open\n  and 3 3", Place("trend.yaml", 7, 15, 30), indent=9)
    with pytest.raises(SyntaxProblem) as problem:
        parse(text)
    assert problem.value.finding.place == Place("trend.yaml", 8, 17, 1)


@pytest.mark.spec("RULE-03")
@pytest.mark.parametrize(
    ("text", "code", "column", "hint"),
    [
        ("", "R161", 1, ""),
        ("   ", "R161", 1, ""),
        ("x = 3", "R165", 3, "`==`"),
        ("a && b", "R165", 3, "`and`"),
        ("a || b", "R165", 3, "`or`"),
        ("!a", "R165", 1, "`not`"),
        ("a ** 2", "R165", 3, "powers"),
        ("a ^ 2", "R165", 3, "powers"),
        ("a => 2", "R165", 3, "`>=`"),
        ("a is 2", "R165", 3, "`==`"),
        ("a AND b", "R165", 3, "`and`"),
        ("lambda", "R165", 1, "facts"),
        ("a if b: c", "R165", 7, "if condition else"),
        ("f(a)(b)", "R165", 5, "catalogue"),
        ("f(a).b", "R165", 5, "`@`"),
        ("ETHUSDT.adx(14)", "R165", 1, "`adx(…)@ETHUSDT`"),
        ("f(a,,b)", "R164", 5, ""),
        ("f(a", "R164", 4, ""),
        ("(a", "R164", 3, ""),
        ("a ]", "R164", 3, ""),
        ("a if b", "R164", 7, ""),
        ("a between 1 or 2", "R164", 13, ""),
        ("1 2", "R164", 3, ""),
        ("close@", "R164", 7, ""),
        ("close > > 3", "R164", 9, ""),
        (".5", "R164", 1, "0.5"),
        ("'abc", "R166", 1, "'"),
        ("а > 3", "R162", 1, "look like"),  # noqa: RUF001 - a Cyrillic letter
        ("a − 3", "R162", 3, "`-`"),
        ("a\x00b", "R162", 2, ""),
        ("a\tb", "R162", 2, "space"),
        ("a \u202e b", "R162", 3, ""),
        ("1e5", "R163", 1, "exponent"),
        ("1_000", "R163", 1, "1000"),
        ("1.", "R165", 2, ""),
        ("1.2.3", "R163", 1, ""),
        ("007", "R163", 1, ""),
        ("50,000 USDT", "R164", 3, ""),
        ("14 days", "R164", 4, "`14d`"),
        ("14days", "R163", 1, "`14d`"),
        ("500USDT", "R163", 1, "`500 USDT`"),
        ("500 usdt", "R164", 5, "`500 USDT`"),
        ("5 percent", "R164", 3, "`5%`"),
        ("2 %", "R165", 3, "`2%`"),
        ("2% USDT", "R164", 4, ""),
        ("5 BTC/ETH", "R163", 1, ""),
        ("25:00", "R163", 1, ""),
        ("9" * 1000, "R163", 1, ""),
        ("0." + "9" * 1000, "R163", 1, ""),
        ("(" * 900 + "1" + ")" * 900, "R167", 51, ""),
        ("-" * 1900 + "1", "R167", None, ""),
        ("not " * 400 + "a", "R167", 1, ""),
        ("[" * 1000, "R167", 51, ""),
        ("f(" * 900, "R167", None, ""),
        ("1+" * 900 + "1", "R167", 1, ""),
        ("1+" * 60 + "1", "R167", 1, ""),
        ("a if b else " * 150 + "c", "R167", None, ""),
        ("[" + "1," * 800 + "1]", "R167", None, ""),
        ("x" * 10_000, "R167", 1, ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_hint(
    findings_of: Findings, text: str, code: str, column: int | None, hint: str
) -> None:
    (finding,) = findings_of(text)
    assert (finding.code, finding.place.line) == (code, 1), str(finding)
    assert column is None or finding.place.column == column, str(finding)
    assert hint in finding.suggestion, str(finding)
