from decimal import Decimal

import pytest
import typer

from adapters.cli import options
from runtime.instrument import Market


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-02", 86_400_000),
        ("1970-01-01T08:00", 28_800_000),
        ("1970-01-01T08:00+02:00", 21_600_000),
        ("1970-01-01 08:00Z", 28_800_000),
    ],
)
def test_a_moment_is_read_in_utc(text: str, at_ms: int) -> None:
    assert options.moment(text) == at_ms


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (options.ratio, "0.05%", Decimal("0.0005")),
        (options.ratio, "5bps", Decimal("0.0005")),
        (options.ratio, "1/4", Decimal("0.25")),
        (options.money, "100000", Decimal(100_000)),
        (options.money, "100,000 USDT", Decimal(100_000)),
        (options.multiple, "0", Decimal(0)),
        (options.wait_ms, "7d", 7 * 86_400_000),
        (options.wait_ms, "never", None),
        (options.share, "core-hodl=60%", options.Share("core-hodl", Decimal("0.6"))),
        (options.market, "linear", Market.LINEAR),
        (options.timeframe, "4h", "4h"),
    ],
)
def test_values_are_written_as_in_rule_files(read, text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.spec("RULE-04")
@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (options.moment, "2021-13-01", 'found "2021-13-01"'),
        (options.moment, "yesterday", "2018-01-01T08:00"),
        (options.ratio, "0.05", "Write 5%."),
        (options.ratio, "2%%", "expected a ratio"),
        (options.money, "-5", "above zero"),
        (options.money, "NaN", "above zero"),
        (options.money, "1e400", "above zero"),
        (options.multiple, "-1", "not below zero"),
        (options.multiple, "inf", "expected a number"),
        (options.wait_ms, "7", "expected a duration"),
        (options.wait_ms, "7 days", "expected a duration"),
        (options.share, "core-hodl", "core-hodl=60%"),
        (options.share, "core-hodl=160%", "up to 100%"),
        (options.share, "core-hodl=0%", "over 0%"),
        (options.market, "linea", "Did you mean linear?"),
        (options.timeframe, "7x", "15m, 1h"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected_and_found(read, text: str, sentence: str) -> None:
    with pytest.raises(typer.BadParameter, match="xpected") as refusal:
        read(text)
    assert sentence in refusal.value.message


def test_a_default_passes_as_it_is() -> None:
    assert options.money(Decimal(7)) == Decimal(7)
