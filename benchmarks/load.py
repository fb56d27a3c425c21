"""A hundred orders a second, then a thousand at once: the real process, its journal and the served exchange.

`python -m benchmarks.load --minutes 10 --folder DIR` writes its table into docs/benchmarks.md; with `--alone`, where no
order leaves in one request with others, into a section of its own.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from adapters.clock import Stopwatch
from adapters.postgres.connection import Connection, connect
from adapters.postgres.server import PrivateServer
from benchmarks.both_sides import same_as_exchange
from benchmarks.levers import Levers
from benchmarks.load_desk import BURST_ORDERS, FIRST_MOMENTS, FROM_DAY, STEADY_ORDERS, write_desk, write_market
from benchmarks.measurement import Measurement
from benchmarks.processes import ETERNAL, Process, eternal, free_port, wait_for
from benchmarks.stamped import ALONE
from benchmarks.table import write_section

A_MOMENT_S = 1.0
PATIENCE_S, STEP_S = 300.0, 0.05
ENDED = "SELECT kind, seq FROM journal WHERE kind IN ('Fill', 'OrderRejected') AND seq > %s"
SECTION = "Load"
ABOUT = """Written by `make load`: {minutes:g} minutes, {busy}{ahead}. Times are those of the engine's own process. The
orders are market orders for spot, of ten accounts, {sent}; a day of the market is a second."""
TOGETHER = "sent in batches of at most ten"
APART = "each sent in a request of its own, as urgent ones are on Bybit"


@dataclass
class Bench:
    """What is under way, and how far it has come."""

    desk: Path
    levers: Levers
    exchange: Process
    engine: Process
    store: PrivateServer
    journal: Connection
    ordered: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    _seq: int = 0

    @property
    def kept_back(self) -> int:
        """How many orders did not leave, because they would have left too late."""
        return self.ended["OrderRejected"]

    def pass_moment(self, orders: int) -> None:
        """Let candles close; when everything they ask for is at the exchange, open the next ones, and wait for it all.

        The market's clock stands still meanwhile, so that an answer never looks as if it had taken hours.
        """
        self.ordered += orders
        self.levers.pull("advance", moments=1)
        wait_for(self._all_there, "the orders", PATIENCE_S, STEP_S)
        self.levers.pull("advance", moments=1, until="open")
        wait_for(lambda: self._follow().total() >= self.ordered, "the fills", PATIENCE_S, STEP_S)

    def _all_there(self) -> bool:
        found: int = self.levers.pull("state")["orders"]
        return self._follow()["OrderRejected"] + found >= self.ordered

    def _follow(self) -> Counter[str]:
        for kind, seq in self.journal.execute(ENDED, (self._seq,)):
            self.ended[kind] += 1
            self._seq = max(self._seq, seq)
        return self.ended


@contextmanager
def begun(folder: Path, moments: int, *words_of_engine: str) -> Iterator[Bench]:
    """Start exchange and engine; what is left of them ends with the context."""
    desk, market, port = folder / "desk", folder / "market", free_port()
    desk.mkdir(parents=True)
    write_market(market, moments)
    write_desk(desk, f"http://127.0.0.1:{port}")
    words = ["exchange", "--data", str(market), "--from", FROM_DAY, "--step", "--no-limits"]
    words += ["--port", str(port), "--accounts", "accounts.json"]
    store = PrivateServer(desk / "store")
    with ExitStack() as stack:
        exchange = Process(desk, folder / "exchange.log", [*ETERNAL, *words])
        stack.callback(exchange.stop)
        exchange.until("The exchange is at")
        stack.callback(store.stop)
        stamps = [sys.executable, "-m", "benchmarks.stamped", ".", str(folder / "stamps.json"), *words_of_engine]
        engine = Process(desk, folder / "engine.log", stamps)
        stack.callback(engine.stop)
        engine.until("Every account is reconciled")
        journal = stack.enter_context(connect(store.start(), patient=True))
        yield Bench(desk, Levers(f"http://127.0.0.1:{port}"), exchange, engine, store, journal)


@dataclass(frozen=True, slots=True)
class Part:
    """So many orders in so many seconds, and the seconds of a core that both sides spent on them.

    `kept_back` are those of them that did not leave, because they would have left too late.
    """

    orders: int
    kept_back: int
    taken_s: float
    engine_s: float
    exchange_s: float


def part(bench: Bench, moments: int, orders: int, longest_s: float = PATIENCE_S) -> Part:
    """Let moments of so many orders pass, one a second or as fast as they can, each until its last order is filled."""
    engine, exchange, kept_back, watch = bench.engine.burden, bench.exchange.burden, bench.kept_back, Stopwatch()
    for number in range(moments):
        if watch.elapsed_s() > longest_s:
            moments = number
            break
        Event().wait(max(0.0, number * A_MOMENT_S - watch.elapsed_s()))
        bench.pass_moment(orders)
    used = (bench.engine.burden.cpu_s - engine.cpu_s, bench.exchange.burden.cpu_s - exchange.cpu_s)
    return Part(moments * orders, bench.kept_back - kept_back, watch.elapsed_s(), *used)


def rows(stamps: dict[str, Any], steady: Part, burst: Part) -> Iterator[Measurement]:
    """Yield what was measured."""
    first, last = FIRST_MOMENTS * STEADY_ORDERS, FIRST_MOMENTS * STEADY_ORDERS + burst.orders
    orders = list(stamps["orders"].values())
    parts = (("steady", orders[last:]), ("burst", orders[first:last]))
    rate = (steady.orders - steady.kept_back) / steady.taken_s
    took, at_once = told(steady), f"{told(burst)}, decided in one step"
    yield Measurement("steady: rate", rate, "orders/s", "100", took)
    yield Measurement("burst: until the last is filled", burst.taken_s, "s", "", at_once)
    for name, every in parts:
        some = [one for one in every if "left" in one]
        for what, end in (("event to journaled decision", "journaled"), ("event to the wire", "left")):
            yield timed(f"{name}: {what}", [one[end] - one["came"] for one in some])
    yield timed(
        "an order's way to the exchange and back", [one["answered"] - one["left"] for one in orders if "left" in one]
    )
    yield timed("an answer or a fill, event to journal", stamps["others"])
    used = f"and {steady.exchange_s / steady.orders * 1000:.1f} ms of the exchange"
    yield Measurement("time of a core for an order", steady.engine_s / steady.orders * 1000, "ms", "", used)


def told(part: Part) -> str:
    """Say what became of the orders of a part."""
    late = f", {part.kept_back:,} kept back as too late" if part.kept_back else ""
    return f"{part.orders - part.kept_back:,} orders filled{late} in {part.taken_s:.0f} s"


def timed(what: str, values_s: Sequence[float]) -> Measurement:
    """A median, with the 99th percentile beside it."""
    median, late = np.percentile(np.array(values_s) * 1000, [50, 99])
    return Measurement(f"{what}, p50", float(median), "ms", "", f"p99 {late:,.3g} ms of {len(values_s):,}")


def load(folder: Path, minutes: float, *words_of_engine: str) -> tuple[list[Measurement], list[str]]:
    """Run it all, and give what was measured, and what is wrong."""
    moments = round(minutes * 60 / A_MOMENT_S)
    with begun(folder, FIRST_MOMENTS + 1 + moments, *words_of_engine) as bench:
        part(bench, FIRST_MOMENTS, STEADY_ORDERS)
        burst = part(bench, 1, BURST_ORDERS)
        steady = part(bench, moments, STEADY_ORDERS, minutes * 60)
        wrong = bench.engine.troubles()[:5]
        wrong += ["the engine did not end with 0"] if bench.engine.stop() else []
        wrong += same_as_exchange(bench.levers, bench.store, bench.desk / "exchange-keys.json")
        sys.stdout.write(eternal(bench.desk, "store", "verify") + "\n")
    stamps = json.loads((folder / "stamps.json").read_text())
    return list(rows(stamps, steady, burst)), wrong


def ahead() -> str:
    """Say which priority its processes had, where it was not that of all others."""
    nice = os.nice(0)
    return f", its own at nice {nice}" if nice else ""


def main() -> int:
    """Read the options, and give 0 where all is well."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--folder", type=Path, required=True, help="a new folder for everything that is kept")
    options.add_argument("--alone", action="store_true", help="let each order leave in a request of its own")
    chosen = options.parse_args()
    measured, wrong = load(chosen.folder.resolve(), chosen.minutes, *((ALONE,) if chosen.alone else ()))
    busy = f"while {os.getloadavg()[1]:.1f} processes wanted the {os.cpu_count()} cores"
    sent = APART if chosen.alone else TOGETHER
    about = ABOUT.format(minutes=chosen.minutes, busy=busy, ahead=ahead(), sent=sent)
    write_section(f"{SECTION}, each order alone" if chosen.alone else SECTION, about, measured)
    for one in wrong:
        sys.stdout.write(f"WRONG: {one}\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
