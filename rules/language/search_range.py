"""Which values of its params a search over a book may try: ranges with a step, or lists."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from rules.language.book import Param, Searched
from rules.language.document import Fields, Items, Scalar, Tree, shortened
from rules.language.findings import Finding, SyntaxProblem, did_you_mean, error, listed
from rules.language.literals import Literal, parse_literal
from rules.language.param import same_unit
from rules.language.source import Place, Text
from rules.language.units import NAMES, NUMERIC, Unit
from rules.language.values import literal_in

CLUSTERS = ("calm", "middle", "wild")
ANY = "any"
MOST_VALUES = 1_000
ORDERED = NUMERIC | {Unit.DURATION}

_RANGE = re.compile(r"(?P<low>\S.*?)\s*\.\.\s*(?P<high>\S.*?)(?:\s+step\s+(?P<step>\S.*))?")
_NUMBER = re.compile(r"(?P<digits>-?[0-9.]+)(?P<unit>.*)")


def read_search(section: Fields, params: Mapping[str, Param], findings: list[Finding]) -> Mapping[str, Searched]:
    """Read what a search may change; of a param that can't be read nothing is said again."""
    searched: dict[str, Searched] = {}
    for key, tree in section:
        param = params.get(key.value)
        if param is None:
            _report_unknown(key, params, findings)
            continue
        before = len(findings)
        values = {name: _values(part, param, findings) for name, part in _parts(tree)}
        if len(findings) == before and values:
            searched[key.value] = Searched(key.value, values.pop(ANY, ()), MappingProxyType(values), key.place)
    return MappingProxyType(searched)


def _parts(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield what is tried, by cluster of coins where these differ."""
    if isinstance(tree, Fields):
        yield from ((key.value, part) for key, part in tree)
    else:
        yield ANY, tree


def _report_unknown(key: Scalar, params: Mapping[str, Param], findings: list[Finding]) -> None:
    hint = did_you_mean(key.value, params) or (f"It has {listed(params, 'and')}." if params else "It has none.")
    sentence = f"The book has no param `{shortened(key.value)}` that could be searched."
    findings.append(error("R061", key.place, sentence, hint))


def _values(tree: Tree, param: Param, findings: list[Finding]) -> tuple[str, ...]:
    if isinstance(tree, Items):
        literals = [literal_in(item, findings) for item in tree.items if isinstance(item, Scalar)]
        values = [literal for literal in literals if literal is not None]
    else:
        values = _range(tree, findings) if isinstance(tree, Scalar) else []
    for value in values:
        if _report_unfit(value, param, findings):
            return ()
    return tuple(dict.fromkeys(value.text for value in values))


def _range(scalar: Scalar, findings: list[Finding]) -> list[Literal]:
    """Give every value of `low..high step step`, ends included; nothing after reporting what is wrong."""
    text = scalar.text
    found = None if text is None else _RANGE.fullmatch(text.text)
    if text is None or found is None:
        hint = "Write a range with a step, such as `100..300 step 10`, or a list, such as `[50, 100]`."
        findings.append(error("R061", scalar.place, f"`{shortened(scalar.value)}` leaves nothing to search.", hint))
        return []
    if found["step"] is None:
        hint = f"Write for example `{text.text} step {_some_step(found['low'], found['high'])}`."
        findings.append(error("R061", scalar.place, "A range to search needs a step.", hint))
        return []
    try:
        ends = [parse_literal(_part(text, *found.span(name))) for name in ("low", "high", "step")]
    except SyntaxProblem as problem:
        findings.append(problem.finding)
        return []
    return _steps(ends[0], ends[1], ends[2], scalar.place, findings)


def _steps(low: Literal, high: Literal, step: Literal, place: Place, findings: list[Finding]) -> list[Literal]:
    numbers = [_NUMBER.fullmatch(end.text) for end in (low, high, step)]
    units = {"" if number is None else number["unit"] for number in numbers}
    if low.kind.unit not in ORDERED or None in numbers or len(units) > 1:
        hint = "Write all three in the same unit, such as `1%..3% step 0.5%` or `7d..28d step 7d`."
        findings.append(error("R061", place, "Both ends and the step of a range are numbers of one unit.", hint))
        return []
    first, last, by = (Decimal(number["digits"]) for number in numbers if number is not None)
    if by <= 0 or first >= last:
        hint = "Write the smaller value first, and a step above zero."
        findings.append(error("R061", place, "A range to search rises from its first value to its last.", hint))
        return []
    if (last - first) % by or (last - first) / by >= MOST_VALUES:
        _report_step(low, high, step, place, findings)
        return []
    texts = (_plain(first + by * number) + units.copy().pop() for number in range(int((last - first) / by) + 1))
    return [parse_literal(Text(text, place)) for text in texts]


def _report_step(low: Literal, high: Literal, step: Literal, place: Place, findings: list[Finding]) -> None:
    first, last, by = (Fraction(str(end.value)) for end in (low, high, step))
    if (last - first) / by >= MOST_VALUES:
        findings.append(error("R061", place, f"A range has at most {MOST_VALUES:,} values.", "Take larger steps."))
        return
    sentence = f"Steps of `{step.text}` from `{low.text}` don't end at `{high.text}`."
    findings.append(error("R061", place, sentence, "Change the step, or the value at which the range ends."))


def _report_unfit(value: Literal, param: Param, findings: list[Finding]) -> bool:
    """Say whether a value can't be one of the param, after reporting it."""
    if not same_unit(value, param):
        sentence = f"`{value.text}` is {NAMES[value.kind.unit]}; the param `{param.name}` is {NAMES[param.kind.unit]}."
        findings.append(error("R061", value.place, sentence, f"It is `{param.text}` now.", (param.place,)))
        return True
    size = value.value
    if isinstance(size, Decimal | Fraction | int):
        low, high = (end if isinstance(end, Decimal | Fraction | int) else size for end in (param.low, param.high))
        if not low <= size <= high:
            sentence = f"`{value.text}` lies outside of what the param `{param.name}` may be."
            findings.append(error("R061", value.place, sentence, "Its range is under `params`.", (param.place,)))
            return True
    return False


def _part(text: Text, start: int, end: int) -> Text:
    return Text(text.text[start:end], text.at(start, end))


def _some_step(low: str, high: str) -> str:
    """Give a tenth of a range, or a word where it can't be told."""
    ends = [_NUMBER.fullmatch(end) for end in (low, high)]
    try:
        first, last = (Decimal(end["digits"]) for end in ends if end is not None)
    except (ArithmeticError, ValueError):
        return "1"
    return _plain((last - first) / 10) + (ends[0]["unit"] if ends[0] is not None else "")


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
