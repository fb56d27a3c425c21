"""`eternal check`: all mistakes of all rule files."""

import json
from pathlib import Path
from typing import Annotated

import typer


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Rule files or folders of them; else the rules of this folder, else the shipped ones."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings for a machine.")] = False,
    sarif: Annotated[
        Path | None, typer.Option(help="Also write the findings to this SARIF file, for code-review tools.")
    ] = None,
) -> None:
    """Check rule files: every mistake with its file, line and column, and what to write instead."""
    from adapters.cli.failure import ExitCode
    from adapters.cli.marking import show
    from adapters.cli.places import existing, rules_folder
    from adapters.cli.rulebook import files_of, findings_in
    from adapters.cli.screen import say, say_json
    from adapters.clock import Stopwatch
    from rules.language.findings import Severity
    from rules.language.report_findings import as_json as findings_as_json
    from rules.language.report_findings import as_sarif

    watch = Stopwatch()
    files = files_of(existing(path) for path in paths or [rules_folder()])
    findings = findings_in(files)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if sarif is not None:
        sarif.write_text(as_sarif(findings) + "\n", encoding="utf-8")
    if as_json:
        say_json({**json.loads(findings_as_json(findings)), "files": [str(file) for file in files]})
    else:
        show(findings)
        say(summary(len(files), errors, len(findings) - errors, watch.elapsed_s()))
    if errors:
        raise typer.Exit(ExitCode.FINDINGS)


def summary(files: int, errors: int, warnings: int, elapsed_s: float) -> str:
    """Write the last line: 8 files, 0 errors, 2 warnings, 0.21 s."""
    counts = [(files, "file"), (errors, "error"), (warnings, "warning")]
    counted = [f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in counts]
    return f"{', '.join(counted)}, {elapsed_s:.2f} s"
