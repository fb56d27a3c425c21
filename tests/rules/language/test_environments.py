"""Environments: the same books with other values, checked always, in force when chosen."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from machines.catalogue import MACHINES
from rules.language.book import in_force
from rules.language.findings import Severity
from rules.language.rulebook import Rulebook, load, rule_files
from runtime.facts import vocabulary_for

RULES = Path(__file__).parents[3] / "rules"
pytestmark = pytest.mark.spec("RULE-13")

PAPER = """\
environment: paper
about: What is different on paper.
books:
  trend-1:
    params:
      risk: 0.5%
"""
HEIR = "book: trend-2\nextends: trend-1\naccount: TREND-2\nparams:\n  slow: 100\n"
CHECKS = "book: checks\nparams:\n  most: 80%\nchecks:\n  drawn:\n    refuse_if: portfolio.drawdown > most\n"
RISK, HALF = Decimal("0.01"), Decimal("0.005")


@pytest.fixture
def books(shelf):
    """A shelf with a book, one that extends it, another one, and checks."""
    for name, text in (("trend-1", shelf.trend), ("trend-2", HEIR), ("core", shelf.core), ("checks", CHECKS)):
        shelf.put(f"{name}.yaml", text)
    return shelf


def under(shelf, environment: str) -> Rulebook:
    rulebook = shelf.load(environment=environment)
    assert rulebook is not None, shelf.said()
    return rulebook


def refused(shelf) -> list[str]:
    assert shelf.load() is None
    return shelf.said()


# ── what is in force ──


def test_a_value_changes_when_the_environment_is_chosen_and_only_then(books) -> None:
    books.put("paper.yaml", PAPER)
    books.put("live.yaml", PAPER.replace("paper", "live").replace("0.5%", "0.2%"))
    chosen = {name: under(books, name) for name in ("", "paper", "live")}
    risks = [rulebook.books["trend-1"].params["risk"].value for rulebook in chosen.values()]
    assert risks == [RISK, HALF, Decimal("0.002")]
    assert [rulebook.environment for rulebook in chosen.values()] == ["", "paper", "live"]
    assert books.findings == []


def test_what_extends_a_changed_book_has_its_value(books) -> None:
    books.put("paper.yaml", PAPER)
    heir = under(books, "paper").books["trend-2"]
    assert (heir.params["risk"].value, heir.params["slow"].value) == (HALF, 100)


def test_what_extends_a_changed_book_keeps_what_it_says_itself(books) -> None:
    books.put("paper.yaml", PAPER.replace("risk: 0.5%", "slow: 150"))
    changed = under(books, "paper").books
    assert (changed["trend-1"].params["slow"].value, changed["trend-2"].params["slow"].value) == (150, 100)


def test_a_book_that_extends_another_can_be_changed_alone_also_in_what_it_inherits(books) -> None:
    books.put("trend-2.yaml", HEIR.split("params:", maxsplit=1)[0])
    books.put("paper.yaml", PAPER.replace("trend-1", "trend-2"))
    changed = under(books, "paper").books
    assert (changed["trend-1"].params["risk"].value, changed["trend-2"].params["risk"].value) == (RISK, HALF)


def test_rules_and_facts_use_the_value(books) -> None:
    books.put("paper.yaml", PAPER.replace("risk: 0.5%", "slow: 150"))
    plain, paper = under(books, "").books["trend-1"], under(books, "paper").books["trend-1"]
    assert (plain.facts["sma_slow"].key, paper.facts["sma_slow"].key) == (
        "sma(close;window=200)",
        "sma(close;window=150)",
    )
    assert "window=150" in paper.rules[1].when.key


def test_a_change_keeps_the_range_of_a_param(books) -> None:
    books.put("trend-1.yaml", books.trend.replace("risk: 1%", "risk: {value: 1%, from: 0.1%, to: 2%, about: a part}"))
    books.put("paper.yaml", PAPER)
    param = under(books, "paper").books["trend-2"].params["risk"]
    assert (param.value, param.low, param.about) == (HALF, Decimal("0.001"), "a part")


def test_the_params_of_checks_can_be_changed(books) -> None:
    books.put("paper.yaml", PAPER.replace("trend-1", "checks").replace("risk: 0.5%", "most: 40%"))
    (plain,), (paper,) = under(books, "").checks, under(books, "paper").checks
    assert "0.8" in plain.refuse_if.key
    assert "0.4" in paper.refuse_if.key


def test_the_params_of_breakers_can_be_changed(books) -> None:
    with_param = books.breakers.replace("ladder:", "params: {first: 10%}\nladder:").replace("at: 10%", "at: first")
    books.put("breakers.yaml", with_param)
    books.put("paper.yaml", PAPER.replace("trend-1", "breakers").replace("risk: 0.5%", "first: 5%"))
    plain, paper = under(books, "").ladder, under(books, "paper").ladder
    assert (plain.levels[0].at, paper.levels[0].at) == (Decimal("0.1"), Decimal("0.05"))


def test_checks_of_one_name_are_told_once(books) -> None:
    books.put("more.yaml", CHECKS.replace("book: checks", "book: more"))
    books.put("paper.yaml", PAPER.replace("trend-1", "checks").replace("risk: 0.5%", "most: 40%"))
    refused(books)
    assert books.codes() == ["R021"]


def test_each_value_has_the_file_that_set_it_as_its_origin(books) -> None:
    path = books.put("paper.yaml", PAPER)
    book = under(books, "paper").books["trend-2"]
    settings = {setting.path: setting for setting in in_force(book)}
    assert book.params["risk"].origin == str(path)
    assert (settings["params.risk"].value, settings["params.risk"].origin.line) == ("0.5%", 6)
    assert settings["params.risk"].origin.file == str(path)
    assert settings["params.slow"].origin.file.endswith("trend-2.yaml")
    assert settings["params.longest"].origin.file.endswith("trend-1.yaml")


def test_versions_change_only_where_values_do(books) -> None:
    before = under(books, "")
    books.put("paper.yaml", PAPER)
    plain, paper = under(books, ""), under(books, "paper")
    assert plain.version == before.version != paper.version
    changed = {name for name, book in paper.books.items() if book.version != before.books[name].version}
    assert changed == {"trend-1", "trend-2"}
    books.put("paper.yaml", PAPER.replace("0.5%", "1.0%"))
    assert under(books, "paper").version == before.version


# ── what is wrong ──


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("trend-1", "tredn-1", "4:3: R022 There is no book `tredn-1` to change. Did you mean `trend-1`?"),
        ("risk", "rsik", "6:7: R024 The book `trend-1` has no param `rsik`. Did you mean `risk`?"),
        ("risk", "zz", "6:7: R024 The book `trend-1` has no param `zz`. It has `slow`, `risk` and `longest`."),
        ("trend-1", "core", "6:7: R024 The book `core` has no param `risk`. It has none."),
        ("0.5%", "0.5", "6:13: R043 `0.5` is a number; in the book `trend-1` it is a ratio. There it is `1%`."),
        ("0.5%", "[1%, 2%]", "6:7: R013 Under `risk` a single value is needed, here is a list."),
        ("    params:", "    facts:", "5:5: R011 The key `facts` has no meaning in `trend-1`. Here belong `params`."),
        ("environment: paper\n", "", "1:1: R012 The file has no `environment`."),
        ("environment: paper", "environment: On Paper", "1:14: R015 `On Paper` can't be a name here."),
        (
            "about:",
            "machine:",
            "1:1: R011 The key `environment` has no meaning in a book of an engine. It belongs into an environment",
        ),
    ],
)
def test_a_mistake_has_its_place_and_a_suggestion(books, old: str, new: str, expected: str) -> None:
    books.put("paper.yaml", PAPER.replace(old, new))
    said = refused(books)
    assert any(text.startswith(f"paper.yaml:{expected}") for text in said), said


def test_a_change_has_to_say_something(books) -> None:
    books.put("paper.yaml", "environment: paper\nbooks:\n")
    assert [text.split(" Fill")[0] for text in refused(books)] == [
        "paper.yaml:2:1: R013 Under `books` a section with keys is needed, here is nothing."
    ]


def test_a_wrong_unit_is_told_once_and_nothing_that_follows_from_it(books) -> None:
    books.put("paper.yaml", PAPER.replace("0.5%", "5 USDT"))
    assert refused(books) == [
        "paper.yaml:6:13: R043 `5 USDT` is an amount of money; in the book `trend-1` it is a ratio. There it is `1%`."
    ]


def test_a_value_that_cannot_be_read_is_told_once(books) -> None:
    books.put("paper.yaml", PAPER.replace("0.5%", "0.5 percent"))
    (said,) = refused(books)
    assert said.startswith("paper.yaml:6:")


def test_a_value_outside_of_the_range_is_told_once(books) -> None:
    books.put("trend-1.yaml", books.trend.replace("risk: 1%", "risk: {value: 1%, to: 2%}"))
    books.put("paper.yaml", PAPER.replace("0.5%", "5%"))
    assert refused(books) == ["paper.yaml:6:13: R043 `5%` is more than the largest value, `2%`."]


def test_a_mistake_that_only_the_environment_makes_names_both_places(books) -> None:
    books.put("paper.yaml", PAPER.replace("risk: 0.5%", "slow: 0"))
    (said,) = refused(books)
    assert re.match(r"trend-1\.yaml:16:\d+: R\d+ In the environment `paper`: ", said), said
    assert [place.file for place in books.findings[0].also][-1].endswith("paper.yaml")


def test_a_mistake_of_a_book_is_not_told_again_for_each_environment(books) -> None:
    books.put("trend-1.yaml", books.trend.replace("in: SCANNING", "in: SCANING"))
    books.put("paper.yaml", PAPER)
    books.put("live.yaml", PAPER.replace("paper", "live"))
    refused(books)
    assert books.codes() == ["R032"]


def test_all_environments_are_checked_whichever_is_chosen(books) -> None:
    books.put("paper.yaml", PAPER)
    books.put("live.yaml", PAPER.replace("paper", "live").replace("risk", "rsik"))
    assert books.load(environment="paper") is None
    assert books.codes() == ["R024"]


def test_two_files_for_one_environment(books) -> None:
    books.put("a.yaml", PAPER)
    books.put("b.yaml", PAPER.replace("risk: 0.5%", "slow: 3%"))
    twice, wrong = refused(books)
    assert twice.startswith("b.yaml:1:14: R021 There is an environment `paper` already, in ")
    assert wrong.startswith("b.yaml:6:13: R043")


def test_an_environment_may_have_the_name_of_a_book(books) -> None:
    books.put("paper.yaml", PAPER.replace("environment: paper", "environment: core"))
    assert under(books, "core").books["trend-1"].params["risk"].value == HALF


def test_an_unknown_environment_is_refused_with_those_that_there_are(books) -> None:
    books.put("paper.yaml", PAPER)
    books.put("live.yaml", PAPER.replace("paper", "live"))
    for asked, hint in (("papr", "Did you mean `paper`?"), ("x", "There is `live` and `paper`.")):
        assert books.load(environment=asked) is None
        (finding,) = books.findings
        assert (finding.sentence, finding.suggestion) == (f"There is no environment `{asked}`.", hint)


def test_without_any_environment_that_is_told(books) -> None:
    assert books.load(environment="paper") is None
    assert books.findings[0].suggestion == "No file describes one."


def test_an_environment_is_not_called_unknown_while_its_file_cannot_be_read(books) -> None:
    books.put("paper.yaml", PAPER.replace("books:", "books: ["))
    assert books.load(environment="paper") is None
    assert books.codes() == ["R003"]


def test_a_file_that_wants_to_be_a_book_as_well_is_only_refused(books) -> None:
    books.put("paper.yaml", f"book: trend-1\n{PAPER}")
    (said,) = refused(books)
    assert said.startswith("paper.yaml:1:1: R011 The key `book` has no meaning in an environment.")


def test_changes_of_books_that_extend_each_other_end(books) -> None:
    books.put("trend-2.yaml", "book: trend-2\nextends: trend-3\n")
    books.put("trend-3.yaml", "book: trend-3\nextends: trend-2\n")
    books.put("paper.yaml", PAPER.replace("trend-1", "trend-2"))
    refused(books)
    assert books.codes() == ["R023", "R023"]


# ── the shipped ones ──


def test_the_shipped_environment_changes_what_it_says() -> None:
    plain, _ = load(rule_files(RULES), MACHINES, vocabulary_for)
    live, findings = load(rule_files(RULES), MACHINES, vocabulary_for, "live")
    assert plain is not None
    assert live is not None
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    changed = {name for name, book in live.books.items() if book.version != plain.books[name].version}
    assert changed == {"trend-1", "trend-2"}
    assert all(live.books[name].params["risk"].value < plain.books[name].params["risk"].value for name in changed)
