"""Which books of a back-test are what a search has found: their values were chosen by looking at results."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from adapters.cli.failure import Failure
from adapters.cli.search_folder import DOCUMENT, KeptSearch, kept_search
from adapters.search.result import LegResult, result_of
from rules.language.book import Book
from rules.language.literals import parse_literal
from rules.language.rulebook import Rulebook
from rules.language.source import in_one_line
from runtime.found import Found
from runtime.plateau import Plateau
from runtime.run import RunSettings
from runtime.search_space import Choice


def found_among(searches: Path, rulebook: Rulebook, settings: RunSettings) -> dict[str, Found]:
    """Give what the last search says whose best a book has the values of; a folder that is none counts for nothing.

    A search that has seen none of the span says nothing of it: to its best, such a run is a proof.
    """
    kept = sorted(_readable(searches), key=lambda one: (one.begun_ms, one.id))
    found: dict[str, Found] = {}
    for one in kept:
        books = [rulebook.books[name] for name in settings.books]
        own = [book for book in books if one.order.base in (book.name, book.extends)]
        if own and _seen(one, settings):
            found |= _found(one, own)
    return found


def _readable(searches: Path) -> Iterator[KeptSearch]:
    for path in searches.glob(f"*/{DOCUMENT}"):
        try:
            yield kept_search(path.parent)
        except Failure:
            continue


def _seen(kept: KeptSearch, settings: RunSettings) -> bool:
    last = kept.asked.legs[-1]
    return settings.from_ms < last.to_ms and last.from_ms < settings.to_ms


def _found(kept: KeptSearch, books: list[Book]) -> Mapping[str, Found]:
    try:
        result = result_of(kept.asked, kept.tried)
    except Failure:
        return {}
    best = result.last.best
    if best is None:
        return {}
    found = Found(kept.id, len(result.last.ranked), result.deflated, _beside(result.last, kept, result.plateau))
    return {book.name: found for book in books if _has(book, best.trial.choice)}


def _has(book: Book, choice: Choice) -> bool:
    """Whether a book has these values."""
    values = {name: parse_literal(in_one_line(text)).value for name, text in choice}
    return all(name in book.params and book.params[name].value == value for name, value in values.items())


def _beside(leg: LegResult, kept: KeptSearch, plateau: Plateau | None) -> float | None:
    """What is left of the best score one step beside it; nothing where none there has a score."""
    score = None if leg.best is None else leg.best.score(kept.asked.aim)
    if plateau is None or not plateau.neighbours or score is None or score <= 0:
        return None
    return 0.0 if plateau.middle is None else plateau.middle / score
