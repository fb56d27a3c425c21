"""What all tests and features share."""

import re
from collections.abc import Callable
from itertools import groupby, islice
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
    """Let each worker begin with its part of what takes long; small tests are what is left to share at the end."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        items[:] = dealt(items, workers)


def dealt(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Put the items into the order of their workers, who take equal numbers from the list."""
    small = iter([item for item in items if not item.nodeid.startswith(LONG)])
    order: list[pytest.Item] = []
    for number in range(1, workers + 1):
        for folder in LONG:
            order += part([item for item in items if item.nodeid.startswith(folder)], number, workers)
        order += islice(small, max(0, len(items) * number // workers - len(order)))
    return [*order, *small]


def part(items: list[pytest.Item], number: int, parts: int) -> list[pytest.Item]:
    """Return the part of this number from 1 on; what is in one file shares fixtures and stays together."""
    files = [list(group) for _, group in groupby(items, key=lambda item: item.path)]
    units = files if len(files) > 1 else [[item] for item in items]
    return [item for unit in units[len(units) * (number - 1) // parts : len(units) * number // parts] for item in unit]
