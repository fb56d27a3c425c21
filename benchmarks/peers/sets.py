"""The sets of values that a search over the rule tries: the same ones, in the same order, for whoever searches."""

import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from itertools import product
from random import Random
from time import perf_counter
from typing import NamedTuple

from protocol import FAST, SLOW, STOP, STRONG, TRAIL


class Set(NamedTuple):
    """Windows in candles, the least strength, and how far the stop is away, in ATR."""

    fast: int = FAST
    slow: int = SLOW
    strong: float = STRONG
    stop: float = STOP
    trail: float = TRAIL


RANGES = (
    range(20, 90, 10),
    range(120, 320, 20),
    range(15, 40, 5),
    tuple(half / 2 for half in range(2, 9)),
    tuple(half / 2 for half in range(4, 11)),
)
SEED = 1
Search = Callable[[list[Set]], list[int]]
"""Tries sets; gives how many trades each has closed."""


def sets(count: int) -> list[Set]:
    """Draw so many different ones."""
    return [Set(*values) for values in Random(SEED).sample(list(product(*RANGES)), count)]


def measure_search(package: str, search: Search) -> None:
    """Search once over two sets to warm up and then over as many as asked; print the seconds and what was traded."""
    wanted = sets(int(sys.argv[2]))
    search(wanted[:2])
    begin = perf_counter()
    trades = search(wanted)
    answer = {"package": package, "version": version(package), "seconds": perf_counter() - begin, "trades": trades}
    sys.stdout.write("\n" + json.dumps(answer) + "\n")
