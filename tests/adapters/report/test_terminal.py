import io

import pytest
from rich.console import Console

from adapters.report.terminal import show
from runtime.run import RunResult

pytestmark = pytest.mark.spec("BT-05")


def shown(result: RunResult, width: int = 120, last: int = 20, *, colour: bool = False) -> str:
    written = io.StringIO()
    colours = "truecolor" if colour else None
    show(result, Console(file=written, width=width, force_terminal=colour, color_system=colours), last)
    return written.getvalue()


def test_everything_that_a_trader_asks_for_is_there(result: RunResult) -> None:
    text = shown(result)
    for told in (
        *("The portfolio made", "2024-01-01 to 2024-03-11", "core-hodl 60 %, trend-1 40 %", "Binance from 2024-01-01"),
        *("total return", "annual return", "volatility", "Sharpe", "Sortino", "Calmar", "win rate", "profit factor"),
        *(
            "exposure",
            "buy and hold",
            "bought weekly",
            "Engines",
            "Kinds of market",
            "Worst drawdowns",
            "recovering",
            "Months",
        ),
        *("Best trades", "Worst trades", "All trades", "entries.long", "exits.trend_broken", "Refused", "correlated"),
        *("Doubts", "Too <few> trades.", "trades 3", "result.trades < 30", "doubts.yaml:9"),
        *("Gates between phases", "3 gates: 1 passed, 1 failed, 1 not measured.", "phases.yaml:7"),
        *("Where profits came from", "by price", "Engines by kind of market", "Time at each level"),
        *("Transfers between engines", "trend-1 triggers.hand_back", "30.50 USDT", "It is wanted elsewhere."),
        *("as the breaker measures it", "CAUTION 5 %", "EMERGENCY 25 %"),
        *("Breaker", "NORMAL → CAUTION", "drawdown is 8 %", "fees paid", "slippage paid", "funding received"),
    ):
        assert told in text, told


def test_only_the_last_trades_are_listed(result: RunResult) -> None:
    assert "Last 1 of 3 trades" in shown(result, last=1)


def test_months_are_coloured_by_how_good_they_were(result: RunResult) -> None:
    text = shown(result, colour=True)
    assert "\x1b[37;48;2;" in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_it_fits_the_width(result: RunResult, width: int) -> None:
    assert max(len(line) for line in shown(result, width=width).splitlines()) <= width


def test_what_did_not_happen_is_said_so(nothing: RunResult) -> None:
    text = shown(nothing)
    assert "Nothing was refused." in text
    assert "It never left NORMAL." in text
    assert "No money went from one to another." in text
    assert "No gate asks for a back-test." in text


@pytest.mark.spec("PHASE-2")
def test_a_gate_that_fails_is_printed_as_failed(result: RunResult) -> None:
    rows = {line.split()[0]: line for line in shown(result, width=160).splitlines() if "phases.yaml:7" in line}
    assert " failed " in rows["sharpe"]
    assert " passed " in rows["profit_factor"]
    assert " not measured " in rows["win_rate"]
