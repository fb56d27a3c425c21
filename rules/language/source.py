"""Where something stands: files, places, and fragments of text that know their place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A span in a file; line and column count from 1, `length` is in characters of that line."""

    file: str
    line: int
    column: int
    length: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Text:
    """A fragment of a file; `indent` is the file column at which its second and later lines begin."""

    text: str
    place: Place
    indent: int = 1

    def at(self, start: int, end: int) -> Place:
        """Give the file place of the characters from `start` up to `end`."""
        line_breaks = self.text.count("\n", 0, start)
        length = max(1, end - start)
        if line_breaks == 0:
            return Place(self.place.file, self.place.line, self.place.column + start, length)
        column = self.indent + start - (self.text.rindex("\n", 0, start) + 1)
        return Place(self.place.file, self.place.line + line_breaks, column, length)


def in_one_line(text: str) -> Text:
    """Wrap a text that stands in no file, for tests and the command line."""
    return Text(text, Place("<text>", 1, 1, max(1, len(text))))
