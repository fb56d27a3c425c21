"""Accumulate coins and keep them: a deployment in even parts, purchases that restore the weights, then maintenance."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from machines.emergency import Heard, Return, with_emergency
from machines.intents import Alert, Buy, CancelOpen, Intent, Lend, Sell, TakeBack, Urgency
from machines.table import Argument, By, Firing, Guard, Row, Table, Trigger, named

ZERO = Decimal(0)


class State(StrEnum):
    """Where an accumulating book stands."""

    DEPLOYING = "DEPLOYING"
    REBALANCING = "REBALANCING"
    MAINTAINING = "MAINTAINING"
    EARN_OPTIMIZING = "EARN_OPTIMIZING"
    PAUSED = "PAUSED"
    EMERGENCY = "EMERGENCY"


@dataclass(frozen=True, slots=True)
class CoreMemory:
    """What was planned and what was done; money in quote coin, moments in milliseconds UTC.

    `target`, `gap` and `cycles` are frozen when deployment begins; `cycles` is 0 before. `purchases` are the last ones
    by symbol, `cycle_ms` is the last one of any coin. `deployed` is set once the deployment has ended.
    """

    target: Decimal = ZERO
    gap: Decimal = ZERO
    cycles: int = 0
    cycles_done: int = 0
    rebalance_cycles_done: int = 0
    purchases: Mapping[str, int] = field(default_factory=dict)
    cycle_ms: int | None = None
    rebalanced_ms: int | None = None
    deployed: bool = False
    paused_from: str = ""


Change = tuple[CoreMemory, tuple[Intent, ...]]


def begin(memory: CoreMemory, firing: Firing) -> Change:
    """Freeze the schedule."""
    target, gap = firing.arguments["target"], firing.arguments["gap"]
    return replace(memory, target=target, gap=gap, cycles=int(firing.arguments["cycles"]), cycles_done=0), ()


def adopt(memory: CoreMemory, firing: Firing) -> Change:
    """Treat what is held as bought now."""
    return bought(memory, firing, firing.symbols), ()


def bought(memory: CoreMemory, firing: Firing, symbols: tuple[str, ...]) -> CoreMemory:
    """Remember a purchase of these coins now, as one cycle however many they are."""
    purchases = {**memory.purchases, **dict.fromkeys(symbols, firing.now_ms)}
    return replace(memory, purchases=purchases, cycle_ms=firing.now_ms)


def purchase(memory: CoreMemory, firing: Firing) -> Change:
    """Buy every coin whose amount is more than nothing."""
    amounts = dict(wanted(firing))
    urgency = Urgency(firing.arguments["urgency"])
    buys = tuple(Buy(symbol, amount, urgency) for symbol, amount in amounts.items())
    return bought(memory, firing, tuple(amounts)), buys


def deploy(memory: CoreMemory, firing: Firing) -> Change:
    """Buy, and take one cycle off the deployment."""
    after, buys = purchase(memory, firing)
    return replace(after, cycles_done=memory.cycles_done + 1), buys


def restore_weights(memory: CoreMemory, firing: Firing) -> Change:
    """Buy, and count one cycle of the rebalancing."""
    after, buys = purchase(memory, firing)
    return replace(after, rebalance_cycles_done=memory.rebalance_cycles_done + 1), buys


def sell(memory: CoreMemory, firing: Firing) -> Change:
    """Sell every coin whose amount is more than nothing, and remember when."""
    urgency = Urgency(firing.arguments["urgency"])
    sales = tuple(Sell(symbol, amount, urgency) for symbol, amount in wanted(firing))
    return replace(memory, rebalanced_ms=firing.now_ms) if sales else memory, sales


def wanted(firing: Firing) -> Iterator[tuple[str, Decimal]]:
    """The amounts of the firing that are more than nothing, in the order of its symbols."""
    amounts: Mapping[str, Decimal] = firing.arguments["amount"]
    return ((symbol, amounts[symbol]) for symbol in firing.symbols if amounts.get(symbol, ZERO) > ZERO)


def lend(memory: CoreMemory, firing: Firing) -> Change:
    """Lend out every coin whose amount is more than nothing."""
    return memory, tuple(Lend(symbol, amount) for symbol, amount in wanted(firing))


def take_home(memory: CoreMemory, firing: Firing) -> Change:
    """Take back all coins that are lent out."""
    return memory, tuple(TakeBack(symbol) for symbol in firing.symbols)


def end_out_of_balance(memory: CoreMemory, _firing: Firing) -> Change:
    """Remember the deployment as done and count rebalancing cycles from nothing."""
    return replace(memory, deployed=True, rebalance_cycles_done=0), ()


def end(memory: CoreMemory, _firing: Firing) -> Change:
    """Remember the deployment as done."""
    return replace(memory, deployed=True), ()


def pausing(state: State) -> Callable[[CoreMemory, Firing], Change]:
    """Make the effect that remembers this state, takes back open orders and tells the operator."""

    def pause(memory: CoreMemory, firing: Firing) -> Change:
        alert = Alert("P1", f"Paused: {firing.arguments['reason']}.")
        return replace(memory, paused_from=str(state)), (*take_back(memory, firing)[1], alert)

    return pause


def resume(memory: CoreMemory, _firing: Firing) -> Change:
    """Forget the pause."""
    return replace(memory, paused_from=""), ()


def take_back(memory: CoreMemory, firing: Firing) -> Change:
    """Take back every open order."""
    return memory, tuple(CancelOpen(symbol) for symbol in firing.symbols)


def sell_everything(memory: CoreMemory, firing: Firing) -> Change:
    """Sell all of every coin at once."""
    return memory, tuple(Sell(symbol, None, Urgency.URGENT) for symbol in firing.symbols)


def start_over(memory: CoreMemory, _firing: Firing) -> Change:
    """Clear the schedule: it was measured for a portfolio that the emergency may have sold."""
    return CoreMemory(purchases=memory.purchases, cycle_ms=memory.cycle_ms, rebalanced_ms=memory.rebalanced_ms), ()


# ── guards ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def no_schedule_is_running_and_the_new_one_has_cycles(memory: CoreMemory, firing: Firing) -> bool:
    """A schedule that runs stays as it was frozen."""
    return memory.cycles_done >= memory.cycles and firing.arguments["cycles"] >= 1


def the_schedule_has_cycles_left(memory: CoreMemory, _firing: Firing) -> bool:
    """A deployment buys as often as was planned and no more."""
    return memory.cycles_done < memory.cycles


def it_had_deployed(memory: CoreMemory, _firing: Firing) -> bool:
    """The deployment had ended before."""
    return memory.deployed


def paused_in(state: State) -> Guard:
    """Make the guard that holds when the pause began in this state."""

    def guard(memory: CoreMemory, _firing: Firing) -> bool:
        return memory.paused_from == state

    guard.__name__ = f"it was paused in {state}"
    return guard


URGENCY_WORDS = tuple(str(word) for word in Urgency)

TRIGGERS = named(
    (
        Trigger(
            "begin",
            By.RULE,
            (
                Argument("target", "money", about="what the holdings shall be worth"),
                Argument("gap", "money", about="what is missing now"),
                Argument("cycles", "count", about="purchases to spread it over"),
            ),
            about="freeze the schedule of the deployment",
        ),
        Trigger("adopt", By.RULE, about="treat what is held as bought now"),
        Trigger(
            "purchase",
            By.RULE,
            (
                Argument("amount", "money", per_symbol=True, about="of each coin; nothing and less buy nothing"),
                Argument("urgency", "enum", URGENCY_WORDS, required=False, default="normal"),
            ),
            about="buy coins, as one cycle however many they are",
            opens=True,
        ),
        Trigger("unbalanced", By.RULE, about="the deployment has ended with weights that are off"),
        Trigger("balanced", By.RULE, about="the deployment or the rebalancing has ended"),
        Trigger(
            "sell",
            By.RULE,
            (
                Argument("amount", "money", per_symbol=True, about="of each coin; nothing and less sell nothing"),
                Argument("urgency", "enum", URGENCY_WORDS, required=False, default="patient"),
            ),
            about="sell coins that have outgrown their weight",
            closes=True,
        ),
        Trigger("redeploy", By.RULE, about="begin a deployment anew"),
        Trigger(
            "earn",
            By.RULE,
            (Argument("amount", "money", per_symbol=True, about="of each coin; nothing and less lend nothing"),),
            about="lend idle coins out",
        ),
        Trigger("redeem", By.RULE, about="take lent coins back"),
        Trigger("pause", By.RULE, (Argument("reason", "text"),), about="stop all activity and tell the operator"),
        Trigger("resume", By.RULE, about="go on where the pause began"),
        Trigger("close_now", By.RUNTIME, about="sell everything at once", closes=True),
    )
)

ACTIVE = (State.DEPLOYING, State.REBALANCING, State.MAINTAINING, State.EARN_OPTIMIZING)
KEPT = (State.MAINTAINING, State.EARN_OPTIMIZING)

# After an emergency a book that had deployed goes on where it was; whether it deploys anew what was sold is for its
# rules to say, by `redeploy`.
CORE = with_emergency(
    Table(
        name="core",
        about="Accumulate coins by weight and keep them.",
        states=tuple(State),
        initial=State.DEPLOYING,
        memory=CoreMemory,
        triggers=TRIGGERS,
        rows=(
            Row((State.DEPLOYING,), "begin", None, no_schedule_is_running_and_the_new_one_has_cycles, begin),
            Row((State.DEPLOYING,), "adopt", None, effect=adopt),
            Row((State.DEPLOYING,), "purchase", None, the_schedule_has_cycles_left, deploy),
            Row((State.REBALANCING,), "purchase", None, effect=restore_weights),
            Row(KEPT, "purchase", None, effect=purchase),
            Row((State.DEPLOYING,), "unbalanced", State.REBALANCING, effect=end_out_of_balance),
            Row((State.DEPLOYING, State.REBALANCING), "balanced", State.MAINTAINING, effect=end),
            Row(KEPT, "sell", None, effect=sell),
            Row((State.MAINTAINING,), "redeploy", State.DEPLOYING, effect=start_over),
            Row((State.MAINTAINING,), "earn", State.EARN_OPTIMIZING, effect=lend),
            Row((State.EARN_OPTIMIZING,), "earn", None, effect=lend),
            Row((State.EARN_OPTIMIZING,), "redeem", State.MAINTAINING, effect=take_home),
            *(Row((state,), "pause", State.PAUSED, effect=pausing(state)) for state in ACTIVE),
            *(Row((State.PAUSED,), "resume", state, paused_in(state), resume) for state in ACTIVE),
            Row((*ACTIVE, State.PAUSED), "close_now", None, effect=sell_everything),
        ),
    ),
    halting=dict.fromkeys((*ACTIVE, State.PAUSED), take_back),
    meanwhile=(Heard("close_now", sell_everything),),
    afterwards=(Return(State.MAINTAINING, it_had_deployed, resume), Return(State.DEPLOYING, None, start_over)),
)
