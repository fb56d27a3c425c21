"""All rule files together: read, checked, resolved; one rulebook or all the reasons why not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from types import MappingProxyType

from rules.language.book import Book
from rules.language.breaker_ladder import read_ladder
from rules.language.collecting import Enough, Findings, with_line
from rules.language.document import Document, Fields, Scalar
from rules.language.engine_book import EngineBook, VocabularyFor, read_engine_book
from rules.language.findings import Finding, Severity, did_you_mean, error, listed
from rules.language.fingerprint import fingerprint
from rules.language.form import TELLING_SECTIONS, BookKind
from rules.language.governance import Check, Envelope, Ladder
from rules.language.governance_books import (
    BREAKERS,
    CHECKS,
    GovernanceScope,
    Known,
    read_checks,
    read_envelope,
    read_shares,
)
from rules.language.machine_shape import ArgumentShape, MachineShape, TriggerShape
from rules.language.overlay import resolve
from rules.language.proofs import prove, warning
from rules.language.reading import read
from rules.language.shape import check_shape, kind_of
from rules.language.source import Place

__all__ = ["ArgumentShape", "MachineShape", "Rulebook", "TriggerShape", "load", "rule_files"]

ENGINES = (BookKind.ENGINE, BookKind.OVERLAY)
ORDER = (*ENGINES, BookKind.SHARES, BookKind.BREAKERS, BookKind.CHECKS, BookKind.ENVELOPE)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that is in force; `alternatives` are groups of books of which one runs at a time."""

    books: Mapping[str, Book]
    ladder: Ladder | None
    checks: tuple[Check, ...]
    envelope: Envelope
    shares: Mapping[str, Fraction]
    version: str
    alternatives: tuple[frozenset[str], ...] = ()


def rule_files(folder: Path) -> list[Path]:
    """List the rule files in a folder and below it, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml"))


def load(
    paths: Sequence[Path], machines: Mapping[str, MachineShape], vocabulary_for: VocabularyFor
) -> tuple[Rulebook | None, list[Finding]]:
    """Read rule files; give the rulebook, or None when any of them has an error, and every finding of every file.

    `vocabulary_for` gives the facts, symbols and words for the name of a machine, `checks` or `breakers`, and the
    symbols of the book (for governance: of all books). Nothing is raised for what stands in a file.
    """
    loading = _Loading(machines, vocabulary_for)
    loading.read(paths)
    loading.check_together()
    findings = loading.finished()
    broken = any(finding.severity is Severity.ERROR for finding in findings)
    return (None if broken else loading.rulebook()), findings


@dataclass(frozen=True, slots=True)
class _File:
    """A file with its kind; `sound` says that it has the form of its kind."""

    document: Document
    kind: BookKind
    sound: bool


class _Loading:
    """One run of `load`: what has been read so far, and the findings by file."""

    def __init__(self, machines: Mapping[str, MachineShape], vocabulary_for: VocabularyFor) -> None:
        self.machines = machines
        self.vocabulary_for = vocabulary_for
        self.findings: dict[str, Findings] = {}
        self.lines: dict[str, tuple[str, ...]] = {}
        self.files: list[_File] = []
        self.engines: dict[str, EngineBook] = {}
        self.resolved: dict[str, Fields] = {}
        self.ladder: Ladder | None = None
        self.checks: tuple[Check, ...] = ()
        self.envelope: Envelope | None = None
        self.shares: dict[str, Fraction] = {}
        self.alternatives: tuple[frozenset[str], ...] = ()
        self.readers: Mapping[BookKind, Callable[[_File, Findings], None]] = {
            BookKind.ENGINE: self.engine,
            BookKind.OVERLAY: self.engine,
            BookKind.BREAKERS: self.breakers,
            BookKind.CHECKS: self.pre_trade,
            BookKind.ENVELOPE: self.limits,
            BookKind.SHARES: self.capital,
        }

    def read(self, paths: Sequence[Path]) -> None:
        """Read all files, then look into them: engines first, because governance speaks of their symbols."""
        for path in dict.fromkeys(paths):
            self.look(str(path), lambda found, path=path: self.file(path, found))  # type: ignore[misc]
        for file in sorted(self.files, key=lambda file: ORDER.index(file.kind)):
            self.look(file.document.file, lambda found, file=file: self.readers[file.kind](file, found))  # type: ignore[misc]

    def look(self, file: str, find: Callable[[Findings], None]) -> None:
        """Collect the findings about one file."""
        try:
            find(self.findings.setdefault(file, Findings()))
        except Enough:
            return

    def file(self, path: Path, findings: Findings) -> None:
        """Read one file and check its form."""
        document, problems = read(path, str(path))
        findings.extend(problems)
        if document is None:
            return
        self.lines[document.file] = document.lines
        kind = kind_of(document.root)
        if kind is None:
            sentence = "Nothing tells what this book decides about."
            hint = f"A book has one of the keys {listed(TELLING_SECTIONS, most=20)}."
            findings.append(error("R026", _first_place(document), sentence, hint))
            return
        problems = check_shape(document, kind)
        findings.extend(problems)
        self.files.append(_File(document, kind, not findings))

    # ── one kind of file each ──

    @property
    def by_name(self) -> dict[str, Document]:
        """The documents of engines by the name of their book; of a name that is taken twice the first counts."""
        documents = [file.document for file in self.files if file.kind in ENGINES]
        return {document.root.word("book"): document for document in reversed(documents)}

    @property
    def known(self) -> Known:
        """What governance may speak of by name, in the order of the files."""
        symbols = [scalar.value for file in self.files for scalar in file.document.root.scalars("symbols")]
        return Known(tuple(self.by_name), tuple(self.machines), tuple(dict.fromkeys(symbols)))

    def engine(self, file: _File, findings: Findings) -> None:
        """A book of an engine, with what it extends."""
        name = file.document.root.word("book")
        lineage = resolve(file.document, self.by_name, findings)
        if lineage is None or not name:
            return
        self.resolved[file.document.file] = lineage.root
        found = Findings()
        try:
            engine = read_engine_book(lineage, self.machines, self.vocabulary_for, found)
            if not self.sound(file, *(self.by_name[name].file for name in lineage.parents)):
                # What is missing from such a book may only be misspelt.
                engine = replace(engine, complete=False, readable=False)
            found.extend(prove(engine))
            if not any(finding.severity is Severity.ERROR for finding in found):
                self.engines.setdefault(name, engine)
        finally:
            self.inherited(file, found, findings)

    def sound(self, file: _File, *parents: str) -> bool:
        """Say whether a file and those of its parents have the form of their kinds."""
        names = {file.document.file, *parents}
        return all(other.sound for other in self.files if other.document.file in names)

    def inherited(self, file: _File, found: Findings, findings: Findings) -> None:
        """Put each finding under the file it is about; one that this book's own values cause is about this book too."""
        extends = file.document.root.scalar("extends")
        for finding in found:
            about = finding.place.file
            if extends is None or about == file.document.file:
                findings.append(finding)
            elif not any(_same(finding, known) for known in self.findings.get(about, ())):
                also = (*finding.also, extends.place)
                self.findings[about].append(replace(finding, also=also))

    def breakers(self, file: _File, findings: Findings) -> None:
        """The ladder."""
        scope = GovernanceScope(file.document.root, BREAKERS, self.vocabulary_for, self.known, findings)
        ladder = read_ladder(file.document, scope)
        findings.extend(scope.unused())
        self.ladder = self.ladder or ladder

    def pre_trade(self, file: _File, findings: Findings) -> None:
        """The checks before an order; several books of them are asked one after the other."""
        scope = GovernanceScope(file.document.root, CHECKS, self.vocabulary_for, self.known, findings)
        checks = read_checks(file.document.root, scope)
        findings.extend(scope.unused())
        known = {check.name: check for check in self.checks}
        for check in checks:
            if check.name in known:
                sentence = f"There is a check `{check.name}` already."
                also = (known[check.name].place,)
                findings.append(error("R021", check.place, sentence, "Give this one another name.", also))
        self.checks = (*self.checks, *checks)

    def limits(self, file: _File, findings: Findings) -> None:
        """The envelope."""
        envelope = read_envelope(file.document, findings)
        self.envelope = self.envelope or envelope

    def capital(self, file: _File, findings: Findings) -> None:
        """The shares."""
        root = file.document.root
        shares, self.alternatives = read_shares(root, findings)
        self.shares = self.shares or shares
        names = list(self.by_name)
        for key, _ in root.section("shares"):
            if names and key.value not in names:
                hint = did_you_mean(key.value, names) or f"There are {listed(names, 'and')}."
                findings.append(error("R022", key.place, f"There is no book `{key.value}`.", hint))

    # ── what no file can know alone ──

    def check_together(self) -> None:
        """Look at what only all files together show."""
        for check in (
            self.names_taken_twice,
            self.governance_given_twice,
            self.accounts_shared,
            self.books_without_share,
        ):
            for finding in check():
                self.look(finding.place.file, lambda found, finding=finding: found.append(finding))  # type: ignore[misc]

    def names_taken_twice(self) -> Iterator[Finding]:
        """Each book has a name of its own."""
        first: dict[str, Scalar] = {}
        for file in self.files:
            scalar = file.document.root.scalar("book")
            if scalar is None or not scalar.value:
                continue
            earlier = first.setdefault(scalar.value, scalar)
            if earlier is not scalar:
                sentence = f"There is a book `{scalar.value}` already, in {earlier.place.file}."
                yield error("R021", scalar.place, sentence, "Give this one another name.", (earlier.place,))

    def governance_given_twice(self) -> Iterator[Finding]:
        """There is one ladder, one envelope and one book of shares."""
        first: dict[BookKind, Document] = {}
        for file in self.files:
            if file.kind not in (BookKind.BREAKERS, BookKind.ENVELOPE, BookKind.SHARES):
                continue
            earlier = first.setdefault(file.kind, file.document)
            if earlier is not file.document:
                sentence = f"There is a book of this kind already, in {earlier.file}."
                places = (_first_place(earlier),)
                yield error("R021", _first_place(file.document), sentence, "Only one can be in force.", places)

    def accounts_shared(self) -> Iterator[Finding]:
        """Each book has its own account; alternatives, of which one runs at a time, may share one."""
        accounts: dict[str, list[tuple[str, Scalar]]] = {}
        for file in self.files:
            root = file.document.root
            account = self.resolved.get(file.document.file, root).scalar("account")
            if file.kind in ENGINES and account is not None and account.value:
                named = root.scalar("account") or root.scalar("extends") or account
                accounts.setdefault(account.value, []).append((root.word("book"), named))
        make = error if any(file.kind is BookKind.SHARES for file in self.files) else warning
        for name, users in accounts.items():
            for (one, earlier), (other, account) in combinations(users[:20], 2):
                if not any({one, other} <= group for group in self.alternatives):
                    sentence = f"The account `{name}` belongs to the book `{one}` already."
                    hint = "Give this book its own, or name both under `alternatives` of the book of shares."
                    yield make("R025", account.place, sentence, hint, (earlier.place,))

    def books_without_share(self) -> Iterator[Finding]:
        """A book without a share has no money."""
        if not self.shares:
            return
        for file in self.files:
            scalar = file.document.root.scalar("book")
            if file.kind in ENGINES and scalar is not None and scalar.value and scalar.value not in self.shares:
                sentence = f"The book `{scalar.value}` has no share of the portfolio."
                yield warning("P010", scalar.place, sentence, "Give it one in the book of shares.")

    # ── the end ──

    def finished(self) -> list[Finding]:
        """All findings, each once, in the order of files and lines, with the line they are about."""
        found = [finding for findings in self.findings.values() for finding in findings]
        marked = [with_line(finding, self.lines.get(finding.place.file, ())) for finding in dict.fromkeys(found)]
        return sorted(marked, key=_order)

    def rulebook(self) -> Rulebook:
        """Put together what is in force."""
        books = {name: engine.book for name, engine in self.engines.items() if engine.book is not None}
        envelope = self.envelope or Envelope()
        version = fingerprint(
            {name: book.version for name, book in books.items()}, self.ladder, self.checks, envelope, self.shares
        )
        return Rulebook(
            MappingProxyType(books),
            self.ladder,
            self.checks,
            envelope,
            MappingProxyType(self.shares),
            version,
            self.alternatives,
        )


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    return finding.place.file, finding.place.line, finding.place.column, finding.code, finding.sentence


def _same(one: Finding, other: Finding) -> bool:
    return (one.code, one.place, one.sentence) == (other.code, other.place, other.sentence)


def _first_place(document: Document) -> Place:
    key = next(iter(document.root), None)
    return document.root.place if key is None else key[0].place
