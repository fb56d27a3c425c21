"""A terminal in which a command runs, until it is closed without a word."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PATIENCE_S = 120
LOOK_EVERY_S = 0.005


@dataclass(slots=True)
class Terminal:
    """What a command has told whoever looked, and whether it ended by itself."""

    seen: str = ""
    ended: bool = False

    def run(self, words: Sequence[str], until: Callable[[], bool]) -> None:
        """Run `eternal` with these words; as soon as something holds it is killed, and so it is after two minutes."""
        inside, outside = pty.openpty()
        command = [sys.executable, "-c", "from adapters.cli.main import app; app()", *words]
        look = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=outside, env=look)
        deadline = time.monotonic() + PATIENCE_S
        while process.poll() is None and not until() and time.monotonic() < deadline:
            self._read(inside)
        self.ended = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._read(inside)
        os.close(inside)
        os.close(outside)

    def _read(self, inside: int) -> None:
        if select.select([inside], [], [], LOOK_EVERY_S)[0]:
            self.seen += os.read(inside, 65_536).decode(errors="replace")
