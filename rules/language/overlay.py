"""Books that extend another: the same tree with other params, and every part still knows its own file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules.language.document import Document, Fields, Scalar, Tree, shortened
from rules.language.findings import Finding, SyntaxProblem, did_you_mean, error, listed
from rules.language.literals import parse_literal
from rules.language.param import same_unit
from rules.language.source import Place
from rules.language.units import NAMES

REPLACED_KEYS = ("book", "about", "account", "symbols", "weights", "lends", "adopt", "mode")
LONGEST_LINE = 10


@dataclass(frozen=True, slots=True)
class Lineage:
    """A book with everything it takes from its parents, the nearest first; `parents` is empty when it stands alone."""

    document: Document
    root: Fields
    parents: tuple[str, ...]


def resolve(document: Document, by_name: Mapping[str, Document], findings: list[Finding]) -> Lineage | None:
    """Take in the parents of a book; None after reporting that one is unknown or that they go round in a circle."""
    line = [document]
    while "extends" in line[-1].root:
        parent = _parent(line, by_name, findings)
        if parent is None:
            return None
        line.append(parent)
    root = line[-1].root
    for child in reversed(line[:-1]):
        root = _overlaid(root, child.root, child is document, findings)
    return Lineage(document, root, tuple(each.root.word("book") for each in line[1:]))


def _parent(line: list[Document], by_name: Mapping[str, Document], findings: list[Finding]) -> Document | None:
    scalar = line[-1].root.scalar("extends")
    if scalar is None or not scalar.value:
        return None
    parent = by_name.get(scalar.value)
    if parent is None:
        if len(line) == 1:
            others = [name for name, each in by_name.items() if each is not line[0]]
            _report_unknown(scalar, others, findings)
        return None
    if parent in line:
        if parent is line[0]:
            _report_circle(line, scalar, findings)
        return None
    if len(line) > LONGEST_LINE:
        findings.append(error("R023", _extends_place(line[0]), f"More than {LONGEST_LINE} books extend each other."))
        return None
    return parent


def _report_unknown(scalar: Scalar, names: list[str], findings: list[Finding]) -> None:
    hint = did_you_mean(scalar.value, names) or (f"There are {listed(names, 'and')}." if names else "")
    findings.append(error("R022", scalar.place, f"There is no book `{shortened(scalar.value)}` to extend.", hint))


def _report_circle(line: list[Document], scalar: Scalar, findings: list[Finding]) -> None:
    names = [each.root.word("book") for each in line]
    sentence = f"The book extends itself: {' → '.join([*names, scalar.value])}."
    places = tuple(_extends_place(each) for each in line[1:])
    findings.append(error("R023", _extends_place(line[0]), sentence, "One of them has to stand on its own.", places))


def _extends_place(document: Document) -> Place:
    scalar = document.root.scalar("extends")
    return document.root.place if scalar is None else scalar.place


def _overlaid(parent: Fields, child: Fields, report: bool, findings: list[Finding]) -> Fields:
    taken = {key.value: (key, value) for key, value in child if key.value in REPLACED_KEYS}
    params = dict(_params(parent.section("params"), child.section("params"), findings if report else []))
    key = parent.key("params")
    if params and key is not None:
        taken["params"] = (key, parent.section("params").with_entries(params))
    elif report:
        _report_no_params(child, findings)
    search = child.key("search")
    if search is not None:
        own = {key.value: (key, value) for key, value in child.section("search")}
        taken["search"] = (search, parent.section("search").with_entries(own))
    return parent.with_entries(taken)


def _report_no_params(child: Fields, findings: list[Finding]) -> None:
    for key, _ in child.section("params"):
        if not any(finding.place == key.place for finding in findings):
            findings.append(error("R024", key.place, "The book that is extended has no params."))


def _params(parent: Fields, child: Fields, findings: list[Finding]) -> Iterator[tuple[str, tuple[Scalar, Tree]]]:
    for key, value in child:
        earlier = parent.get(key.value)
        if earlier is None:
            names = [name.value for name, _ in parent]
            if names:
                hint = did_you_mean(key.value, names) or f"It has {listed(names, 'and')}."
                sentence = f"The book that is extended has no param `{shortened(key.value)}`."
                findings.append(error("R024", key.place, sentence, hint))
            continue
        report_other_unit(earlier, value, "in the book that is extended", findings)
        yield key.value, (key, with_value(earlier, value))


def with_value(earlier: Tree, value: Tree) -> Tree:
    """Give a param another value; its range stays when only the value is new."""
    if not isinstance(earlier, Fields):
        return value
    inner = value if isinstance(value, Fields) else None
    if inner is not None:
        return earlier.with_entries({key.value: (key, tree) for key, tree in inner})
    key = earlier.key("value")
    return value if key is None else earlier.with_entries({"value": (key, value)})


def report_other_unit(earlier: Tree, value: Tree, there: str, findings: list[Finding]) -> bool:
    """Say whether a new value has another unit than the earlier one has `there`, after reporting it."""
    before, after = _value_of(earlier), _value_of(value)
    if before is None or after is None or before.text is None or after.text is None:
        return False
    try:
        old, new = parse_literal(before.text), parse_literal(after.text)
    except SyntaxProblem:
        return False  # reported where the param is read
    if same_unit(old, new):
        return False
    sentence = f"`{new.text}` is {NAMES[new.kind.unit]}; {there} it is {NAMES[old.kind.unit]}."
    findings.append(error("R043", after.place, sentence, f"There it is `{old.text}`.", (before.place,)))
    return True


def _value_of(tree: Tree) -> Scalar | None:
    return tree if isinstance(tree, Scalar) else tree.scalar("value") if isinstance(tree, Fields) else None
