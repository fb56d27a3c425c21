"""Rule files as a store keeps them, so that a replay needs no other copy of them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.cli.failure import Failure
from adapters.cli.places import shortened
from adapters.cli.rulebook import files_of, in_force
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


def rule_files_of(folder: Path, rulebook: Rulebook) -> "RuleFiles":
    """Return the files of a folder from which a rulebook was read."""
    from adapters.postgres.openings import RuleFiles

    texts = {str(path): path.read_text(encoding="utf-8") for path in files_of([folder])}
    return RuleFiles(rulebook.version, rulebook.environment, texts)


def read_again(files: "RuleFiles", folder: Path) -> tuple[Rulebook, Mapping[str, str]]:
    """Write kept rule files into an empty folder and read them; fails where they have mistakes.

    Returns with the rulebook what each file was called when it was kept, by what it is called now.
    """
    root = Path(os.path.commonpath([str(Path(name).parent) for name in files.texts]))
    names = {}
    for name, text in files.texts.items():
        path = folder / Path(name).relative_to(root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        names[shortened(path)] = name
    return in_force(folder, files.environment), names
