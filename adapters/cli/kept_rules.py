"""Rule files as a store keeps them, so that a replay needs no other copy of them."""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from adapters.cli.failure import Failure
from adapters.cli.places import shortened
from adapters.cli.rulebook import refusal
from adapters.cli.spared_rules import Rules
from machines.catalogue import MACHINES
from rules.language.rulebook import Rulebook, load
from runtime.facts import vocabulary_for
from runtime.library import Library
from runtime.market_data import Key

if TYPE_CHECKING:
    from adapters.postgres.connection import Connection
    from adapters.postgres.openings import RuleFiles


class KeptRules:
    """What a store keeps of rule files, each read once; what is about to be in force can be added beforehand."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rulebooks: dict[str, Rulebook] = {}
        self._candles: dict[str, Mapping[Key, pl.DataFrame]] = {}

    @property
    def library(self) -> Library:
        """Give what an engine looks names up in."""
        return Library(self.rulebook, self.candles)

    def add(self, name: str, rulebook: Rulebook) -> None:
        """Know rule files before anybody asks for them."""
        self._rulebooks[name] = rulebook

    def add_candles(self, name: str, candles: Mapping[Key, pl.DataFrame]) -> None:
        """Know candles before anybody asks for them, once."""
        self._candles[name] = candles

    def forget_but(self, names: Collection[str]) -> None:
        """Forget rule files that nobody goes by any more; the store has them."""
        for name in [name for name in self._rulebooks if name not in names]:
            self._rulebooks.pop(name, None)

    def rulebook(self, name: str) -> Rulebook:
        """Read the rulebook of a name; fails where the store doesn't have it."""
        if name not in self._rulebooks:
            self._rulebooks[name] = read_again(self._files(name))
        return self._rulebooks[name]

    def candles(self, name: str) -> Mapping[Key, pl.DataFrame]:
        """Give the candles of a name; raises StoreError where the store doesn't have them."""
        from adapters.postgres.openings import kept_candles

        return self._candles.pop(name) if name in self._candles else kept_candles(self._connection, name)

    def texts(self, name: str, folder: Path) -> dict[str, str]:
        """Give the texts of rule files, each by the path that it has in a folder now."""
        files = self._files(name)
        root = _root(files.texts)
        return {shortened(folder / Path(file).relative_to(root)): text for file, text in files.texts.items()}

    def _files(self, name: str) -> "RuleFiles":
        from adapters.postgres.openings import rule_files

        files = rule_files(self._connection, name)
        if files is None:
            raise Failure(f"Expected the rule files of version {name} in the store, found none.")
        return files


def rule_files_of(rules: Rules) -> "RuleFiles":
    """Return what is in force as a store keeps it."""
    from adapters.postgres.openings import RuleFiles

    return RuleFiles(rules.rulebook.version, rules.rulebook.environment, rules.texts)


def read_again(files: "RuleFiles") -> Rulebook:
    """Read kept rule files, whatever stands at their paths now; fails where they have mistakes."""
    paths = sorted(Path(name) for name in files.texts)
    rulebook, findings = load(paths, MACHINES, vocabulary_for, files.environment, files.texts)
    if rulebook is None:
        raise refusal(_root(files.texts), findings)
    return rulebook


def _root(names: Iterable[str]) -> Path:
    """The folder that all files have in common."""
    return Path(os.path.commonpath([str(Path(name).parent) for name in names]))
