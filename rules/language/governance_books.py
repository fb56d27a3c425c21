"""From the trees of governance books to checks and limits."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from rules.language.checking import check_types
from rules.language.document import Document, Fields, Scalar, shortened
from rules.language.engine_book import VocabularyFor, with_params
from rules.language.findings import Finding, SyntaxProblem, did_you_mean, error, listed
from rules.language.fingerprint import fingerprint
from rules.language.governance import CapBy, Check, Envelope
from rules.language.named_facts import names_in, read_facts
from rules.language.nodes import Calculation, Name, Node
from rules.language.param import read_params
from rules.language.proofs import unused
from rules.language.rule_reading import CONDITION, all_of, mode_of
from rules.language.source import Text
from rules.language.syntax import parse
from rules.language.typed import Constant, Typed
from rules.language.units import Kind, Unit
from rules.language.values import decimal_in, duration_in, syntax_of, text_of, within
from rules.language.vocabulary import Scope, Vocabulary

ZERO, ONE, MOST = Decimal(0), Decimal(1), Decimal(1_000_000)
ANSWERS = ("refuse_if", "scale", "cap")
CHECKS, BREAKERS = "checks", "breakers"
_PART_OF = re.compile(r"(?P<part>.*\S)\s+of\s+(?P<whole>[A-Za-z_.]+)\s*\Z", re.DOTALL)
_WHOLES = ("portfolio", "account")
_RATIO = Kind(Unit.RATIO)
_MONEY = Kind(Unit.MONEY)


@dataclass(frozen=True, slots=True)
class Known:
    """What governance may speak of by name: the books, machines and symbols of all engines."""

    books: tuple[str, ...]
    machines: tuple[str, ...]
    symbols: tuple[str, ...]

    def told(self, vocabulary: Vocabulary) -> Vocabulary:
        """Let names be written without quotes, and misspelt ones be found."""
        words = {
            "book": self.books,
            "machine": self.machines,
            "order.symbol": self.symbols,
            "order.asset": vocabulary.assets,
        }
        facts = {
            name: replace(fact, kind=replace(fact.kind, unit=Unit.ENUM, members=words[name]))
            if fact.kind.unit is Unit.TEXT and words.get(name)
            else fact
            for name, fact in vocabulary.facts.items()
        }
        return replace(vocabulary, facts=facts)


class GovernanceScope:
    """What the expressions of one governance book can name, and which of these names they use."""

    def __init__(
        self, root: Fields, kind: str, vocabulary_for: VocabularyFor, known: Known, findings: list[Finding]
    ) -> None:
        vocabulary = known.told(vocabulary_for(kind, known.symbols))
        scope = Scope(vocabulary=vocabulary, timeframe="1d", own_symbol=kind == CHECKS)
        self.root, self.findings = root, findings
        self.params = read_params(root.section("params"), scope.vocabulary, findings)
        scope = with_params(scope, root.section("params"), self.params)
        self.facts, nodes = read_facts(root.section("facts"), scope, findings)
        self.scope = replace(scope, facts={**scope.facts, **self.facts})
        self.used = {name for node in nodes.values() for name in names_in(node, known.symbols)}
        self.readable = len(nodes) == len(self.facts)

    def unused(self) -> Iterator[Finding]:
        """Name the facts and params that nothing uses, once all names could be read."""
        return unused(self.root, self.facts, self.params, self.used) if self.readable else iter(())

    def typed(self, scalar: Scalar | None, expected: Kind) -> Typed | None:
        """Read an expression of a known kind; None when there is none, or after reporting what is wrong with it."""
        node = None if scalar is None else syntax_of(scalar, self.findings)
        self.readable = self.readable and (scalar is None or node is not None)
        return None if node is None else self.checked(node, expected)

    def checked(self, node: Node, expected: Kind) -> Typed | None:
        """Check an expression; None after reporting what is wrong with it."""
        self.used |= set(names_in(node, self.scope.vocabulary.symbols))
        typed = check_types(node, self.scope, self.findings, expected)
        return None if typed.kind.unit is Unit.WRONG else typed

    def all_of(self, scalars: Sequence[Scalar]) -> Typed | None:
        """Read conditions that all have to hold; None when there are none, or after reporting what is wrong."""
        parts = [self.typed(scalar, CONDITION) for scalar in scalars]
        right = [part for part in parts if part is not None]
        return all_of(right) if right and len(right) == len(parts) else None


def read_checks(root: Fields, scope: GovernanceScope) -> tuple[Check, ...]:
    """Read every check that can be read, in the order of the file."""
    section = root.section("checks")
    checks = [_check(key, fields, scope) for key, fields in section if isinstance(fields, Fields)]
    mode = mode_of(root)
    return tuple(replace(check, mode=check.mode.under(mode)) for check in checks)


def _check(key: Scalar, fields: Fields, scope: GovernanceScope) -> Check:
    _report_answers(key, fields, scope.findings)
    scale = scope.typed(fields.scalar("scale"), _RATIO)
    _report_scale(scale, scope.findings)
    return Check(
        name=key.value,
        condition=scope.all_of((*fields.scalars("if"), *fields.scalars("for"))),
        unless=scope.all_of(fields.scalars("unless")),
        refuse_if=scope.all_of(fields.scalars("refuse_if")),
        scale=scale,
        cap=_cap(fields.scalar("cap"), scope),
        cap_by=CapBy.ORDER if fields.word("cap_by") == CapBy.ORDER else CapBy.POSITION,
        why=fields.word("why"),
        mode=mode_of(fields),
        place=key.place,
    )


def _report_answers(key: Scalar, fields: Fields, findings: list[Finding]) -> None:
    answers = [answer for answer in ANSWERS if answer in fields]
    if not answers:
        sentence = f"The check `{key.value}` has no answer."
        findings.append(error("R052", key.place, sentence, f"Give it one of {listed(ANSWERS)}."))
    if len(answers) > 1:
        places = tuple(_place_of_key(fields, answer, key) for answer in answers)
        sentence = f"The check `{key.value}` has {len(answers)} answers: {listed(answers, 'and')}."
        findings.append(error("R052", places[1].place, sentence, "Make a check of each.", (places[0].place,)))
    stray = fields.key("cap_by")
    if stray is not None and "cap" not in fields:
        findings.append(error("R052", stray.place, "`cap_by` has no meaning without `cap`.", "Leave it out."))


def _place_of_key(fields: Fields, name: str, otherwise: Scalar) -> Scalar:
    return fields.key(name) or otherwise


def _report_scale(scale: Typed | None, findings: list[Finding]) -> None:
    if isinstance(scale, Constant) and not ZERO <= Decimal(scale.value) <= ONE:
        sentence = (
            f"`{scale.text}` is out of range: a check makes orders smaller, so a ratio from 0% to 100% is needed."
        )
        findings.append(error("R053", scale.place, sentence))


def _cap(scalar: Scalar | None, scope: GovernanceScope) -> Typed | None:
    """Read an amount of money, or `5% of portfolio`, which is 5% × portfolio.equity."""
    text = None if scalar is None else text_of(scalar, scope.findings)
    if scalar is None or text is None:
        return None
    match = _PART_OF.match(text.text)
    if match is None:
        return scope.typed(scalar, _MONEY)
    part = _part(text, match, scope)
    whole = text.at(match.start("whole"), match.end("whole"))
    if match["whole"] not in _WHOLES:
        hint = did_you_mean(match["whole"], _WHOLES) or f"Write {listed(_WHOLES)}."
        scope.readable = False
        scope.findings.append(error("R052", whole, f"A part of `{shortened(match['whole'])}` can't be taken.", hint))
    elif part is not None and scope.checked(part, _RATIO) is not None:
        equity = Name(place=whole, text=match["whole"], path=(match["whole"], "equity"))
        fields = {"place": text.at(0, len(text.text)), "text": text.text, "operator": "*"}
        return scope.checked(Calculation(left=part, right=equity, **fields), _MONEY)  # type: ignore[arg-type]
    return None


def _part(text: Text, match: re.Match[str], scope: GovernanceScope) -> Node | None:
    try:
        return parse(Text(match["part"], text.at(0, match.end("part")), text.indent))
    except SyntaxProblem as problem:
        scope.findings.append(problem.finding)
        return None


def read_envelope(document: Document, findings: list[Finding]) -> Envelope:
    """Read the hard limits; what can't be read has been reported and keeps its default."""
    limits = document.root.section("limits")
    default = Envelope()
    largest = _part_of_portfolio(limits.scalar("largest_order"), findings)
    leverage = _positive(limits.scalar("leverage"), Unit.NUMBER, findings)
    orders = _positive(limits.scalar("orders_per_hour"), Unit.COUNT, findings)
    turnover = _positive(limits.scalar("turnover_per_day"), Unit.RATIO, findings)
    slippage = decimal_in(limits.scalar("slippage_cap"), Unit.RATIO, findings)
    within(limits.scalar("slippage_cap"), slippage, (ZERO, ONE), "a ratio from 0% to 100%", findings)
    envelope = Envelope(
        largest_order=default.largest_order if largest is None else largest,
        leverage=default.leverage if leverage is None else leverage,
        orders_per_hour=default.orders_per_hour if orders is None else int(orders),
        turnover_per_day=default.turnover_per_day if turnover is None else turnover,
        slippage_cap=default.slippage_cap if slippage is None else slippage,
        patience_ms=default.patience_ms
        if (patience := duration_in(limits.scalar("patience"), findings)) is None
        else patience,
        file=document.file,
    )
    return replace(envelope, version=fingerprint(envelope))


def _positive(scalar: Scalar | None, unit: Unit, findings: list[Finding]) -> Decimal | None:
    value = decimal_in(scalar, unit, findings)
    if scalar is not None and value is not None and value <= 0:
        findings.append(
            error("R053", scalar.place, f"`{scalar.value}` is out of range: more than zero is needed here.")
        )
    return value


def _part_of_portfolio(scalar: Scalar | None, findings: list[Finding]) -> Decimal | None:
    if scalar is None or scalar.text is None:
        return None
    match = _PART_OF.match(scalar.text.text)
    if match is None:
        return _positive(scalar, Unit.RATIO, findings)
    if match["whole"] != "portfolio":
        place = scalar.text.at(match.start("whole"), match.end("whole"))
        findings.append(
            error(
                "R054", place, "The largest order is a part of the portfolio.", "Write for example `25% of portfolio`."
            )
        )
    part = Text(match["part"], scalar.text.at(0, match.end("part")), scalar.text.indent)
    return _positive(Scalar(match["part"], part.place, part), Unit.RATIO, findings)
