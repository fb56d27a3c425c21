"""What is wrong with a rule file, said so that its author can put it right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType

from rules.language.source import Place


class Severity(StrEnum):
    """An error keeps a file from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


CODES: Mapping[str, str] = MappingProxyType(
    {
        "R101": "A name that means nothing here.",
        "R102": "A function that doesn't exist.",
        "R103": "A word that isn't one of those allowed here.",
        "R104": "A symbol the engine doesn't know.",
        "R105": "A timeframe that doesn't exist.",
        "R106": "A coin the engine doesn't know.",
        "R121": "Two values of different units are compared.",
        "R122": "Units that can't be added, subtracted, multiplied or divided.",
        "R123": "A condition (true or false) is needed here.",
        "R124": "A value of another unit is needed here.",
        "R125": "Words have no order; they are equal or not.",
        "R126": "Division by zero.",
        "R127": "A list stands where one value is needed, or the other way round.",
        "R141": "An argument is missing.",
        "R142": "An argument that the function doesn't have, or one given twice.",
        "R143": "The function needs candle data here.",
        "R144": "A number of bars is needed here.",
        "R145": "Symbol or timeframe can't be chosen here.",
        "R146": "This has no age.",
        "R147": "A symbol is needed here.",
        "R161": "Nothing is written here.",
        "R162": "A character that isn't part of the language.",
        "R163": "A number that can't be read.",
        "R164": "Something else was expected here.",
        "R165": "Another language's way of writing it.",
        "R166": "A text without its closing quote.",
        "R167": "The expression is too long, too large or too deep.",
        "R168": "A literal value is needed here.",
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: a stable code, where it is, a sentence, and what to write instead.

    `also` are other places that have to do with it; `marked` is the source line with the place underlined.
    """

    code: str
    severity: Severity
    place: Place
    sentence: str
    suggestion: str = ""
    also: tuple[Place, ...] = ()
    marked: str = ""

    def __str__(self) -> str:
        hint = f" {self.suggestion}" if self.suggestion else ""
        return f"{self.place}: {self.code} {self.sentence}{hint}"


class SyntaxProblem(Exception):  # noqa: N818 - what it carries is a finding, not a fault of the program
    """An expression that can't be read; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def error(code: str, place: Place, sentence: str, suggestion: str = "", also: tuple[Place, ...] = ()) -> Finding:
    """Make a finding that keeps the file from being used."""
    return Finding(code, Severity.ERROR, place, sentence, suggestion, also)


def mark(finding: Finding, lines: Sequence[str]) -> Finding:
    """Add the line of the file with the place underlined; `lines` are all lines of that file."""
    place = finding.place
    if not 1 <= place.line <= len(lines):
        return finding
    line = lines[place.line - 1].rstrip("\r\n")
    room = max(1, len(line) - place.column + 1)
    underline = " " * (place.column - 1) + "^" * min(place.length, room)
    return replace(finding, marked=f"{line}\n{underline}")


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Suggest the nearest of the names that exist, or say nothing."""
    names = sorted(set(candidates))
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if not near:
        folded = {name.casefold(): name for name in names}
        near = [folded[match] for match in get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)]
    return f"Did you mean `{near[0]}`?" if near else ""


def listed(names: Iterable[str], joined_by: str = "or", most: int = 12) -> str:
    """Write names as a sentence part: `a`, `b` or `c`."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + ", …"
    if len(quoted) < 2:
        return "".join(quoted)
    return ", ".join(quoted[:-1]) + f" {joined_by} {quoted[-1]}"
