"""From the tree of the book of shares to what it says: shares, conditions, harvests, deposits and reviews."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from rules.language.document import Document, Fields, Items, Scalar, shortened
from rules.language.engine_book import VocabularyFor, percent
from rules.language.findings import Finding, did_you_mean, error, listed
from rules.language.fingerprint import fingerprint
from rules.language.governance_books import GovernanceScope, Known
from rules.language.proofs import warning
from rules.language.rule_reading import date_ms
from rules.language.sharing import Cut, Deposits, Harvest, ShareCondition, Shares, Sharing, Watch, spread, together
from rules.language.typed import Typed
from rules.language.units import Kind, Unit
from rules.language.values import decimal_in, duration_in, fraction_in
from rules.language.vocabulary import FactDeclaration, Vocabulary

SHARES = "shares"
WHOLE = Fraction(1)
YES = ("yes", "true")


def read_sharing(document: Document, vocabulary_for: VocabularyFor, known: Known, findings: list[Finding]) -> Sharing:
    """Read the whole book; what can't be read has been reported and is left out."""
    root = document.root
    dates = _dates(root.section("dates"), findings)
    scope = GovernanceScope(root, SHARES, _with_dates(vocabulary_for, dates), known, findings)
    base = _shares(root.section("shares"), findings)
    parts = [name.value for _, tree in root.section("inside") if isinstance(tree, Fields) for name, _ in tree]
    groups = _alternatives(root, [*base, *parts], known.books, findings)
    inside = _inside(root, groups, known.books, findings)
    _report_sum(root.key("shares"), base, groups, findings)
    names = (*known.books, *inside)
    for key, _ in root.section("shares"):
        _report_unknown_book(key, known.books, names, findings)
    base = spread(base, groups)
    sharing = Sharing(
        base=base,
        inside=inside,
        alternatives=groups,
        conditions=tuple(_conditions(root.section("conditions"), base, groups, scope)),
        change_after_ms=duration_in(root.scalar("change_after"), findings, scope.scope) or 0,
        harvest=_harvest(root, base, groups, scope),
        deposits=_deposits(root, scope),
        watch=_watch(root, scope),
        dates=dates,
        file=document.file,
    )
    findings.extend(scope.unused())
    return replace(sharing, version=fingerprint(sharing))


# ── shares ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shares(section: Fields, findings: list[Finding]) -> dict[str, Fraction]:
    shares: dict[str, Fraction] = {}
    for key, tree in section:
        share = fraction_in(tree, findings) if isinstance(tree, Scalar) else None
        if share is not None and not 0 <= share <= 1:
            findings.append(error("R053", tree.place, f"{percent(share)} is out of range: a share is from 0% to 100%."))
        elif share is not None:
            shares[key.value] = share
    return shares


def _report_sum(key: Scalar | None, shares: Shares, groups: Sequence[frozenset[str]], findings: list[Finding]) -> None:
    total = together(shares, groups)
    if key is not None and total > WHOLE:
        sentence = f"The shares add up to {percent(total)}, which is more than 100%."
        hint = "Books of which only one runs at a time can be named under `alternatives`."
        findings.append(error("R053", key.place, sentence, hint))


def _report_unknown_book(key: Scalar, books: Sequence[str], names: Sequence[str], findings: list[Finding]) -> None:
    """A name that is nearly that of a book is misspelt; any other is that of a book that isn't there."""
    if not books or key.value in names:
        return
    sentence = f"There is no book `{shortened(key.value)}`."
    hint = did_you_mean(key.value, names)
    if hint:
        findings.append(error("R022", key.place, sentence, hint))
    else:
        there = f"Its share is not used. There are {listed(books, 'and')}."
        findings.append(warning("P011", key.place, sentence, there))


def _inside(
    root: Fields, groups: Sequence[frozenset[str]], books: Sequence[str], findings: list[Finding]
) -> dict[str, Shares]:
    inside: dict[str, Shares] = {}
    seen: dict[str, Scalar] = {}
    for name, section in root.section("inside"):
        members = section if isinstance(section, Fields) else Fields((), name.place)
        if name.value in books:
            sentence = f"`{name.value}` is a book itself, so no other books can be inside it."
            findings.append(error("R054", name.place, sentence, "Give the engine a name of its own."))
        parts = _shares(members, findings)
        inside[name.value] = spread(parts, groups)
        _report_sum(name, parts, groups, findings)
        for key, _ in members:
            _report_unknown_book(key, books, books, findings)
            earlier = seen.setdefault(key.value, root.section("shares").key(key.value) or key)
            if earlier is not key:
                sentence = f"The book `{shortened(key.value)}` has a share already."
                findings.append(error("R054", key.place, sentence, "", (earlier.place,)))
    return inside


def _alternatives(
    root: Fields, shares: Sequence[str], books: Sequence[str], findings: list[Finding]
) -> tuple[frozenset[str], ...]:
    """Read the groups; one of a group's books has a share, and it is that of the others that have none."""
    listing = root.get("alternatives")
    groups: list[frozenset[str]] = []
    seen: dict[str, Scalar] = {}
    for items in listing.items if isinstance(listing, Items) else ():
        members = [item for item in items.items if isinstance(item, Scalar)] if isinstance(items, Items) else []
        shared = any(member.value in shares for member in members)
        for member in members:
            if member.value not in shares and not (shared and member.value in books):
                hint = did_you_mean(member.value, [*shares, *books])
                findings.append(error("R054", member.place, f"`{shortened(member.value)}` has no share.", hint))
            if member.value in seen:
                also = (seen[member.value].place,)
                sentence = f"`{shortened(member.value)}` is an alternative already."
                findings.append(error("R054", member.place, sentence, "", also))
            seen.setdefault(member.value, member)
        if members:
            groups.append(frozenset(member.value for member in members))
    return tuple(groups)


# ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _conditions(
    section: Fields, base: Shares, groups: Sequence[frozenset[str]], scope: GovernanceScope
) -> Iterator[ShareCondition]:
    for key, tree in section:
        fields = tree if isinstance(tree, Fields) else Fields((), key.place)
        when = scope.all_of(fields.scalars("when"))
        written = fields.section("shares")
        shares = _shares(written, scope.findings)
        _report_sum(fields.key("shares"), shares, groups, scope.findings)
        _report_names(written, base, scope.findings)
        whole = spread(shares, groups)
        lacking = [name for name in base if name not in whole]
        if lacking and len(shares) == len(list(written)):
            sentence = f"`{key.value}` does not say which share {listed(lacking, 'and')} has."
            scope.findings.append(error("R054", key.place, sentence, "Write 0% for an engine that has none."))
        if when is not None:
            yield ShareCondition(key.value, when, whole, key.place)


def _report_names(section: Fields, base: Shares, findings: list[Finding]) -> None:
    """Only engines that have a share can be spoken of."""
    for key, _ in section:
        if key.value not in base:
            hint = did_you_mean(key.value, base) or f"Those with a share are {listed(base, 'and')}."
            findings.append(error("R054", key.place, f"`{shortened(key.value)}` has no share.", hint))


def _dates(section: Fields, findings: list[Finding]) -> dict[str, tuple[int, ...]]:
    read = {
        key.value: [date_ms(one, "Write a date", findings) for one in section.scalars(key.value)] for key, _ in section
    }
    return {name: tuple(sorted(day for day in days if day is not None)) for name, days in read.items()}


def _with_dates(vocabulary_for: VocabularyFor, dates: Mapping[str, Sequence[int]]) -> VocabularyFor:
    declared = {
        name: FactDeclaration(name, Kind(Unit.TIMESTAMP), "the next of the dates under this name", "portfolio")
        for name in dates
    }

    def with_dates(kind: str, symbols: Sequence[str]) -> Vocabulary:
        vocabulary = vocabulary_for(kind, symbols)
        return replace(vocabulary, facts={**declared, **vocabulary.facts})

    return with_dates


# ── harvest, deposits, review ───────────────────────────────────────────────────────────────────────────────────────


def _harvest(root: Fields, base: Shares, groups: Sequence[frozenset[str]], scope: GovernanceScope) -> Harvest | None:
    fields, key = root.section("harvest"), root.key("harvest")
    when = scope.all_of(fields.scalars("when"))
    engines = fields.section("engines")
    _report_names(engines, base, scope.findings)
    cuts = {name.value: _cut(name, tree, base, scope.findings) for name, tree in engines if isinstance(tree, Fields)}
    for name, cut in list(cuts.items()):
        group = next((group for group in groups if name in group), frozenset[str]())
        cuts.update({other: cut for other in sorted(group) if other not in cuts})
    if key is None or when is None:
        return None
    return Harvest(when, _amount(fields, Unit.RATIO, scope), cuts, key.place)


def _cut(name: Scalar, fields: Fields, base: Shares, findings: list[Finding]) -> Cut:
    parts = fields.section("to")
    to = _shares(parts, findings)
    _report_names(parts, base, findings)
    total, key = sum(to.values(), Fraction(0)), fields.key("to")
    if key is not None and len(to) == len(list(parts)) and total != WHOLE:
        sentence = f"The parts of what is cut from `{name.value}` add up to {percent(total)}."
        findings.append(error("R053", key.place, sentence, "They add up to 100%."))
    own = parts.key(name.value)
    if own is not None:
        findings.append(error("R054", own.place, f"`{name.value}` can't be given its own excess.", ""))
    return Cut(to, fields.word("sells") in YES)


def _deposits(root: Fields, scope: GovernanceScope) -> Deposits | None:
    fields, key = root.section("deposits"), root.key("deposits")
    when = scope.all_of(fields.scalars("when"))
    return None if key is None else Deposits(when, _amount(fields, Unit.MONEY, scope), key.place)


def _amount(fields: Fields, unit: Unit, scope: GovernanceScope) -> Fraction:
    amount = decimal_in(fields.scalar("at_least"), unit, scope.findings, scope.scope)
    return Fraction(0) if amount is None else Fraction(amount)


def _watch(root: Fields, scope: GovernanceScope) -> Watch | None:
    fields, key = root.section("review"), root.key("review")
    when: Typed | None = scope.all_of(fields.scalars("when"))
    until = scope.all_of(fields.scalars("until"))
    if key is None or when is None or until is None:
        return None
    return Watch(when, until, fields.word("alert") or "P1", fields.word("halves_share") in YES, key.place)
