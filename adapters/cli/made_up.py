"""The market for whoever has no data yet: drawn by a seeded random generator, always the same."""

import os
from pathlib import Path

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.options import moment

SEED = 7
FIRST_DAY, YEARS = "2020-01-01", 5
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
TIMEFRAMES = ("1h", "4h", "1d")
FOLDER = Path("made-up-market")


def draw(folder: Path) -> None:
    """Draw the market into a folder."""
    from adapters.synthetic.market import write_market

    write_market(folder, SEED, moment(FIRST_DAY), YEARS, SYMBOLS, TIMEFRAMES)


def made_up_market(folder: Path = FOLDER) -> Path:
    """Give the folder of the market, drawn where it isn't there yet; fails where something else has its name."""
    from runtime.market_data import SYNTHETIC_LABEL

    if not folder.exists():
        # One that was interrupted while it was drawn must not look like a whole one.
        half = folder.with_name(f"{folder.name}.half")
        draw(half)
        os.replace(half, folder)
    if not (folder / SYNTHETIC_LABEL).is_file():
        raise Failure(f"Expected a made-up market in {folder}, found something else. Rename it.", ExitCode.USAGE)
    return folder
