"""The rules that an engine trades by: those of its folder, but for the books whose files can't be used."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from adapters.cli.failure import Failure
from adapters.cli.rulebook import refusal, some_files_of
from machines.catalogue import MACHINES
from rules.language.findings import Finding
from rules.language.rulebook import Rulebook, load
from rules.language.sparing import Fault, Spared, spare, text_of
from runtime.facts import vocabulary_for


@dataclass(frozen=True, slots=True)
class Rules:
    """What is in force, the text of every file by its path, and the books whose files can't be used."""

    rulebook: Rulebook
    texts: Mapping[str, str]
    faults: tuple[Fault, ...] = ()

    def running(self, names: Sequence[str]) -> tuple[str, ...]:
        """Leave out the books that can't run, because their files can't be used and never could."""
        left_out = {fault.book for fault in self.faults if not fault.runs}
        return tuple(name for name in names if name not in left_out)

    def faults_of(self, names: Collection[str]) -> tuple[Fault, ...]:
        """Give the faults of some books."""
        return tuple(fault for fault in self.faults if fault.book in names)


@dataclass(frozen=True, slots=True)
class FilesRead:
    """The rule files of a folder as they were read; `rules` is None where they have mistakes."""

    folder: Path
    environment: str
    paths: tuple[Path, ...]
    findings: list[Finding] = field(repr=False)
    rules: Rules | None

    @property
    def refusal(self) -> Failure:
        """The failure that tells every mistake."""
        return refusal(self.folder, self.findings)

    def whole(self) -> Rules:
        """Return what is in force; fails with every mistake."""
        if self.rules is None:
            raise self.refusal
        return self.rules

    def usable(self, kept: Mapping[str, str], wanted: Collection[str]) -> Rules:
        """Return what can be in force; fails with every mistake where some are not those of single books.

        `kept` are the texts that were last in force, by path; `wanted` are the books that have to be there.
        """
        if self.rules is not None and all(name in self.rules.rulebook.books for name in wanted):
            return self.rules
        spared = self._spared(kept, wanted)
        return self.whole() if spared is None else Rules(spared.rulebook, spared.texts, spared.faults)

    def _spared(self, kept: Mapping[str, str], wanted: Collection[str]) -> Spared | None:
        def again(
            paths: Sequence[Path], instead: Mapping[str, str], left_out: Collection[str]
        ) -> tuple[Rulebook | None, list[Finding]]:
            return load(paths, MACHINES, vocabulary_for, self.environment, instead, left_out)

        return spare(self.paths, self.findings, kept, wanted, again)


def read_rules(folder: Path, environment: str) -> FilesRead:
    """Read the rule files of a folder; fails where there is none."""
    paths = tuple(some_files_of(folder))
    rulebook, findings = load(paths, MACHINES, vocabulary_for, environment)
    rules = None if rulebook is None else Rules(rulebook, {str(path): text_of(path) for path in paths})
    return FilesRead(folder, environment, paths, findings, rules)
