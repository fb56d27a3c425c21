"""What all tests and features share."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

# Here tests play whole runs, or start processes and wait for them; each of the others takes milliseconds.
LONG = ("features/", "tests/adapters/cli/", "tests/whole/", "tests/test_docs.py")

# The same examples on every run, and no deadline on a slow machine: a failure is about the code.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_bdd_apply_tag(tag: str, function: Callable[..., Any]) -> bool | None:
    """Read the tag `@CORE-03` of a scenario as the marker `spec("CORE-03")`; other tags stay plain markers."""
    if not re.fullmatch(r"[A-Z]+-\d+", tag):
        return None
    pytest.mark.spec(tag)(function)
    return True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal what takes long to all workers, each with small tests after it: these are what is left to share at the end.

    Neighbours stay together, because they share fixtures. Each worker begins with an equal part of the list.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        long = [item for item in items if item.nodeid.startswith(LONG)]
        small = [item for item in items if not item.nodeid.startswith(LONG)]
        items[:] = [item for number in range(workers) for kind in (long, small) for item in part(kind, number, workers)]


def part(items: list[pytest.Item], number: int, parts: int) -> list[pytest.Item]:
    """Return one of so many equal parts."""
    return items[len(items) * number // parts : len(items) * (number + 1) // parts]
