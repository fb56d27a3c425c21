"""Run the engine and its peers over the same 60,000 hours, and write what they gave into docs/benchmarks.md."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from benchmarks.peers.side_by_side import rows, side_by_side
from benchmarks.table import write_lines
from benchmarks.work import market

HOURS = 60_000
ABOUT = """One rule (`benchmarks/peers/rules`): buy when the close and its mean of 50 are above the mean of 200 and
ADX(14) is above 25; stop 2 ATR below the entry, then 3 ATR below the best price; leave below the mean of 200. 1 % of
the equity at risk, 25 % of it at most in the position, a fee of 0.055 % and slippage of 0.05 %. 60,000 hourly candles
of BTCUSDT. Reading the file and the indicators count; the peers take theirs from TA-Lib. Medians of three runs after a
first one, one after the other, each in an environment of its own."""


def candles(folder: Path) -> Path:
    """The newest hours of Bitcoin in the market that is measured on, as a file of their own."""
    (found,) = (market(folder) / "candles" / "spot" / "1h").glob("BTCUSDT.parquet")
    file = folder / "hours.parquet"
    pl.read_parquet(found).tail(HOURS).write_parquet(file)
    return file


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        write_lines("Side by side", [ABOUT, "", *rows(side_by_side(candles(Path(folder))))])
