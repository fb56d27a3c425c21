"""From the bytes of a rule file to its tree: everything that may be hostile is bounded here, and nothing is raised."""

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from rules.language.collecting import with_line
from rules.language.document import Document, Fields, Items, Scalar, Tree, shortened
from rules.language.findings import Finding, error
from rules.language.flow import PLACEHOLDERS, covered, uncovered
from rules.language.source import Place, Text

LARGEST_FILE = 128 * 1024
MOST_NODES = 6_000
DEEPEST = 20
MOST_OF_A_KIND = 10
MOST_KEPT = 64
# What the YAML library raises, besides its own errors, for some of what it can't read.
GIVES_UP = (ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError)

_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
_MARKS = re.compile(r"(?:[&!]\S*\s+)+")
_HINTS = (
    ("mapping values are not allowed", "Put a text that has a colon in it in quotes."),
    (
        "could not find expected ':'",
        "A key is followed by a colon and a space; put a text that has a colon in it in quotes.",
    ),
    (
        "expected ',' or",
        "Inside `[ ]` and `{ }`, put a value that has brackets or commas in quotes, or write it in lines of its own.",
    ),
    ("cannot start any token", "Put a value that begins with a special sign in quotes."),
    ("expected <block end>", "Keys of one section begin in the same column."),
    ("while scanning a quoted scalar", "The quote that begins here has no end."),
)


def read(path: Path, file: str) -> tuple[Document | None, list[Finding]]:
    """Read a file, called `file` in findings; the document is None when nothing further can be said about it."""
    content = _content(path)
    if isinstance(content, str):
        return None, [error("R001", Place(file, 1, 1, 1), content)]
    return read_text(content, file)


def _content(path: Path) -> bytes | str:
    """Give the bytes of a file, or a sentence that says why not."""
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            return "This is a folder; a rule file was expected."
        if not stat.S_ISREG(about.st_mode):
            return "This is not an ordinary file."
        with path.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as problem:
        return f"The file can't be read: {getattr(problem, 'strerror', None) or problem}."
    if len(content) > LARGEST_FILE:
        size = f"{max(about.st_size, len(content)):,} bytes"
        return f"The file is too large: {size}, at most {LARGEST_FILE:,} are read. Split it into several books."
    return content


def read_text(content: bytes, file: str) -> tuple[Document | None, list[Finding]]:
    """Read the bytes of a file; of one that was read lately the same document comes again."""
    document, findings = _read_text(content, file)
    return document, list(findings)


@lru_cache(MOST_KEPT)
def _read_text(content: bytes, file: str) -> tuple[Document | None, Sequence[Finding]]:
    try:
        source = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        return None, [error("R001", Place(file, line, 1, 1), "The file is not UTF-8 text.", "Save it as UTF-8.")]
    strange = _NOT_TEXT.search(source) or PLACEHOLDERS.search(source)
    if strange:
        sentence = f"The character U+{ord(strange.group()):04X} is not text."
        return None, [
            error("R001", _place_of(source, strange.start(), file), sentence, "Save the file as plain UTF-8 text.")
        ]
    findings = _tabs(source, file)
    builder = _Builder(file, source.replace("\t", " "))
    root = builder.build()
    lines = tuple(source.split("\n"))
    findings = [with_line(finding, lines) for finding in (*findings, *builder.findings)]
    return (None if root is None else Document(file, root, lines)), findings


def _place_of(source: str, at: int, file: str) -> Place:
    return Text(source, Place(file, 1, 1, 1)).at(at, at + 1)


def _tabs(source: str, file: str) -> list[Finding]:
    lines = [(number, line.index("\t")) for number, line in enumerate(source.split("\n"), 1) if "\t" in line]
    return [
        error(
            "R004",
            Place(file, number, at + 1, 1),
            "A tab stands here.",
            "Write spaces; how wide a tab is depends on the editor.",
        )
        for number, at in lines[:MOST_OF_A_KIND]
    ]


class _Stop(Exception):  # noqa: N818 - the way out of the loop when a bound is reached; it never leaves this module
    pass


@dataclass(slots=True)
class _Open:
    """A list or section that has not ended yet; `key` waits for its value."""

    place: Place
    mapping: bool
    items: list[Tree] = field(default_factory=list)
    entries: dict[str, tuple[Scalar, Tree]] = field(default_factory=dict)
    key: Scalar | None = None


class _Builder:
    def __init__(self, file: str, source: str) -> None:
        self.file = file
        self.source = source
        self.findings: list[Finding] = []
        self.open: list[_Open] = []
        self.root: Tree | None = None
        self.nodes = 0
        self.documents = 0

    def build(self) -> Fields | None:
        try:
            for event in YAML(typ="safe", pure=True).parse(covered(self.source)):
                self.take(event)
        except _Stop:
            return None
        except MarkedYAMLError as problem:
            self.findings.append(self.unreadable(problem))
            return None
        except (YAMLError, *GIVES_UP) as problem:
            words = next(iter(str(problem).splitlines()), "it can't be read")
            self.findings.append(error("R003", Place(self.file, 1, 1, 1), f"This is not YAML: {words}."))
            return None
        return self.checked_root()

    def checked_root(self) -> Fields | None:
        if isinstance(self.root, Fields) and self.root.entries:
            return self.root
        first = Place(self.file, 1, 1, 1)
        if self.root is None or (isinstance(self.root, Scalar) and not self.root.value):
            self.add("R002", first, "The file is empty.", "A rule file begins with `book:` and its name.")
        else:
            sentence = "A rule file is a list of keys with values."
            self.add("R003", self.root.place, sentence, "Begin with `book:` and its name.")
        return None

    def add(self, code: str, place: Place, sentence: str, suggestion: str = "", also: tuple[Place, ...] = ()) -> None:
        if sum(finding.code == code for finding in self.findings) < MOST_OF_A_KIND:
            self.findings.append(error(code, place, sentence, suggestion, also))

    def unreadable(self, problem: MarkedYAMLError) -> Finding:
        mark = problem.problem_mark or problem.context_mark
        place = Place(self.file, mark.line + 1, mark.column + 1, 1) if mark else Place(self.file, 1, 1, 1)
        words = uncovered(" ".join(part for part in (problem.context, problem.problem) if part))
        hint = next((hint for sign, hint in _HINTS if sign in words), "")
        also = problem.context_mark if problem.context_mark is not mark else None
        others = (Place(self.file, also.line + 1, also.column + 1, 1),) if also else ()
        return error("R003", place, f"This is not YAML: {words}.", hint, others)

    def place(self, event: Event) -> Place:
        start, end = event.start_mark, event.end_mark
        line_end = self.source.find("\n", start.index)
        last = min(end.index, len(self.source) if line_end < 0 else line_end)
        return Place(self.file, start.line + 1, start.column + 1, max(1, last - start.index))

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self.begin_document(event)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self.marked(event)
            self.begin(event)
        elif isinstance(event, ScalarEvent):
            self.marked(event)
            self.put(self.scalar(event))
        elif isinstance(event, AliasEvent):
            hint = "Write the value itself, or name it under `params:` or `facts:`."
            sentence = f"`*{shortened(event.anchor)}` is a YAML alias; a book says everything where it stands."
            self.add("R006", self.place(event), sentence, hint)
            self.put(Scalar("", self.place(event), None))
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.end()

    def begin_document(self, event: DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            self.add("R008", self.place(event), "A second book begins here.", "Put it in a file of its own.")
            raise _Stop
        if event.version or event.tags:
            self.add(
                "R007",
                Place(self.file, 1, 1, 1),
                "A YAML directive stands here.",
                "Leave lines that begin with `%` out.",
            )

    def marked(self, event: MappingStartEvent | SequenceStartEvent | ScalarEvent) -> None:
        """Refuse anchors and tags, which say what is not to be seen where the value stands."""
        if event.anchor:
            sentence = f"`&{shortened(event.anchor)}` is a YAML anchor; a book says everything where it stands."
            self.add(
                "R006", self.place(event), sentence, "Leave it out; name a shared value under `params:` or `facts:`."
            )
        if event.tag is not None:
            self.add(
                "R007",
                self.place(event),
                f"`{shortened(event.tag)}` is a YAML tag.",
                "Leave it out; values need no tag.",
            )

    def begin(self, event: Event) -> None:
        self.count(event)
        if len(self.open) >= DEEPEST:
            self.add("R009", self.place(event), f"Sections are nested more than {DEEPEST} deep.")
            raise _Stop
        self.open.append(_Open(self.place(event), isinstance(event, MappingStartEvent)))

    def count(self, event: Event) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.add(
                "R009",
                self.place(event),
                f"The file has more than {MOST_NODES:,} values.",
                "Split it into several books.",
            )
            raise _Stop

    def scalar(self, event: ScalarEvent) -> Scalar:
        self.count(event)
        text, unfit = self.expression_text(event)
        return Scalar(uncovered(event.value).strip(), self.place(event), text, unfit, event.style in ("'", '"'))

    def expression_text(self, event: ScalarEvent) -> tuple[Text | None, str]:
        raw = self.source[event.start_mark.index : event.end_mark.index]
        place = self.place(event)
        marks = _MARKS.match(raw) if event.anchor or event.tag is not None else None
        if marks:
            raw, place = raw[marks.end() :], Text(raw, place).at(marks.end(), len(raw))
        if event.style == "|":
            return self.block_text(event, raw), ""
        if event.style == ">":
            return None, "Write `|` in place of `>`, or begin on the line of the key and go on in the next one."
        if event.style not in ("'", '"'):
            return Text(raw, place), ""
        inner = raw[1:-1]
        if "\\" in inner or "''" in inner or "\n" in inner:
            return None, "Write it on one line and without escapes, or without the quotes around it."
        return Text(inner, Place(place.file, place.line, place.column + 1, max(1, place.length - 2))), ""

    def block_text(self, event: ScalarEvent, raw: str) -> Text:
        header, _, body = raw.partition("\n")
        text = body.strip()
        start = event.start_mark.index + len(header) + 1 + (len(body) - len(body.lstrip()))
        return Text(text, Text(self.source, Place(self.file, 1, 1, 1)).at(start, start + max(1, text.find("\n"))))

    def put(self, tree: Tree) -> None:
        if not self.open:
            self.root = tree
            return
        inside = self.open[-1]
        if not inside.mapping:
            inside.items.append(tree)
        elif inside.key is not None:
            self.entry(inside, inside.key, tree)
        elif isinstance(tree, Scalar):
            inside.key = tree
        else:
            self.add("R003", tree.place, "A list or section stands where a key belongs.", "A key is a single word.")
            inside.key = Scalar("", tree.place, None)

    def entry(self, inside: _Open, key: Scalar, tree: Tree) -> None:
        inside.key = None
        earlier = inside.entries.setdefault(key.value, (key, tree))[0]
        if earlier is not key:
            sentence = f"`{shortened(key.value)}` stands here a second time; the first is in line {earlier.place.line}."
            self.add("R005", key.place, sentence, "Leave one of them, or give this one another name.", (earlier.place,))

    def end(self) -> None:
        done = self.open.pop()
        self.put(
            Fields(tuple(done.entries.values()), done.place) if done.mapping else Items(tuple(done.items), done.place)
        )
