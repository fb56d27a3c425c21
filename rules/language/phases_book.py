"""From the tree of a book of phases to the phases: in order, with engines, capital and gates that can be meant."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from rules.language.document import Document, Fields, Scalar, shortened
from rules.language.findings import did_you_mean, error, listed
from rules.language.fingerprint import fingerprint
from rules.language.governance_books import GovernanceScope
from rules.language.measured import GATE
from rules.language.phases import Account, EngineOfBooks, Gate, Phase, Phases, ResultOf
from rules.language.units import Unit
from rules.language.values import decimal_in

PHASES = "phases"
RESULTS = "backtest"
RESULT_WORDS = tuple(ResultOf)


def read_phases(document: Document, scope: GovernanceScope, books: Sequence[str]) -> Phases | None:
    """Read the phases; None after reporting why they can't be used."""
    before = len(scope.findings)
    section = document.root.section("engines")
    engines = {key.value: _engine(key, fields, scope) for key, fields in section if isinstance(fields, Fields)}
    _check_engines(section, books, scope)
    phases = [
        _phase(key, fields, engines, scope)
        for key, fields in document.root.section(PHASES)
        if isinstance(fields, Fields)
    ]
    _check_capital(document.root.section(PHASES), phases, scope)
    if len(scope.findings) > before:
        return None
    whole = Phases(tuple(phases), MappingProxyType(engines), document.file)
    return replace(whole, version=fingerprint(whole))


# ── engines ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _engine(key: Scalar, fields: Fields, scope: GovernanceScope) -> EngineOfBooks:
    known = _engines_with_results(scope)
    if key.value not in known:
        hint = did_you_mean(key.value, known) or f"There are {listed(known, 'and')}."
        sentence = f"No results are measured of an engine `{shortened(key.value)}`."
        scope.findings.append(error("R056", key.place, sentence, hint))
    result = fields.word("result")
    books = tuple(scalar.value for scalar in fields.scalars("books"))
    return EngineOfBooks(key.value, books, ResultOf(result) if result in RESULT_WORDS else ResultOf.TRADE)


def _engines_with_results(scope: GovernanceScope) -> list[str]:
    parts = [name.split(".") for name in scope.scope.vocabulary.facts]
    return list(dict.fromkeys(path[1] for path in parts if path[0] == RESULTS and len(path) == 3))


def _check_engines(section: Fields, books: Sequence[str], scope: GovernanceScope) -> None:
    """A book belongs to one engine. One that isn't there has no results yet; one that is nearly there is misspelt."""
    seen: dict[str, Scalar] = {}
    for name in (scalar for _, fields in section if isinstance(fields, Fields) for scalar in fields.scalars("books")):
        if name.value in seen:
            sentence = f"The book `{name.value}` belongs to an engine already."
            also = (seen[name.value].place,)
            scope.findings.append(error("R056", name.place, sentence, "Leave one of them.", also))
        elif books and name.value not in books and did_you_mean(name.value, books):
            sentence, hint = f"There is no book `{shortened(name.value)}`.", did_you_mean(name.value, books)
            scope.findings.append(error("R022", name.place, sentence, hint))
        seen.setdefault(name.value, name)


# ── phases ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _phase(key: Scalar, fields: Fields, engines: Mapping[str, EngineOfBooks], scope: GovernanceScope) -> Phase:
    for name in fields.scalars("engines"):
        if name.value not in engines:
            hint = did_you_mean(name.value, engines) or f"There are {listed(engines, 'and')}."
            sentence = f"The phases know no engine `{shortened(name.value)}`."
            scope.findings.append(error("R056", name.place, sentence, hint))
    capital = fields.section("capital")
    return Phase(
        name=key.value,
        about=fields.word("about"),
        account=Account.DEMO if fields.word("account") == Account.DEMO else Account.LIVE,
        engines=tuple(scalar.value for scalar in fields.scalars("engines")),
        capital_from=decimal_in(capital.scalar("from"), Unit.MONEY, scope.findings, scope.scope),
        capital_to=decimal_in(capital.scalar("to"), Unit.MONEY, scope.findings, scope.scope),
        gates=tuple(_gates(fields.section("gates"), scope)),
        place=key.place,
    )


def _gates(section: Fields, scope: GovernanceScope) -> Iterator[Gate]:
    for key, tree in section:
        condition = GATE.read(key.value, tree, scope) if isinstance(tree, Scalar) else None
        if condition is not None:
            yield Gate(key.value, condition, key.place)


def _check_capital(section: Fields, phases: Sequence[Phase], scope: GovernanceScope) -> None:
    """Within a phase the bounds are in order; from one phase with real money to the next it doesn't get less."""
    earlier: Phase | None = None
    for phase in phases:
        place = (section.section(phase.name).key("capital") or Scalar("", phase.place, None)).place
        low, high = phase.capital_from, phase.capital_to
        if low is not None and high is not None and low > high:
            sentence = f"`{phase.name}` begins with more than it may have."
            scope.findings.append(error("R057", place, sentence, "Exchange the two amounts."))
        if earlier is not None and phase.account is Account.LIVE and _less(high, earlier.capital_to):
            sentence = f"`{phase.name}` may have less than `{earlier.name}`, which stands before it."
            hint = "Phases stand in the order in which capital grows."
            scope.findings.append(error("R057", place, sentence, hint, (earlier.place,)))
        earlier = phase if phase.account is Account.LIVE else earlier


def _less(high: Decimal | None, earlier: Decimal | None) -> bool:
    return high is not None and (earlier is None or high < earlier)
