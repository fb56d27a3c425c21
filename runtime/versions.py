"""Which version of its book each machine goes by, and when it takes the next one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rules.language.book import Book
from rules.language.governance import Envelope
from rules.language.rulebook import Rulebook
from runtime.codec import from_plain, to_plain
from runtime.draft import Draft
from runtime.envelope import kept_limits, tighter
from runtime.events import RulesReloaded
from runtime.instance import Instance, begun
from runtime.instrument import Market
from runtime.library import NO_LIBRARY, Library
from runtime.step import VersionKept, VersionTaken

if TYPE_CHECKING:
    from runtime.engine import Engine

Key = tuple[str, str]
FIXED = ("machine", "markets", "symbols", "timeframe")
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Reloads:
    """What an engine remembers of reloads: the name of the rule files in force, and who goes by older ones.

    An empty name means that nothing was ever reloaded; without an envelope that of the rule files holds. `library` has
    what a reload names.
    """

    library: Library = NO_LIBRARY
    name: str = ""
    waiting: Mapping[Key, str] = field(default_factory=dict)
    envelope: Envelope | None = None

    def older(self) -> dict[Key, Book]:
        """Give the books of the machines that go by older rule files."""
        return {key: self.library.rulebook(name).books[key[0]] for key, name in self.waiting.items()}


NOTHING_RELOADED = Reloads()


class Versions:
    """Takes other rule files between two steps; what holds something keeps the version that it has until it is flat.

    `name` is that of the rule files in force. `waiting` names, for each machine that goes by older ones, which.
    """

    def __init__(self, engine: "Engine", before: Reloads) -> None:
        self.name = before.name or engine.rulebook.version
        self.waiting = dict(before.waiting)
        self._engine = engine
        self._library = before.library
        self._ever = bool(before.name)

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def reloaded(self, event: RulesReloaded, draft: Draft) -> None:
        """Let other rule files be in force, or say why not."""
        engine, before = self._engine, self._engine.rulebook.version
        who = f" ({event.actor}: {event.reason})" if event.actor else ""
        rulebook = engine.rulebook if event.problems else self._rulebook(event.rules)
        problems = event.problems or tuple(unsuitable(engine, rulebook, event))
        if problems:
            draft.tell("P1", "", f"The rule files are not taken, and {before} stays in force{who}. {_listed(problems)}")
            return
        if event.rules == self.name and not event.books:
            draft.tell("P3", "", f"Nothing has changed: the rules {before} are in force{who}.")
            return
        kept = list(kept_limits(engine.envelope, rulebook.envelope)) if not event.at_start else []
        self._take(event, rulebook, draft)
        draft.records.append(VersionTaken("", "", before, rulebook.version))
        draft.records += self._kept()
        same = before == rulebook.version
        head = f"The rules {rulebook.version} are in force{'' if same else f' instead of {before}'}{who}."
        draft.tell("P3" if same else "P2", "", " ".join((head, *self._told(draft), *kept)))

    def advance(self, draft: Draft) -> None:
        """At the end of a step: what has become flat takes the version that waits for it."""
        if not self.waiting:
            return
        first = len(draft.records)
        if self._arrange(tuple(self._engine.books), self.name, draft):
            for text in _changes(draft.records[first:]):
                draft.tell("P3", "", f"{text}: it holds nothing any more.")

    def _rulebook(self, name: str) -> Rulebook:
        return self._engine.rulebook if name == self.name else self._library.rulebook(name)

    def _take(self, event: RulesReloaded, rulebook: Rulebook, draft: Draft) -> None:
        engine, older = self._engine, self.name
        engine.world.histories.begin(self._library.candles(event.candles) if event.candles else {})
        engine.envelope = rulebook.envelope if event.at_start else tighter(engine.envelope, rulebook.envelope)
        engine.rulebook, self.name, self._ever = rulebook, event.rules, True
        if not self._arrange(event.books or tuple(engine.books), older, draft):
            engine.reassemble()
        if not event.at_start:
            never_ran = {book: why for book, why in engine.fences.faulty.items() if book not in engine.books}
            engine.fences.read(never_ran, engine.books, draft)

    # ── machine by machine ──────────────────────────────────────────────────────────────────────────────────────────

    def _arrange(self, names: Iterable[str], older: str, draft: Draft) -> bool:
        """Let every machine that may take the newest version have it; the others stay. False where nothing moves."""
        engine, first, before = self._engine, len(draft.records), dict(self.waiting)
        books, instances = {}, {}
        for name in names:
            books[name], mine = self._next(name, older, draft)
            instances.update({one.key: one for one in mine})
        moved = len(draft.records) > first or before != self.waiting or list(books) != list(engine.books)
        if moved:
            engine.books, engine.instances = books, instances
            engine.reassemble()
        return moved

    def _next(self, name: str, older: str, draft: Draft) -> tuple[Book, list[Instance]]:
        """Give a book with its machines as they are from now on."""
        new = self._engine.rulebook.books[name]
        mine = [one for one in self._engine.instances.values() if one.book.name == name]
        if not mine:
            return new, begun(new, fast=self._engine.fast)
        if fixed(mine[0].book) != fixed(new):
            return self._reshaped(new, mine, older, draft)
        for one in mine:
            if new.adopt or one.book.version == new.version or self._is_flat(one, one.symbols):
                self._change(one, new, draft)
            else:
                self.waiting.setdefault(one.key, older)
        return new, mine

    def _reshaped(self, new: Book, mine: list[Instance], older: str, draft: Draft) -> tuple[Book, list[Instance]]:
        """Other coins, candles or another machine: the whole book changes at once, or waits."""
        old = mine[0].book
        alike = new.adopt and (old.machine, old.markets) == (new.machine, new.markets)
        gone = [symbol for symbol in old.symbols if not alike or symbol not in new.symbols]
        if not all(self._is_flat(one, [symbol for symbol in one.symbols if symbol in gone]) for one in mine):
            for one in mine:
                self.waiting.setdefault(one.key, older)
            return old, mine
        known = {one.symbol: one for one in mine if old.machine == new.machine}
        fresh = [known.get(one.symbol, one) for one in begun(new, fast=self._engine.fast)]
        for one in mine:
            self.waiting.pop(one.key, None)
        for one in fresh:
            self._change(one, new, draft, old.version)
        return new, fresh

    def _change(self, one: Instance, new: Book, draft: Draft, before: str = "") -> None:
        before = before or one.book.version
        same = {rule.id for rule in new.rules if (rule.id, rule.when.key, rule.held_for_ms) in _conditions(one.book)}
        one.held_since = {key: since_ms for key, since_ms in one.held_since.items() if key[0] in same}
        one.book = new
        self.waiting.pop(one.key, None)
        if before != new.version:
            draft.records.append(VersionTaken(*one.key, before, new.version))

    def _is_flat(self, one: Instance, symbols: Iterable[str]) -> bool:
        """Whether nothing of some coins is held, ordered or awaited."""
        book, trader, portfolio = one.book, self._engine.trader, self._engine.portfolio
        if one.snapshot.state in one.machine.table.awaiting:
            return False
        return not any(
            next(trader.desk.live(book.name, symbol), None) is not None
            or any(portfolio.holds(book.account, Market(market), symbol) for market in book.markets)
            for symbol in symbols
        )

    # ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _kept(self) -> Iterator[VersionKept]:
        for book, symbol in self.waiting:
            old, new = self._engine.instances[book, symbol].book, self._engine.rulebook.books[book]
            yield VersionKept(book, symbol, old.version, new.version)

    def _told(self, draft: Draft) -> Iterator[str]:
        changes = list(_changes(draft.records))
        if changes:
            yield f"{'; '.join(changes)}."
        names = [" ".join(filter(None, key)) for key in self.waiting]
        if names:
            one = len(names) == 1
            yield (
                f"{', '.join(names)} {'keeps the version that it has' if one else 'keep the version that they have'} "
                f"until {'it holds' if one else 'they hold'} nothing."
            )

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any] | None:
        """What is in force beside the rule files that an opening names; None where nothing was ever reloaded."""
        if not self._ever:
            return None
        waiting = [[*key, name] for key, name in self.waiting.items()]
        return {"name": self.name, "waiting": waiting, "envelope": to_plain(self._engine.envelope)}


def reloads_of(plain: Mapping[str, Any] | None, library: Library) -> Reloads:
    """Read what `Versions.to_plain` gave."""
    if plain is None:
        return Reloads(library)
    waiting = {(book, symbol): name for book, symbol, name in plain["waiting"]}
    return Reloads(library, plain["name"], waiting, from_plain(Envelope, plain["envelope"]))


def running(names: Iterable[str], rulebook: Rulebook, older: Mapping[Key, Book]) -> dict[str, Book]:
    """Give the books of an engine: where machines of one wait that has another form now, as it was."""
    former = {book.name: book for book in older.values()}
    now = {name: rulebook.books[name] for name in names}
    other = {name for name in former.keys() & now.keys() if fixed(former[name]) != fixed(now[name])}
    return {name: former[name] if name in other else new for name, new in now.items()}


def fixed(book: Book) -> tuple[object, ...]:
    """Give what of a book can't change under a running engine."""
    return tuple(getattr(book, name) for name in FIXED)


def unsuitable(engine: "Engine", rulebook: Rulebook, event: RulesReloaded) -> Iterator[str]:
    """Say why an engine can't go on with other rule files, a sentence for each reason."""
    again = "stop the engine and start it again; what it holds stays"
    for name, old in engine.books.items():
        new = rulebook.books.get(name)
        if new is None:
            yield f"The book {name} trades here and has no rule file any more: put it back."
        elif new.account != old.account:
            yield f"{new.file}: {name} trades in {old.account}, where what it holds is; it can't go to {new.account}."
        elif not event.at_start and fixed(new) != fixed(engine.rulebook.books[name]):
            what = [word for word in FIXED if getattr(new, word) != getattr(engine.rulebook.books[name], word)]
            yield f"{new.file}: {' and '.join(what)} of {name} can't change while it trades: {again}."
    level = None if engine.ladder is None else engine.ladder.level
    names = [] if rulebook.ladder is None else [one.name for one in rulebook.ladder.levels]
    if level is not None and level.name not in names:
        yield f"The breaker is at {level.name}, which these rules don't have: wait until it has come down."


def _conditions(book: Book) -> set[tuple[str, str, int]]:
    return {(rule.id, rule.when.key, rule.held_for_ms) for rule in book.rules}


def _changes(records: Iterable[object]) -> Iterator[str]:
    """Say which machines have changed, those of one book together."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in records:
        if isinstance(one, VersionTaken) and one.book:
            found.setdefault((one.book, one.before, one.after), []).append(one.symbol)
    for (book, before, after), symbols in found.items():
        yield f"{' '.join((book, ', '.join(filter(None, symbols)))).rstrip()} goes by {after} instead of {before}"


def _listed(problems: Iterable[str]) -> str:
    texts = list(problems)
    more = len(texts) - SHOWN
    return " ".join((*texts[:SHOWN], *((f"There are {more} more.",) if more > 0 else ())))
