"""Runs kept on disk: one folder each, with the document of the run and the rules that it used."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.cli.failure import ExitCode, Failure, near
from adapters.cli.plan import Plan
from adapters.cli.wiring import Prepared
from adapters.report.document import document
from rules.language.explain import Explained
from rules.language.units import NUMERIC
from runtime.run import RunResult

LAST = "last"
DOCUMENT = "run.json"
RULES = "rules"
Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run as it was kept: its id, its folder, and its document."""

    id: str
    folder: Path
    document: Plain

    @property
    def plan(self) -> Plan:
        """What was asked for."""
        return Plan.from_plain(self.document["plan"])

    @property
    def rules(self) -> Path:
        """The rule files as they were."""
        return self.folder / RULES


def keep(prepared: Prepared, result: RunResult, runs: Path) -> Path:
    """Write a run into the folder of runs and return its own folder; the same run is written over itself."""
    folder = runs / prepared.run_id
    folder.mkdir(parents=True, exist_ok=True)
    copy_rules(prepared.plan.rules, folder / RULES)
    content = {**full_document(result), "id": prepared.run_id, "plan": prepared.plan.to_plain()}
    # A reader sees the old document or the new one, never half of one.
    draft = folder / f"{DOCUMENT}.new"
    draft.write_text(as_text(content, indent=None), encoding="utf-8")
    os.replace(draft, folder / DOCUMENT)
    return folder


def full_document(result: RunResult) -> dict[str, Any]:
    """Return the document of a run in which every decision has what it saw."""
    plain = document(result)
    for decision, kept in zip(result.decisions, plain["decisions"], strict=True):
        kept["trace"] = None if decision.trace is None else trace_to_plain(decision.trace)
    return plain


def as_text(content: Any, indent: int | None = 1) -> str:
    """Write a document as text, without an indent as short as can be; the same document gives the same bytes."""
    between = (",", ":") if indent is None else None
    kept = json.dumps(content, sort_keys=True, indent=indent, separators=between, ensure_ascii=False, allow_nan=False)
    return kept + "\n"


def copy_rules(rules: Path, copy: Path) -> None:
    """Copy the rule files of a folder; what was in the copy before is gone."""
    if rules.resolve() == copy.resolve():
        return
    shutil.rmtree(copy, ignore_errors=True)
    for path in sorted(rules.rglob("*.yaml")):
        kept = copy / path.relative_to(rules)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept)


def find(run: str, runs: Path) -> SavedRun:
    """Return a run by its id, the start of its id, its path, or `last`; fails with what is near for anything else."""
    folder = _folder(run, runs)
    path = folder / DOCUMENT if folder.is_dir() else folder
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return SavedRun(content["id"], path.parent, content)
    except (ValueError, KeyError, TypeError):
        raise Failure(f"Expected a run in {path}, found something else. Run `eternal backtest` again.") from None


def _folder(run: str, runs: Path) -> Path:
    saved = saved_runs(runs)
    if run == LAST:
        if not saved:
            raise Failure(f"Expected a run in {runs}, found none. Make one with `eternal backtest`.")
        return max(saved, key=lambda folder: ((folder / DOCUMENT).stat().st_mtime_ns, folder.name))
    if (runs / run / DOCUMENT).is_file():
        return runs / run
    if Path(run).is_file() or (Path(run) / DOCUMENT).is_file():
        return Path(run)
    starting = [folder for folder in saved if folder.name.startswith(run)]
    if len(starting) == 1:
        return starting[0]
    names = [folder.name for folder in saved]
    raise Failure(f'Expected the id or the path of a run, found "{run}". {near(run, [*names, LAST])}', ExitCode.USAGE)


def saved_runs(runs: Path) -> list[Path]:
    """Return the folders of all runs that were kept."""
    return sorted(path.parent for path in runs.glob(f"*/{DOCUMENT}"))


def trace_to_plain(trace: Explained) -> dict[str, Any]:
    """Give an explanation as JSON-able data."""
    value = trace.value
    return {
        "text": trace.text,
        "value": value if value is None or isinstance(value, bool | str | int | float) else str(value),
        "unit": str(trace.unit),
        "decided": trace.decided,
        "short_by": trace.short_by,
        "children": [trace_to_plain(child) for child in trace.children],
    }


def trace_from_plain(plain: Plain) -> Explained:
    """Read what `trace_to_plain` wrote; numbers that are exact come back as decimals."""
    value = plain["value"]
    exact = isinstance(value, str) and plain["unit"] in NUMERIC
    return Explained(
        plain["text"],
        Decimal(value) if exact else value,
        plain["unit"],
        tuple(trace_from_plain(child) for child in plain["children"]),
        plain["decided"],
        plain["short_by"],
    )
