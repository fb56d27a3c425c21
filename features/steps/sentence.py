"""The form of a step: plain words with `[optional]` parts, `(one|other)` choices and `{name:Kind}` for what is told."""

import re
from collections.abc import Callable
from typing import Any

from pytest_bdd import step as bdd_step
from pytest_bdd.parsers import StepParser

from features.steps.words import KINDS

_PART = re.compile(r"\{(?P<name>\w+)(?::(?P<kind>\w+))?\}|(?P<mark>[\[\]()|])|(?P<text>[^{}\[\]()|]+)")
_MARKS = {"[": "(?:", "]": ")?", "(": "(?:", ")": ")", "|": "|"}


class Sentence(StepParser):
    """Matches a whole step; an optional part that is left out gives None for what it would have told."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._kinds = {part["name"]: part["kind"] or "Text" for part in _PART.finditer(name) if part["name"]}
        self._pattern = re.compile("".join(_regex(part) for part in _PART.finditer(name)))

    def is_matching(self, name: str) -> bool:
        """Whether a step has this form."""
        return self._pattern.fullmatch(name) is not None

    def parse_arguments(self, name: str) -> dict[str, Any] | None:
        """Read what a step tells."""
        match = self._pattern.fullmatch(name)
        if match is None:
            return None
        return {
            word: None if text is None else KINDS[self._kinds[word]].read(text)
            for word, text in match.groupdict().items()
        }


def _regex(part: re.Match[str]) -> str:
    if part["name"]:
        return f"(?P<{part['name']}>{KINDS[part['kind'] or 'Text'].pattern})"
    return _MARKS[part["mark"]] if part["mark"] else re.escape(part["text"])


def says(sentence: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function the meaning of a sentence; `Given`, `When` and `Then` may all stand before it."""
    return bdd_step(Sentence(sentence))
