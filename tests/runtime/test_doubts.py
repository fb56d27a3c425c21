"""Each doubt is raised by a result that deserves it, and by no other."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from machines.catalogue import MACHINES
from machines.intents import Direction
from rules.language.rulebook import Rulebook, load, rule_files
from runtime.doubts import result_facts, with_doubts
from runtime.facts import vocabulary_for
from runtime.found import Found
from runtime.instrument import Market
from runtime.run import EquityPoint, RunResult, RunSettings
from runtime.trades import Trade

ROOT = Path(__file__).parents[2] / "rules"
DAY_MS = 86_400_000
FROM_MS = 18_262 * DAY_MS  # 2020-01-01
YEARS = 3
DAYS = YEARS * 365
BOOK = "trend-1"


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    rulebook, findings = load(rule_files(ROOT), MACHINES, vocabulary_for)
    assert rulebook is not None, findings
    return rulebook


def trade(number: int, net: str, symbol: str = "BTCUSDT", exit_rule: str = "exits.too_old") -> Trade:
    entry_ms = FROM_MS + number * 5 * DAY_MS
    nothing = Decimal(0)
    return Trade(
        *(BOOK, "TREND-1", Market.LINEAR, symbol, Direction.LONG, Decimal(1)),
        *(entry_ms, Decimal(100), entry_ms + DAY_MS, Decimal(101), Decimal(net), nothing, nothing),
        *("entries.long", exit_rule),
    )


def sound_trades() -> list[Trade]:
    """Forty of two coins, half of them won, a quarter stopped, none much larger than another."""
    return [
        trade(
            number,
            "30" if number % 2 else "-10",
            "BTCUSDT" if number % 4 < 2 else "ETHUSDT",
            "stop" if number % 4 == 0 else "exits.too_old",
        )
        for number in range(40)
    ]


def sound_equity() -> list[float]:
    """Growth in every year, with a setback every few days."""
    return [1_000.0 * 1.0008**day * (0.98 if day % 7 == 3 else 1.0) for day in range(1, DAYS + 1)]


def result(trades: list[Trade], equity: list[float], exposed: float = 1.0, days: int = DAYS) -> RunResult:
    points = tuple(
        EquityPoint(
            FROM_MS + day * DAY_MS,
            Decimal(str(value)),
            {BOOK: Decimal(str(value))},
            Decimal(1) if day <= exposed * len(equity) else Decimal(0),
            Decimal(0),
            "NORMAL",
        )
        for day, value in enumerate(equity, 1)
    )
    settings = RunSettings(
        books=(BOOK,),
        shares={BOOK: Decimal(1)},
        capital=Decimal(1_000),
        from_ms=FROM_MS,
        to_ms=FROM_MS + days * DAY_MS,
        rules_version="",
        data="",
        slippage=Decimal(0),
        volume_share=Decimal("0.1"),
        acknowledge_after_ms=None,
    )
    return RunResult(settings, (), points, (), (), tuple(trades), (), (), (), ())


def held(found: RunResult) -> set[str]:
    assert found.doubts is not None
    return {one.doubt for one in found.doubts}


@pytest.mark.spec("BT-07")
def test_a_sound_result_raises_no_doubt(rulebook: Rulebook) -> None:
    assert held(with_doubts(result(sound_trades(), sound_equity()), rulebook)) == set()


def _with(trades: list[Trade], *others: Trade) -> list[Trade]:
    return [*trades, *others]


def _years(growths: tuple[float, ...]) -> list[float]:
    curve, value = [], 1_000.0
    for growth in growths:
        for day in range(365):
            value *= (1 + growth) ** (1 / 365)
            curve.append(value * (0.97 if day % 7 == 3 else 1.0))
    return curve


DOUBTFUL: Mapping[str, tuple[list[Trade], list[float], float, int]] = {
    "short": (sound_trades(), sound_equity()[:300], 1.0, 300),
    "few_trades": (sound_trades()[:24], sound_equity(), 1.0, DAYS),
    "one_trade": (_with(sound_trades(), trade(41, "500")), sound_equity(), 1.0, DAYS),
    "few_winners": (
        _with(
            [trade(n, "-1", "ETHUSDT" if n % 2 else "BTCUSDT", "stop") for n in range(38)],
            trade(39, "30"),
            trade(40, "31", "ETHUSDT"),
        ),
        sound_equity(),
        1.0,
        DAYS,
    ),
    "one_symbol": (
        [replace(one, symbol="BTCUSDT" if one.net > 0 else "ETHUSDT") for one in sound_trades()],
        sound_equity(),
        1.0,
        DAYS,
    ),
    "one_year": (sound_trades(), _years((0.02, 0.6, 0.02)), 1.0, DAYS),
    "flat": (sound_trades(), [*sound_equity()[:600], *[1_500.0 - day % 5 for day in range(495)]], 1.0, DAYS),
    "stops_never_hit": ([replace(one, exit_rule="exits.too_old") for one in sound_trades()], sound_equity(), 1.0, DAYS),
    "too_good": (
        [trade(n, "-10" if n % 10 == 0 else "10", exit_rule="stop" if n % 4 else "x") for n in range(40)],
        sound_equity(),
        1.0,
        DAYS,
    ),
    "too_smooth": (sound_trades(), [1_000.0 * 1.001**day + day % 2 for day in range(DAYS)], 1.0, DAYS),
    "mostly_cash": (sound_trades(), sound_equity(), 0.25, DAYS),
}


@pytest.mark.spec("BT-07")
@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_a_result_that_deserves_a_doubt_raises_it(rulebook: Rulebook, doubt: str) -> None:
    trades, equity, exposed, days = DOUBTFUL[doubt]
    found = with_doubts(result(trades, equity, exposed, days), rulebook)
    assert doubt in held(found)
    assert found.doubts is not None
    told = next(one for one in found.doubts if one.doubt == doubt)
    assert "doubts.yaml:" in told.place
    assert told.value
    assert "unknown" not in told.value
    assert any(character.isdigit() for character in told.when)
    assert told.book in ("", BOOK)


CHOSEN: Mapping[str, tuple[Found, str]] = {
    "luck": (Found("abc", 200, 0.62, 0.9), "deflated_sharpe 62 %"),
    "peak": (Found("abc", 200, 0.97, 0.31), "plateau 31 %"),
}


@pytest.mark.spec("BT-06", "BT-07")
@pytest.mark.parametrize("doubt", CHOSEN)
def test_values_that_a_search_chose_are_doubted_as_far_as_the_search_is(rulebook: Rulebook, doubt: str) -> None:
    found, told = CHOSEN[doubt]
    sound = result(sound_trades(), sound_equity())
    raised = with_doubts(replace(sound, found={BOOK: found}), rulebook).doubts
    assert raised is not None
    assert [(one.doubt, one.book) for one in raised] == [(doubt, BOOK)]
    assert raised[0].value == told
    assert held(with_doubts(replace(sound, found={"trend-2": found}), rulebook)) == set()
    assert held(with_doubts(replace(sound, found={BOOK: Found("abc", 9, None, None)}), rulebook)) == set()


def test_every_shipped_doubt_is_tried_here(rulebook: Rulebook) -> None:
    assert rulebook.doubts is not None
    assert {doubt.name for doubt in rulebook.doubts} == {*DOUBTFUL, *CHOSEN}


def test_nothing_can_be_said_of_parts_of_a_loss() -> None:
    facts = result_facts(result([trade(1, "-5"), trade(2, "3", "ETHUSDT")], [1_000.0, 990.0]))
    assert [facts[f"result.{name}"] for name in ("best_trade", "best_twentieth", "best_symbol", "best_year")] == [
        None
    ] * 4


def test_without_a_book_of_doubts_nothing_is_looked_for(rulebook: Rulebook) -> None:
    assert with_doubts(result([], []), replace(rulebook, doubts=None)).doubts is None


def test_doubts_are_no_part_of_the_version_of_the_rules(rulebook: Rulebook) -> None:
    without, _ = load([path for path in rule_files(ROOT) if path.name != "doubts.yaml"], MACHINES, vocabulary_for)
    assert without is not None
    assert without.doubts is None
    assert without.version == rulebook.version
