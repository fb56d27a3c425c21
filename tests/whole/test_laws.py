"""What holds in every run, whatever the market does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from adapters.report.document import to_json
from runtime.engine import Engine
from runtime.events import CandleClose, CashFlow, Fill, FundingPayment
from runtime.instrument import Market
from runtime.requests import PlaceOrder, Side
from runtime.step import Step

ZERO = Decimal(0)
DAY_MS = 86_400_000
# All directional engines for a year and a half; pairs of coins and perpetuals, decided every hour, for six weeks.
ALL: dict[str, Any] = {}
HEDGED: dict[str, Any] = {"books": ("tactical", "funding"), "to_ms": (18_262 + 545) * DAY_MS}
runs = pytest.mark.parametrize("changes", [ALL, HEDGED], ids=["all engines", "hedged"])
ROOT = Path(__file__).resolve().parents[2]


def decided(steps: list[Step], until_ms: int) -> list[object]:
    """Everything that was decided and asked for up to the close of the candles of a moment."""
    return [
        (step.at_ms, step.records, step.requests)
        for step in steps
        if step.records and (step.at_ms < until_ms or (step.at_ms == until_ms and isinstance(step.event, CandleClose)))
    ]


def watched(prepared: Any, until_ms: int | None = None) -> list[Step]:
    """Run it, or up to a moment, and keep every step."""
    steps: list[Step] = []
    prepared.backtest._watch = steps.append
    prepared.backtest.run(until_ms=until_ms)
    return steps


@dataclass(frozen=True)
class Account:
    """An account when a candle closes, as the engine has it and as the exchange has it."""

    at_ms: int
    name: str
    wallet: dict[str, Decimal]
    equity: Decimal | None
    held: dict[tuple[Market, str], Decimal]
    unrealised: Decimal
    """Coins at their last price, and what perpetuals have gained."""
    exchange_wallet: dict[str, Decimal]
    exchange_held: dict[str, Decimal]
    """Of perpetuals."""


@dataclass(frozen=True)
class Played:
    """A run that has ended, how it began, and what was seen on its way."""

    run: Any
    start: dict[str, dict[str, Decimal]]
    steps: list[Step]
    accounts: list[Account]


def play(run: Any) -> Played:
    """Run it, keep every step, and look at every account at every candle."""
    start = {account: dict(run.engine.portfolio.wallets(account)) for account in run.engine.portfolio.accounts}
    played = Played(run, start, [], [])
    record = run.backtest._watch

    def watch(step: Step) -> None:
        record(step)
        played.steps.append(step)
        if isinstance(step.event, CandleClose):
            played.accounts.extend(seen(run, step.at_ms, name) for name in run.engine.portfolio.accounts)

    run.backtest._watch = watch
    run.backtest.run()
    return played


def seen(run: Any, at_ms: int, name: str) -> Account:
    """Look at one account."""
    portfolio, board = run.engine.portfolio, run.engine.world.board
    positions = portfolio.positions(name)
    values = [
        one.unrealised(price) if one.market is Market.LINEAR else one.quantity * price
        for one in positions
        if (price := board.price(one.market, one.symbol)) is not None
    ]
    assert len(values) == len(positions), "something is held that has no price"
    return Account(
        at_ms,
        name,
        coins(portfolio.wallets(name)),
        portfolio.equity(name),
        {(one.market, one.symbol): one.quantity for one in positions},
        sum(values, ZERO),
        coins(run.exchange.wallet(name)),
        {o.symbol: run.exchange.position(name, o.symbol).quantity for o in positions if o.market is Market.LINEAR},
    )


@pytest.fixture(scope="module")
def played(prepared: Any) -> Callable[[dict[str, Any]], Played]:
    """Play a run once, for all that look at how it went and change nothing of it."""
    kept: dict[str, Played] = {}

    def once(changes: dict[str, Any]) -> Played:
        if str(changes) not in kept:
            kept[str(changes)] = play(prepared(**changes))
        return kept[str(changes)]

    return once


@pytest.mark.spec("BT-01", "ORCH-07")
@runs
def test_money_and_positions_are_those_of_the_exchange_at_every_candle(played: Any, changes: dict[str, Any]) -> None:
    """The engine's books never differ from the exchange's, and equity is cash, coins and unrealised profit."""
    accounts = played(changes).accounts

    for one in accounts:
        assert one.wallet == one.exchange_wallet
        perpetuals = {symbol: amount for (market, symbol), amount in one.held.items() if market is Market.LINEAR}
        assert perpetuals == one.exchange_held
        assert one.wallet.get("USDT", ZERO) + one.unrealised == one.equity

    assert len({one.at_ms for one in accounts}) > 1_000
    assert sum(len(one.held) for one in accounts) > 1_000


def coins(wallet: Any) -> dict[str, Decimal]:
    """A wallet without the coins of which there are none."""
    return {coin: amount for coin, amount in wallet.items() if amount}


@pytest.mark.spec("EXEC-06", "ORCH-04", "FUND-07")
@runs
def test_wallets_and_positions_are_the_sum_of_what_happened(played: Any, changes: dict[str, Any]) -> None:
    """Start, fills, fees, funding and deposits add up to the last decimal; positions are the sum of the fills."""
    run, start, steps = played(changes).run, played(changes).start, played(changes).steps
    held: dict[tuple[str, Market, str], Decimal] = {}
    spot: dict[tuple[str, str], Decimal] = {(a, c): amount for a, w in start.items() for c, amount in w.items()}

    for step in steps:
        event = step.event
        if isinstance(event, Fill):
            signed = event.quantity if event.side is Side.BUY else -event.quantity
            key = (event.account, event.market, event.symbol)
            held[key] = held.get(key, ZERO) + signed
            if event.market is Market.SPOT:
                base = (event.account, event.symbol.removesuffix("USDT"))
                spot[base] = spot.get(base, ZERO) + signed
                spot[event.account, "USDT"] -= signed * event.price
                coin = (event.account, event.fee_coin)
                spot[coin] = spot.get(coin, ZERO) - event.fee
                if event.fee_coin != "USDT":
                    held[key] -= event.fee
        elif isinstance(event, CashFlow):
            spot[event.account, event.coin] += event.amount

    portfolio = run.engine.portfolio
    for (account, market, symbol), quantity in held.items():
        assert portfolio.position(account, market, symbol).quantity == quantity
    for name in {"core-hodl", "tactical"} & run.engine.books.keys():
        account = run.engine.books[name].account
        expected = {coin: amount for (owner, coin), amount in spot.items() if owner == account and amount}
        assert coins(portfolio.wallets(account)) == expected
    payments = [step.event.settlement_id for step in steps if isinstance(step.event, FundingPayment)]
    assert payments
    assert len(set(payments)) == len(payments)


@pytest.mark.spec("FUND-03", "FUND-04", "FUND-06")
def test_no_leg_stands_alone_when_a_candle_closes(played: Any) -> None:
    """Whatever happened in between, coins and short are as large as each other at every hour, but for fees in coin."""
    book = played(HEDGED).run.engine.books["funding"]
    held = 0

    for one in played(HEDGED).accounts:
        for symbol in book.symbols if one.name == book.account else ():
            coins, short = (one.held.get((market, symbol), ZERO) for market in Market)
            held += bool(short)
            assert abs(coins + short) <= max(abs(short) / 50, Decimal("0.001")), (one.at_ms, symbol)

    assert held > 500


@pytest.mark.spec("BT-04")
@pytest.mark.parametrize("future", ["cut off", "other numbers"])
@runs
def test_the_future_changes_nothing_that_was_decided_before(
    prepared: Any, played: Any, future: str, changes: dict[str, Any]
) -> None:
    """Without the rest of the data, or with made-up prices in its place, every earlier decision is the same."""
    whole = played(changes).run
    edge_ms = (whole.settings.from_ms + whole.settings.to_ms) // 2 // DAY_MS * DAY_MS
    expected = decided(played(changes).steps, edge_ms)
    other = prepared(**changes)
    histories = other.engine.world.histories
    for key, frame in other.data.candles.items():
        before = frame.filter(pl.col("close_ms") <= edge_ms)
        after = frame.filter(pl.col("close_ms") > edge_ms)
        if future == "other numbers":
            prices = [pl.col(name) * 3 for name in ("open", "high", "low", "close")]
            before = pl.concat([before, after.with_columns(prices)])
        other.data.candles[key] = before
        history = histories.history(*key)
        history.preload(before.filter(pl.col("open_ms") >= whole.settings.from_ms))

    found = decided(watched(other, edge_ms), edge_ms)

    assert len(expected) > 50
    assert found == expected


@pytest.mark.spec("STATE-04")
def test_two_runs_give_the_same_bytes_under_any_hash_seed(market: Path, plan: Any) -> None:
    """Two processes with different hash seeds write the same document, byte for byte."""
    script = (
        "import hashlib, sys, pathlib\n"
        "from adapters.cli.plan import Plan\n"
        "from adapters.cli.wiring import prepare\n"
        "from adapters.report.document import to_json\n"
        "p = prepare(Plan(pathlib.Path('rules'), pathlib.Path(sys.argv[1]), "
        "('core-hodl', 'trend-1', 'trend-2', 'tactical', 'funding'),"
        " from_ms=int(sys.argv[2]), to_ms=int(sys.argv[3])))\n"
        "p.backtest.run()\n"
        "print(hashlib.sha256(to_json(p.recorder.result()).encode()).hexdigest())\n"
    )
    command = [sys.executable, "-c", script, str(market), str(plan.from_ms), str(plan.from_ms + 20 * DAY_MS)]

    digests = {
        subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1


@pytest.mark.spec("BRK-06", "CORE-07", "FUND-07")
@pytest.mark.parametrize(("changes", "every_ms"), [(ALL, 37 * DAY_MS), (HEDGED, 37 * DAY_MS // 8)])
def test_a_restart_at_any_day_changes_nothing(
    prepared: Any, played: Any, changes: dict[str, Any], every_ms: int
) -> None:
    """Saved as JSON and loaded again, an engine goes on as if nothing had happened."""
    whole = played(changes).run
    expected = decided(played(changes).steps, whole.settings.to_ms)
    other = prepared(**changes)
    steps: list[Step] = []
    restarts = 0

    def restart(step: Step) -> None:
        nonlocal restarts
        steps.append(step)
        if isinstance(step.event, CandleClose) and step.at_ms % every_ms == 0:
            engine = other.backtest.engine
            plain = json.loads(json.dumps(engine.to_plain()))
            again = Engine.from_plain(engine.rulebook, tuple(engine.books), engine.world.instruments, plain)
            for key, frame in other.data.candles.items():
                history = again.world.histories.history(*key)
                history.preload(frame)
                history.advance_to(step.at_ms)
            other.backtest.engine = again
            restarts += 1

    other.backtest._watch = restart
    other.backtest.run()

    assert restarts > 5
    assert decided(steps, whole.settings.to_ms) == expected


@pytest.mark.spec("EXEC-02")
def test_no_order_id_is_used_twice(played: Any) -> None:
    """Every order has a name of its own, short enough for the exchange."""
    names = [r.order_id for step in played(ALL).steps for r in step.requests if isinstance(r, PlaceOrder)]

    assert len(names) > 100
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 36


@pytest.mark.spec("BT-02")
def test_a_threshold_in_a_file_changes_the_trades(prepared: Any, played: Any, tmp_path: Path) -> None:
    """The trend strength that an entry needs stands in the file and nowhere else."""
    rules = tmp_path / "rules"
    for file in sorted((ROOT / "rules").glob("*/*.yaml")):
        (rules / file.parent.name).mkdir(parents=True, exist_ok=True)
        (rules / file.parent.name / file.name).write_text(file.read_text().replace("strong: 25", "strong: 30"))
    before, after = played(ALL).run, prepared(rules=rules)
    after.backtest.run()

    assert before.recorder.result().trades != after.recorder.result().trades


def test_the_document_of_a_run_is_json(played: Any) -> None:
    """What is saved can be read."""
    assert json.loads(to_json(played(ALL).run.recorder.result()))["schema"].startswith("eternal-backtest/")
