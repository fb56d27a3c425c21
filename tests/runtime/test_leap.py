"""Leaping leaves behind what stepping does, to the last decimal."""

import json
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from runtime.instrument import Market
from tests.runtime.leaping import BREAKERS, DAY_MS, Case, cases, one_book, outcome_of, rulebook_of

# A case that fails is small enough as it is, and making it smaller would take minutes.
drawn = settings(
    max_examples=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
NEVER = "close < 0 USDT/BTC"


@pytest.mark.spec("BT-01", "BT-04")
@drawn
@given(cases())
def test_leaping_and_stepping_end_alike(case: Case) -> None:
    """Every order, fill, decision, level, notice and equity of a run, and all that is remembered at its end."""
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, _ = outcome_of(case, rulebook, leaping=True)
    assert leapt.document == stepped.document
    assert leapt.engine == stepped.engine
    assert leapt.exchange == stepped.exchange


@pytest.mark.parametrize("timeframe", ["1h", "1d"])
def test_where_nothing_is_wanted_nearly_everything_is_leapt_over(timeframe: str) -> None:
    case = one_book(timeframe=timeframe, long="close > 2 * highest(close, 20)[1]", short=NEVER)
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, leaper = outcome_of(case, rulebook, leaping=True)
    assert (leapt.document, leapt.engine, leapt.exchange) == (stepped.document, stepped.engine, stepped.exchange)
    assert leaper.turns - leaper.leapt < 3 * case.hours // 24


@pytest.mark.parametrize("short", ["rsi(4) < 30", NEVER])
def test_a_run_may_end_in_the_middle_of_a_leap(short: str) -> None:
    """Where nothing is wanted, the latest prices and how they jumped come from the leap alone."""
    case = replace(one_book(long="close > 2 * highest(close, 20)[1]", short=short), end_hour=24 * 9 + 5)
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, _ = outcome_of(case, rulebook, leaping=True)
    assert (leapt.engine, leapt.exchange) == (stepped.engine, stepped.exchange)
    assert stepped.engine["board"]["now_ms"] % DAY_MS == 5 * DAY_MS // 24


FOLLOWED = {"tighten": "known(close)", "trail_after": "0", "leave": "age(position) >= 60h"}


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize("gaps", [False, True])
def test_a_stop_that_follows_the_price_is_leapt_along(side: str, gaps: bool) -> None:
    signals = {"long": NEVER, "short": NEVER, side: "known(close)"}
    case = one_book(gaps=gaps, stop="2", trail="3", **FOLLOWED, **signals)
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, leaper = outcome_of(case, rulebook, leaping=True)
    document = json.loads(stepped.document)
    moves = [one for one in document["decisions"] if one["rule"] == "triggers.tighten"]
    assert (leapt.document, leapt.engine, leapt.exchange) == (stepped.document, stepped.engine, stepped.exchange)
    others = len(document["decisions"]) + len(document["fills"]) - len(moves)
    days = case.hours // 24
    assert len(moves) > 20
    assert leaper.turns - leaper.leapt < others + len(moves) // 3 + 2 * days


def test_funding_is_settled_on_the_way() -> None:
    """A position is held for days, and pays and collects three times a day."""
    case = one_book(long="known(close)", short=NEVER, stop="40", **{**FOLLOWED, "trail": "60"})
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, leaper = outcome_of(case, rulebook, leaping=True)
    assert (leapt.document, leapt.engine, leapt.exchange) == (stepped.document, stepped.engine, stepped.exchange)
    assert len(json.loads(stepped.document)["funding"]) > 30
    assert leaper.turns - leaper.leapt < 3 * case.hours // 24


def test_a_leap_ends_before_funding_comes_to_more_than_its_bounds_have_room_for() -> None:
    """An account is liquidated because of what it has paid, beside another one that is rich."""
    kept = {**FOLLOWED, "trail": "60", "leave": "age(position) >= 9000h"}
    case = one_book(long="known(close)", short=NEVER, stop="40", risk="40", leverage="20", **kept)
    dear = {symbol: frame.with_columns(rate=pl.lit(0.04)) for symbol, frame in case.data.funding.items()}
    case = beside_another(replace(case, data=replace(case.data, funding=dear)))
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, _ = outcome_of(case, rulebook, leaping=True)
    assert (leapt.document, leapt.engine, leapt.exchange) == (stepped.document, stepped.engine, stepped.exchange)
    assert any(fill["kind"] == "liquidation" for fill in json.loads(stepped.document)["fills"])


def test_a_day_whose_last_candle_is_absent_is_begun_by_the_next_one() -> None:
    """Candles that open at midnight are there; none closes."""
    case = beside_another(one_book(long=NEVER, short=NEVER))
    kept = pl.col("close_ms") % DAY_MS != 0
    hourly = {key: frame.filter(kept) if key[2] == "1h" else frame.clear() for key, frame in case.data.candles.items()}
    case = replace(case, data=replace(case.data, candles=hourly))
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, leaper = outcome_of(case, rulebook, leaping=True)
    assert (leapt.document, leapt.engine, leapt.exchange) == (stepped.document, stepped.engine, stepped.exchange)
    assert leaper.leapt > leaper.turns / 2


def beside_another(case: Case) -> Case:
    """Let a book of one case have half of the money, and another one that wants nothing the rest."""
    idle = case.files["b0.yaml"].replace("b0", "b1").replace("B0", "B1").replace("when: known(close)", f"when: {NEVER}")
    shares = case.files["shares.yaml"].replace("b0: 100%", "b0: 50%\n  b1: 50%")
    return replace(case, files={**case.files, "b1.yaml": idle, "shares.yaml": shares})


def test_a_stop_that_has_just_moved_may_be_jumped_over_at_the_next_opening() -> None:
    case = one_book(stop="2", **{**FOLLOWED, "trail": "1.6"}, long="known(close)", short=NEVER)
    key = (Market.LINEAR, "BTCUSDT", "1h")
    every_fifth = pl.int_range(pl.len()) % 5 == 0
    lower = pl.when(every_fifth).then(pl.col("close").shift(1, fill_value=1e9) * 0.99).otherwise(1e9).round(2)
    jumping = case.data.candles[key].with_columns(
        open=pl.min_horizontal("open", lower), low=pl.min_horizontal("low", lower)
    )
    case = replace(case, data=replace(case.data, candles={**case.data.candles, key: jumping}))
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, _ = outcome_of(case, rulebook, leaping=True)
    assert (leapt.document, leapt.engine, leapt.exchange) == (stepped.document, stepped.engine, stepped.exchange)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"leave": "portfolio.equity > 1 USDT"},
            "Stepped plainly: b0 at each of its 1h candles in the states of exits.out",
        ),
        ({"leave": "age(position) >= 9h"}, ""),
    ],
)
def test_a_rule_that_no_column_foretells_is_named_with_its_place(change: dict[str, str], told: str) -> None:
    case = one_book(long="close > open", short="close < open", **change)
    _, leaper = outcome_of(case, rulebook_of(case), leaping=True)
    sentences = leaper.obstacles()
    assert bool(sentences) is bool(told)
    assert not told or (sentences[0].startswith(told) and "b0.yaml:1" in sentences[0])


def test_a_breaker_that_measures_something_else_is_stepped_plainly_and_says_so() -> None:
    ladder = BREAKERS.format(keep=3, double=10).replace("on: portfolio.drawdown", "on: portfolio.loss_today")
    case = one_book(long="close > open", short="close < open")
    case = replace(case, files={**case.files, "breakers.yaml": ladder})
    _, leaper = outcome_of(case, rulebook_of(case), leaping=True)
    (sentence,) = leaper.obstacles()
    assert sentence.startswith("Stepped plainly because the breaker measures `portfolio.loss_today`")
    assert "breakers.yaml:5" in sentence
    assert leaper.leapt == 0


@pytest.mark.spec("BT-01")
@settings(drawn, max_examples=12)
@given(cases(kind="funding"))
def test_pairs_are_leapt_over_as_they_are_stepped_through(case: Case) -> None:
    """Rates that are overdue, bases that are unknown, margins that get thin, payments that are handed over."""
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, leaper = outcome_of(case, rulebook, leaping=True)
    assert not leaper.obstacles()
    assert (leapt.document, leapt.engine, leapt.exchange) == (stepped.document, stepped.engine, stepped.exchange)
