"""What a failed exit costs the next time, and what must not be missing or silent."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.simulated.instruments import load_instruments
from machines.catalogue import MACHINES
from rules.language.rulebook import load, rule_files
from runtime.capital import portfolio_of
from runtime.engine import Engine
from runtime.events import Candle, CandleClose, Event, Fill, FillKind, OrderAccepted, OrderCancelled
from runtime.facts import vocabulary_for
from runtime.instrument import Market
from runtime.portfolio import Portfolio
from runtime.requests import PlaceOrder, Side
from runtime.step import Notice, Step

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
RULES = Path(__file__).resolve().parents[2] / "rules"
BOOK = """
book: trial
about: In above 50,000, out below.
machine: trend
account: TRIAL
market: linear
symbols: [BTCUSDT]
timeframe: 1d
directional: yes
exits:
  out: {in: [IN_POSITION, TRAILING_STOP], when: close < 50000 USDT/BTC, then: leave()}
triggers:
  again: {in: [NO_TRADE, STOPPED_OUT], when: known(close), then: look_again()}
entries:
  long: {in: SCANNING, when: close > 50000 USDT/BTC, then: "signal(side=long, risk=1%, stop_distance=9000 USDT/BTC)"}
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine with one position that the rules want closed below 50,000."""
    (tmp_path / "trial.yaml").write_text(BOOK)
    (tmp_path / "shares.yaml").write_text("book: shares\nabout: All.\nshares:\n  trial: 100%\n")
    rulebook, findings = load(sorted(tmp_path.glob("*.yaml")), MACHINES, vocabulary_for)
    assert rulebook is not None, findings
    instruments = load_instruments()
    portfolio = portfolio_of(rulebook, {"trial": Decimal(1)}, Decimal(100_000), instruments)
    return Engine(rulebook, ("trial",), portfolio, instruments)


def day(engine: Engine, number: int, close: float) -> PlaceOrder | None:
    """Let a day close and give the order that was asked for, if any."""
    at_ms = 19_000 * DAY_MS + number * DAY_MS
    candle = Candle(Market.LINEAR, "BTCUSDT", "1d", at_ms - DAY_MS, at_ms, close, close, close, close, 1_000.0)
    step = engine.step(CandleClose(at_ms, (candle,)))
    return next((request for request in step.requests if isinstance(request, PlaceOrder)), None)


def answer(engine: Engine, order: PlaceOrder, event: Callable[[int], Event]) -> Step:
    """Let the exchange accept an order and then answer it."""
    at_ms = engine.world.board.moment.now_ms
    engine.step(OrderAccepted(at_ms, order.order_id))
    return engine.step(event(at_ms))


def fill_of(order: PlaceOrder, price: str) -> Callable[[int], Event]:
    """The whole order filled at a price."""
    quantity = order.quantity
    assert quantity is not None
    return lambda at_ms: Fill(
        at_ms,
        f"x-{order.order_id}",
        order.order_id,
        order.account,
        order.market,
        order.symbol,
        order.side,
        quantity,
        Decimal(price),
        Decimal(0),
        "USDT",
        False,
        FillKind.TRADE,
        True,
    )


def cancelled(order: PlaceOrder) -> Callable[[int], Event]:
    """Nothing of the order was filled."""
    return lambda at_ms: OrderCancelled(at_ms, order.order_id, "EC_NoImmediateQtyToFill")


@pytest.mark.spec("EXEC-05", "EXEC-06")
def test_an_exit_that_fails_is_tried_again_and_may_cost_more_each_time(engine: Engine) -> None:
    """0.5 %, then 1 %, then 2 % below the last price, until it is filled; the next exit begins at 0.5 % again."""
    entry = day(engine, 1, 51_000.0)
    assert entry is not None
    answer(engine, entry, fill_of(entry, "51000"))
    caps = []
    for number in (2, 3, 4):
        leaving = day(engine, number, 49_000.0 - number)
        assert leaving is not None
        assert (leaving.side, leaving.reduce_only) == (Side.SELL, True)
        caps.append(leaving.slippage_cap)
        answer(engine, leaving, cancelled(leaving))
    assert caps == [Decimal("0.005"), Decimal("0.010"), Decimal("0.020")]

    final = day(engine, 5, 48_000.0)
    assert final is not None
    answer(engine, final, fill_of(final, "47900"))
    assert engine.instances["trial", "BTCUSDT"].snapshot.state == "SCANNING"
    again = day(engine, 6, 51_000.0)
    assert again is not None
    answer(engine, again, fill_of(again, "51000"))
    calm = day(engine, 7, 49_000.0)
    assert calm is not None
    assert calm.slippage_cap == Decimal("0.005")


@pytest.mark.spec("CORE-01")
def test_a_book_that_uses_weights_must_have_them(tmp_path: Path) -> None:
    """Without weights nobody could say how much of a coin is too much."""
    for file in rule_files(RULES):
        if file.stem == "core-hodl":
            text = file.read_text()
            start, end = text.index("weights:"), text.index("params:")
            (tmp_path / file.name).write_text(text[:start] + text[end:])

    rulebook, findings = load(rule_files(tmp_path), MACHINES, vocabulary_for)

    assert rulebook is None
    assert any("gives its coins no weights" in finding.sentence for finding in findings)


@pytest.mark.spec("BRK-01")
def test_a_level_that_reports_hourly_does_so_for_the_dashboard_only() -> None:
    """Every full hour while it lasts, and not before."""
    rulebook, findings = load(rule_files(RULES), MACHINES, vocabulary_for)
    assert rulebook is not None, findings
    instruments = load_instruments()
    portfolio = Portfolio(instruments, {"CORE-HODL": {"BTC": Decimal(1)}, "RESERVE": {}})
    engine = Engine(rulebook, ("core-hodl",), portfolio, instruments)

    def reports(hour: int, close: float) -> list[str]:
        at_ms = 19_000 * DAY_MS + hour * HOUR_MS
        candle = Candle(Market.SPOT, "BTCUSDT", "1h", at_ms - HOUR_MS, at_ms, close, close, close, close, 1.0)
        step = engine.step(CandleClose(at_ms, (candle,)))
        return [record.text for record in step.records if isinstance(record, Notice) and record.severity == "P3"]

    assert reports(1, 1_000.0) == []
    assert reports(2, 890.0) == ["CAUTION: the portfolio is 11 % below its highest value."]
    assert reports(3, 890.0) == ["CAUTION: the portfolio is 11 % below its highest value."]
