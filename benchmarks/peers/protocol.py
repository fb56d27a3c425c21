"""What each peer measures and prints, so that the runs of all of them can be laid side by side.

A peer runs in an environment of its own: nothing here needs more than the standard library.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

CAPITAL = 100_000.0
FEE = 0.00055
SLIPPAGE = 0.0005
FAST, SLOW, LENGTH, STRONG = 50, 200, 14, 25.0
RISK, STOP, TRAIL, LARGEST = 0.01, 2.0, 3.0, 0.25


@dataclass(frozen=True)
class Run:
    """What one run over the candles gave: trades as entry and exit in milliseconds UTC, and money in USDT."""

    trades: list[tuple[int, int]]
    final: float
    drawdown: float


def share(close: float, range_: float) -> float:
    """How much of the equity an entry takes: it risks RISK at its stop, and takes LARGEST at most."""
    return min(RISK * close / (STOP * range_), LARGEST)


def measure(package: str, run: Callable[[], Run]) -> None:
    """Run once to warm up and then as often as asked; print the seconds, and what the last run gave."""
    first = timed(run)[0]
    seconds, result = zip(*(timed(run) for _ in range(int(sys.argv[2]))), strict=True)
    answer = {"package": package, "version": version(package), "first_s": first, "seconds": seconds}
    sys.stdout.write("\n" + json.dumps(answer | asdict(result[-1])) + "\n")


def timed(run: Callable[[], Run]) -> tuple[float, Run]:
    """The seconds of a call, and what it returned."""
    begin = perf_counter()
    result = run()
    return perf_counter() - begin, result


def candles() -> Path:
    """The Parquet file of candles that a peer was given."""
    return Path(sys.argv[1])
