"""Values that every symbol has for itself, used where there is no symbol."""

from rules.language.findings import Finding, error
from rules.language.source import Place
from rules.language.typed import Age, Column, Fact, OverSymbols, Series, SinceEntry, Typed
from rules.language.vocabulary import PERPETUAL, SCOPES_WITH_SYMBOL, Vocabulary


def report_missing_symbol(typed: Typed, vocabulary: Vocabulary, suggestion: str, findings: list[Finding]) -> None:
    """Report the first part of an expression that needs a symbol of its own and has none."""
    found = _first(typed, typed.place, vocabulary)
    if found is None:
        return
    part, place = found
    also = (part.place,) if part.place != place else ()
    sentence = f"`{part.text}` is different for each symbol, and here is one answer for all of them."
    findings.append(error("R046", place, sentence, suggestion, also))


def _first(typed: Typed, place: Place, vocabulary: Vocabulary) -> tuple[Typed, Place] | None:
    chosen = typed.symbol if isinstance(typed, Series | Age) else ""
    if chosen not in ("", PERPETUAL) or isinstance(typed, OverSymbols):
        return None
    if _is_per_symbol(typed, vocabulary):
        return typed, place
    for child in typed.children:
        # What a named fact is made of stands elsewhere; the mistake is where its name is used.
        inside = child.place if _is_within(child.place, place) else place
        found = _first(child, inside, vocabulary)
        if found is not None:
            return found
    return None


def _is_within(inner: Place, outer: Place) -> bool:
    same_line = inner.file == outer.file and inner.line == outer.line
    return same_line and outer.column <= inner.column and inner.column + inner.length <= outer.column + outer.length


def _is_per_symbol(typed: Typed, vocabulary: Vocabulary) -> bool:
    if isinstance(typed, Column | SinceEntry):
        return True
    if isinstance(typed, Fact | Age):
        declaration = vocabulary.facts.get(typed.name)
        return declaration is None or declaration.scope in SCOPES_WITH_SYMBOL
    return isinstance(typed, Series) and not typed.children
