"""The best of a search: as a rule file, as runs that are kept, and as the command that repeats it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.places import shortened
from adapters.cli.rulebook import files_of, findings_in
from adapters.cli.saved import keep
from adapters.cli.search_folder import KeptSearch
from adapters.cli.search_found import found_among
from adapters.cli.search_report import score_words
from adapters.cli.wiring import prepare
from adapters.search.result import result_of
from rules.language.findings import Severity
from rules.language.report_findings import as_text
from runtime.trial import Tried


def write_best(kept: KeptSearch, file: Path) -> None:
    """Write the best of a search as a rule file; fails where there is none, or where there is a file already."""
    refuse_taken(file)
    best = result_of(kept.asked, kept.tried).last.best
    score = None if best is None else best.score(kept.asked.aim)
    if best is None or score is None:
        raise Failure("Expected a best trial to write, found none that has a score.", ExitCode.FINDINGS)
    about = f"{kept.order.base} with what search {kept.id} found best, {score_words(score, kept.asked.aim)}."
    text = kept.order.overlay(best.trial.choice, about)
    _refuse_wrong(kept, text)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def keep_best(kept: KeptSearch, count: int, runs: Path) -> list[str]:
    """Run the best trials again and keep them as runs; returns their ids, the best first."""
    with TemporaryDirectory() as folder:
        kept.order.write_rules(Path(folder))
        best = result_of(kept.asked, kept.tried).last.ranked[:count]
        return [_kept_run(kept, one, Path(folder), runs) for one in best]


def repetition(kept: KeptSearch) -> str:
    """Write the command that repeats the run of the best."""
    plan, name = kept.order.plan, kept.order.name
    span = kept.asked.legs[-1]
    parts = [
        f"eternal backtest --data {shortened(plan.source) if isinstance(plan.source, Path) else ''}",
        f"--book {name} --share {name}={_percent(plan.shares[name])}",
        f"--from {_moment(span.from_ms)} --to {_moment(span.to_ms)} --capital {plan.capital}",
        f"--costs {plan.costs} --slippage {_percent(plan.slippage)}",
        f"--environment {plan.environment}" if plan.environment else "",
    ]
    return " ".join(part for part in parts if part)


def refuse_taken(file: Path) -> None:
    """Fail where there is a file already."""
    if file.exists():
        raise Failure(f"Expected a new file for the best, found {file}. Remove it or choose another.", ExitCode.USAGE)


def _refuse_wrong(kept: KeptSearch, overlay: str) -> None:
    """Fail where a rule file has a mistake beside the others."""
    with TemporaryDirectory() as folder:
        kept.order.write_rules(Path(folder))
        file = Path(folder) / f"{kept.order.name}.yaml"
        file.write_text(overlay, encoding="utf-8")
        found = findings_in(files_of([Path(folder)]))
        wrong = [one for one in found if one.severity is Severity.ERROR and one.place.file == shortened(file)]
    if wrong:
        raise Failure(
            f"{as_text(wrong)}\nThe best can't be used as it stands, so it was not written.", ExitCode.FINDINGS
        )


def _kept_run(kept: KeptSearch, one: Tried, rules: Path, runs: Path) -> str:
    file = rules / "engines" / f"{kept.order.name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(kept.order.overlay(one.trial.choice), encoding="utf-8")
    prepared = prepare(replace(kept.order.plan, rules=rules, from_ms=one.trial.from_ms, to_ms=one.trial.to_ms))
    prepared.recorder.found = found_among(kept.folder.parent, prepared.rulebook, prepared.settings)
    prepared.run()
    return keep(prepared, prepared.recorder.result(), runs).name


def _percent(ratio: Decimal) -> str:
    return f"{(ratio * 100).normalize():f}%"


def _moment(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.strftime("%Y-%m-%d") if at_ms % 86_400_000 == 0 else at.strftime("%Y-%m-%dT%H:%M:%S")
