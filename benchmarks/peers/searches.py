"""The same search by the engine and by vectorbt, laid side by side."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import correlation

from benchmarks.peers.side_by_side import HERE, PEERS, ROOT, environment

PEER = "vectorbt"


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search took, in seconds for each set, and how many trades each set has closed."""

    name: str
    version: str
    seconds: float
    trades: tuple[int, ...]


def searches(candles: Path, sets: int) -> list[Searched]:
    """Search by the engine and then by its peer, each in one process, over so many sets."""
    name, packages = PEERS[PEER]
    ours = _search("eternal", "Eternal Engine", Path(sys.executable), candles, sets)
    return [ours, _search(PEER, name, environment(PEER, packages), candles, sets)]


def _search(key: str, name: str, python: Path, candles: Path, sets: int) -> Searched:
    command = [python, HERE / f"search_{key}.py", candles, str(sets)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answer = json.loads(ended.stdout.splitlines()[-1])
    return Searched(name, answer["version"], answer["seconds"] / sets, tuple(answer["trades"]))


def rows(found: list[Searched]) -> list[str]:
    """The table in Markdown; the engine comes first and is what the other is compared to."""
    ours = found[0]
    lines = [
        "| back-tester | sets | a set | against ours | trades of all sets | set by set, correlation with ours |",
        "|---|---|---|---|---|---|",
    ]
    for one in found:
        lines.append(
            f"| {one.name} {one.version} | {len(one.trades):,} | {1_000 * one.seconds:,.1f} ms "
            f"| {one.seconds / ours.seconds:.2f} × | {sum(one.trades):,} | {correlation(one.trades, ours.trades):.3f} |"
        )
    return lines
