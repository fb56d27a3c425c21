"""Trials kept in a file as they end: one line each, on the disk before the next one counts."""

import json
import os
from pathlib import Path
from types import TracebackType

from adapters.search.missing import SearchError
from runtime.trial import Tried


class TrialFile:
    """A file of trials that only grows; what was half written when the power went is cut off."""

    def __init__(self, path: Path) -> None:
        self._path = path
        _cut(path)
        self._opened = path.open("a", encoding="utf-8")

    def __enter__(self) -> "TrialFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def append(self, tried: Tried) -> None:
        """Keep a trial."""
        self._opened.write(json.dumps(tried.to_plain(), separators=(",", ":"), allow_nan=False) + "\n")
        self._opened.flush()
        os.fsync(self._opened.fileno())


def trials_in(path: Path) -> list[Tried]:
    """Read the trials of a file, without a last one that is not whole; none where there is no file.

    Raises SearchError where a line is no trial.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [_trial_in(line, number, path) for number, line in enumerate(lines, 1)]


def _trial_in(line: bytes, number: int, path: Path) -> Tried:
    try:
        return Tried.from_plain(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SearchError(
            f"Expected a trial in line {number} of {path}, found something else. Remove the line; what it was is tried "
            "again with --resume."
        ) from None


def _cut(path: Path) -> None:
    """Cut off a last line that has no end."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
