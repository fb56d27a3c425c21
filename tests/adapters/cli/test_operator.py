"""A person at the terminal, beside the real process of `eternal run`, with nothing but its working folder."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.adapters.cli import running

pytestmark = pytest.mark.spec("LIFE-06", "RULE-10")
WHY = ("--reason", "a test")
Eternal = Callable[..., Result]


@pytest.fixture
def trading(tmp_path: Path, served: Any, store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A process that trades, from the folder in which commands are run."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    process = running.started(running.working_folder(tmp_path, served, store))
    process.until("Every account is reconciled")
    yield process
    process.kill()


def test_the_real_process_is_looked_at_paused_asked_and_missed(eternal: Eternal, trading: Any, served: Any) -> None:
    def said(*words: str) -> Any:
        return json.loads(eternal(*words, "--json").stdout)

    running.wait_for(lambda: (found := said("status"))["sheet"] and found["sheet"]["life"]["reconciled"], "a status")
    served.advance(1)
    running.wait_for(lambda: (sheet := said("status")["sheet"])["orders"] or sheet["positions"], "an order")
    served.advance(1, until="open")

    def protected() -> Any:
        held = said("status")["sheet"]["positions"]
        stops = [one["stop"] for one in held if one["market"] == "linear"]
        return held if held and stops and all(stops) else None

    held = running.wait_for(protected, "positions with their stops")
    assert "CORE-HODL" in {one["account"] for one in held}
    orders = running.wait_for(lambda: said("explain", "live")["orders"], "the tables")
    told = eternal("explain", "live", orders[0]["order_id"])
    assert told.exit_code == 0, told.output
    assert "what it saw" in told.output
    paused = eternal("pause", *WHY)
    assert paused.exit_code == 0, paused.output
    assert "PAUSED" in running.wait_for(
        lambda: "PAUSED" in (page := eternal("status")).output and page.output, "the pause in the status"
    )
    why = eternal("why-not", "live", "BTCUSDT", "--book", "core-hodl")
    assert why.exit_code == 0, why.output
    assert "The engine was paused by the operator." in why.output
    trading.kill()
    late = eternal("flatten", "--wait", "1", *WHY)
    assert late.exit_code == 3
    assert "nothing is done" in late.stderr or "No engine is running" in late.stderr
