"""And, or and not over true, false and unknown (None)."""

from collections.abc import Callable, Sequence
from typing import Any

Condition = Callable[[], Any]


def negation(condition: Condition) -> Condition:
    """Not: unknown stays unknown."""

    def run() -> bool | None:
        value = condition()
        return None if value is None else not value

    return run


def all_of(conditions: Sequence[Condition]) -> Condition:
    """And: false if any is false, else unknown if any is unknown."""
    if len(conditions) == 2:
        return _both(*conditions)
    every = tuple(conditions)

    def run() -> bool | None:
        result: bool | None = True
        for condition in every:
            value = condition()
            if value is None:
                result = None
            elif not value:
                return False
        return result

    return run


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Or: true if any is true, else unknown if any is unknown."""
    every = tuple(conditions)

    def run() -> bool | None:
        result: bool | None = False
        for condition in every:
            value = condition()
            if value:
                return True
            if value is None:
                result = None
        return result

    return run


def _both(first: Condition, second: Condition) -> Condition:
    def run() -> bool | None:
        one = first()
        if one is not None and not one:
            return False
        other = second()
        if other is not None and not other:
            return False
        return None if one is None or other is None else True

    return run
