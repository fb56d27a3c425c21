"""Breakers, checks, limits and shares: how they are read, and what is refused."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest

from rules.language.book import Mode
from rules.language.governance import CapBy, Close
from rules.language.rulebook import Rulebook

CheckBook = Callable[..., list[str]]


def loaded(shelf, text: str) -> Rulebook:
    """Load one governance book beside two engines."""
    shelf.put("core.yaml", shelf.core)
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("governance.yaml", text)
    rulebook = shelf.load()
    assert rulebook is not None, shelf.said()
    return rulebook


def refused(shelf, text: str) -> list[str]:
    """Give what is said about one governance book beside two engines."""
    shelf.put("core.yaml", shelf.core)
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("governance.yaml", text)
    assert shelf.load() is None
    return shelf.said()


@pytest.mark.spec("BRK-01")
def test_a_ladder_is_read_whole(shelf) -> None:
    ladder = loaded(shelf, shelf.breakers).ladder
    assert ladder is not None
    assert (ladder.on.text, ladder.clear_by, ladder.keep_for_ms) == ("portfolio.drawdown", Decimal("0.02"), 86_400_000)
    caution, warning, alert, emergency = ladder.levels
    assert (caution.name, caution.at, caution.new_size, caution.entries) == (
        "CAUTION",
        Decimal("0.1"),
        Decimal("0.75"),
        True,
    )
    assert (caution.new_stop_distance, caution.hourly_report, caution.alert) == (Decimal("1.5"), True, "P1")
    assert (warning.entries, alert.close, emergency.close) == (False, Close.DIRECTIONAL, Close.EVERYTHING)
    assert [level.until_acknowledged for level in ladder.levels] == [False, False, False, True]
    assert ladder.after_acknowledgement is not None
    assert ladder.after_acknowledgement.doubles_every_ms == 7 * 86_400_000
    assert ladder.after_acknowledgement.restarts


@pytest.mark.spec("RISK-01")
def test_checks_are_read_in_the_order_of_the_file(shelf) -> None:
    text = """\
book: pre-trade
params: {most: 5%}
checks:
  halted: {refuse_if: breaker.level == EMERGENCY, why: It is over.}
  position_size:
    cap: most of portfolio
    for: order.asset not in [BTC, ETH]
  engine: {cap: 45% of account, cap_by: order, if: book == trend-1, unless: exchange.trouble}
  fixed: {cap: 500 USDT}
  weekend: {mode: off, scale: 50%, if: [weekday in [Saturday, Sunday], machine == trend]}
"""
    halted, size, engine, fixed, weekend = loaded(shelf, text).checks
    assert (halted.name, halted.why, halted.condition, halted.mode) == ("halted", "It is over.", None, Mode.LIVE)
    assert halted.refuse_if is not None
    assert size.cap is not None
    assert size.cap.key == "(ratio:0.05 * fact:portfolio.equity)"
    assert (size.cap.text, size.cap_by) == ("most of portfolio", CapBy.POSITION)
    assert engine.cap is not None
    assert (engine.cap.key, engine.cap_by) == ("(ratio:0.45 * fact:account.equity)", CapBy.ORDER)
    assert engine.unless is not None
    assert fixed.cap is not None
    assert weekend.condition is not None
    assert (weekend.mode, weekend.condition.text) == (
        Mode.OFF,
        "weekday in [Saturday, Sunday] and machine == trend",
    )


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("{why: x}", "3:3: R052 The check `a` has no answer. Give it one of `refuse_if`, `scale` or `cap`."),
        (
            "{scale: 50%, cap: 3 USDT}",
            "3:19: R052 The check `a` has 2 answers: `scale` and `cap`. Make a check of each.",
        ),
        ("{scale: 50%, cap_by: order}", "3:19: R052 `cap_by` has no meaning without `cap`. Leave it out."),
        (
            "{scale: 150%}",
            "3:14: R053 `150%` is out of range: a check makes orders smaller, so a ratio from 0% to 100% is needed.",
        ),
        ("{cap: 5% of portfolo}", "3:18: R052 A part of `portfolo` can't be taken. Did you mean `portfolio`?"),
        (
            "{cap: 5 of account}",
            "3:12: R124 `5` is a plain number, but this place needs a ratio. Write `500%` or `5%`, whichever you mean.",
        ),
        ("{cap: 5%}", "3:12: R124 `5%` is a ratio, but this place needs an amount of money."),
        (
            "{refuse_if: machine == trnd}",
            "3:29: R103 `trnd` is not one of the words allowed here: `trend` or `core`. Did you mean `trend`?",
        ),
        (
            "{refuse_if: book == core-hodl}",
            "3:26: R103 `core-hodl` is not one of the words allowed here: `trend-1` or `core`.",
        ),
        ("{refuse_if: portfolio.drawdown > 2}", None),
        ("{refusif: yes}", "3:7: R011 The key `refusif` has no meaning in `a`. Did you mean `refuse_if`?"),
        ("{scale: 50%, mode: of}", "3:25: R014 `of` is not possible for `mode`. Did you mean `off`?"),
    ],
)
def test_a_check_that_cannot_be_meant_is_refused(shelf, check: str, expected: str | None) -> None:
    found = refused(shelf, f"book: pre-trade\nchecks:\n  a: {check}\n")
    if expected is None:
        assert "R121" in found[0]
    else:
        assert any(text.startswith(f"governance.yaml:{expected}") for text in found), found


def test_two_books_may_have_checks_but_not_the_same(shelf) -> None:
    shelf.put("a.yaml", "book: one\nchecks: {a: {scale: 50%}, b: {scale: 10%}}\n")
    shelf.put("b.yaml", "book: two\nchecks: {c: {scale: 50%}}\n")
    rulebook = shelf.load()
    assert rulebook is not None
    assert [check.name for check in rulebook.checks] == ["a", "b", "c"]
    shelf.put("b.yaml", "book: two\nchecks: {a: {scale: 50%}}\n")
    assert shelf.load() is None
    assert shelf.said() == ["b.yaml:2:10: R021 There is a check `a` already. Give this one another name."]


def test_the_envelope_is_read_whole(shelf) -> None:
    text = """\
book: envelope
limits: {largest_order: 25% of portfolio, leverage: 3, orders_per_hour: 60, turnover_per_day: 200%, patience: 2m}
"""
    envelope = loaded(shelf, text).envelope
    assert (envelope.largest_order, envelope.leverage, envelope.orders_per_hour) == (Decimal("0.25"), Decimal(3), 60)
    assert (envelope.turnover_per_day, envelope.slippage_cap, envelope.patience_ms) == (2, Decimal("0.005"), 120_000)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("leverage: 3", "leverage: 0", "2:42: R053 `0` is out of range: more than zero is needed here."),
        ("25% of portfolio", "25% of account", "2:32: R054 The largest order is a part of the portfolio."),
        ("60", "60%", "2:62: R124 `60%` is a ratio, but this place needs a whole number."),
        ("leverage: 3, ", "", "2:1: R012 `limits` has no `leverage`."),
        ("200%", "2", "2:84: R124 `2` is a plain number, but this place needs a ratio."),
    ],
)
def test_an_envelope_that_cannot_be_meant_is_refused(shelf, old: str, new: str, expected: str) -> None:
    limits = "largest_order: 25% of portfolio, leverage: 3, orders_per_hour: 60, turnover_per_day: 200%"
    found = refused(shelf, f"book: envelope\nlimits: {{{limits.replace(old, new)}}}\n")
    assert any(expected.split(": ", 1)[1] in said for said in found), found


def test_shares_are_exact_and_alternatives_share_one(shelf) -> None:
    shelf.put("core-two.yaml", "book: core-two\nextends: core\naccount: CORE\n")
    text = "book: shares\nshares: {core: 2/3, core-two: 60%, trend-1: 1/3}\nalternatives: [[core, core-two]]\n"
    rulebook = loaded(shelf, text)
    assert rulebook.shares == {"core": Fraction(2, 3), "core-two": Fraction(3, 5), "trend-1": Fraction(1, 3)}
    assert rulebook.alternatives == (frozenset({"core", "core-two"}),)
    assert shelf.findings == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shares: {core: 70%, trend-1: 40%}", "2:1: R053 The shares add up to 110%, which is more than 100%."),
        (
            "shares: {core: 70%, more: 10%, trend-1: 40%}\nalternatives: [[core, more]]",
            "2:1: R053 The shares add up to 110%, which is more than 100%.",
        ),
        ("shares: {core: 70%, trend-1: 101%}", "2:30: R053 101% is out of range: a share is from 0% to 100%."),
        ("shares: {core: 70%, trend: 10%}", "2:21: R022 There is no book `trend`. Did you mean `trend-1`?"),
        ("shares: {core: 0.7}", "2:16: R124 `0.7` is a number; a ratio such as `40%` or `2/3` is needed here."),
        ("shares: {core: 70%}\nalternatives: [[core, cor]]", "3:23: R054 `cor` has no share. Did you mean `core`?"),
    ],
)
def test_shares_that_cannot_be_meant_are_refused(shelf, text: str, expected: str) -> None:
    found = refused(shelf, f"book: shares\n{text}\n")
    assert any(said.startswith(f"governance.yaml:{expected}") for said in found), found


def test_a_book_without_a_share_has_no_money(shelf) -> None:
    loaded(shelf, "book: shares\nshares: {core: 70%}\n")
    assert shelf.said() == [
        "trend-1.yaml:1:7: P010 The book `trend-1` has no share of the portfolio. Give it one in the book of shares."
    ]
