"""Where an engine finds what an event only names: rule files that were read before, and candles fetched for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from rules.language.rulebook import Rulebook
from runtime.market_data import Key

Candles = Mapping[Key, pl.DataFrame]


def _nowhere(name: str) -> Rulebook:
    raise LookupError(f"Expected to be told where the rule files {name} are kept, found nowhere to look.")


def _none(_name: str) -> Candles:
    return {}


@dataclass(frozen=True, slots=True)
class Library:
    """Gives rulebooks and candles by name; a name always gives the same, so that a replay finds what there was."""

    rulebook: Callable[[str], Rulebook] = _nowhere
    candles: Callable[[str], Candles] = _none


NO_LIBRARY = Library()
