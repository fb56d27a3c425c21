"""A process of `eternal run`, what it says, and its end."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.clock import Stopwatch

DEADLINE_S = 120.0
START_S = 240.0
LOOK_EVERY_S = 0.02
PACKAGES = Path(__file__).parents[2]
LINES = 8
HELD = "only one process may write"


class LiveProcess:
    """The real program in a process of its own; `said` is what it has printed so far."""

    def __init__(self, folder: Path, clocks: Path) -> None:
        command = [sys.executable, "-m", "features.steps.live_clock", str(clocks), "run", str(folder)]
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment | {"PYTHONPATH": str(PACKAGES)},
            cwd=folder,
        )
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.said.append(line.rstrip())

    @property
    def number(self) -> int:
        """The number by which the machine knows the process."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def trades(self) -> bool:
        """Whether it has said that it does."""
        return any("Every account is reconciled" in line for line in self.said)

    def says(self, words: str) -> bool:
        """Whether it has said something."""
        return any(words in line for line in self.said)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """What its log has of a kind of line, which is there while there is no journal as well."""
        lines = [json.loads(line) for line in self.said if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def begun(self) -> bool:
        """Wait until it trades or has ended; false where another process still has the lease."""
        wait_for(lambda: self.trades or not self.runs, "a process that trades", self.last_words, START_S)
        if not self.runs:
            self._reader.join(DEADLINE_S)
            assert self.says(HELD), f"The process has ended with {self._process.returncode}. {self.last_words()}"
        return self.runs

    def ended(self) -> int:
        """Wait until it has ended, and give how."""
        code = self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return code

    def stop(self) -> int:
        """Ask it to end, wait until it has, and give how."""
        self._process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        """End it at once, as a power failure would."""
        self._process.kill()
        self.ended()

    def last_words(self) -> str:
        """What it has said to a person in the end."""
        spoken = [line for line in self.said if not line.startswith("{")]
        return f"It has said: {' / '.join(spoken[-LINES:]) or 'nothing'}."


def wait_for(found: Callable[[], Any], what: str, told: Callable[[], str] = str, within_s: float = DEADLINE_S) -> Any:
    """Wait for something that another process brings about; fails with what was expected and what there is instead."""
    watch = Stopwatch()
    while not (answer := found()):
        assert watch.elapsed_s() < within_s, f"Expected {what} within {within_s:g} s. {told()}"
        threading.Event().wait(LOOK_EVERY_S)
    return answer
