"""The tables of measurements, with the machine they were made on."""

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.measurement import Measurement

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
LIBRARIES = ("polars", "numpy", "pandas", "ta", "transitions", "pydantic")
SECTION = "\n## "


def write(measurements: Sequence[Measurement]) -> None:
    """Print the first table and write it into the documentation; the sections after it stay."""
    text = "\n".join(page(measurements))
    PAGE.write_text(text + "\n" + "".join(f"{SECTION}{one}" for one in _sections()))
    sys.stdout.write(text + "\n")


def write_section(title: str, about: str, measurements: Sequence[Measurement]) -> None:
    """Print another table and write it into a section of its own."""
    write_lines(title, [about, "", *_rows(measurements)])


def write_lines(title: str, lines: Sequence[str]) -> None:
    """Print a section and write it into the documentation in place of the one with its title."""
    text = "\n".join([title, "", *lines])
    first = PAGE.read_text().partition(SECTION)[0]
    others = [one.rstrip("\n") for one in _sections() if not one.startswith(f"{title}\n")]
    PAGE.write_text(first.rstrip("\n") + "\n" + "".join(f"{SECTION}{one}\n" for one in [*others, text]))
    sys.stdout.write(text + "\n")


def page(measurements: Sequence[Measurement]) -> list[str]:
    """The page as lines, up to its sections."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        "# Benchmarks",
        "",
        "Written by `make bench`. Times are medians of three runs unless said otherwise, one after the other.",
        "",
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; {versions}.",
        "",
        *_rows(measurements),
    ]


def _rows(measurements: Sequence[Measurement]) -> Iterator[str]:
    yield from ("| what | measured | aim | note |", "|---|---|---|---|")
    for one in measurements:
        yield f"| {one.what} | {one.value:,.3g} {one.unit} | {one.aim} | {one.note} |"


def _sections() -> list[str]:
    return PAGE.read_text().split(SECTION)[1:]
