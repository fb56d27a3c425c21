"""One number that was measured, with what it is compared to."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

SECOND = 1.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured, the median with its unit, the aim where there is one, and what to know about it."""

    what: str
    value: float
    unit: str
    aim: str = ""
    note: str = ""


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """The median time of some repetitions, in seconds, after one that does not count."""
    work()
    times = []
    for _ in range(repeats):
        gc.collect()
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)


def once(work: Callable[[], object]) -> float:
    """The time of a single call, in seconds."""
    gc.collect()
    start = perf_counter()
    work()
    return perf_counter() - start


def peak_mib() -> float:
    """The most memory that this process has held so far, in MiB, as the kernel counts it from its start."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
