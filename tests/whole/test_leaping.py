"""The shipped engines over a whole market: leaping and stepping end alike."""

from pathlib import Path
from typing import Any

import pytest

from adapters.cli.plan import Plan
from adapters.cli.saved import full_document
from adapters.cli.wiring import Prepared, prepare

DAY_MS = 86_400_000
BEGIN_MS = 18_262 * DAY_MS
ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "market"
# Two months in which money moves among all engines, and the worst months of 2022 for those that were recorded.
SPAN = {"from_ms": BEGIN_MS + 500 * DAY_MS, "to_ms": BEGIN_MS + 560 * DAY_MS}
FALL = {"from_ms": 19_100 * DAY_MS, "to_ms": 19_170 * DAY_MS}


def left_behind(run: Prepared, *, leaping: bool) -> tuple[Any, ...]:
    """Everything that a run leaves behind."""
    leaper = run.run(leaping=leaping)
    assert (leaper is not None and leaper.leapt > leaper.turns / 2) is leaping
    document = {**full_document(run.recorder.result()), "data_notes": ()}
    return document, run.engine.to_plain(), run.exchange.to_plain()


@pytest.mark.spec("BT-01", "BT-02")
def test_all_engines_over_a_made_up_market(prepared: Any) -> None:
    assert left_behind(prepared(**SPAN), leaping=True) == left_behind(prepared(**SPAN), leaping=False)


@pytest.mark.spec("BT-01")
@pytest.mark.skipif(
    not RECORDED.is_dir(), reason="there are no recorded candles beside the project, in ../shared/market"
)
def test_all_engines_over_a_recorded_fall() -> None:
    plan = Plan(ROOT / "rules", RECORDED, **FALL)
    assert left_behind(prepare(plan), leaping=True) == left_behind(prepare(plan), leaping=False)
