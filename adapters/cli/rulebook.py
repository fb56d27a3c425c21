"""Reads rule files for a command: either a rulebook in force, or all mistakes."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from adapters.cli.failure import ExitCode, Failure, near
from adapters.cli.places import holds_rules, shortened
from machines.catalogue import MACHINES
from rules.language.book import Book
from rules.language.environment import UNKNOWN_ENVIRONMENT
from rules.language.findings import Finding, Severity
from rules.language.report_findings import as_text
from rules.language.rulebook import Rulebook, load, rule_files
from runtime.facts import vocabulary_for


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return the files among the paths and all rule files below the folders, each once."""
    files = [file for path in paths for file in (rule_files(path) if path.is_dir() else [path])]
    return list(dict.fromkeys(Path(shortened(file)) for file in files))


def findings_in(files: Sequence[Path]) -> list[Finding]:
    """Return what is wrong with these files; the books around them are read too, because they may extend one."""
    around = [folder for file in files if (folder := _rules_around(file)) is not None]
    _, findings = load(files_of([*files, *dict.fromkeys(around)]), MACHINES, vocabulary_for)
    names = {str(file) for file in files}
    return [one for one in findings if names & {one.place.file, *(place.file for place in one.also)}]


def _rules_around(file: Path) -> Path | None:
    return next((folder for folder in file.parents if holds_rules(folder)), None)


def in_force(folder: Path, environment: str = "") -> Rulebook:
    """Return the rulebook of a folder in an environment; fails with every mistake where there is one."""
    rulebook, findings = load(some_files_of(folder), MACHINES, vocabulary_for, environment)
    if rulebook is None:
        raise refusal(folder, findings)
    return rulebook


def some_files_of(folder: Path) -> list[Path]:
    """Return the rule files of a folder; fails where there is none."""
    files = files_of([folder])
    if not files:
        raise Failure(f"Expected rule files (*.yaml) in {folder}, found none. Check the path.", ExitCode.USAGE)
    return files


def refusal(folder: Path, findings: Iterable[Finding]) -> Failure:
    """Make the failure that tells every mistake in the rules of a folder."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors[0].code == UNKNOWN_ENVIRONMENT:
        return Failure(f"{errors[0].sentence} {errors[0].suggestion}", ExitCode.USAGE)
    text = f"The rules in {folder} can't be used before this is put right."
    return Failure(f"{as_text(errors)}\n{text}", ExitCode.FINDINGS)


def books_named(rulebook: Rulebook, names: Sequence[str]) -> tuple[Book, ...]:
    """Return the books of these names; fails with what is near for one that does not exist."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Failure(f'Expected each book once, found "{twice}" again. Name it once.', ExitCode.USAGE)
    return tuple(book_named(rulebook, name) for name in names)


def book_named(rulebook: Rulebook, name: str) -> Book:
    """Return the book of a name; fails with what is near where there is none."""
    if name not in rulebook.books:
        raise Failure(f'Expected the name of a book, found "{name}". {near(name, rulebook.books)}', ExitCode.USAGE)
    return rulebook.books[name]
