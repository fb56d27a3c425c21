"""Alerts on their way to people: kept until they are delivered, whoever carries them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class OutboxAwayError(Exception):
    """The outbox can't be reached now: nothing is lost, and nothing can be marked as delivered."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A sentence for a person; `sequence` is the step that said it, 0 where it came from around the engine."""

    sequence: int
    place: int
    at_ms: int
    severity: str
    book: str
    text: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert to one channel; `sent_ms` is when it was last sent, for one that is repeated."""

    alert: Alert
    channel: str
    route: str
    due_ms: int
    sent_ms: int | None = None


class Outbox(Protocol):
    """Where alerts wait; every method raises OutboxAwayError where it can't be reached."""

    def tell(self, at_ms: int, severity: str, book: str, text: str) -> None:
        """Keep an alert that comes from around the engine."""

    def unrouted(self) -> Sequence[Alert]:
        """Give the oldest alerts of which nobody knows yet where they go."""

    def route(self, alert: Alert, deliveries: Sequence[Delivery]) -> None:
        """Keep where an alert goes, all of it or nothing; without deliveries it stays on the dashboard."""

    def last_sent_ms(self, alert: Alert, channel: str, since_ms: int) -> int | None:
        """Tell when the same sentence was last sent to a channel after a moment."""

    def waiting(self, channel: str) -> Sequence[Delivery]:
        """Give what is still to be sent to a channel, oldest first."""

    def sent_since(self, channel: str, route: str, since_ms: int) -> Sequence[int]:
        """Give the moments at which messages of a route left for a channel after a moment, oldest first."""

    def delivered(self, deliveries: Sequence[Delivery], at_ms: int, again_ms: int | None) -> None:
        """Mark as sent, all in one message; with `again_ms` they are due again then, unless acknowledged."""

    def failed(self, deliveries: Sequence[Delivery]) -> None:
        """Count a try that came to nothing."""

    def end_acknowledged(self) -> None:
        """Repeat no more what a person has acknowledged."""
