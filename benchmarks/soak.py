"""Hours of trading by the real processes, watched for what grows.

`python -m benchmarks.soak --hours 2 --folder DIR` writes a line a minute into DIR/samples.jsonl, and at the end a
verdict into DIR/verdict.txt.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread

from adapters.cli.status import look
from adapters.clock import Stopwatch
from adapters.postgres.connection import connect
from adapters.postgres.server import PrivateServer
from adapters.postgres.status import status
from benchmarks.both_sides import same_as_exchange
from benchmarks.levers import Levers, Plain
from benchmarks.processes import ETERNAL, MIB, Burden, Process, eternal, free_port, wait_for
from benchmarks.soak_verdict import summary, told_wrong, what_grew

BOOKS = ("core-hodl-ten", "trend-1", "trend-2", "tactical", "funding")
MINUTE_S = 60.0
ADDRESS_OF_INIT = "http://127.0.0.1:8080"
COUNTS = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
       (SELECT count(*) FROM outbox WHERE severity IN ('P0', 'P1'))
"""
TOLD = "SELECT severity, text, count(*) FROM outbox WHERE severity < 'P3' GROUP BY 1, 2 ORDER BY 1, 3 DESC LIMIT 30"
SEEN = "SELECT coalesce(max(at_ms), 0) FROM journal WHERE kind = 'CandleClose'"
LAST_CANDLES = "SELECT at_ms FROM journal WHERE kind = 'CandleClose' ORDER BY seq DESC LIMIT 1"
QUIET_S, CATCH_UP_S = 5.0, 900.0
LOOK_EVERY_S, LONGEST_WAIT_S = 0.02, 60.0
HALTED_SAMPLES = 5
"""An operator acknowledges a halt that so many samples in a row have seen."""


class Market(Thread):
    """Lets the market go on: in each moment candles close, what follows has its time, and the next ones open.

    Its clock stands still meanwhile, so that an answer never looks as if it had taken hours, and it waits for an engine
    that is behind: `seen` gives the moment of the last candles that the engine has decided on.
    """

    def __init__(self, exchange: Levers, moment_s: float, seen: Callable[[], int]) -> None:
        super().__init__(name="market", daemon=True)
        self._exchange, self._half_s, self._seen = exchange, moment_s / 2, seen
        self._stopping = Event()
        self.moments = 0

    def run(self) -> None:
        """Go on until stopped, or until the market ends."""
        while not self._stopping.wait(self._half_s):
            self._wait_for_engine(self._exchange.pull("advance", moments=1)["now_ms"])
            self._stopping.wait(self._half_s)
            if not self._exchange.pull("advance", moments=1, until="open")["advanced"]:
                return
            self.moments += 1

    def _wait_for_engine(self, closed_ms: int) -> None:
        watch = Stopwatch()
        while self._seen() < closed_ms and watch.elapsed_s() < LONGEST_WAIT_S:
            if self._stopping.wait(LOOK_EVERY_S):
                return

    def stop(self) -> None:
        """Stand still."""
        self._stopping.set()
        self.join()


class Soak:
    """An exchange, an engine and a market under way."""

    def __init__(self, folder: Path, server: Process, engine: Process, exchange: Levers, market: Market) -> None:
        self.folder, self.server, self.engine, self.exchange, self.market = folder, server, engine, exchange, market
        self.store = PrivateServer(folder / "desk" / "store")
        self._watch, self._used = Stopwatch(), {"engine": engine.burden.cpu_s, "exchange": server.burden.cpu_s}
        self._looked_s = 0.0

    def sample(self) -> Plain:
        """Look at everything once."""
        at_s, since_s = self._watch.elapsed_s(), self._watch.elapsed_s() - self._looked_s
        self._looked_s = at_s
        burdens = {"engine": self.engine.burden, "exchange": self.server.burden}
        return {
            "minute": round(at_s / MINUTE_S, 2),
            "moments": self.market.moments,
            **{name: self._shown(name, burden, since_s) for name, burden in burdens.items()},
            **self._kept(),
            "log_errors": len(self.engine.troubles()) + len(self.server.troubles()),
        }

    def _shown(self, name: str, burden: Burden, since_s: float) -> Plain:
        used = burden.cpu_s - self._used[name]
        self._used[name] = burden.cpu_s
        return {**asdict(burden), "core_share": round(used / since_s, 3) if since_s else 0.0}

    def _kept(self) -> Plain:
        with connect(self.store.start(), patient=True) as connection:
            found, stands = look(connection), status(connection)
            connections, alarms = connection.execute(COUNTS).fetchone() or (0, 0)
        life = found["sheet"]["life"]
        return {
            "entries": stands.entries,
            "database_mib": round(stands.size / MIB, 1),
            "connections": connections,
            "feed": "lost" if life["exchange_away"] else "stale" if found["stale"] else "well",
            "state": life["state"],
            "alarms": alarms,
        }

    def end(self) -> int:
        """Stop the market, wait until the engine has seen all of it, and stop the engine; gives its exit code."""
        self.market.stop()

        stands_ms = self.exchange.pull("state")["now_ms"]

        def quiet() -> bool:
            Event().wait(QUIET_S)
            with connect(self.store.start(), patient=True) as connection:
                (seen_ms,) = connection.execute(SEEN).fetchone() or (0,)
                orders = look(connection)["sheet"]["orders"]
            return seen_ms >= stands_ms and not any(one["state"] == "SUBMITTED" for one in orders)

        wait_for(quiet, "an answer to every order", CATCH_UP_S)
        return self.engine.stop()

    def differences(self) -> Iterator[str]:
        """Yield where the stopped engine and the exchange say different things."""
        return same_as_exchange(self.exchange, self.store, self.folder / "desk" / "exchange-keys.json")

    def acknowledge(self) -> None:
        """Let the operator leave a halt, so that the rest of the time is trading too."""
        eternal(self.folder / "desk", "ack", "--reason", "Trade on.", "--wait", "60")

    def told(self) -> list[str]:
        """Give what the engine said to its operator, and how often."""
        with connect(self.store.start(), patient=True) as connection:
            return [f"{count} x {severity} {text}" for severity, text, count in connection.execute(TOLD)]


@contextmanager
def begun(folder: Path, moment_s: float, limits: bool) -> Iterator[Soak]:
    """Start everything; what is left of it ends with the context."""
    folder.mkdir(parents=True)
    port = free_port()
    eternal(folder, "init", "desk", "--mode", "local", "--yes", *(word for book in BOOKS for word in ("--book", book)))
    desk = folder / "desk"
    configuration = (desk / "eternal.yaml").read_text().replace(ADDRESS_OF_INIT, f"http://127.0.0.1:{port}")
    (desk / "eternal.yaml").write_text(configuration + "metrics_port: 0\n")
    words = ["--generated", "--step", "--port", str(port), "--accounts", "accounts.json", *NO_LIMITS[not limits]]
    with ExitStack() as stack:
        server = Process(desk, folder / "exchange.log", [*ETERNAL, "exchange", *words])
        stack.callback(server.stop)
        server.until("The exchange is at")
        stack.callback(PrivateServer(desk / "store").stop)
        engine = Process(desk, folder / "engine.log", [*ETERNAL, "run", "."])
        stack.callback(engine.stop)
        engine.until("Every account is reconciled")
        exchange = Levers(f"http://127.0.0.1:{port}")
        journal = stack.enter_context(connect(PrivateServer(desk / "store").start(), patient=True))
        market = Market(exchange, moment_s, lambda: (journal.execute(LAST_CANDLES).fetchone() or (0,))[0])
        market.start()
        stack.callback(market.stop)
        yield Soak(folder, server, engine, exchange, market)


NO_LIMITS = {True: ["--no-limits"], False: []}


def soak(folder: Path, hours: float, moment_s: float, every_s: float, limits: bool) -> list[str]:
    """Trade for some hours, and give what is wrong."""
    samples: list[Plain] = []
    with begun(folder, moment_s, limits) as under_way, (folder / "samples.jsonl").open("w", buffering=1) as file:
        watch = Stopwatch()
        while watch.elapsed_s() < hours * 3600 and under_way.market.is_alive():
            Event().wait(every_s - watch.elapsed_s() % every_s)
            samples.append(under_way.sample())
            file.write(json.dumps(samples[-1]) + "\n")
            if [one["state"] for one in samples[-HALTED_SAMPLES:]] == ["EMERGENCY"] * HALTED_SAMPLES:
                under_way.acknowledge()
        ended = under_way.end()
        wrong = [*what_grew(samples), *told_wrong(samples), *under_way.differences()]
        wrong += ["the engine did not end with 0"] if ended else []
        for line in (*summary(samples), *under_way.told()):
            say(folder, line)
        for words in (("store", "verify"), ("replay",)):
            say(folder, eternal(folder / "desk", *words))
    return wrong


def say(folder: Path, text: str) -> None:
    """Print a line, and keep it in the verdict."""
    with (folder / "verdict.txt").open("a") as file:
        file.write(f"{text}\n")
    sys.stdout.write(f"{text}\n")


def main() -> int:
    """Read the options, and give 0 where all is well."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    options.add_argument("--hours", type=float, default=2.0)
    options.add_argument("--folder", type=Path, required=True, help="a new folder for everything that is kept")
    options.add_argument("--moment", type=float, default=1.0, help="seconds for an hour of the market")
    options.add_argument("--every", type=float, default=MINUTE_S, help="seconds between two samples")
    options.add_argument("--no-limits", action="store_true", help="let the engine ask as often as it likes")
    chosen = options.parse_args()
    folder = chosen.folder.resolve()
    wrong = soak(folder, chosen.hours, chosen.moment, chosen.every, not chosen.no_limits)
    for one in wrong:
        say(folder, f"WRONG: {one}")
    say(folder, "Something is wrong." if wrong else "All is well.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
