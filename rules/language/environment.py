"""Environments, such as paper and live: the same books with other values for some of their params."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from rules.language.document import Document, Fields, Scalar, Tree, shortened
from rules.language.findings import Finding, did_you_mean, error, listed
from rules.language.overlay import report_other_unit, with_value
from rules.language.source import Place, in_one_line

UNKNOWN_ENVIRONMENT = "R027"


@dataclass(frozen=True, slots=True)
class Target:
    """A book that can be changed: as it stands in its file, and the params it has, those of its parents included.

    `params` is None where they can't be told, because what the book extends is unknown.
    """

    document: Document
    params: Fields | None


def changed(
    environment: Fields, books: Mapping[str, Target], left_out: Collection[str], findings: list[Finding]
) -> dict[str, Document]:
    """Give the books that an environment changes, by name and with their new values; what can't be is reported."""
    found: dict[str, Document] = {}
    for key, changes in environment.section("books"):
        target = books.get(key.value)
        if target is None and key.value in left_out:
            continue
        if target is None:
            _report_unknown_book(key, books, findings)
        elif isinstance(changes, Fields) and target.params is not None:
            params = dict(_params(key, changes.section("params"), target.params, findings))
            found[key.value] = _with_params(target.document, changes, params)
    return found


def with_heirs(names: Mapping[str, Document], documents: Mapping[str, Document]) -> set[str]:
    """Give the names of books together with those of all books that extend them."""
    reached = set(names)
    while True:
        heirs = {name for name, each in documents.items() if each.root.word("extends") in reached}
        if heirs <= reached:
            return reached
        reached |= heirs


def only_there(environment: Scalar, found: list[Finding], anywhere: list[Finding]) -> Iterator[Finding]:
    """Give the findings that only an environment causes, each once; what stands elsewhere names it as well."""
    known = {_essence(finding) for finding in anywhere}
    for finding in found:
        if _essence(finding) in known:
            continue
        known.add(_essence(finding))
        if finding.place.file == environment.place.file:
            yield finding
        else:
            sentence = f"In the environment `{shortened(environment.value)}`: {finding.sentence}"
            yield replace(finding, sentence=sentence, also=(*finding.also, environment.place))


def unknown(name: str, known: Mapping[str, object]) -> Finding:
    """Say that there is no such environment; what was asked for stands in no file."""
    there = f"There is {listed(known, 'and')}." if known else "No file describes one."
    sentence = f"There is no environment `{shortened(name)}`."
    return error(UNKNOWN_ENVIRONMENT, in_one_line(name).place, sentence, did_you_mean(name, known) or there)


def _report_unknown_book(key: Scalar, books: Mapping[str, Target], findings: list[Finding]) -> None:
    hint = did_you_mean(key.value, books) or (f"There are {listed(books, 'and')}." if books else "")
    findings.append(error("R022", key.place, f"There is no book `{shortened(key.value)}` to change.", hint))


def _params(
    book: Scalar, changes: Fields, params: Fields, findings: list[Finding]
) -> Iterator[tuple[str, tuple[Scalar, Tree]]]:
    """Yield what can be changed; of a param in the wrong unit only that is told, not what would follow from it."""
    for key, value in changes:
        earlier = params.get(key.value)
        if earlier is None:
            names = [name.value for name, _ in params]
            hint = did_you_mean(key.value, names) or (f"It has {listed(names, 'and')}." if names else "It has none.")
            sentence = f"The book `{book.value}` has no param `{shortened(key.value)}`."
            findings.append(error("R024", key.place, sentence, hint))
        elif isinstance(value, Scalar) and not report_other_unit(
            earlier, value, f"in the book `{book.value}`", findings
        ):
            yield key.value, (params.key(key.value) or key, with_value(earlier, value))


def _with_params(document: Document, changes: Fields, params: Mapping[str, tuple[Scalar, Tree]]) -> Document:
    root = document.root
    key = root.key("params") or changes.key("params")
    if not params or key is None:
        return document
    section = root.section("params").with_entries(params)
    return replace(document, root=root.with_entries({"params": (key, section)}))


def _essence(finding: Finding) -> tuple[str, Place, str]:
    return finding.code, finding.place, finding.sentence
