"""What the commands about a folder of market data share: its options, and how its contents are told."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.failure import ExitCode, Failure

FOLDER = Path("market")
DataFolder = Annotated[Path, typer.Option("--data", metavar="DIR", help="The folder of market data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it for a machine.")]


def refuse_made_up(folder: Path) -> None:
    """Fail for a folder of made-up data: what is recorded must not be mixed with it."""
    from runtime.market_data import SYNTHETIC_LABEL

    if (folder / SYNTHETIC_LABEL).exists():
        raise Failure(
            f"Expected a folder for recorded data, found one of made-up data at {folder}. Choose another with --data.",
            ExitCode.USAGE,
        )


def aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows of equally many cells as lines with columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def minute_of(at_ms: int) -> str:
    """Write a moment as its day and minute in UTC."""
    from adapters.history.venues import minute

    return minute(at_ms)
