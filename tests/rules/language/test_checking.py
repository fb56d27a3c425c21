from collections.abc import Callable
from dataclasses import replace

import pytest

from rules.language.checking import check_types
from rules.language.findings import Finding
from rules.language.source import Place, in_one_line
from rules.language.syntax import parse
from rules.language.typed import Typed, Wrong
from rules.language.units import Kind, Unit
from rules.language.vocabulary import Scope

Findings = Callable[..., list[Finding]]
Check = Callable[..., Typed]


@pytest.mark.spec("RULE-02", "RULE-04")
@pytest.mark.parametrize(
    ("text", "unit", "series", "exact"),
    [
        ("close > sma_slow and strength > 25", Unit.BOOL, True, True),
        ("portfolio.drawdown > 12%", Unit.BOOL, False, True),
        ("2 * atr(14)", Unit.PRICE, True, False),
        ("risk * portfolio.equity", Unit.MONEY, False, True),
        ("portfolio.equity / price", Unit.QUANTITY, False, True),
        ("close / open", Unit.RATIO, True, False),
        ("(close - open) / open / 100%", Unit.NUMBER, True, False),
        ("1 if close > open else 4", Unit.COUNT, True, False),
        ("1 if order.opens else 4", Unit.COUNT, False, True),
        ("1 week", Unit.WRONG, True, True),
        ("risk + third", Unit.RATIO, True, True),
        ("risk + 1/3", Unit.RATIO, True, True),
        ("third * 3", Unit.NUMBER, True, True),
        ("-fast", Unit.NUMBER, True, True),
        ("now - next_halving", Unit.DURATION, False, True),
        ("age(next_halving) / 2", Unit.DURATION, False, True),
        ("hours_since(position)", Unit.NUMBER, False, True),
        ("weekday", Unit.ENUM, False, True),
        ("highest(close, since_entry)", Unit.PRICE, False, False),
        ("count_last(close > open, 5)", Unit.COUNT, True, False),
        ("mean(volume, 20)", Unit.QUANTITY, True, False),
        ("ema(rsi(14), 9)", Unit.NUMBER, True, False),
        ("total(position.value)", Unit.MONEY, False, True),
        ("largest(close)", Unit.PRICE, False, False),
        ("floor(2.5)", Unit.COUNT, True, True),
        ("position.side if order.opens else long", Unit.WRONG, False, True),
        ('"long" if order.opens else position.side', Unit.TEXT, False, True),
        ("yes", Unit.BOOL, True, True),
    ],
)
def test_units_follow_from_the_parts(
    findings_of: Findings, typed: Check, text: str, unit: Unit, series: bool, exact: bool
) -> None:
    if unit is Unit.WRONG:
        assert findings_of(text)
        return
    kind = typed(text).kind
    assert (kind.unit, kind.series, kind.exact) == (unit, series, exact)


@pytest.mark.spec("RULE-03", "RULE-04")
@pytest.mark.parametrize(
    ("text", "code", "column", "said"),
    [
        ("slwo > 3", "R101", 1, "The name `slwo` is not known. Did you mean `slow`?"),
        ("close.high > 3", "R101", 1, "no parts"),
        ("close.__class__ == 3", "R101", 1, "no parts"),
        ("ETHUSDT > 3", "R101", 1, "is a symbol"),
        ("ETHUSDT.clsoe > open", "R101", 1, "Did you mean `close`?"),
        ("ath > close", "R101", 1, "`ath` is a function. Write `ath(x=high)`."),
        ("smma(close, 3) > close", "R102", 1, "Did you mean `sma`?"),
        ("eval(close)", "R102", 1, "no function `eval`"),
        ("close() > open", "R102", 1, "without parentheses"),
        ("position.side == lnog", "R103", 18, "Did you mean `long`?"),
        ('position.side == "lnog"', "R103", 1, "no word in common"),
        ("engine in [core-hodl, trend-2]", "R103", 23, "Did you mean `trend-1`?"),
        ("book == core", "R103", 9, 'in quotes: "core"'),
        ("weekday == position.side", "R103", 1, "no word in common"),
        ("ETHUSTD.close > close", "R104", 1, "Did you mean `ETHUSDT`?"),
        ("close@ETHUSTD > close", "R104", 7, "Did you mean `ETHUSDT`?"),
        ("close@7h > close", "R105", 7, "`1h`"),
        ("portfolio.equity > 5 USDX", "R121", 1, "quantity of coins"),
        ("portfolio.drawdown > 0.12", "R121", 1, "Write `12%` or `0.12%`, whichever you mean."),
        ("portfolio.drawdown > 25", "R121", 1, "Write `25%`."),
        ("0.12 < portfolio.drawdown", "R121", 1, "Write `12%` or `0.12%`"),
        ("portfolio.drawdown between 5% and 12", "R121", 1, "Write `12%`."),
        ("portfolio.drawdown in [5%, 12]", "R121", 1, "Write `12%`."),
        ("close > 60000", "R121", 1, "Write `60000 USDT/BTC`."),
        ("close > 60000 USDT", "R121", 1, "Write `60000 USDT/BTC`."),
        ("ETHUSDT.close > 3000", "R121", 1, "Write `3000 USDT/ETH`."),
        ("portfolio.equity > close", "R121", 1, "A price times a quantity is money"),
        ("portfolio.equity > 500", "R121", 1, "Write `500 USDT`."),
        ("age(position) > 30", "R121", 1, "Write `30d`."),
        ("position.profit > strength", "R121", 1, "Divide the ratio by 100%"),
        ("close if close > open else 3", "R121", 1, "two values of one choice"),
        ("max(close, 3)", "R121", 1, "can't be compared"),
        ("1 - risk", "R122", 1, "Write `100%` or `1%`, whichever you mean."),
        ("close + volume", "R122", 1, "can't be added"),
        ("close * close", "R122", 1, "can't be multiplied"),
        ("-position.side", "R122", 1, "no sign"),
        ("not strength", "R123", 5, "`not` needs a condition"),
        ("strength and close > open", "R123", 1, "`and` needs a condition"),
        ("close if strength else open", "R123", 10, "`if` needs a condition"),
        ("position.side < long", "R125", 1, "have no order"),
        ("order.opens > yes", "R125", 1, "have no order"),
        ("close / 0", "R126", 9, "`0` is zero"),
        ("risk / zero", "R126", 8, "`zero` is zero"),
        ("close / 0.00", "R126", 9, "zero"),
        ("[1, 2] == 3", "R127", 1, "after `in`"),
        ("coins == 3", "R127", 1, "is a list"),
        ("order.asset in BTC", "R127", 16, "[a, b]"),
        ("order.asset in []", "R127", 16, "[a, b]"),
        ("portfolio.drawdown[1] > 2%", "R143", 1, "computed from candles"),
        ("close[0] > open", "R144", 7, "whole number"),
        ("close[1.5] > open", "R144", 7, "whole number"),
        ("close[strength] > open", "R144", 7, "known before"),
        ("close[99999] > open", "R144", 7, "10000"),
        ("portfolio.drawdown@1h > 2%", "R145", 1, "`@`"),
        ("close@1h@1d > open", "R145", 1, "already"),
        ("ETHUSDT.close@BTCUSDT > open", "R145", 1, "already"),
        ("ETHUSDT.portfolio.drawdown > 2%", "R145", 1, "not kept per symbol"),
        ("volatility(close, 36h) > 80%", "R144", 1, "36h is 1.5 candles of 1d"),
        ("volatility(close, 30d)@1w > 80%", "R144", 1, "candles of 1w"),
    ],
)
def test_mistakes_are_told_where_they_stand(
    findings_of: Findings, text: str, code: str, column: int, said: str
) -> None:
    found = findings_of(text)
    finding = found[-1]
    assert (finding.code, finding.place.column) == (code, column), str(finding)
    assert said in f"{finding.sentence} {finding.suggestion}", str(finding)


@pytest.mark.spec("RULE-03")
def test_a_param_of_the_wrong_unit_is_shown_with_its_own_place(findings_of: Findings) -> None:
    (finding,) = findings_of("strength > strong")
    assert finding.sentence == "`strength` is a number and `strong` is a ratio (30%); they can't be compared."
    assert finding.suggestion == "Write `strong` as a plain number, for example 30."
    assert finding.also == (Place("book.yaml", 12, 11, 3),)


@pytest.mark.spec("RULE-03")
def test_all_mistakes_of_an_expression_are_told_at_once(findings_of: Findings) -> None:
    found = findings_of("slwo > 3 and portfolio.drawdown > 12 or sma(clsoe, fats) > close@9h or weekday == Mon")
    assert [finding.code for finding in found] == ["R101", "R121", "R101", "R101", "R105", "R103"]


def test_a_wrong_fact_is_told_once_and_not_again_where_it_is_used(scope: Scope, findings_of: Findings) -> None:
    findings: list[Finding] = []
    wrong = check_types(parse(in_one_line("sma(clsoe, 5)")), scope, findings)
    assert isinstance(wrong, Wrong)
    assert len(findings) == 1
    assert findings_of("average > 3 and average * 2 > close", replace(scope, facts={"average": wrong})) == []


def test_what_uses_a_wrong_fact_is_wrong_too(scope: Scope) -> None:
    findings: list[Finding] = []
    wrong = check_types(parse(in_one_line("sma(clsoe, 5)")), scope, findings)
    within = replace(scope, facts={"average": wrong})
    assert isinstance(check_types(parse(in_one_line("close > average")), within, findings), Wrong)


@pytest.mark.parametrize(
    ("text", "expected", "code"),
    [
        ("long", Kind(Unit.ENUM, ("long", "short")), ""),
        ('"long"', Kind(Unit.ENUM, ("long", "short")), ""),
        ("long if close > open else short", Kind(Unit.ENUM, ("long", "short")), ""),
        ("flat", Kind(Unit.ENUM, ("long", "short")), "R103"),
        ("position.side", Kind(Unit.ENUM, ("long", "short")), "R124"),
        ("no", Kind(Unit.ENUM, ("no", "until_acknowledged")), ""),
        ("1/3", Kind(Unit.RATIO), ""),
        ("third", Kind(Unit.RATIO), ""),
        ("0.5", Kind(Unit.RATIO), "R124"),
        ("2 * atr(14)", Kind(Unit.PRICE), ""),
        ("2 * strength", Kind(Unit.PRICE), "R124"),
        ("5", Kind(Unit.NUMBER), ""),
        ("5.5", Kind(Unit.COUNT), "R124"),
        ("close", Kind(Unit.BOOL), "R123"),
        ('"a label"', Kind(Unit.TEXT), ""),
    ],
)
def test_a_place_says_what_it_wants(findings_of: Findings, scope: Scope, text: str, expected: Kind, code: str) -> None:
    assert [finding.code for finding in findings_of(text, scope, expected)] == ([code] if code else [])


def test_names_win_over_words(typed: Check, scope: Scope) -> None:
    with_param = replace(scope, facts={**scope.facts, "long": typed("position.side")})
    assert typed("position.side == long", with_param).key == "(fact:position.side == fact:position.side)"


def test_the_same_meaning_has_the_same_key(typed: Check) -> None:
    assert typed("sma_slow").key == typed("sma( close ,200 )").key == typed("sma(close, window=slow)").key
    assert typed("sma(close, 200)").key != typed("sma(close, 201)").key
    assert typed("2 * risk").key != typed("0.02 * 2").key


def test_a_named_fact_is_shown_by_its_name(typed: Check) -> None:
    expression = typed("strength > 25")
    assert [child.text for child in expression.children] == ["strength", "25"]


@pytest.mark.spec("RULE-02")
def test_facts_upon_facts_stay_bounded(scope: Scope, typed: Check, findings_of: Findings) -> None:
    facts = {**scope.facts, "f0": typed("close + open")}
    codes: list[str] = []
    for level in range(1, 40):
        within = replace(scope, facts=facts)
        found = findings_of(f"f{level - 1} + f{level - 1}", within)
        codes += [finding.code for finding in found]
        if found:
            break
        facts[f"f{level}"] = typed(f"f{level - 1} + f{level - 1}", within)
    assert codes == ["R167"]
    assert level < 15


def test_a_long_ladder_of_facts_is_refused_before_it_is_too_deep(
    scope: Scope, typed: Check, findings_of: Findings
) -> None:
    facts = {**scope.facts, "f0": typed("close")}
    for level in range(1, 200):
        within = replace(scope, facts=facts)
        text = f"f{level - 1} + open"
        if findings_of(text, within):
            break
        facts[f"f{level}"] = typed(text, within)
    assert 40 < level < 100
