"""One machine with its rules: the unit that remembers and decides, one per book or one per symbol of a book."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from machines.catalogue import MACHINES
from machines.machine import Machine
from machines.table import Firing, Snapshot
from rules.language.book import Book, Mode, Rule
from rules.language.evaluate import Value, compile_live
from rules.language.explain import Explained, Explainer
from rules.language.machine_shape import serves_whole_book
from runtime.binding import ViewBinder
from runtime.facts import FACTS_OF
from runtime.view import View, World

SECTION_ORDER = ("exits", "triggers", "entries")
Closure = Callable[[], Value]
NO_OLDER: Mapping[tuple[str, str], Book] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A rule compiled for one instance; `when` and `arguments` by symbol, the empty symbol standing for the whole book.

    `order` is its place in the one pass over the book's rules.
    """

    rule: Rule
    order: int
    when: Mapping[str, Closure]
    arguments: Mapping[str, Mapping[str, Closure]]
    per_symbol_arguments: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule whose condition holds now, for these symbols, with its arguments evaluated."""

    live: LiveRule
    symbols: tuple[str, ...]
    arguments: Mapping[str, Any]
    missing: tuple[str, ...]


@dataclass(slots=True)
class Instance:
    """State and memory of one machine, and the rules that may move it; `symbol` is empty when it is the book's."""

    book: Book
    symbol: str
    machine: Machine
    snapshot: Snapshot
    view: View = field(init=False)
    binder: ViewBinder = field(init=False)
    by_state: dict[str, tuple[LiveRule, ...]] = field(init=False)
    held_since: dict[tuple[str, str], int] = field(default_factory=dict)
    _explainers: dict[tuple[str, str], Explainer] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """The name of the instance: its book and its symbol."""
        return self.book.name, self.symbol

    @property
    def name(self) -> str:
        """How people call it."""
        return f"{self.book.name} {self.symbol}".strip()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that the machine speaks for."""
        return (self.symbol,) if self.symbol else self.book.symbols

    def bind(self, world: World) -> None:
        """Compile the rules against what there is to see."""
        self.view = View(world, self.book, lambda: self.snapshot)
        self.binder = ViewBinder(self.view, FACTS_OF[self.book.machine])
        self._explainers.clear()
        rules = [rule for rule in in_order(self.book.rules) if rule.mode is not Mode.OFF]
        live = [self._compile(rule, order) for order, rule in enumerate(rules)]
        self.by_state = {
            str(state): tuple(rule for rule in live if state in rule.rule.states) for state in self.machine.table.states
        }

    def _compile(self, rule: Rule, order: int) -> LiveRule:
        scopes = self.book.symbols if rule.each_symbol and not self.symbol else (self.symbol,)
        per_symbol = self._per_symbol_arguments(rule)
        targets = self.book.symbols if per_symbol or rule.each_symbol else (self.symbol,)
        if self.symbol:
            targets = (self.symbol,)
        return LiveRule(
            rule,
            order,
            {symbol: compile_live(rule.when, self.binder, symbol) for symbol in scopes},
            {
                symbol: {name: compile_live(value, self.binder, symbol) for name, value in rule.arguments.items()}
                for symbol in targets
            },
            per_symbol,
        )

    def _per_symbol_arguments(self, rule: Rule) -> frozenset[str]:
        trigger = self.machine.table.triggers[rule.trigger]
        return frozenset(argument.name for argument in trigger.arguments if argument.per_symbol)

    def ready(self, now_ms: int) -> Iterator[Ready]:
        """Go once through the rules in order and yield each one whose condition holds in the state reached so far."""
        place, moved = -1, True
        while moved:
            moved, state = False, self.snapshot.state
            for live in self.by_state[state]:
                if live.order <= place:
                    continue
                place = live.order
                ready = self._evaluate(live, now_ms)
                if ready is not None:
                    yield ready
                    if self.snapshot.state != state:
                        moved = True
                        break

    def also_ready(self, than: LiveRule, now_ms: int) -> Iterator[Ready]:
        """The other rules of the same section and state whose condition holds at this moment."""
        for live in self.by_state[self.snapshot.state]:
            if live is not than and live.rule.section == than.rule.section and live.rule.mode is Mode.LIVE:
                ready = self._evaluate(live, now_ms)
                if ready is not None:
                    yield ready

    def _evaluate(self, live: LiveRule, now_ms: int) -> Ready | None:
        rule = live.rule
        if rule.expires_ms is not None and now_ms >= rule.expires_ms:
            return None
        holding: tuple[str, ...] = ()
        for symbol, when in live.when.items():
            if when() is True:
                holding += (symbol,)
        if rule.held_for_ms:
            holding = tuple(symbol for symbol in holding if self._held_long_enough(rule, symbol, now_ms))
            self._forget(rule, holding, live)
        return self._arguments(live, holding) if holding else None

    def _held_long_enough(self, rule: Rule, symbol: str, now_ms: int) -> bool:
        return now_ms - self.held_since.setdefault((rule.id, symbol), now_ms) >= rule.held_for_ms

    def _forget(self, rule: Rule, holding: tuple[str, ...], live: LiveRule) -> None:
        for symbol, when in live.when.items():
            if symbol not in holding and when() is not True:
                self.held_since.pop((rule.id, symbol), None)

    def _arguments(self, live: LiveRule, holding: tuple[str, ...]) -> Ready:
        symbols = self.view.listed() if holding == ("",) else holding
        if not live.per_symbol_arguments:
            shared = {name: exact(read()) for name, read in next(iter(live.arguments.values())).items()}
            return Ready(live, symbols, shared, tuple([name for name, value in shared.items() if value is None]))
        values: dict[str, Any] = {}
        missing: list[str] = []
        for name in live.rule.arguments:
            if name in live.per_symbol_arguments:
                by_symbol = {s: exact(live.arguments[s][name]()) for s in symbols}
                values[name] = {s: value for s, value in by_symbol.items() if value is not None}
                missing += [f"{name} of {s}" for s, value in by_symbol.items() if value is None]
            else:
                values[name] = exact(next(iter(live.arguments.values()))[name]())
                missing += [name] if values[name] is None else []
        known = tuple(
            s for s in symbols if all(s in values[name] for name in live.per_symbol_arguments & values.keys())
        )
        return Ready(live, known, values, tuple(missing))

    def would_ask(self, rule: str, symbols: tuple[str, ...]) -> Ready:
        """What a rule would fire its trigger with, if its condition held, for these symbols."""
        live = {live.rule.id: live for rules in self.by_state.values() for live in rules}[rule]
        return self._arguments(live, symbols)

    def firing(self, ready: Ready, now_ms: int, symbols: tuple[str, ...] | None = None) -> Firing:
        """What the machine is told when a rule fires, for all of its symbols or only for some."""
        arguments = dict(ready.arguments)
        if self.symbol:
            best = self.view.position(self.symbol).best_price
            if best is not None:
                arguments["best"] = best
        return Firing(now_ms, ready.symbols if symbols is None else symbols, arguments, ready.live.rule.id)

    def to_plain(self) -> dict[str, Any]:
        """State, memory and pending conditions as plain data."""
        held = [[rule, symbol, since_ms] for (rule, symbol), since_ms in sorted(self.held_since.items())]
        return {"book": self.book.name, "symbol": self.symbol, "machine": self.snapshot.to_plain(), "held_since": held}

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self.snapshot = self.machine.table.restore(plain["machine"])
        self.held_since = {(rule, symbol): since_ms for rule, symbol, since_ms in plain["held_since"]}

    def trace(self, rule: Rule, symbol: str = "") -> Explained:
        """Explain what a rule's condition sees at this moment."""
        name = (rule.id, symbol or self.symbol)
        if name not in self._explainers:
            self._explainers[name] = Explainer(rule.when, self.binder, name[1])
        return self._explainers[name].now()


def begun(book: Book, older: Mapping[tuple[str, str], Book] = NO_OLDER, fast: bool = False) -> list[Instance]:
    """Give the machines of a book at their beginning, each with an older version of the book where it has one."""
    table = MACHINES[book.machine]
    symbols = ("",) if serves_whole_book(table) else book.symbols
    machine = Machine(table, fast)
    return [Instance(older.get((book.name, symbol), book), symbol, machine, table.begin(0)) for symbol in symbols]


def in_order(rules: tuple[Rule, ...]) -> list[Rule]:
    """Exits before triggers before entries; inside a section as in the file."""
    return sorted(rules, key=lambda rule: SECTION_ORDER.index(rule.section))


def exact(value: Value) -> Value:
    """Turn a number from candles into the decimal that it prints as."""
    return Decimal(repr(value)) if isinstance(value, float) else value
