"""Commands of the engine as processes of their own, and what the kernel says of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from threading import Event
from typing import TypeVar

import psutil  # type: ignore[import-untyped]

from adapters.clock import Stopwatch

ROOT = Path(__file__).resolve().parents[1]
ETERNAL = (sys.executable, "-c", "from adapters.cli.main import app; app()")
MIB = 1024 * 1024
START_S, STOP_S = 120.0, 60.0
TROUBLE = ("Traceback", '"level": "error"', '"level": "critical"', "ERROR")
NOTICE = '"severity"'
"""What the engine says to its operator has one, and is in the outbox as well."""
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Burden:
    """What a process holds: memory in MiB, open file descriptors, threads; and the seconds of a core it has used."""

    memory_mib: float
    descriptors: int
    threads: int
    cpu_s: float


class Process:
    """A program under way; everything that it says goes into a file."""

    def __init__(self, folder: Path, log: Path, command: Sequence[str]) -> None:
        self.log = log
        with log.open("w") as said:
            self._process = subprocess.Popen(
                command, cwd=folder, env=environment(), stdout=said, stderr=subprocess.STDOUT
            )
        self._seen = psutil.Process(self._process.pid)

    @property
    def burden(self) -> Burden:
        """What it holds now."""
        with self._seen.oneshot():
            times = self._seen.cpu_times()
            memory = self._seen.memory_info().rss / MIB
            return Burden(memory, self._seen.num_fds(), self._seen.num_threads(), times.user + times.system)

    @property
    def said(self) -> str:
        """Everything it has said so far."""
        return self.log.read_text(errors="replace")

    def until(self, words: str) -> str:
        """Wait for a line with these words; raises RuntimeError where it ends, TimeoutError where it never says so."""

        def line() -> str | None:
            if self._process.poll() is not None:
                raise RuntimeError(f"Expected {words!r} from {self.log}, found that it ended: {self.said[-2000:]}")
            return next((line for line in self.said.splitlines() if words in line), None)

        return wait_for(line, f"{words!r} in {self.log}")

    def troubles(self) -> list[str]:
        """The lines of its log that tell of something wrong."""
        lines = (line for line in self.said.splitlines() if NOTICE not in line)
        return [line for line in lines if any(word in line for word in TROUBLE)]

    def stop(self) -> int:
        """Ask it to end, wait until it has, and give its exit code; where it does not in time it is killed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def environment() -> dict[str, str]:
    """Give this process's environment without the name of another database."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return kept | {"PYTHONPATH": str(ROOT)}


def eternal(folder: Path, *words: str) -> str:
    """Run a command to its end and give what it said; raises RuntimeError where it fails."""
    ended = subprocess.run(
        [*ETERNAL, *words], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"eternal {' '.join(words)} ended with {ended.returncode}: {ended.stdout}{ended.stderr}")
    return ended.stdout.strip()


def wait_for(condition: Callable[[], Found | None], what: str, seconds: float = START_S, step_s: float = 0.1) -> Found:
    """Wait for something that a process brings about; raises TimeoutError."""
    watch = Stopwatch()
    while not (found := condition()):
        if watch.elapsed_s() > seconds:
            raise TimeoutError(f"Expected {what} within {seconds:g} s.")
        Event().wait(step_s)
    return found


def free_port() -> int:
    """Find a port on loopback that nobody has."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
