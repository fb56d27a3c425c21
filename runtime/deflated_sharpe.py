"""How much of the best Sharpe ratio of many trials is left when it is known how many there were.

D. H. Bailey and M. López de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest Overfitting, and
Non-Normality", The Journal of Portfolio Management 40 (2014), equations 1 and 2.
"""

from collections.abc import Sequence
from math import e, sqrt
from statistics import NormalDist, variance

EULER = 0.5772156649015329
NORMAL = NormalDist()


def expected_best(deviation: float, trials: int) -> float:
    """Give the Sharpe ratio that the best of so many trials has by luck alone, when none of them is any good.

    s ((1 − g) Z(1 − 1/N) + g Z(1 − 1/(N e))), with the constant g of Euler, the normal quantile Z, and the standard
    deviation s of the trials' Sharpe ratios, in the unit of the result. Of a single trial nothing is expected.
    """
    if trials < 2:
        return 0.0
    quantile = NORMAL.inv_cdf
    return deviation * ((1 - EULER) * quantile(1 - 1 / trials) + EULER * quantile(1 - 1 / (trials * e)))


def probable_sharpe(sharpe: float, against: float, returns: int, skewness: float, kurtosis: float) -> float | None:
    """Give the probability that the true Sharpe ratio is above another; both are per return, not yearly.

    P((SR − SR0) √(T − 1) / √(1 − skewness SR + (kurtosis − 1)/4 SR²)), with the normal distribution P, for T returns; a
    kurtosis of 3 is normal. None where there are too few returns, or where their shape leaves the
    formula without a meaning.
    """
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if returns < 2 or spread <= 0:
        return None
    return NORMAL.cdf((sharpe - against) * sqrt(returns - 1) / sqrt(spread))


def deflated_sharpe(
    sharpe: float, others: Sequence[float], returns: int, skewness: float, kurtosis: float
) -> float | None:
    """Give the probability that the best of many trials is better than luck; all Sharpe ratios are per return.

    `others` are those of all trials, the best among them. None as for `probable_sharpe`.
    """
    deviation = sqrt(variance(others)) if len(others) > 1 else 0.0
    return probable_sharpe(sharpe, expected_best(deviation, len(others)), returns, skewness, kurtosis)
