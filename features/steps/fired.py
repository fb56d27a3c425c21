"""Which rules scenarios have fired, and which they have not."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from rules.language.book import Book, Mode
from runtime.step import Decision


@dataclass(slots=True)
class Firings:
    """The rules of one book, in the order of its file, and those that have fired."""

    rules: tuple[str, ...]
    fired: set[str] = field(default_factory=set)


Fired = dict[str, Firings]
FIRED = pytest.StashKey[Fired]()


def remember(fired: Fired, books: Iterable[Book], decisions: Iterable[Decision]) -> None:
    """Take in what one scenario has done; rules that are off can't fire."""
    for book in books:
        rules = tuple(rule.id for rule in book.rules if rule.mode is not Mode.OFF)
        known = fired.setdefault(book.name, Firings(rules))
        known.rules = tuple(dict.fromkeys((*known.rules, *rules)))
    for decision in decisions:
        if decision.book in fired:
            fired[decision.book].fired.add(decision.rule)


def never_fired(fired: Fired) -> dict[str, list[str]]:
    """The rules of each book that have not fired."""
    return {name: [rule for rule in book.rules if rule not in book.fired] for name, book in fired.items()}
