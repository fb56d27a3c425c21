"""Where the searches of a scenario are made, by the commands that a trader types."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from adapters.cli.main import app
from features.steps.rule_files import RuleFiles
from features.steps.search_terminal import Terminal

SPAN = ("--from", "2021-01-01", "--to", "2021-06-01")
BEST = "found"
REPEAT, TOLD = "eternal backtest ", "best so far"
Found = dict[str, Any]


@dataclass(slots=True)
class SearchDesk:
    """Rule files, a market, and what each search has found; each has a folder of its own, so that none goes on."""

    files: RuleFiles
    folder: Path
    data: Path = Path()
    clusters: list[Found] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    terminal: Terminal = field(default_factory=Terminal)
    report: Found = field(default_factory=dict)
    _searches: int = 0
    _asked: list[str] = field(default_factory=list)
    _repetition: list[str] = field(default_factory=list)

    @property
    def last(self) -> Found:
        """What the last search has found."""
        assert self.found, "Nothing was searched yet."
        return self.found[-1]

    @property
    def best(self) -> Found:
        """The best trial of its last window."""
        trials: list[Found] = self.last["legs"][-1]["trials"]
        assert trials, "No trial has a score: nothing was bought or sold."
        return trials[0]

    @property
    def searches(self) -> Path:
        """The folder of the last search."""
        return self.folder / f"searches-{self._searches}"

    @property
    def trials(self) -> list[Found]:
        """Every run that the last search has kept, in the order in which they ended."""
        (file,) = self.searches.glob("*/trials.jsonl")
        return [json.loads(line) for line in file.read_text().splitlines()]

    def ask(self, book: str, *how: str) -> None:
        """Put a search into the words that are typed."""
        self._searches += 1
        over = ("--data", str(self.data), "--rules", str(self.files.folder), *SPAN)
        self._asked = ["search", book, *over, "--searches", str(self.searches), *how]

    def search(self, *more: str) -> None:
        """Search, and keep what was found."""
        self.found.append(json.loads(typed(*self._asked, *more, "--json")))

    def cut_off(self, trials: int) -> None:
        """Search in a terminal that is closed without a word once so many runs are kept and the best was told."""
        terminal = self.terminal = Terminal()
        terminal.run([*self._asked, "--workers", "1"], lambda: self._kept() >= trials and TOLD in terminal.seen)
        assert not terminal.ended, f"The search ended by itself:\n{terminal.seen}"

    def write_best(self) -> None:
        """Write the best as a rule file beside the others."""
        file = self.files.write() / "engines" / f"{BEST}.yaml"
        shown = typed("search", "show", self.last["id"], "--searches", str(self.searches), "--write", str(file))
        self._repetition = next(line for line in shown.splitlines() if line.startswith(REPEAT)).split()[1:]

    def back_test(self) -> None:
        """Type the command that the search has named for a run of its best."""
        report = self.folder / "report.json"
        kept = ("--searches", str(self.searches), "--runs", str(self.folder / "runs"))
        typed(*self._repetition, "--rules", str(self.files.folder), *kept, "--json", str(report))
        self.report = json.loads(report.read_text())

    def _kept(self) -> int:
        return sum(file.read_bytes().count(b"\n") for file in self.searches.glob("*/trials.jsonl"))


def typed(*words: str) -> str:
    """Type a command and give what it prints; fails with what it says where it does not succeed."""
    ended = CliRunner().invoke(app, list(words))
    assert ended.exit_code == 0, f"eternal {' '.join(words)}\n{ended.output}"
    return ended.stdout
