"""What a search makes as good as it can."""

from enum import StrEnum


class Aim(StrEnum):
    """The figure that a search makes as good as it can; of drawdowns the smallest is the best."""

    SHARPE = "sharpe"
    SORTINO = "sortino"
    CALMAR = "calmar"
    RETURN = "return"
    DRAWDOWN = "drawdown"
