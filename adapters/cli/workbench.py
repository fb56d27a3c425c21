"""Where the trials of a search are run: the rules and the market are read once, then each trial is a back-test."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.cli.plan import Plan
from adapters.cli.rulebook import books_named, files_of
from adapters.cli.wiring import Prepared, Supplies, prepare, supplies_of
from adapters.report.summary import equity_curve
from machines.catalogue import MACHINES
from rules.language.rulebook import Overlaid, Rulebook
from runtime.facts import vocabulary_for
from runtime.round_trips import round_trips
from runtime.run import RunResult
from runtime.search_space import Choice
from runtime.trial import Purpose, Trial, Tried, figures_of

OVERLAY = "overlay.yaml"
MOST_SUPPLIES = 2


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """What all trials of a search have in common; it can be sent to another machine.

    A trial is a book `name` that extends `base` and has its own account. `symbols` are those of the base where none are
    given. `rules` are the files with their paths below the folder of rules.
    """

    plan: Plan
    base: str
    name: str
    symbols: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]

    def overlay(self, choice: Choice, about: str = "") -> str:
        """Write the book of a trial as a rule file."""
        return "\n".join(self._lines(choice, about)) + "\n"

    def write_rules(self, folder: Path) -> None:
        """Write the rule files into a folder."""
        for path, content in self.rules:
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")

    def _lines(self, choice: Choice, about: str) -> Iterator[str]:
        yield f"book: {self.name}"
        yield f"extends: {self.base}"
        if about:
            yield f"about: {about}"
        yield f"account: {self.name.upper()}"
        if self.symbols:
            yield f"symbols: [{', '.join(self.symbols)}]"
        if choice:
            yield "\nparams:"
            yield from (f"  {name}: {value}" for name, value in choice)


class Workbench:
    """Runs trials; what several of them need is read when the first one needs it."""

    def __init__(self, order: WorkOrder) -> None:
        self.order = order
        with TemporaryDirectory() as folder:
            order.write_rules(Path(folder))
            self._rules = Overlaid(files_of([Path(folder)]), MACHINES, vocabulary_for, order.plan.environment)
        self._supplies: dict[tuple[int | None, int | None], Supplies] = {}

    def perform(self, trial: Trial) -> Tried:
        """Run a trial; one whose values make no book that can be used ends with the reason."""
        prepared = self.prepared(trial)
        if isinstance(prepared, str):
            return Tried(trial, None, prepared)
        prepared.run()
        return tried_of(trial, prepared.recorder.result())

    def prepared(self, trial: Trial) -> Prepared | str:
        """Build the run of a trial, or give the reason why there is none."""
        rulebook, findings = self._rules.with_overlay(self.order.overlay(trial.choice), OVERLAY)
        if rulebook is None:
            return " ".join(finding.sentence for finding in findings[:1])
        plan = replace(self.order.plan, from_ms=trial.from_ms, to_ms=trial.to_ms)
        return prepare(plan, rulebook, self._supplied(plan, rulebook))

    def _supplied(self, plan: Plan, rulebook: Rulebook) -> Supplies:
        span = (plan.from_ms, plan.to_ms)
        if span not in self._supplies:
            while len(self._supplies) >= MOST_SUPPLIES:
                del self._supplies[next(iter(self._supplies))]
            self._supplies[span] = supplies_of(plan, rulebook, books_named(rulebook, plan.books))
        return self._supplies[span]


def tried_of(trial: Trial, result: RunResult) -> Tried:
    """Give what came of a trial; the curve is kept of a proof only, where it is joined with others."""
    curve = equity_curve(result)
    daily = curve.daily()
    kept = zip(daily.at_ms.tolist(), daily.values.tolist(), strict=True) if trial.purpose is Purpose.OUTSIDE else ()
    return Tried(trial, figures_of(curve, len(result.fills), len(round_trips(result.trades))), curve=tuple(kept))
