"""The table of measurements, with the machine they were made on."""

import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.measurement import Measurement

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
LIBRARIES = ("polars", "numpy", "pandas", "ta", "transitions", "pydantic")


def write(measurements: Sequence[Measurement]) -> None:
    """Print the table and write it into the documentation."""
    text = "\n".join(page(measurements))
    PAGE.write_text(text + "\n")
    sys.stdout.write(text + "\n")


def page(measurements: Sequence[Measurement]) -> list[str]:
    """The page as lines."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    rows = [f"| {m.what} | {m.value:,.3g} {m.unit} | {m.aim} | {m.note} |" for m in measurements]
    return [
        "# Benchmarks",
        "",
        "Written by `make bench`. Times are medians of three runs unless said otherwise, one after the other.",
        "",
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; {versions}.",
        "",
        "| what | measured | aim | note |",
        "|---|---|---|---|",
        *rows,
    ]
