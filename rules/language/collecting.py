"""Findings as they are made, up to a bound."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import SupportsIndex

from rules.language.findings import Finding, error, mark
from rules.language.source import Place

MOST_FINDINGS = 100
LONGEST_LINE = 160
BEFORE_THE_PLACE = 60


class Enough(Exception):  # noqa: N818 - a way out, not a fault
    """So many mistakes are in one file that looking for more helps nobody."""


class Findings(list[Finding]):
    """The findings of one file; raises Enough instead of growing without end."""

    def append(self, finding: Finding, /) -> None:
        """Add one."""
        if len(self) >= MOST_FINDINGS:
            place = Place(finding.place.file, finding.place.line, finding.place.column, 1)
            super().append(error("R009", place, "More mistakes follow.", "Put those before this one right first."))
            raise Enough
        super().append(finding)

    def extend(self, findings: Iterable[Finding], /) -> None:
        """Add several."""
        for finding in findings:
            self.append(finding)

    def insert(self, _index: SupportsIndex, finding: Finding, /) -> None:
        """Add one; where it goes doesn't matter, they are sorted later."""
        self.append(finding)


def with_line(finding: Finding, lines: Sequence[str]) -> Finding:
    """Add the line of the file with the place underlined; of a very long line only what is near the place."""
    marked = finding if finding.marked else mark(finding, lines)
    line, _, underline = marked.marked.partition("\n")
    if len(line) <= LONGEST_LINE:
        return marked
    start = max(0, finding.place.column - 1 - BEFORE_THE_PLACE)
    end = start + LONGEST_LINE
    before, after = "…" if start else "", "…" if end < len(line) else ""
    cut = f"{before}{line[start:end]}{after}\n{' ' * len(before)}{underline[start:end]}"
    return replace(marked, marked=cut)
