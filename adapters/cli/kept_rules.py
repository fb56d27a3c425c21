"""Rule files as a store keeps them, so that a replay needs no other copy of them."""

import os
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.cli.failure import Failure
from adapters.cli.places import shortened
from adapters.cli.rulebook import in_force
from adapters.cli.spared_rules import Rules
from rules.language.rulebook import Rulebook

if TYPE_CHECKING:
    from adapters.postgres.connection import Connection
    from adapters.postgres.openings import RuleFiles


class KeptRules:
    """The rulebooks that a store keeps, read in a folder that has to stay for as long.

    `names` tells what each file was called when it was kept, by what it is called now.
    """

    def __init__(self, connection: "Connection", folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self.names: dict[str, str] = {}

    def rulebook(self, version: str) -> Rulebook:
        """Read the rulebook of a version; fails where the store doesn't have it."""
        from adapters.postgres.openings import rule_files

        files = rule_files(self._connection, version)
        if files is None:
            raise Failure(f"Expected the rule files of version {version} in the store, found none.")
        rulebook, names = read_again(files, self._folder / version)
        self.names.update(names)
        return rulebook


def rule_files_of(rules: Rules) -> "RuleFiles":
    """Return what is in force as a store keeps it."""
    from adapters.postgres.openings import RuleFiles

    return RuleFiles(rules.rulebook.version, rules.rulebook.environment, rules.texts)


def last_in_force(connection: "Connection", folder: Path) -> dict[str, str]:
    """Return the texts of the rules that an engine last traded by, each by the path that it has in a folder now."""
    from adapters.postgres.openings import openings, rule_files

    last = next(iter(deque(openings(connection), maxlen=1)), None)
    files = None if last is None else rule_files(connection, last.rules)
    if files is None:
        return {}
    root = _root(files.texts)
    return {shortened(folder / Path(name).relative_to(root)): text for name, text in files.texts.items()}


def _root(names: Iterable[str]) -> Path:
    """The folder that all files have in common."""
    return Path(os.path.commonpath([str(Path(name).parent) for name in names]))


def read_again(files: "RuleFiles", folder: Path) -> tuple[Rulebook, Mapping[str, str]]:
    """Write kept rule files into an empty folder and read them; fails where they have mistakes.

    Returns with the rulebook what each file was called when it was kept, by what it is called now.
    """
    root = _root(files.texts)
    names = {}
    for name, text in files.texts.items():
        path = folder / Path(name).relative_to(root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        names[shortened(path)] = name
    return in_force(folder, files.environment), names
