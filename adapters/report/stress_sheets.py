"""What a back-test comes to under stress, as tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.report.sheet import Sheet
from adapters.report.words import NOTHING, number, percent
from runtime.phases import GateResult, Verdict


@dataclass(frozen=True, slots=True)
class Stressed:
    """One run under stress; ratios, None where they were not worked out. `gates` are those that a back-test decides."""

    name: str
    total_return: float | None = None
    annual_return: float | None = None
    sharpe: float | None = None
    largest_drawdown: float | None = None
    held_return: float | None = None
    trades: int | None = None
    note: str = ""
    gates: tuple[GateResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """Final return and largest drawdown of trades in drawn orders, as ratios: what 5, 50 and 95 of 100 don't exceed."""

    name: str
    trades: int
    draws: int
    total_return: tuple[float, float, float]
    largest_drawdown: tuple[float, float, float]


def stress_sheets(runs: Sequence[Stressed], drawings: Sequence[Drawing]) -> list[Sheet]:
    """Return the runs under stress, the drawn orders of trades, and what becomes of the gates."""
    return [_runs(runs), _drawings(drawings), _gates([run for run in runs if run.gates])]


def _runs(runs: Sequence[Stressed]) -> Sheet:
    rows = tuple(
        (
            run.name,
            percent(run.total_return, signed=True),
            percent(run.annual_return, signed=True),
            number(run.sharpe),
            percent(run.largest_drawdown),
            percent(run.held_return, signed=True),
            NOTHING if run.trades is None else f"{run.trades:,}",
            _passed(run.gates),
            run.note,
        )
        for run in runs
    )
    columns = ("run", "return", "a year", "Sharpe", "drawdown", "buy and hold", "trades", "gates passed", "")
    about = (
        "Each line is a run of its own. Those of crashes are about the crash alone; what was held came from before it."
    )
    return Sheet("Under stress", columns, rows, signed=frozenset({1, 2, 5}), about=about)


def _passed(gates: Sequence[GateResult]) -> str:
    measured = [gate for gate in gates if gate.verdict is not Verdict.NOT_MEASURED]
    if not measured:
        return NOTHING
    passed = sum(gate.verdict is Verdict.PASSED for gate in measured)
    return f"{passed} of {len(measured)}"


def _drawings(drawings: Sequence[Drawing]) -> Sheet:
    rows = tuple(
        (
            drawing.name,
            f"{drawing.trades:,}",
            *(percent(value, signed=True) for value in drawing.total_return),
            *(percent(value) for value in drawing.largest_drawdown),
        )
        for drawing in drawings
    )
    columns = (
        *("trades", "closed", "return, 5 of 100 below", "median", "95 of 100 below"),
        *("drawdown, 5 of 100 below", "median", "95 of 100 below"),
    )
    draws = f"{drawings[0].draws:,}" if drawings else "No"
    about = f"{draws} draws of closed trades alone, one after the other, each as the part of the portfolio that it was."
    return Sheet("The same trades in other orders", columns, rows, empty="No trade was closed.", about=about)


def _gates(runs: Sequence[Stressed]) -> Sheet:
    columns = ("gate", "needs", *(run.name for run in runs))
    gates = [gate for gate in (runs[0].gates if runs else ()) if gate.verdict is not Verdict.NOT_MEASURED]
    rows = tuple((gate.gate, gate.needs, *(_told(gate, run) for run in runs)) for gate in gates)
    empty = "None could be judged: a gate asks for all books of an engine, and for results of theirs."
    return Sheet("Gates under stress", columns, rows, text=len(columns), empty=empty)


def _told(asked: GateResult, run: Stressed) -> str:
    gate = next(one for one in run.gates if (one.phase, one.gate) == (asked.phase, asked.gate))
    return gate.verdict.value if gate.verdict is Verdict.NOT_MEASURED else f"{gate.verdict.value}: {gate.value}"
