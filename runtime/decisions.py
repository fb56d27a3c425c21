"""Decisions that no machine makes: about the money of engines, recorded like those of the rules."""

from collections.abc import Callable

from rules.language.source import Place
from runtime.draft import Draft
from runtime.step import Decision

Note = Callable[[Decision, Draft], None]
"""Records a decision and gives it its number."""


def decision(rule: str, place: Place, why: str) -> Decision:
    """Begin a decision of the book of shares; what it saw, asked for and changed is put in by whoever makes it."""
    return Decision(0, "", "", rule, place, "", why, "", "", rule, {}, None, ())
