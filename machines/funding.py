"""Hold a coin and sell as much of its perpetual, so that only the funding rate is left to earn."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from machines.emergency import Heard, Return, with_emergency
from machines.intents import Alert, CancelOpen, ClosePair, EvenPair, Intent, OpenPair, Transfer, Urgency
from machines.table import Argument, By, Firing, Row, Table, Trigger, named

ZERO = Decimal(0)
ONE = Decimal(1)


class State(StrEnum):
    """Where a pair of a coin and its perpetual stands."""

    MONITORING = "MONITORING"
    OPPORTUNITY_DETECTED = "OPPORTUNITY_DETECTED"
    ENTERING = "ENTERING"
    FUNDING_COLLECTING = "FUNDING_COLLECTING"
    EXITING = "EXITING"
    EMERGENCY = "EMERGENCY"


@dataclass(frozen=True, slots=True)
class FundingMemory:
    """What became of the payments received, and the last attempt; money in quote coin, moments in milliseconds UTC.

    `paid_ms` is when funding was settled last. `unshared` was received and not divided yet, `to_compound` shall be
    added to the pair, `to_hand_over` shall leave the sub-account, `on_its_way` has left and not arrived. `attempt_ms`
    is when orders were last asked for, `evenings` how often in a row the legs had to be made even; `label` says why
    the pair was closed last.
    """

    paid_ms: int | None = None
    unshared: Decimal = ZERO
    to_compound: Decimal = ZERO
    to_hand_over: Decimal = ZERO
    on_its_way: Decimal = ZERO
    attempt_ms: int | None = None
    evenings: int = 0
    label: str = ""


Change = tuple[FundingMemory, tuple[Intent, ...]]


# ── the pair ────────────────────────────────────────────────────────────────────────────────────────────────────────


def symbol_of(firing: Firing) -> str:
    """The coin's symbol; each has a machine of its own."""
    return firing.symbols[0]


def open_pair(memory: FundingMemory, firing: Firing) -> Change:
    """Ask for both legs."""
    intent = OpenPair(symbol_of(firing), firing.arguments["amount"], firing.arguments["leverage"])
    return replace(memory, attempt_ms=firing.now_ms, evenings=0, label=""), (intent,)


def compound(memory: FundingMemory, firing: Firing) -> Change:
    """Ask for more of both legs, and take that off what was put aside for it."""
    left = max(ZERO, memory.to_compound - firing.arguments["amount"])
    return open_pair(replace(memory, to_compound=left), firing)


def reduce(memory: FundingMemory, firing: Firing) -> Change:
    """Ask for less of both legs."""
    intent = ClosePair(symbol_of(firing), firing.arguments["part"], Urgency.URGENT, firing.arguments["label"])
    return replace(memory, attempt_ms=firing.now_ms, evenings=0), (intent, *alert(firing))


def close_pair(memory: FundingMemory, firing: Firing) -> Change:
    """Take back what is open and ask for the end of both legs."""
    urgency, label = Urgency(firing.arguments["urgency"]), firing.arguments["label"]
    asked = (CancelOpen(symbol_of(firing)), ClosePair(symbol_of(firing), ONE, urgency, label))
    return replace(memory, attempt_ms=firing.now_ms, evenings=0, label=label or memory.label), (*asked, *alert(firing))


def close_now(memory: FundingMemory, firing: Firing) -> Change:
    """Take back what is open and close both legs at once."""
    asked = (CancelOpen(symbol_of(firing)), ClosePair(symbol_of(firing), ONE, Urgency.URGENT, firing.rule))
    return replace(memory, attempt_ms=firing.now_ms, evenings=0, label=firing.rule), asked


def even_out(memory: FundingMemory, firing: Firing) -> Change:
    """Make the larger leg as small as the other, and tell the operator."""
    intent = EvenPair(symbol_of(firing), Urgency.URGENT)
    after = replace(memory, attempt_ms=firing.now_ms, evenings=memory.evenings + 1)
    return after, (intent, *alert(firing))


def take_back(memory: FundingMemory, firing: Firing) -> Change:
    """Take back every order that is on its way."""
    return memory, (CancelOpen(symbol_of(firing)), *alert(firing))


def alert(firing: Firing) -> tuple[Intent, ...]:
    """Tell the operator, where the rule says how urgently."""
    severity = firing.arguments.get("alert", NO_ALERT)
    if severity == NO_ALERT:
        return ()
    return (Alert(severity, f"{symbol_of(firing)}: {firing.arguments.get('label') or firing.rule}."),)


def over(memory: FundingMemory, _firing: Firing) -> Change:
    """Nothing is held any more: what was put aside for the pair is money like any other."""
    return replace(memory, to_compound=ZERO, evenings=0), ()


def settled(memory: FundingMemory, _firing: Firing) -> Change:
    """The legs are even again."""
    return replace(memory, evenings=0), ()


# ── payments ────────────────────────────────────────────────────────────────────────────────────────────────────────


def receive(memory: FundingMemory, firing: Firing) -> Change:
    """Remember a payment that was received; one that was paid has left the wallet already."""
    received = max(ZERO, firing.arguments["amount"])
    return replace(memory, paid_ms=firing.now_ms, unshared=memory.unshared + received), ()


def share_out(memory: FundingMemory, firing: Firing) -> Change:
    """Divide what was received: for the pair, for another sub-account, and the rest is cash."""
    kept, given = firing.arguments["compound"], firing.arguments["hand_over"]
    after = replace(
        memory,
        unshared=ZERO,
        to_compound=memory.to_compound + memory.unshared * kept,
        to_hand_over=memory.to_hand_over + memory.unshared * given,
    )
    return after, ()


def hand_over(memory: FundingMemory, firing: Firing) -> Change:
    """Send what was put aside to another sub-account."""
    transfer = Transfer(firing.arguments["to"], memory.to_hand_over)
    return replace(memory, on_its_way=memory.to_hand_over, to_hand_over=ZERO), (transfer,)


def arrived(memory: FundingMemory, _firing: Firing) -> Change:
    """Nothing is on its way any more."""
    return replace(memory, on_its_way=ZERO), ()


def came_back(memory: FundingMemory, _firing: Firing) -> Change:
    """What could not be sent is still to be sent."""
    return replace(memory, on_its_way=ZERO, to_hand_over=memory.to_hand_over + memory.on_its_way), ()


# ── guards ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def something_is_unshared(memory: FundingMemory, _firing: Firing) -> bool:
    """A payment was received and not divided yet."""
    return memory.unshared > ZERO


def something_waits_to_be_handed_over(memory: FundingMemory, _firing: Firing) -> bool:
    """There is something to send, and nothing is on its way."""
    return memory.to_hand_over > ZERO and not memory.on_its_way


SEVERITIES = ("P0", "P1", "P2", "P3")
NO_ALERT = "no"
ALERT = Argument("alert", "enum", (*SEVERITIES, NO_ALERT), False, NO_ALERT, about="how urgently the operator is told")
LABEL = Argument("label", "text", required=False, default="", about="the reason, for the journal")
URGENCY = Argument("urgency", "enum", ("urgent", "normal"), required=False, default="normal")
AMOUNT = Argument("amount", "money", about="what each leg shall be worth, or how much more")
LEVERAGE = Argument("leverage", "number", about="of the perpetual on the exchange: its margin is the value ÷ this")

TRIGGERS = named(
    (
        Trigger("detect", By.RULE, about="funding is worth collecting"),
        Trigger("calm", By.RULE, about="it is not any more, before anything was opened"),
        Trigger(
            "open_pair", By.RULE, (AMOUNT, LEVERAGE), about="buy the coin and sell as much of its perpetual", opens=True
        ),
        Trigger(
            "compound", By.RULE, (AMOUNT, LEVERAGE), about="make both legs larger by what was put aside", opens=True
        ),
        Trigger("interrupt", By.RULE, (ALERT, LABEL), about="take back the orders that are on their way"),
        Trigger(
            "even_out",
            By.RULE,
            (ALERT, LABEL),
            about="make the larger leg as small as the other; nothing is left of a leg without the other",
            closes=True,
        ),
        Trigger("collect", By.RULE, about="both legs are there and even"),
        Trigger("abandon", By.RULE, about="nothing is held and nothing is on its way"),
        Trigger(
            "reduce",
            By.RULE,
            (Argument("part", "ratio", about="of both legs"), ALERT, LABEL),
            about="make both legs smaller",
            closes=True,
        ),
        Trigger("close_pair", By.RULE, (LABEL, URGENCY, ALERT), about="close both legs", closes=True),
        Trigger(
            "share_out",
            By.RULE,
            (
                Argument("compound", "ratio", about="of the payment, to make the pair larger"),
                Argument("hand_over", "ratio", about="of the payment, for another sub-account"),
            ),
            about="divide what was received",
        ),
        Trigger(
            "hand_over",
            By.RULE,
            (Argument("to", "text", about="the sub-account that gets it"),),
            about="send what was put aside to another sub-account",
        ),
        Trigger(
            "funded",
            By.RUNTIME,
            (Argument("amount", "money", about="positive when received"),),
            about="the exchange has settled funding",
        ),
        Trigger("transferred", By.RUNTIME, about="the money has arrived"),
        Trigger("transfer_failed", By.RUNTIME, about="the exchange has refused the transfer"),
        Trigger("close_now", By.RUNTIME, about="close both legs at once", closes=True),
    )
)

FLAT = (State.MONITORING, State.OPPORTUNITY_DETECTED)
ORDERS = (State.ENTERING, State.EXITING)
PAIRED = (State.ENTERING, State.FUNDING_COLLECTING, State.EXITING)
LIVE = (*FLAT, *PAIRED)

# ENTERING is whenever legs become larger or even: the first time, when payments are added, and after a reduction.
FUNDING = with_emergency(
    Table(
        name="funding",
        about="Hold a coin, sell as much of its perpetual, and collect the funding rate.",
        states=tuple(State),
        initial=State.MONITORING,
        memory=FundingMemory,
        triggers=TRIGGERS,
        holding=frozenset(PAIRED),
        awaiting=frozenset(ORDERS),
        hedges=True,
        rows=(
            Row((State.MONITORING,), "detect", State.OPPORTUNITY_DETECTED),
            Row((State.OPPORTUNITY_DETECTED,), "calm", State.MONITORING),
            Row((State.OPPORTUNITY_DETECTED,), "open_pair", State.ENTERING, effect=open_pair),
            Row((State.FUNDING_COLLECTING,), "compound", State.ENTERING, effect=compound),
            Row(ORDERS, "interrupt", None, effect=take_back),
            Row((State.ENTERING,), "even_out", None, effect=even_out),
            Row((State.FUNDING_COLLECTING,), "even_out", State.ENTERING, effect=even_out),
            Row((State.ENTERING,), "collect", State.FUNDING_COLLECTING, effect=settled),
            Row(PAIRED, "abandon", State.MONITORING, effect=over),
            Row((State.FUNDING_COLLECTING,), "reduce", State.ENTERING, effect=reduce),
            Row((State.EXITING,), "close_pair", None, effect=close_pair),
            Row((State.ENTERING, State.FUNDING_COLLECTING), "close_pair", State.EXITING, effect=close_pair),
            Row(LIVE, "share_out", None, something_is_unshared, share_out),
            Row(LIVE, "hand_over", None, something_waits_to_be_handed_over, hand_over),
            Row(LIVE, "funded", None, effect=receive),
            Row(LIVE, "transferred", None, effect=arrived),
            Row(LIVE, "transfer_failed", None, effect=came_back),
            Row((State.MONITORING,), "close_now", None, effect=close_now),
            Row((State.OPPORTUNITY_DETECTED,), "close_now", State.MONITORING, effect=close_now),
            Row(PAIRED, "close_now", State.EXITING, effect=close_now),
        ),
    ),
    halting=dict.fromkeys(LIVE, take_back),
    meanwhile=(
        Heard("funded", receive),
        Heard("transferred", arrived),
        Heard("transfer_failed", came_back),
        Heard("close_now", close_now),
    ),
    afterwards=(Return(State.EXITING),),
)
