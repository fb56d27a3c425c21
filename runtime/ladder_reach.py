"""For how long the breaker ladder stays as it is, said for many moments at once."""

import numpy as np
from numpy.typing import NDArray

from rules.language.typed import Fact
from runtime.ladder import EMERGENCY, ONE, Ladder

# Wider than floats err, and narrower than any threshold is meant: nearer than this the ladder is asked itself.
MARGIN = 1e-9
Floats = NDArray[np.float64]
Moments = NDArray[np.int64]
DRAWDOWN = "portfolio.drawdown"


def measures_drawdown(ladder: Ladder) -> bool:
    """Whether the ladder looks at the drawdown of the portfolio and at nothing else."""
    return isinstance(ladder.rules.on, Fact) and ladder.rules.on.name == DRAWDOWN


def first_move(ladder: Ladder, drawdowns: Floats, at_ms: Moments) -> int:
    """Give the first of these moments at which the ladder might change in any way, or their number."""
    now, memory = ladder.rank(ladder.snapshot.state), ladder.snapshot.memory
    moves = np.zeros(len(at_ms), dtype=bool)
    for level in ladder.rules.levels[now:]:
        moves |= drawdowns >= float(level.at) - MARGIN
    if now and ladder.snapshot.state != EMERGENCY:
        moves |= _calms(ladder, now, memory.below_since_ms, drawdowns, at_ms)
    if memory.recovery_started_ms is not None:
        moves |= at_ms >= _whole_ms(ladder, memory.recovery_started_ms)
    first = int(moves.argmax()) if len(moves) else 0
    return first if len(moves) and moves[first] else len(moves)


def _calms(ladder: Ladder, now: int, since_ms: int | None, drawdowns: Floats, at_ms: Moments) -> NDArray[np.bool_]:
    rules = ladder.rules
    clear = float(rules.levels[now - 1].at - rules.clear_by)
    if since_ms is None:
        return drawdowns <= clear + MARGIN
    return (drawdowns >= clear - MARGIN) | (at_ms - since_ms >= rules.keep_for_ms)


def _whole_ms(ladder: Ladder, started_ms: int) -> int:
    """When sizes are whole again after an acknowledgement."""
    after = ladder.rules.after_acknowledgement
    if after is None or after.size <= 0:
        return started_ms
    at_ms, size = started_ms, after.size
    while size < ONE:
        at_ms, size = at_ms + after.doubles_every_ms, size * 2
    return at_ms
