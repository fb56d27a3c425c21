"""What the keys of a rule do while the engine runs: modes, expiry, duration, order, opposites, unknowns."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.simulated.instruments import load_instruments
from machines.catalogue import MACHINES
from rules.language.rulebook import load
from runtime.capital import portfolio_of
from runtime.engine import Engine
from runtime.events import Candle, CandleClose, OperatorCommand
from runtime.facts import vocabulary_for
from runtime.instrument import Market
from runtime.step import Decision, Notice, Refused, Step

DAY_MS = 86_400_000
BOOK = """
book: trial
about: A trial.
machine: trend
account: TRIAL
market: linear
symbols: [BTCUSDT]
timeframe: 1d
directional: yes
exits:
  out:
    in: [IN_POSITION, TRAILING_STOP]
    when: position.profit > 1000 USDT/BTC
    then: leave()
triggers:
  again:
    in: [NO_TRADE, STOPPED_OUT]
    when: known(close)
    then: look_again()
entries:
"""
LONG = """
  long:
    in: SCANNING
    when: {when}
    then: signal(side=long, risk=1%, stop_distance=1000 USDT/BTC)
    {more}
"""
SHORT = LONG.replace("long", "short")
SHARES = "book: shares\nabout: All of it.\nshares:\n  trial: 100%\n"
Begin = Callable[..., Engine]


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """Start an engine on a book with these entries."""

    def start(*entries: str) -> Engine:
        (tmp_path / "trial.yaml").write_text(BOOK + "".join(entries))
        (tmp_path / "shares.yaml").write_text(SHARES)
        rulebook, findings = load(sorted(tmp_path.glob("*.yaml")), MACHINES, vocabulary_for)
        assert rulebook is not None, findings
        instruments = load_instruments()
        portfolio = portfolio_of(rulebook, {"trial": Decimal(1)}, Decimal(100_000), instruments)
        return Engine(rulebook, ("trial",), portfolio, instruments)

    return start


def day(engine: Engine, number: int, close: float) -> Step:
    """Let one day close at a price."""
    at_ms = 19_000 * DAY_MS + number * DAY_MS
    candle = Candle(Market.LINEAR, "BTCUSDT", "1d", at_ms - DAY_MS, at_ms, close, close, close, close, 1_000.0)
    return engine.step(CandleClose(at_ms, (candle,)))


def fired(step: Step) -> list[str]:
    """The rules that fired in a step."""
    return [record.rule for record in step.records if isinstance(record, Decision)]


def entry(when: str, more: str = "why: Because.", short: bool = False) -> str:
    """The text of one entry rule."""
    return (SHORT if short else LONG).format(when=when, more=more)


def test_a_rule_fires_at_the_close_that_makes_it_true(begin: Begin) -> None:
    """Not before, and with an order."""
    engine = begin(entry("close > 50000 USDT/BTC"))

    assert fired(day(engine, 1, 49_000.0)) == []
    step = day(engine, 2, 51_000.0)
    assert fired(step) == ["entries.long"]
    assert step.requests


@pytest.mark.spec("RULE-14")
def test_a_shadow_rule_is_recorded_and_moves_nothing(begin: Begin) -> None:
    """The decision is there to look at; the state and the exchange never hear of it."""
    engine = begin(entry("close > 50000 USDT/BTC", "mode: shadow"))

    step = day(engine, 1, 51_000.0)

    assert fired(step) == ["entries.long"]
    assert step.requests == ()
    assert engine.instances["trial", "BTCUSDT"].snapshot.state == "SCANNING"


@pytest.mark.spec("RULE-14")
def test_an_expired_rule_no_longer_counts(begin: Begin) -> None:
    """From its date on it is as if it were not there."""
    engine = begin(entry("close > 50000 USDT/BTC", "expires: 2022-01-11"))

    assert fired(day(engine, 3, 51_000.0)) == []
    earlier = begin(entry("close > 50000 USDT/BTC", "expires: 2022-01-12"))
    assert fired(day(earlier, 3, 51_000.0)) == ["entries.long"]


def test_a_condition_must_have_held_for_its_duration_without_a_break(begin: Begin) -> None:
    """One day below begins the count anew."""
    engine = begin(entry("close > 50000 USDT/BTC", "for: 2d"))
    prices = [51_000.0, 52_000.0, 49_000.0, 51_000.0, 52_000.0]

    assert [fired(day(engine, n, price)) for n, price in enumerate(prices)] == [[], [], [], [], []]
    assert fired(day(engine, 5, 51_500.0)) == ["entries.long"]


def test_two_entries_with_opposite_sides_cancel_each_other_and_alert(begin: Begin) -> None:
    """Nobody guesses which one was meant."""
    engine = begin(entry("close > 50000 USDT/BTC"), entry("close > 40000 USDT/BTC", short=True))

    step = day(engine, 1, 51_000.0)

    assert step.requests == ()
    assert any(isinstance(r, Notice) and "entries.short holds as well" in r.text for r in step.records)
    assert engine.instances["trial", "BTCUSDT"].snapshot.state == "SCANNING"


@pytest.mark.spec("RULE-15")
def test_an_unknown_fact_fires_nothing_and_neither_does_its_negation(begin: Begin) -> None:
    """Unknown is neither true nor false."""
    for condition in ("sma(close, 50) > 1 USDT/BTC", "not (sma(close, 50) > 1 USDT/BTC)", "fear_greed < 20"):
        engine = begin(entry(condition))
        assert fired(day(engine, 1, 51_000.0)) == []


@pytest.mark.spec("RULE-15")
def test_an_unknown_argument_opens_nothing_and_says_what_is_missing(begin: Begin) -> None:
    """The condition holds, but nobody knows how far the stop would be."""
    text = entry("close > 50000 USDT/BTC").replace("stop_distance=1000 USDT/BTC", "stop_distance=atr(14)")
    engine = begin(text)

    step = day(engine, 1, 51_000.0)

    assert step.requests == ()
    assert any(isinstance(r, Notice) and "unknown: stop_distance" in r.text for r in step.records)


@pytest.mark.spec("LIFE-06")
def test_a_paused_book_opens_nothing_until_it_is_resumed(begin: Begin) -> None:
    """Even without a check that says so: the operator's word is an event like any other."""
    engine = begin(entry("close > 50000 USDT/BTC"))
    engine.step(OperatorCommand(19_000 * DAY_MS, "pause", "anna", "a look at it", "trial"))

    paused = day(engine, 1, 51_000.0)
    assert paused.requests == ()
    assert [
        o.reason for r in paused.records if isinstance(r, Decision) for o in r.outcomes if isinstance(o, Refused)
    ] == ["The book trial was paused by the operator."]
    engine.step(OperatorCommand(19_001 * DAY_MS, "resume", "anna", "looked at", "trial"))
    assert fired(day(engine, 2, 51_000.0)) == ["triggers.again", "entries.long"]


def test_an_unknown_command_is_answered_with_the_ones_there_are(begin: Begin) -> None:
    """A typing mistake is never silent."""
    step = begin(entry("close > 50000 USDT/BTC")).step(OperatorCommand(1, "puase", "anna", "a look"))

    assert [r.text for r in step.records if isinstance(r, Notice)] == [
        "There is no command puase; there are acknowledge, adopt, close_orphan, flatten, halt, pause, purchase, "
        "reinstate, reload, resume, retire, unfence. "
        "Did you mean `pause`?"
    ]


@pytest.mark.spec("RISK-06")
def test_nothing_trades_on_a_candle_that_cant_be_true(begin: Begin) -> None:
    """It is reported and goes nowhere; the next sound one is traded on."""
    engine = begin(entry("close > 50000 USDT/BTC"))
    at_ms = 19_001 * DAY_MS
    broken = Candle(Market.LINEAR, "BTCUSDT", "1d", at_ms - DAY_MS, at_ms, 51_000.0, 40_000.0, 52_000.0, 51_000.0, 1.0)

    step = engine.step(CandleClose(at_ms, (broken,)))

    assert fired(step) == []
    assert any(isinstance(r, Notice) and "below the low" in r.text for r in step.records)
    assert fired(day(engine, 2, 51_000.0)) == ["entries.long"]
