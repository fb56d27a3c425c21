"""Markets and rules drawn at random, and a run of them that steps and one that leaps."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from adapters.history.aggregate import aggregate
from adapters.report.document import to_json
from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from machines.catalogue import MACHINES
from rules.language.rulebook import Rulebook, load
from runtime.backtest import Backtest
from runtime.capital import portfolio_of, shares_of, wallets_of
from runtime.engine import Engine
from runtime.facts import vocabulary_for
from runtime.instrument import Market
from runtime.leap import Leaper
from runtime.market_data import CANDLE_SCHEMA, FACT_SCHEMA, FUNDING_SCHEMA, Key, MarketData
from runtime.recorder import Recorder
from runtime.run import RunSettings
from runtime.step import Step

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BEGIN_MS = 19_000 * DAY_MS
SYMBOLS = ("BTCUSDT", "ETHUSDT")
PRICES = {"BTCUSDT": 30_000.0, "ETHUSDT": 2_000.0}
CAPITAL = Decimal(100_000)
RULES = Path(__file__).resolve().parents[2] / "rules"

TREND = """
book: {name}
about: Drawn at random.
machine: trend
account: {account}
market: linear
symbols: [{symbols}]
timeframe: {timeframe}
directional: yes
facts:
  range: atr(5)
exits:
  out:
    in: [IN_POSITION, TRAILING_STOP]
    when: {leave}
    then: leave()
triggers:
  trail:
    in: IN_POSITION
    when: position.profit >= {trail_after} * range
    then: trail(distance={trail} * range)
  tighten:
    in: TRAILING_STOP
    when: {tighten}
    then: tighten(distance={trail} * range)
  again:
    in: [NO_TRADE, STOPPED_OUT]
    when: {again}
    then: look_again()
entries:
  long:
    in: SCANNING
    when: {long}
    {patience}
    then: signal(side=long, risk={risk}%, stop_distance={stop} * range, largest=300%, leverage={leverage})
  short:
    in: SCANNING
    when: {short}
    then: signal(side=short, risk={risk}%, stop_distance={stop} * range, largest=300%, leverage={leverage})
"""
CORE = """
book: {name}
about: Drawn at random.
machine: core
account: {account}
market: spot
symbols: [{symbols}]
timeframe: {timeframe}
weights: {{ {weights} }}
triggers:
  begin:
    in: DEPLOYING
    when: schedule.cycles == 0
    then: begin(target=account.equity, gap=account.equity / 2, cycles=3)
  deployed:
    in: DEPLOYING
    when: schedule.left == 0 and schedule.cycles > 0
    then: balanced()
entries:
  deploy:
    in: DEPLOYING
    when: [schedule.left > 0, not known(age(cycle)) or age(cycle) >= {every}h]
    then: purchase(amount=schedule.gap / schedule.cycles * weight)
  more:
    in: MAINTAINING
    each: symbol
    when: [{buy}, age(purchase) >= {every}h]
    then: purchase(amount=account.cash / 20)
exits:
  less:
    in: MAINTAINING
    each: symbol
    when: [{sell}, age(purchase) >= {every}h]
    then: sell(amount=holding.value / 3)
"""
BREAKERS = """
book: breakers
about: Tight, so that they are reached.
ladder:
  on: portfolio.drawdown
  clear_by: 0.5%
  keep_for: {keep}h
  levels:
    CAUTION:   {{ at: 2%, new_size: 75%, new_stop_distance: 150%, report: hourly, alert: P1 }}
    WARNING:   {{ at: 4%, new_size: 50%, entries: none, alert: P1 }}
    ALERT:     {{ at: 7%, entries: none, close: directional, alert: P0 }}
    EMERGENCY: {{ at: 10%, entries: none, close: everything, halt: until_acknowledged, alert: P0 }}
after_acknowledgement:
  size: 25%
  doubles_every: {double}h
  back_to_start_on: any_level
"""
MOVING = """
change_after: {after}
conditions:
  rising:
    when: BTCUSDT.close > sma(BTCUSDT.close, 2)
    shares: {{ {rising} }}
harvest:
  when: engine.weight > engine.target + 1%
  at_least: 0.1%
  engines:
    b0: {{ sells: yes, to: {{ b1: 100% }} }}
    b1: {{ to: {{ b0: 100% }} }}
deposits:
  to: most_underweight_first
  at_least: 10 USDT
review:
  when: engine.weight < engine.target - 1%
  until: engine.weight >= engine.target
  alert: P1
  halves_share: yes
"""
PAIR = (RULES / "engines" / "funding.yaml").read_text()
"""The shipped book; its numbers are drawn, and so is what closes a pair whose rate is low."""
PAIR_NUMBERS = {
    "least_rate": ("0.01%", "0.02%"),
    "enter_rate": ("5%", "20%"),
    "most_basis": ("1%", "4%"),
    "most_negative": ("2", "5"),
    "rest": ("1h", "10h"),
    "longest": ("2d", "14d"),
    "per_coin": ("1/3", "99%"),
    "margin": ("1/3", "20%"),
    "nearest": ("15%", "50%"),
    "smallest_transfer": ("0.1 USDT", "5 USDT"),
    "depth_guess": ("0.5%", "80%"),
}
PAIR_LEAVES = (
    "yearly < enter_rate * exit_part",
    "not known(funding.before_last)",
    "smallest(funding.last) < -0.03%",
    "position.value + perp.position.value > 1.6 * account.equity",
    "(basis if funding.last > 0.02% else 0%) < -1%",
    "min(abs(basis), abs(funding.predicted) * 30) > 1%",
    "every_symbol(funding.last < 0.02% or basis < -0.5%)",
    "account.cash < 40% * account.equity and funding.predicted < 0.03%",
)
SIGNALS = (
    "close > sma(close, 5)",
    "close < sma(close, 8)",
    "rsi(5) > 60",
    "rsi(4) < 30",
    "sma(close, 3) > sma(close, 9) and volume > mean(volume, 5)",
    "close > highest(high, 6)[1]",
    "for_bars(close > open, 3)",
    "hour == 12 or hour == 7",
    "weekday == Monday",
    "close > sma(close, 5) and account.positions < 1",
    "fear_greed < 30",
    "funding.rate > 0.02%",
    "close > sma(close, 4)@BTCUSDT",
    "portfolio.loss_today < 1%",
    "not close > sma(close, 3)",
    "open < close and breaker.level == NORMAL",
    "age(state) >= 5h and close > open",
    "not (close > open or price < 2000 USDT/BTC)",
    "account.equity > 30000 USDT and price > sma(close, 4)",
)
LEAVES = (
    "age(position) >= 9h",
    "position.side == long and close < sma(close, 6)",
    "position.profit > 3 * range",
    "funding.against > 0.01%",
    "rsi(5) > 80 or rsi(5) < 20",
)
"""What entries and exits are drawn from."""


@dataclass(frozen=True)
class Case:
    """A market and the files of its rules."""

    data: MarketData
    files: Mapping[str, str]
    hours: int
    begin_hour: int = 48
    end_hour: int | None = None

    def __repr__(self) -> str:
        return "\n".join(self.files.values())


@dataclass(frozen=True)
class Outcome:
    """Everything that a run has left behind."""

    document: str
    engine: dict[str, Any]
    exchange: dict[str, Any]


@st.composite
def cases(draw: st.DrawFn, hours: int = 24 * 16, kind: str = "") -> Case:
    """Draw a market with gaps, jumps and flat stretches, and one to three books on it, or one of a kind."""
    seed, unrest = draw(st.integers(0, 2**32)), draw(st.sampled_from((0.002, 0.01, 0.03)))
    symbols = SYMBOLS[: draw(st.integers(1, 2))]
    kinds = st.sampled_from(("trend", "trend", "core", "funding", "funding") if kind == "" else (kind,))
    books = draw(st.lists(kinds, min_size=1, max_size=3 if kind == "" else 1))
    files = {f"b{n}.yaml": _book(draw, kind, f"b{n}", symbols) for n, kind in enumerate(books)}
    files["shares.yaml"] = _shares(len(books))
    if len(books) > 1 and draw(st.booleans()):
        rising = ", ".join(f"b{n}: {80 if n == 0 else 10}%" for n in range(len(books)))
        files["shares.yaml"] += MOVING.format(rising=rising, after=draw(st.sampled_from(("1d", "3d"))))
    if draw(st.booleans()):
        hours_ = st.sampled_from((3, 10, 24))
        files["breakers.yaml"] = BREAKERS.format(keep=draw(hours_), double=draw(hours_))
    market = _market(np.random.default_rng(seed), symbols, hours, unrest)
    return Case(market, files, hours, draw(st.sampled_from((48, 53))))


def one_book(*, gaps: bool = False, **conditions: str) -> Case:
    """Make a case of one trend follower that decides every hour, with these conditions; `gaps` lets hours be absent."""
    terms = {
        "leave": "age(position) >= 9h",
        "tighten": "close > open",
        "again": "known(close)",
        "patience": "",
        **dict.fromkeys(("risk", "stop", "trail", "trail_after", "leverage"), "1"),
    }
    named = {"name": "b0", "account": "B0", "symbols": "BTCUSDT", "timeframe": "1h"}
    files = {"b0.yaml": TREND.format(**{**terms, **named, **conditions}), "shares.yaml": _shares(1)}
    return Case(_market(np.random.default_rng(7 if gaps else 3), ("BTCUSDT",), 24 * 16, 0.01), files, 24 * 16)


def _book(draw: st.DrawFn, kind: str, name: str, symbols: tuple[str, ...]) -> str:
    signal, few = st.sampled_from(SIGNALS), st.sampled_from((1, 2, 4))
    if kind == "funding":
        return _pair_book(draw, name, symbols)
    common = {
        "name": name,
        "account": name.upper(),
        "symbols": ", ".join(symbols),
        "timeframe": draw(st.sampled_from(("1h", "4h", "1d"))),
    }
    if kind == "core":
        weights = ", ".join(f"{symbol}: 1/{len(symbols)}" for symbol in symbols)
        more = {"every": draw(st.sampled_from((6, 30))), "buy": draw(signal), "sell": draw(signal)}
        return CORE.format(weights=weights, **common, **more)
    return TREND.format(
        leave=draw(st.sampled_from(LEAVES)),
        tighten=draw(st.sampled_from(("known(range)", "close > open", "age(position) >= 3h and known(range)"))),
        again=draw(st.sampled_from(("known(close)", "age(state) >= 20h", "close > open"))),
        long=draw(signal),
        short=draw(signal),
        patience=draw(st.sampled_from(("", "for: 3h", "for: 1d"))),
        risk=draw(few),
        stop=draw(few),
        trail=draw(few),
        trail_after=draw(few),
        leverage=draw(st.sampled_from((2, 10))),
        **common,
    )


def _pair_book(draw: st.DrawFn, name: str, symbols: tuple[str, ...]) -> str:
    text = PAIR.replace("yearly < enter_rate * exit_part", draw(st.sampled_from(PAIR_LEAVES)))
    text = text if name == "b0" else text.replace('to="TACTICAL"', 'to="B0"')
    changes = {"book": name, "account": name.upper(), "symbols": f"[{', '.join(symbols)}]"}
    for what, value in changes.items():
        text = re.sub(rf"^{what}: .*$", f"{what}: {value}", text, flags=re.MULTILINE)
    for what, values in PAIR_NUMBERS.items():
        text = re.sub(rf"^  {what}: .*$", f"  {what}: {draw(st.sampled_from(values))}", text, flags=re.MULTILINE)
    return re.sub(r"^search:.*?^facts:", "facts:", text, flags=re.MULTILINE | re.DOTALL)


def _shares(books: int) -> str:
    part = "" if books == 1 else "".join(f"  b{n}: {100 // books}%\n" for n in range(books))
    return f"book: shares\nabout: Even.\nshares:\n{part or '  b0: 100%' + chr(10)}"


def _market(random: np.random.Generator, symbols: tuple[str, ...], hours: int, unrest: float) -> MarketData:
    candles: dict[Key, pl.DataFrame] = {}
    for symbol in symbols:
        spot = _hourly(random, PRICES[symbol], hours, unrest)
        for market, whole in ((Market.SPOT, spot), (Market.LINEAR, _perpetual(random, spot))):
            hourly = _gapped(random, whole)
            candles[market, symbol, "1h"] = hourly
            for longer in ("4h", "1d"):
                candles[market, symbol, longer] = aggregate(hourly, "1h", longer)
    settled = [BEGIN_MS + hour * HOUR_MS for hour in range(0, hours, 8)]
    days = [BEGIN_MS + hour * HOUR_MS for hour in range(0, hours, 24)]
    rates = {symbol: _rates(random, settled) for symbol in symbols}
    fear = pl.DataFrame({"at_ms": days, "value": random.integers(5, 95, len(days)).astype(float)}, schema=FACT_SCHEMA)
    return MarketData(candles, rates, {"fear_greed": fear})


def _hourly(random: np.random.Generator, price: float, hours: int, unrest: float) -> pl.DataFrame:
    """A walk that stands still at times, jumps at times, and may have an hour that can't be true."""
    moves = random.normal(0, unrest, hours) * (random.random(hours) > 0.2)
    moves += np.where(random.random(hours) < 0.01, random.normal(0, 10 * unrest, hours), 0)
    close = np.round(price * np.exp(np.cumsum(moves)), 2)
    open_ = np.concatenate(([price], close[:-1]))
    open_ = np.round(open_ * np.where(random.random(hours) < 0.1, 1 + random.normal(0, unrest, hours), 1), 2)
    wick = np.abs(random.normal(0, unrest / 2, (2, hours)))
    high = np.round(np.maximum(open_, close) * (1 + wick[0]), 2)
    low = np.round(np.minimum(open_, close) * (1 - wick[1]), 2)
    untrue = random.random(hours) < 0.003
    opens = BEGIN_MS + np.arange(hours) * HOUR_MS
    columns = (opens, opens + HOUR_MS, open_, np.where(untrue, low - 1, high), low, close)
    volume = np.round(random.exponential(50, hours), 3)
    return pl.DataFrame(dict(zip(CANDLE_SCHEMA, (*columns, volume), strict=True)), schema=CANDLE_SCHEMA)


def _perpetual(random: np.random.Generator, spot: pl.DataFrame) -> pl.DataFrame:
    """Candles near those of the coin, and far from them at times."""
    apart = random.normal(0, 0.002, len(spot)) + (random.random(len(spot)) < 0.01) * random.normal(0, 0.03, len(spot))
    factor = pl.Series(1 + apart)
    return spot.with_columns((pl.col(name) * factor).round(2) for name in ("open", "high", "low", "close"))


def _gapped(random: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.Series(random.random(len(frame)) > draw_of(random, (0.0, 0.0, 0.02, 0.2))))


def _rates(random: np.random.Generator, settled: list[int]) -> pl.DataFrame:
    """Settlements of which some are missing; the rate stays the same at times, as it does on the exchange."""
    rates = random.normal(draw_of(random, (0, 3e-4, 2e-3)), 3e-4, len(settled)).round(6)
    rates = np.where(random.random(len(settled)) < 0.4, 1e-4, rates)
    kept = random.random(len(settled)) > draw_of(random, (0.0, 0.1, 0.3))
    return pl.DataFrame({"at_ms": settled, "rate": rates}, schema=FUNDING_SCHEMA).filter(pl.Series(kept))


def draw_of(random: np.random.Generator, options: tuple[float, ...]) -> float:
    """Choose one."""
    return options[int(random.integers(len(options)))]


def rulebook_of(case: Case) -> Rulebook:
    """Read the rules of a case."""
    with TemporaryDirectory() as folder:
        for name, text in case.files.items():
            (Path(folder) / name).write_text(text)
        rulebook, findings = load(sorted(Path(folder).glob("*.yaml")), MACHINES, vocabulary_for)
    assert rulebook is not None, "\n".join(map(str, findings))
    return rulebook


def span_of(case: Case) -> tuple[int, int]:
    """Where a run of it begins and ends."""
    return BEGIN_MS + case.begin_hour * HOUR_MS, BEGIN_MS + case.hours * HOUR_MS


def outcome_of(case: Case, rulebook: Rulebook, *, leaping: bool) -> tuple[Outcome, Leaper]:
    """Run a case after some days of warming up; the run that leaps executes its machines without the library."""
    recorder, leaper, backtest = prepared(case, rulebook, leaping=leaping)
    until_ms = None if case.end_hour is None else BEGIN_MS + case.end_hour * HOUR_MS
    backtest.run(until_ms=until_ms, leaper=leaper if leaping else None)
    run = backtest.engine.to_plain(), backtest.exchange.to_plain()
    return Outcome(to_json(recorder.result()), *run), leaper


def prepared(
    case: Case, rulebook: Rulebook, *, leaping: bool, watch: Callable[[Step], None] = lambda _: None
) -> tuple[Recorder, Leaper, Backtest]:
    """Put the parts of a run together; `watch` sees each step after the recorder."""
    from_ms, to_ms = span_of(case)
    books, instruments = tuple(rulebook.books), load_instruments()
    shares = shares_of(rulebook, books, {})
    exchange = SimulatedExchange(instruments, ExchangeSettings(), wallets_of(rulebook, shares, CAPITAL))
    portfolio = portfolio_of(rulebook, shares, CAPITAL, instruments)
    engine = Engine(rulebook, books, portfolio, instruments, fast=leaping)
    for key, frame in case.data.candles.items():
        history = engine.world.histories.history(*key)
        history.preload(frame)
        history.advance_to(from_ms)
    terms = RunSettings(books, shares, CAPITAL, from_ms, to_ms, "", "", Decimal(0), Decimal(0), DAY_MS)
    recorder = Recorder(engine, terms)
    leaper = Leaper(engine, exchange, recorder)

    def seen(step: Step) -> None:
        recorder.watch(step)
        watch(step)

    return recorder, leaper, Backtest(engine, exchange, case.data, (from_ms, to_ms), seen, DAY_MS)
