"""A back-test knows that its book is what a search has found, and how far that can be trusted."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.cli.plan import Plan
from adapters.cli.rulebook import in_force
from adapters.cli.search_folder import KeptSearch
from adapters.cli.search_found import found_among
from adapters.cli.workbench import WorkOrder
from adapters.search.choosers import Method
from adapters.search.result import result_of
from adapters.search.search import Asked, Leg
from adapters.search.trial_file import TrialFile
from rules.language.rulebook import Rulebook
from runtime.aim import Aim
from runtime.found import Found
from runtime.run import RunSettings
from runtime.search_space import Choice, Space
from runtime.trial import Figures, Purpose, Trial, Tried

pytestmark = pytest.mark.spec("BT-06", "BT-07")

SPACE = Space({"fast": ("20", "40"), "slow": ("60", "80", "100")})
SHARPE = {("20", "60"): 0.5, ("20", "80"): 0.9, ("20", "100"): 0.4, ("40", "60"): 0.1, ("40", "80"): 0.2}
BEST = (("fast", "20"), ("slow", "80"))
BEGIN, END = 1_000, 9_000


def tried(number: int, choice: Choice) -> Tried:
    sharpe = SHARPE.get(tuple(value for _, value in choice), -1.0)  # type: ignore[arg-type]
    figures = Figures(sharpe / 10, sharpe, sharpe, sharpe, 0.1, 9, 9, 400)
    return Tried(Trial(Purpose.SEARCH, number, 0, choice, BEGIN, END), figures)


@pytest.fixture
def kept(tmp_path: Path) -> KeptSearch:
    asked = Asked(SPACE, Method.GRID, Aim.SHARPE, 1, SPACE.size, (Leg(0, BEGIN, END),))
    plan = Plan(tmp_path, tmp_path, ("trend-1-found",), {"trend-1-found": Decimal(1)})
    kept = KeptSearch("abc", tmp_path / "abc", asked, WorkOrder(plan, "trend-1", "trend-1-found", (), ()), 5)
    kept.write()
    with TrialFile(kept.file) as file:
        for number, choice in enumerate(SPACE):
            file.append(tried(number, choice))
    return kept


@pytest.fixture(scope="module")
def folder(place_to_search: Path) -> Path:
    return place_to_search / "rules"


def rulebook(folder: Path, tmp_path: Path, fast: int, slow: int, extends: str = "trend-1") -> Rulebook:
    for file in folder.rglob("*.yaml"):
        copy = tmp_path / "rules" / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    text = f"book: mine\nextends: {extends}\naccount: MINE\nparams:\n  fast: {fast}\n  slow: {slow}\n"
    (tmp_path / "rules" / "engines" / "mine.yaml").write_text(text)
    return in_force(tmp_path / "rules")


def settings(from_ms: int = BEGIN, to_ms: int = END) -> RunSettings:
    nothing = Decimal(0)
    return RunSettings(("mine",), {}, nothing, from_ms, to_ms, "", "", nothing, nothing, None)


def test_a_book_with_the_values_of_the_best_is_known_with_what_they_are_worth(kept, folder, tmp_path) -> None:
    found = found_among(tmp_path, rulebook(folder, tmp_path, 20, 80), settings())
    deflated = result_of(kept.asked, kept.tried).deflated
    assert deflated is not None
    # One step away stand 0.5, 0.4 and 0.2.
    assert found == {"mine": Found("abc", 6, deflated, pytest.approx(0.4 / 0.9))}


def test_a_book_with_other_values_was_not_found(kept, folder, tmp_path) -> None:
    assert found_among(tmp_path, rulebook(folder, tmp_path, 20, 60), settings()) == {}


def test_a_search_says_nothing_of_times_that_it_has_not_seen(kept, folder, tmp_path) -> None:
    rules = rulebook(folder, tmp_path, 20, 80)
    assert found_among(tmp_path, rules, settings(END, END + 9)) == {}
    assert found_among(tmp_path, rules, settings(END - 1, END + 9)).keys() == {"mine"}


def test_the_last_search_counts_and_what_is_no_search_does_not(kept, folder, tmp_path) -> None:
    later = replace(kept, id="abd", folder=tmp_path / "abd", begun_ms=6)
    later.write()
    later.file.write_bytes(kept.file.read_bytes())
    for name, content in (("torn", "{"), ("list", "[]")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "search.json").write_text(content)
    torn = replace(kept, id="abe", folder=tmp_path / "abe", begun_ms=7)
    torn.write()
    torn.file.write_text(json.dumps({}) + "\n")
    assert found_among(tmp_path, rulebook(folder, tmp_path, 20, 80), settings())["mine"].search == "abd"
