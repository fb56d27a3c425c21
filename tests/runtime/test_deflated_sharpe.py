"""The example of the paper, and what must hold whatever the numbers are."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.deflated_sharpe import deflated_sharpe, expected_best, probable_sharpe

pytestmark = pytest.mark.spec("BT-06")

# D. H. Bailey and M. López de Prado (2014), "A numerical example": a yearly Sharpe ratio of 2.5 over 1,250 days of 250
# a year, the best of 100 trials whose yearly ratios have a variance of 1/2.
DAYS, DAYS_A_YEAR = 1250, 250
BEST = 2.5 / sqrt(DAYS_A_YEAR)
DEVIATION = sqrt(0.5 / DAYS_A_YEAR)


def test_the_example_of_the_paper() -> None:
    by_luck = expected_best(DEVIATION, 100)
    assert by_luck == pytest.approx(0.1132, abs=5e-5)
    assert probable_sharpe(BEST, by_luck, DAYS, -3, 10) == pytest.approx(0.9004, abs=5e-5)


def test_the_paper_would_have_accepted_it_after_46_trials_or_88_if_returns_were_normal() -> None:
    for trials, skewness, kurtosis in ((46, -3, 10), (88, 0, 3)):
        found = probable_sharpe(BEST, expected_best(DEVIATION, trials), DAYS, skewness, kurtosis)
        assert found == pytest.approx(0.9505, abs=5e-5)


def test_the_trials_themselves_tell_how_far_luck_reaches() -> None:
    others = [BEST, BEST - 2 * DEVIATION, BEST - DEVIATION]
    spread = sqrt(sum((one - BEST + DEVIATION) ** 2 for one in others) / 2)
    assert deflated_sharpe(BEST, others, DAYS, 0, 3) == probable_sharpe(BEST, expected_best(spread, 3), DAYS, 0, 3)


def test_a_single_trial_is_only_asked_whether_it_is_above_zero() -> None:
    assert deflated_sharpe(BEST, [BEST], DAYS, 0, 3) == probable_sharpe(BEST, 0.0, DAYS, 0, 3)


def test_nothing_is_said_of_returns_that_are_too_few_or_of_no_possible_shape() -> None:
    assert probable_sharpe(BEST, 0.0, 1, 0, 3) is None
    assert probable_sharpe(1.0, 0.0, DAYS, 5, 3) is None


@given(st.integers(2, 10_000), st.integers(1, 10_000), st.floats(0.001, 1))
def test_more_trials_never_make_the_best_more_credible(trials: int, more: int, deviation: float) -> None:
    assert expected_best(deviation, trials + more) > expected_best(deviation, trials)
    chances = [probable_sharpe(BEST, expected_best(deviation, count), DAYS, 0, 3) for count in (trials, trials + more)]
    assert chances[1] is not None
    assert chances[0] is not None
    assert chances[1] <= chances[0]
