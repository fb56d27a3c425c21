"""Keep cash for crashes, buy them in a few large parts, hold, take the profit, and hand it back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from machines.emergency import Heard, Return, with_emergency
from machines.intents import Buy, CancelOpen, Intent, Sell, Transfer, Urgency
from machines.table import Argument, By, Firing, Row, Table, Trigger, named

ZERO = Decimal(0)


class State(StrEnum):
    """Where a book that waits for crashes stands."""

    ACCUMULATING_CASH = "ACCUMULATING_CASH"
    MONITORING_MARKETS = "MONITORING_MARKETS"
    TRIGGER_DETECTED = "TRIGGER_DETECTED"
    DEPLOYING = "DEPLOYING"
    HOLDING = "HOLDING"
    PROFIT_TARGET_HIT = "PROFIT_TARGET_HIT"
    RETURNING_TO_CORE = "RETURNING_TO_CORE"
    EMERGENCY = "EMERGENCY"


class Level(StrEnum):
    """How deep the market has fallen when cash is deployed; how deep each is stands in the rules."""

    DEEP = "deep"
    MIDDLE = "middle"
    SHALLOW = "shallow"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One part of the cash that went into the market: when, at which level, and what was asked for by symbol."""

    at_ms: int
    level: Level
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class TacticalMemory:
    """What a cycle has done so far; money in quote coin, moments in milliseconds UTC.

    `high` is the all-time high that has armed the levels, `fired` are those that were used since. `cash` is what the
    cycle had to spend when it began, `deployments` are its own; both are empty between two cycles, `deployed_ms` is
    not. `waiting` are the symbols whose order is on its way, `left` is what ended orders have not bought or sold.
    `ending` says that everything is being sold, `transfer` that money is on its way out.
    """

    high: Decimal | None = None
    fired: tuple[Level, ...] = ()
    cash: Decimal = ZERO
    deployed_ms: int | None = None
    deployments: tuple[Deployment, ...] = ()
    half_sold: bool = False
    waiting: tuple[str, ...] = ()
    left: Mapping[str, Decimal] = field(default_factory=dict)
    ending: bool = False
    transfer: bool = False


Change = tuple[TacticalMemory, tuple[Intent, ...]]


# ── levels and deployments ──────────────────────────────────────────────────────────────────────────────────────────


def arm(memory: TacticalMemory, firing: Firing) -> Change:
    """Remember the all-time high, and let every level fire again."""
    return replace(memory, high=firing.arguments["high"], fired=()), ()


def deploy(memory: TacticalMemory, firing: Firing) -> Change:
    """Buy every coin whose amount is more than nothing; the first time, a cycle begins with the cash of the moment."""
    level, amounts = Level(firing.arguments["level"]), dict(wanted(firing))
    began = replace(memory, cash=firing.arguments["cash"]) if not memory.deployments else memory
    after = replace(
        began,
        fired=(*memory.fired, level),
        deployed_ms=firing.now_ms,
        deployments=(*memory.deployments, Deployment(firing.now_ms, level, amounts)),
        half_sold=False,
        waiting=tuple(amounts),
        left={},
    )
    return after, bought(amounts)


def wanted(firing: Firing) -> Iterator[tuple[str, Decimal]]:
    """The amounts of the firing that are more than nothing, in the order of its symbols."""
    amounts: Mapping[str, Decimal] = firing.arguments["amount"]
    return ((symbol, amounts[symbol]) for symbol in firing.symbols if amounts.get(symbol, ZERO) > ZERO)


def bought(amounts: Mapping[str, Decimal]) -> tuple[Intent, ...]:
    """Ask for market purchases."""
    return tuple(Buy(symbol, amount, Urgency.NORMAL) for symbol, amount in amounts.items())


def buy_again(memory: TacticalMemory, firing: Firing) -> Change:
    """Buy what ended orders have left, and nothing that was bought already."""
    amounts = {symbol: amount for symbol, amount in memory.left.items() if symbol in firing.symbols}
    rest = {symbol: amount for symbol, amount in memory.left.items() if symbol not in amounts}
    return replace(memory, waiting=tuple(amounts), left=rest), bought(amounts)


def take_back(memory: TacticalMemory, firing: Firing) -> Change:
    """Take back every order that is on its way."""
    return memory, tuple(CancelOpen(symbol) for symbol in firing.symbols if symbol in memory.waiting)


def stop_buying(memory: TacticalMemory, firing: Firing) -> Change:
    """Take back what is open and do without what could not be bought."""
    return replace(memory, left={}), take_back(memory, firing)[1]


# ── what became of the orders ───────────────────────────────────────────────────────────────────────────────────────


def ended(memory: TacticalMemory, firing: Firing) -> Change:
    """Remember that an order has ended, and what it has left undone."""
    symbol, left = firing.arguments["symbol"], firing.arguments["left"]
    waiting = tuple(other for other in memory.waiting if other != symbol)
    undone = {**memory.left, symbol: left} if left > ZERO else memory.left
    return replace(memory, waiting=waiting, left=undone), ()


def ended_for_good(memory: TacticalMemory, firing: Firing) -> Change:
    """Remember that an order has ended; what it has left undone is not wanted any more."""
    return replace(ended(memory, firing)[0], left=memory.left), ()


# ── sales and returns ───────────────────────────────────────────────────────────────────────────────────────────────


def take_part(memory: TacticalMemory, firing: Firing) -> Change:
    """Sell the amounts asked for, once."""
    amounts = dict(wanted(firing))
    sales = tuple(Sell(symbol, amount, Urgency.NORMAL) for symbol, amount in amounts.items())
    return replace(memory, half_sold=True, waiting=tuple(amounts), left={}), sales


def take_all(memory: TacticalMemory, firing: Firing) -> Change:
    """Sell everything; the cycle ends with it."""
    sales = tuple(Sell(symbol, None, Urgency.NORMAL) for symbol in firing.symbols)
    return replace(memory, ending=True, waiting=firing.symbols, left={}), sales


def sell_again(memory: TacticalMemory, firing: Firing) -> Change:
    """Sell what ended orders have left."""
    if memory.ending:
        return take_all(memory, firing)
    amounts = {symbol: amount for symbol, amount in memory.left.items() if symbol in firing.symbols}
    rest = {symbol: amount for symbol, amount in memory.left.items() if symbol not in amounts}
    sales = tuple(Sell(symbol, amount, Urgency.NORMAL) for symbol, amount in amounts.items())
    return replace(memory, waiting=tuple(amounts), left=rest), sales


def close_now(memory: TacticalMemory, firing: Firing) -> Change:
    """Take back every order and sell all of every coin at once."""
    cancels = tuple(CancelOpen(symbol) for symbol in firing.symbols)
    sales = tuple(Sell(symbol, None, Urgency.URGENT) for symbol in firing.symbols)
    return replace(memory, ending=bool(memory.deployments), left={}), (*cancels, *sales)


def end(memory: TacticalMemory, _firing: Firing) -> Change:
    """Let the cycle end: nothing is held any more."""
    return replace(memory, ending=True), ()


def give_back(memory: TacticalMemory, firing: Firing) -> Change:
    """Hand money to another sub-account."""
    transfer = Transfer(firing.arguments["to"], firing.arguments["amount"])
    return replace(memory, transfer=True), (transfer,)


def transfer_over(memory: TacticalMemory, _firing: Firing) -> Change:
    """Remember that no money is on its way any more."""
    return replace(memory, transfer=False), ()


def hold_on(memory: TacticalMemory, _firing: Firing) -> Change:
    """Go on with what is still held."""
    return replace(memory, transfer=False, left={}), ()


def begin_anew(memory: TacticalMemory, _firing: Firing) -> Change:
    """Forget the cycle; the last deployment and the all-time high are remembered across cycles."""
    return TacticalMemory(high=memory.high, deployed_ms=memory.deployed_ms, waiting=memory.waiting), ()


def wind_up(memory: TacticalMemory, _firing: Firing) -> Change:
    """Let the cycle end after an emergency."""
    return replace(memory, ending=True, left={}), ()


# ── guards ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def the_level_is_armed(memory: TacticalMemory, firing: Firing) -> bool:
    """A level fires once until it is armed again."""
    return Level(firing.arguments["level"]) not in memory.fired


def something_is_deployed(memory: TacticalMemory, _firing: Firing) -> bool:
    """A cycle is under way."""
    return bool(memory.deployments)


def an_order_is_on_its_way(memory: TacticalMemory, _firing: Firing) -> bool:
    """The end of an order is not known."""
    return bool(memory.waiting)


def no_order_is_on_its_way_and_something_is_left(memory: TacticalMemory, _firing: Firing) -> bool:
    """Only what certainly was not bought may be bought again."""
    return not memory.waiting and any(amount > ZERO for amount in memory.left.values())


def no_order_is_on_its_way(memory: TacticalMemory, _firing: Firing) -> bool:
    """Every order has ended."""
    return not memory.waiting


def nothing_is_on_its_way(memory: TacticalMemory, _firing: Firing) -> bool:
    """Neither an order nor a transfer is under way."""
    return not memory.waiting and not memory.transfer


def the_rest_is_held(memory: TacticalMemory, firing: Firing) -> bool:
    """Only a part was sold, and nothing is under way."""
    return not memory.ending and nothing_is_on_its_way(memory, firing)


def it_is_over(memory: TacticalMemory, firing: Firing) -> bool:
    """Everything was sold, and nothing is under way."""
    return memory.ending and nothing_is_on_its_way(memory, firing)


def only_a_part_was_sold(memory: TacticalMemory, _firing: Firing) -> bool:
    """The cycle goes on with what is left."""
    return not memory.ending


def it_is_the_last_order(memory: TacticalMemory, firing: Firing) -> bool:
    """No other order is on its way."""
    return all(symbol == firing.arguments["symbol"] for symbol in memory.waiting)


def it_completes_the_deployment(memory: TacticalMemory, firing: Firing) -> bool:
    """It was the last order, and every order has bought what it should."""
    complete = not firing.arguments["left"] > ZERO and not any(amount > ZERO for amount in memory.left.values())
    return complete and it_is_the_last_order(memory, firing)


SYMBOL = Argument("symbol", "text", about="whose order has ended")
LEFT = Argument("left", "money", about="what it has not bought or sold")
AMOUNT = Argument("amount", "money", per_symbol=True, about="of each coin; nothing and less are left out")

TRIGGERS = named(
    (
        Trigger(
            "arm",
            By.RULE,
            (Argument("high", "price", about="the all-time high"),),
            about="let every level fire again, below a new all-time high",
        ),
        Trigger("watch", By.RULE, about="there is cash enough to wait for a crash with"),
        Trigger("save", By.RULE, about="there is too little cash"),
        Trigger("detect", By.RULE, about="the signals of a crash are there"),
        Trigger("calm", By.RULE, about="the signals are gone before anything was bought"),
        Trigger(
            "deploy",
            By.RULE,
            (
                Argument("level", "enum", tuple(str(level) for level in Level), about="which level fires"),
                Argument("cash", "money", about="what a cycle that begins now has to spend"),
                AMOUNT,
            ),
            about="buy coins; a level that has fired stays silent until it is armed again",
            opens=True,
        ),
        Trigger("interrupt", By.RULE, about="take back the orders that are on their way"),
        Trigger("buy_again", By.RULE, about="buy what ended orders have left", opens=True),
        Trigger("stop_buying", By.RULE, about="do without what could not be bought"),
        Trigger("take_part", By.RULE, (AMOUNT,), about="sell a part of the coins", closes=True),
        Trigger("take_all", By.RULE, about="sell everything, because the profit is there", closes=True),
        Trigger("sell_out", By.RULE, about="sell everything, whatever the result", closes=True),
        Trigger("sell_again", By.RULE, about="sell what ended orders have left", closes=True),
        Trigger("end", By.RULE, about="nothing is held any more"),
        Trigger(
            "give_back",
            By.RULE,
            (Argument("to", "text", about="the sub-account that gets it"), Argument("amount", "money")),
            about="hand money to another sub-account",
        ),
        Trigger("settle", By.RULE, about="nothing more is to be handed back"),
        Trigger("opened", By.RUNTIME, (SYMBOL, LEFT), about="a purchase has ended, and something was bought"),
        Trigger("entry_failed", By.RUNTIME, (SYMBOL, LEFT), about="a purchase has ended, and nothing was bought"),
        Trigger("closed", By.RUNTIME, (SYMBOL, LEFT), about="a sale has ended, and nothing of the coin is held"),
        Trigger("exit_failed", By.RUNTIME, (SYMBOL, LEFT), about="a sale has ended, and some of the coin is held"),
        Trigger("transferred", By.RUNTIME, about="the money has arrived"),
        Trigger("transfer_failed", By.RUNTIME, about="the exchange has refused the transfer"),
        Trigger("close_now", By.RUNTIME, about="sell everything at once", closes=True),
    )
)

IDLE = (State.ACCUMULATING_CASH, State.MONITORING_MARKETS)
HELD = (State.TRIGGER_DETECTED, State.HOLDING)
CYCLE = (State.TRIGGER_DETECTED, State.DEPLOYING, State.HOLDING, State.PROFIT_TARGET_HIT, State.RETURNING_TO_CORE)
LIVE = (*IDLE, *CYCLE)
OF_PURCHASES = ("opened", "entry_failed")
OF_SALES = ("closed", "exit_failed")


def hold_or(destination: State, trigger: str, source: State) -> tuple[Row, Row]:
    """Lead back to what is held, or elsewhere when nothing was ever deployed in this cycle."""
    return (
        Row((source,), trigger, State.HOLDING, something_is_deployed),
        Row((source,), trigger, destination),
    )


def elsewhere(states: tuple[State, ...], besides: State) -> tuple[State, ...]:
    """All of the states but one."""
    return tuple(state for state in states if state is not besides)


def booked() -> Iterator[Row]:
    """The end of an order is heard in every state; where it is waited for, it leads on."""
    for trigger in OF_PURCHASES:
        yield Row((State.DEPLOYING,), trigger, State.HOLDING, it_completes_the_deployment, ended)
        yield Row((State.DEPLOYING,), trigger, None, None, ended)
        yield Row(elsewhere(LIVE, State.DEPLOYING), trigger, None, None, ended_for_good)
    for trigger in OF_SALES:
        yield Row((State.PROFIT_TARGET_HIT,), trigger, State.RETURNING_TO_CORE, it_is_the_last_order, ended)
        yield Row((State.PROFIT_TARGET_HIT, State.RETURNING_TO_CORE), trigger, None, None, ended)
        others = tuple(s for s in LIVE if s not in (State.PROFIT_TARGET_HIT, State.RETURNING_TO_CORE))
        yield Row(others, trigger, None, None, ended_for_good)


RETURNING = State.RETURNING_TO_CORE

# After an emergency a cycle is wound up: the halt has sold what it could, the rules sell the rest.
TACTICAL = with_emergency(
    Table(
        name="tactical",
        about="Keep cash for crashes, buy them in parts, and hand back what comes of it.",
        states=tuple(State),
        initial=State.ACCUMULATING_CASH,
        memory=TacticalMemory,
        triggers=TRIGGERS,
        holding=frozenset(HELD),
        rows=(
            Row(LIVE, "arm", None, effect=arm),
            Row((State.ACCUMULATING_CASH,), "watch", State.MONITORING_MARKETS),
            Row((State.MONITORING_MARKETS,), "save", State.ACCUMULATING_CASH),
            Row((State.MONITORING_MARKETS, State.HOLDING), "detect", State.TRIGGER_DETECTED),
            *hold_or(State.MONITORING_MARKETS, "calm", State.TRIGGER_DETECTED),
            Row((State.TRIGGER_DETECTED,), "deploy", State.DEPLOYING, the_level_is_armed, deploy),
            Row((State.DEPLOYING,), "interrupt", None, an_order_is_on_its_way, take_back),
            Row((State.DEPLOYING,), "buy_again", None, no_order_is_on_its_way_and_something_is_left, buy_again),
            Row((State.DEPLOYING,), "stop_buying", State.HOLDING, effect=stop_buying),
            Row(HELD, "take_part", State.PROFIT_TARGET_HIT, something_is_deployed, take_part),
            Row(HELD, "take_all", State.PROFIT_TARGET_HIT, something_is_deployed, take_all),
            Row(HELD, "sell_out", RETURNING, something_is_deployed, take_all),
            Row((State.HOLDING,), "end", RETURNING, no_order_is_on_its_way, end),
            Row((RETURNING,), "sell_again", None, nothing_is_on_its_way, sell_again),
            Row((RETURNING,), "give_back", None, nothing_is_on_its_way, give_back),
            Row((RETURNING,), "settle", State.HOLDING, the_rest_is_held, hold_on),
            Row((RETURNING,), "settle", State.ACCUMULATING_CASH, it_is_over, begin_anew),
            Row((RETURNING,), "transferred", State.HOLDING, only_a_part_was_sold, hold_on),
            Row((RETURNING,), "transferred", State.ACCUMULATING_CASH, None, begin_anew),
            Row((RETURNING,), "transfer_failed", None, effect=transfer_over),
            *booked(),
            Row(IDLE, "close_now", None, effect=close_now),
            Row((State.TRIGGER_DETECTED,), "close_now", RETURNING, something_is_deployed, close_now),
            Row((State.TRIGGER_DETECTED,), "close_now", State.MONITORING_MARKETS, None, close_now),
            Row(elsewhere(CYCLE, State.TRIGGER_DETECTED), "close_now", RETURNING, None, close_now),
        ),
    ),
    halting=dict.fromkeys(LIVE, stop_buying),
    meanwhile=(
        *(Heard(trigger, ended_for_good) for trigger in (*OF_PURCHASES, *OF_SALES)),
        *(Heard(trigger, transfer_over) for trigger in ("transferred", "transfer_failed")),
        Heard("close_now", close_now),
    ),
    afterwards=(
        Return(RETURNING, something_is_deployed, wind_up),
        Return(State.ACCUMULATING_CASH, None, begin_anew),
    ),
)
