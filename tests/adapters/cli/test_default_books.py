from dataclasses import replace
from pathlib import Path

import pytest

from adapters.cli.default_books import books_of
from adapters.cli.places import packaged_rules
from adapters.cli.plan import DEFAULT_BOOKS, Plan
from adapters.cli.rulebook import in_force
from adapters.synthetic.market import write_market
from rules.language.rulebook import Rulebook


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return in_force(packaged_rules(), "")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Candles of both markets as long as the funding book asks for, and funding rates, of all its coins."""
    folder = tmp_path_factory.mktemp("whole")
    write_market(folder, 7, 1_577_836_800_000, 1, ("BTCUSDT", "ETHUSDT", "SOLUSDT"))
    return folder


def test_funding_runs_by_default_where_its_data_are(whole: Path, rulebook: Rulebook) -> None:
    assert books_of(Plan(packaged_rules(), whole, ()), rulebook) == (*DEFAULT_BOOKS, "funding")


def test_it_does_not_where_one_of_its_series_is_missing(market: Path, rulebook: Rulebook) -> None:
    assert books_of(Plan(packaged_rules(), market, ()), rulebook) == DEFAULT_BOOKS


def test_what_was_named_is_what_runs(whole: Path, rulebook: Rulebook) -> None:
    plan = replace(Plan(packaged_rules(), whole), books=("trend-1",))
    assert books_of(plan, rulebook) == ("trend-1",)
