"""Run the engine and its peers over the same 60,000 hours, and write what they gave into docs/benchmarks.md.

`--search SETS` lets the engine and vectorbt search over so many sets of values instead.
"""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from benchmarks.peers import searches, side_by_side
from benchmarks.table import write_lines
from benchmarks.work import market

HOURS = 60_000
ABOUT = """One rule (`benchmarks/peers/rules`): buy when the close and its mean of 50 are above the mean of 200 and
ADX(14) is above 25; stop 2 ATR below the entry, then 3 ATR below the best price; leave below the mean of 200. 1 % of
the equity at risk, 25 % of it at most in the position, a fee of 0.055 % and slippage of 0.05 %. Hourly candles of
BTCUSDT. Reading the file and the indicators count; the peers take theirs from TA-Lib. Medians of three runs after a
first one, one after the other, each in an environment of its own."""

ABOUT_SEARCH = """The same rule over the same candles with other windows, limits and stops, drawn at random from ranges,
by the engine and by vectorbt; each in one process, reading the file and the indicators included, after two sets that
don't count. The engine runs one back-test after another with its whole order life cycle; vectorbt takes 50 sets at
once as columns beside each other, which is its fastest way that memory allows."""


def candles(folder: Path, hours: int) -> Path:
    """The newest hours of Bitcoin in the market that is measured on, as a file of their own."""
    (found,) = (market(folder) / "candles" / "spot" / "1h").glob("BTCUSDT.parquet")
    file = folder / "hours.parquet"
    pl.read_parquet(found).tail(hours).write_parquet(file)
    return file


def main() -> None:
    """Measure what is asked for."""
    parser = ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--search", type=int, metavar="SETS", help="search over so many sets, beside vectorbt")
    parser.add_argument("--hours", type=int, default=HOURS, help="over so many of the newest hours")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        file = candles(Path(folder), asked.hours)
        if asked.search:
            found = searches.rows(searches.searches(file, asked.search))
            write_lines("A search side by side", [ABOUT_SEARCH, "", f"{asked.hours:,} candles.", "", *found])
        else:
            found = side_by_side.rows(side_by_side.side_by_side(file))
            write_lines("Side by side", [ABOUT, "", f"{asked.hours:,} candles.", "", *found])


if __name__ == "__main__":
    main()
