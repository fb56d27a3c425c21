"""Runs the program by clocks that a scenario sets on: `python -m features.steps.live_clock FILE run FOLDER`."""

import sys
from mmap import mmap
from pathlib import Path

from adapters import clock

LENGTH = 8


class SharedSpan:
    """A length of time in a file, which several processes see at the same moment."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(LENGTH))
        with file.open("r+b") as opened:
            self._memory = mmap(opened.fileno(), LENGTH)

    @property
    def ms(self) -> int:
        """How long it is, in milliseconds."""
        return int.from_bytes(self._memory[:LENGTH], "little")

    def add(self, span_ms: int) -> None:
        """Make it longer."""
        self._memory[:LENGTH] = (self.ms + span_ms).to_bytes(LENGTH, "little")


def set_on_by(span: SharedSpan) -> None:
    """Let both clocks of this process be ahead; whoever imports them must not have done so before."""
    wall_ms, steady_ms = clock.now_ms, clock.monotonic_ms
    clock.now_ms = lambda: wall_ms() + span.ms
    clock.monotonic_ms = lambda: steady_ms() + span.ms


def main(file: str, *words: str) -> None:
    """Run a command of the program."""
    set_on_by(SharedSpan(Path(file)))
    from adapters.cli.main import app  # noqa: PLC0415

    app(list(words))


if __name__ == "__main__":
    main(*sys.argv[1:])
