"""Leaping leaves behind what stepping does, to the last decimal."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.runtime.leaping import BREAKERS, DAY_MS, Case, cases, one_book, outcome_of, rulebook_of

# A case that fails is small enough as it is, and making it smaller would take minutes.
drawn = settings(
    max_examples=20,
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


def test_where_nothing_is_wanted_nearly_everything_is_leapt_over() -> None:
    case = one_book(long="close > 2 * highest(close, 20)[1]", short=NEVER)
    _, leaper = outcome_of(case, rulebook_of(case), leaping=True)
    days = case.hours // 24
    assert leaper.turns - leaper.leapt < 3 * days


@pytest.mark.parametrize("short", ["rsi(4) < 30", NEVER])
def test_a_run_may_end_in_the_middle_of_a_leap(short: str) -> None:
    """Where nothing is wanted, the latest prices and how they jumped come from the leap alone."""
    case = replace(one_book(long="close > 2 * highest(close, 20)[1]", short=short), end_hour=24 * 9 + 5)
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, _ = outcome_of(case, rulebook, leaping=True)
    assert (leapt.engine, leapt.exchange) == (stepped.engine, stepped.exchange)
    assert stepped.engine["board"]["now_ms"] % DAY_MS == 5 * DAY_MS // 24


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
