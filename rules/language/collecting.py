"""Findings as they are made, up to a bound."""

from collections.abc import Iterable
from typing import SupportsIndex

from rules.language.findings import Finding, error
from rules.language.source import Place

MOST_FINDINGS = 100


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
