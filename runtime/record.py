"""The record of closed trades: how often they won, and how much more than they lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from runtime.round_trips import round_trips
from runtime.trades import Trade

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Record:
    """Closed trades summed up, both legs of a pair as one; money in USDT after fees and funding.

    None stands where there is nothing to divide by.

    `win_rate` is the share of trades that earned something; `profit_factor` is what the winners earned ÷ what the
    losers lost; `average_hours` is how long one was held.
    """

    trades: int
    won: int
    win_rate: float | None
    profit_factor: float | None
    net: Decimal
    average_win: Decimal | None
    average_loss: Decimal | None
    average_hours: float | None


def record(trades: Sequence[Trade]) -> Record:
    """Sum up closed trades; one that earned exactly nothing has not won."""
    trips = round_trips(trades)
    nets = [trip.net for trip in trips]
    wins = [net for net in nets if net > 0]
    losses = [net for net in nets if net <= 0]
    lost = -sum(losses, Decimal(0))
    return Record(
        trades=len(nets),
        won=len(wins),
        win_rate=len(wins) / len(nets) if nets else None,
        profit_factor=float(sum(wins, Decimal(0)) / lost) if lost > 0 else None,
        net=sum(nets, Decimal(0)),
        average_win=_mean(wins),
        average_loss=_mean(losses),
        average_hours=sum(trip.duration_ms for trip in trips) / len(nets) / _HOUR_MS if nets else None,
    )


def _mean(amounts: Sequence[Decimal]) -> Decimal | None:
    return sum(amounts, Decimal(0)) / len(amounts) if amounts else None
