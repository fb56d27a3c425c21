"""The params of a book: named values with units, and the range in which they may be changed."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from rules.language.book import Param
from rules.language.document import Fields, Scalar, Tree
from rules.language.findings import Finding, error
from rules.language.literals import TRUTHS, Literal
from rules.language.tokens import KEYWORDS
from rules.language.units import BARE, NAMES, Unit
from rules.language.values import literal_in
from rules.language.vocabulary import CALENDAR, COLUMNS, Vocabulary


def read_params(section: Fields, vocabulary: Vocabulary, findings: list[Finding]) -> dict[str, Param]:
    """Read every param that can be read."""
    params: dict[str, Param] = {}
    for key, tree in section:
        report_taken_name(key, vocabulary, "param", findings)
        param = _read(key, tree, findings)
        if param is not None:
            params[key.value] = param
    return params


def literal_of(param: Param) -> Literal:
    """Give a param as expressions see it."""
    return Literal(param.value, param.kind, param.place, param.text)


def report_taken_name(key: Scalar, vocabulary: Vocabulary, what: str, findings: list[Finding]) -> None:
    """Report a name that already means something else."""
    name = key.value
    meanings: tuple[tuple[Callable[[str], bool], str], ...] = (
        (KEYWORDS.__contains__, "a word of the language"),
        (TRUTHS.__contains__, "a word of the language"),
        (COLUMNS.__contains__, "a column of the candles"),
        (CALENDAR.__contains__, "read from the calendar"),
        (vocabulary.facts.__contains__, "a fact that the engine knows"),
        (vocabulary.symbols.__contains__, "a symbol"),
    )
    meaning = next((words for knows, words in meanings if knows(name)), "")
    if meaning:
        sentence = f"`{name}` is {meaning} already; this {what} needs another name."
        findings.append(error("R045", key.place, sentence, f"Call it for example `my_{name}`."))


def _read(key: Scalar, tree: Tree, findings: list[Finding]) -> Param | None:
    fields = tree if isinstance(tree, Fields) else Fields((), key.place)
    scalar = tree if isinstance(tree, Scalar) else fields.scalar("value")
    literal = None if scalar is None else literal_in(scalar, findings)
    if literal is None:
        return None
    low, high = (_bound(fields.scalar(name), literal, findings) for name in ("from", "to"))
    _report_range(literal, low, high, findings)
    return Param(
        key.value,
        literal.kind,
        literal.value,
        literal.place,
        literal.place.file,
        literal.text,
        None if low is None else low.value,
        None if high is None else high.value,
        fields.word("about"),
    )


def _bound(scalar: Scalar | None, value: Literal, findings: list[Finding]) -> Literal | None:
    bound = None if scalar is None else literal_in(scalar, findings)
    if bound is None:
        return None
    if not same_unit(bound, value):
        sentence = f"`{bound.text}` is {NAMES[bound.kind.unit]}, the value `{value.text}` is {NAMES[value.kind.unit]}."
        findings.append(error("R043", bound.place, sentence, "A range has the unit of its value.", (value.place,)))
        return None
    if _size(bound) is None:
        findings.append(error("R043", bound.place, f"`{bound.text}` has no order, so it can't be the end of a range."))
        return None
    return bound


def same_unit(one: Literal | Param, other: Literal | Param) -> bool:
    """Say whether one value may stand in place of another."""
    units = {one.kind.unit, other.kind.unit}
    quotient = isinstance(one.value, Fraction) or isinstance(other.value, Fraction)
    return len(units) == 1 or units <= BARE or (quotient and units <= BARE | {Unit.RATIO})


def _size(literal: Literal) -> Fraction | None:
    value = literal.value
    if isinstance(value, bool) or not isinstance(value, Decimal | Fraction | int):
        return None
    return Fraction(value)


def _report_range(literal: Literal, low: Literal | None, high: Literal | None, findings: list[Finding]) -> None:
    value = _size(literal)
    least = None if low is None else _size(low)
    most = None if high is None else _size(high)
    if low is not None and least is not None and value is not None and value < least:
        sentence = f"`{literal.text}` is less than the least value, `{low.text}`."
        findings.append(error("R043", literal.place, sentence, "", (low.place,)))
    if high is not None and most is not None and value is not None and value > most:
        sentence = f"`{literal.text}` is more than the largest value, `{high.text}`."
        findings.append(error("R043", literal.place, sentence, "", (high.place,)))
