"""Why an entry does not happen now: what each entry rule misses, and what would refuse its order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from machines.intents import Alert, Lend, TakeBack, Transfer
from machines.table import Snapshot
from rules.language.book import Mode, Rule
from rules.language.explain import Explained
from runtime.engine import Engine
from runtime.gate import Purpose, objections
from runtime.instance import Instance
from runtime.outcome_words import limit_texts, outcome_text
from runtime.step import Outcome, Refused

ENTRIES = "entries"


@dataclass(frozen=True, slots=True)
class Answer:
    """What would become of one order; `check` is empty when it would be placed, `text` says it in words."""

    check: str
    text: str
    limits: tuple[str, ...] = ()
    trace: Explained | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry rule at this moment.

    `state_fits` says whether the machine stands where the rule counts, `expired` whether its time is over; `held_ms` is
    how long the condition has held, of `needed_ms`; `missing` are arguments whose value is unknown, so that there is no
    order to ask about.
    """

    rule: Rule
    trace: Explained
    state_fits: bool
    expired: bool
    held_ms: int
    needed_ms: int
    missing: tuple[str, ...]
    answers: tuple[Answer, ...]

    @property
    def fires(self) -> bool:
        """Whether nothing in the rule stands in the way."""
        ready = self.trace.value is True and self.held_ms >= self.needed_ms and not self.missing
        return ready and self.state_fits and not self.expired and self.rule.mode is Mode.LIVE


@dataclass(frozen=True, slots=True)
class WhyNot:
    """One book's answer for one symbol; `obstacles` are sentences about what holds back the whole book."""

    at_ms: int
    book: str
    symbol: str
    state: str
    since_ms: int
    obstacles: tuple[str, ...]
    entries: tuple[Entry, ...]


def why_not(engine: Engine, symbol: str, at_ms: int, books: Sequence[str] = ()) -> tuple[WhyNot, ...]:
    """Ask each book that trades the symbol, or only some; the engine stays as it is."""
    return tuple(
        _ask(engine, instance, symbol, at_ms)
        for instance in engine.instances.values()
        if symbol in instance.symbols and (not books or instance.book.name in books)
    )


def _ask(engine: Engine, instance: Instance, symbol: str, at_ms: int) -> WhyNot:
    rules = [rule for rule in instance.book.rules if rule.section == ENTRIES and rule.mode is not Mode.OFF]
    return WhyNot(
        at_ms,
        instance.book.name,
        symbol,
        instance.snapshot.state,
        instance.snapshot.since_ms,
        tuple(_obstacles(engine, instance, symbol)),
        tuple(_entry(engine, instance, rule, symbol, at_ms) for rule in rules),
    )


def _obstacles(engine: Engine, instance: Instance, symbol: str) -> Iterator[str]:
    yield from objections(Purpose.ENTRY, engine.world.status, instance.book.name, instance.book.account)
    if instance.view.price(symbol) is None:
        yield f"{symbol} has no price yet."


def _entry(engine: Engine, instance: Instance, rule: Rule, symbol: str, at_ms: int) -> Entry:
    own = symbol if rule.each_symbol and not instance.symbol else instance.symbol
    since_ms = instance.held_since.get((rule.id, own))
    asked = instance.would_ask(rule.id, (own,))
    missing = tuple(name for name in asked.missing if " of " not in name or name.endswith(f" of {symbol}"))
    return Entry(
        rule,
        instance.trace(rule, own),
        instance.snapshot.state in rule.states,
        rule.expires_ms is not None and at_ms >= rule.expires_ms,
        0 if since_ms is None else at_ms - since_ms,
        rule.held_for_ms,
        missing,
        () if missing else tuple(_answers(engine, instance, rule, symbol, at_ms)),
    )


def _answers(engine: Engine, instance: Instance, rule: Rule, symbol: str, at_ms: int) -> Iterator[Answer]:
    """Play the rule on the machine, in the state where it counts, and ask what would become of its orders."""
    asked = instance.would_ask(rule.id, (symbol if rule.each_symbol else instance.symbol,))
    firing = instance.firing(asked, at_ms)
    snapshot = _where_it_counts(instance.snapshot, rule)
    if not instance.machine.may(snapshot, rule.trigger, firing):
        return
    for intent in instance.machine.fire(snapshot, rule.trigger, firing).intents:
        if not isinstance(intent, Alert | Transfer | Lend | TakeBack) and intent.symbol == symbol:
            for outcome in engine.trader.rehearse(instance, rule.id, intent, at_ms):
                yield _answer(outcome)


def _where_it_counts(snapshot: Snapshot, rule: Rule) -> Snapshot:
    return snapshot if snapshot.state in rule.states else replace(snapshot, state=rule.states[0])


def _answer(outcome: Outcome) -> Answer:
    if isinstance(outcome, Refused):
        return Answer(outcome.check, outcome.reason, (), outcome.trace)
    return Answer("", outcome_text(outcome), limit_texts(outcome))
