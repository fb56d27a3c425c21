"""Reads a folder of rule files for a command: either a rulebook in force, or all mistakes."""

from collections.abc import Sequence
from pathlib import Path

from adapters.cli.failure import ExitCode, Failure, near
from adapters.cli.places import shortened
from machines.catalogue import MACHINES
from rules.language.book import Book
from rules.language.findings import Finding, Severity
from rules.language.report_findings import as_text
from rules.language.rulebook import Rulebook, load, rule_files
from runtime.facts import vocabulary_for


def read(paths: Sequence[Path]) -> tuple[Rulebook | None, list[Finding]]:
    """Read rule files and folders of them; the rulebook is None where there are errors."""
    files = [file for path in paths for file in (rule_files(path) if path.is_dir() else [path])]
    return load([Path(shortened(file)) for file in files], MACHINES, vocabulary_for)


def in_force(folder: Path) -> Rulebook:
    """Return the rulebook of a folder; fails with every mistake where there is one."""
    rulebook, findings = read([folder])
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if rulebook is None or errors:
        raise Failure(f"{as_text(errors)}\nThe rules in {folder} can't be used before this is put right.", ExitCode.FINDINGS)
    return rulebook


def books_named(rulebook: Rulebook, names: Sequence[str]) -> tuple[Book, ...]:
    """Return the books of these names; fails with what is near for one that does not exist."""
    return tuple(book_named(rulebook, name) for name in names)


def book_named(rulebook: Rulebook, name: str) -> Book:
    """Return the book of a name; fails with what is near where there is none."""
    if name not in rulebook.books:
        raise Failure(f'Expected the name of a book, found "{name}". {near(name, rulebook.books)}', ExitCode.USAGE)
    return rulebook.books[name]
