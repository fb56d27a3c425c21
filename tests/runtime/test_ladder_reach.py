"""Nobody is told too late that the breaker ladder may move."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cli.rulebook import in_force
from rules.language.governance import Ladder as LadderRules
from runtime.ladder import Ladder
from runtime.ladder_reach import first_move, measures_drawdown

HOUR_MS = 3_600_000
RULES = Path(__file__).resolve().parents[2] / "rules"


@pytest.fixture(scope="module")
def rules() -> LadderRules:
    found = in_force(RULES).ladder
    assert found is not None
    return found


drawdowns = st.lists(st.integers(0, 240).map(lambda n: Decimal(n) / 1000), min_size=1, max_size=60)


@given(before=drawdowns, after=drawdowns, acknowledged=st.booleans())
def test_the_ladder_stays_as_it_is_before_the_first_move(
    rules: LadderRules, before: list[Decimal], after: list[Decimal], acknowledged: bool
) -> None:
    """Wherever it stands, and whether or not sizes are recovering: until then, watching changes nothing."""
    value = [Decimal(0)]
    ladder = Ladder(rules, lambda: value[0])
    if acknowledged:
        ladder.halt(0, Decimal(0), "a trial")
        ladder.acknowledge(0, Decimal(0))
    for hour, drawdown in enumerate(before):
        value[0] = drawdown
        ladder.watch(hour * HOUR_MS)
    at_ms = (len(before) + np.arange(len(after))) * HOUR_MS
    first = first_move(ladder, np.array([float(one) for one in after]), at_ms)
    standing = ladder.snapshot
    for drawdown, now_ms in list(zip(after, at_ms.tolist(), strict=True))[:first]:
        value[0] = drawdown
        assert ladder.watch(now_ms) is None
        assert ladder.snapshot == standing


def test_calm_below_every_threshold_is_seen_to_the_end(rules: LadderRules) -> None:
    assert measures_drawdown(Ladder(rules, lambda: Decimal(0)))
    ladder, at_ms = Ladder(rules, lambda: Decimal(0)), np.arange(50) * HOUR_MS
    assert first_move(ladder, np.full(50, 0.09), at_ms) == 50
    assert first_move(ladder, np.array([0.09, 0.0999, 0.1, 0.2]), at_ms[:4]) == 2
