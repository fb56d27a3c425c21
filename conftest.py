"""What all tests and features share."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

# The same examples on every run, and no deadline on a slow machine: a failure is about the code.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_bdd_apply_tag(tag: str, function: Callable[..., Any]) -> bool | None:
    """Read the tag `@CORE-03` of a scenario as the marker `spec("CORE-03")`; other tags stay plain markers."""
    if not re.fullmatch(r"[A-Z]+-\d+", tag):
        return None
    pytest.mark.spec(tag)(function)
    return True
