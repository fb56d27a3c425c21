"""The breaker ladder: thresholds from the rule file, the level in a machine, and what a level does to new risk."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from machines.breaker import BREAKER
from machines.machine import Machine
from machines.table import Firing
from rules.language.evaluate import Value
from rules.language.governance import Ladder as LadderRules
from rules.language.governance import Level
from runtime.step import LevelMove

NORMAL = "NORMAL"
EMERGENCY = "EMERGENCY"
ONE = Decimal(1)


class Ladder:
    """Climbs at once by any number of steps, comes down one at a time, and leaves EMERGENCY only when told to."""

    def __init__(self, rules: LadderRules, measure: Callable[[], Value]) -> None:
        self.rules = rules
        self.machine = Machine(BREAKER, fast=True)
        self.snapshot = BREAKER.begin(0)
        self.unknown = False
        self._measure = measure
        self._levels = (None, *rules.levels)
        self._names = (NORMAL, *(level.name for level in rules.levels))
        self._ranks = {name: rank for rank, name in enumerate(self._names)}
        self._thresholds = tuple(level.at for level in rules.levels)
        self._lowest = min(self._thresholds, default=ONE)

    @property
    def level(self) -> Level | None:
        """The level in force, or None while nothing is wrong."""
        return self._levels[self._ranks[self.snapshot.state]]

    @property
    def entries_allowed(self) -> bool:
        """Whether risk may be opened; an unknown drawdown freezes entries but never liquidates."""
        level = self.level
        return not self.unknown and (level is None or level.entries)

    def size_factor(self, now_ms: int) -> Decimal:
        """What new sizes are multiplied with: the level's factor times that of the recovery after an emergency."""
        level = self.level
        return (ONE if level is None else level.new_size) * self.recovery_factor(now_ms)

    def stop_factor(self) -> Decimal:
        """What the stop distance of new positions is multiplied with."""
        level = self.level
        return ONE if level is None else level.new_stop_distance

    def recovery_factor(self, now_ms: int) -> Decimal:
        """After an acknowledgement sizes start small and double until they are whole again."""
        started_ms: int | None = self.snapshot.memory.recovery_started_ms
        after = self.rules.after_acknowledgement
        if started_ms is None or after is None:
            return ONE
        doublings = (now_ms - started_ms) // after.doubles_every_ms
        return min(ONE, after.size * Decimal(2) ** doublings)

    def recovering(self, now_ms: int) -> str:
        """Words for a size that is still recovering, empty otherwise."""
        factor = self.recovery_factor(now_ms)
        return "" if factor == ONE else f" (recovering at {factor:.0%})"

    def rank(self, name: str) -> int:
        """How high a level stands; normal is 0."""
        return self._ranks[name]

    def watch(self, now_ms: int) -> LevelMove | None:
        """Compare the measure with the thresholds and move at most once."""
        value = self._measure()
        self.unknown = not isinstance(value, Decimal)
        if not isinstance(value, Decimal):
            return None
        self._end_recovery(now_ms)
        now = self._ranks[self.snapshot.state]
        reached = len([at for at in self._thresholds if value >= at]) if value >= self._lowest else 0
        if reached > now:
            after = self.rules.after_acknowledgement
            restart = after is None or after.restarts
            return self._move("rise", now_ms, value, {"level": self._names[reached], "restart": restart})
        if now and self.snapshot.state != EMERGENCY:
            return self._calm(now_ms, value, self.rules.levels[now - 1])
        return None

    def _end_recovery(self, now_ms: int) -> None:
        """Once sizes are whole again, a later breach begins no recovery."""
        if self.snapshot.memory.recovery_started_ms is not None and self.recovery_factor(now_ms) == ONE:
            self.snapshot = self.machine.fire(self.snapshot, "recovered", Firing(now_ms, (), {}, "ladder")).after

    def _calm(self, now_ms: int, value: Decimal, level: Level) -> LevelMove | None:
        below = value <= level.at - self.rules.clear_by
        since_ms = self.snapshot.memory.below_since_ms
        if below and since_ms is not None and now_ms - since_ms >= self.rules.keep_for_ms:
            move = self._move("fall", now_ms, value, {})
            self._calm_from_here(now_ms, value)
            return move
        if below != (since_ms is not None):
            firing = Firing(now_ms, (), {}, "ladder")
            self.snapshot = self.machine.fire(self.snapshot, "dip" if below else "climb", firing).after
        return None

    def _calm_from_here(self, now_ms: int, value: Decimal) -> None:
        """The wait for the next step down begins at this one, however long it is until the next candle."""
        if self.level is not None:
            self._calm(now_ms, value, self.level)

    def _move(self, trigger: str, now_ms: int, value: Decimal, arguments: Mapping[str, Any]) -> LevelMove:
        before = self.snapshot.state
        self.snapshot = self.machine.fire(self.snapshot, trigger, Firing(now_ms, (), arguments, "ladder")).after
        return LevelMove(before, self.snapshot.state, value, f"drawdown {value:.2%}")

    def halt(self, now_ms: int, drawdown: Decimal, reason: str) -> LevelMove:
        """Go to EMERGENCY on the operator's word; raises ImpossibleTransition when it is there already."""
        move = self._move("rise", now_ms, drawdown, {"level": EMERGENCY, "restart": True})
        return replace(move, reason=reason)

    def would_halt(self, drawdown: Decimal) -> bool:
        """Whether a drawdown alone leads to EMERGENCY."""
        return any(level.name == EMERGENCY and drawdown >= level.at for level in self.rules.levels)

    def acknowledge(self, now_ms: int, drawdown: Decimal) -> LevelMove:
        """Leave EMERGENCY on the operator's word; raises ImpossibleTransition in any other level."""
        return self._move("acknowledge", now_ms, drawdown, {})

    def to_plain(self) -> dict[str, Any]:
        """The level and its memory as plain data."""
        return {"snapshot": self.snapshot.to_plain(), "unknown": self.unknown}

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self.snapshot = BREAKER.restore(plain["snapshot"])
        self.unknown = plain["unknown"]
