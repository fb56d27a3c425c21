"""The rule files of a scenario in all the forms that they have had, and everything that happened, played once more."""

import json
from collections.abc import Mapping, Sequence

import polars as pl

from adapters.simulated.instruments import load_instruments
from rules.language.rulebook import Rulebook
from runtime.codec import canonical, to_plain
from runtime.engine import Engine
from runtime.library import Library
from runtime.market_data import Key
from runtime.step import Step


class Editions:
    """Gives rulebooks by name, as a store does."""

    def __init__(self, first: Rulebook) -> None:
        self._known = {first.version: first}
        self._first = first.version
        self._began = ""
        self._candles: Mapping[Key, pl.DataFrame] = {}
        self._began_ms = 0

    @property
    def library(self) -> Library:
        """What an engine looks names up in."""
        return Library(self.named)

    def named(self, name: str) -> Rulebook:
        """The rulebook of a name."""
        return self._known[name]

    def add(self, rulebook: Rulebook) -> str:
        """Keep a rulebook and give its name; files that say the same in other words are other files."""
        name = f"{rulebook.version}.{len(self._known)}"
        self._known[name] = rulebook
        return name

    def begins(self, engine: Engine, candles: Mapping[Key, pl.DataFrame], at_ms: int) -> None:
        """Keep how an engine stands before the first event."""
        self._began, self._candles, self._began_ms = json.dumps(engine.to_plain()), candles, at_ms

    def replay(self, steps: Sequence[Step], books: Sequence[str]) -> None:
        """Let an engine that stands as the first one did take every event, and compare its decisions, byte by byte."""
        engine = Engine.from_plain(
            self._known[self._first], books, load_instruments(), json.loads(self._began), self.library
        )
        for key, frame in self._candles.items():
            history = engine.world.histories.history(*key)
            history.preload(frame)
            history.advance_to(self._began_ms)
        for step in steps:
            again = engine.step(step.event)
            assert canonical(to_plain(again)) == canonical(to_plain(step)), f"Then {step}. Now {again}."
