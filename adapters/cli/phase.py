"""`eternal phase`: where an account stands on its way, and which gates it has passed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.places import RUNS
from adapters.cli.rules import Environment, RulesFolder

if TYPE_CHECKING:
    from adapters.cli.saved import SavedRun
    from rules.language.evaluate import Value
    from rules.language.phases import Phase, Phases
    from rules.language.rulebook import Rulebook
    from runtime.measured import Measured
    from runtime.phases import GateResult


def phase(
    *,
    run: Annotated[
        str | None, typer.Argument(help="A back-test whose results count: its id, its path, or `last`.")
    ] = None,
    measured: Annotated[
        Path | None, typer.Option(help="A JSON file of what was measured while the engine ran.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--phase", metavar="PHASE", help="Look at this phase; else at the current one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a machine.")] = False,
    folder: RulesFolder = None,
    environment: Environment = "",
    runs: Annotated[Path, typer.Option(help="The folder of runs.")] = RUNS,
) -> None:
    """Tell the phase and its gates: what each needs, what was measured, and whether it passes.

    The exit code is 0 when all of them pass, and 1 when one fails or was not measured.
    """
    from adapters.cli.failure import ExitCode
    from adapters.cli.places import rules_folder
    from adapters.cli.rulebook import in_force
    from adapters.cli.saved import find
    from adapters.cli.screen import say_json
    from runtime.phases import Verdict, judged

    rulebook = in_force(rules_folder(folder), environment)
    phases = phases_of(rulebook)
    saved = None if run is None else find(run, runs)
    known = with_run(measurements(measured), saved)
    chosen = phase_named(phases, name, known)
    results = judged(chosen, known.of_phase(chosen.name))
    notes = [] if saved is None else notes_on(saved, rulebook)
    if as_json:
        say_json(to_plain(chosen, results, notes))
    else:
        _show(chosen, phases, results, notes)
    if any(result.verdict is not Verdict.PASSED for result in results):
        raise typer.Exit(ExitCode.FINDINGS)


def phases_of(rulebook: "Rulebook") -> "Phases":
    """Return the phases; fails where the rules have none."""
    from adapters.cli.failure import ExitCode, Failure

    if rulebook.phases is None:
        raise Failure("Expected a book of phases among the rule files, found none. Add one.", ExitCode.USAGE)
    return rulebook.phases


def measurements(path: Path | None) -> "Measured":
    """Return what a file says was measured, nothing without a file; fails where it can't be read."""
    import json

    from adapters.cli.failure import Failure
    from runtime.measured import Measured, MeasurementError

    if path is None:
        return Measured()
    try:
        return Measured.from_plain(json.loads(path.read_text(encoding="utf-8")))
    except MeasurementError as error:
        raise Failure(f"{error} Look into {path}.") from None
    except ValueError:
        raise Failure(f"Expected JSON in {path}, found something else. Check the path.") from None


def with_run(measured: "Measured", saved: "SavedRun | None") -> "Measured":
    """Add what a kept run says of the engines; a run from before this was kept says nothing."""
    from dataclasses import replace

    kept = {} if saved is None else saved.document.get("phase_facts", {})
    return replace(measured, facts={**measured.facts, **{name: _decimal(value) for name, value in kept.items()}})


def _decimal(text: str | None) -> "Value":
    from decimal import Decimal

    return None if text is None else Decimal(text)


def phase_named(phases: "Phases", name: str | None, measured: "Measured") -> "Phase":
    """Return the phase of a name, without one the current one; fails with what is near."""
    from adapters.cli.failure import ExitCode, Failure, near
    from runtime.phases import current

    if name is None:
        return current(phases, measured)
    by_name = {phase.name: phase for phase in phases.phases}
    if name not in by_name:
        raise Failure(f'Expected the name of a phase, found "{name}". {near(name, by_name)}', ExitCode.USAGE)
    return by_name[name]


def notes_on(saved: "SavedRun", rulebook: "Rulebook") -> list[str]:
    """Say what makes a run's results worth less than they look."""
    from adapters.report.words import day

    settings = saved.document["settings"]
    notes = [f"Back-test {saved.id} from {day(settings['from_ms'])} to {day(settings['to_ms'])}."]
    if settings["rules_version"] != rulebook.version:
        notes.append("It used other rules than those in force now; run it again before you trust its results.")
    if "phase_facts" not in saved.document:
        notes.append("It was kept by an earlier version that did not measure engines; run it again.")
    return notes


def to_plain(chosen: "Phase", results: "tuple[GateResult, ...]", notes: list[str]) -> dict[str, object]:
    """Give the phase and its gates as JSON-able data."""
    from dataclasses import asdict

    from runtime.phases import Verdict

    capital = [None if amount is None else str(amount) for amount in (chosen.capital_from, chosen.capital_to)]
    return {
        "phase": chosen.name,
        "account": chosen.account,
        "engines": list(chosen.engines),
        "capital": capital,
        "passed": all(result.verdict is Verdict.PASSED for result in results),
        "gates": [asdict(result) for result in results],
        "notes": notes,
    }


def _show(chosen: "Phase", phases: "Phases", results: "tuple[GateResult, ...]", notes: list[str]) -> None:
    from adapters.cli.screen import say, screen
    from adapters.report.gates import gate_sheet, tally
    from adapters.report.terminal import table

    number = phases.phases.index(chosen) + 1
    say(f"Phase {number} of {len(phases.phases)}: {chosen.name}. {chosen.about}")
    say(f"{', '.join(chosen.engines)} on a {chosen.account} account, {_capital(chosen)}.")
    for note in notes:
        say(note)
    say()
    screen().print(table(gate_sheet(results, "Gates to leave it")))
    say(tally(results))


def _capital(chosen: "Phase") -> str:
    from adapters.report.words import money

    low, high = chosen.capital_from, chosen.capital_to
    if high is None:
        return "with any amount" if low is None else f"with {money(low)} USDT or more"
    return f"with at most {money(high)} USDT" if low is None else f"with {money(low)} to {money(high)} USDT"
