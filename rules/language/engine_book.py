"""From the tree of an engine's book to the book: header, params, facts, weights and rules."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from rules.language.book import Book, Param, Rule, Setting
from rules.language.document import Fields, Items, Scalar, Tree, shortened
from rules.language.findings import Finding, did_you_mean, error, listed
from rules.language.fingerprint import fingerprint
from rules.language.machine_shape import MachineShape
from rules.language.named_facts import names_in, read_facts, unreadable
from rules.language.overlay import Lineage
from rules.language.param import literal_of, read_params
from rules.language.rule_reading import Surroundings, mode_of, read_rule
from rules.language.search_range import read_search
from rules.language.sentences import plain as written
from rules.language.typed import Typed
from rules.language.values import fraction_in
from rules.language.vocabulary import PERPETUAL, TIMEFRAMES_MS, Scope, Vocabulary, with_perpetual

SECTIONS = ("exits", "triggers", "entries")
VocabularyFor = Callable[[str, Sequence[str]], Vocabulary]


@dataclass(frozen=True, slots=True)
class EngineBook:
    """A book as far as it could be read, with what proofs want to know: `book` is None when it can't be used.

    `rules` are those that could be read, `complete` means all of them; `used` are the names that occur in rules and
    facts, `readable` means that there are no others.
    """

    name: str
    root: Fields
    machine: MachineShape | None
    rules: tuple[Rule, ...]
    complete: bool
    readable: bool
    facts: Mapping[str, Typed]
    params: Mapping[str, Param]
    used: frozenset[str]
    book: Book | None


def read_engine_book(
    lineage: Lineage, machines: Mapping[str, MachineShape], vocabulary_for: VocabularyFor, findings: list[Finding]
) -> EngineBook:
    """Read a book, with everything it takes from its parents."""
    before = len(findings)
    root = lineage.root
    machine = _machine(root, machines, findings)
    symbols = tuple(scalar.value for scalar in root.scalars("symbols"))
    vocabulary = vocabulary_for("" if machine is None else machine.name, symbols)
    _check_symbols(root, vocabulary, findings)
    _check_markets(root, machine, findings)
    _check_lends(root, lineage.document.file, findings)
    if _second_market(root):
        vocabulary = with_perpetual(vocabulary)
        symbols = (*symbols, PERPETUAL)
    scope = Scope(vocabulary=vocabulary, timeframe=_timeframe(root, findings))
    params = read_params(root.section("params"), vocabulary, findings)
    scope = with_params(scope, root.section("params"), params)
    if machine is None and root.word("machine"):
        # Without the machine's facts every name would be unknown, which helps nobody.
        return EngineBook(root.word("book"), root, None, (), False, False, {}, params, frozenset(), None)
    facts, nodes = read_facts(root.section("facts"), scope, findings)
    scope = replace(scope, facts={**scope.facts, **facts})
    weights = _weights(root, findings)
    search = read_search(root.section("search"), params, findings)
    around = Surroundings(machine, scope, mode_of(root))
    used = {name for node in nodes.values() for name in names_in(node, symbols)}
    rules: list[Rule] = []
    complete, readable = True, len(nodes) == len(facts)
    for section, key, fields in rules_in(root):
        raw = read_rule(section, key, fields, around, findings)
        used |= {name for node in raw.nodes for name in names_in(node, symbols)} | {fields.word("for")}
        rules += [raw.rule] if raw.rule else []
        complete, readable = complete and raw.rule is not None, readable and raw.readable
    if not weights and root.key("weights") is None:
        _check_unweighed(root, used, vocabulary, findings)
    book = None
    if len(findings) == before:
        book = replace(_book(lineage, params, facts, weights, tuple(rules)), search=search)
    return EngineBook(
        root.word("book"), root, machine, tuple(rules), complete, readable, facts, params, frozenset(used), book
    )


def with_params(scope: Scope, section: Fields, params: Mapping[str, Param]) -> Scope:
    """Let expressions see the params; those that couldn't be read have been reported and are no further mistake."""
    broken = {key.value: unreadable(key) for key, _ in section if key.value not in params}
    return replace(scope, params={name: literal_of(param) for name, param in params.items()}, facts=broken)


def rules_in(root: Fields) -> Iterator[tuple[str, Scalar, Fields]]:
    """List the rules of all sections, in the order of the file."""
    sections = [(key, value) for key, value in root if key.value in SECTIONS]
    for section, rules in sections:
        for key, fields in rules if isinstance(rules, Fields) else ():
            if isinstance(fields, Fields):
                yield section.value, key, fields


def _second_market(root: Fields) -> str:
    return next((scalar.value for scalar in root.scalars("market")[1:]), "")


def _check_markets(root: Fields, machine: MachineShape | None, findings: list[Finding]) -> None:
    key = root.key("market")
    if machine is None or key is None or machine.hedges == bool(_second_market(root)):
        return
    wants = "a coin together with its perpetual" if machine.hedges else "on one market"
    hint = "Write `market: [spot, linear]`." if machine.hedges else "Write `market: spot` or `market: linear`."
    findings.append(error("R048", key.place, f"The machine `{machine.name}` trades {wants}.", hint))


def _machine(root: Fields, machines: Mapping[str, MachineShape], findings: list[Finding]) -> MachineShape | None:
    scalar = root.scalar("machine")
    if scalar is None:
        return None
    if scalar.value not in machines:
        hint = did_you_mean(scalar.value, machines) or (f"There are {listed(machines, 'and')}." if machines else "")
        findings.append(error("R031", scalar.place, f"There is no machine `{shortened(scalar.value)}`.", hint))
    return machines.get(scalar.value)


def _timeframe(root: Fields, findings: list[Finding]) -> str:
    scalar = root.scalar("timeframe")
    if scalar is None:
        return ""
    if scalar.value in TIMEFRAMES_MS:
        return scalar.value
    sentence = f"`{shortened(scalar.value)}` is not a timeframe."
    hint = did_you_mean(scalar.value, TIMEFRAMES_MS) or f"They are {listed(TIMEFRAMES_MS, 'and', most=20)}."
    findings.append(error("R105", scalar.place, sentence, hint))
    return "1d"  # anything, so that no expression is reported for it as well


def _check_lends(root: Fields, file: str, findings: list[Finding]) -> None:
    """Only a coin that the book holds as a coin can be lent out; one that a parent names may be left out."""
    symbols = [scalar.value for scalar in root.scalars("symbols")]
    key = root.key("lends")
    if key is not None and "spot" not in {scalar.value for scalar in root.scalars("market")}:
        findings.append(error("R042", key.place, "A book of perpetuals has no coins to lend.", "Take `lends` out."))
    for scalar in root.scalars("lends"):
        if scalar.value not in symbols and scalar.place.file == file:
            hint = did_you_mean(scalar.value, symbols) or "Add it to `symbols`, or take it out here."
            sentence = f"`{shortened(scalar.value)}` is not one of the book's symbols."
            findings.append(error("R042", scalar.place, sentence, hint))


def _check_symbols(root: Fields, vocabulary: Vocabulary, findings: list[Finding]) -> None:
    seen: dict[str, Scalar] = {}
    for scalar in root.scalars("symbols"):
        if scalar.value in seen:
            sentence = f"`{scalar.value}` is listed twice."
            findings.append(error("R041", scalar.place, sentence, "Leave one of them.", (seen[scalar.value].place,)))
        elif not scalar.value.endswith("USDT"):
            sentence = f"`{shortened(scalar.value)}` is not traded against USDT."
            findings.append(error("R041", scalar.place, sentence, "Write for example `BTCUSDT`."))
        elif scalar.value not in vocabulary.symbols:
            hint = did_you_mean(scalar.value, vocabulary.symbols)
            findings.append(error("R041", scalar.place, f"`{shortened(scalar.value)}` is not on this market.", hint))
        seen.setdefault(scalar.value, scalar)


def _check_unweighed(root: Fields, used: Iterable[str], vocabulary: Vocabulary, findings: list[Finding]) -> None:
    names = sorted(name for name in used if name in vocabulary.facts and vocabulary.facts[name].needs_weights)
    if names:
        sentence = f"The book uses {listed(names, 'and')}, but gives its coins no weights."
        findings.append(error("R042", root.place, sentence, "Add `weights:` with a part for each symbol."))


def _weights(root: Fields, findings: list[Finding]) -> dict[str, Fraction]:
    key = root.key("weights")
    if key is None:
        return {}
    symbols = [scalar.value for scalar in root.scalars("symbols")]
    section = root.section("weights")
    weights: dict[str, Fraction] = {}
    before = len(findings)
    for name, tree in section:
        _check_weighed(name, symbols, findings)
        weight = fraction_in(tree, findings) if isinstance(tree, Scalar) else None
        if weight is not None:
            weights[name.value] = weight
            if weight < 0:
                findings.append(error("R042", tree.place, "A weight can't be negative."))
    missing = [symbol for symbol in symbols if symbol not in section]
    if missing:
        findings.append(
            error(
                "R042", key.place, f"{listed(missing, 'and')} has no weight.", "Give each symbol one; 0% is possible."
            )
        )
    total = sum(weights.values(), Fraction(0))
    if len(findings) == before and total != 1:
        sentence = f"The weights add up to {percent(total)}, not to 100%."
        difference = "too much" if total > 1 else "missing"
        findings.append(
            error(
                "R042", key.place, sentence, f"{percent(abs(1 - total))} {'is ' if total > 1 else 'are '}{difference}."
            )
        )
    return weights


def _check_weighed(name: Scalar, symbols: list[str], findings: list[Finding]) -> None:
    if name.value not in symbols:
        hint = did_you_mean(name.value, symbols) or "Add it to `symbols`, or take it out here."
        findings.append(error("R042", name.place, f"`{shortened(name.value)}` is not one of the book's symbols.", hint))


def percent(ratio: Fraction) -> str:
    """Write a ratio in percent, exactly where that is possible."""
    hundredfold = ratio * 100
    decimal = Decimal(hundredfold.numerator) / Decimal(hundredfold.denominator)
    if Fraction(decimal) == hundredfold:
        return f"{written(decimal)}%"
    return f"{float(hundredfold):.4f}% ({ratio})"


def _book(
    lineage: Lineage,
    params: Mapping[str, Param],
    facts: Mapping[str, Typed],
    weights: Mapping[str, Fraction],
    rules: tuple[Rule, ...],
) -> Book:
    root = lineage.root
    symbols = tuple(scalar.value for scalar in root.scalars("symbols"))
    book = Book(
        name=root.word("book"),
        about=root.word("about"),
        machine=root.word("machine"),
        account=root.word("account"),
        market=next((scalar.value for scalar in root.scalars("market")), ""),
        symbols=symbols,
        timeframe=root.word("timeframe"),
        directional=root.word("directional") in ("yes", "true"),
        params=MappingProxyType(dict(params)),
        facts=MappingProxyType(dict(facts)),
        weights=MappingProxyType(dict(weights)),
        rules=rules,
        file=lineage.document.file,
        version="",
        mode=mode_of(root),
        extends=lineage.parents[0] if lineage.parents else "",
        settings=tuple(settings_in(root, "")),
        hedged_on=_second_market(root),
        lends=tuple(name for scalar in root.scalars("lends") if (name := scalar.value) in symbols),
        adopt=root.word("adopt") in ("yes", "true"),
    )
    return replace(book, version=fingerprint(book))


def settings_in(tree: Tree, path: str) -> Iterator[Setting]:
    """List every value of a tree with its path and place."""
    if isinstance(tree, Fields):
        for key, value in tree:
            yield from settings_in(value, f"{path}.{key.value}" if path else key.value)
    elif isinstance(tree, Items) and not all(isinstance(item, Scalar) for item in tree.items):
        for number, item in enumerate(tree.items):
            yield from settings_in(item, f"{path}[{number}]")
    elif isinstance(tree, Items):
        words = ", ".join(item.value for item in tree.items if isinstance(item, Scalar))
        yield Setting(path, f"[{words}]", tree.place)
    else:
        yield Setting(path, tree.value, tree.place)
