"""A halt is carried out to its end, wherever the engine crashes and whatever the exchange leaves unanswered."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.cli.rulebook import in_force
from features.steps.course import Course, drifting, still
from features.steps.words import DAY_MS, HOUR_MS, Series
from features.steps.world import INSTRUMENTS, RESERVE, Beginning, Past, World
from machines.lifecycle import Stage
from rules.language.book import Mode
from rules.language.rulebook import Rulebook
from runtime.engine import Engine
from runtime.events import Fill, FillKind, OperatorCommand, OrderAccepted, OrderCancelled, Timer
from runtime.instrument import Market
from runtime.requests import CancelOrder, PlaceOrder, Side
from runtime.step import HaltStage, Notice, Step

MONDAY_MS = 19_723 * DAY_MS
SECOND_MS, MINUTE_MS = 1_000, 60_000
BOOKS = ("trend-1", "core-hodl")


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    """The shipped rules without the checks that a loss trips before the breaker does."""
    shipped = in_force(Path(__file__).resolve().parents[2] / "rules")
    off = ("daily_loss", "weekly_loss", "position_size")
    return replace(shipped, checks=tuple(replace(c, mode=Mode.OFF) if c.name in off else c for c in shipped.checks))


@pytest.fixture(scope="module")
def past() -> Past:
    """Bitcoin stands still, Ether rises in a trend."""
    return {
        Series("BTCUSDT", None, "1d"): drifting("BTCUSDT", 50_000.0, None, 0.0, 260),
        Series("ETHUSDT", None, "1d"): drifting("ETHUSDT", None, 3_000.0, 0.005, 260),
    }


@pytest.fixture
def world(rulebook: Rulebook, past: Past) -> World:
    """Two books, and a reserve that only the breaker cares for."""
    wallets = {name: {"USDT": Decimal(100_000)} for name in ("TREND-1", "CORE-HODL")}
    wallets |= {RESERVE: {"USDT": Decimal(0), "BTC": Decimal(8)}}
    return World(Beginning(rulebook, BOOKS, wallets, past, tuple(Market), MONDAY_MS, Decimal("0.0005")))


def entering(world: World) -> PlaceOrder:
    """Let a day close on which trend-1 wants to be long; give its order, which the exchange has not filled."""
    world.pass_time(DAY_MS, {("ETHUSDT", None): Course(3_000.0, 3_020.0, 2_990.0, 3_015.0, 1e6)})
    (order,) = (one.request for one in world.journal.orders() if one.request.account == "TREND-1")
    return order


def texts(step: Step, severity: str) -> list[str]:
    """What the operator was told, as loud as this."""
    return [one.text for one in step.records if isinstance(one, Notice) and one.severity == severity]


def filled(order: PlaceOrder, at_ms: int, quantity: str, name: str) -> Fill:
    """A whole fill of an order."""
    size, price = Decimal(quantity), Decimal(3_000)
    base = (at_ms, name, order.order_id, order.account, order.market, order.symbol, order.side)
    return Fill(*base, size, price, Decimal(0), "USDT", False, FillKind.TRADE, True)


def unplugged(world: World) -> tuple[Engine, PlaceOrder]:
    """An engine whose exchange answers nothing any more, with an entry under way."""
    order = entering(world)
    world.engine.step(OrderAccepted(world.now_ms, order.order_id))
    return world.engine, order


# ── what is not answered ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.spec("LIFE-02")
def test_an_entry_without_a_known_end_holds_up_neither_the_closing_nor_is_it_forgotten(world: World) -> None:
    engine, order = unplugged(world)
    now_ms = world.now_ms

    def cancels(step: Step) -> list[str]:
        return [r.order_id for r in step.requests if isinstance(r, CancelOrder) and r.order_id == order.order_id]

    begun = engine.step(OperatorCommand(now_ms, "halt", "anna", "a drill"))
    assert cancels(begun) == [order.order_id]
    assert engine.life.memory.stage is Stage.FREEZE
    early = engine.step(Timer(now_ms + 9 * SECOND_MS))
    assert (early.requests, engine.life.memory.stage) == ((), Stage.FREEZE)

    late = engine.step(Timer(now_ms + 10 * SECOND_MS))
    assert [one.stage for one in late.records if isinstance(one, HaltStage)] == ["freeze"]
    assert any(
        "end of open entries is not known" in text and "ETHUSDT of trend-1" in text for text in texts(late, "P0")
    )
    assert cancels(late) == [order.order_id]
    assert engine.life.memory.stage is Stage.CLOSE

    reminded = engine.step(Timer(now_ms + 15 * MINUTE_MS))
    assert any("The entry of ETHUSDT by trend-1 has no known end." in text for text in texts(reminded, "P0"))
    assert texts(engine.step(Timer(now_ms + 16 * MINUTE_MS)), "P0") == []


@pytest.mark.spec("LIFE-02")
def test_what_is_filled_late_is_closed_at_once(world: World) -> None:
    engine, order = unplugged(world)
    now_ms = world.now_ms
    engine.step(OperatorCommand(now_ms, "halt", "anna", "a drill"))
    engine.step(Timer(now_ms + MINUTE_MS))

    bought = engine.step(filled(order, now_ms + 2 * MINUTE_MS, str(order.quantity), "late"))
    (close,) = (request for request in bought.requests if isinstance(request, PlaceOrder))
    assert (close.side, close.reduce_only, close.quantity) == (Side.SELL, True, order.quantity)
    assert not engine.halt.complete

    for core in [t.request for t in engine.trader.desk.live("core-hodl")]:
        engine.step(filled(core, now_ms + 2 * MINUTE_MS, "0.000001", f"dust of {core.order_id}"))
    sold = engine.step(filled(close, now_ms + 3 * MINUTE_MS, str(close.quantity), "gone"))
    assert [one.stage for one in sold.records if isinstance(one, HaltStage)] == ["close", "tell"]
    assert engine.halt.complete


@pytest.mark.spec("LIFE-02")
def test_a_closing_order_is_sent_again_after_a_while_and_allowed_to_fill_further_from_the_price(world: World) -> None:
    order = entering(world)
    world.open()
    engine, now_ms = world.engine, world.now_ms
    assert engine.portfolio.position("TREND-1", Market.LINEAR, "ETHUSDT").quantity == order.quantity
    step = engine.step(OperatorCommand(now_ms, "halt", "anna", "a drill"))
    caps: list[Decimal | None] = []
    for attempt in range(4):
        (close,) = (r for r in step.requests if isinstance(r, PlaceOrder) and r.account == "TREND-1")
        caps.append(close.slippage_cap)
        failed_ms = now_ms + attempt * MINUTE_MS
        engine.step(OrderAccepted(failed_ms, close.order_id))
        failed = engine.step(OrderCancelled(failed_ms, close.order_id, "nothing could be had within the cap"))
        again = [r for r in failed.requests if isinstance(r, PlaceOrder) and r.account == "TREND-1"]
        step = failed if again else engine.step(Timer(failed_ms + 10 * SECOND_MS))
    assert caps == [Decimal("0.005") * 2**number for number in range(4)]


@pytest.mark.spec("LIFE-06")
@pytest.mark.parametrize("name", ["pause", "halt", "flatten", "acknowledge", "purchase", "resume"])
def test_a_command_counts_once_by_its_id_even_after_a_restart(world: World, name: str) -> None:
    engine = world.engine
    command = OperatorCommand(world.now_ms, name, "anna", "why not", command_id="7", confirmed=True)
    engine.step(command)
    again = Engine.from_plain(engine.rulebook, BOOKS, INSTRUMENTS, json.loads(json.dumps(engine.to_plain())))
    step = again.step(command)
    assert step.requests == ()
    assert [record.text for record in step.records if isinstance(record, Notice)] == [
        f"The command {name} (7) was carried out already."
    ]


# ── a crash anywhere ────────────────────────────────────────────────────────────────────────────────────────────────


def by_hand(world: World) -> None:
    """Halt by hand while one entry is half filled, and the exit finds no taker at first."""
    world.pass_time(DAY_MS, {("ETHUSDT", None): Course(3_000.0, 3_020.0, 2_990.0, 3_015.0, 30.0)})
    for place in world.candles.volumes:
        world.candles.volumes[place] = 60.0
    world.command("halt")
    world.pass_time(HOUR_MS, {("ETHUSDT", None): still(2_900.0, 600.0)})
    world.pass_time(6 * HOUR_MS)
    world.command("acknowledge")
    world.pass_time(HOUR_MS)


def by_breaker(world: World) -> None:
    """Halt by a fall of the whole portfolio, with an exchange that is away meanwhile, and a pause."""
    world.pass_time(DAY_MS, {("ETHUSDT", None): Course(3_000.0, 3_020.0, 2_990.0, 3_015.0, 1e6)})
    world.pass_time(HOUR_MS, {("BTCUSDT", None): Course(50_000.0, 50_000.0, 23_000.0, 23_000.0, 1e6)})
    world.command("pause")
    world.pass_time(2 * HOUR_MS)
    world.command("acknowledge")
    world.command("resume")
    world.pass_time(HOUR_MS)


def told(world: World) -> list[tuple[object, ...]]:
    """Everything that was decided, asked for and told."""
    return [(step.sequence, step.event, step.records, step.requests) for step in world.journal.steps]


@pytest.mark.spec("LIFE-02", "BRK-05", "BRK-06")
@pytest.mark.parametrize("history", [by_hand, by_breaker])
def test_a_crash_after_any_event_of_a_halt_changes_nothing(
    rulebook: Rulebook, past: Past, history: Callable[[World], None]
) -> None:
    def begin() -> World:
        wallets = {"TREND-1": {"USDT": Decimal(100_000)}, "CORE-HODL": {"USDT": Decimal(100_000)}}
        wallets |= {RESERVE: {"USDT": Decimal(0), "BTC": Decimal(8)}}
        return World(Beginning(rulebook, BOOKS, wallets, past, tuple(Market), MONDAY_MS, Decimal("0.0005")))

    whole = begin()
    history(whole)
    expected = told(whole)
    stages = [one.stage for one in whole.journal.halt_stages()]
    assert stages == ["freeze", "close", "tell"]
    assert not whole.engine.halted
    for place in range(len(expected)):
        crashing = begin()
        watch = crashing._backtest._watch

        def crash(step: Step, world: World = crashing, at: int = place, keep: Callable[[Step], None] = watch) -> None:
            keep(step)
            if step.sequence == at + 1:
                world._reborn()

        crashing._backtest._watch = crash
        history(crashing)
        assert told(crashing) == expected, f"A crash after event {place} leads elsewhere."
