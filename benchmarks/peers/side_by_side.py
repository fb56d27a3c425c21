"""Runs each peer in an environment of its own over the same candles, and lays what they gave side by side."""

import json
import subprocess
import sys
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ENVIRONMENTS = ROOT / ".peers"
REPEATS = 3
TALIB = "ta-lib==0.8.2"
PEERS = {
    "backtesting": ("backtesting.py", ("backtesting==0.6.6", "pyarrow", TALIB)),
    "vectorbt": ("vectorbt", ("vectorbt==1.2.0", "pyarrow", TALIB)),
    "nautilus": ("NautilusTrader", ("nautilus_trader==1.221.0", "pyarrow", TALIB)),
    "freqtrade": ("freqtrade", ("freqtrade==2026.9", "pyarrow")),
    "backtrader": ("backtrader", ("backtrader==1.9.78.123", "pandas", "pyarrow", TALIB)),
}
UNLIKE = {
    "backtesting": "the first stop hangs on the close before the entry",
    "vectorbt": "no stop inside the candle of the entry",
    "nautilus": "fills at the close, not at the next open; slippage as a fee",
    "freqtrade": "slippage as a fee; a stop moves before its candle's low is looked at",
    "backtrader": "no stop inside the candle of the entry",
}


@dataclass(frozen=True, slots=True)
class Gave:
    """What a peer gave: seconds of the first and of each further run, trades by their entries, and money in USDT."""

    name: str
    version: str
    first_s: float
    seconds: float
    entries: frozenset[int]
    final: float
    drawdown: float
    unlike: str


def side_by_side(candles: Path, keys: Iterable[str] = tuple(PEERS)) -> list[Gave]:
    """Run the engine and its peers one after the other over a Parquet file of hourly candles."""
    gave = [_run("eternal", "Eternal Engine", Path(sys.executable), candles)]
    for key in keys:
        name, packages = PEERS[key]
        gave.append(_run(key, name, environment(key, packages), candles))
    return gave


def environment(key: str, packages: Iterable[str]) -> Path:
    """Make the environment of a peer where there is none, and return its Python."""
    folder = ENVIRONMENTS / key
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        ready.touch()
    return python


def _run(key: str, name: str, python: Path, candles: Path) -> Gave:
    command = [python, HERE / f"of_{key}.py", candles, str(REPEATS)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answer = json.loads(ended.stdout.splitlines()[-1])
    entries = frozenset(entry for entry, _ in answer["trades"])
    money = (answer["final"], answer["drawdown"])
    timing = (answer["first_s"], median(answer["seconds"]))
    return Gave(name, answer["version"], *timing, entries, *money, UNLIKE.get(key, ""))


def rows(gave: list[Gave]) -> list[str]:
    """The table in Markdown; the engine comes first and is what the others are compared to."""
    ours = gave[0]
    lines = [
        "| back-tester | first run | further runs | against ours | trades | entries that ours has too | end value "
        "| drawdown | not alike |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in gave:
        same = len(one.entries & ours.entries) / max(len(one.entries), 1)
        lines.append(
            f"| {one.name} {one.version} | {one.first_s:.2f} s | {one.seconds:.3f} s "
            f"| {one.seconds / ours.seconds:.2f} × | {len(one.entries):,} | {same:.1%} "
            f"| {one.final:,.0f} USDT | {one.drawdown:.1f} % | {one.unlike} |"
        )
    return lines
