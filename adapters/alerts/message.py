"""What a person reads: one alert as a sentence, several as a digest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from runtime.outbox import Alert, Delivery

MOST_LINES = 20
NOBODY = "Eternal Engine"


@dataclass(frozen=True, slots=True)
class Message:
    """A title, lines of text, and how urgent it is."""

    title: str
    body: str
    severity: str


def message_of(deliveries: Sequence[Delivery]) -> Message:
    """Write alerts of one route as one message; the same sentence is written once, with how often it was said."""
    alerts = [one.alert for one in deliveries]
    severity = min(alert.severity for alert in alerts)
    again = all(one.sent_ms is not None for one in deliveries)
    if len(alerts) == 1:
        title = f"{severity} {alerts[0].book or NOBODY}"
        body = f"{alerts[0].text}\n{_moment(alerts[0].at_ms)}"
    else:
        title, body = f"{severity} {NOBODY}: {len(alerts)} alerts", "\n".join(_lines(alerts))
    return Message(f"{title} (not acknowledged yet)" if again else title, body, severity)


def _lines(alerts: Sequence[Alert]) -> Iterator[str]:
    said: dict[tuple[str, str, str], list[Alert]] = {}
    for alert in alerts:
        said.setdefault((alert.severity, alert.book, alert.text), []).append(alert)
    groups = list(said.values())
    for group in groups[:MOST_LINES]:
        yield _line(group)
    if len(groups) > MOST_LINES:
        yield f"… and {len(groups) - MOST_LINES} more; see `eternal alerts list`."


def _line(same: Sequence[Alert]) -> str:
    first, last = same[0], same[-1]
    times = "" if len(same) == 1 else f" ({len(same)} times, last {_moment(last.at_ms)})"
    return " ".join(filter(None, (first.severity, _moment(first.at_ms), first.book, first.text))) + times


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
