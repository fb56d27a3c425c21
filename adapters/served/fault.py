"""One thing that goes wrong on request."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong.

    On requests: latency, lost (the line breaks without an answer), status (an HTTP error), garbage (no JSON), refuse (a
    business code), rate_limit (10006). On streams: latency, duplicate, reorder, silence (nothing is told, but pings are
    answered), deaf (not even they), drop; reject_socket turns new sockets away. On the exchange: clock, maintenance,
    partial_fill, lag (look-ups don't see newer orders).
    """

    LATENCY = "latency"
    LOST = "lost"
    STATUS = "status"
    GARBAGE = "garbage"
    REFUSE = "refuse"
    RATE_LIMIT = "rate_limit"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    SILENCE = "silence"
    DEAF = "deaf"
    DROP = "drop"
    REJECT_SOCKET = "reject_socket"
    CLOCK = "clock"
    MAINTENANCE = "maintenance"
    PARTIAL_FILL = "partial_fill"
    LAG = "lag"


@dataclass(slots=True)
class Fault:
    """A fault and where it strikes.

    `endpoint` is how a path (`/v5/order/create`) or topic (`execution`) begins, empty for all; `account` empty for all.
    It lets the first `skip` cases pass, then strikes `count` times (None: until it is lifted), each with a probability.
    `after` says that a request is carried out before its answer is lost or replaced. What the kind needs stands in `ms`
    (a delay or offset, or for how long a limit is used up), `code` (or HTTP status), `message` and `share` (the part
    that is filled). `since` is the number of the last order that a lagging look-up still shows.
    """

    kind: FaultKind
    account: str = ""
    endpoint: str = ""
    count: int | None = 1
    skip: int = 0
    probability: float = 1.0
    after: bool = False
    ms: int = 0
    code: int = 0
    share: str = "0.5"
    message: str = ""
    since: int = 0

    def concerns(self, kind: FaultKind, account: str, endpoint: str) -> bool:
        """Whether it could strike here."""
        is_here = self.kind is kind and endpoint.startswith(self.endpoint)
        return is_here and self.count != 0 and self.account in ("", account)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "Fault":
        """Read it from JSON; raises ValueError for a kind and TypeError for a field that there is not."""
        return cls(**{**plain, "kind": FaultKind(plain.get("kind", ""))})
