"""From characters to tokens."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from rules.language.findings import Finding, SyntaxProblem, error
from rules.language.source import Text

LONGEST_EXPRESSION = 2_000


class TokenKind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    TIME_OF_DAY = "time of day"
    STRING = "string"
    NAME = "name"
    KEYWORD = "keyword"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `start` and `end` are offsets in the expression's text."""

    kind: TokenKind
    text: str
    start: int
    end: int


KEYWORDS = frozenset({"and", "or", "not", "between", "in", "if", "else"})

FOREIGN_SIGNS = {
    "&&": "Write `and`.",
    "||": "Write `or`.",
    "&": "Write `and`.",
    "|": "Write `or`.",
    "!": "Write `not`.",
    "~": "Write `not`.",
    "**": "There are no powers; multiply the value by itself.",
    "^": "There are no powers; multiply the value by itself.",
    "//": "Write `floor(a / b)`.",
    "%": "A ratio is written without a space, `2%`; there is no remainder operator.",
    "<>": "Write `!=`.",
    "=>": "Write `>=`.",
    "=<": "Write `<=`.",
    "===": "Write `==`.",
    ":=": "Name an expression under `facts:`.",
    "?": "Write `a if condition else b`.",
    ":": "A choice is written `a if condition else b`, a time of day `08:00`.",
    ";": "Write one expression; join conditions with `and`.",
    "{": "A list is written `[a, b]`.",
    "}": "A list is written `[a, b]`.",
    "#": "Comments go to the end of a YAML line, outside the expression.",
    "$": "Names are written without `$`.",
    "\\": "One expression may go over several lines without a sign.",
    "`": 'A text is written in quotes, "like this".',
}
_SIGNS = (
    "===|==|!=|<=|>=|=>|=<|<>|:=|\\*\\*|//|&&|\\|\\||"  # the longer ones first
    "[-+*/<>()\\[\\],.@=&|!^~%?:;{}#$\\\\`]"
)
_TOKEN = re.compile(
    r"(?P<space>[ \n\r]+)"
    r"|(?P<time>[0-9]{1,2}:[0-9]{2}(?![0-9:]))"
    r"|(?P<number>[0-9](?:[0-9_]|\.[0-9])*(?:%|[A-Za-z_][A-Za-z0-9_]*)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')"
    rf"|(?P<sign>{_SIGNS})"
)
_LOOK_ALIKES = {
    "\u2212": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u00d7": "*",
    "\u00b7": "*",
    "\u00f7": "/",
    "\u2215": "/",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\uff05": "%",
    "\u00a0": "a plain space",
    "\t": "a plain space",
    "\u00ac": "not",
    "\u2227": "and",
    "\u2228": "or",
}


def tokenise(source: Text) -> tuple[Token, ...]:
    """Split an expression into tokens, the last one END.

    Raises:
        SyntaxProblem: for the first character that can't be part of an expression.
    """
    text = source.text
    if len(text) > LONGEST_EXPRESSION:
        sentence = f"The expression has {len(text)} characters; at most {LONGEST_EXPRESSION} are allowed."
        raise SyntaxProblem(error("R167", source.at(0, 1), sentence, "Name parts of it under `facts:`."))
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise SyntaxProblem(_strange_character(source, at))
        if match.lastgroup != "space":
            tokens.append(_token(source, match))
        at = match.end()
    tokens.append(Token(TokenKind.END, "", at, at))
    return tuple(tokens)


def _token(source: Text, match: re.Match[str]) -> Token:
    text, start, end = match.group(), match.start(), match.end()
    if match.lastgroup == "name":
        return Token(TokenKind.KEYWORD if text in KEYWORDS else TokenKind.NAME, text, start, end)
    if match.lastgroup == "sign" and text in FOREIGN_SIGNS:
        sentence = f"`{text}` is not part of the language."
        raise SyntaxProblem(error("R165", source.at(start, end), sentence, FOREIGN_SIGNS[text]))
    if match.lastgroup == "string" and not text.isprintable():
        raise SyntaxProblem(error("R162", source.at(start, end), "The text has characters that can't be printed."))
    kinds = {
        "time": TokenKind.TIME_OF_DAY,
        "number": TokenKind.NUMBER,
        "string": TokenKind.STRING,
        "sign": TokenKind.SIGN,
    }
    return Token(kinds[str(match.lastgroup)], text, start, end)


def _strange_character(source: Text, at: int) -> Finding:
    character = source.text[at]
    place = source.at(at, at + 1)
    if character in "\"'":
        return error("R166", place, "The text that begins here has no closing quote.", f"End it with {character}.")
    name = unicodedata.name(character, "unnamed")
    sentence = f"The character U+{ord(character):04X} ({name.lower()}) is not part of the language."
    return error("R162", place, sentence, _plain_form(character))


def _plain_form(character: str) -> str:
    plain = _LOOK_ALIKES.get(character)
    if plain is None and character.isalpha():
        return "Names are written in the letters a to z, A to Z; this one may only look like one of them."
    if plain is None:
        return ""
    return f"Write {plain} instead." if plain.startswith("a ") else f"Write `{plain}` instead."
