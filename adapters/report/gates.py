"""The gates between phases as a table: what each needs, what was measured, what became of it."""

from collections.abc import Sequence

from adapters.report.sheet import Sheet
from adapters.report.words import counted
from runtime.phases import GateResult, Verdict

COLUMNS = ("gate", "verdict", "measured", "needs", "rule")


def gate_sheet(results: Sequence[GateResult], title: str, about: str = "") -> Sheet:
    """Return one row for each gate, as it stands in the rule file."""
    rows = tuple((one.gate, one.verdict.value, one.value, one.needs, one.place) for one in results)
    return Sheet(title, COLUMNS, rows, text=len(COLUMNS), about=about, empty="No gate asks for a back-test.")


def tally(results: Sequence[GateResult]) -> str:
    """Write how many gates passed, failed and were not measured."""
    counts = {verdict: sum(one.verdict is verdict for one in results) for verdict in Verdict}
    told = [f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict] or verdict is Verdict.PASSED]
    return f"{counted(len(results), 'gate')}: {', '.join(told)}."
