"""Other processes of the command line, which never outlive the one that started them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from adapters.cli.failure import Failure
from adapters.clock import Stopwatch

LIFELINE = "ETERNAL_LIFELINE"
COMMAND = (sys.executable, "-c", "from adapters.cli.main import app; app()")
START_S, STOP_S = 120.0, 20.0
LOOK_S = 0.05
LAST_LINES = 5


class Child:
    """A command of its own, which writes into a log and ends when this process does, however that ends."""

    def __init__(self, process: "subprocess.Popen[bytes]", name: str, log: Path, begins: int) -> None:
        self._process, self._name, self._log, self._begins = process, name, log, begins

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def until(self, words: str) -> str:
        """Wait for a line with these words; fails with its last words where it ends or takes too long."""
        watch = Stopwatch()
        while watch.elapsed_s() < START_S:
            ended = self.code is not None
            line = next((line for line in self._lines() if words in line), None)
            if line is not None:
                return line
            if ended:
                raise Failure(self.farewell())
            Event().wait(LOOK_S)
        raise Failure(f"Expected {self._name} to be ready within {START_S:g} s, found it silent. See {self._log}.")

    def insist(self) -> None:
        """Fail with its last words where it has ended."""
        if self.code is not None:
            raise Failure(self.farewell())

    def farewell(self) -> str:
        """Say how it ended, with the last that it said."""
        said = " / ".join(line.strip() for line in self._lines()[-LAST_LINES:] if line.strip()) or "nothing"
        return f"{self._name} has ended by itself with code {self.code}. Its last words ({self._log}): {said}"

    def stop(self) -> None:
        """Ask it to end, and make it end where it doesn't."""
        if self.code is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait(STOP_S)

    def _lines(self) -> list[str]:
        try:
            said = self._log.read_bytes()[self._begins :]
        except OSError:
            return []
        return said.decode("utf-8", "replace").splitlines()


@contextmanager
def child(name: str, words: Sequence[str], log: Path, variables: Mapping[str, str] | None = None) -> Iterator[Child]:
    """Run `eternal` with these words beside this process; it is stopped with the context."""
    environment = {**os.environ, **(variables or {}), LIFELINE: "1"}
    with log.open("ab") as written:
        begins = written.tell()
        # A session of its own: Ctrl+C is for the parent, which then ends its children in their order.
        process = subprocess.Popen(
            [*COMMAND, *words],
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    begun = Child(process, name, log, begins)
    try:
        yield begun
    finally:
        begun.stop()
        if process.stdin is not None:
            process.stdin.close()


def hold_on() -> None:
    """End this process when the one that started it is gone: then its standard input ends."""
    if os.environ.pop(LIFELINE, ""):
        Thread(target=_end_with_parent, name="lifeline", daemon=True).start()


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    Event().wait(STOP_S)
    os.kill(os.getpid(), signal.SIGKILL)
