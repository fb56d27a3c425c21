"""Findings in the terminal: where, what, the line with the place underlined, and what to write instead."""

from collections.abc import Sequence

from rich.text import Text

from adapters.cli.screen import screen
from rules.language.findings import Finding, Severity

INDENT = "    "
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def show(findings: Sequence[Finding], *, errors: bool = False) -> None:
    """Print findings on standard output, or on standard error."""
    console = screen(errors=errors)
    for finding in findings:
        console.print(paragraph(finding), soft_wrap=True)


def paragraph(finding: Finding) -> Text:
    """Write one finding."""
    style = _STYLES[finding.severity]
    text = Text()
    text.append(f"{finding.place}", style="bold")
    text.append(f": {finding.severity} {finding.code}: ", style=style)
    text.append(f"{finding.sentence}\n")
    for index, line in enumerate(finding.marked.split("\n") if finding.marked else ()):
        text.append(f"{INDENT}{line}\n", style=style if index else "")
    if finding.suggestion:
        text.append(f"{INDENT}{finding.suggestion}\n", style="green")
    for place in finding.also:
        text.append(f"{INDENT}See also {place}.\n", style="dim")
    return text
