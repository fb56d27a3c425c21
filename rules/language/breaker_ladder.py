"""From the tree of a breakers book to the ladder: levels that rise without a gap, and do more the higher they are."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from rules.language.document import Document, Fields, Scalar, shortened
from rules.language.findings import Finding, did_you_mean, error, listed
from rules.language.fingerprint import fingerprint
from rules.language.governance import AfterAcknowledgement, Close, Ladder, Level
from rules.language.governance_books import GovernanceScope
from rules.language.sentences import plain
from rules.language.source import Place
from rules.language.units import Kind, Unit
from rules.language.values import decimal_in, duration_in, within

ZERO, ONE, TEN = Decimal(0), Decimal(1), Decimal(10)
LEVEL_FACT = "breaker.level"
NORMAL, EMERGENCY = "NORMAL", "EMERGENCY"
CLOSING = tuple(Close)


def read_ladder(document: Document, scope: GovernanceScope) -> Ladder | None:
    """Read the ladder; None after reporting why it can't be one."""
    findings, section = scope.findings, document.root.section("ladder")
    before = len(findings)
    measure = scope.typed(section.scalar("on"), Kind(Unit.RATIO))
    clear_by = decimal_in(section.scalar("clear_by"), Unit.RATIO, findings, scope.scope)
    within(section.scalar("clear_by"), clear_by, (ZERO, ONE), "a ratio from 0% to 100%", findings)
    keep_for_ms = duration_in(section.scalar("keep_for"), findings, scope.scope)
    levels = _levels(section.section("levels"), scope)
    _check_names(section, levels, scope)
    _check_order(levels, findings)
    _check_effects(section.section("levels"), levels, findings)
    _check_clearing(section.scalar("clear_by"), clear_by, levels, findings)
    after = _after(document.root, scope)
    if measure is None or clear_by is None or keep_for_ms is None or len(findings) > before:
        return None
    ladder = Ladder(measure, clear_by, keep_for_ms, levels, after, document.file, "")
    return replace(ladder, version=fingerprint(ladder))


def _levels(section: Fields, scope: GovernanceScope) -> tuple[Level, ...]:
    levels = [_level(key, fields, scope) for key, fields in section if isinstance(fields, Fields)]
    return tuple(level for level in levels if level is not None)


def _level(key: Scalar, fields: Fields, scope: GovernanceScope) -> Level | None:
    at = _ratio(fields, "at", (ZERO, ONE), scope)
    new_size = _ratio(fields, "new_size", (ZERO, ONE), scope)
    stop = _ratio(fields, "new_stop_distance", (ONE, TEN), scope)
    cash = _ratio(fields, "spot_to_cash", (ZERO, ONE), scope)
    if at is None:
        return None
    if at <= ZERO:
        scope.findings.append(
            error("P020", key.place, f"The level `{key.value}` would always hold.", "A level is above 0%.")
        )
    close, alert = fields.word("close"), fields.word("alert")
    return Level(
        name=key.value,
        at=at,
        place=key.place,
        new_size=ONE if new_size is None else new_size,
        new_stop_distance=ONE if stop is None else stop,
        entries=fields.word("entries") != "none",
        close=Close(close) if close in CLOSING else Close.NOTHING,
        spot_to_cash=ZERO if cash is None else cash,
        until_acknowledged=fields.word("halt") == "until_acknowledged",
        hourly_report=fields.word("report") == "hourly",
        alert=alert or "P1",
    )


def _ratio(fields: Fields, name: str, bounds: tuple[Decimal, Decimal], scope: GovernanceScope) -> Decimal | None:
    scalar = fields.scalar(name)
    value = decimal_in(scalar, Unit.RATIO, scope.findings, scope.scope)
    words = f"a ratio from {percent(bounds[0])} to {percent(bounds[1])}"
    within(scalar, value, bounds, words, scope.findings)
    return value


def percent(ratio: Decimal) -> str:
    """Write a ratio in percent."""
    return f"{plain(ratio * 100)}%"


def _check_names(section: Fields, levels: Sequence[Level], scope: GovernanceScope) -> None:
    """The levels are states that the breaker has, all of them."""
    fact = scope.scope.vocabulary.facts.get(LEVEL_FACT)
    known = [] if fact is None else [name for name in fact.kind.members if name != NORMAL]
    if not known:
        return
    for level in levels:
        if level.name not in known:
            hint = did_you_mean(level.name, known) or f"They are {listed(known, 'and')}."
            sentence = f"The breaker has no level `{shortened(level.name)}`."
            scope.findings.append(error("P021", level.place, sentence, hint))
    written = [name.value for name, _ in section.section("levels")]
    missing = [name for name in known if name not in written]
    key = section.key("levels")
    if missing and key is not None:
        sentence = f"The ladder has a gap: {listed(missing, 'and')} is missing."
        scope.findings.append(
            error("P022", key.place, sentence, f"A ladder has {listed(known, 'and')}, in this order.")
        )
    names = [level.name for level in levels if level.name in known]
    for level, (one, other) in zip(levels[1:], pairwise(names), strict=False):
        if known.index(other) < known.index(one):
            sentence = f"`{other}` stands above `{one}`, but is the milder level."
            scope.findings.append(error("P023", level.place, sentence, f"The order is {listed(known, 'and')}."))


def _check_order(levels: Sequence[Level], findings: list[Finding]) -> None:
    for lower, higher in pairwise(levels):
        if higher.at == lower.at:
            sentence = f"`{lower.name}` and `{higher.name}` overlap: both begin at {percent(lower.at)}."
            findings.append(
                error("P023", higher.place, sentence, "Give each level a threshold of its own.", (lower.place,))
            )
        elif higher.at < lower.at:
            begins = f"`{higher.name}` begins at {percent(higher.at)}"
            sentence = f"{begins}, below `{lower.name}` at {percent(lower.at)}, which stands before it."
            findings.append(error("P023", higher.place, sentence, "Levels rise from line to line.", (lower.place,)))


def _check_effects(section: Fields, levels: Sequence[Level], findings: list[Finding]) -> None:
    """A higher level never allows what a lower one forbids, and only the last one halts."""
    for lower, higher in pairwise(levels):
        for name, milder in _milder(lower, higher):
            place = _place(section, higher.name, name) or higher.place
            sentence = f"`{higher.name}` is milder than `{lower.name}`: {milder}."
            findings.append(
                error("P024", place, sentence, "A higher level does at least what a lower one does.", (lower.place,))
            )
    for level in levels:
        if level.until_acknowledged is not (level.name == EMERGENCY):
            place = _place(section, level.name, "halt") or level.place
            sentence = f"`{EMERGENCY}` halts until somebody acknowledges, and no other level does."
            hint = "Write `halt: until_acknowledged`." if level.name == EMERGENCY else "Leave `halt` out here."
            findings.append(error("P025", place, sentence, hint))


def _milder(lower: Level, higher: Level) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if higher.entries and not lower.entries:
        found.append(("entries", "it allows entries"))
    if higher.entries and lower.entries and higher.new_size > lower.new_size:
        found.append(("new_size", f"its sizes are {percent(higher.new_size)}, not at most {percent(lower.new_size)}"))
    if CLOSING.index(higher.close) < CLOSING.index(lower.close):
        found.append(("close", f"it closes {higher.close}, not {lower.close}"))
    return found


def _place(section: Fields, level: str, name: str) -> Place | None:
    key = section.section(level).key(name)
    return None if key is None else key.place


def _check_clearing(
    scalar: Scalar | None, clear_by: Decimal | None, levels: Sequence[Level], findings: list[Finding]
) -> None:
    if scalar is None or clear_by is None or not levels:
        return
    if clear_by >= levels[0].at:
        sentence = (
            f"`{levels[0].name}` could never be left: {percent(levels[0].at)} less {percent(clear_by)} is not above 0%."
        )
        findings.append(
            error("P026", scalar.place, sentence, f"Less than {percent(levels[0].at)} is needed.", (levels[0].place,))
        )
    for lower, higher in pairwise(levels):
        if lower.at < higher.at and higher.at - clear_by < lower.at - clear_by:
            continue
        if lower.at < higher.at <= lower.at + clear_by:
            gap = percent(higher.at - lower.at)
            sentence = f"`{higher.name}` would be left only below `{lower.name}`, which is {gap} lower."
            findings.append(
                error("P026", scalar.place, sentence, f"Less than {gap} is needed.", (lower.place, higher.place))
            )


def _after(root: Fields, scope: GovernanceScope) -> AfterAcknowledgement | None:
    section = root.section("after_acknowledgement")
    size = _ratio(section, "size", (ZERO, ONE), scope)
    doubles_every_ms = duration_in(section.scalar("doubles_every"), scope.findings, scope.scope)
    if size is None or doubles_every_ms is None:
        return None
    if size == ZERO:
        scope.findings.append(error("R053", section.place, "A size of 0% never grows.", "Begin with more than 0%."))
    if doubles_every_ms <= 0:
        scope.findings.append(
            error("R053", section.place, "Sizes need some time to double.", "Write for example `7d`.")
        )
    return AfterAcknowledgement(
        size, doubles_every_ms, root.section("after_acknowledgement").word("back_to_start_on") == "any_level"
    )
