"""A made-up market of three years, made once, and runs of the shipped books over it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.cli.plan import Plan
from adapters.cli.rulebook import in_force
from adapters.cli.wiring import Prepared, prepare
from adapters.synthetic.market import write_market
from rules.language.rulebook import Rulebook

ROOT = Path(__file__).resolve().parents[2]
DAY_MS = 86_400_000
BEGIN_MS = 18_262 * DAY_MS
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
Prepare = Callable[..., Prepared]


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three years of three coins, labelled synthetic."""
    folder = tmp_path_factory.mktemp("market")
    write_market(folder, 7, BEGIN_MS, 3, SYMBOLS)
    return folder


@pytest.fixture(scope="session")
def plan(market: Path) -> Plan:
    """All shipped engines for a year and a half, with one and a half years before to warm up."""
    span = {"from_ms": BEGIN_MS + 500 * DAY_MS, "to_ms": BEGIN_MS + 1_050 * DAY_MS}
    return Plan(ROOT / "rules", market, ("core-hodl", "trend-1", "trend-2", "tactical"), **span)


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    """The shipped rules, read once: nothing can change them."""
    return in_force(ROOT / "rules")


@pytest.fixture(scope="session")
def prepared(plan: Plan, rulebook: Rulebook) -> Prepare:
    """Prepare a run of the plan, changed where asked."""

    def changed(**changes: object) -> Prepared:
        return prepare(replace(plan, **changes), None if "rules" in changes else rulebook)

    return changed
