"""Books that have not changed are not read again; whatever a book depends on is noticed."""

from dataclasses import replace

import pytest

from rules.language.findings import Finding
from rules.language.rulebook import Rulebook, load, rule_files
from tests.rules.conftest import MACHINES, vocabulary_for

HEIR = "book: quick\nextends: trend-1\naccount: QUICK\nparams:\n  slow: 50\n"


@pytest.fixture
def books(shelf):
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("core.yaml", shelf.core)
    shelf.put("quick.yaml", HEIR)
    return shelf


def test_only_what_is_different_is_read_again(books) -> None:
    before = books.load()
    books.put("core.yaml", books.core.replace("drift > -5%", "drift > -4%"))
    after = books.load()
    assert [name for name in before.books if after.books[name] is not before.books[name]] == ["core"]
    assert after.version != before.version
    books.put("core.yaml", books.core)
    assert books.load().version == before.version


def test_a_book_is_read_again_when_the_one_it_extends_is_different(books) -> None:
    before = books.load()
    books.put("trend-1.yaml", books.trend.replace("risk: 1%", "risk: 0.9%"))
    after = books.load()
    assert before.books["quick"].params["risk"].text == "1%"
    assert after.books["quick"].params["risk"].text == "0.9%"


def test_a_book_is_read_again_when_its_parent_has_another_form(books) -> None:
    books.put("trend-1.yaml", books.trend + "nonsense: 1\n")
    assert books.load() is None
    books.put("trend-1.yaml", books.trend)
    assert books.load() is not None


def found(books, machines) -> tuple[Rulebook | None, list[Finding]]:
    return load(rule_files(books.folder), machines, vocabulary_for)


def test_other_machines_are_another_matter(books) -> None:
    rulebook, _ = found(books, MACHINES)
    assert rulebook is not None
    crippled = {name: replace(machine, triggers={}) for name, machine in MACHINES.items()}
    refused, findings = found(books, crippled)
    assert refused is None
    assert findings
    assert found(books, MACHINES)[0].version == rulebook.version


def test_what_was_found_is_told_each_time(books) -> None:
    books.put("core.yaml", books.core.replace("drift > -5%", "drift > nonsense"))
    books.load()
    first = books.said()
    books.load()
    assert books.said() == first != []
