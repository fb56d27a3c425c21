"""All rule files together: read, checked, resolved; one rulebook or all the reasons why not."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import chain, combinations, takewhile
from pathlib import Path
from types import MappingProxyType

from rules.language.book import Book
from rules.language.breaker_ladder import read_ladder
from rules.language.collecting import Enough, Findings, with_line
from rules.language.document import Document, Fields, Scalar
from rules.language.doubts import Doubt
from rules.language.doubts_book import DOUBTS, read_doubts
from rules.language.engine_book import EngineBook, VocabularyFor
from rules.language.environment import Target, changed, only_there, unknown, with_heirs
from rules.language.findings import Finding, Severity, error, listed
from rules.language.fingerprint import fingerprint
from rules.language.form import TELLING_SECTIONS, BookKind
from rules.language.governance import Check, Envelope, Ladder, Lifecycle
from rules.language.governance_books import (
    BREAKERS,
    CHECKS,
    GovernanceScope,
    Known,
    read_checks,
    read_envelope,
)
from rules.language.lifecycle_book import read_lifecycle
from rules.language.machine_shape import ArgumentShape, MachineShape, TriggerShape
from rules.language.overlay import resolve
from rules.language.phases import Phases
from rules.language.phases_book import PHASES, read_phases
from rules.language.proofs import warning
from rules.language.proven_book import Source, proven
from rules.language.reading import read, read_text
from rules.language.routes import Routes
from rules.language.routes_book import read_routes
from rules.language.shape import check_shape, kind_of
from rules.language.shares_book import read_sharing
from rules.language.sharing import Sharing
from rules.language.source import Place

__all__ = ["ArgumentShape", "MachineShape", "Rulebook", "TriggerShape", "load", "rule_files"]

ENGINES = (BookKind.ENGINE, BookKind.OVERLAY)
ORDER = (
    *ENGINES,
    *(BookKind.SHARES, BookKind.BREAKERS, BookKind.CHECKS, BookKind.ENVELOPE, BookKind.LIFECYCLE, BookKind.PHASES),
    *(BookKind.ROUTES, BookKind.DOUBTS, BookKind.ENVIRONMENT),
)
ONCE = (
    *(BookKind.BREAKERS, BookKind.ENVELOPE, BookKind.LIFECYCLE, BookKind.SHARES, BookKind.PHASES, BookKind.ROUTES),
    BookKind.DOUBTS,
)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that is in force; `alternatives` are groups of books of which one runs at a time.

    `environment` is the one whose values are in force; without one those are that the books themselves have. `routes`
    and `doubts` decide nothing about trading, so they are no part of the version.
    """

    books: Mapping[str, Book]
    ladder: Ladder | None
    checks: tuple[Check, ...]
    envelope: Envelope
    shares: Mapping[str, Fraction]
    version: str
    alternatives: tuple[frozenset[str], ...] = ()
    environment: str = ""
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    phases: Phases | None = None
    sharing: Sharing | None = None
    routes: Routes | None = None
    doubts: tuple[Doubt, ...] | None = None


def rule_files(folder: Path) -> list[Path]:
    """List the rule files in a folder and below it, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml"))


def load(
    paths: Sequence[Path],
    machines: Mapping[str, MachineShape],
    vocabulary_for: VocabularyFor,
    environment: str = "",
    instead: Mapping[str, str] = MappingProxyType({}),
    left_out: Collection[str] = (),
) -> tuple[Rulebook | None, list[Finding]]:
    """Read rule files; give the rulebook, or None when any of them has an error, and every finding of every file.

    `vocabulary_for` gives the facts, symbols and words for the name of a machine, `checks`, `breakers` or `phases`, and
    the symbols of the book (for governance: of all books). With an environment its values are in force; all
    environments are checked, whichever is chosen. Nothing is raised for what stands in a file. `instead` are texts that
    count in place of what stands in these files; books that are `left_out` may be spoken of although no file has them.
    """
    loading = _Loading(machines, vocabulary_for, instead, left_out)
    loading.read(paths)
    loading.check_together()
    findings = loading.finished()
    if any(finding.severity is Severity.ERROR for finding in findings):
        return None, findings
    if environment and environment not in loading.environments:
        return None, [*findings, unknown(environment, loading.environments)]
    return loading.environments.get(environment, loading).rulebook(environment), findings


class Overlaid:
    """A rulebook that is put together again with one more overlay, as often as wanted; the rest is read once."""

    def __init__(
        self,
        paths: Sequence[Path],
        machines: Mapping[str, MachineShape],
        vocabulary_for: VocabularyFor,
        environment: str = "",
    ) -> None:
        loading = _Loading(machines, vocabulary_for, {}, ())
        loading.read(paths)
        self._environment = environment
        self._base = loading.environments.get(environment, loading)

    def with_overlay(self, text: str, file: str) -> tuple[Rulebook | None, list[Finding]]:
        """Give what is in force with an overlay, or None when it has an error; findings are about the overlay only."""
        return self._base.with_overlay(text, file, self._environment)


@dataclass(frozen=True, slots=True)
class _File:
    """A file with its kind; `sound` says that it has the form of its kind."""

    document: Document
    kind: BookKind
    sound: bool


class _Loading:
    """One run of `load`: what has been read so far, and the findings by file."""

    def __init__(
        self,
        machines: Mapping[str, MachineShape],
        vocabulary_for: VocabularyFor,
        instead: Mapping[str, str],
        left_out: Collection[str],
    ) -> None:
        self.machines = machines
        self.vocabulary_for = vocabulary_for
        self.instead = instead
        self.left_out = left_out
        self.findings: dict[str, Findings] = {}
        self.lines: dict[str, tuple[str, ...]] = {}
        self.files: list[_File] = []
        self.environments: dict[str, _Loading] = {}
        # What was read, by the file that it stands in.
        self.engines: dict[str, EngineBook] = {}
        self.resolved: dict[str, Fields] = {}
        self.ladders: dict[str, Ladder | None] = {}
        self.checks: dict[str, tuple[Check, ...]] = {}
        self.phases: dict[str, Phases | None] = {}
        self.envelope: Envelope | None = None
        self.lifecycle: Lifecycle | None = None
        self.sharings: dict[str, Sharing] = {}
        self.routes: Routes | None = None
        self.doubts: dict[str, tuple[Doubt, ...]] = {}

    def read(self, paths: Sequence[Path]) -> None:
        """Read all files, then look into them: engines first, because governance speaks of their symbols."""
        for path in dict.fromkeys(paths):
            self.look(str(path), lambda found, path=path: self.file(path, found))  # type: ignore[misc]
        self.look_into(self.files)

    def look_into(self, files: Sequence[_File]) -> None:
        """Find out what stands in files of all kinds."""
        for file in sorted(files, key=lambda file: ORDER.index(file.kind)):
            self.look(file.document.file, lambda found, file=file: _READERS[file.kind](self, file, found))  # type: ignore[misc]

    def look(self, file: str, find: Callable[[Findings], None]) -> None:
        """Collect the findings about one file."""
        try:
            find(self.findings.setdefault(file, Findings()))
        except Enough:
            return

    def file(self, path: Path, findings: Findings) -> None:
        """Read one file and check its form."""
        text, name = self.instead.get(str(path)), str(path)
        document, problems = read(path, name) if text is None else read_text(text.encode(), name)
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
        return Known((*self.by_name, *self.left_out), tuple(self.machines), tuple(dict.fromkeys(symbols)))

    def engine(self, file: _File, findings: Findings) -> None:
        """A book of an engine, with what it extends."""
        name, by_name = file.document.root.word("book"), self.by_name
        lineage = resolve(file.document, by_name, findings)
        if lineage is None or not name:
            return
        self.resolved[file.document.file] = lineage.root
        documents = (file.document, *(by_name[parent] for parent in lineage.parents))
        sound = self.sound(*(document.file for document in documents))
        engine, found = proven(Source(documents, lineage, self.machines, self.vocabulary_for, sound))
        if engine is not None:
            self.engines[file.document.file] = engine
        self.inherited(file, found, findings)

    def sound(self, *names: str) -> bool:
        """Say whether files have the form of their kinds."""
        return all(other.sound for other in self.files if other.document.file in names)

    def inherited(self, file: _File, found: Sequence[Finding], findings: Findings) -> None:
        """Put each finding under the file it is about; one that this book's own values cause is about this book too."""
        extends = file.document.root.scalar("extends")
        for finding in found:
            about = finding.place.file
            if extends is None or about == file.document.file:
                findings.append(finding)
            elif not any(_same(finding, known) for known in self.findings.get(about, ())):
                also = (*finding.also, extends.place)
                self.findings.setdefault(about, Findings()).append(replace(finding, also=also))

    def breakers(self, file: _File, findings: Findings) -> None:
        """The ladder."""
        scope = GovernanceScope(file.document.root, BREAKERS, self.vocabulary_for, self.known, findings)
        ladder = read_ladder(file.document, scope)
        findings.extend(scope.unused())
        self.ladders[file.document.file] = ladder

    def pre_trade(self, file: _File, findings: Findings) -> None:
        """The checks before an order; several books of them are asked one after the other."""
        scope = GovernanceScope(file.document.root, CHECKS, self.vocabulary_for, self.known, findings)
        checks = read_checks(file.document.root, scope)
        findings.extend(scope.unused())
        above = takewhile(lambda other: other != file.document.file, self.checks)
        known = {check.name: check for other in above for check in self.checks[other]}
        for check in checks:
            if check.name in known:
                sentence = f"There is a check `{check.name}` already."
                also = (known[check.name].place,)
                findings.append(error("R021", check.place, sentence, "Give this one another name.", also))
        self.checks[file.document.file] = checks

    def limits(self, file: _File, findings: Findings) -> None:
        """The envelope."""
        envelope = read_envelope(file.document, findings)
        self.envelope = self.envelope or envelope

    def life(self, file: _File, findings: Findings) -> None:
        """How long the engine waits."""
        lifecycle = read_lifecycle(file.document, findings)
        self.lifecycle = self.lifecycle or lifecycle

    def capital(self, file: _File, findings: Findings) -> None:
        """The shares."""
        self.sharings[file.document.file] = read_sharing(file.document, self.vocabulary_for, self.known, findings)

    @property
    def sharing(self) -> Sharing | None:
        """How the portfolio is shared out, where a book says it; of several books the first counts."""
        return next(iter(self.sharings.values()), None)

    @property
    def shares(self) -> Mapping[str, Fraction]:
        """The base share of each book."""
        return {} if self.sharing is None else self.sharing.by_book

    @property
    def alternatives(self) -> tuple[frozenset[str], ...]:
        """Groups of books of which one runs at a time."""
        return () if self.sharing is None else self.sharing.alternatives

    def growth(self, file: _File, findings: Findings) -> None:
        """The phases."""
        scope = GovernanceScope(file.document.root, PHASES, self.vocabulary_for, self.known, findings)
        self.phases[file.document.file] = read_phases(file.document, scope, self.known.books)
        findings.extend(scope.unused())

    def alerts(self, file: _File, findings: Findings) -> None:
        """The routes."""
        routes = read_routes(file.document.root, self.known.books, findings)
        self.routes = self.routes or routes

    def uncertainty(self, file: _File, findings: Findings) -> None:
        """The doubts."""
        scope = GovernanceScope(file.document.root, DOUBTS, self.vocabulary_for, self.known, findings)
        self.doubts[file.document.file] = read_doubts(file.document, scope)
        findings.extend(scope.unused())

    def environment(self, file: _File, findings: Findings) -> None:
        """The same books with other values: what these change is read once more."""
        root = file.document.root
        name = root.scalar("environment")
        documents = changed(root, self.targets, self.left_out, findings)
        if name is None or not name.value:
            return
        under = self.under(documents)
        self.environments.setdefault(name.value, under)
        findings.extend(only_there(name, under.everything(), self.everything()))

    @property
    def targets(self) -> dict[str, Target]:
        """The books that an environment can change, by name; of a name that is taken twice the first counts."""
        targets: dict[str, Target] = {}
        for file in self.files:
            root = file.document.root
            whole = self.resolved.get(file.document.file) if file.kind in ENGINES else root
            params = None if whole is None else whole.section("params")
            if root.word("book") and file.kind is not BookKind.ENVIRONMENT:
                targets.setdefault(root.word("book"), Target(file.document, params))
        return targets

    def under(self, documents: Mapping[str, Document]) -> "_Loading":
        """Read what depends on some books again, with other documents in their place; `findings` are those of that."""
        other = copy(self)
        by_file = {document.file: document for document in documents.values()}
        other.files = [replace(f, document=by_file.get(f.document.file, f.document)) for f in self.files]
        other.findings, other.environments = {}, {}
        other.engines, other.resolved = dict(self.engines), dict(self.resolved)
        other.ladders, other.checks, other.phases = dict(self.ladders), dict(self.checks), dict(self.phases)
        other.sharings, other.doubts = dict(self.sharings), dict(self.doubts)
        reached = with_heirs(documents, self.by_name)
        books = [file for file in other.files if file.kind is not BookKind.ENVIRONMENT]
        other.look_into([file for file in books if file.document.root.word("book") in reached])
        return other

    def with_overlay(self, text: str, file: str, environment: str) -> tuple[Rulebook | None, list[Finding]]:
        """Read one more book that extends another."""
        document, problems = read_text(text.encode(), file)
        if document is None:
            return None, problems
        problems += check_shape(document, BookKind.OVERLAY)
        added = _File(document, BookKind.OVERLAY, not problems)
        other = copy(self)
        other.files, other.findings = [*self.files, added], {}
        other.engines, other.resolved = dict(self.engines), dict(self.resolved)
        other.look(file, lambda found: other.engine(added, found))
        findings = [*problems, *other.everything()]
        wrong = any(finding.severity is Severity.ERROR for finding in findings)
        return (None if wrong else other.rulebook(environment)), findings

    def everything(self) -> list[Finding]:
        """The findings of all files so far."""
        return [finding for findings in self.findings.values() for finding in findings]

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
        """Each book has a name of its own, and so has each environment."""
        first: dict[tuple[str, str], Scalar] = {}
        for file in self.files:
            key = "environment" if file.kind is BookKind.ENVIRONMENT else "book"
            scalar = file.document.root.scalar(key)
            if scalar is None or not scalar.value:
                continue
            earlier = first.setdefault((key, scalar.value), scalar)
            if earlier is not scalar:
                one, hint = _TWICE[key]
                sentence = f"There is {one} `{scalar.value}` already, in {earlier.place.file}."
                yield error("R021", scalar.place, sentence, hint, (earlier.place,))

    def governance_given_twice(self) -> Iterator[Finding]:
        """There is one ladder, one envelope, one life cycle, one book of shares, of phases and of routes."""
        first: dict[BookKind, Document] = {}
        for file in self.files:
            if file.kind not in ONCE:
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
        found = dict.fromkeys(self.everything())
        marked = [with_line(finding, self.lines.get(finding.place.file, ())) for finding in found]
        return sorted(marked, key=_order)

    def rulebook(self, environment: str) -> Rulebook:
        """Put together what is in force."""
        books = {engine.name: engine.book for engine in self.engines.values() if engine.book is not None}
        ladder = next((ladder for ladder in self.ladders.values() if ladder is not None), None)
        checks = tuple(chain.from_iterable(self.checks.values()))
        envelope, lifecycle = self.envelope or Envelope(), self.lifecycle or Lifecycle()
        version = fingerprint(
            {name: book.version for name, book in books.items()}, ladder, checks, envelope, self.sharing, lifecycle
        )
        return Rulebook(
            MappingProxyType(books),
            ladder,
            checks,
            envelope,
            MappingProxyType(self.shares),
            version,
            self.alternatives,
            environment,
            lifecycle,
            next((phases for phases in self.phases.values() if phases is not None), None),
            self.sharing,
            self.routes,
            next(iter(self.doubts.values()), None),
        )


_READERS: Mapping[BookKind, Callable[[_Loading, _File, Findings], None]] = MappingProxyType(
    {
        BookKind.ENGINE: _Loading.engine,
        BookKind.OVERLAY: _Loading.engine,
        BookKind.BREAKERS: _Loading.breakers,
        BookKind.CHECKS: _Loading.pre_trade,
        BookKind.ENVELOPE: _Loading.limits,
        BookKind.LIFECYCLE: _Loading.life,
        BookKind.SHARES: _Loading.capital,
        BookKind.PHASES: _Loading.growth,
        BookKind.ROUTES: _Loading.alerts,
        BookKind.DOUBTS: _Loading.uncertainty,
        BookKind.ENVIRONMENT: _Loading.environment,
    }
)


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    return finding.place.file, finding.place.line, finding.place.column, finding.code, finding.sentence


def _same(one: Finding, other: Finding) -> bool:
    return (one.code, one.place, one.sentence) == (other.code, other.place, other.sentence)


_TWICE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "book": ("a book", "Give this one another name."),
        "environment": ("an environment", "Give this one another name, or put all that it changes into one file."),
    }
)


def _first_place(document: Document) -> Place:
    key = next(iter(document.root), None)
    return document.root.place if key is None else key[0].place
