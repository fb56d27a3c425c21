"""What a book of an engine may say, and what its author is told when it doesn't."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest

from rules.language.book import Book, Mode, in_force

CheckBook = Callable[..., list[str]]


def only(found: list[str]) -> str:
    assert len(found) == 1, found
    return found[0]


def loaded(shelf, name: str = "trend-1") -> Book:
    rulebook = shelf.load()
    assert rulebook is not None, shelf.said()
    return rulebook.books[name]


@pytest.mark.spec("RULE-01")
def test_a_book_is_read_whole(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    book = loaded(shelf)
    assert (book.name, book.machine, book.account, book.market) == ("trend-1", "trend", "TREND-1", "linear")
    assert (book.symbols, book.timeframe, book.directional) == (("BTCUSDT", "ETHUSDT"), "1d", True)
    assert book.params["risk"].value == Decimal("0.01")
    assert book.params["longest"].value == 30 * 86_400_000
    assert [rule.id for rule in book.rules] == ["exits.too_old", "triggers.trailing_on", "entries.long"]


def test_a_rule_is_read_whole(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    too_old, _, long = loaded(shelf).rules
    assert too_old.states == ("IN_POSITION", "TRAILING")
    assert (too_old.trigger, sorted(too_old.arguments)) == ("leave", ["label", "urgency"])
    assert too_old.why == "A month is enough."
    assert (too_old.mode, too_old.expires_ms, too_old.held_for_ms) == (Mode.LIVE, None, 0)
    assert long.when.text == "close > sma_slow and not exchange.trouble"
    assert (long.place.line, long.place.column) == (33, 3)


def test_a_list_of_conditions_means_and(shelf) -> None:
    shelf.put("a.yaml", shelf.trend)
    listed = loaded(shelf).rules[-1].when.key
    joined = shelf.trend.replace(
        "when:\n      - close > sma_slow\n      - not exchange.trouble",
        "when: close > sma_slow and not exchange.trouble",
    )
    shelf.put("a.yaml", joined)
    assert loaded(shelf).rules[-1].when.key == listed


@pytest.mark.parametrize(
    "when",
    [
        "[close > sma_slow, not exchange.trouble, sma(close, slow) > lowest(low, 20)]",
        "[close > sma_slow and weekday in [Monday, Sunday], close[1] > sma(close[2], slow)]",
        "|\n      close > sma_slow\n      and close[1] > sma_slow",
        "close > sma_slow\n      and close[1] > sma_slow",
        '"close > sma_slow"',
    ],
)
def test_conditions_may_be_written_as_suits_their_length(check_book: CheckBook, shelf, when: str) -> None:
    """The commas of a call are not the commas of a list, wherever it stands."""
    assert (
        check_book(shelf.trend, ("when:\n      - close > sma_slow\n      - not exchange.trouble", f"when: {when}"))
        == []
    )


def test_a_rule_may_stand_on_one_line(check_book: CheckBook, shelf) -> None:
    then = "signal(side=short, risk=risk, stop_distance=range)"
    one_line = f"{{in: SCANNING, when: sma(close, 5) > sma(close, slow), then: {then}}}"
    assert check_book(shelf.trend, ("entries:\n", f"entries:\n  short: {one_line}\n")) == []


def test_held_for_and_expires(shelf) -> None:
    shelf.put(
        "a.yaml", shelf.trend.replace("    why: A month", "    for: 8h\n    expires: 2030-01-02\n    why: A month")
    )
    rule = loaded(shelf).rules[0]
    assert rule.held_for_ms == 8 * 3_600_000
    assert rule.expires_ms == 1_893_542_400_000


@pytest.mark.spec("RULE-14")
@pytest.mark.parametrize(
    ("book_mode", "rule_mode", "expected"),
    [
        ("live", "live", Mode.LIVE),
        ("live", "off", Mode.OFF),
        ("shadow", "live", Mode.SHADOW),
        ("shadow", "off", Mode.OFF),
    ],
)
def test_a_rule_does_no_more_than_its_book(shelf, book_mode: str, rule_mode: str, expected: Mode) -> None:
    text = shelf.core.replace("account: CORE", f"account: CORE\nmode: {book_mode}")
    shelf.put("a.yaml", text.replace("    each: symbol\n", f"    each: symbol\n    mode: {rule_mode}\n"))
    assert loaded(shelf, "core").rules[0].mode is expected


def test_a_param_may_say_its_range(shelf, check_book: CheckBook) -> None:
    assert check_book(shelf.trend, ("slow: 200", "slow: {value: 200, from: 20, to: 400, about: of the average}")) == []
    param = loaded(shelf).params["slow"]
    assert (param.value, param.low, param.high, param.about) == (200, 20, 400, "of the average")


MISTAKES = [
    ("sma_slow: sma(close", "sma_slow: sma(clsoe", "16:17: R101 The name `clsoe` is not known. Did you mean `close`?"),
    ("in: SCANNING", "in: SCANING", "34:9: R032 The machine `trend` has no state `SCANING`. Did you mean `SCANNING`?"),
    ("then: trail(", "then: tral(", "30:11: R033 The machine `trend` has no trigger `tral`. Did you mean `trail`?"),
    (
        "then: trail(distance=3 * range)",
        "then: opened()",
        "30:11: R034 `opened` is fired by the engine, not by rules. A rule can fire `signal`, `trail` or `leave`.",
    ),
    (
        "in: IN_POSITION\n",
        "in: TRAILING\n",
        "28:9: R035 In the state `TRAILING` the machine `trend` can't be told `trail`. It can in `IN_POSITION`.",
    ),
    ("trail(distance=3 * range)", "trail()", "30:11: R036 `trail` has no `distance`. Write `trail(distance=…)`."),
    (
        "trail(distance=3 * range)",
        "trail(3 * range)",
        "30:17: R037 The arguments of `trail` are given by name. Write `trail(distance=…)`.",
    ),
    (
        "trail(distance=3 * range)",
        "trail(distnace=3 * range, distance=range)",
        "30:17: R037 `trail` has no argument `distnace`. Did you mean `distance`?",
    ),
    (
        "trail(distance=3 * range)",
        "trail(distance=range, distance=range)",
        "30:33: R037 `distance` is given twice. Leave one of them.",
    ),
    (
        "trail(distance=3 * range)",
        "trail",
        "30:11: R039 The trigger that is to be fired has to stand here. Write `trail()`.",
    ),
    (
        "risk: 1%",
        "risk: 1",
        "38:34: R124 `risk` is a whole number (1), but this place needs a ratio. "
        "Write `risk` as a ratio, for example 100%.",
    ),
    (
        "side=long",
        "side=lnog",
        "38:23: R103 `lnog` is not one of the words allowed here: `long` or `short`. Did you mean `long`?",
    ),
    ("account: TREND-1", "acount: TREND-1", None),
    ("timeframe: 1d", "timeframe: 1day", "7:12: R105 `1day` is not a timeframe. Did you mean `1d`?"),
    ("market: linear", "market: liner", "5:9: R014 `liner` is not possible for `market`. Did you mean `linear`?"),
    ("    why: A", "    whyy: A", "24:5: R011 The key `whyy` has no meaning in `too_old`. Did you mean `why`?"),
    ("    why: A", "    mode: of\n    why: A", "24:11: R014 `of` is not possible for `mode`. Did you mean `off`?"),
    (
        "    why: A",
        "    expires: 2030-02-30\n    why: A",
        "24:14: R055 `2030-02-30` is not a date. Write the first day on which the rule no longer counts: 2030-12-31.",
    ),
    (
        "    why: A",
        "    for: 3\n    why: A",
        "24:10: R124 `3` is a plain number, but this place needs a duration. Write `3d`.",
    ),
    (
        "    why: A",
        "    each: symbol\n    why: A",
        "24:5: R047 Each symbol has a machine `trend` of its own, so its rules are asked for each symbol anyway. "
        "Leave `each` out.",
    ),
    ("machine: trend", "machine: trnd", "3:10: R031 There is no machine `trnd`. Did you mean `trend`?"),
    ("[BTCUSDT, E", "[BTCUSDC, E", "6:11: R041 `BTCUSDC` is not traded against USDT. Write for example `BTCUSDT`."),
    ("[BTCUSDT, E", "[BTCUSDT, BTCUSDT, E", "6:20: R041 `BTCUSDT` is listed twice. Leave one of them."),
    (
        "  risk: 1%",
        "  risk: {value: 1%, from: 2%, to: 3%}",
        "12:17: R043 `1%` is less than the least value, `2%`.",
    ),
    (
        "  risk: 1%",
        "  risk: {value: 1%, from: 0%, to: 0.5%}",
        "12:17: R043 `1%` is more than the largest value, `0.5%`.",
    ),
    (
        "  risk: 1%",
        "  risk: {value: 1%, to: 3}",
        "12:25: R043 `3` is a whole number, the value `1%` is a ratio. A range has the unit of its value.",
    ),
    (
        "facts:\n",
        "facts:\n  close: high\n",
        "16:3: R045 `close` is a column of the candles already; this fact needs another name. "
        "Call it for example `my_close`.",
    ),
    (
        "when: close > 2 * sma_slow",
        "when: close",
        "29:11: R123 `close` is a price, but this place needs a condition (true or false).",
    ),
    (
        "then: trail(distance=3 * range)",
        "then: leave()",
        "27:3: P005 `triggers.trailing_on` fires `leave`, which closes positions. It belongs under `exits:`.",
    ),
]


@pytest.mark.spec("RULE-03")
@pytest.mark.parametrize(("old", "new", "expected"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_to_write(
    check_book: CheckBook, shelf, old: str, new: str, expected: str | None
) -> None:
    found = check_book(shelf.trend, (old, new))
    errors = [text for text, finding in zip(found, shelf.findings, strict=True) if finding.severity == "error"]
    if expected is None:
        assert (
            "book.yaml:4:1: R011 The key `acount` has no meaning in a book of an engine. Did you mean `account`?"
            in found
        )
        assert any("R012 The book has no `account`" in text for text in found)
    else:
        assert only(errors) == f"book.yaml:{expected}"


@pytest.mark.spec("RULE-03")
def test_all_mistakes_come_at_once_in_the_order_of_the_file(check_book: CheckBook, shelf) -> None:
    mistakes = [("sma(close", "sma(clsoe"), ("in: SCANNING", "in: SCANING"), ("then: trail(", "then: tral(")]
    found = check_book(shelf.trend, *mistakes)
    assert [finding.code for finding in shelf.findings] == ["R101", "R033", "R032"]
    assert found == sorted(found, key=lambda text: int(text.split(":")[1]))


def test_the_marked_line_shows_the_place(check_book: CheckBook, shelf) -> None:
    check_book(shelf.trend, ("in: SCANNING", "in: SCANING"))
    (finding,) = (finding for finding in shelf.findings if finding.code == "R032")
    assert finding.marked == "    in: SCANING\n        ^^^^^^^"


# ── one machine for all symbols ──


def test_a_condition_for_all_symbols_names_how_they_are_asked(check_book: CheckBook, shelf) -> None:
    found = only(check_book(shelf.core, ("    each: symbol\n", "")))
    assert found.startswith(
        "book.yaml:12:11: R046 `drift` is different for each symbol, and here is one answer for all"
    )
    assert "`any_symbol(…)`" in found
    assert "`each: symbol`" in found


def test_a_named_fact_that_needs_a_symbol_is_found_where_it_is_used(check_book: CheckBook, shelf) -> None:
    facts = ("entries:\n", "facts:\n  far: drift > 5% or close > sma(close, 20)\n\nentries:\n")
    found = only(check_book(shelf.core, facts, ("when: exchange.trouble", "when: exchange.trouble or far")))
    assert found.startswith("book.yaml:26:31: R046 `drift`")
    assert [place.line for place in shelf.findings[0].also] == [10]


@pytest.mark.parametrize(
    "condition",
    [
        "any_symbol(drift > 5%)",
        "largest(abs(drift)) > 5%",
        "BTCUSDT.drift > 5%",
        "BTCUSDT.close > sma(BTCUSDT.close, 20)",
    ],
)
def test_a_condition_for_all_symbols_may_ask_all_or_one_of_them(check_book: CheckBook, shelf, condition: str) -> None:
    assert check_book(shelf.core, ("when: exchange.trouble", f"when: {condition}")) == []


def test_an_argument_with_one_value_for_all_symbols_has_no_symbol(check_book: CheckBook, shelf) -> None:
    begin = "{in: DEPLOYING, when: exchange.trouble, then: begin(target=account.equity * drift, cycles=4)}"
    found = check_book(shelf.core, ("triggers:\n", f"triggers:\n  begin: {begin}\n"))
    assert "R046 `drift` is different for each symbol" in found[0]


# ── weights ──


@pytest.mark.spec("CORE-01")
def test_weights_are_exact(shelf) -> None:
    shelf.put("core.yaml", shelf.core)
    assert loaded(shelf, "core").weights == {"BTCUSDT": Fraction(2, 3), "ETHUSDT": Fraction(1, 3)}


@pytest.mark.spec("CORE-01")
@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (
            "{BTCUSDT: 60%, ETHUSDT: 30%}",
            "7:1: R042 The weights add up to 90%, not to 100%. 10% are missing.",
        ),
        (
            "{BTCUSDT: 2/3, ETHUSDT: 2/3}",
            "7:1: R042 The weights add up to 133.3333% (4/3), not to 100%. 33.3333% (1/3) is too much.",
        ),
        (
            "{BTCUSDT: 66.6666%, ETHUSDT: 1/3}",
            "7:1: R042 The weights add up to 99.9999% (1499999/1500000), not to 100%. 0.0001% (1/1500000) are missing.",
        ),
        (
            "{BTCUSDT: 2/3, ETHUST: 1/3}",
            "7:25: R042 `ETHUST` is not one of the book's symbols. Did you mean `ETHUSDT`?",
        ),
        ("{BTCUSDT: 100%}", "7:1: R042 `ETHUSDT` has no weight. Give each symbol one; 0% is possible."),
        ("{BTCUSDT: 120%, ETHUSDT: -20%}", "7:35: R042 A weight can't be negative."),
        (
            "{BTCUSDT: 0.5, ETHUSDT: 50%}",
            "7:20: R124 `0.5` is a number; a ratio such as `40%` or `2/3` is needed here. Write `0.5%`.",
        ),
    ],
)
def test_weights_that_do_not_add_up_are_refused(check_book: CheckBook, shelf, weights: str, expected: str) -> None:
    assert f"book.yaml:{expected}" in check_book(shelf.core, ("{BTCUSDT: 2/3, ETHUSDT: 1/3}", weights))


# ── loans ──


@pytest.mark.spec("CORE-14")
def test_a_book_names_the_coins_that_it_lends(shelf) -> None:
    shelf.put("core.yaml", shelf.core + "lends: [ETHUSDT]\n")
    assert loaded(shelf, "core").lends == ("ETHUSDT",)
    without = shelf.core
    shelf.put("core.yaml", without)
    assert loaded(shelf, "core").lends == ()


@pytest.mark.spec("CORE-14")
def test_only_a_coin_that_the_book_holds_can_be_lent(check_book: CheckBook, shelf) -> None:
    found = check_book(shelf.core + "lends: [ETHUST]\n")
    assert any("R042 `ETHUST` is not one of the book's symbols. Did you mean `ETHUSDT`?" in one for one in found)
    found = check_book(shelf.trend + "lends: [BTCUSDT]\n")
    assert any("R042 A book of perpetuals has no coins to lend. Take `lends` out." in one for one in found)


@pytest.mark.spec("CORE-14", "RULE-13")
def test_a_book_that_extends_another_lends_only_what_it_holds_itself(shelf) -> None:
    shelf.put("core.yaml", shelf.core + "lends: [ETHUSDT]\n")
    child = "book: two\nextends: core\naccount: CORE\nsymbols: [BTCUSDT]\nweights: {BTCUSDT: 100%}\n"
    shelf.put("two.yaml", child)
    assert loaded(shelf, "two").lends == ()
    shelf.put("two.yaml", child + "lends: [BTCUSDT]\n")
    assert loaded(shelf, "two").lends == ("BTCUSDT",)


# ── overlays ──

OVERLAY = "book: trend-2\nextends: trend-1\naccount: TREND-2\nparams:\n  slow: 100\n"


@pytest.mark.spec("RULE-13")
def test_a_book_that_extends_another_is_that_book_with_other_params(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("trend-2.yaml", OVERLAY)
    one, two = loaded(shelf), loaded(shelf, "trend-2")
    assert (two.account, two.extends, two.params["slow"].value) == ("TREND-2", "trend-1", 100)
    assert two.params["risk"].value == one.params["risk"].value
    assert [rule.id for rule in two.rules] == [rule.id for rule in one.rules]
    assert two.facts["sma_slow"].key != one.facts["sma_slow"].key
    assert two.facts["range"].key == one.facts["range"].key


@pytest.mark.spec("RULE-13")
def test_everything_in_force_has_an_origin(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    path = shelf.put("trend-2.yaml", OVERLAY)
    settings = {setting.path: setting for setting in in_force(loaded(shelf, "trend-2"))}
    assert settings["params.slow"].value == "100"
    assert settings["params.slow"].origin.file == str(path)
    assert settings["params.risk"].origin.file == str(shelf.folder / "trend-1.yaml")
    assert settings["params.risk"].origin.line == 12
    assert settings["exits.too_old.in"].value == "[IN_POSITION, TRAILING]"
    assert "extends" not in settings


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("slow: 100", "slwo: 100", "5:3: R024 The book that is extended has no param `slwo`. Did you mean `slow`?"),
        (
            "extends: trend-1",
            "extends: trend-9",
            "2:10: R022 There is no book `trend-9` to extend. Did you mean `trend-1`?",
        ),
        ("extends: trend-1", "extends: trend-2", "2:10: R023 The book extends itself: trend-2 → trend-2."),
        (
            "slow: 100",
            "slow: 2%",
            "5:9: R043 `2%` is a ratio; in the book that is extended it is a whole number. There it is `200`.",
        ),
        (
            "params:",
            "facts: {a: 1}\nparams:",
            "4:1: R011 The key `facts` has no meaning in a book that extends another.",
        ),
    ],
)
def test_a_mistake_in_a_book_that_extends(shelf, old: str, new: str, expected: str) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("trend-2.yaml", OVERLAY.replace(old, new))
    assert shelf.load() is None
    assert any(text.startswith(f"trend-2.yaml:{expected}") for text in shelf.said()), shelf.said()


def test_books_that_extend_each_other_are_all_told(shelf) -> None:
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")):
        shelf.put(f"{name}.yaml", f"book: {name}\nextends: {parent}\n")
    assert shelf.load() is None
    assert [text.split(". ")[0] for text in shelf.said()] == [
        "a.yaml:2:10: R023 The book extends itself: a → b → c → a",
        "b.yaml:2:10: R023 The book extends itself: b → c → a → b",
        "c.yaml:2:10: R023 The book extends itself: c → a → b → c",
    ]


def test_a_mistake_of_the_parent_is_told_once(shelf) -> None:
    shelf.put("a.yaml", OVERLAY)
    shelf.put("trend-1.yaml", shelf.trend.replace("in: SCANNING", "in: SCANING"))
    assert shelf.load() is None
    assert shelf.codes() == ["R032"]


def test_a_mistake_that_only_the_overlay_makes_names_both_places(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("trend-2.yaml", OVERLAY.replace("slow: 100", "slow: 0"))
    assert shelf.load() is None
    (finding,) = shelf.findings
    assert finding.place.file.endswith("trend-1.yaml")
    assert [place.file for place in finding.also][-1].endswith("trend-2.yaml")


def test_an_overlay_keeps_the_range_of_a_param(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend.replace("slow: 200", "slow: {value: 200, from: 150, to: 400}"))
    shelf.put("trend-2.yaml", OVERLAY)
    assert shelf.load() is None
    assert shelf.said() == ["trend-2.yaml:5:9: R043 `100` is less than the least value, `150`."]


def test_an_overlay_may_have_other_symbols_and_weights(shelf) -> None:
    shelf.put("core.yaml", shelf.core)
    shelf.put(
        "ten.yaml",
        "book: ten\nextends: core\naccount: TEN\nsymbols: [BTCUSDT, SOLUSDT]\nweights: {BTCUSDT: 50%, SOLUSDT: 50%}\n",
    )
    book = loaded(shelf, "ten")
    assert book.symbols == ("BTCUSDT", "SOLUSDT")
    assert set(book.weights) == {"BTCUSDT", "SOLUSDT"}
