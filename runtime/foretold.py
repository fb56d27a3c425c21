"""What observations alone make of facts, foretold exactly for a whole run: values that change at a few turns only."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.language.evaluate import Value, compile_live
from rules.language.typed import Fact, OverSymbols, SinceEntry, Typed, is_leaf
from runtime.board import FUNDING_RATE, INSURANCE_FUND, Board
from runtime.facts import FACTS_OF
from runtime.feed import Timetable, distinct
from runtime.instance import Instance
from runtime.last_day import DAY_MS
from runtime.market_data import MarketData
from runtime.observations import Observation, observations_of

Turns = NDArray[np.int64]
Name = tuple[str, str]
"""A fact and a symbol."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """How a value ends by time alone: so long after an observation, in funding intervals or in milliseconds.

    It doesn't where so many newer observations have come meanwhile, if any number of them matters.
    """

    intervals: int = 0
    more_ms: int = 1
    replaced_by: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """The observations that a fact follows from, and when they are too old for it."""

    names: tuple[str, ...]
    expiries: tuple[Expiry, ...] = ()


LAST, BEFORE_LAST = Expiry(2, replaced_by=1), Expiry(3, replaced_by=2)
FORETOLD: Mapping[str, Origin] = MappingProxyType(
    {
        "depth": Origin(("depth",)),
        "funding.before_last": Origin((FUNDING_RATE,), (BEFORE_LAST,)),
        "funding.expected": Origin(("funding.expected",)),
        "funding.last": Origin((FUNDING_RATE,), (LAST,)),
        "funding.negative_run": Origin((FUNDING_RATE,)),
        "funding.predicted": Origin((FUNDING_RATE, "funding.expected"), (LAST,)),
        "insurance.fall": Origin((INSURANCE_FUND,), (Expiry(more_ms=DAY_MS + 1),)),
        "insurance.fund": Origin((INSURANCE_FUND,)),
        "liquidation.price": Origin(("liquidation.price",)),
        "perp.depth": Origin(("perp.depth",)),
    }
)
"""Facts of a symbol that nothing but observations and time decide."""


def is_foretold(node: Typed) -> bool:
    """Whether nothing but such facts is in an expression."""
    if node.constant or isinstance(node, Fact):
        return node.constant or (isinstance(node, Fact) and node.name in FORETOLD)
    alone = not is_leaf(node) and not isinstance(node, OverSymbols | SinceEntry)
    return alone and bool(node.children) and all(map(is_foretold, node.children))


@dataclass(frozen=True, slots=True)
class Steps:
    """Values that hold from their turns on, each up to the next; no turn before the first is asked about."""

    turns: Turns
    values: tuple[Value, ...]

    def places(self, turns: Turns) -> Turns:
        """Give the place of the value that holds at each turn."""
        return self.turns.searchsorted(turns, side="right") - 1

    @classmethod
    def of(cls, turns: Iterable[int], values: Iterable[Value]) -> "Steps":
        """Leave out what repeats the value before it."""
        changes: list[tuple[int, Value]] = []
        for turn, value in zip(turns, values, strict=True):
            if not changes or changes[-1][1] != value:
                changes.append((turn, value))
        return cls(np.array([turn for turn, _ in changes], dtype=np.int64), tuple(value for _, value in changes))


class Foretold:
    """Plays all observations from a turn on to a board of its own, and keeps what the facts have read there."""

    def __init__(self, data: MarketData, table: Timetable, board: Board, first: int) -> None:
        self._at_ms, self._first = table.at_ms, first
        self._board = board.to_plain()
        since_ms = int(table.at_ms[first - 1]) if first else int(table.at_ms[0]) - 1
        self._coming = observations_of(data, since_ms + 1, int(table.at_ms[-1]))
        self._moments = _moments(self._board, self._coming)
        self._steps: dict[tuple[str, Name], Steps] = {}
        self._columns: dict[tuple[str, Name], Steps] = {}

    def ever(self, name: str, symbol: str) -> bool:
        """Whether something was or will be observed for a symbol."""
        return bool(self._seen_ms(name, symbol))

    def knows(self, node: Typed, instance: Instance, symbol: str) -> bool:
        """Whether the facts in an expression can be read: those of symbols that have a perpetual."""
        return all(one and instance.view.funding_interval_ms(one) is not None for _, one in _names(node, symbol))

    def column(self, node: Typed, instance: Instance, symbol: str) -> Steps:
        """Give what an expression comes to that is foretold."""
        key = (instance.book.machine, (node.key, symbol))
        if key not in self._columns:
            self._columns[key] = self._computed(node, instance, symbol)
        return self._columns[key]

    def _computed(self, node: Typed, instance: Instance, symbol: str) -> Steps:
        parts = {name: self.fact(name, instance) for name in _names(node, symbol)}
        turns = distinct([steps.turns for steps in parts.values()])
        cells = _Cells(instance.binder.symbols())
        read = compile_live(node, cells, symbol)
        columns = [(name, [steps.values[place] for place in steps.places(turns)]) for name, steps in parts.items()]
        values = []
        for number in range(len(turns)):
            for name, column in columns:
                cells.values[name] = column[number]
            values.append(read())
        return Steps.of(turns.tolist(), values)

    # ── facts ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def fact(self, name: Name, instance: Instance) -> Steps:
        """Give what a fact of a symbol comes to."""
        machine, symbol = instance.book.machine, name[1]
        if (machine, name) not in self._steps:
            facts = sorted(FORETOLD.keys() & FACTS_OF[machine].keys())
            self._steps |= {(machine, (fact, symbol)): steps for fact, steps in self._played(facts, instance, symbol)}
        return self._steps[machine, name]

    def _played(self, facts: list[str], instance: Instance, symbol: str) -> Iterator[tuple[str, Steps]]:
        """Yield what facts read on a board to which the observations come as they will."""
        board, view = Board(), copy(instance.view)
        board.restore(self._board)
        view.board = board
        turns = self._changes(facts, instance, symbol)
        moving = [fact for fact in facts if any(self.ever(name, symbol) for name in FORETOLD[fact].names)]
        values: dict[str, list[Value]] = {fact: [] for fact in moving}
        coming = (one for one in self._coming if one.symbol in ("", symbol))
        ahead = next(coming, None)
        for turn in turns.tolist():
            board.moment.now_ms = int(self._at_ms[turn])
            while ahead is not None and ahead.at_ms <= board.moment.now_ms:
                board.observe(ahead.fact)
                ahead = next(coming, None)
            for fact in moving:
                values[fact].append(FACTS_OF[instance.book.machine][fact].read(view, symbol))
        for fact in facts:
            still = [FACTS_OF[instance.book.machine][fact].read(view, symbol)]
            yield fact, Steps.of(turns.tolist(), values[fact]) if fact in values else Steps.of([self._first], still)

    def _changes(self, facts: list[str], instance: Instance, symbol: str) -> Turns:
        """The turns at which facts may change: where something is observed, and where it becomes too old."""
        parts = [np.array([self._first])]
        interval_ms = instance.view.funding_interval_ms(symbol) or 0
        for origin in {FORETOLD[fact] for fact in facts}:
            for name in origin.names:
                moments = np.array(sorted(self._seen_ms(name, symbol)), dtype=np.int64)
                parts.append(self._turns(moments))
                parts += [self._expired(one, moments, interval_ms) for one in origin.expiries]
        turns = distinct(parts)
        return turns[(turns >= self._first) & (turns < len(self._at_ms))]

    def _expired(self, expiry: Expiry, moments: Turns, interval_ms: int) -> Turns:
        turns = self._turns(moments + expiry.intervals * interval_ms + expiry.more_ms)
        if not expiry.replaced_by:
            return turns
        never = np.full(expiry.replaced_by, len(self._at_ms))
        newer = np.concatenate((self._turns(moments)[expiry.replaced_by :], never))
        return turns[turns < newer[: len(turns)]]

    def _turns(self, moments: Turns) -> Turns:
        """The turns at which moments are over."""
        return np.searchsorted(self._at_ms, moments)

    def _seen_ms(self, name: str, symbol: str) -> set[int]:
        """The moments of an observation for a symbol, past ones as far as they matter still."""
        return self._moments.get((name, symbol), set()) | self._moments.get((name, ""), set())


class _Cells:
    """Supplies facts from cells; other leaves aren't asked for."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.values: dict[Name, Value] = {}
        self._symbols = symbols

    def fact(self, name: str, symbol: str) -> Callable[[], Value]:
        """Give a reader of a cell."""
        return lambda: self.values[name, symbol]

    def symbols(self) -> tuple[str, ...]:
        """List the book's symbols."""
        return self._symbols

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a foretold expression asked for {name}")


def _moments(board: Mapping[str, Any], coming: Iterable[Observation]) -> dict[Name, set[int]]:
    """When what was or will be observed, by name and symbol."""
    rows = [(name, symbol, at_ms) for name, symbol, *_, at_ms in board["observations"]]
    for name, kept in ((FUNDING_RATE, "rates"), (INSURANCE_FUND, "insurance")):
        rows += [(name, symbol, at_ms) for symbol, at_ms, _ in board[kept]]
    moments: dict[Name, set[int]] = {}
    for name, symbol, at_ms in (*rows, *((one.name, one.symbol, one.at_ms) for one in coming)):
        moments.setdefault((name, symbol), set()).add(at_ms)
    return moments


def _names(node: Typed, symbol: str) -> frozenset[Name]:
    if isinstance(node, Fact):
        return frozenset({(node.name, node.symbol or symbol)})
    return frozenset().union(*(_names(child, symbol) for child in node.children))
