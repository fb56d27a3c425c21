"""The life of one order, as far as it is known; what was filled is counted by the portfolio, never here."""

from dataclasses import dataclass
from enum import StrEnum

from machines.intents import Intent
from machines.table import Argument, By, Firing, Guard, Row, Table, Trigger, named


class State(StrEnum):
    """What is known of an order."""

    CREATED = "CREATED"
    VALIDATED = "VALIDATED"
    SUBMITTED = "SUBMITTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    OPEN = "OPEN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class OrderMemory:
    """Why the order ended, in the words of whoever ended it."""

    reason: str = ""


def remember(_memory: OrderMemory, firing: Firing) -> tuple[OrderMemory, tuple[Intent, ...]]:
    """Keep the reason."""
    return OrderMemory(firing.arguments["reason"]), ()


def found_as(*states: State) -> Guard:
    """Make the guard that holds when a look-up has found one of these states."""

    def guard(_memory: OrderMemory, firing: Firing) -> bool:
        return firing.arguments["state"] in states

    guard.__name__ = f"it was found {' or '.join(states)}"
    return guard


REASON = Argument("reason", "text", required=False, default="")
ENDED = (State.FILLED, State.REJECTED, State.CANCELLED, State.EXPIRED)
RESTING = (State.OPEN, State.PARTIALLY_FILLED)
AWAITED = (State.SUBMITTED, State.ACKNOWLEDGED, State.UNKNOWN)
SENT = (*AWAITED, *RESTING)
FINDINGS = (State.ACKNOWLEDGED, *RESTING, *ENDED)

TRIGGERS = named(
    (
        Trigger("validate", By.RUNTIME, about="it fits the instrument's steps and minimums"),
        Trigger("submit", By.RUNTIME, about="it is in the journal and leaves"),
        Trigger("acknowledge", By.RUNTIME, about="the exchange has answered that it took the order"),
        Trigger("rest", By.RUNTIME, about="it stands in the book"),
        Trigger("fill_part", By.RUNTIME, about="a part was filled"),
        Trigger("fill", By.RUNTIME, about="nothing is left of it"),
        Trigger("reject", By.RUNTIME, (REASON,), about="it was refused, by a check or by the exchange"),
        Trigger("cancel", By.RUNTIME, (REASON,), about="what was left was taken back"),
        Trigger("expire", By.RUNTIME, (REASON,), about="its time was over"),
        Trigger("lose", By.RUNTIME, about="an answer is missing, so nobody knows"),
        Trigger(
            "find",
            By.RUNTIME,
            (Argument("state", "enum", tuple(str(state) for state in FINDINGS)), REASON),
            about="a look-up has answered; an order that was never placed is found REJECTED",
        ),
    )
)

# Messages overtake each other: a fill may come before the answer to the order, a look-up after both. So later news is
# heard in any order, stale news changes nothing, and an order that has ended never lives again.
ORDER = Table(
    name="order",
    about="One order from the wish to its end.",
    states=tuple(State),
    initial=State.CREATED,
    memory=OrderMemory,
    triggers=TRIGGERS,
    rows=(
        Row((State.CREATED,), "validate", State.VALIDATED),
        Row((State.VALIDATED,), "submit", State.SUBMITTED),
        Row((State.SUBMITTED, State.UNKNOWN), "acknowledge", State.ACKNOWLEDGED),
        Row(AWAITED, "rest", State.OPEN),
        Row((*AWAITED, State.OPEN), "fill_part", State.PARTIALLY_FILLED),
        Row(SENT, "fill", State.FILLED),
        Row((State.CREATED, State.VALIDATED, *AWAITED, State.OPEN), "reject", State.REJECTED, effect=remember),
        Row((State.CREATED, State.VALIDATED, *SENT), "cancel", State.CANCELLED, effect=remember),
        Row((State.CREATED, State.VALIDATED, *SENT), "expire", State.EXPIRED, effect=remember),
        Row((State.SUBMITTED, State.ACKNOWLEDGED, *RESTING), "lose", State.UNKNOWN),
        Row((State.SUBMITTED, State.UNKNOWN), "find", State.ACKNOWLEDGED, found_as(State.ACKNOWLEDGED)),
        Row(AWAITED, "find", State.OPEN, found_as(State.OPEN)),
        Row((*AWAITED, State.OPEN), "find", State.PARTIALLY_FILLED, found_as(State.PARTIALLY_FILLED)),
        *(Row(SENT, "find", state, found_as(state), remember) for state in ENDED),
        Row((State.ACKNOWLEDGED,), "find", None, found_as(State.ACKNOWLEDGED)),
        Row((State.OPEN,), "find", None, found_as(State.ACKNOWLEDGED, State.OPEN)),
        Row((State.PARTIALLY_FILLED,), "find", None, found_as(State.ACKNOWLEDGED, *RESTING)),
        Row((State.ACKNOWLEDGED, *RESTING), "acknowledge", None),
        Row(RESTING, "rest", None),
        Row((State.PARTIALLY_FILLED,), "fill_part", None),
        Row((State.UNKNOWN,), "lose", None),
        *(
            Row(ENDED, news, None)
            for news in ("acknowledge", "rest", "fill_part", "fill", "reject", "cancel", "expire", "lose", "find")
        ),
    ),
)
