"""Follow a trend in one symbol: signal, entry, position with a stop that only tightens, exit."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from machines.emergency import Heard, Return, with_emergency
from machines.intents import Alert, CancelOpen, Direction, Enter, Intent, Leave, MoveStop, Urgency
from machines.table import Argument, By, Firing, Row, Table, Trigger, named


class State(StrEnum):
    """Where one symbol of a trend book stands."""

    SCANNING = "SCANNING"
    SIGNAL_DETECTED = "SIGNAL_DETECTED"
    NO_TRADE = "NO_TRADE"
    ENTERING = "ENTERING"
    IN_POSITION = "IN_POSITION"
    TRAILING_STOP = "TRAILING_STOP"
    EXITING = "EXITING"
    STOPPED_OUT = "STOPPED_OUT"
    EMERGENCY = "EMERGENCY"


@dataclass(frozen=True, slots=True)
class TrendMemory:
    """What a position needs to be remembered by.

    `side` is set from the signal until the position is gone, `entered_ms` while something is held, `leaving` from the
    moment that an exit, or the end of an entry, was asked for. `stop_distance` and `stop` are in quote coin per base
    coin. `label` says why the last exit was made.
    """

    side: Direction | None = None
    stop_distance: Decimal | None = None
    stop: Decimal | None = None
    entered_ms: int | None = None
    label: str = ""
    leaving: bool = False


Change = tuple[TrendMemory, tuple[Intent, ...]]


def detect(_memory: TrendMemory, firing: Firing) -> Change:
    """Ask for an entry on the side of the signal."""
    arguments = firing.arguments
    side, distance = Direction(arguments["side"]), arguments["stop_distance"]
    (symbol,) = firing.symbols
    entry = Enter(symbol, side, arguments["risk"], distance, arguments["largest"], arguments["leverage"])
    return TrendMemory(side, distance), (entry,)


def take_distance(memory: TrendMemory, firing: Firing) -> Change:
    """Remember the stop distance that the review left, which a breaker may have widened."""
    distance = firing.arguments["stop_distance"]
    return memory if distance is None else replace(memory, stop_distance=distance), ()


def anchor(memory: TrendMemory, firing: Firing) -> Change:
    """Move the stop from where it was guessed to its distance from the price that was paid."""
    return tightened(replace(memory, entered_ms=firing.now_ms), firing, firing.arguments["price"], memory.stop_distance)


def follow(memory: TrendMemory, firing: Firing) -> Change:
    """Let the stop follow the best price."""
    return tightened(memory, firing, firing.arguments["best"], firing.arguments["distance"])


def tightened(memory: TrendMemory, firing: Firing, behind: Decimal, distance: Decimal | None) -> Change:
    """Move the stop to a distance behind a price when that is tighter than where it is; otherwise leave it alone."""
    assert distance is not None
    stop = behind - distance if memory.side is Direction.LONG else behind + distance
    if memory.stop is not None and not tighter(memory.side, stop, memory.stop):
        return memory, ()
    (symbol,) = firing.symbols
    return replace(memory, stop=stop), (MoveStop(symbol, behind, distance, anchor=memory.stop is None),)


def tighter(side: Direction | None, stop: Decimal, than: Decimal) -> bool:
    """Whether a stop risks less than another one."""
    return stop > than if side is Direction.LONG else stop < than


def leave(memory: TrendMemory, firing: Firing) -> Change:
    """Ask for the exit and remember its label."""
    (symbol,) = firing.symbols
    label = firing.arguments["label"]
    return replace(memory, label=label, leaving=True), (Leave(symbol, Urgency(firing.arguments["urgency"]), label),)


def leave_now(memory: TrendMemory, firing: Firing) -> Change:
    """Ask for the exit at once, whatever it costs."""
    (symbol,) = firing.symbols
    label = firing.arguments.get("label") or memory.label
    return replace(memory, label=label, leaving=True), (Leave(symbol, Urgency.URGENT, label),)


def call_off(memory: TrendMemory, firing: Firing) -> Change:
    """Take the entry back, and remember that what has been filled meanwhile is not wanted."""
    (symbol,) = firing.symbols
    return replace(memory, leaving=True, label=firing.arguments["label"]), (CancelOpen(symbol),)


def drop(memory: TrendMemory, firing: Firing) -> Change:
    """Anchor the stop of a position that is not wanted any more, and leave it at once."""
    anchored, move = anchor(memory, firing)
    left, exit_ = leave_now(anchored, firing)
    return left, (*move, *exit_)


def retry_later(memory: TrendMemory, _firing: Firing) -> Change:
    """Forget the exit that failed, so that the rules decide anew."""
    return replace(memory, label="", leaving=False), ()


def forget(memory: TrendMemory, _firing: Firing) -> Change:
    """Forget everything but why the last exit was made."""
    return TrendMemory(label=memory.label), ()


def forget_stopped(_memory: TrendMemory, _firing: Firing) -> Change:
    """Forget everything; the stop was the exit."""
    return TrendMemory(label="stop"), ()


# ── EMERGENCY ───────────────────────────────────────────────────────────────────────────────────────────────────────


def take_back(memory: TrendMemory, firing: Firing) -> Change:
    """Take the entry back; a part that is filled all the same keeps its stop."""
    (symbol,) = firing.symbols
    return memory, (CancelOpen(symbol),)


def anchor_or_drop(memory: TrendMemory, firing: Firing) -> Change:
    """Book an entry that was filled all the same."""
    return drop(memory, firing) if memory.leaving else anchor(memory, firing)


def report_failed_exit(memory: TrendMemory, firing: Firing) -> Change:
    """Tell the operator; trying again at once could go on for ever against an exchange that refuses."""
    (symbol,) = firing.symbols
    text = f"The exit of {symbol} has failed during the halt; the position is still held."
    return replace(memory, leaving=False), (Alert("P0", text),)


def close_in_emergency(memory: TrendMemory, firing: Firing) -> Change:
    """Close what is held, or call off what is on its way; nothing when there is nothing."""
    if memory.entered_ms is not None:
        return leave_now(memory, firing)
    return call_off(memory, firing) if memory.side is not None else (memory, ())


# ── guards ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def the_entry_is_still_wanted(memory: TrendMemory, _firing: Firing) -> bool:
    """Nobody has called the entry off."""
    return not memory.leaving


def the_entry_was_called_off(memory: TrendMemory, _firing: Firing) -> bool:
    """Somebody wanted everything closed before the entry was filled."""
    return memory.leaving


def an_exit_is_on_its_way(memory: TrendMemory, _firing: Firing) -> bool:
    """An exit was sent and its end is not known."""
    return memory.entered_ms is not None and memory.leaving


def a_position_is_held(memory: TrendMemory, _firing: Firing) -> bool:
    """An entry was filled and nobody has asked for the exit."""
    return memory.entered_ms is not None and not memory.leaving


def something_is_held(memory: TrendMemory, _firing: Firing) -> bool:
    """An entry was filled and nothing has closed it."""
    return memory.entered_ms is not None


def an_entry_is_on_its_way(memory: TrendMemory, _firing: Firing) -> bool:
    """An entry was sent and its end is not known."""
    return memory.side is not None and memory.entered_ms is None


BEST = Argument("best", "price", about="the most favourable price since the entry")
LABEL = Argument("label", "text", required=False, default="", about="what the exit is called in reports")

TRIGGERS = named(
    (
        Trigger(
            "signal",
            By.RULE,
            (
                Argument("side", "enum", members=tuple(str(side) for side in Direction)),
                Argument("risk", "ratio", about="of the account, lost at the stop"),
                Argument("stop_distance", "price", about="from the fill to the stop"),
                Argument(
                    "largest", "ratio", required=False, default=Decimal("0.5"), about="of the account in one symbol"
                ),
                Argument(
                    "leverage",
                    "number",
                    required=False,
                    default=Decimal(2),
                    about="× the account, all symbols together",
                ),
            ),
            about="open a position",
            opens=True,
        ),
        Trigger(
            "trail",
            By.RULE,
            (Argument("distance", "price", about="from the best price to the stop"),),
            about="let the stop follow the best price from now on",
            given=(BEST,),
        ),
        Trigger(
            "tighten",
            By.RULE,
            (Argument("distance", "price", about="from the best price to the stop"),),
            about="move the trailing stop closer; it is never moved away",
            given=(BEST,),
            follows=True,
        ),
        Trigger(
            "leave",
            By.RULE,
            (
                Argument("urgency", "enum", tuple(str(word) for word in Urgency), required=False, default="normal"),
                LABEL,
            ),
            about="close the position",
            closes=True,
        ),
        Trigger("look_again", By.RULE, about="look for signals again"),
        Trigger(
            "approved",
            By.RUNTIME,
            (
                Argument(
                    "stop_distance",
                    "price",
                    required=False,
                    about="what the review left of it; unchanged when left out",
                ),
            ),
            about="the review has let the entry pass",
        ),
        Trigger("refused", By.RUNTIME, about="the review has refused the entry"),
        Trigger(
            "opened",
            By.RUNTIME,
            (Argument("price", "price", about="the average price of the fills"),),
            about="the entry order is done, and something was filled",
        ),
        Trigger("entry_failed", By.RUNTIME, about="the entry order is done, and nothing was filled"),
        Trigger("closed", By.RUNTIME, about="an exit was filled and nothing is held, whoever had asked for it"),
        Trigger("stopped", By.RUNTIME, about="the stop, or a liquidation, has closed the position"),
        Trigger("exit_failed", By.RUNTIME, about="the exit order is done, and something is still held"),
        Trigger("close_now", By.RUNTIME, (LABEL,), about="close at once, or take back the entry", closes=True),
    )
)

HELD = (State.IN_POSITION, State.TRAILING_STOP)

# An acknowledgement goes back to scanning only when nothing is held or on its way: the halt closes nothing by itself,
# and a position that a scanning machine had forgotten would be nobody's.
TREND = with_emergency(
    Table(
        name="trend",
        about="Follow a trend in one symbol, long or short.",
        states=tuple(State),
        initial=State.SCANNING,
        holding=frozenset(HELD),
        memory=TrendMemory,
        triggers=TRIGGERS,
        rows=(
            Row((State.SCANNING,), "signal", State.SIGNAL_DETECTED, effect=detect),
            Row((State.SIGNAL_DETECTED,), "approved", State.ENTERING, effect=take_distance),
            Row((State.SIGNAL_DETECTED,), "refused", State.NO_TRADE, effect=forget),
            Row((State.ENTERING,), "opened", State.IN_POSITION, the_entry_is_still_wanted, anchor),
            Row((State.ENTERING,), "opened", State.EXITING, the_entry_was_called_off, drop),
            Row((State.ENTERING,), "entry_failed", State.SCANNING, effect=forget),
            Row((State.ENTERING,), "close_now", None, effect=call_off),
            Row((State.IN_POSITION,), "trail", State.TRAILING_STOP, effect=follow),
            Row((State.TRAILING_STOP,), "tighten", None, effect=follow),
            Row(HELD, "leave", State.EXITING, effect=leave),
            Row(HELD, "close_now", State.EXITING, effect=leave_now),
            Row((*HELD, State.EXITING), "closed", State.SCANNING, effect=forget),
            Row((State.EXITING,), "exit_failed", State.IN_POSITION, effect=retry_later),
            Row((*HELD, State.EXITING), "stopped", State.STOPPED_OUT, effect=forget_stopped),
            Row((State.NO_TRADE, State.STOPPED_OUT), "look_again", State.SCANNING),
        ),
    ),
    halting={State.SIGNAL_DETECTED: forget, State.ENTERING: take_back},
    meanwhile=(
        Heard("refused", forget),
        Heard("opened", anchor_or_drop, an_entry_is_on_its_way),
        Heard("entry_failed", forget, an_entry_is_on_its_way),
        Heard("closed", forget),
        Heard("stopped", forget_stopped),
        Heard("exit_failed", report_failed_exit, something_is_held),
        Heard("close_now", close_in_emergency),
    ),
    afterwards=(
        Return(State.EXITING, an_exit_is_on_its_way),
        Return(State.IN_POSITION, a_position_is_held),
        Return(State.ENTERING, an_entry_is_on_its_way),
        Return(State.SCANNING),
    ),
)
