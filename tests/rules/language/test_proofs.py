"""What is proved from the structure of a book and its machine."""

from collections.abc import Callable

import pytest

from rules.language.findings import Severity

CheckBook = Callable[..., list[str]]
pytestmark = pytest.mark.spec("RULE-06")


def test_a_sound_book_has_nothing_to_prove(check_book: CheckBook, shelf) -> None:
    assert check_book(shelf.trend) == []
    assert check_book(shelf.core) == []


def test_a_position_that_no_rule_can_close(check_book: CheckBook, shelf) -> None:
    found = check_book(shelf.trend, ("in: [IN_POSITION, TRAILING]", "in: IN_POSITION"))
    assert (
        "book.yaml:19:1: P004 A position can be held in the state `TRAILING` and no rule can close it there. "
        "Add a rule under `exits:` with `in: TRAILING` that fires `leave`." in found
    )
    assert {finding.code: finding.severity for finding in shelf.findings}["P004"] is Severity.ERROR


@pytest.mark.parametrize("mode", ["off", "shadow"])
def test_a_rule_that_moves_nothing_closes_nothing(check_book: CheckBook, shelf, mode: str) -> None:
    found = check_book(shelf.trend, ("    why: A", f"    mode: {mode}\n    why: A"))
    closed = [text for text in found if "P004" in text]
    assert len(closed) == 2
    assert closed[0].endswith("`exits.too_old` would, but the mode is not live.")


def test_a_book_that_bets_on_no_direction_may_hold_for_ever(check_book: CheckBook, shelf) -> None:
    """Coins that are kept need no rule that sells them; shadowing the only exit of a directional book is an error."""
    check_book(shelf.core)
    assert "P004" not in shelf.codes()
    check_book(shelf.core, ("account: CORE", "account: CORE\ndirectional: yes"))
    assert shelf.codes() == ["P004"]


def test_a_state_that_is_never_reached(check_book: CheckBook, shelf) -> None:
    trailing = shelf.trend[shelf.trend.index("triggers:") : shelf.trend.index("entries:")]
    found = check_book(shelf.trend, (trailing, ""))
    assert found == [
        "book.yaml:20:3: P002 The state `TRAILING` is never reached by the rules of this book. "
        "`exits.too_old` can never fire in it. A rule that fires `trail` leads there."
    ]
    assert shelf.findings[0].severity is Severity.WARNING


def test_a_rule_that_is_off_leads_nowhere(check_book: CheckBook, shelf) -> None:
    check_book(shelf.trend, ("    when: close > 2 * sma_slow", "    mode: off\n    when: close > 2 * sma_slow"))
    assert shelf.codes() == ["P002"]


def test_what_the_exchange_moves_needs_no_rule(check_book: CheckBook, shelf) -> None:
    """IN_POSITION is reached by a fill, and EXITING is left by one."""
    check_book(shelf.trend)
    assert "P002" not in shelf.codes()
    assert "P003" not in shelf.codes()


def test_a_state_that_is_never_left(check_book: CheckBook, shelf) -> None:
    healthy = "  healthy: {in: PAUSED, when: not exchange.trouble, then: resume()}\n"
    found = check_book(shelf.core, (healthy, ""))
    assert found == [
        "book.yaml:2:10: P003 The state `PAUSED` is never left: no rule fires `resume` in it. "
        "Add a rule `in: PAUSED` that does."
    ]


def test_a_state_named_twice(check_book: CheckBook, shelf) -> None:
    found = check_book(shelf.trend, ("[IN_POSITION, TRAILING]", "[IN_POSITION, TRAILING, IN_POSITION]"))
    assert found == ["book.yaml:21:33: P006 The state `IN_POSITION` is named twice. Once is enough."]


def test_facts_and_params_that_nothing_uses(check_book: CheckBook, shelf) -> None:
    found = check_book(
        shelf.trend, ("  risk: 1%", "  risk: 1%\n  spare: 3"), ("facts:\n", "facts:\n  noise: close - low\n")
    )
    assert found == [
        "book.yaml:13:3: P007 Nothing uses the param `spare`. Use it, or take it out.",
        "book.yaml:17:3: P007 Nothing uses the fact `noise`. Use it, or take it out.",
    ]


@pytest.mark.parametrize("use", ["noise > 0 USDT/BTC", "ETHUSDT.noise > 0 USDT/BTC", "known(noise[1])"])
def test_what_is_used_in_any_way_is_used(check_book: CheckBook, shelf, use: str) -> None:
    facts = ("facts:\n", "facts:\n  noise: close - low\n")
    assert check_book(shelf.trend, facts, ("- close > sma_slow", f"- {use}\n      - close > sma_slow")) == []


def test_nothing_is_called_unused_while_a_rule_cannot_be_read(check_book: CheckBook, shelf) -> None:
    check_book(shelf.trend, ("when: age(position) >= longest", "when: age(position) >= longest &&"))
    assert shelf.codes() == ["R165"]


def test_a_condition_that_is_always_the_same(check_book: CheckBook, shelf) -> None:
    found = check_book(shelf.trend, ("when: close > 2 * sma_slow", "when: slow > 20"))
    assert found == [
        "book.yaml:29:11: P008 The condition of `triggers.trailing_on` is always the same: "
        "only params and plain values are in it. To switch a rule off, write `mode: off`."
    ]


def test_the_same_condition_twice_in_one_state(check_book: CheckBook, shelf) -> None:
    other = "  again:\n    in: [TRAILING]\n    when: (age(position)  >=  longest)\n    then: leave(urgency=urgent)\n"
    found = check_book(shelf.trend, ("exits:\n", f"exits:\n{other}"))
    assert found == [
        "book.yaml:24:3: P009 `exits.too_old` has the same condition as `exits.again` in the state `TRAILING`. "
        "Join the two rules, or make one of the conditions narrower."
    ]
    assert [place.line for place in shelf.findings[0].also] == [20]


def test_a_rule_that_is_off_shadows_nothing(check_book: CheckBook, shelf) -> None:
    other = "  again:\n    in: TRAILING\n    when: age(position) >= longest\n    then: leave()\n    mode: off\n"
    assert check_book(shelf.trend, ("exits:\n", f"exits:\n{other}")) == []


def test_facts_that_go_round_in_a_circle_are_written_out(check_book: CheckBook, shelf) -> None:
    facts = "facts:\n  one: three + 1\n  two: one * 2\n  three: two - 1\n  itself: itself\n  fine: one\n"
    found = check_book(shelf.trend, ("facts:\n", facts), ("- close > sma", "- fine > itself\n      - close > sma"))
    assert found == [
        "book.yaml:16:3: P001 The fact is defined by itself: one → three → two → one. "
        "Give one of them a value of its own.",
        "book.yaml:19:3: P001 The fact is defined by itself: itself → itself. Give one of them a value of its own.",
    ]
    assert [place.line for place in shelf.findings[0].also] == [18, 17]


def test_a_fact_named_like_the_end_of_another_is_no_circle(check_book: CheckBook, shelf) -> None:
    facts = ("facts:\n", "facts:\n  trouble: not exchange.trouble\n")
    assert check_book(shelf.trend, facts, ("- not exchange.trouble", "- trouble")) == []


def test_no_proof_is_tried_on_what_may_only_be_misspelt(check_book: CheckBook, shelf) -> None:
    check_book(shelf.trend, ("exits:\n", "exist:\n"))
    assert shelf.codes() == ["R011"]


# ── breakers ──

LADDERS = [
    (
        "15%",
        "10%",
        "8:5: P023 `CAUTION` and `WARNING` overlap: both begin at 10%. Give each level a threshold of its own.",
    ),
    (
        "15%",
        "5%",
        "8:5: P023 `WARNING` begins at 5%, below `CAUTION` at 10%, which stands before it. "
        "Levels rise from line to line.",
    ),
    ("WARNING:", "WORNING:", "8:5: P021 The breaker has no level `WORNING`. Did you mean `WARNING`?"),
    (
        "WARNING:",
        "WORNING:",
        "6:3: P022 The ladder has a gap: `WARNING` is missing. "
        "A ladder has `CAUTION`, `WARNING`, `ALERT` and `EMERGENCY`, in this order.",
    ),
    ("at: 10%", "at: 0%", "7:5: P020 The level `CAUTION` would always hold. A level is above 0%."),
    (
        "clear_by: 2%",
        "clear_by: 10%",
        "4:13: P026 `CAUTION` could never be left: 10% less 10% is not above 0%. Less than 10% is needed.",
    ),
    (
        "clear_by: 2%",
        "clear_by: 5%",
        "4:13: P026 `WARNING` would be left only below `CAUTION`, which is 5% lower. Less than 5% is needed.",
    ),
    (
        "close: everything, ",
        "",
        "10:5: P024 `EMERGENCY` is milder than `ALERT`: it closes nothing, not directional. "
        "A higher level does at least what a lower one does.",
    ),
    (
        "{ at: 20%, entries: none,",
        "{ at: 20%,",
        "9:5: P024 `ALERT` is milder than `WARNING`: it allows entries. "
        "A higher level does at least what a lower one does.",
    ),
    (
        "halt: until_acknowledged, ",
        "",
        "10:5: P025 `EMERGENCY` halts until somebody acknowledges, and no other level does. "
        "Write `halt: until_acknowledged`.",
    ),
    (
        "close: directional,",
        "close: directional, halt: until_acknowledged,",
        "9:62: P025 `EMERGENCY` halts until somebody acknowledges, and no other level does. Leave `halt` out here.",
    ),
    (
        "new_size: 75%",
        "new_size: 175%",
        "7:37: R053 `175%` is out of range: a ratio from 0% to 100% is needed here.",
    ),
    ("24h", "24", "5:13: R124 `24` is a plain number, but this place needs a duration. Write `24d`."),
    ("at: 10%", "at: 0.1", None),
]


@pytest.mark.spec("BRK-06")
@pytest.mark.parametrize(("old", "new", "expected"), LADDERS)
def test_a_ladder_that_is_not_one_is_refused(
    check_book: CheckBook, shelf, old: str, new: str, expected: str | None
) -> None:
    found = check_book(shelf.breakers, (old, new))
    assert any(finding.severity is Severity.ERROR for finding in shelf.findings)
    if expected is not None:
        assert f"book.yaml:{expected}" in found
    else:
        assert "R124" in found[0]


@pytest.mark.spec("BRK-06")
def test_levels_that_have_changed_places_are_refused(check_book: CheckBook, shelf) -> None:
    lines = shelf.breakers.splitlines(keepends=True)
    lines[6], lines[7] = lines[7], lines[6]
    found = check_book("".join(lines))
    assert "P023 `CAUTION` stands above `WARNING`, but is the milder level." in found[1]
