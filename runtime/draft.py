"""The step being written: records and requests in the order in which they came about."""

from dataclasses import dataclass, field

from runtime.requests import Request
from runtime.step import Notice, Record


@dataclass(slots=True)
class Draft:
    """What has been decided so far about the event at hand; `at_ms` is the event's time."""

    at_ms: int
    records: list[Record] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def tell(self, severity: str, book: str, text: str) -> None:
        """Add a sentence for the operator; `severity` is P0 to P3."""
        self.records.append(Notice(severity, book, text))
