"""What is in force where the files of some books can't be used: those books as they last were, the others as they are.

A mistake in governance, or one that several files make together, is nobody's alone, and nothing is in force then.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rules.language.findings import Finding, Severity
from rules.language.form import TELLING_SECTIONS, BookKind
from rules.language.rulebook import Rulebook

Load = Callable[[Sequence[Path], Mapping[str, str], Collection[str]], tuple[Rulebook | None, list[Finding]]]
"""Loads files, with texts in place of some and with books that no file has; see `load`."""
ENGINES = {BookKind.ENGINE, BookKind.OVERLAY}


@dataclass(frozen=True, slots=True)
class Fault:
    """A book whose file can't be used, and why; `account` is the one that the file names.

    `runs` says that it runs as it last was; a book that was never in force is left out.
    """

    book: str
    account: str
    reason: str
    runs: bool


@dataclass(frozen=True, slots=True)
class Spared:
    """What is in force all the same, the text of every file that counts, and what is wrong with the other books."""

    rulebook: Rulebook
    texts: Mapping[str, str]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """A rule file as it stands, empty where it is gone, and as it was when it was last in force."""

    text: str
    kept: str | None
    gone: bool = False

    @property
    def of_engine(self) -> bool:
        """Whether it is a book of an engine and nothing else, now and before; where nothing tells, it isn't.

        Without a former version it has to name its account: to leave out what may be a breaker would be worse.
        """
        told = {kind for text in (self.text, self.kept or "") for kind in _kinds(text)}
        return bool(told) and told <= ENGINES and bool(self.kept or _word("account", self.text))

    @property
    def book(self) -> str:
        """The name of its book."""
        return _word("book", self.kept or "") or _word("book", self.text)

    @property
    def parents(self) -> set[str]:
        """The names of the books that it extends, now or before."""
        return {_word("extends", text) for text in (self.text, self.kept or "")} - {""}


def spare(
    paths: Sequence[Path], findings: Sequence[Finding], kept: Mapping[str, str], wanted: Collection[str], load: Load
) -> Spared | None:
    """Load what can be used of files that have mistakes; None where the mistakes are not those of single books.

    `findings` are those of all files, `kept` the texts that were last in force, by path. The file of a book that is
    `wanted` may be gone.
    """
    files = _files(paths, kept, wanted)
    errors = [one for one in findings if one.severity is Severity.ERROR]
    blamed = {name for error in errors for name in _blamed(error, files)}
    faulty = _with_heirs({*blamed, *(name for name, file in files.items() if file.gone)}, files)
    instead = {name: file.kept for name, file in faulty.items() if file.kept is not None}
    left_out = faulty.keys() - instead.keys()
    if not faulty or not all(file.book for file in faulty.values()):
        return None
    known = [Path(name) for name in files if name not in left_out]
    rulebook, _ = load(known, instead, {files[name].book for name in left_out})
    if rulebook is None:
        return None
    texts = {name: instead.get(name, file.text) for name, file in files.items() if name not in left_out}
    return Spared(rulebook, texts, tuple(_fault(name, file, errors) for name, file in faulty.items()))


def text_of(path: Path) -> str:
    """Give the text of a rule file, as far as it is text; empty where it can't be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _files(paths: Iterable[Path], kept: Mapping[str, str], wanted: Collection[str]) -> dict[str, _File]:
    """Put together each file and what it was; one that was moved is known by the name of its book."""
    by_book = {book: text for text in kept.values() if (book := _word("book", text))}
    texts = {str(path): text_of(path) for path in paths}
    files = {name: _File(text, kept.get(name, by_book.get(_word("book", text)))) for name, text in texts.items()}
    lacking = set(wanted) - {_word("book", text) for text in texts.values()}
    gone = {name: _File("", text, gone=True) for name, text in kept.items() if _word("book", text) in lacking}
    return files | {name: file for name, file in gone.items() if name not in files}


def _blamed(error: Finding, files: Mapping[str, _File]) -> list[str]:
    """The files of engines that a mistake has to do with: of those that were changed, the ones that build on others."""
    places = (error.place, *error.also)
    named = [place.file for place in places if place.file in files and files[place.file].of_engine]
    changed = [name for name in named if files[name].text != files[name].kept] or named
    books = {files[name].book for name in changed}
    return [name for name in changed if files[name].parents & books] or changed


def _with_heirs(faulty: Collection[str], files: Mapping[str, _File]) -> dict[str, _File]:
    """Give the files of books, and of those that build on them, in the order of the files."""
    reached = set(faulty)
    while True:
        books = {files[name].book for name in reached}
        heirs = {name for name, file in files.items() if file.of_engine and file.parents & books}
        if heirs <= reached:
            return {name: file for name, file in files.items() if name in reached}
        reached |= heirs


def _fault(name: str, file: _File, errors: Sequence[Finding]) -> Fault:
    about = [one for one in errors if name in {one.place.file, *(place.file for place in one.also)}]
    own = [one for one in about if one.place.file == name] or about
    if file.gone:
        return Fault(file.book, "", f"{name}: The file is gone.", runs=True)
    heir = file.parents and (not own or file.text == file.kept)
    reason = f"{name}: It extends {', '.join(file.parents)}, whose file can't be used." if heir else _told(own)
    return Fault(file.book, _word("account", file.text), reason, file.kept is not None)


def _told(errors: Sequence[Finding]) -> str:
    more = len(errors) - 1
    return f"{errors[0]}{f' There are more mistakes: {more}.' if more else ''}"


def _kinds(text: str) -> set[BookKind]:
    return {kind for key, kind in TELLING_SECTIONS.items() if re.search(rf"^{key}\s*:", text, re.MULTILINE)}


def _word(key: str, text: str) -> str:
    """The word behind a key at the beginning of a line, whatever else is wrong with the text."""
    found = re.search(rf"^{key}\s*:\s*['\"]?([\w-]+)", text, re.MULTILINE)
    return "" if found is None else found[1]
