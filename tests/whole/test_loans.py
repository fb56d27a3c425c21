"""Back-tests with a history of what coins earn at Earn, and without one."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from adapters.report.document import to_json
from adapters.report.summary import summarise
from runtime.events import EarnMoved, InterestPaid
from runtime.requests import EarnOrder

pytestmark = pytest.mark.spec("CORE-14", "BT-01")
DAY_MS = 86_400_000


@pytest.fixture
def with_yield(market: Path, plan: Any, tmp_path: Path) -> Path:
    """The same market, and coins that earn 3 % a year in every second month and 1 % in the others."""
    for place in market.iterdir():
        (tmp_path / place.name).symlink_to(place)
    days = range(plan.from_ms // DAY_MS, plan.to_ms // DAY_MS)
    rates = [0.03 if day // 30 % 2 else 0.01 for day in days]
    frame = pl.DataFrame({"timestamp": [day * DAY_MS for day in days], "value": rates})
    frame.write_parquet(tmp_path / "earn_yield.parquet")
    return tmp_path


def played(run: Any, leaping: bool = True) -> Any:
    """Run it, and give what was recorded with its events of one kind or the other."""
    seen: list[Any] = []
    watch = run.backtest._watch

    def keep(step: Any) -> None:
        seen.append(step)
        watch(step)

    run.backtest._watch = keep
    run.run(leaping=leaping)
    return run.recorder.result(), seen


def test_without_a_history_of_yields_nothing_is_lent(prepared: Any, plan: Any) -> None:
    result, steps = played(prepared(books=("core-hodl",), to_ms=plan.from_ms + 150 * DAY_MS))
    assert not [one for step in steps for one in step.requests if isinstance(one, EarnOrder)]
    assert result.interest == ()
    assert '"interest"' not in to_json(result)


def test_with_one_coins_go_out_and_home_and_interest_is_in_the_result(
    prepared: Any, plan: Any, with_yield: Path
) -> None:
    run = prepared(books=("core-hodl",), source=with_yield, to_ms=plan.from_ms + 330 * DAY_MS)
    result, steps = played(run)
    moved = [step.event.amount for step in steps if isinstance(step.event, EarnMoved)]
    paid = [step.event for step in steps if isinstance(step.event, InterestPaid)]
    assert sum(amount > 0 for amount in moved) > 2
    assert sum(amount < 0 for amount in moved) > 2
    assert len(result.interest) == len(paid) > 20
    assert {one.coin for one in paid} == {"ETH"}
    (engine,) = summarise(result).engines
    assert engine.funding == sum(one.value for one in result.interest) > 0
    assert len(steps) > 100
    owned = run.exchange.owned("CORE-HODL")
    assert run.engine.portfolio.wallets("CORE-HODL") == {coin: amount for coin, amount in owned.items() if amount}


def test_leaping_over_it_gives_the_same_bytes_as_stepping(prepared: Any, plan: Any, with_yield: Path) -> None:
    terms = {"books": ("core-hodl",), "source": with_yield, "to_ms": plan.from_ms + 200 * DAY_MS}
    documents = [to_json(played(prepared(**terms), leaping)[0]) for leaping in (True, False)]
    assert documents[0] == documents[1]
    assert '"interest"' in documents[0]
