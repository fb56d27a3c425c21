import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.cli.places import packaged_rules
from adapters.cli.plan import Plan
from adapters.cli.rulebook import in_force
from adapters.cli.wiring import Prepared, prepare
from adapters.synthetic.market import write_market
from rules.language.book import Mode
from runtime.events import CandleClose, OperatorCommand
from runtime.step import Step
from runtime.why_not import Entry, WhyNot, why_not

DAY_MS = 86_400_000
BEGIN_MS = 18_262 * DAY_MS
FROM_MS, TO_MS = BEGIN_MS + 335 * DAY_MS, BEGIN_MS + 425 * DAY_MS
BTC = "BTCUSDT"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_market(folder, 7, BEGIN_MS, 2, (BTC, "ETHUSDT"))
    return folder


@pytest.fixture
def plan(market: Path) -> Plan:
    return Plan(packaged_rules(), market, ("core-hodl", "trend-1"), from_ms=FROM_MS, to_ms=TO_MS)


def played(plan: Plan, until_ms: int = TO_MS) -> Prepared:
    prepared = prepare(plan)
    prepared.backtest.run(until_ms=until_ms)
    return prepared


def entry_of(answer: WhyNot, rule: str) -> Entry:
    return next(entry for entry in answer.entries if entry.rule.id == rule)


@pytest.mark.spec("RULE-10")
def test_asking_changes_nothing(plan: Plan) -> None:
    """A run in which every day is asked about ends as one in which nobody asks."""
    quiet, asked = played(plan), prepare(plan)
    answers = 0

    def watch(step: Step) -> None:
        nonlocal answers
        asked.recorder.watch(step)
        if isinstance(step.event, CandleClose) and step.at_ms % DAY_MS == 0:
            before = asked.engine.to_plain()
            answers += len(why_not(asked.engine, BTC, step.at_ms))
            assert asked.engine.to_plain() == before

    asked.backtest._watch = watch
    asked.backtest.run()
    assert answers == 2 * 90
    assert asked.recorder.result() == quiet.recorder.result()


@pytest.mark.spec("RULE-10")
def test_every_book_that_trades_the_symbol_answers_or_only_those_asked(plan: Plan) -> None:
    engine = played(plan, FROM_MS + 20 * DAY_MS).engine
    assert [answer.book for answer in why_not(engine, BTC, TO_MS)] == ["core-hodl", "trend-1"]
    assert [answer.book for answer in why_not(engine, BTC, TO_MS, ["trend-1"])] == ["trend-1"]
    assert why_not(engine, "SOLUSDT", TO_MS) == ()


@pytest.mark.spec("RULE-10")
def test_a_rule_that_counts_in_another_state_says_so_and_is_rehearsed_there(plan: Plan) -> None:
    at_ms = FROM_MS + 3 * DAY_MS
    (answer,) = why_not(played(plan, at_ms).engine, BTC, at_ms, ["core-hodl"])
    deploy, weekly = entry_of(answer, "entries.deploy"), entry_of(answer, "entries.weekly_purchase")
    assert (answer.state, deploy.state_fits, weekly.state_fits) == ("DEPLOYING", True, False)
    assert weekly.trace.value is False
    assert not weekly.fires
    assert [one.text.split(":")[0] for one in weekly.answers if not one.check] == [f"buy {BTC}"]


@pytest.mark.spec("RULE-10", "RISK-01")
def test_all_checks_that_would_refuse_are_named_with_what_they_saw(plan: Plan) -> None:
    prepared = played(plan)
    ladder = prepared.engine.ladder
    assert ladder is not None
    assert not ladder.entries_allowed
    (answer,) = why_not(prepared.engine, BTC, TO_MS, ["core-hodl"])
    refusals = [one for one in entry_of(answer, "entries.weekly_purchase").answers if one.check]
    assert "entries_halted" in [one.check for one in refusals]
    assert all(one.trace is not None for one in refusals if one.check != "size")
    assert any("The breaker is at" in obstacle for obstacle in answer.obstacles)


@pytest.mark.spec("RULE-15")
def test_what_is_unknown_is_named_and_asks_for_no_order(plan: Plan) -> None:
    """Two days after the first candle no average of 200 days is known."""
    early = replace(plan, from_ms=BEGIN_MS, to_ms=BEGIN_MS + 2 * DAY_MS, books=("trend-1",))
    (answer,) = why_not(played(early).engine, BTC, BEGIN_MS + 2 * DAY_MS)
    entry = entry_of(answer, "entries.long")
    assert entry.trace.value is None
    assert "sma_slow" in entry.trace.short_by
    assert entry.missing == ("stop_distance",)
    assert entry.answers == ()


@pytest.mark.spec("LIFE-06")
def test_a_paused_book_is_said(plan: Plan) -> None:
    engine = prepare(plan).engine
    engine.step(OperatorCommand(FROM_MS, "pause", "me", "a look around", "trend-1"))
    (answer,) = why_not(engine, BTC, FROM_MS, ["trend-1"])
    assert "The book trend-1 was paused by the operator." in answer.obstacles
    assert f"{BTC} has no price yet." in answer.obstacles


@pytest.mark.spec("BRK-04")
def test_a_halt_is_said(plan: Plan) -> None:
    end_ms = BEGIN_MS + 530 * DAY_MS
    halted = played(replace(plan, wait_ms=None, to_ms=end_ms), end_ms)
    assert halted.engine.halted
    (answer,) = why_not(halted.engine, BTC, TO_MS, ["trend-1"])
    assert answer.obstacles == ("Trading is halted until the operator acknowledges.",)


@pytest.mark.spec("RULE-14")
def test_shadow_rules_are_told_and_never_fire_and_those_that_are_off_are_not(plan: Plan) -> None:
    rulebook = in_force(packaged_rules())
    book = rulebook.books["trend-1"]
    modes = {"entries.long": Mode.SHADOW, "entries.short": Mode.OFF}
    rules = tuple(replace(rule, mode=modes.get(rule.id, rule.mode)) for rule in book.rules)
    changed = replace(rulebook, books={**rulebook.books, "trend-1": replace(book, rules=rules)})
    prepared = prepare(replace(plan, books=("trend-1",), capital=Decimal(10_000)), changed)
    prepared.backtest.run(until_ms=FROM_MS + 10 * DAY_MS)
    (answer,) = why_not(prepared.engine, BTC, FROM_MS + 10 * DAY_MS)
    assert [entry.rule.id for entry in answer.entries] == ["entries.long"]
    assert not answer.entries[0].fires


def with_rule(plan: Plan, name: str, **changes: object) -> Prepared:
    """Prepare a run of trend-1 in which one rule is another."""
    rulebook = in_force(packaged_rules())
    book = rulebook.books["trend-1"]
    rules = tuple(replace(rule, **changes) if rule.id == name else rule for rule in book.rules)
    books = {**rulebook.books, "trend-1": replace(book, rules=rules)}
    return prepare(replace(plan, books=("trend-1",)), replace(rulebook, books=books))


def test_an_entry_is_rehearsed_where_it_counts_while_the_machine_stands_elsewhere(plan: Plan) -> None:
    at_ms = FROM_MS + 15 * DAY_MS
    (answer,) = why_not(played(plan, at_ms).engine, BTC, at_ms, ["trend-1"])
    entry = entry_of(answer, "entries.long")
    assert answer.state in ("IN_POSITION", "TRAILING_STOP")
    assert not entry.state_fits
    assert entry.answers


def test_only_the_orders_of_the_symbol_are_asked_about(plan: Plan) -> None:
    at_ms = FROM_MS + 3 * DAY_MS
    (answer,) = why_not(played(plan, at_ms).engine, BTC, at_ms, ["core-hodl"])
    (order,) = entry_of(answer, "entries.deploy").answers
    assert order.text.startswith(f"buy {BTC}")


@pytest.mark.spec("RISK-01")
def test_a_cap_without_room_is_named_beside_other_refusals(plan: Plan, tmp_path: Path) -> None:
    for section in ("engines", "governance"):
        shutil.copytree(packaged_rules() / section, tmp_path / section)
    checks = tmp_path / "governance/pre-trade.yaml"
    checks.write_text(checks.read_text(encoding="utf-8").replace("cap: 45% of portfolio", "cap: 0% of portfolio"))
    prepared = prepare(plan, in_force(tmp_path))
    prepared.backtest.run(until_ms=FROM_MS + DAY_MS)
    prepared.engine.step(OperatorCommand(FROM_MS + DAY_MS, "pause", "me", "a look around"))
    (answer,) = why_not(prepared.engine, BTC, FROM_MS + DAY_MS, ["core-hodl"])
    refusing = [one.check for one in entry_of(answer, "entries.weekly_purchase").answers]
    assert {"paused", "core_concentration"} <= set(refusing)


@pytest.mark.spec("RULE-01")
def test_a_condition_that_has_not_held_long_enough_says_how_long_it_has(plan: Plan) -> None:
    prepared = with_rule(plan, "entries.long", held_for_ms=400 * DAY_MS)
    seen: dict[int, Entry] = {}

    def watch(step: Step) -> None:
        if isinstance(step.event, CandleClose) and step.at_ms % DAY_MS == 0:
            (answer,) = why_not(prepared.engine, BTC, step.at_ms)
            seen[step.at_ms] = entry_of(answer, "entries.long")

    prepared.backtest._watch = watch
    prepared.backtest.run(until_ms=FROM_MS + 5 * DAY_MS)
    holding = {at_ms: entry for at_ms, entry in seen.items() if entry.trace.value is True}
    assert len(holding) > 1
    first_ms = min(holding)
    assert [entry.held_ms for entry in holding.values()] == [at_ms - first_ms for at_ms in holding]
    assert not any(entry.fires for entry in holding.values())


@pytest.mark.spec("RULE-14")
def test_a_rule_whose_time_is_over_says_so(plan: Plan) -> None:
    at_ms = FROM_MS + 2 * DAY_MS
    for expires_ms, expired in ((at_ms, True), (at_ms + 1, False)):
        prepared = with_rule(plan, "entries.long", expires_ms=expires_ms)
        prepared.backtest.run(until_ms=at_ms)
        (answer,) = why_not(prepared.engine, BTC, at_ms)
        assert entry_of(answer, "entries.long").expired is expired
