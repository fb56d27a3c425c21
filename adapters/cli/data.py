"""`eternal data`: market data for back-tests, downloaded, listed, checked and imported."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer

from adapters.cli.data_download import download
from adapters.cli.data_import import import_candles
from adapters.cli.failure import Commands, ExitCode
from adapters.cli.market_folder import FOLDER, AsJson, DataFolder, aligned, minute_of

if TYPE_CHECKING:
    from adapters.history.holdings import Holding
    from runtime.market_data import Problem

# Findings of one file that are shown to a person.
SHOWN = 20

data = typer.Typer(cls=Commands, no_args_is_help=True, help="Download, list, check and import market data.")

data.command()(download)


@data.command("list")
def list_data(folder: DataFolder = FOLDER, as_json: AsJson = False) -> None:
    """Show what is there: from when to when, how many rows, how many are missing between."""
    from adapters.cli.screen import say, say_json
    from adapters.history.holdings import holdings

    found = list(holdings(folder))
    if as_json:
        say_json({"folder": str(folder), "series": [_holding_plain(one) for one in found]})
        return
    if not found:
        say(f"There is no market data in {folder}.")
    for line in _table(_holding_cells(one) for one in found if not one.problem):
        say(line)
    for one in found:
        if one.problem:
            say(one.problem)


@data.command("check")
def check_data(folder: DataFolder = FOLDER, as_json: AsJson = False) -> None:
    """Look for what is missing, twice there, impossible or odd; the exit code is 1 where something is found."""
    from adapters.cli.screen import say, say_json
    from adapters.history.audit import audit

    found = list(audit(folder))
    if as_json:
        say_json({"folder": str(folder), "findings": [_finding_plain(one) for one in found]})
    else:
        for line in _finding_lines(found):
            say(line)
    if found:
        raise typer.Exit(ExitCode.FINDINGS)


data.command("import")(import_candles)


# ── list ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _holding_plain(one: "Holding") -> dict[str, Any]:
    file = one.file
    return {
        "file": file.place,
        "kind": file.kind.value,
        "source": one.source,
        "symbol": file.symbol or None,
        "timeframe": file.timeframe or None,
        "rows": one.rows,
        "first_ms": one.first_ms,
        "last_ms": one.last_ms,
        "missing": one.missing,
        "problem": one.problem or None,
    }


def _holding_cells(one: "Holding") -> tuple[str, ...]:
    times = [minute_of(at_ms) for at_ms in (one.first_ms, one.last_ms) if at_ms is not None]
    return (one.file.place, one.source, f"{one.rows:,}", *times, f"{one.missing:,}")


def _table(cells: Iterable[tuple[str, ...]]) -> Iterator[str]:
    found = list(cells)
    if found:
        yield from aligned([("file", "source", "rows", "from", "to", "missing between"), *found])


# ── check ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _finding_plain(one: "Problem") -> dict[str, Any]:
    return {"file": one.file, "row": one.row or None, "at_ms": one.at_ms, "reason": one.reason}


def _finding_lines(found: "Sequence[Problem]") -> Iterator[str]:
    from itertools import groupby

    from adapters.history.series_file import LATEST_MS

    for file, group in groupby(found, key=lambda one: one.file):
        findings = list(group)
        yield file
        for one in findings[:SHOWN]:
            where = f"row {one.row}" if one.row else ""
            when = minute_of(one.at_ms) if one.at_ms is not None and 0 < one.at_ms < LATEST_MS else ""
            yield "  " + "  ".join(filter(None, (when, where, one.reason)))
        if len(findings) > SHOWN:
            yield f"  and {len(findings) - SHOWN:,} more; --json has all"
    yield f"Findings: {len(found):,}." if found else "Nothing is missing, twice there, impossible or odd."
