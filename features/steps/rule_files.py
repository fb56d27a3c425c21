"""A copy of the rule files that a scenario may edit, line by line, as a person would."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

from machines.catalogue import MACHINES
from rules.language.findings import Finding, Severity
from rules.language.rulebook import Rulebook, load, rule_files
from runtime.facts import vocabulary_for

SHIPPED = Path(__file__).parents[2] / "rules"
NAMED_AS = Path("rules")
INDENT = 2
_LITERAL = re.compile(r"-?\d+(\.\d+)?(%| ?[A-Z]+(/[A-Z]+)?)?")
Loaded = tuple[Rulebook | None, list[Finding]]


class RuleFiles:
    """The texts of all rule files by their path below the folder; they are checked when the first candle comes."""

    def __init__(self, copy_to: Path, folder: Path = SHIPPED) -> None:
        self._copy_to = copy_to
        self._texts = dict(_texts(folder))

    def param(self, book: str, name: str, literal: str) -> None:
        """Give a param of a book another value."""
        self.put(self.file_of(book), ("params", name), literal)

    def fact(self, book: str, name: str, expression: str) -> None:
        """Give a named fact of a book, or of the one that it extends, another meaning."""
        file = self.file_of(book)
        extends = re.search(r"^extends: *(\S+)", self._texts[file], re.MULTILINE)
        if extends:
            self.fact(extends[1], name, expression)
        else:
            line = self._expect(file, f"  {name}:", f"the fact {name}")
            self.put(file, ("facts", name), _in_place_of(line.split(":", 1)[1].split(" #")[0].strip(), expression))

    def check_mode(self, check: str, mode: str) -> None:
        """Switch a pre-trade check on or off."""
        file = self.named("pre-trade.yaml")
        self._expect(file, f"  {check}:", f"the check {check}")
        self.put(file, ("checks", check, "mode"), mode)

    def put(self, file: str, path: Sequence[str], value: str) -> None:
        """Set the value at a path of keys; a key that isn't there is added."""
        self._texts[file] = put(self._texts[file], path, value)

    def drop(self, file: str, path: Sequence[str]) -> None:
        """Take out a key with everything under it."""
        before = self._texts[file]
        self._texts[file] = put(before, path, None)
        name = file.rsplit("/", 1)[-1]
        assert self._texts[file] != before, f"There is no {'.'.join(path)} in {name}, so it can't be taken out."

    def cut(self, file: str) -> None:
        """Lose the second half of a file."""
        self._texts[file] = self._texts[file][: len(self._texts[file]) // 2] + "\n- ["

    def append(self, file: str, section: str, lines: str) -> None:
        """Add lines at the end of a section."""
        text = self._texts[file].splitlines()
        start = _line_of(text, (section,), 0, len(text))
        assert start is not None, f"{file} has no section {section}."
        end = _end_of(text, start)
        added = [f"{' ' * INDENT}{line}" if line else line for line in lines.splitlines()]
        self._texts[file] = "\n".join([*text[:end], *added, *text[end:], ""])

    def section(self, book: str, name: str, lines: str) -> None:
        """Give a book a section with these lines in place of the one it has."""
        file = self.file_of(book)
        self._texts[file] = put(self._texts[file], (name,), None).rstrip("\n") + f"\n\n{name}:\n"
        self.append(file, name, lines)

    def add(self, text: str) -> None:
        """Add a whole file."""
        name = re.search(r"^book: *(\S+)", text, re.MULTILINE)
        assert name, "A rule file begins with the line `book: its-name`."
        self._texts[f"added/{name[1]}.yaml"] = text

    def named(self, name: str) -> str:
        """Find a file by its bare name."""
        found = [file for file in self._texts if file.rsplit("/", 1)[-1] == name]
        assert found, f"There is no rule file {name}; there are {', '.join(self._texts)}."
        return found[0]

    def file_of(self, book: str) -> str:
        """Find the file of a book."""
        found = [file for file, text in self._texts.items() if re.search(rf"^book: *{book}\s", text, re.MULTILINE)]
        assert found, f"There is no book {book} in {', '.join(self._texts)}."
        return found[0]

    @property
    def folder(self) -> Path:
        """Where the files are written."""
        return self._copy_to

    def line(self, file: str, number: int) -> str:
        """Give one line of a file; lines count from 1."""
        return self._texts[file].splitlines()[number - 1]

    @property
    def texts(self) -> dict[str, str]:
        """The texts as they are now, by the path that they have when they are written."""
        return {str(self._copy_to / name): text for name, text in self._texts.items()}

    def written(self) -> list[Path]:
        """Write all files as they are now."""
        self.write()
        return [Path(name) for name in sorted(self.texts)]

    def write(self) -> Path:
        """Write all files, for a program that reads them from a folder; gives the folder."""
        _write(self._copy_to, self._texts.items())
        return self._copy_to

    def load(self) -> Loaded:
        """Read and check all files."""
        return _load(tuple(sorted(self._texts.items())))

    def rulebook(self) -> Rulebook:
        """Give what is in force; fails with every mistake where there is one."""
        rulebook, findings = self.load()
        mistakes = "\n".join(str(finding) for finding in findings if finding.severity is Severity.ERROR)
        assert rulebook is not None, f"The rule files of this scenario can't be used:\n{mistakes}"
        return rulebook

    def _expect(self, file: str, line: str, what: str) -> str:
        there = [text for text in self._texts[file].splitlines() if text.startswith(line)]
        assert there, f"{file} has no line for {what}."
        return there[0]


def _in_place_of(before: str, value: str) -> str:
    """A bare value keeps what candles the fact looked at, so that windows over it still have bars to look back on."""
    if value in ("yes", "true"):
        return f"({before}) or true"
    if value in ("no", "false"):
        return f"({before}) and false"
    return f"{value} + 0 * ({before})" if _LITERAL.fullmatch(value) else value


@lru_cache
def _texts(folder: Path) -> Mapping[str, str]:
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in rule_files(folder)}


@cache
def _load(texts: tuple[tuple[str, str], ...]) -> Loaded:
    """Most scenarios use the files as they are shipped, and the others most of them, so what was read once is kept."""
    names = {str(NAMED_AS / name): text for name, text in texts}
    return load([Path(name) for name in names], MACHINES, vocabulary_for, instead=names)


def _write(folder: Path, texts: Iterable[tuple[str, str]]) -> None:
    for name, text in texts:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def put(text: str, path: Sequence[str], value: str | None) -> str:
    """Edit one value of a YAML text, in blocks or in braces; None takes the key out."""
    lines = text.splitlines()
    start, end, depth = 0, len(lines), 0
    for key in path:
        at = _line_of(lines, (key,), start, end, depth)
        if at is None:
            return "\n".join([*lines[:start], *_new(path[depth:], value, depth), *lines[start:], ""])
        if depth < len(path) - 1 and "{" in lines[at]:
            lines[at] = _in_braces(lines[at], path[-1], value)
            return "\n".join([*lines, ""])
        start, end, depth = at + 1, _end_of(lines, at), depth + 1
    kept = [] if value is None else [f"{' ' * INDENT * (depth - 1)}{path[-1]}: {value}"]
    return "\n".join([*lines[: start - 1], *kept, *lines[end:], ""])


def _new(path: Sequence[str], value: str | None, depth: int) -> list[str]:
    if value is None:
        return []
    lines = [f"{' ' * INDENT * (depth + level)}{key}:" for level, key in enumerate(path)]
    lines[-1] += f" {value}"
    return lines


def _in_braces(line: str, key: str, value: str | None) -> str:
    known = re.compile(rf"\b{key}: *[^,}}]+?(?=\s*[,}}])")
    if value is None:
        return re.sub(r"\{\s*,", "{", re.sub(r",\s*\}", " }", re.sub(r",\s*,", ",", known.sub("", line))))
    if known.search(line):
        return known.sub(f"{key}: {value}", line)
    return line.replace("{", f"{{ {key}: {value},", 1)


def _line_of(lines: Sequence[str], path: Sequence[str], start: int, end: int, depth: int = 0) -> int | None:
    wanted = re.compile(rf"{' ' * INDENT * depth}{re.escape(path[0])}:(\s|$)")
    return next((at for at in range(start, end) if wanted.match(lines[at])), None)


def _end_of(lines: Sequence[str], at: int) -> int:
    """Where the block of a line ends: before the next line that isn't indented further, blank lines left out."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    end = at + 1
    for place in range(at + 1, len(lines)):
        line = lines[place]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        end = place + 1 if line.strip() else end
    return end
