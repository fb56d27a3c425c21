"""What planning gives: the requests of one intent with what made them smaller, or the reason why there are none."""

from dataclasses import dataclass

from runtime.requests import Request
from runtime.reservations import Reservation
from runtime.sizing import Limit


@dataclass(frozen=True, slots=True)
class Planned:
    """Requests in the order in which to send them, what they will spend, and what made them smaller.

    There are no requests where everything is already as it was asked for.
    """

    requests: tuple[Request, ...]
    limits: tuple[Limit, ...] = ()
    reservation: Reservation | None = None


@dataclass(frozen=True, slots=True)
class Unplannable:
    """No order can do this, with the reason as a sentence."""

    reason: str
    limits: tuple[Limit, ...] = ()
